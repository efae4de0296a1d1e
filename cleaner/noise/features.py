"""Features of every line of a batch for the noise model: integers, computed by compiled kernels.

What a line looks like (`cleaner.noise.scan`), its neighbours, its place on the page, the words that
it shares with the page's prose (`cleaner.noise.layout`), and how often page, host and corpus repeat
it. All are language neutral but for the lexicon. Blank lines do not exist here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.noise import columns as c
from cleaner.noise import glyphs, layout, scan
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

SEEN = 40
"""Words of a line that the lexicon is asked for."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_UPPERS = np.zeros(glyphs.CLASSES, bool)
_UPPERS[list(glyphs.UPPER)] = True


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

    `values` int16[lines, len(c.NAMES)]; `scan` says which passages they are and holds their words.
    """

    values: NDArray[np.int16]
    scan: Scan

    @property
    def words(self) -> NDArray[np.int64]:
        """Words of each line, int64[lines]."""
        return self.scan.words.counts

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Whether each line ends as a sentence does, bool[lines]."""
        found: NDArray[np.bool_] = self.values[:, c.END] == glyphs.TERMINAL
        return found


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
    values = np.zeros((len(lines), len(c.NAMES)), np.int16)
    counts = np.full((len(lines), 3), -1, np.int32)
    for which, known in enumerate((host, corpus, rules)):
        if known is not None:
            counts[:, which] = np.clip(known[lines.where], -1, c.MOST)
    values[:, c.HOST : c.HOST + 3] = counts
    _own(lines.looks, lines.words.offsets, values)
    _look_up(lines.words.offsets, lines.words.values, lexicon.check, lexicon.value, values)
    layout.fill(
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
    layout.fill_around(lines.first, values)
    return Features(values, lines)


def with_unknown(
    found: Features, *, repeats: NDArray[np.bool_], rules: NDArray[np.bool_] | None = None
) -> Features:
    """The same features as if in some lines repeats were not counted, or rules not tried.

    Both bool[lines].
    """
    values = found.values.copy()
    values[repeats, c.HOST : c.CORPUS + 1] = -1
    if rules is not None:
        values[rules, c.RULE] = 0
    layout.fill_around(found.scan.first, values)
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
    return min(max(value, -c.MOST), c.MOST)


@kernel
def _own(looks: Any, ends: Any, out: Any) -> None:
    """Features that need the line alone."""
    for row in range(looks.shape[0]):
        look, x = looks[row], out[row]
        words = ends[row + 1] - ends[row]
        chars = np.int64(look[CHARS])
        letters, upper, marks = 0, 0, 0
        for kind in range(glyphs.LATIN, glyphs.DIGIT):
            letters += look[HISTOGRAM + kind]
            if _UPPERS[kind]:
                upper += look[HISTOGRAM + kind]
        for kind in range(glyphs.COMMA, glyphs.SYMBOL + 1):
            marks += look[HISTOGRAM + kind]
        commas = np.int64(look[HISTOGRAM + glyphs.COMMA])
        x[c.CHARS], x[c.WORDS] = _cap(chars), _cap(words)
        x[c.LETTERS] = letters * 1000 // chars
        x[c.DIGITS] = np.int64(look[HISTOGRAM + glyphs.DIGIT]) * 1000 // chars
        x[c.UPPER] = upper * 1000 // max(letters, 1)
        x[c.MARKS] = marks * 1000 // chars
        x[c.COMMAS] = _cap(commas)
        x[c.COMMAS_PER_WORD] = min(commas * 1000 // max(words, 1), 1000)
        x[c.CAPITALS] = np.int64(look[CAPITALS]) * 1000 // look[TOKENS]
        x[c.CHARS_PER_WORD] = min(chars * 10 // max(words, 1), 1000)
        x[c.LONGEST] = _cap(look[LONGEST])
        x[c.FIRST], x[c.LAST], x[c.END] = look[FIRST], look[LAST], look[END]
        x[c.SENTENCES], x[c.DOTS] = _cap(look[SENTENCES]), _cap(look[DOTS])
        x[c.NUMBERS], x[c.YEARS] = _cap(look[NUMBERS]), _cap(look[YEARS])
        x[c.TIMES], x[c.JOINED], x[c.URLS] = _cap(look[TIMES]), _cap(look[JOINED]), _cap(look[URLS])
        x[c.GLUED] = _cap(look[GLUED])
        x[c.TERMINALS] = _cap(look[HISTOGRAM + glyphs.TERMINAL])
        x[c.COLONS] = _cap(look[HISTOGRAM + glyphs.COLON])
        x[c.QUOTES] = _cap(look[HISTOGRAM + glyphs.QUOTE])
        x[c.BRACKETS] = _cap(look[HISTOGRAM + glyphs.BRACKET])
        x[c.DASHES] = _cap(look[HISTOGRAM + glyphs.DASH])
        x[c.BARS] = _cap(look[HISTOGRAM + glyphs.BAR])
        x[c.BULLETS] = _cap(look[HISTOGRAM + glyphs.BULLET])
        x[c.AT] = _cap(look[HISTOGRAM + glyphs.AT] + look[HISTOGRAM + glyphs.COPYRIGHT])
        x[c.SYMBOLS] = _cap(
            look[HISTOGRAM + glyphs.CURRENCY] + look[HISTOGRAM + glyphs.SYMBOL] + look[HISTOGRAM]
        )


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
        out[row, c.LEXICON] = _cap(total // max(found, 1))
        out[row, c.LEXICON_HIGH], out[row, c.LEXICON_LOW] = _cap(high), _cap(low)
