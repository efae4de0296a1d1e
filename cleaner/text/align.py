"""Two strings to the smallest edits between them; edits after edits to edits of the first string.

A repair that works on a whole passage returns the passage's new text. The ledger wants to know
which characters changed, so that a later cut in the same passage does not claim all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

_BRIDGE = 2
"""Equal non-ASCII characters between two edits that are still one edit: by chance a letter of the
garble is one of the repaired word, too."""
_MAX_CELLS = 64_000_000
"""Above this product of lengths the middle is one edit: aligning takes time and memory in
proportion to it."""


class Fix(NamedTuple):
    """Replace `start:end` (code points, never empty) of a passage by `text`; `rule` says why."""

    start: int
    end: int
    text: str
    rule: str


def align(before: str, after: str, rule: str) -> list[Fix]:
    """The smallest edits that turn `before` into `after`: sorted, disjoint, none of them empty.

    An insertion has no characters of its own to stand on: it takes the one to its left with it, or
    to its right. An insertion into an empty string cannot be expressed.

    Raises:
        ValueError: `before` is empty and `after` is not.
    """
    if before == after:
        return []
    if not before:
        raise ValueError("nothing to replace: text cannot appear in an empty passage")
    low, high_before, high_after = _trim(before, after)
    cells = (high_before - low) * (high_after - low)
    if cells == 0 or cells > _MAX_CELLS:
        spans = [(low, high_before, low, high_after)]
    else:
        operations = Levenshtein.opcodes(before[low:high_before], after[low:high_after])
        spans = [
            (low + o.src_start, low + o.src_end, low + o.dest_start, low + o.dest_end)
            for o in operations
            if o.tag != "equal"
        ]
    return [Fix(a, b, after[c:d], rule) for a, b, c, d in _anchored(_merged(spans, before))]


def apply(text: str, fixes: Iterable[Fix]) -> str:
    """The text with all fixes applied; they are sorted and disjoint."""
    parts, at = [], 0
    for fix in fixes:
        parts.append(text[at : fix.start])
        parts.append(fix.text)
        at = fix.end
    parts.append(text[at:])
    return "".join(parts)


def compose(first: Sequence[Fix], then: Sequence[Fix], middle: str) -> list[Fix]:
    """Edits of a first string that do what `first`, and `then` on its result `middle`, do in turn.

    Where edits of both meet they become one; it keeps the rule of the earlier.
    """
    placed = _place(first)
    out: list[Fix] = []
    i = j = 0
    shift = 0  # offset in the first string minus offset in the middle, at this point
    while i < len(first) or j < len(then):
        old, new = i, j
        if j == len(then) or (i < len(first) and placed[i][1] <= then[j].start):
            low, high = placed[i]
            i += 1
        elif i == len(first) or then[j].end <= placed[i][0]:
            low, high = then[j].start, then[j].end
            j += 1
        else:
            low, high = min(placed[i][0], then[j].start), max(placed[i][1], then[j].end)
            i, j = i + 1, j + 1
            while True:  # what hangs together
                if i < len(first) and placed[i][0] < high:
                    high = max(high, placed[i][1])
                    i += 1
                elif j < len(then) and then[j].start < high:
                    high = max(high, then[j].end)
                    j += 1
                else:
                    break
        start = low + shift
        if i > old:
            shift = first[i - 1].end - placed[i - 1][1]
        inside = [f._replace(start=f.start - low, end=f.end - low) for f in then[new:j]]
        rule = first[old].rule if i > old else then[new].rule
        out.append(Fix(start, high + shift, apply(middle[low:high], inside), rule))
    return out


def _place(fixes: Sequence[Fix]) -> list[tuple[int, int]]:
    """Where the text of each fix stands in the result."""
    placed, shift = [], 0
    for fix in fixes:
        low = fix.start + shift
        placed.append((low, low + len(fix.text)))
        shift += len(fix.text) - (fix.end - fix.start)
    return placed


def _trim(before: str, after: str) -> tuple[int, int, int]:
    """Length of the common start; where the common end begins, in each."""
    limit = min(len(before), len(after))
    low = 0
    while low < limit and before[low] == after[low]:
        low += 1
    tail = 0
    while tail < limit - low and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return low, len(before) - tail, len(after) - tail


def _merged(spans: list[tuple[int, int, int, int]], before: str) -> list[tuple[int, int, int, int]]:
    """Neighbours become one, also over a short gap of equal letters beyond ASCII."""
    out: list[tuple[int, int, int, int]] = []
    for span in spans:
        if out:
            a, b, c, _ = out[-1]
            gap = before[b : span[0]]
            if not gap or (len(gap) <= _BRIDGE and all(ch >= "\x80" for ch in gap)):
                out[-1] = (a, span[1], c, span[3])
                continue
        out.append(span)
    return out


def _anchored(spans: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Insertions get a character to stand on; what then overlaps becomes one."""
    out: list[tuple[int, int, int, int]] = []
    for a, b, c, d in spans:
        left = int(a == b and a > 0)
        right = int(a == b and a == 0)
        span = (a - left, b + right, c - left, d + right)
        if out and span[0] < out[-1][1]:
            span = (out[-1][0], span[1], out[-1][2], span[3])
            out.pop()
        out.append(span)
    return out
