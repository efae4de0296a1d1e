"""The text of a JSONL record straight from its bytes, without a Python string being made of it.

Most of a line is its text. A kernel finds the value of the text's key, checks that it is strict
JSON in UTF-8, and writes it out unescaped; the parser then sees the line with an empty text
instead. What the kernel does not know it leaves alone, and the line is parsed as a whole.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import kernel
from cleaner.text.simd import load64

_FIRST = 1 << 16
_PAD = 16
"""Zeros before and behind a text in the buffer."""
_QUOTE, _BACKSLASH = 0x22, 0x5C
_HEX = np.full(256, 255, np.uint8)
_HEX[[*b"0123456789", *b"abcdef", *b"ABCDEF"]] = [*range(16), *range(10, 16)]
_PLAIN = np.zeros(256, np.uint8)
"""What `\\` and this byte stand for; 0 if they are no escape of one character."""
_PLAIN[[*b'"\\/bfnrt']] = [*b'"\\/\b\f\n\r\t']
_N0, _N1, _N2, _N3, _N4, _N5, _N6, _N7, _N8 = (np.uint64(x) for x in range(9))
_N56 = np.uint64(56)
_ONES, _TOPS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


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
        self._out = np.zeros(_FIRST, np.uint8)

    def find(self, line: bytes | bytearray) -> Found | None:
        """The first string under the key in the outermost object of a line.

        None where there is none, or it is not strict JSON and UTF-8: then a parser has to say
        why. Whether the rest of the line is JSON, and has the key once, is not looked at.
        """
        if len(line) + 2 * _PAD > len(self._out):
            self._out = np.zeros(len(line) + len(line) // 4 + 2 * _PAD, np.uint8)
        data = np.frombuffer(line, np.uint8)
        start, end, size, chars = _find(data, self._key, _HEX, _PLAIN, self._out)
        if size < 0:
            return None
        return Found(start, end, self._out[_PAD : _PAD + size].tobytes(), chars)


@kernel
def _skip_string(data: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """The quote that ends the string whose first byte is at `at`; the data's size if none does."""
    size = np.uint64(data.size)
    at = _skip_plain(data, at)
    while at < size and data[at] != _QUOTE:
        at = _skip_plain(data, at + (_N2 if data[at] == _BACKSLASH else _N1))
    return min(at, size)


@kernel
def _skip_space(data: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """The next byte that is not white space of JSON."""
    size = np.uint64(data.size)
    while at < size and (data[at] == 32 or data[at] == 9 or data[at] == 13 or data[at] == 10):
        at += _N1
    return at


@kernel
def _is_key(
    data: NDArray[np.uint8], start: np.uint64, end: np.uint64, key: NDArray[np.uint8]
) -> bool:
    """Whether data[start:end] are the bytes of the key."""
    if end - start != np.uint64(key.size):
        return False
    for i in range(np.uint64(key.size)):  # noqa: SIM110  numba compiles no generators
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
) -> Any:
    """Start and end of the text in the line, its bytes and its code points; bytes -1 for none."""
    size = np.uint64(data.size)
    depth = 0
    at = np.uint64(0)
    while at < size:
        b = data[at]
        at += _N1
        if b in (0x7B, 0x5B):
            depth += 1
        elif b in (0x7D, 0x5D):
            depth -= 1
        elif b == _QUOTE:
            start = at
            end = _skip_string(data, at)
            if end >= size:
                return 0, 0, -1, 0
            at = end + _N1
            if depth != 1:
                continue
            colon = _skip_space(data, at)
            if colon >= size or data[colon] != 0x3A:  # a value, not a key
                continue
            at = _skip_space(data, colon + _N1)
            if not _is_key(data, start, end, key):
                continue
            if at >= size or data[at] != _QUOTE:
                return 0, 0, -1, 0
            begin = at + _N1
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
) -> Any:
    """Write the string that begins at `at` to `out[_PAD:]`.

    Returns its closing quote, the bytes written, or -1 if it is no string of JSON, and code points.
    """
    size = np.uint64(data.size)
    put = np.uint64(_PAD)
    while True:
        start = at
        at = _skip_plain(data, at)
        for i in range(at - start):
            out[put + i] = data[start + i]
        put += at - start
        if at + _N1 >= size or data[at] < 0x20:
            break
        if data[at] == _QUOTE:
            chars = _count_chars(out, put)
            return at, np.int64(put) - _PAD if chars >= 0 else -1, chars
        if plain[data[at + _N1]] != 0:
            out[put] = plain[data[at + _N1]]
            put += _N1
            at += _N2
            continue
        point = _escaped(data, at, hexes)
        at += _N6
        if 0xD800 <= point < 0xE000:
            low = _escaped(data, at, hexes)
            if point >= 0xDC00 or low < 0xDC00 or low >= 0xE000:
                break
            at += _N6
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00)
        if point < 0:
            break
        put = _encode(point, out, put)
    return at, -1, 0


