r"""Passages: lines, paragraphs or sentences that tile a document without gaps, with exact offsets.

A line ends at \n, \r\n, a lone \r, U+2028 or U+2029, and includes that end. U+0085 is no line
end here: in text that was read in the wrong encoding it is half a letter. A paragraph goes on to
the end of the blank lines that follow it. Sentences: see `cleaner.text.sentence`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np
import pyarrow as pa
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.sentence import cut_sentences

Unit: TypeAlias = Literal["line", "paragraph", "sentence"]

_BLOCK = 64
_BYTES = ir.VectorType(ir.IntType(8), _BLOCK)
_N0, _N1, _N2, _N3, _N64 = (np.uint64(n) for n in (0, 1, 2, 3, _BLOCK))
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """Passages of all documents of a column, in order.

    Attributes:
        text: one string a passage; shares the buffer of the documents' column.
        first: int64[documents + 1]; passages of document i are first[i]:first[i + 1].
        start: int64[passages], code points from the start of the document.
        end: int64[passages].
    """

    text: pa.StringArray
    first: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def passages(text: pa.StringArray, unit: Unit = "line") -> Passages:
    """Cut every document of a string column (no nulls) into passages."""
    count = len(text)
    first = np.zeros(count + 1, np.int64)
    buffers = text.buffers()
    if not count or buffers[2] is None:
        empty = np.empty(0, np.int64)
        return Passages(pa.array([], pa.string()), first, empty, empty)
    data, offsets = _bytes(text)
    most = count + int(_count(data, np.uint64(offsets[0]), np.uint64(offsets[-1])))
    ends = np.empty(most + 1, np.int32)
    end = np.empty(most, np.int64)
    ends[0] = offsets[0]
    found = int(_cut_lines(data, offsets, ends, end, first))
    if unit == "paragraph":
        found = int(_join_lines(data, ends, end, first))
    elif unit == "sentence":
        ends, end = cut_sentences(data, ends[: found + 1], end[:found], first)
        found = len(end)
    start = np.zeros(found, np.int64)
    start[1:] = end[: found - 1] if found else 0
    start[first[:-1][np.diff(first) > 0]] = 0
    pieces = pa.StringArray.from_buffers(found, pa.py_buffer(ends[: found + 1]), buffers[2])
    return Passages(pieces, first, start, end[:found])


def most_lines(text: pa.StringArray) -> int:
    """A number that is no less than the lines of all documents of a string column (no nulls)."""
    if not len(text) or text.buffers()[2] is None:
        return 0
    data, offsets = _bytes(text)
    return len(text) + int(_count(data, np.uint64(offsets[0]), np.uint64(offsets[-1])))


def _bytes(text: pa.StringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of a column's buffer, and where each document begins there, and the last ends."""
    _, ends, data = text.buffers()
    short = np.frombuffer(ends, np.int32)[text.offset : text.offset + len(text) + 1]
    return column(np.frombuffer(data, np.uint8), np.uint8), column(short, np.int64)


