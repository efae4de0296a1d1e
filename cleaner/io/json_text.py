"""The text of a JSONL record straight from its bytes, without a Python string being made of it.

Most of a line is its text. A kernel finds the value of the text's key, checks that it is strict
JSON in UTF-8, and writes it out unescaped; the parser then sees the line with an empty text
instead. What the kernel does not know it leaves alone, and the line is parsed as a whole.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import kernel

_FIRST = 1 << 16
_QUOTE, _BACKSLASH = 0x22, 0x5C
_HEX = np.full(256, 255, np.uint8)
_HEX[[*b"0123456789", *b"abcdef", *b"ABCDEF"]] = [*range(16), *range(10, 16)]
_PLAIN = np.zeros(256, np.uint8)
"""What `\\` and this byte stand for; 0 if they are no escape of one character."""
_PLAIN[[*b'"\\/bfnrt']] = [*b'"\\/\b\f\n\r\t']


class Found(NamedTuple):
    """A text in a line: between its quotes it is `line[start:end]`; `utf8` is unescaped."""

    start: int
    end: int
    utf8: bytes
    chars: int


class TextFinder:
    """Finds the texts of records under one key. Keeps a buffer: one for each thread."""

    def __init__(self, column: str) -> None:
        self._key = np.frombuffer(column.encode("utf-8", "surrogatepass"), np.uint8)
        self._out = np.empty(_FIRST, np.uint8)

    def find(self, line: bytes | bytearray) -> Found | None:
        """The first string under the key in the outermost object of a line.

        None where there is none, or it is not strict JSON and UTF-8: then a parser has to say
        why. Whether the rest of the line is JSON, and has the key once, is not looked at.
        """
        if len(line) > len(self._out):
            self._out = np.empty(2 * len(line), np.uint8)
        data = np.frombuffer(line, np.uint8)
        start, end, size, chars = _find(data, self._key, _HEX, _PLAIN, self._out)
        if size < 0:
            return None
        return Found(start, end, self._out[:size].tobytes(), chars)


@kernel
def _skip_string(data: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """The quote that ends the string whose first byte is at `at`; the data's size if none does."""
    size = np.uint64(data.size)
    while at < size and data[at] != _QUOTE:
        at += np.uint64(2) if data[at] == _BACKSLASH else np.uint64(1)
    return min(at, size)


