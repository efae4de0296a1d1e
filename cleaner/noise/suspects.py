"""Judging a batch: pages of plain paragraphs are done at once, the others line by line.

The verdicts are those of `Judge.judge` for each page alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.noise import neighbour
from cleaner.noise.glance import BLANK, PROSE, glance
from cleaner.noise.judge import Judge, Look, Repeats, Verdict
from cleaner.noise.line import Kind

GROUP = 4096
"""Lines that are Python strings at the same time, unless one page has more."""
LINE_ENDS = "\r\n\u2028\u2029"


def judge_batch(
    judge: Judge,
    text: pa.StringArray,
    first: NDArray[np.int64],
    repeats: Callable[[int], Repeats | None] = lambda _: None,
    counted: NDArray[np.bool_] | None = None,
) -> Iterator[tuple[int, int, list[Verdict | None]]]:
    """Pages that lose a line: (document, its first line, one verdict a line).

    Args:
        judge: the rules.
        text: lines of all pages in order, with their line ends.
        first: int64[pages + 1]; lines of page i are first[i]:first[i + 1].
        repeats: the counts of a page, asked only for pages that are judged line by line.
        counted: bool[pages], pages where counts may matter; by default none.
    """
    kinds, chars = glance(text)
    asked = kinds != BLANK
    asked &= kinds != PROSE
    last = _last_lines(kinds, first)
    gluable = np.zeros(len(kinds), np.bool_)
    gluable[last[chars[last] <= neighbour.GLUED_CHARS]] = True
    for low, high in _groups(asked | gluable, first):
        places = np.flatnonzero((asked | gluable)[first[low] : first[high]]) + first[low]
        lines = text.take(pa.array(places)).to_pylist()
        looks = [judge.look(line.rstrip(LINE_ENDS)) for line in lines]
        for doc in _suspects(low, high, first, places, looks, gluable, counted):
            start, stop = int(first[doc]), int(first[doc + 1])
            begin, end = np.searchsorted(places, (start, stop)).tolist()
            seen = dict(zip(places[begin:end].tolist(), looks[begin:end], strict=True))
            page = [
                seen.get(at) or judge.look(text[at].as_py().rstrip(LINE_ENDS))
                for at in range(start, stop)
            ]
            verdicts = judge.judge_looks(page, repeats=repeats(doc))
            if any(verdicts):
                yield doc, start, verdicts


def _last_lines(kinds: NDArray[np.uint8], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64[]: the last line that is not blank of each page that has one."""
    full = np.flatnonzero(kinds != BLANK)
    at = np.searchsorted(full, first)
    return full[at[1:][np.diff(at) > 0] - 1]


def _groups(asked: NDArray[np.bool_], first: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of pages with up to `GROUP` lines to ask."""
    counts = np.concatenate(([0], np.cumsum(asked)))[first]
    low, pages = 0, len(first) - 1
    while low < pages:
        high = int(np.searchsorted(counts, counts[low] + GROUP, side="right")) - 1
        high = min(max(high, low + 1), pages)
        yield low, high
        low = high


def _suspects(
    low: int,
    high: int,
    first: NDArray[np.int64],
    places: NDArray[np.int64],
    looks: list[Look],
    gluable: NDArray[np.bool_],
    counted: NDArray[np.bool_] | None,
) -> list[int]:
    """Pages of low:high that may have noise: what `judge` asks first of each page."""
    points = np.fromiter(map(_suspicion, looks), np.int64, len(looks))
    for at in np.flatnonzero((points == 0) & gluable[places]).tolist():
        if neighbour.glue(looks[at][0]) > 0:
            points[at] = 2
    sums = np.concatenate(([0], np.cumsum(points)))
    bounds = np.searchsorted(places, first[low : high + 1])
    total = sums[bounds[1:]] - sums[bounds[:-1]]
    is_suspect = total >= 2
    if counted is not None:
        is_suspect |= counted[low:high]
    return (np.flatnonzero(is_suspect) + low).tolist()


def _suspicion(look: Look) -> int:
    """2 for a line that a rule names, 1 for a line that is no paragraph; a page may have one."""
    line, hits = look
    if hits:
        return 2
    return int(line.chars > 0 and line.kind is not Kind.PROSE)
