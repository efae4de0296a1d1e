"""`cleaner index query`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cleaner.cli.frame import readable, say
from cleaner.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from cleaner.index.lookup import Index, KnownDocument
    from cleaner.io.records import ReadOptions
    from cleaner.stages.near_duplicates import NearDuplicates

_STDIN = "-"
_SHOWN = 20
"""Records that cannot be used, of those that are named."""


class Answer(NamedTuple):
    """A document of the input, and the one of the index that it is a copy of."""

    source: str
    record: int
    known: KnownDocument | None
    similarity: float


@click.command()
@click.argument("index", type=click.Path(path_type=Path))
@click.argument("file", metavar="FILE|-")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SIMILARITY",
    help="Jaccard similarity from which a document is a copy; by default that of the index.",
)
@click.option(
    "--text-column",
    default="text",
    show_default=True,
    metavar="NAME",
    help="The field of JSONL and Parquet records with the text.",
)
@click.option("--copies", "only_copies", is_flag=True, help="Print copies alone.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
def query(
    index: Path,
    file: str,
    *,
    threshold: float | None,
    text_column: str,
    only_copies: bool,
    as_json: bool,
) -> None:
    """Say which documents are near-copies of one in an index.

    FILE is a file of any kind that a run reads, a folder or a glob; `-` is one text on standard
    input. Such as `cleaner index query out/known new.jsonl.zst`, or
    `cleaner index query out/known - < page.txt`.

    Texts are compared as they are: take pages that need cleaning through a run with `against:`.
    Copies far below the threshold that the index was made for may not be found.
    """
    from cleaner.index.lookup import Index
    from cleaner.io.records import ReadOptions
    from cleaner.stages.known import stage_of

    opened = Index(index)
    stage = stage_of(opened.parameters)
    if threshold is not None:
        stage = stage.model_copy(update={"threshold": threshold})
    options = ReadOptions(text_column=text_column, keep_meta=False)
    documents = copies = bad = 0
    for rows, wrong in _input(file, options):
        for answer in _answers(opened, stage, rows):
            documents += 1
            copies += answer.known is not None
            if answer.known is not None or not only_copies:
                click.echo(_json(answer) if as_json else readable(_line(answer)))
        for place in wrong:
            bad += 1
            if bad <= _SHOWN:
                say(f"cannot be used: {place}")
    if not documents:
        raise InputError(f"{file} holds no document that can be read")
    if not as_json:
        said = f"{copies:,} of {documents:,} documents are copies of one in {opened.name}"
        say(said + (f"; {bad:,} records cannot be used" if bad else ""))


def _input(file: str, options: ReadOptions) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    """Documents, some at a time, and the places of records that cannot be used."""
    from cleaner.index.texts import text_of, texts_in

    if file == _STDIN:
        data = sys.stdin.buffer.read(options.max_document_bytes + 1)
        if len(data) > options.max_document_bytes:
            raise InputError(
                f"standard input is longer than a document may be ({options.max_document_bytes:,} "
                "bytes); give a file of records"
            )
        yield text_of(data, options), []
        return
    for rows, bad in texts_in(file, options):
        places = [
            f"{row['source']}{'' if row['record'] is None else ':' + str(row['record'])}: "
            f"{row['reason']}"
            for row in bad.to_pylist()
        ]
        yield rows, places


def _answers(index: Index, stage: NearDuplicates, rows: pa.RecordBatch) -> Iterator[Answer]:
    """One for each document, in order."""
    from cleaner.stages.known import find

    text = rows.column("text")
    matches = find(stage, index, text, stage.sketcher.keys(text))
    known = dict(
        zip(
            matches.row.tolist(),
            zip(index.documents(matches.number), matches.similarity.tolist(), strict=True),
            strict=True,
        )
    )
    sources, records = rows.column("source").to_pylist(), rows.column("record").to_pylist()
    for row, (source, record) in enumerate(zip(sources, records, strict=True)):
        document, similarity = known.get(row, (None, 0.0))
        yield Answer(source, record, document, similarity)


def _line(answer: Answer) -> str:
    place = answer.source
    if place != _STDIN and not place.endswith((".txt", ".txt.gz", ".txt.zst")):
        place += f":{answer.record}"
    if answer.known is None:
        return f"{place}: new"
    known = answer.known
    return (
        f"{place}: duplicate of {known.doc_id} ({known.source}), similarity {answer.similarity:.2f}"
    )


def _json(answer: Answer) -> str:
    """In ASCII, so that no locale can break it."""
    known: dict[str, Any] | None = None
    if answer.known is not None:
        known = {**answer.known._asdict(), "similarity": answer.similarity}
    place = {"source": answer.source, "record": answer.record}
    return json.dumps({**place, "duplicate_of": known}, allow_nan=False)
