"""What each rule did: figures, reason, and examples in the text around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cleaner.report.lengths import CLASSES, classes
from cleaner.report.stats import RunReport
from cleaner.report.texts import Document, Texts
from cleaner.stages.veil import Veil

AROUND = 90
"""Characters that are shown on each side of an example, …"""
LINES = 2
"""… and lines."""
LOOKED_UP = 60
"""Examples of a large run that are shown with the text around them."""
LOOKED_UP_IN_SMALL = 400
"""The same of a run of at most `SMALL` row groups of the ledger."""
SMALL = 48
SAMPLE = 240
"""Characters of a sample, as `cleaner.engine.tally` cuts it."""
_CANDIDATES = 6
"""Rows of the ledger at most that may be an example's, before it is shown alone."""
_TRIED = 64
"""Rows of a row group at most whose evidence is compared with a sample's."""
_KEYS = ["rule", "action", "start", "end"]
_WORDS = ["rule", "action", "doc_id", "source", "reason"]


@dataclass(frozen=True, slots=True)
class Example:
    """A change: what stood there, what stands there now, and the original on both sides of it.

    `source` is '' where it was not looked up; then `left` and `right` are '', too.
    `is_cut`: `before` is the beginning of something longer.
    """

    before: str
    after: str
    evidence: str
    score: float | None
    is_cut: bool = False
    source: str = ""
    record: int = 0
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class RuleFindings:
    """A rule of a stage: how often it was applied, to how many characters, and examples."""

    stage: str
    number: int
    rule: str
    action: str
    reason: str
    count: int
    chars: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class LedgerFindings:
    """The rules, those that removed most first; dropped documents by length and by source."""

    rules: list[RuleFindings]
    dropped_lengths: NDArray[np.int64]
    dropped_sources: dict[str, int]


@dataclass(slots=True)
class _Wanted:
    """A sample of the report, and the documents that may be the one it is from.

    `place`: row group and row of the first of them.
    """

    rule: str
    sample: Mapping[str, Any]
    candidates: list[str] = field(default_factory=list)
    reason: str = ""
    place: tuple[int, int] = (0, 0)
    found: Example | None = None


def collect_rules(
    ledger: Path,
    report: RunReport,
    texts: Texts,
    per_part: int,
    group_of: Callable[[str], str],
) -> LedgerFindings:
    """The rules of a run, and what of the ledger belongs to the lengths and sources.

    Args:
        ledger: the folder.
        report: its samples say which examples are shown.
        texts: of the same run.
        per_part: ordinals of a part; the part of a sample follows from its ordinal.
        group_of: the name under which a source's dropped documents are counted.
    """
    facts = [(stage, rule, found) for stage in report.stages for rule, found in stage.rules.items()]
    facts.sort(key=lambda f: (-f[2]["chars"], -f[2]["count"], f[0].number, f[1]))
    wanted = {
        (stage.name, rule): [_Wanted(rule, sample) for sample in found["samples"]]
        for stage, rule, found in facts
    }
    paths = sorted(ledger.glob("*.parquet"))
    groups = sum(pq.read_metadata(path).num_row_groups for path in paths)
    looked_up = LOOKED_UP if groups > SMALL else LOOKED_UP_IN_SMALL
    by_part = _by_part(list(wanted.values()), per_part)
    chosen = {id(one) for one in _chosen(list(wanted.values()), looked_up)}
    lengths = np.zeros(CLASSES, np.int64)
    sources: dict[str, int] = {}
    for path in paths:
        mine = by_part.get(path.name, [])
        with pq.ParquetFile(path, read_dictionary=_WORDS) as file:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, columns=_KEYS).combine_chunks()
                dropped = _is(rows.column("action"), "drop")
                if dropped.any():
                    lengths += classes(rows.column("end").to_numpy()[dropped])
                    column = file.read_row_group(group, columns=["source"]).column("source")
                    for item in pc.value_counts(column.filter(pa.array(dropped))).to_pylist():
                        name = group_of(str(item["values"]))
                        sources[name] = sources.get(name, 0) + item["counts"]
                _match(file, group, rows, mine, texts.veil)
        taken: set[tuple[str, int, str]] = set()
        for one in sorted(mine, key=lambda w: w.place):
            if id(one) in chosen:
                _look_up(one, path.name, texts, taken)
    rules = [
        RuleFindings(
            stage=stage.name,
            number=stage.number,
            rule=rule,
            action=found["action"],
            reason=_reason(found, wanted[stage.name, rule]),
            count=found["count"],
            chars=found["chars"],
            examples=tuple(w.found or _alone(w.sample) for w in wanted[stage.name, rule]),
        )
        for stage, rule, found in facts
    ]
    return LedgerFindings(rules, lengths, sources)


