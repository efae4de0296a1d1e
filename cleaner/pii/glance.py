"""The fast first look: which passages can hold personal data at all. One pass over the bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.text.jit import kernel

AT, DIGITS, DOTTED, COLONS, MIXED, TOKEN = 1, 2, 4, 8, 16, 32
"""Flags of a passage: an at-sign or what stands for it; nine digits with little between them; four
numbers with dots; hexadecimal numbers with colons; letters and digits in one word; what looks like
a key, or a value in a URL."""
LEAST_DIGITS = 9
"""Digits of a number that can be one of somebody's; a date has eight."""
LEAST_TOKEN = 20
"""Characters of a key: the shortest known kinds have 20."""

_OTHER, _DIGIT, _HEX, _LETTER, _JOIN = 0, 1, 2, 3, 4


def _table() -> NDArray[np.uint8]:
    """uint8[256], the class of a byte. `_JOIN`: what stands between digits of one number.

    These are ASCII marks and the bytes of U+00A0, U+2000–U+2013 and U+202F.
    """
    table = np.zeros(256, np.uint8)
    table[ord("0") : ord("9") + 1] = _DIGIT
    for low, high in (("a", "z"), ("A", "Z")):
        table[ord(low) : ord(high) + 1] = _LETTER
    for low, high in (("a", "f"), ("A", "F")):
        table[ord(low) : ord(high) + 1] = _HEX
    table[list(b" .-()/\t")] = _JOIN
    table[[0xC2, 0xA0, 0xE2, *range(0x80, 0x94), 0xAF]] = _JOIN
    return table


_TABLE = _table()


def glance(text: pa.StringArray) -> NDArray[np.uint8]:
    """uint8[len(text)]: flags of each string; where one is missing there is nothing of its kind."""
    flags = np.zeros(len(text), np.uint8)
    buffers = text.buffers()
    if not len(text) or buffers[2] is None:
        return flags
    offsets = np.frombuffer(buffers[1], np.int32)[text.offset : text.offset + len(text) + 1]
    _scan(np.frombuffer(buffers[2], np.uint8), offsets, _TABLE, flags)
    return flags


@kernel
def _scan(data: Any, offsets: Any, table: Any, flags: Any) -> Any:
    for i in range(offsets.size - 1):
        flags[i] = _flags(data, np.int64(offsets[i]), np.int64(offsets[i + 1]), table)


@kernel
def _flags(data: Any, low: Any, high: Any, table: Any) -> Any:
    """The flags of data[low:high]."""
    found = np.uint8(0)
    digits, between = 0, 0  # of the number so far; bytes since its last digit
    run, dots = 0, 0  # digits since the last dot; dots between short runs
    colons, hexes, was_colon, double = 0, 0, False, False
    length, letters, figures = 0, 0, 0  # of the word
    token, marked = 0, False  # the word with - and _; whether it has a digit or _
    for p in range(low, high):
        byte = data[p]
        kind = table[byte]
        if kind == 1:
            digits += 1
            between = 0
            run += 1
            if run > 3:
                dots = 0
            figures += 1
            length += 1
            token += 1
            marked = True
            if digits >= 9:
                found |= np.uint8(2)
            if dots >= 3:
                found |= np.uint8(4)
        else:
            dots = dots + 1 if byte == 46 and 0 < run <= 3 else 0
            run = 0
            if kind in (2, 3):
                if digits in (7, 8) and (between == 0 or (between == 1 and data[p - 1] == 45)):
                    found |= np.uint8(16)
                if digits == 6 and between == 1 and 65 <= byte <= 68:  # AB 12 34 56 C
                    found |= np.uint8(16)
                digits, between = 0, 0
                letters += 1
                length += 1
                token += 1
            else:
                length, letters, figures = 0, 0, 0
                if byte in (45, 95):
                    token += 1
                    marked = marked or byte == 95
                else:
                    token, marked = 0, False
                between += 1
                if kind != 4 or between > 5:
                    digits = 0
        if length >= 8 and letters > 0 and figures >= 5:
            found |= np.uint8(16)
        if token >= 20 and marked:
            found |= np.uint8(32)
        if kind in (1, 2):
            hexes += 1
            was_colon = False
            if hexes >= 3 and (colons >= 3 or (double and colons >= 2)):
                found |= np.uint8(8)
        elif byte == 58:
            colons += 1
            double = double or was_colon
            was_colon = True
            if hexes >= 3 and double and colons >= 3:
                found |= np.uint8(8)
        else:
            colons, hexes, was_colon, double = 0, 0, False, False
        if byte == 64:
            found |= np.uint8(1)
        elif byte == 61:
            found |= np.uint8(32)
        elif byte in (41, 93) and p - low >= 3:  # (at) and [at]
            if (data[p - 1] | 32) == 116 and (data[p - 2] | 32) == 97:
                found |= np.uint8(1)
        elif byte == 0xA0 and p - low >= 2 and data[p - 1] == 0xBC and data[p - 2] == 0xEF:
            found |= np.uint8(1)  # the wide at-sign
    return found
