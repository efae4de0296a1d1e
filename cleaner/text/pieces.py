"""The books of one passage: edits in, current text and ledger rows out, and the way back.

A passage is tiled by pieces of the original. A piece is kept as it was, or it is *marked*:
rewritten to other text, or cut (rewritten to nothing). Kept pieces split exactly; inside a marked
piece the original range is indivisible, so an edit that touches a part of it takes the whole piece
into its row. Rows of one document therefore nest or are disjoint, an outer row being the later one,
and undoing the outermost rows first gives the original back (`restore`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cleaner.errors import EditError


class Mark(NamedTuple):
    """A changed piece: its span in the original, the length of what stands there now (0: cut)."""

    start: int
    end: int
    length: int


class Change(NamedTuple):
    """Replace `start:end` of the current text by `text`; code points; never empty."""

    start: int
    end: int
    text: str


class Row(NamedTuple):
    """What a change did: original span, text before and after, index of the (first) change."""

    start: int
    end: int
    before: str
    after: str
    source: int


def apply(
    text: str, origin: int, marks: Sequence[Mark], changes: Sequence[Change]
) -> tuple[str, list[Mark], list[Row]]:
    """Apply changes to a passage.

    Args:
        text: the passage's current text.
        origin: where the passage starts in the original, in code points.
        marks: its changed pieces so far, in order.
        changes: in offsets of the current text, sorted, disjoint.

    Returns:
        The new text, the new marks, and one row per change. Changes that share a marked piece
        become one row.

    Raises:
        EditError: a change is empty, overlaps another one, or lies outside the text.
    """
    _check(text, changes)
    if not marks:
        rows = [
            Row(origin + a, origin + b, text[a:b], new, i) for i, (a, b, new) in enumerate(changes)
        ]
        return _splice(text, changes), [Mark(r.start, r.end, len(r.after)) for r in rows], rows
    placed = _place(marks, origin)
    rows, new_marks = [], []
    at = 0  # first mark not yet passed
    shift = origin  # original minus current offset, for kept text at this point
    index = 0
    while index < len(changes):
        first = index
        low, high = changes[index].start, changes[index].end
        while at < len(placed) and (placed[at][1] <= low):
            new_marks.append(marks[at])
            shift = marks[at].end - placed[at][1]
            at += 1
        start = low + shift
        if at < len(placed) and placed[at][0] < low:
            low, start = placed[at][0], marks[at].start
        end = high + shift
        while True:
            while at < len(placed) and placed[at][0] < high:
                high = max(high, placed[at][1])
                shift = marks[at].end - placed[at][1]
                end = high + shift
                at += 1
            index += 1
            if index == len(changes) or changes[index].start >= high:
                break
            high = max(high, changes[index].end)
            end = high + shift
        inside = [Change(a - low, b - low, new) for a, b, new in changes[first:index]]
        before = text[low:high]
        after = _splice(before, inside)
        rows.append(Row(start, end, before, after, first))
        new_marks.append(Mark(start, end, len(after)))
    new_marks.extend(marks[at:])
    return _splice(text, changes), new_marks, rows


def restore(text: str, rows: Sequence[tuple[int, int, int, str, str]]) -> str:
    """The original of a document, from its final text and its ledger rows.

    Args:
        text: the text in the corpus; "" for a dropped document.
        rows: (start, end, step, before, after) in any order.
    """
    ordered = sorted(rows, key=lambda r: (r[0], -r[1], -r[2]))
    out: list[str] = []
    _undo(text, ordered, 0, len(ordered), 0, out)
    return "".join(out)


def _undo(
    text: str,
    rows: list[tuple[int, int, int, str, str]],
    low: int,
    high: int,
    position: int,
    out: list[str],
) -> None:
    """Write the original of `text`, which starts at `position` there; rows[low:high] lie in it."""
    at = 0
    index = low
    while index < high:
        start, end, _, before, after = rows[index]
        inner = index + 1
        while inner < high and rows[inner][1] <= end and rows[inner][0] < max(end, start + 1):
            inner += 1
        kept = start - position
        out.append(text[at : at + kept])
        at += kept + len(after)
        _undo(before, rows, index + 1, inner, start, out)
        position = end
        index = inner
    out.append(text[at:])


def _place(marks: Sequence[Mark], origin: int) -> list[tuple[int, int]]:
    """Where each mark stands in the current text."""
    placed = []
    at, raw = 0, origin
    for mark in marks:
        at += mark.start - raw
        placed.append((at, at + mark.length))
        at += mark.length
        raw = mark.end
    return placed


def _splice(text: str, changes: Sequence[Change]) -> str:
    parts, at = [], 0
    for start, end, new in changes:
        parts.append(text[at:start])
        parts.append(new)
        at = end
    parts.append(text[at:])
    return "".join(parts)


def _check(text: str, changes: Sequence[Change]) -> None:
    at = 0
    for start, end, _ in changes:
        if not at <= start < end <= len(text):
            raise EditError(
                f"edit {start}:{end} is empty, overlaps the one before it (which ends at {at}), "
                f"or lies outside the passage (length {len(text)})"
            )
        at = end