@kernel
def _skip_space(data: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """The next byte that is not white space of JSON."""
    size = np.uint64(data.size)
    while at < size and (data[at] == 32 or data[at] == 9 or data[at] == 13 or data[at] == 10):
        at += np.uint64(1)
    return at


@kernel
def _is_key(
    data: NDArray[np.uint8], start: np.uint64, end: np.uint64, key: NDArray[np.uint8]
) -> bool:
    """Whether data[start:end] are the bytes of the key."""
    if end - start != np.uint64(key.size):
        return False
    for i in range(np.uint64(key.size)):
        if data[start + i] != key[i]:
            return False
    return True


@kernel
def _find(
    data: NDArray[np.uint8],
    key: NDArray[np.uint8],
    hexes: NDArray[np.uint8],
    plain: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> tuple[int, int, int, int]:
    """Start and end of the text in the line, its bytes and its code points; bytes -1 for none."""
    size = np.uint64(data.size)
    depth = 0
    at = np.uint64(0)
    while at < size:
        b = data[at]
        at += np.uint64(1)
        if b == 0x7B or b == 0x5B:
            depth += 1
        elif b == 0x7D or b == 0x5D:
            depth -= 1
        elif b == _QUOTE:
            start = at
            end = _skip_string(data, at)
            if end >= size:
                return 0, 0, -1, 0
            at = end + np.uint64(1)
            if depth != 1:
                continue
            colon = _skip_space(data, at)
            if colon >= size or data[colon] != 0x3A:  # a value, not a key
                continue
            at = _skip_space(data, colon + np.uint64(1))
            if not _is_key(data, start, end, key):
                continue
            if at >= size or data[at] != _QUOTE:
                return 0, 0, -1, 0
            begin = at + np.uint64(1)
            stop, count, chars = _unescape(data, begin, hexes, plain, out)
            return np.int64(begin), np.int64(stop), count, chars
    return 0, 0, -1, 0


@kernel
def _unescape(
    data: NDArray[np.uint8],
    at: np.uint64,
    hexes: NDArray[np.uint8],
    plain: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> tuple[np.uint64, int, int]:
    """Write the string that begins at `at`; its closing quote, bytes and code points, bytes -1 if bad."""
    size = np.uint64(data.size)
    put = np.uint64(0)
    chars = np.int64(0)
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    while at < size:
        b = data[at]
        if b < 0x80:
            if b == _QUOTE:
                return at, np.int64(put), chars
            if b < 0x20:
                return at, -1, 0
            if b != _BACKSLASH:
                out[put] = b
                put += one
                at += one
                chars += 1
                continue
            if at + one >= size:
                return at, -1, 0
            e = data[at + one]
            if plain[e] != 0:
                out[put] = plain[e]
                put += one
                at += two
                chars += 1
                continue
            point = _escaped(data, at, hexes)
            if point < 0:
                return at, -1, 0
            at += np.uint64(6)
            if 0xD800 <= point < 0xE000:
                low = _escaped(data, at, hexes)
                if point >= 0xDC00 or low < 0xDC00 or low >= 0xE000:
                    return at, -1, 0
                at += np.uint64(6)
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00)
            put = _encode(point, out, put)
            chars += 1
            continue
        # UTF-8 of two to four bytes; bounds of the second byte as in table 3-7 of the Unicode standard.
        low, high, more = 0x80, 0xBF, one
        if b < 0xC2 or b > 0xF4:
            return at, -1, 0
        if b >= 0xF0:
            more = three
            low, high = (0x90 if b == 0xF0 else 0x80), (0x8F if b == 0xF4 else 0xBF)
        elif b >= 0xE0:
            more = two
            low, high = (0xA0 if b == 0xE0 else 0x80), (0x9F if b == 0xED else 0xBF)
        if at + more >= size or data[at + one] < low or data[at + one] > high:
            return at, -1, 0
        out[put] = b
        out[put + one] = data[at + one]
        for i in range(two, more + one):
            if data[at + i] & 0xC0 != 0x80:
                return at, -1, 0
            out[put + i] = data[at + i]
        put += more + one
        at += more + one
        chars += 1
    return at, -1, 0


@kernel
def _escaped(data: NDArray[np.uint8], at: np.uint64, hexes: NDArray[np.uint8]) -> int:
    r"""The code unit of the `\uXXXX` at `at`, or -1."""
    if at + np.uint64(5) >= np.uint64(data.size):
        return -1
    if data[at] != _BACKSLASH or data[at + np.uint64(1)] != 0x75:
        return -1
    unit = 0
    for i in range(2, 6):
        digit = np.int64(hexes[data[at + np.uint64(i)]])
        if digit > 15:
            return -1
        unit = unit * 16 + digit
    return unit


@kernel
def _encode(point: int, out: NDArray[np.uint8], put: np.uint64) -> np.uint64:
    """Write a code point as UTF-8; where the next one goes."""
    if point < 0x80:
        out[put] = np.uint8(point)
        return put + np.uint64(1)
    if point < 0x800:
        out[put] = np.uint8(0xC0 | point >> 6)
        out[put + np.uint64(1)] = np.uint8(0x80 | point & 0x3F)
        return put + np.uint64(2)
    if point < 0x10000:
        out[put] = np.uint8(0xE0 | point >> 12)
        out[put + np.uint64(1)] = np.uint8(0x80 | point >> 6 & 0x3F)
        out[put + np.uint64(2)] = np.uint8(0x80 | point & 0x3F)
        return put + np.uint64(3)
    out[put] = np.uint8(0xF0 | point >> 18)
    out[put + np.uint64(1)] = np.uint8(0x80 | point >> 12 & 0x3F)
    out[put + np.uint64(2)] = np.uint8(0x80 | point >> 6 & 0x3F)
    out[put + np.uint64(3)] = np.uint8(0x80 | point & 0x3F)
    return put + np.uint64(4)