@kernel
def _skip_plain(data: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """The next quote, backslash or control character, or the data's size; eight bytes at a time."""
    size = np.uint64(data.size)
    while at < size:
        if at + _N8 <= size:
            x = load64(data, at)
            quote, slash = x ^ (_ONES * np.uint64(_QUOTE)), x ^ (_ONES * np.uint64(_BACKSLASH))
            found = (x - _ONES * np.uint64(0x20)) & ~x
            found |= (quote - _ONES) & ~quote
            found |= (slash - _ONES) & ~slash
            if found & _TOPS == _N0:
                at += _N8
                continue
        stop = min(at + _N8, size)
        while at < stop:
            b = data[at]
            if b < 0x20 or b in (_QUOTE, _BACKSLASH):
                return at
            at += _N1
    return at


@kernel
def _count_chars(out: NDArray[np.uint8], end: np.uint64) -> Any:
    """Code points of the UTF-8 in out[_PAD:end], or -1 if it is none (Unicode, table 3-7).

    Eight bytes at a time, each judged by itself and the three before it; in a mask the highest bit
    of a byte counts, the others hold anything. `out` has `_PAD` zeros before the text, and room for
    as many behind.
    """
    for i in range(np.uint64(_PAD)):
        out[end + i] = 0
    pad = np.uint64(_PAD)
    bad = followers = _N0
    for word in range((end - pad + _N3 + _N7) // _N8):
        at = pad + word * _N8
        x, x1 = load64(out, at), load64(out, at - _N1)
        x2, x3 = load64(out, at - _N2), load64(out, at - _N3)
        follows = x & ~(x << _N1)
        two = x1 & (x1 << _N1)  # the byte before begins a sequence of two or more
        three = two & (x1 << _N2)
        four = three & (x1 << _N3)
        third, fourth = x2 & (x2 << _N1) & (x2 << _N2), x3 & (x3 << _N1) & (x3 << _N2) & (x3 << _N3)
        bad |= follows ^ (two | third | fourth)
        some = (x1 << _N4) | (x1 << _N5) | (x1 << _N6)
        bad |= two & ~((x1 << _N2) | (x1 << _N3) | some)  # C0, C1
        bad |= four & ((x1 << _N4) | ((x1 << _N5) & ((x1 << _N6) | (x1 << _N7))))  # F5 to FF
        none = ~(some | (x1 << _N7))
        is_a0, is_90 = x << _N2, (x << _N2) | (x << _N3)  # the byte is at least A0, at least 90
        only_three = three & ~(x1 << _N3)
        bad |= only_three & none & ~is_a0  # E0
        is_ed = (x1 << _N4) & (x1 << _N5) & ~(x1 << _N6) & (x1 << _N7)
        bad |= only_three & is_ed & is_a0  # ED: half a surrogate pair
        bad |= four & none & ~is_90  # F0
        bad |= four & (x1 << _N5) & is_90  # F4
        followers += (((follows >> _N7) & _ONES) * _ONES) >> _N56
    return -1 if bad & _TOPS != _N0 else np.int64(end - pad - followers)


@kernel
def _escaped(data: NDArray[np.uint8], at: np.uint64, hexes: NDArray[np.uint8]) -> Any:
    r"""The code unit of the `\uXXXX` at `at`, or -1."""
    if at + _N5 >= np.uint64(data.size):
        return -1
    if data[at] != _BACKSLASH or data[at + _N1] != 0x75:
        return -1
    unit = np.int64(0)
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
        return put + _N1
    if point < 0x800:
        out[put] = np.uint8(0xC0 | point >> 6)
        out[put + _N1] = np.uint8(0x80 | point & 0x3F)
        return put + _N2
    if point < 0x10000:
        out[put] = np.uint8(0xE0 | point >> 12)
        out[put + _N1] = np.uint8(0x80 | point >> 6 & 0x3F)
        out[put + _N2] = np.uint8(0x80 | point & 0x3F)
        return put + _N3
    out[put] = np.uint8(0xF0 | point >> 18)
    out[put + _N1] = np.uint8(0x80 | point >> 12 & 0x3F)
    out[put + _N2] = np.uint8(0x80 | point >> 6 & 0x3F)
    out[put + _N3] = np.uint8(0x80 | point & 0x3F)
    return put + _N4
