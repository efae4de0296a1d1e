"""What one line looks like, in numbers: one pass over the bytes of all lines of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.noise import glyphs
from cleaner.text import codepoints
from cleaner.text.jit import column, kernel
from cleaner.text.ragged import Ragged
from cleaner.text.utf8 import buffers, code_point
from cleaner.text.words import word_hashes

COLUMNS = (
    "chars",
    "tokens",
    "capitals",
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
)
"""Columns of `Scan.looks` before the histogram of classes.

chars: code points between the outer spaces. tokens: runs without spaces; capitals: those that begin
with an upper case letter; longest_token: code points. first, last: classes of the outer characters;
end: of the last one that is no quote or bracket. sentences: sentence ends inside the line. dots:
length of a run of full stops at the end. numbers: runs of digits; years: those from 1900 to 2099;
times: like 9:30; joined_numbers: numbers that follow another one and a mark, as in 1/2.
glued: capitals right after a small letter, a digit, a quote or a sentence's end.
"""
(
    CHARS,
    TOKENS,
    CAPITALS,
    LONGEST,
    FIRST,
    LAST,
    END,
    SENTENCES,
    DOTS,
    NUMBERS,
    YEARS,
    TIMES,
    JOINED,
    URLS,
    GLUED,
) = range(len(COLUMNS))
HISTOGRAM = 16
"""The first column of the histogram."""
WIDTH = HISTOGRAM + glyphs.CLASSES

_LIMIT = np.int64(codepoints.LIMIT)
_SPACE, _ABSENT, _DIGIT = (np.int64(c) for c in (glyphs.SPACE, glyphs.ABSENT, glyphs.DIGIT))
_TERMINAL, _ELLIPSIS = np.int64(glyphs.TERMINAL), np.int64(glyphs.ELLIPSIS)
_QUOTE, _BRACKET = np.int64(glyphs.QUOTE), np.int64(glyphs.BRACKET)
_UPPER = np.zeros(glyphs.CLASSES, bool)
_UPPER[list(glyphs.UPPER)] = True
_GLUES = np.zeros(glyphs.CLASSES, bool)
_GLUES[list(glyphs.LOWER)] = True
_GLUES[[glyphs.DIGIT, glyphs.QUOTE, glyphs.TERMINAL]] = True
_HAN, _UNSPACED = np.int64(glyphs.HAN), np.int64(glyphs.UNSPACED)
_MIX, _SALT = np.uint64(0x9FB21C651E98DF25), np.uint64(0x2545F4914F6CDD1D)
_TURN = np.uint64(32)


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Lines of a batch that are not blank.

    Attributes:
        where: int64[lines], the passage that each line is.
        first: int64[docs + 1]; lines of document i are first[i]:first[i + 1].
        looks: int32[lines, WIDTH]: `COLUMNS`, then from `HISTOGRAM` on how many code points of each
            class of `glyphs` there are.
        keys: uint64[lines, 2]: hash of the line without spaces, and with numbers folded.
        words: hashes of each line's words.
    """

    where: NDArray[np.int64]
    first: NDArray[np.int64]
    looks: NDArray[np.int32]
    keys: NDArray[np.uint64]
    words: Ragged

    def __len__(self) -> int:
        return len(self.where)


def scan(text: pa.StringArray, first: NDArray[np.int64]) -> Scan:
    """Look at every line of a batch; `text` and `first` as in `Batch`.

    Raises:
        ValueError: `first` does not fit the text.
    """
    first = np.asarray(first, np.int64)
    if not len(first) or first[0] != 0 or first[-1] != len(text) or np.any(np.diff(first) < 0):
        raise ValueError(f"pages do not tile the {len(text)} lines")
    rows = len(text)
    offsets, data = buffers(text)
    looks = np.zeros((rows, WIDTH), dtype=np.int32)
    keys = np.empty((rows, 2), dtype=np.uint64)
    _scan(offsets, data, column(glyphs.classes(), np.uint8), looks, keys)
    words = word_hashes(text)
    where = np.flatnonzero(looks[:, CHARS] > 0)
    if len(where) == rows:
        return Scan(where, first, looks, keys, words)
    return Scan(where, np.searchsorted(where, first), looks[where], keys[where], words.take(where))


