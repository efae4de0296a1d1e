"""Records that could not be used: examples by reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cleaner.stages.veil import Veil

EXAMPLES = 3
SHOWN = 300
"""Bytes of an example, and characters of its detail."""
_REASONS = 40
_RAW_GROUPS = 16
_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record, where it stands, and how it begins."""

    source: str
    record: int | None
    stage: str
    detail: str
    raw: str
    is_cut: bool


@dataclass(slots=True)
class BadReason:
    """A reason, how many records it met, and the first of them.

    `late_chars`: lengths of the documents that were put aside by a stage, after they were read.
    """

    reason: str
    count: int
    examples: list[BadRecord] = field(default_factory=list)
    late_chars: list[int] = field(default_factory=list)


def collect_quarantine(folder: Path, counts: Mapping[str, int], veil: Veil) -> list[BadReason]:
    """The reasons, most frequent first, with the first records of each."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    found = {reason: BadReason(reason, count) for reason, count in ranked}
    shown = {reason for reason, _ in ranked[:_REASONS]}
    groups_left = _RAW_GROUPS
    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                wanted = _scan(file, group, found, shown)
                if wanted:
                    _read(file, group, wanted, found, veil, with_raw=groups_left > 0)
                    groups_left -= 1
    return list(found.values())


def _scan(
    file: pq.ParquetFile, group: int, found: dict[str, BadReason], shown: set[str]
) -> list[int]:
    """Note the lengths of a row group's documents; the rows that are to be shown."""
    wanted = []
    coming: dict[str, int] = {}
    rows = file.read_row_group(group, columns=["reason", "stage", "raw_chars"])
    columns = (rows.column(name).to_pylist() for name in ("reason", "stage", "raw_chars"))
    for index, (reason, stage, chars) in enumerate(zip(*columns, strict=True)):
        mine = found.setdefault(reason, BadReason(reason, 0))
        if stage != "read" and chars is not None:
            mine.late_chars.append(chars)
        if reason in shown and len(mine.examples) + coming.get(reason, 0) < EXAMPLES:
            coming[reason] = coming.get(reason, 0) + 1
            wanted.append(index)
    return wanted


def _read(
    file: pq.ParquetFile,
    group: int,
    wanted: list[int],
    found: dict[str, BadReason],
    veil: Veil,
    *,
    with_raw: bool,
) -> None:
    """Add the wanted rows to the examples of their reasons."""
    names = ["source", "record", "stage", "reason", "detail", "raw_bytes"]
    rows = file.read_row_group(group, columns=[*names, "raw"] if with_raw else names)
    for row in rows.take(wanted).to_pylist():
        found[row["reason"]].examples.append(_example(row, veil))


def _example(row: Mapping[str, Any], veil: Veil) -> BadRecord:
    raw = row.get("raw") or b""
    text = veil.text(raw[: 2 * SHOWN].decode("utf-8", "backslashreplace"))[:SHOWN]
    size = row["raw_bytes"] or len(raw)
    detail = veil.text(row["detail"] or "")[:SHOWN]
    return BadRecord(row["source"], row["record"], row["stage"], detail, text, size > SHOWN)
