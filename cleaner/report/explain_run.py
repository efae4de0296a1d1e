"""A document of a finished run, by its id: what was done to it, and the one it is a copy of.

All of it comes from the run's folder; the inputs need not be there any more, nor the plugins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from rich.console import Console
from rich.text import Text

from cleaner.errors import InputError
from cleaner.identity import doc_ids
from cleaner.io.corpus import corpus_files, ledger_of, matching, read_manifest
from cleaner.report.diff_text import side
from cleaner.report.explain import (
    HIDDEN_COLUMNS,
    Explanation,
    Quarantined,
    dropped_by,
    span_of,
    unread,
    veiled,
)
from cleaner.report.explanation import explanation_lines
from cleaner.report.inert import inert
from cleaner.report.secrecy import known_stage, veil_of_run
from cleaner.report.word_diff import Difference, difference
from cleaner.text.pieces import restore

_PLACE = ["doc_id", "source", "record", "text", "encoding"]
_BAD = ["source", "record", "stage", "reason", "detail"]


@dataclass(frozen=True, slots=True)
class CopyOf:
    """The document for which another was dropped.

    Attributes:
        similarity: of the two when they were compared; None if it was not measured.
        fate: what became of that one: 'kept', or the rule by which it was dropped in its turn.
        words: its text (left; as in the corpus, if it is there) and that of the copy (right).
    """

    doc_id: str
    source: str
    record: int
    similarity: float | None
    fate: str
    words: Difference


def explain_in_run(
    run: Path, doc_id: str, *, secrets: bool = False
) -> tuple[Explanation, CopyOf | None]:
    """What a finished run did to a document; a short `doc_id` will do if it is unique.

    Raises:
        InputError: the folder is no finished run, or holds no such document, or several.
        IntegrityError: its manifest cannot be read.
    """
    manifest = read_manifest(run)
    own = _full_id(run, doc_id)
    words: dict[str, str] = {}
    for stage in filter(None, map(known_stage, manifest["config"]["stages"])):
        words |= stage.rules()
    explanation = _explanation(run, own, words)
    copy = _copy_of(run, explanation, words)
    if secrets:
        return explanation, None if copy is None else _compared(*copy, lambda text: text)
    veil = veil_of_run(run, manifest)
    hidden = None if copy is None else _compared(*copy, veil.text)
    return veiled(explanation, veil), hidden


def to_json(explanation: Explanation, copy: CopyOf | None) -> dict[str, Any]:
    """As plain data; `copy_of` is null for a document that is none."""
    return {**explanation.to_json(), "copy_of": None if copy is None else asdict(copy)}


def print_in_run(explanation: Explanation, copy: CopyOf | None, console: Console) -> None:
    """Print a document as `print_explanation` does, after the copy that stays, word by word."""
    has_colour = console.color_system is not None and not console.no_color
    lines = explanation_lines(explanation, console, has_colour)
    if copy is not None:
        lines = _with_copy(lines, copy, has_colour)
    for line in lines:
        console.print(line, soft_wrap=True)


def _with_copy(lines: Iterator[Text], copy: CopyOf, has_colour: bool) -> Iterator[Text]:
    """The lines, and after the first two, which say what became of the document, its copy."""
    yield next(lines)
    yield next(lines)
    line = Text("duplicate of ", style="bold")
    line.append(f"{inert(copy.source)}, record {copy.record}  {copy.doc_id}", "default")
    if copy.fate != "kept":
        line.append(f"; that one went itself: {inert(copy.fate)}", "yellow")
    yield line
    if copy.words.is_same:
        yield Text("  no word differs", style="dim")
    else:
        yield Text("  A is that one, B this one when it was dropped", style="dim")
        yield side("A", copy.words.left, has_colour)
        yield side("B", copy.words.right, has_colour)
    yield from lines


def _full_id(run: Path, prefix: str) -> str:
    """The one id that begins so, of a document of the corpus, the ledger or the quarantine."""
    if not prefix or not prefix.isalnum():
        raise InputError(
            f"{prefix!r} is not a document id; see the column doc_id of corpus/ and ledger/"
        )
    found = {row["doc_id"] for row in matching(corpus_files(run), ["doc_id"], prefix)}
    found |= {row["doc_id"] for row in _ledger(run, prefix, ["doc_id"])}
    found |= {own for own, _ in _bad_records(run) if own.startswith(prefix)}
    if not found:
        raise InputError(f"{run} holds no document {prefix}; see the column doc_id of its tables")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:4])
        raise InputError(f"{prefix} is short for {len(found)} documents: {some}, …")
    return str(found.pop())


def _ledger(run: Path, prefix: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    dataset = ds.dataset(ledger_of(run), format="parquet")
    match = pc.starts_with(pc.field("doc_id"), prefix)
    rows: list[dict[str, Any]] = dataset.to_table(columns=columns, filter=match).to_pylist()
    return rows


def _bad_records(run: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ids and rows of the quarantine, of records that could be told apart."""
    for path in sorted((run / "quarantine").glob("*.parquet")):
        rows = [r for r in pq.read_table(path, columns=_BAD).to_pylist() if r["record"] is not None]
        ids = doc_ids([r["source"] for r in rows], [r["record"] for r in rows])
        yield from zip(ids, rows, strict=True)


