"""Features of every line of a batch for the noise model: integers, computed by compiled kernels.

What a line looks like (`cleaner.noise.scan`), its neighbours, its place on the page, the words that
it shares with the page's prose, and how often page, host and corpus repeat it. All are language
neutral. Blank lines do not exist here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.noise import glyphs, scan
from cleaner.noise.scan import (
    CAPITALS,
    CHARS,
    DOTS,
    END,
    FIRST,
    GLUED,
    HISTOGRAM,
    JOINED,
    LAST,
    LONGEST,
    NUMBERS,
    SENTENCES,
    TIMES,
    TOKENS,
    URLS,
    YEARS,
    Scan,
)
from cleaner.text.jit import column, kernel
from cleaner.text.ragged import Ragged

OWN = (
    "chars",
    "words",
    "letters",
    "digits",
    "upper",
    "marks",
    "commas",
    "commas_per_word",
    "capitals",
    "chars_per_word",
    "longest_token",
    "first",
    "last",
    "end",
    "sentences",
    "dots",
    "numbers",
    "years",
    "times",
    "joined_numbers",
    "urls",
    "glued",
    "colons",
    "quotes",
    "brackets",
    "dashes",
    "bars",
    "bullets",
    "at_or_copyright",
    "symbols",
    "terminals",
    "page_script",
    "distinct_words",
    "repeats",
    "folded_repeats",
    "lexicon",
    "lexicon_high",
    "lexicon_low",
    "shared",
    "shared_words",
    "frame_shared",
    "repeats_host",
    "repeats_corpus",
    "rule",
)
"""Features of the line alone.

Shares are per mille of the characters (letters, digits, marks), of the letters (upper,
page_script), of the tokens (capitals), of the words (distinct_words, shared, frame_shared).
"""
PLACE = (
    "line",
    "lines_left",
    "line_share",
    "words_before",
    "prose_before",
    "prose_after",
    "since_prose",
    "until_prose",
    "prose_above",
    "prose_below",
    "short_run",
    "in_run",
    "zone",
    "to_zone_start",
    "to_zone_end",
    "zone_share",
    "shared_rank",
    "shared_lead",
    "same_above",
    "same_below",
)
PAGE = (
    "page_lines",
    "page_words",
    "page_prose_words",
    "page_prose_share",
    "page_words_per_line",
    "zone_words",
    "zone_lines",
    "page_rules",
)
CORE = (
    "words",
    "marks",
    "commas",
    "capitals",
    "digits",
    "end",
    "first",
    "chars_per_word",
    "lexicon",
    "shared",
    "bars",
    "repeats",
    "rule",
)
VERSION = 1
"""Raised when a feature of the same name means something else: a model fits one version alone."""
REACH = 3
"""Neighbours on each side whose core features a line sees."""
RADII = (2, 5, 10, 20)
MEANS = ("words_log", "prose", "lexicon", "commas", "repeated", "rule", "host")

NAMES: tuple[str, ...] = (
    *OWN,
    *PLACE,
    *PAGE,
    *(f"{name}_{at:+d}" for at in (*range(-REACH, 0), *range(1, REACH + 1)) for name in CORE),
    *(f"mean_{name}_{radius}" for radius in RADII for name in MEANS),
)
"""Name of each column of `features`."""

_I = {name: index for index, name in enumerate(NAMES)}
_CORE = np.array([_I[name] for name in CORE], np.int64)
_RADII = np.array(RADII, np.int64)
(
    _CHARS, _WORDS, _LETTERS, _DIGITS, _UPPER, _MARKS, _COMMAS, _COMMAS_PER_WORD, _CAPITALS,
    _CHARS_PER_WORD, _LONGEST, _FIRST, _LAST, _END, _SENTENCES, _DOTS, _NUMBERS, _YEARS, _TIMES,
    _JOINED, _URLS, _GLUED, _COLONS, _QUOTES, _BRACKETS, _DASHES, _BARS, _BULLETS, _AT, _SYMBOLS,
    _TERMINALS, _SCRIPT, _DISTINCT, _REPEATS, _FOLDED, _LEXICON, _LEXICON_HIGH, _LEXICON_LOW,
    _SHARED, _SHARED_WORDS, _FRAME_SHARED, _HOST, _CORPUS, _RULE,
) = range(len(OWN))  # fmt: skip
_PLACE = len(OWN)
_PAGE = _PLACE + len(PLACE)
_NEAR = _PAGE + len(PAGE)
_PAGE_RULES = _NEAR - 1
_LEAST_RULE = 100
_MEANS = _NEAR + 2 * REACH * len(CORE)
_REACH, _N_CORE, _N_MEANS = REACH, len(CORE), len(MEANS)

SEEN = 40
"""Words of a line that the lexicon is asked for."""
MOST = 32_000
"""Larger values count as this."""
_PROSE_WORDS, _PROSE_CHARS = 10, 24
_SCRIPTS = np.array(
    [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 8, *[0] * (glyphs.CLASSES - 15)], np.int64
)
"""Class → script; 0 is none."""
_UPPERS = np.array(
    [
        c in {glyphs.LATIN_UPPER, glyphs.GREEK_UPPER, glyphs.CYRILLIC_UPPER, glyphs.LETTER_UPPER}
        for c in range(glyphs.CLASSES)
    ]
)
_LOGS = np.array([max(k for k in range(100) if 2**k <= (1 + n) ** 8) for n in range(256)], np.int64)
"""floor(8 log2(1 + n)), exactly."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """What short lines with a word tend to be: thousandths of a nat, above 0 for main text.

    The slot of a word's hash is its highest bits, its check the lowest 32 bits; one word a slot.
    `check` uint32[2^bits], `value` int16[2^bits].
    """

    check: NDArray[np.uint32]
    value: NDArray[np.int16]

    @classmethod
    def empty(cls) -> Lexicon:
        """A lexicon without words."""
        return cls(np.zeros(2, np.uint32), np.zeros(2, np.int16))


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features of the lines of a batch that are not blank.

    `values` int16[lines, len(NAMES)]; `scan` says which passages they are and holds their words.
    """

    values: NDArray[np.int16]
    scan: Scan

    @property
    def words(self) -> NDArray[np.int64]:
        """Words of each line, int64[lines]."""
        return self.scan.words.counts


