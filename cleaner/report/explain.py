"""One document through a config's own pipeline, with every change, its rule and its evidence."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cleaner.config.model import Engine, Input, RunConfig, Write
from cleaner.errors import InputError
from cleaner.identity import doc_id
from cleaner.io.inputs import InputFile, survey
from cleaner.registry import suffixes
from cleaner.report.one_record import Unusable, copy_record
from cleaner.stages.veil import Veil, veil_of

HIDDEN_COLUMNS = frozenset(
    {"doc_id", "text", "source", "record", "content_hash", "raw_chars", "raw_bytes", "encoding"}
    | {"n_chars", "n_words", "passages", "fixes", "removed_chars", "removed_by", "bad_bytes"}
    | {"cluster_id", "cluster_size", "near_duplicates", "meta"}
)
"""Columns of the corpus that say nothing about a document alone, or are shown in other ways."""


@dataclass(frozen=True, slots=True)
class KeptAt:
    """What stays where this went: document, span in code points of its original, similarity."""

    doc_id: str
    start: int | None
    end: int | None
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """One change: a row of the ledger. `start:end` are code points of the original.

    `reason` is the rule in words, `evidence` what was seen here; the ledger has both in one.
    """

    start: int
    end: int
    step: int
    stage: str
    rule: str
    action: str
    reason: str
    evidence: str
    before: str
    after: str
    score: float | None
    kept: KeptAt | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why the document as a whole is not in the corpus."""

    stage: str
    rule: str
    reason: str
    evidence: str
    score: float | None
    kept: KeptAt | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Why the record could not be used; `stage` is 'read', or the stage that failed on it."""

    stage: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a config does to one document.

    Attributes:
        source, record, doc_id: as in a run of the config, if its input names the file.
        original: the decoded text; '' if the record could not be read.
        text: the cleaned text; None if the document is not in the corpus.
        encoding: that the original was decoded from; None if it could not be read.
        spans: every rewrite and cut, in order of application and place.
        dropped, quarantined: why it is not in the corpus; at most one of them.
        annotations: what the stages noted about it (`lang`, `byline`, …); never None or ''.
        not_told: stages that draw from the whole corpus, and so say nothing about one document.
    """

    source: str
    record: int
    doc_id: str
    original: str
    text: str | None
    encoding: str | None
    spans: tuple[Span, ...]
    dropped: Dropped | None
    quarantined: Quarantined | None
    annotations: Mapping[str, Any]
    not_told: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def explain(
    config: RunConfig, file: str | Path, record: int | None = None, *, secrets: bool = False
) -> Explanation:
    """Run a config's stages on one document alone, and collect what they did and why.

    Duplicates of other documents, and what only a whole corpus shows, are not found; a stage that
    draws from it (`sample`) is left out, for its draw goes by the document's place there. The run's
    folder and the other inputs are not touched; a temporary folder holds the pieces meanwhile.

    Args:
        config: its stages and its `read` settings are used as they are.
        file: a file of any kind that a run reads.
        record: row, line or record number from 0; not needed if the file holds one record.
        secrets: whether to show what the config masks; else it is hidden in all of it.

    Raises:
        InputError: there is no such file or record, or several and none was named.
        CleanerError: as `cleaner.engine.driver.run`.
    """
    found = _file(config, Path(file))
    source = _source(config, found)
    with tempfile.TemporaryDirectory(prefix="cleaner-explain-") as folder:
        try:
            number, path = copy_record(
                found, record, config.read, Path(folder), config.engine.document_seconds
            )
        except Unusable as fault:
            return unread(source, fault.record, Quarantined("read", fault.reason, fault.detail))
        alone = config.model_copy(
            update={
                "input": (Input(path=str(path), label="one"),),
                "output": str(Path(folder) / "run"),
                "engine": Engine(kind="inline", workers=1),
                "max_bad": 1.0,
                "on_bad_record": "quarantine",
                "keep_work": True,
                "write": Write(),
                "stages": tuple(stage for stage in config.stages if not stage.thins),
            }
        )
        drawing = tuple(stage.name for stage in config.stages if stage.thins)
        explanation = replace(_run(alone, source, number), not_told=drawing)
        return explanation if secrets else veiled(explanation, veil_of(config.stages))