def _in_corpus(run: Path, doc_id: str) -> dict[str, Any] | None:
    """Its row, with what the stages noted."""
    files = corpus_files(run)
    there = files.schema or ds.dataset(run / files.names[0], format="parquet").schema
    columns = [n for n in there.names if n in _PLACE or n not in HIDDEN_COLUMNS]
    return next(iter(matching(files, columns, doc_id)), None)


def _explanation(run: Path, own: str, words: dict[str, str]) -> Explanation:
    kept, rows = _in_corpus(run, own), _ledger(run, own)
    rows.sort(key=lambda row: (row["step"], row["start"], row["end"]))
    drop = next((row for row in rows if row["action"] == "drop"), None)
    place = kept or drop
    if place is None:
        bad = next(row for other, row in _bad_records(run) if other == own)
        why = Quarantined(bad["stage"], bad["reason"], bad["detail"])
        return unread(bad["source"], bad["record"], why)
    edits = [(r["start"], r["end"], r["step"], r["before"], r["after"]) for r in rows]
    noted = {} if kept is None else {k: v for k, v in kept.items() if k not in HIDDEN_COLUMNS}
    spans = [span_of(row, row["kept_doc_id"], words.get(row["rule"], "")) for row in rows]
    return Explanation(
        source=place["source"],
        record=place["record"],
        doc_id=own,
        original=restore("" if kept is None else kept["text"], edits),
        text=None if kept is None else kept["text"],
        encoding=place["encoding"],
        spans=tuple(span for span in spans if span.action != "drop"),
        dropped=next((dropped_by(span) for span in spans if span.action == "drop"), None),
        quarantined=None,
        annotations={k: v for k, v in noted.items() if v not in (None, "", [])},
    )


def _copy_of(
    run: Path, explanation: Explanation, words: dict[str, str]
) -> tuple[Explanation, float | None, str, str, str] | None:
    """The document for which this one went, their similarity and texts, and that one's fate."""
    kept = explanation.dropped and explanation.dropped.kept
    if not kept:
        return None
    other = _explanation(run, kept.doc_id, words)
    left, fate = other.text, "kept"
    if left is None:
        left, fate = _when_dropped(run, kept.doc_id), other.dropped.rule if other.dropped else ""
    return other, kept.similarity, fate, left, _when_dropped(run, explanation.doc_id)


def _when_dropped(run: Path, doc_id: str) -> str:
    """The text that a document had when it was dropped."""
    rows = _ledger(run, doc_id, ["action", "before"])
    return next((str(row["before"]) for row in rows if row["action"] == "drop"), "")


def _compared(
    other: Explanation, similarity: float | None, fate: str, left: str, right: str, hide: Any
) -> CopyOf:
    words = difference(hide(left), hide(right))
    return CopyOf(other.doc_id, other.source, other.record, similarity, fate, words)