def features(
    text: pa.StringArray,
    first: NDArray[np.int64],
    lexicon: Lexicon,
    host: NDArray[np.int32] | None = None,
    corpus: NDArray[np.int32] | None = None,
    rules: NDArray[np.int32] | None = None,
) -> Features:
    """Compute the features of every line of a batch; `text` and `first` as in `Batch`.

    `host` and `corpus` are per mille of the host's, and number of the corpus's, documents that have
    each passage, int32[passages], where `repeats` counted them. `rules` are the scores, per mille,
    of the rules that would cut each passage, 0 for none.

    Raises:
        ValueError: `first` or one of the counts does not fit the text.
    """
    for name, counts in (("host", host), ("corpus", corpus), ("rules", rules)):
        if counts is not None and len(counts) != len(text):
            raise ValueError(f"{name} has {len(counts)} counts for {len(text)} lines")
    lines = scan.scan(text, first)
    values = np.zeros((len(lines), len(NAMES)), np.int16)
    counts = np.full((len(lines), 3), -1, np.int32)
    for which, known in enumerate((host, corpus, rules)):
        if known is not None:
            counts[:, which] = np.clip(known[lines.where], -1, MOST)
    values[:, _HOST : _HOST + 3] = counts
    _own(lines.looks, lines.words.offsets, values)
    _look_up(lines.words.offsets, lines.words.values, lexicon.check, lexicon.value, values)
    _pages(
        lines.first,
        lines.looks,
        lines.keys,
        lines.words.offsets,
        column(lines.words.values, np.uint64),
        values,
    )
    return Features(values, lines)


def with_lexicon(found: Features, lexicon: Lexicon) -> Features:
    """The same features with what another lexicon says."""
    lines, values = found.scan, found.values.copy()
    _look_up(lines.words.offsets, lines.words.values, lexicon.check, lexicon.value, values)
    _around(lines.first, values)
    return Features(values, lines)


