"""Classes of code points that tell how a line looks: case, script, kind of mark."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cleaner.text import codepoints

(
    OTHER,
    SPACE,
    ABSENT,
    LATIN,
    LATIN_UPPER,
    GREEK,
    GREEK_UPPER,
    CYRILLIC,
    CYRILLIC_UPPER,
    HAN,
    HANGUL,
    UNSPACED,
    ARABIC,
    LETTER,
    LETTER_UPPER,
    DIGIT,
    COMMA,
    TERMINAL,
    ELLIPSIS,
    COLON,
    QUOTE,
    BRACKET,
    DASH,
    BAR,
    BULLET,
    AT,
    COPYRIGHT,
    CURRENCY,
    PUNCTUATION,
    SYMBOL,
) = range(30)
CLASSES = 32
"""Room of a histogram of classes; a power of two."""
LOWER = (LATIN, GREEK, CYRILLIC, LETTER)
UPPER = (LATIN_UPPER, GREEK_UPPER, CYRILLIC_UPPER, LETTER_UPPER)

_MARKS = {
    COMMA: ",،、，､;；",
    TERMINAL: ".!?。！？｡؟۔।॥։፧។…",
    COLON: ":：",
    QUOTE: "\"'“”„‟«»‘’‚‹›「」『』《》",
    BRACKET: "()[]{}（）［］【】〔〕〈〉",
    DASH: "-–—―‐‑‒−~〜～",
    BAR: "|¦/\\>＞｜／→←⟩",
    BULLET: "•·●○▪■□◆▶►▸★☆✓✔‣*※",
    AT: "@＠",
    COPYRIGHT: "©®™℗",
}
_SCRIPTS = (
    (0x0041, 0x0250, LATIN),
    (0x0370, 0x0400, GREEK),
    (0x0400, 0x0530, CYRILLIC),
    (0x0590, 0x0900, ARABIC),
    (0x1E00, 0x1F00, LATIN),
    (0x1F00, 0x2000, GREEK),
    (0x2C60, 0x2C80, LATIN),
    (0x2DE0, 0x2E00, CYRILLIC),
    (0x1100, 0x1200, HANGUL),
    (0x3130, 0x3190, HANGUL),
    (0xAC00, 0xD7A4, HANGUL),
    (0xA640, 0xA6A0, CYRILLIC),
    (0xA720, 0xA800, LATIN),
    (0xFB50, 0xFE00, ARABIC),
    (0xFE70, 0xFEFF, ARABIC),
    (0xFF21, 0xFF5B, LATIN),
)
_HAN = ((0x2E80, 0x3130), (0x31F0, 0x3200), (0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00))
_NO_CASE = ((0x3400, 0xA640), (0xAC00, 0xD7A4), (0xF900, 0xFB00), (0x20000, codepoints.LIMIT))


@lru_cache(maxsize=1)
def classes() -> NDArray[np.uint8]:
    """The class of every code point below `codepoints.LIMIT`, uint8[LIMIT], built once."""
    kinds = codepoints.kinds()
    table = np.full(codepoints.LIMIT, OTHER, dtype=np.uint8)
    table[kinds == codepoints.LETTER] = LETTER
    table[kinds == codepoints.ALONE] = UNSPACED
    _set_scripts(table)
    table[kinds == codepoints.DIGIT] = DIGIT
    table[(kinds == codepoints.MARK) | (kinds == codepoints.ABSENT)] = ABSENT
    _set_case_and_marks(table, kinds)
    for mark, chars in _MARKS.items():
        for char in chars:
            table[ord(char)] = mark
    table[ord("_")] = PUNCTUATION
    table[ord("…")] = ELLIPSIS
    table.flags.writeable = False
    return table


def _set_scripts(table: NDArray[np.uint8]) -> None:
    """Give letters their script."""
    for low, high, script in _SCRIPTS:
        part = table[low:high]
        part[part == LETTER] = script
    for low, high in (*_HAN, (0x20000, codepoints.LIMIT)):
        part = table[low:high]
        part[part == UNSPACED] = HAN


def _set_case_and_marks(table: NDArray[np.uint8], kinds: NDArray[np.uint64]) -> None:
    """Upper case, spaces, punctuation and symbols, by the general category."""
    asked = np.ones(codepoints.LIMIT, dtype=bool)
    for low, high in _NO_CASE:
        asked[low:high] = False
    asked[0xD800:0xF900] = False
    points = np.flatnonzero(
        asked & ((kinds == codepoints.LETTER) | (kinds == codepoints.SEPARATOR))
    )
    for point in points.tolist():
        category = unicodedata.category(chr(point))
        if category in {"Lu", "Lt"} and table[point] in LOWER:
            table[point] += 1
        elif category[0] == "Z" or (category == "Cc" and chr(point).isspace()):
            table[point] = SPACE
        elif category[0] == "P":
            table[point] = PUNCTUATION
        elif category == "Sc":
            table[point] = CURRENCY
        elif category[0] == "S":
            table[point] = SYMBOL