def veiled(explanation: Explanation, veil: Veil) -> Explanation:
    """The same without what must not be shown; what is hidden keeps its length."""
    if not veil:
        return explanation
    rows = [asdict(span) for span in explanation.spans]
    spans = [
        replace(
            span,
            before=row["before"],
            after=row["after"],
            evidence=veil.text(span.evidence),
        )
        for span, row in zip(explanation.spans, veil.rows(rows), strict=True)
    ]
    dropped, bad = explanation.dropped, explanation.quarantined
    return replace(
        explanation,
        original=veil.original(explanation.original, rows),
        spans=tuple(spans),
        dropped=dropped and replace(dropped, evidence=veil.text(dropped.evidence)),
        quarantined=bad and replace(bad, detail=veil.text(bad.detail)),
        annotations=veil.value(dict(explanation.annotations)),
    )


def _file(config: RunConfig, path: Path) -> InputFile:
    if not path.exists():
        raise InputError(f"{path}: does not exist")
    if not path.is_file():
        raise InputError(f"{path}: is not a file; name one file of the input")
    return survey([str(path)], base=Path.cwd(), more=suffixes(config.read.readers)).files[0]


def _source(config: RunConfig, file: InputFile) -> str:
    """The name that a run of the config gives to the file; the file's own if its input lacks it."""
    from cleaner.engine.job import find_inputs

    try:
        files = find_inputs(config).files
    except InputError:
        return file.source
    return next((f.source for f in files if f.location == file.location), file.source)


def _run(config: RunConfig, source: str, record: int) -> Explanation:
    """Run the config, whose input is the one record, and read what it left."""
    from cleaner.engine.driver import run

    output = Path(config.output)
    try:
        run(config)
    except InputError:
        bad = list(_ipc_rows(output / "work" / "00-read", "quarantine"))
        if not bad:
            raise
        return unread(source, record, _quarantined(bad[0]))
    own = doc_id(source, record)
    (original,) = _ipc_rows(output / "work" / "00-read", "originals")
    words = {rule: text for stage in config.stages for rule, text in stage.rules().items()}
    ledger = _parquet_rows(output / "ledger")
    rows = [span_of(row, own, words.get(row["rule"], "")) for row in ledger]  # there is no other
    kept = _parquet_rows(output / "corpus")
    bad = _parquet_rows(output / "quarantine")
    drop = next((s for s in rows if s.action == "drop"), None)
    return Explanation(
        source=source,
        record=record,
        doc_id=own,
        original=original["text"],
        text=kept[0]["text"] if kept else None,
        encoding=original["encoding"],
        spans=tuple(s for s in rows if s.action != "drop"),
        dropped=dropped_by(drop) if drop else None,
        quarantined=_quarantined(bad[0]) if bad else None,
        annotations=_annotations(kept[0]) if kept else {},
    )


def unread(source: str, record: int, why: Quarantined) -> Explanation:
    """Of a record that could not be used."""
    own = doc_id(source, record)
    return Explanation(source, record, own, "", None, None, (), None, why, {})


def span_of(row: dict[str, Any], keeper: str | None, words: str) -> Span:
    """A ledger row; `keeper`: the document in which what stays lies, `words`: its rule in words."""
    kept = None
    if keeper is not None and row["kept_doc_id"] is not None:
        kept = KeptAt(keeper, row["kept_start"], row["kept_end"], row["similarity"])
    said = row["reason"] or ""
    reason, evidence = said, ""
    if words and said.startswith(f"{words}: "):
        reason, evidence = words, said[len(words) + 2 :]
    names = ("start", "end", "step", "stage", "rule", "action", "before", "after", "score")
    facts = {name: row[name] for name in names}
    return Span(reason=reason, evidence=evidence, kept=kept, **facts)


def dropped_by(span: Span) -> Dropped:
    """The row of a drop."""
    return Dropped(span.stage, span.rule, span.reason, span.evidence, span.score, span.kept)


def _quarantined(row: dict[str, Any]) -> Quarantined:
    return Quarantined(row["stage"], row["reason"], row["detail"])


def _annotations(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in HIDDEN_COLUMNS and v not in (None, "", [])}


def _parquet_rows(folder: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return [
        row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]


def _ipc_rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    from cleaner.io.sealed import Sealed

    for path in sorted(folder.glob(f"*.{name}.arrow")):
        rows = Sealed(path)
        for i in range(rows.num_record_batches):
            yield from rows.get_batch(i).to_pylist()