def with_unknown(
    found: Features, *, repeats: NDArray[np.bool_], rules: NDArray[np.bool_] | None = None
) -> Features:
    """The same features as if in some lines repeats were not counted, or rules not tried.

    Both bool[lines].
    """
    values = found.values.copy()
    values[repeats, _HOST : _CORPUS + 1] = -1
    if rules is not None:
        values[rules, _RULE] = 0
    _around(found.scan.first, values)
    return Features(values, found.scan)


def ngrams(words: Ragged) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """What the lexicon is asked for: words and pairs of words of each line, up to `SEEN` of each.

    Two arrays of one length: the line, int64, and the hash, uint64.
    """
    starts = words.offsets[:-1]
    counts = np.minimum(words.counts, SEEN)
    line = np.repeat(np.arange(len(words)), counts)
    ends = np.zeros(len(words) + 1, np.int64)
    np.cumsum(counts, out=ends[1:])
    place = np.arange(ends[-1]) + np.repeat(starts - ends[:-1], counts)
    paired = place + 1 < words.offsets[1:][line]
    first, second = words.values[place[paired]], words.values[place[paired] + 1]
    return (
        np.concatenate([line, line[paired]]),
        np.concatenate([words.values[place], _pairs(first, second)]),
    )


def _pairs(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """What `_pair` does, in NumPy."""
    x = (first ^ (second >> np.uint64(31))) * _MULTIPLIER + second
    found: NDArray[np.uint64] = (x ^ (x >> np.uint64(29))) * _MULTIPLIER
    return found


@kernel
def _cap(value: Any) -> Any:
    return min(max(value, -MOST), MOST)


@kernel
def _own(looks: Any, ends: Any, out: Any) -> None:
    """Features that need the line alone."""
    for row in range(looks.shape[0]):
        look, x = looks[row], out[row]
        words = ends[row + 1] - ends[row]
        chars = np.int64(look[CHARS])
        letters, upper, marks = 0, 0, 0
        for kind in range(3, 15):
            letters += look[HISTOGRAM + kind]
            if _UPPERS[kind]:
                upper += look[HISTOGRAM + kind]
        for kind in range(16, 30):
            marks += look[HISTOGRAM + kind]
        commas = np.int64(look[HISTOGRAM + 16])
        x[_CHARS], x[_WORDS] = _cap(chars), _cap(words)
        x[_LETTERS] = letters * 1000 // chars
        x[_DIGITS] = np.int64(look[HISTOGRAM + 15]) * 1000 // chars
        x[_UPPER] = upper * 1000 // max(letters, 1)
        x[_MARKS] = marks * 1000 // chars
        x[_COMMAS] = _cap(commas)
        x[_COMMAS_PER_WORD] = min(commas * 1000 // max(words, 1), 1000)
        x[_CAPITALS] = np.int64(look[CAPITALS]) * 1000 // look[TOKENS]
        x[_CHARS_PER_WORD] = min(chars * 10 // max(words, 1), 1000)
        x[_LONGEST] = _cap(look[LONGEST])
        x[_FIRST], x[_LAST], x[_END] = look[FIRST], look[LAST], look[END]
        x[_SENTENCES], x[_DOTS] = _cap(look[SENTENCES]), _cap(look[DOTS])
        x[_NUMBERS], x[_YEARS] = _cap(look[NUMBERS]), _cap(look[YEARS])
        x[_TIMES], x[_JOINED], x[_URLS] = _cap(look[TIMES]), _cap(look[JOINED]), _cap(look[URLS])
        x[_GLUED] = _cap(look[GLUED])
        x[_TERMINALS] = _cap(look[HISTOGRAM + 17])
        x[_COLONS] = _cap(look[HISTOGRAM + 19])
        x[_QUOTES] = _cap(look[HISTOGRAM + 20])
        x[_BRACKETS] = _cap(look[HISTOGRAM + 21])
        x[_DASHES] = _cap(look[HISTOGRAM + 22])
        x[_BARS] = _cap(look[HISTOGRAM + 23])
        x[_BULLETS] = _cap(look[HISTOGRAM + 24])
        x[_AT] = _cap(look[HISTOGRAM + 25] + look[HISTOGRAM + 26])
        x[_SYMBOLS] = _cap(look[HISTOGRAM + 27] + look[HISTOGRAM + 29] + look[HISTOGRAM])


@kernel
def _known(check: Any, value: Any, shift: Any, word: Any) -> Any:
    """The lexicon's value of a hash; 0 for none."""
    slot = word >> shift
    return np.int64(value[slot]) if check[slot] == np.uint32(word & 0xFFFFFFFF) else 0


@kernel
def _pair(a: Any, b: Any) -> Any:
    """Hash of two words in a row."""
    x = (a ^ (b >> np.uint64(31))) * _MULTIPLIER + b
    return (x ^ (x >> np.uint64(29))) * _MULTIPLIER


@kernel
def _look_up(ends: Any, hashes: Any, check: Any, value: Any, out: Any) -> None:
    """Mean, highest and lowest value of the words and pairs of words of each line of up to 40."""
    shift = np.uint64(64)
    size = check.size
    while size > 1:
        size >>= 1
        shift -= np.uint64(1)
    for row in range(out.shape[0]):
        total, high, low, found = 0, 0, 0, 0
        for at in range(ends[row], min(ends[row + 1], ends[row] + SEEN)):
            for is_pair in range(2):
                if is_pair and at + 1 >= ends[row + 1]:
                    continue
                word = _pair(hashes[at], hashes[at + 1]) if is_pair else hashes[at]
                known = _known(check, value, shift, word)
                total += known
                found += known != 0
                high, low = max(high, known), min(low, known)
        out[row, _LEXICON] = _cap(total // max(found, 1))
        out[row, _LEXICON_HIGH], out[row, _LEXICON_LOW] = _cap(high), _cap(low)


@kernel
def _pages(first: Any, looks: Any, keys: Any, ends: Any, hashes: Any, out: Any) -> None:
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
    _around(first, out)


@kernel
def _around(first: Any, out: Any) -> None:
    """Features that other lines lend: neighbours and running means."""
    most = 1
    for page in range(first.size - 1):
        most = max(most, first[page + 1] - first[page])
    sums = np.zeros((most + 1, _N_MEANS), np.int64)
    for page in range(first.size - 1):
        ruled = 0
        for row in range(first[page], first[page + 1]):
            ruled += out[row, _RULE] >= _LEAST_RULE
        for row in range(first[page], first[page + 1]):
            out[row, _PAGE_RULES] = ruled * 1000 // (first[page + 1] - first[page])
        _near(first[page], first[page + 1], out)
        _average(first[page], first[page + 1], sums, out)


@kernel
def _script(looks: Any, low: Any, high: Any, out: Any) -> None:
    """Share of each line's letters that are of the page's main script."""
    totals = np.zeros(16, np.int64)
    for row in range(low, high):
        for kind in range(3, 15):
            totals[_SCRIPTS[kind]] += looks[row, HISTOGRAM + kind]
    main = np.argmax(totals)
    for row in range(low, high):
        mine, all_ = 0, 0
        for kind in range(3, 15):
            count: Any = looks[row, HISTOGRAM + kind]
            all_ += count
            if _SCRIPTS[kind] == main:
                mine += count
        out[row, _SCRIPT] = mine * 1000 // all_ if all_ > 0 else -1


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
            out[row, _REPEATS + which] = _cap(counts[at, 0])


@kernel
def _is_prose(x: Any) -> Any:
    """Whether a line looks like a sentence or more: long enough, and ended."""
    is_ended = x[_END] == 17 or x[_END] == 18
    is_long = x[_WORDS] >= _PROSE_WORDS and x[_CHARS] >= _PROSE_CHARS
    return is_long and (is_ended or x[_WORDS] >= 4 * _PROSE_WORDS)


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
            total += min(x[_WORDS], 60)
        else:
            total -= 4 + min(x[_REPEATS] - 1, 4)
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
        out[row, _SHARED] = shared * 1000 // size
        out[row, _SHARED_WORDS] = _cap(shared)
        out[row, _FRAME_SHARED] = frame * 1000 // size
        out[row, _DISTINCT] = distinct * 1000 // size


@kernel
def _place(low: Any, high: Any, start: Any, stop: Any, out: Any) -> None:
    """Where on the page a line is, and the page's totals."""
    words, prose, zone_words = 0, 0, 0
    for row in range(low, high):
        words += out[row, _WORDS]
        if _is_prose(out[row]):
            prose += out[row, _WORDS]
        if start <= row < stop:
            zone_words += out[row, _WORDS]
    lines = high - low
    best = 0  # most words that a short line outside prose shares with the zone
    for row in range(low, start):
        if not _is_prose(out[row]):
            best = max(best, out[row, _SHARED_WORDS])
    before, prose_before, since, above, run = 0, 0, 99, 0, 0
    for row in range(low, high):
        x = out[row]
        p = _PLACE
        at = row - low
        x[p], x[p + 1], x[p + 2] = _cap(at), _cap(lines - at), at * 1000 // lines
        x[p + 3] = before * 1000 // max(words, 1)
        x[p + 4] = prose_before * 1000 // max(prose, 1)
        mine: Any = x[_WORDS] if _is_prose(x) else 0
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
                rank += out[other, _SHARED_WORDS] > x[_SHARED_WORDS] and not _is_prose(out[other])
        x[p + 16] = rank
        x[p + 17] = _cap(x[_SHARED_WORDS] - best)
        x[p + 18] = _same(out, row, row - 1) if row > low else 0
        x[p + 19] = _same(out, row, row + 1) if row + 1 < high else 0
        q = _PAGE
        x[q], x[q + 1], x[q + 2] = _cap(lines), _cap(words), _cap(prose)
        x[q + 3] = prose * 1000 // max(words, 1)
        x[q + 4] = _cap(words * 10 // lines)
        x[q + 5], x[q + 6] = _cap(zone_words), _cap(stop - start)
        before += x[_WORDS]
        prose_before += mine
        since = 1 if mine > 0 else since + 1
        above = mine if mine > 0 else above
        above = min(above, 1000)
    until = 99
    below: Any = 0
    for row in range(high - 1, low - 1, -1):
        x = out[row]
        x[_PLACE + 7], x[_PLACE + 9] = min(until, 99), below
        is_prose = _is_prose(x)
        until = 1 if is_prose else until + 1
        below = min(x[_WORDS], 1000) if is_prose else below
        is_next_short = row + 1 < high and not _is_prose(out[row + 1])
        x[_PLACE + 11] = x[_PLACE + 10]
        if x[_PLACE + 10] > 0 and is_next_short:
            x[_PLACE + 11] = out[row + 1, _PLACE + 11]


@kernel
def _same(out: Any, row: Any, other: Any) -> Any:
    """How alike two lines look, 0 to 4: length, case, end, start."""
    x, y = out[row], out[other]
    alike = 0
    alike += abs(x[_WORDS] - y[_WORDS]) * 4 <= max(x[_WORDS], y[_WORDS])
    alike += x[_END] == y[_END]
    alike += x[_FIRST] == y[_FIRST]
    alike += abs(x[_CAPITALS] - y[_CAPITALS]) <= 200
    return alike


@kernel
def _near(low: Any, high: Any, out: Any) -> None:
    """Core features of the neighbours; -1 beyond the page."""
    for row in range(low, high):
        place = _NEAR
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
        words: Any = min(x[_WORDS], 255)
        sums[at + 1] = sums[at]
        sums[at + 1, 0] += _LOGS[words] * 10
        sums[at + 1, 1] += 1000 * _is_prose(x)
        sums[at + 1, 2] += x[_LEXICON]
        sums[at + 1, 3] += min(x[_COMMAS], 20) * 50
        sums[at + 1, 4] += min(x[_FOLDED] - 1, 10) * 100
        sums[at + 1, 5] += x[_RULE]
        sums[at + 1, 6] += x[_HOST]
    for row in range(low, high):
        place = _MEANS
        for index in range(_RADII.size):
            a = max(row - _RADII[index], low) - low
            b = min(row + _RADII[index] + 1, high) - low
            for which in range(_N_MEANS):
                out[row, place] = (sums[b, which] - sums[a, which]) // (b - a)
                place += 1