def _masks(_typing: Any, data: Any, at: Any) -> Any:
    """Type, and code, of `masks`."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        base = context.make_array(signature.args[0])(context, build, args[0]).data
        block = build.load(build.bitcast(build.gep(base, [args[1]]), _BYTES.as_pointer()))
        block.align = 1

        def equal(byte: int) -> Any:
            return build.icmp_unsigned("==", block, ir.Constant(_BYTES, [byte] * _BLOCK))

        ends = build.or_(build.or_(equal(0x0A), equal(0x0D)), equal(0xE2))
        high = build.and_(block, ir.Constant(_BYTES, [0xC0] * _BLOCK))
        inner = build.icmp_unsigned("==", high, ir.Constant(_BYTES, [0x80] * _BLOCK))
        word = ir.IntType(64)
        found = [build.bitcast(ends, word), build.bitcast(inner, word)]
        return context.make_tuple(build, signature.return_type, found)

    pair = types.UniTuple(types.uint64, 2)  # type: ignore[no-untyped-call]  # numba has no types
    return pair(data, at), emit


def _ones(_typing: Any, word: Any) -> Any:
    """Type, and code, of `ones`."""

    def emit(_context: Any, build: Any, _signature: Any, args: Any) -> Any:
        return build.ctpop(args[0])

    return types.uint64(word), emit


def _lowest(_typing: Any, word: Any) -> Any:
    """Type, and code, of `lowest`."""

    def emit(_context: Any, build: Any, _signature: Any, args: Any) -> Any:
        return build.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(word), emit


masks: Callable[[NDArray[np.uint8], np.uint64], tuple[np.uint64, np.uint64]] = cast(
    "Any", intrinsic(_masks)
)
"""`masks(data, at)`: of 64 bytes, bits of what may end a line, of what is inside a character."""

ones: Callable[[np.uint64], np.uint64] = cast("Any", intrinsic(_ones))
"""`ones(word)`: how many bits are set."""

lowest: Callable[[np.uint64], np.uint64] = cast("Any", intrinsic(_lowest))
"""`lowest(word)`: the index of the lowest set bit of a number that is not 0."""


@kernel
def _break_at(data: NDArray[np.uint8], at: np.uint64, stop: np.uint64) -> np.uint64:
    """Bytes of the line end at `at`, or 0."""
    byte = data[at]
    if byte == 0x0A:
        return _N1
    if byte == 0x0D:
        return _N2 if at + _N1 < stop and data[at + _N1] == 0x0A else _N1
    if byte == 0xE2 and at + _N2 < stop and data[at + _N1] == 0x80 and data[at + _N2] | 1 == 0xA9:
        return _N3
    return _N0


@kernel
def _count(data: NDArray[np.uint8], low: np.uint64, high: np.uint64) -> np.uint64:
    """Bytes that may end a line: no fewer than there are lines."""
    found = _N0
    at = low
    while at + _N64 <= np.uint64(data.size) and at < high:
        found += ones(masks(data, at)[0])
        at += _N64
    while at < high:
        byte = data[at]
        found += np.uint64((byte == 0x0A) | (byte == 0x0D) | (byte == 0xE2))
        at += _N1
    return found


@kernel
def _cut_lines(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    ends: NDArray[np.int32],
    end: NDArray[np.int64],
    first: NDArray[np.int64],
) -> np.uint64:
    """Fill the byte and character ends of all lines, 64 bytes a step."""
    size = np.uint64(data.size)
    k = _N0
    for document in range(np.uint64(offsets.size - 1)):
        first[document] = k
        at = np.uint64(offsets[document])
        stop = np.uint64(offsets[document + _N1])
        last = at
        chars = _N0
        skip = at  # bytes before this one belong to a line end that was found
        while at < stop:
            width = min(_N64, stop - at)
            if at + _N64 <= size:
                breaks, inner = masks(data, at)
            else:
                breaks, inner = _N0, _N0
                for i in range(width):
                    byte = data[at + i]
                    may_end = (byte == 0x0A) | (byte == 0x0D) | (byte == 0xE2)
                    breaks |= np.uint64(may_end) << i
                    inner |= np.uint64(byte & 0xC0 == 0x80) << i
            if width < _N64:
                breaks &= (_N1 << width) - _N1
                inner &= (_N1 << width) - _N1
            while breaks != _N0:
                bit = lowest(breaks)
                breaks &= breaks - _N1
                place = at + bit
                if place < skip:
                    continue
                length = _break_at(data, place, stop)
                if length == _N0:
                    continue
                before = bit - ones(inner & ((_N1 << bit) - _N1))
                last = skip = place + length
                ends[k + _N1] = last
                end[k] = chars + before + (_N1 if length == _N3 else length)
                k += _N1
            chars += width - ones(inner)
            at += width
        if stop > last:
            ends[k + _N1] = stop
            end[k] = chars
            k += _N1
    first[offsets.size - 1] = k
    return k


@kernel
def _join_lines(
    data: NDArray[np.uint8],
    ends: NDArray[np.int32],
    end: NDArray[np.int64],
    first: NDArray[np.int64],
) -> np.uint64:
    """Join lines to paragraphs in place: a new one begins after blank lines."""
    size = np.uint64(data.size)
    k = _N0
    low = _N0
    for document in range(np.uint64(first.size - 1)):
        high = np.uint64(first[document + _N1])
        first[document] = k
        was_blank = False
        for line in range(low, high):  # of uint64
            is_blank = True
            place = np.uint64(ends[line])
            while place < np.uint64(ends[line + _N1]):
                byte = data[place]
                is_space = (byte == 0x20) | (byte == 0x09) | (byte & 0xC0 == 0x80)
                if not is_space and _break_at(data, place, size) == _N0:
                    is_blank = False
                    break
                place += _N1
            if line > low and not (was_blank and not is_blank):
                k -= _N1
            ends[k + _N1] = ends[line + _N1]
            end[k] = end[line]
            k += _N1
            was_blank = is_blank
        low = high
    first[first.size - 1] = k
    return k
