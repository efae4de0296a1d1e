"""Features of a line that need the page: its place, the words it shares, its neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from cleaner.noise import columns as c
from cleaner.noise import glyphs
from cleaner.noise.scan import HISTOGRAM
from cleaner.text.jit import kernel

_PROSE_WORDS, _PROSE_CHARS = 10, 24
_SCRIPTS = np.array(
    [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 8, *[0] * (glyphs.CLASSES - 15)], np.int64
)
"""Class → script; 0 is none."""
_LOGS = np.array([max(k for k in range(100) if 2**k <= (1 + n) ** 8) for n in range(256)], np.int64)
"""floor(8 log2(1 + n)), exactly."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_I = {name: index for index, name in enumerate(c.NAMES)}
_CORE = np.array([_I[name] for name in c.CORE], np.int64)
_RADII = np.array(c.RADII, np.int64)
_REACH, _N_CORE, _N_MEANS = c.REACH, len(c.CORE), len(c.MEANS)
_LEAST_RULE = 100


@kernel
def _cap(value: Any) -> Any:
    """The value as a feature holds it."""
    return min(max(value, -c.MOST), c.MOST)


@kernel
def fill(first: Any, looks: Any, keys: Any, ends: Any, hashes: Any, out: Any) -> None:
    """Features that need the page, page by page."""
    most_words, most_lines = 1, 1
    for page in range(first.size - 1):
        most_lines = max(most_lines, first[page + 1] - first[page])
        most_words = max(most_words, ends[first[page + 1]] - ends[first[page]])
    bits = np.uint64(3)
    while (1 << bits) < 2 * max(most_words, 2 * most_lines):
        bits += np.uint64(1)
    slots = np.zeros(1 << bits, np.uint64)
    counts = np.zeros((1 << bits, 3), np.int32)
    stamps = np.full(1 << bits, -1, np.int64)
    for page in range(first.size - 1):
        low, high = first[page], first[page + 1]
        if low == high:
            continue
        size = ends[high] - ends[low]
        own_bits = np.uint64(3)
        while (1 << own_bits) < 2 * max(size, 2 * (high - low)):
            own_bits += np.uint64(1)
        shift = np.uint64(64) - own_bits
        _script(looks, low, high, out)
        _repeats(keys, low, high, shift, slots, counts, stamps, 2 * page, out)
        start, stop = _zone(low, high, out)
        _share(
            ends, hashes, low, high, start, stop, shift, slots, counts, stamps, 2 * page + 1, out
        )
        _place(low, high, start, stop, out)
    fill_around(first, out)


@kernel
def fill_around(first: Any, out: Any) -> None:
    """Features that other lines lend: neighbours and running means."""
    most = 1
    for page in range(first.size - 1):
        most = max(most, first[page + 1] - first[page])
    sums = np.zeros((most + 1, _N_MEANS), np.int64)
    for page in range(first.size - 1):
        ruled = 0
        for row in range(first[page], first[page + 1]):
            ruled += out[row, c.RULE] >= _LEAST_RULE
        for row in range(first[page], first[page + 1]):
            out[row, c.PAGE_RULES] = ruled * 1000 // (first[page + 1] - first[page])
        _near(first[page], first[page + 1], out)
        _average(first[page], first[page + 1], sums, out)


@kernel
def _script(looks: Any, low: Any, high: Any, out: Any) -> None:
    """Share of each line's letters that are of the page's main script."""
    totals = np.zeros(16, np.int64)
    for row in range(low, high):
        for kind in range(glyphs.LATIN, glyphs.DIGIT):
            totals[_SCRIPTS[kind]] += looks[row, HISTOGRAM + kind]
    main = np.argmax(totals)
    for row in range(low, high):
        mine, all_ = 0, 0
        for kind in range(glyphs.LATIN, glyphs.DIGIT):
            count: Any = looks[row, HISTOGRAM + kind]
            all_ += count
            if _SCRIPTS[kind] == main:
                mine += count
        out[row, c.SCRIPT] = mine * 1000 // all_ if all_ > 0 else -1


@kernel
def _slot(slots: Any, stamps: Any, shift: Any, stamp: Any, word: Any) -> Any:
    """Where a hash is, or would be, in the page's table."""
    at = np.int64((word * _MULTIPLIER) >> shift)
    last = (1 << np.int64(np.uint64(64) - shift)) - 1
    while stamps[at] == stamp and slots[at] != word:
        at = (at + 1) & last
    return at