def _reason(found: Mapping[str, Any], wanted: Sequence[_Wanted]) -> str:
    """The rule in words: of the report, or, where that lacks it, of a row of the ledger."""
    return str(found.get("reason") or next((w.reason for w in wanted if w.reason), ""))


def _chosen(wanted: Sequence[Sequence[_Wanted]], count: int) -> list[_Wanted]:
    """The samples that are looked up: the first of every rule, then the second of each, …."""
    ranked = [
        (index, rank, one)
        for rank, samples in enumerate(wanted)
        for index, one in enumerate(samples)
    ]
    ranked.sort(key=lambda item: item[:2])
    return [one for _, _, one in ranked[:count]]


def _by_part(wanted: Sequence[Sequence[_Wanted]], per_part: int) -> dict[str, list[_Wanted]]:
    """The samples by the name of the part that they are in."""
    found: dict[str, list[_Wanted]] = {}
    for one in (one for samples in wanted for one in samples):
        part = f"part-{one.sample['ordinal'] // per_part:05d}.parquet"
        found.setdefault(part, []).append(one)
    return found


def _is(column: pa.ChunkedArray, value: str) -> NDArray[np.bool_]:
    """Where a column of few different strings has this one."""
    codes = column.combine_chunks()
    mask: NDArray[np.bool_] = codes.indices.to_numpy() == codes.dictionary.index(value).as_py()
    return mask


def _match(
    file: pq.ParquetFile, group: int, rows: pa.Table, wanted: Sequence[_Wanted], veil: Veil
) -> None:
    """Note, for each sample, the documents of a row group that have such a row."""
    missing = [w for w in wanted if len(w.candidates) < _CANDIDATES]
    starts = np.array([w.sample["start"] for w in missing], np.int64)
    near = np.flatnonzero(np.isin(rows.column("start").to_numpy(), starts))
    start, end = (rows.column(name).to_numpy()[near] for name in ("start", "end"))
    rules = rows.column("rule").combine_chunks()
    codes = {rule: code for code, rule in enumerate(rules.dictionary.to_pylist())}
    rule = rules.indices.to_numpy()[near]
    words: pa.Table | None = None
    for one in missing:
        sample = one.sample
        is_it = (start == sample["start"]) & (end == sample["end"])
        hits = near[is_it & (rule == codes.get(one.rule, -1))][:_TRIED].tolist()
        if hits and words is None:
            words = file.read_row_group(group, columns=["doc_id", "reason"])
        evidence = f": {sample['evidence']}" if sample["evidence"] else ""
        for row in hits:
            assert words is not None
            reason = veil.value(words.column("reason")[row].as_py() or "")
            if len(one.candidates) == _CANDIDATES or not f": {reason}".endswith(evidence):
                continue
            if not one.candidates:
                one.place = (group, row)
                one.reason = reason.removesuffix(evidence)
            one.candidates.append(words.column("doc_id")[row].as_py())


def _look_up(wanted: _Wanted, part: str, texts: Texts, taken: set[tuple[str, int, str]]) -> None:
    """Find the text around a sample: not the one that stands around another sample already."""
    for doc_id in wanted.candidates:
        key = (wanted.rule, wanted.sample["start"], doc_id)
        if key in taken:
            continue
        document = texts.find(part, doc_id)
        if document is None or not _has(document, wanted):
            continue
        original = document.original
        if original is None:
            continue
        example = replace(_alone(wanted.sample), source=document.source, record=document.record)
        start, end = wanted.sample["start"], wanted.sample["end"]
        if end - start < len(original):
            left, right = context(original, start, end)
            example = replace(example, left=left, right=right)
        wanted.found = example
        taken.add(key)
        return


def context(original: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after a span: the rest of its lines, and a line or two."""
    return _left(original, start), _right(original, end)


def _left(original: str, start: int) -> str:
    """What stands before a place: the end of its line, and a line or two before."""
    text = original[max(0, start - AROUND) : start]
    return "".join(text.splitlines(keepends=True)[-LINES:]).lstrip("\r\n")


def _right(original: str, end: int) -> str:
    """What stands after a place."""
    text = original[end : end + AROUND]
    return "".join(text.splitlines(keepends=True)[:LINES]).rstrip("\r\n")


def _has(document: Document, wanted: _Wanted) -> bool:
    """Whether a row of the document is the one of the sample."""
    sample = wanted.sample
    return any(
        row["rule"] == wanted.rule
        and (row["start"], row["end"]) == (sample["start"], sample["end"])
        and row["before"].startswith(sample["before"])
        for row in document.rows
    )


def _alone(sample: Mapping[str, Any]) -> Example:
    before = sample["before"]
    evidence = sample["evidence"] or ""
    return Example(before, sample["after"], evidence, sample["score"], is_cut=len(before) >= SAMPLE)