@kernel
def _is_url(data: Any, p: Any, end: Any) -> Any:
    """Whether "http" or "www." begins at p, in either case."""
    if p + 4 > end:
        return False
    a, b, c, d = data[p] | 32, data[p + 1] | 32, data[p + 2] | 32, data[p + 3]
    is_http = a == 104 and b == 116 and c == 116 and (d | 32) == 112
    return is_http or (a == 119 and b == 119 and c == 119 and d == 46)


@kernel
def _scan(offsets: Any, data: Any, table: Any, looks: Any, keys: Any) -> None:
    """Fill `looks` and `keys`, one row a line."""
    for row in range(offsets.size - 1):
        p, end = offsets[row], offsets[row + 1]
        look = looks[row]
        exact, folded = _SALT, _SALT
        chars = 0  # up to here, with the spaces inside
        pending = 0  # spaces since the last character
        token = 0  # length of the token so far
        last, inner = 0, 0
        run = 0  # digits of the number so far
        value = 0
        since = 9  # characters since the last number, where no space was
        after_colon = False
        number = 0  # digits of the last number
        dots = 0
        while p < end:
            at = p
            point, p = code_point(data, p, end)
            kind: Any = table[point] if point < _LIMIT else 0
            if kind == _SPACE:
                pending += 1
                look[LONGEST] = max(look[LONGEST], token)
                token = 0
                if run > 0:
                    number, since = run, 0
                    look[YEARS] += run == 4 and 1900 <= value < 2100
                    run = 0
                since = 9
                continue
            if kind == _ABSENT:
                continue
            look[HISTOGRAM + kind] += 1
            if pending > 0 and chars > 0:
                look[HISTOGRAM + _SPACE] += pending
                look[SENTENCES] += inner in (_TERMINAL, _ELLIPSIS)
            elif chars > 0 and kind in (_HAN, _UNSPACED):
                look[SENTENCES] += last == _TERMINAL
            is_upper = _UPPER[kind]
            if token == 0:
                look[TOKENS] += 1
                look[CAPITALS] += is_upper
                look[URLS] += _is_url(data, at, end)
            elif is_upper:
                look[GLUED] += _GLUES[last]
            if chars == 0:
                look[FIRST] = kind
            else:
                chars += pending
            pending = 0
            chars += 1
            token += 1
            dots = dots + 1 if point == 46 else 0
            if kind == _DIGIT:
                if run == 0:
                    look[NUMBERS] += 1
                    look[JOINED] += since == 1
                    value = 0
                run += 1
                value = value * 10 + (point & 15) if run <= 4 else value
                if run == 2:
                    look[TIMES] += since == 1 and after_colon and number <= 2
                if run == 1:
                    folded = (folded ^ np.uint64(48)) * _MIX
                    folded ^= folded >> _TURN
            else:
                if run > 0:
                    look[YEARS] += run == 4 and 1900 <= value < 2100
                    number, since, run = run, 0, 0
                since += 1
                after_colon = point == 58
                folded = (folded ^ np.uint64(point)) * _MIX
                folded ^= folded >> _TURN
            exact = (exact ^ np.uint64(point)) * _MIX
            exact ^= exact >> _TURN
            last = kind
            if kind not in (_QUOTE, _BRACKET):
                inner = kind
        look[YEARS] += run == 4 and 1900 <= value < 2100
        look[LONGEST] = max(look[LONGEST], token)
        look[CHARS], look[LAST], look[END], look[DOTS] = chars, last, inner, dots
        keys[row, 0], keys[row, 1] = exact, folded