@kernel
def _repeats(
    keys: Any,
    low: Any,
    high: Any,
    shift: Any,
    slots: Any,
    counts: Any,
    stamps: Any,
    stamp: Any,
    out: Any,
) -> None:
    """How often the page has each line, exactly and with numbers folded."""
    for row in range(low, high):
        for which in range(2):
            key = keys[row, which] + np.uint64(which)
            at = _slot(slots, stamps, shift, stamp, key)
            if stamps[at] != stamp:
                stamps[at], slots[at], counts[at, 0] = stamp, key, 0
            counts[at, 0] += 1
    for row in range(low, high):
        for which in range(2):
            at = _slot(slots, stamps, shift, stamp, keys[row, which] + np.uint64(which))
            out[row, c.REPEATS + which] = _cap(counts[at, 0])


@kernel
def _is_prose(x: Any) -> Any:
    """Whether a line looks like a sentence or more: long enough, and ended."""
    is_ended = x[c.END] == glyphs.TERMINAL or x[c.END] == glyphs.ELLIPSIS
    is_long = x[c.WORDS] >= _PROSE_WORDS and x[c.CHARS] >= _PROSE_CHARS
    return is_long and (is_ended or x[c.WORDS] >= 4 * _PROSE_WORDS)


@kernel
def _zone(low: Any, high: Any, out: Any) -> Any:
    """The run of lines with the most prose and the fewest other lines, by Kadane's algorithm."""
    best, start, stop = 0, low, low
    total, begin = 0, low
    for row in range(low, high):
        if total <= 0:
            total, begin = 0, row
        x = out[row]
        if _is_prose(x):
            total += min(x[c.WORDS], 60)
        else:
            total -= 4 + min(x[c.REPEATS] - 1, 4)
        if total > best:
            best, start, stop = total, begin, row + 1
    return start, stop


@kernel
def _share(
    ends: Any,
    hashes: Any,
    low: Any,
    high: Any,
    start: Any,
    stop: Any,
    shift: Any,
    slots: Any,
    counts: Any,
    stamps: Any,
    stamp: Any,
    out: Any,
) -> None:
    """How many of a line's words other lines of prose in the zone have, and other lines outside."""
    for row in range(low, high):
        inside = start <= row < stop and _is_prose(out[row])
        which = 0 if inside else 1
        for at in range(ends[row], ends[row + 1]):
            slot = _slot(slots, stamps, shift, stamp, hashes[at])
            if stamps[slot] != stamp:
                stamps[slot], slots[slot] = stamp, hashes[at]
                counts[slot, 0], counts[slot, 1], counts[slot, 2] = 0, 0, -1
            if counts[slot, 2] != row - low:
                counts[slot, which] += 1
                counts[slot, 2] = row - low
    for row in range(low, high):
        inside = start <= row < stop and _is_prose(out[row])
        shared, frame, distinct = 0, 0, 0
        size = max(ends[row + 1] - ends[row], 1)
        for at in range(ends[row], ends[row + 1]):
            slot = _slot(slots, stamps, shift, stamp, hashes[at])
            shared += counts[slot, 0] > (1 if inside else 0)
            frame += counts[slot, 1] > (0 if inside else 1)
            if counts[slot, 2] != -2 - row + low:
                counts[slot, 2] = -2 - row + low
                distinct += 1
        out[row, c.SHARED] = shared * 1000 // size
        out[row, c.SHARED_WORDS] = _cap(shared)
        out[row, c.FRAME_SHARED] = frame * 1000 // size
        out[row, c.DISTINCT] = distinct * 1000 // size


