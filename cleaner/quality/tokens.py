"""Tokens and line features: one pass over the bytes of all lines of a batch.

A *token* is what a rule counts and what an n-gram is made of: a word as it is spelt, or a
punctuation mark. English tokenisers inspired the borders, for published thresholds were tuned
with them: 1,234.5, example.com and a URL are one token, it's is two, well-known three. Characters
of scripts without spaces are tokens of their own, as in `cleaner.text.words`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.text import codepoints
from cleaner.text.jit import column, kernel
from cleaner.text.segment import passages
from cleaner.text.utf8 import buffers, code_point

COLUMNS = (
    "chars",
    "words",
    "longest",
    "tokens",
    "alpha",
    "letters",
    "upper",
    "digits",
    "spaced",
    "alone",
    "hashes",
    "ellipses",
    "sentences",
    "braces",
    "first",
    "last",
    "dots",
    "ends",
)
"""Columns of `Lines.looks`.

chars: code points between the outer spaces. words: runs without white space, and each character
of a script without spaces; longest: code points of the longest. tokens; alpha: those with a
letter. letters (upper: of upper case), digits: code points. spaced: letters and digits of words
with spaces between them; alone: characters of scripts without. hashes: "#". ellipses: "…", and
each three full stops in a row. sentences: 1 + marks that end one and are followed by a word.
braces: "{". first: the code point that the line begins with. last: the class of the one it ends
with. dots: full stops in a row at the end. ends: 1 if it has a line end.
"""
(
    CHARS,
    WORDS,
    LONGEST,
    TOKENS,
    ALPHA,
    LETTERS,
    UPPERS,
    DIGITS,
    SPACED,
    ALONES,
    HASHES,
    ELLIPSES,
    SENTENCES,
    BRACES,
    FIRST,
    LAST,
    DOTS,
    ENDS,
) = range(len(COLUMNS))

MARK, SPACE, LOWER, UPPER, DIGIT, COMBINING, ALONE, ABSENT, TERMINAL, QUOTE, HYPHEN, DIVIDER = (
    range(12)
)
"""Classes of code points; `LOWER` holds letters without case, too, `MARK` all that is left."""

TERMINALS = ".!?。！？｡．؟۔।॥։።፧།༎။៕។᠃᠉‼⁇⁈⁉‽"
_CLASSES = {
    TERMINAL: TERMINALS,
    QUOTE: "'\"’”»›」』“‘«‹„",
    HYPHEN: "-–—‐‑~",
    DIVIDER: ":<>=/",
}

ABBREVIATIONS = (
    "Mr Mrs Ms Dr Prof Rev Gen Gov Sen Rep Adm Jr Sr St Mt Messrs Inc Corp Co co Ltd Bros "
    "vs etc e.g i.e E.g I.e a.m p.m Ph.D Jan Feb Mar Apr Aug Sep Sept Oct Nov Dec"
)
"""Tokens that keep the full stop behind them: it ends no sentence."""

ALONE_BIT = 0x8000
"""Of a token: it is a character of a script without spaces."""
LENGTH_BITS = 0x7FFF
"""Of a token: its code points; longer ones count as so many. The other bits are its hash."""

_LIMIT = np.int64(codepoints.LIMIT)
_SEED, _FACTOR = np.uint64(0x2545F4914F6CDD1D), np.uint64(0x9FB21C651E98DF25)
_TURN, _HIGH = np.uint64(32), ~np.uint64(0xFFFF)
_LONGEST_TOKEN = np.uint64(LENGTH_BITS)
_ALONE_FLAG = np.uint64(ALONE_BIT)
_DOT, _DASH, _COMMA, _HASH, _BRACE, _ELLIPSIS, _PLUS = 46, 45, 44, 35, 123, 0x2026, 43
_STICKY = (45, 47, 64, 92, 94, 124, 126)  # - / @ \\ ^ | ~
_APOSTROPHE, _CURLY = 39, 0x2019
_MOST_MARKS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines of some documents.

    Attributes:
        text: one string a line, with its line end; shares the documents' buffer.
        first: int64[docs + 1]; lines of document i are first[i]:first[i + 1].
        size: int64[docs], code points of the documents.
        looks: int32[lines, len(COLUMNS)].
        keys: uint64[lines], hash of the line between its outer spaces.
        tokens: uint64[], tokens of all lines: a hash, `ALONE_BIT`, and the length.
        starts: int64[docs + 1]; tokens of document i are tokens[starts[i]:starts[i + 1]].
    """

    text: pa.StringArray
    first: NDArray[np.int64]
    size: NDArray[np.int64]
    looks: NDArray[np.int32]
    keys: NDArray[np.uint64]
    tokens: NDArray[np.uint64]
    starts: NDArray[np.int64]

    def sums(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The sum per document of a column of the lines."""
        total = np.zeros(len(values) + 1, np.int64)
        np.cumsum(values, out=total[1:])
        return total[self.first[1:]] - total[self.first[:-1]]


def lines_of(text: pa.StringArray, *, punctuation: bool = True) -> Lines:
    """Cut documents (no nulls) into lines and tokens; without `punctuation` marks are no tokens."""
    cut = passages(text)
    rows = len(cut.text)
    looks = np.zeros((rows, len(COLUMNS)), np.int32)
    keys = np.empty(rows, np.uint64)
    offsets, data = buffers(cut.text)
    # A token has at least one byte; memory that is not written to is never taken.
    tokens = np.empty(int(offsets[-1] - offsets[0]) + 1, np.uint64)
    filled = int(
        _scan(offsets, data, column(_table(), np.uint8), _short(), punctuation, looks, keys, tokens)
    )
    ends = np.zeros(rows + 1, np.int64)
    np.cumsum(looks[:, TOKENS], out=ends[1:])
    spans = np.zeros(rows + 1, np.int64)
    np.cumsum(cut.end - cut.start, out=spans[1:])
    size = spans[cut.first[1:]] - spans[cut.first[:-1]]
    return Lines(cut.text, cut.first, size, looks, keys, tokens[:filled], ends[cut.first])


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint8]:
    """The class of each code point below the limit, uint8[LIMIT]."""
    kinds = codepoints.kinds()
    table = np.full(codepoints.LIMIT, MARK, np.uint8)
    table[kinds == codepoints.LETTER] = LOWER
    table[kinds == codepoints.MARK] = COMBINING
    table[kinds == codepoints.ALONE] = ALONE
    table[kinds == codepoints.ABSENT] = ABSENT
    table[kinds == codepoints.DIGIT] = DIGIT
    table[ord("_")] = DIGIT  # part of a word, but no letter
    for point in range(0x20000):
        if table[point] == LOWER:
            category = unicodedata.category(chr(point))
            if category in {"Lu", "Lt"}:
                table[point] = UPPER
            elif category[0] == "N":
                table[point] = DIGIT
        elif table[point] == MARK and chr(point).isspace():
            table[point] = SPACE
    for number, chars in _CLASSES.items():
        table[[ord(char) for char in chars]] = number
    table.flags.writeable = False
    return table


@lru_cache(maxsize=1)
def _short() -> NDArray[np.uint64]:
    """The states of `_scan` after each abbreviation, sorted."""
    states = []
    for word in ABBREVIATIONS.split():
        state = int(_SEED)
        for char in word:
            state = ((state ^ ord(char)) * int(_FACTOR) & (1 << 64) - 1) ^ (state >> int(_TURN))
        states.append(state)
    return column(np.array(sorted(states), np.uint64), np.uint64)


@kernel
def _class_at(data: Any, p: Any, end: Any, table: Any) -> Any:
    """The class of the code point at p, and where the next one begins."""
    point, after = code_point(data, p, end)
    if point < _LIMIT:
        return np.int64(table[point]), after
    return np.int64(MARK), after


@kernel
def _marks_inside(data: Any, p: Any, end: Any, table: Any) -> Any:
    """How many marks, none an ellipsis, stand from p on before a letter; 0 if none follows."""
    count = 0
    last = np.int64(0)
    while p < end and count <= _MOST_MARKS:
        point, after = code_point(data, p, end)
        kind = np.int64(table[point]) if point < _LIMIT else np.int64(MARK)
        if kind in (LOWER, UPPER, DIGIT):
            return count
        is_dots = point == _ELLIPSIS or (point in (_DOT, _DASH) and point == last)
        if is_dots or kind in (SPACE, ALONE, COMBINING, ABSENT):
            return 0
        count += 1
        last = point
        p = after
    return 0


@kernel
def _letters_from(data: Any, p: Any, end: Any, table: Any) -> Any:
    """How many letters stand from p on, counted up to 3."""
    count = 0
    while p < end and count < 3:
        kind, p = _class_at(data, p, end, table)
        if kind not in (LOWER, UPPER):
            break
        count += 1
    return count


@kernel
def _joins(point: Any, kind: Any, before: Any, after: Any) -> Any:
    """Whether a mark between two letters or digits is a part of the token."""
    from_letter, to_letter = before != DIGIT, after != DIGIT
    if point == _DOT:
        return not (before == LOWER and after == UPPER)
    if point == _COMMA:
        return not (from_letter and to_letter)
    if kind == HYPHEN:
        return from_letter and not to_letter
    if kind == DIVIDER:
        return not to_letter
    return True


@kernel
def _is_url(data: Any, p: Any, end: Any) -> Any:
    """Whether "http:", "https:" or "www." begins at p, in either case."""
    if p + 5 >= end:
        return False
    a, b, c, d = data[p] | 32, data[p + 1] | 32, data[p + 2] | 32, data[p + 3]
    if a == 119 and b == 119 and c == 119:
        return d == 46
    e = data[p + 4]
    is_http = a == 104 and b == 116 and c == 116 and (d | 32) == 112
    return is_http and (e == 58 or ((e | 32) == 115 and data[p + 5] == 58))


@kernel
def _has(sorted_values: Any, value: Any) -> Any:
    """Whether a value is one of a few."""
    found = False
    for known in sorted_values:
        found = found or known == value
    return found


@kernel
def _token(state: Any, length: Any, is_alone: Any) -> Any:
    """Hash, flag and length in one number."""
    mixed = (state ^ (state >> _TURN)) * _FACTOR
    flag = _ALONE_FLAG if is_alone else np.uint64(0)
    return (mixed & _HIGH) | flag | min(np.uint64(length), _LONGEST_TOKEN)


@kernel
def _scan(
    offsets: Any, data: Any, table: Any, short: Any, punctuation: Any, looks: Any, keys: Any,
    tokens: Any,
) -> Any:  # fmt: skip
    """Fill `looks` and `keys`, one row a line, and `tokens`; returns how many tokens there are."""
    filled = 0
    for row in range(offsets.size - 1):
        p, end = offsets[row], offsets[row + 1]
        look = looks[row]
        key = _SEED
        chars, pending, word = 0, 0, 0  # up to here; spaces since; of the word so far
        state, length, is_alpha, is_alone = _SEED, 0, False, False  # of the open token
        repeated: Any = np.int64(-1)  # the mark that the open token is a run of
        before, earlier = np.int64(SPACE), np.int64(SPACE)  # classes of the last two
        dots = 0
        ended = False  # a sentence
        in_url = False
        begun = filled
        while True:
            done = p >= end
            point, kind, nxt = np.int64(32), np.int64(SPACE), p
            if not done:
                point, nxt = code_point(data, p, end)
                kind = np.int64(table[point]) if point < _LIMIT else np.int64(MARK)
            is_word = kind in (LOWER, UPPER, DIGIT)
            glued, opens = False, False
            if not is_word and kind not in (SPACE, COMBINING, ALONE, ABSENT):
                after = np.int64(SPACE)
                if nxt < end:
                    after, _ = _class_at(data, nxt, end, table)
                inside = length > 0 and repeated < 0 and not is_alone
                run = _marks_inside(data, p, end, table) if inside else 0
                if run > 1 or (run == 1 and before not in (LOWER, UPPER, DIGIT)):
                    glued = True  # no tokeniser cuts at 15–$70
                elif run == 1:
                    glued = _joins(point, kind, before, after)
                    if point in (_APOSTROPHE, _CURLY) and before != DIGIT:
                        opens = _letters_from(data, nxt, end, table) <= 2
                        glued = not opens
                elif inside and point == _DOT:
                    is_initial = before == UPPER and earlier != UPPER  # also the end of U.S.
                    glued = is_initial or _has(short, state)
                elif inside and after == SPACE:
                    glued = point in _STICKY  # and/
                elif not inside and (point in _STICKY or (point == _PLUS and after == DIGIT)):
                    opens = after in (LOWER, UPPER, DIGIT)  # @name, -v, +44
            if kind == ABSENT and not done:
                p = nxt
                continue
            if in_url:
                in_url = kind not in (SPACE, ALONE)
                glued = glued or in_url
                opens = False
            goes_on = (
                (is_word and length > 0 and repeated < 0 and not is_alone)
                or (kind == COMBINING and length > 0)
                or (glued and not opens)
                or (length > 0 and repeated == point)
            )
            if length > 0 and not goes_on:
                if repeated < 0 or punctuation:
                    tokens[filled] = _token(state, length, is_alone)
                    filled += 1
                    look[ALPHA] += is_alpha
                state, length, is_alpha, is_alone, repeated = _SEED, 0, False, False, -1
            if done:
                break
            if is_word and length == 0:
                in_url = _is_url(data, p, end)
            p = nxt
            if kind == SPACE:
                pending += 1
                look[LONGEST] = max(look[LONGEST], word)
                word = 0
                before, earlier = kind, before
                look[ENDS] |= point in (10, 13, 0x2028, 0x2029)
                continue
            if not goes_on and kind == COMBINING:
                continue  # belongs to what separates
            if is_word or kind == ALONE:
                if look[SENTENCES] == 0 or ended:
                    look[SENTENCES] += 1
                ended = False
            elif kind == TERMINAL and not glued:
                nearby = point == _DOT and (dots > 0 or (p < end and data[p] == _DOT))
                ended = ended or not nearby
            if not goes_on and not is_word and kind != ALONE and not opens:
                repeated = point if point in (_DOT, _DASH, _APOSTROPHE) else np.int64(0x110000)
            state = ((state ^ np.uint64(point)) * _FACTOR) ^ (state >> _TURN)
            length += 1
            is_alone = is_alone or kind == ALONE
            is_letter = kind in (LOWER, UPPER, ALONE)
            is_alpha = is_alpha or is_letter
            look[LETTERS] += is_letter
            look[UPPERS] += kind == UPPER
            look[DIGITS] += kind == DIGIT
            look[SPACED] += is_word
            look[ALONES] += kind == ALONE
            look[HASHES] += point == _HASH
            look[BRACES] += point == _BRACE
            dots = dots + 1 if point == _DOT else 0
            look[ELLIPSES] += point == _ELLIPSIS or (dots > 0 and dots % 3 == 0)
            if chars == 0:
                look[FIRST] = point
            else:
                chars += pending
                if pending > 0:
                    key = (key ^ np.uint64(32)) * _FACTOR
            if kind == ALONE:
                look[LONGEST] = max(look[LONGEST], word)
                word = 0
            look[WORDS] += word == 0
            pending = 0
            chars += 1
            word += 1
            key = (key ^ np.uint64(point)) * _FACTOR
            key ^= key >> _TURN
            look[LAST] = kind
            before, earlier = kind, before
        look[LONGEST] = max(look[LONGEST], word)
        look[CHARS], look[DOTS], look[TOKENS] = chars, dots, filled - begun
        keys[row] = key
    return filled
