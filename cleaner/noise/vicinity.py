"""Features of the model's second pass: what the first one says about page and neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.noise.scan import Scan
from cleaner.text.jit import column, kernel

REACH = 5
"""Neighbours on each side whose scores a line sees."""
RADII = (2, 5, 15, 40)
PAGE = (
    "score",
    "score_above",
    "score_below",
    "kept_share",
    "kept_words",
    "kept_lines",
    "best_score",
    "rank",
    "since_kept",
    "until_kept",
    "in_block",
    "to_block_start",
    "to_block_end",
    "block_share",
    "block_words",
    "block_density",
    "rival_share",
    "in_long_block",
    "to_long_start",
    "to_long_end",
    "shared_kept",
    "shared_kept_words",
    "shared_lead",
    "frame_only",
)
NAMES: tuple[str, ...] = (
    *PAGE,
    *(f"score_{at:+d}" for at in (*range(-REACH, 0), *range(1, REACH + 1))),
    *(f"mean_score_{radius}" for radius in RADII),
    *(f"mean_words_score_{radius}" for radius in RADII),
)
"""Name of each column of `vicinity`."""

KEPT = 500
"""Scores, in thousandths, from which on a line counts as main text."""
_MOST = 32_000
_NEAR = len(PAGE)
_MEANS = _NEAR + 2 * REACH
_REACH, _N_RADII = REACH, len(RADII)
_RADII = np.array(RADII, np.int64)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def vicinity(lines: Scan, scores: NDArray[np.int16]) -> NDArray[np.int16]:
    """Features of each line from the scores of all lines, int16[lines, len(NAMES)].

    `scores` int16[lines]: thousandths, above 500 for main text.
    """
    out = np.zeros((len(lines), len(NAMES)), np.int16)
    _pages(
        lines.first,
        lines.words.offsets,
        column(lines.words.values, np.uint64),
        column(scores, np.int16),
        out,
    )
    return out


@kernel
def _block(
    low: Any, high: Any, ends: Any, scores: Any, zero: Any, toll: Any, from_row: Any, to_row: Any
) -> Any:
    """The run of lines with the highest sum of words times (score - zero), less `toll` a line.

    Kadane's algorithm over the lines outside from_row:to_row.
    """
    best, start, stop = 0, low, low
    total, begin = 0, low
    for row in range(low, high):
        if from_row <= row < to_row:
            total = 0
            continue
        if total <= 0:
            total, begin = 0, row
        words = min(ends[row + 1] - ends[row], np.int64(60)) + 1
        total += words * (np.int64(scores[row]) - zero) - toll
        if total > best:
            best, start, stop = total, begin, row + 1
    return best, start, stop


@kernel
def _pages(first: Any, ends: Any, hashes: Any, scores: Any, out: Any) -> None:
    most = 1
    most_lines = 1
    for page in range(first.size - 1):
        most = max(most, ends[first[page + 1]] - ends[first[page]])
        most_lines = max(most_lines, first[page + 1] - first[page])
    bits = np.uint64(3)
    while (1 << bits) < 2 * most:
        bits += np.uint64(1)
    slots = np.zeros(1 << bits, np.uint64)
    counts = np.zeros((1 << bits, 3), np.int32)
    stamps = np.full(1 << bits, -1, np.int64)
    sums = np.zeros((most_lines + 1, 3), np.int64)
    for page in range(first.size - 1):
        low, high = first[page], first[page + 1]
        if low == high:
            continue
        size = ends[high] - ends[low]
        own = np.uint64(3)
        while (1 << own) < 2 * size:
            own += np.uint64(1)
        _share(
            low, high, ends, hashes, scores, np.uint64(64) - own, slots, counts, stamps, page, out
        )
        _place(low, high, ends, scores, out)
        _average(low, high, ends, scores, sums, out)


@kernel
def _slot(slots: Any, stamps: Any, shift: Any, stamp: Any, word: Any) -> Any:
    """Where a hash is, or would be, in the page's table."""
    at = np.int64((word * _MULTIPLIER) >> shift)
    last = (1 << np.int64(np.uint64(64) - shift)) - 1
    while stamps[at] == stamp and slots[at] != word:
        at = (at + 1) & last
    return at