@kernel
def _place(low: Any, high: Any, start: Any, stop: Any, out: Any) -> None:
    """Where on the page a line is, and the page's totals."""
    words, prose, zone_words = 0, 0, 0
    for row in range(low, high):
        words += out[row, c.WORDS]
        if _is_prose(out[row]):
            prose += out[row, c.WORDS]
        if start <= row < stop:
            zone_words += out[row, c.WORDS]
    lines = high - low
    best = 0  # most words that a short line outside prose shares with the zone
    for row in range(low, start):
        if not _is_prose(out[row]):
            best = max(best, out[row, c.SHARED_WORDS])
    before, prose_before, since, above, run = 0, 0, 99, 0, 0
    for row in range(low, high):
        x = out[row]
        p = c.PLACE_AT
        at = row - low
        x[p], x[p + 1], x[p + 2] = _cap(at), _cap(lines - at), at * 1000 // lines
        x[p + 3] = before * 1000 // max(words, 1)
        x[p + 4] = prose_before * 1000 // max(prose, 1)
        mine: Any = x[c.WORDS] if _is_prose(x) else 0
        x[p + 5] = (prose - prose_before - mine) * 1000 // max(prose, 1)
        x[p + 6], x[p + 8] = min(since, 99), above
        run = 0 if mine > 0 else run + 1
        x[p + 10] = _cap(run)
        x[p + 12] = start <= row < stop
        x[p + 13] = _cap(row - start)
        x[p + 14] = _cap(stop - 1 - row)
        x[p + 15] = zone_words * 1000 // max(words, 1)
        rank = -1
        if row < start and mine == 0:
            rank = 0
            for other in range(max(low, start - 60), start):
                rank += out[other, c.SHARED_WORDS] > x[c.SHARED_WORDS] and not _is_prose(out[other])
        x[p + 16] = rank
        x[p + 17] = _cap(x[c.SHARED_WORDS] - best)
        x[p + 18] = _same(out, row, row - 1) if row > low else 0
        x[p + 19] = _same(out, row, row + 1) if row + 1 < high else 0
        q = c.PAGE_AT
        x[q], x[q + 1], x[q + 2] = _cap(lines), _cap(words), _cap(prose)
        x[q + 3] = prose * 1000 // max(words, 1)
        x[q + 4] = _cap(words * 10 // lines)
        x[q + 5], x[q + 6] = _cap(zone_words), _cap(stop - start)
        before += x[c.WORDS]
        prose_before += mine
        since = 1 if mine > 0 else since + 1
        above = mine if mine > 0 else above
        above = min(above, 1000)
    until = 99
    below: Any = 0
    for row in range(high - 1, low - 1, -1):
        x = out[row]
        x[c.PLACE_AT + 7], x[c.PLACE_AT + 9] = min(until, 99), below
        is_prose = _is_prose(x)
        until = 1 if is_prose else until + 1
        below = min(x[c.WORDS], 1000) if is_prose else below
        is_next_short = row + 1 < high and not _is_prose(out[row + 1])
        x[c.PLACE_AT + 11] = x[c.PLACE_AT + 10]
        if x[c.PLACE_AT + 10] > 0 and is_next_short:
            x[c.PLACE_AT + 11] = out[row + 1, c.PLACE_AT + 11]


@kernel
def _same(out: Any, row: Any, other: Any) -> Any:
    """How alike two lines look, 0 to 4: length, case, end, start."""
    x, y = out[row], out[other]
    alike = 0
    alike += abs(x[c.WORDS] - y[c.WORDS]) * 4 <= max(x[c.WORDS], y[c.WORDS])
    alike += x[c.END] == y[c.END]
    alike += x[c.FIRST] == y[c.FIRST]
    alike += abs(x[c.CAPITALS] - y[c.CAPITALS]) <= 200
    return alike


@kernel
def _near(low: Any, high: Any, out: Any) -> None:
    """Core features of the neighbours; -1 beyond the page."""
    for row in range(low, high):
        place = c.NEAR_AT
        for step in range(-_REACH, _REACH + 1):
            if step == 0:
                continue
            other = row + step
            for which in range(_N_CORE):
                is_there = low <= other < high
                out[row, place] = out[other, _CORE[which]] if is_there else -1
                place += 1


@kernel
def _average(low: Any, high: Any, sums: Any, out: Any) -> None:
    """Running means over windows of lines, cut at the ends of the page."""
    for row in range(low, high):
        x = out[row]
        at = row - low
        words: Any = min(x[c.WORDS], 255)
        # one by one: to assign a row of an array takes numba three seconds to compile
        sums[at + 1, 0] = sums[at, 0] + _LOGS[words] * 10
        sums[at + 1, 1] = sums[at, 1] + 1000 * _is_prose(x)
        sums[at + 1, 2] = sums[at, 2] + x[c.LEXICON]
        sums[at + 1, 3] = sums[at, 3] + min(x[c.COMMAS], 20) * 50
        sums[at + 1, 4] = sums[at, 4] + min(x[c.FOLDED] - 1, 10) * 100
        sums[at + 1, 5] = sums[at, 5] + x[c.RULE]
        sums[at + 1, 6] = sums[at, 6] + x[c.HOST]
    for row in range(low, high):
        place = c.MEANS_AT
        for index in range(_RADII.size):
            a = max(row - _RADII[index], low) - low
            b = min(row + _RADII[index] + 1, high) - low
            for which in range(_N_MEANS):
                out[row, place] = (sums[b, which] - sums[a, which]) // (b - a)
                place += 1