@kernel
def _share(
    low: Any,
    high: Any,
    ends: Any,
    hashes: Any,
    scores: Any,
    shift: Any,
    slots: Any,
    counts: Any,
    stamps: Any,
    stamp: Any,
    out: Any,
) -> None:
    """How many of a line's words other lines have that the first pass keeps, and only those."""
    for row in range(low, high):
        which = 0 if scores[row] >= KEPT else 1
        for at in range(ends[row], ends[row + 1]):
            slot = _slot(slots, stamps, shift, stamp, hashes[at])
            if stamps[slot] != stamp:
                stamps[slot], slots[slot] = stamp, hashes[at]
                counts[slot, 0], counts[slot, 1], counts[slot, 2] = 0, 0, -1
            if counts[slot, 2] != row - low:
                counts[slot, which] += 1
                counts[slot, 2] = row - low
    for row in range(low, high):
        is_kept = scores[row] >= KEPT
        shared, frame = 0, 0
        size = max(ends[row + 1] - ends[row], 1)
        for at in range(ends[row], ends[row + 1]):
            slot = _slot(slots, stamps, shift, stamp, hashes[at])
            in_kept = counts[slot, 0] > (1 if is_kept else 0)
            in_frame = counts[slot, 1] > (0 if is_kept else 1)
            shared += in_kept
            frame += in_frame and not in_kept
        out[row, 20] = shared * 1000 // size
        out[row, 21] = min(shared, _MOST)
        out[row, 23] = frame * 1000 // size


@kernel
def _place(low: Any, high: Any, ends: Any, scores: Any, out: Any) -> None:
    """Sums over the page, the blocks that the scores make, and the scores around."""
    words, kept, kept_lines, best = 0, 0, 0, 0
    lead = 0
    histogram = np.zeros(1002, np.int64)
    for row in range(low, high):
        n = ends[row + 1] - ends[row]
        words += n
        kept += n * scores[row]
        kept_lines += scores[row] >= KEPT
        best = max(best, scores[row])
        histogram[min(max(scores[row], 0), 1000)] += 1
        if scores[row] < KEPT:
            lead = max(lead, out[row, 21])
    for value in range(1000, -1, -1):
        histogram[value] += histogram[value + 1]
    weight, start, stop = _block(low, high, ends, scores, 400, 0, 0, 0)
    rival, _, _ = _block(low, high, ends, scores, 400, 0, start, stop)
    _, long_start, long_stop = _block(low, high, ends, scores, 200, 0, 0, 0)
    block_words, block_kept = 0, 0
    for row in range(start, stop):
        n = ends[row + 1] - ends[row]
        block_words += n
        block_kept += n * scores[row]
    before, since = 0, 99
    for row in range(low, high):
        x = out[row]
        n = ends[row + 1] - ends[row]
        x[0] = scores[row]
        x[1] = before * 1000 // max(kept, 1)
        before += n * scores[row]
        x[2] = (kept - before) * 1000 // max(kept, 1)
        x[3] = kept // max(words, 1)
        x[4], x[5] = min(kept // 1000, _MOST), min(kept_lines, _MOST)
        x[6] = best
        x[7] = min(histogram[min(max(scores[row], 0), 1000) + 1], _MOST)
        x[8] = since
        since = 1 if scores[row] >= KEPT else min(since + 1, 99)
        x[10] = start <= row < stop
        x[11] = min(max(row - start, -_MOST), _MOST)
        x[12] = min(max(stop - 1 - row, -_MOST), _MOST)
        x[13] = block_kept * 1000 // max(kept, 1)
        x[14] = min(block_words, _MOST)
        x[15] = block_kept // max(block_words, 1)
        x[16] = rival * 1000 // max(weight, 1)
        x[17] = long_start <= row < long_stop
        x[18] = min(max(row - long_start, -_MOST), _MOST)
        x[19] = min(max(long_stop - 1 - row, -_MOST), _MOST)
        x[22] = min(max(x[21] - lead, -_MOST), _MOST)
        place = _NEAR
        for step in range(-_REACH, _REACH + 1):
            if step != 0:
                other = row + step
                x[place] = scores[other] if low <= other < high else -100
                place += 1
    until = 99
    for row in range(high - 1, low - 1, -1):
        out[row, 9] = until
        until = 1 if scores[row] >= KEPT else min(until + 1, 99)


@kernel
def _average(low: Any, high: Any, ends: Any, scores: Any, sums: Any, out: Any) -> None:
    """Running means of the scores: by lines, and by words."""
    for row in range(low, high):
        at = row - low
        n = min(ends[row + 1] - ends[row], 100)
        sums[at + 1, 0] = sums[at, 0] + scores[row]
        sums[at + 1, 1] = sums[at, 1] + scores[row] * n
        sums[at + 1, 2] = sums[at, 2] + n
    for row in range(low, high):
        for index in range(_N_RADII):
            a = max(row - _RADII[index], low) - low
            b = min(row + _RADII[index] + 1, high) - low
            out[row, _MEANS + index] = (sums[b, 0] - sums[a, 0]) // (b - a)
            n = max(sums[b, 2] - sums[a, 2], 1)
            out[row, _MEANS + _N_RADII + index] = (sums[b, 1] - sums[a, 1]) // n
