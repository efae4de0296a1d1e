"""Passages: lines or paragraphs that tile a document without gaps, with exact offsets.

A line ends at \\n, \\r\\n, a lone \\r, U+2028 or U+2029, and includes that end. U+0085 is no line end here: in text that
was read in the wrong encoding it is half a letter. A paragraph goes on to the end of the blank lines that follow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.text.jit import kernel

Unit: TypeAlias = Literal["line", "paragraph"]


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
    offsets = np.frombuffer(text.buffers()[1], np.int32)[text.offset : text.offset + len(text) + 1]
    raw = text.buffers()[2]
    data = np.frombuffer(raw, np.uint8) if raw is not None else np.zeros(0, np.uint8)
    low, high = int(offsets[0]), int(offsets[-1])
    count = _count(data[low:high], offsets, low, unit == "paragraph")
    ends = np.empty(count + 1, np.int32)
    start, end = np.empty(count, np.int64), np.empty(count, np.int64)
    first = np.empty(len(text) + 1, np.int64)
    ends[0] = low
    count = _fill(data, offsets, unit == "paragraph", ends, start, end, first)
    pieces = pa.StringArray.from_buffers(count, pa.py_buffer(ends), raw)
    return Passages(pieces, first, start[:count], end[:count])


@kernel
def _break_after(data, p, end):  # type: ignore[no-untyped-def]
    """Bytes of the line end at p, or 0."""
    b = data[p]
    if b == 10:
        return 1
    if b == 13:
        return 2 if p + 1 < end and data[p + 1] == 10 else 1
    if b == 0xE2 and p + 2 < end and data[p + 1] == 0x80 and (data[p + 2] | 1) == 0xA9:
        return 3
    return 0


@kernel
def _is_blank(data, p, end):  # type: ignore[no-untyped-def]
    """Whether the line at p holds nothing but spaces and tabs."""
    while p < end:
        if _break_after(data, p, end) > 0:
            return True
        if data[p] != 32 and data[p] != 9:
            return False
        p += 1
    return True


@kernel
def _fill(data, offsets, paragraph, ends, start, end, first):  # type: ignore[no-untyped-def]
    k = 0
    for d in range(offsets.size - 1):
        first[d] = k
        p = np.int64(offsets[d])
        stop = np.int64(offsets[d + 1])
        chars = np.int64(0)
        begin = np.int64(0)
        while p < stop:
            b = data[p]
            if b > 13 and b != 0xE2:
                chars += (b & 0xC0) != 0x80
                p += 1
                continue
            n = _break_after(data, p, stop)
            if n == 0:
                chars += (b & 0xC0) != 0x80
                p += 1
                continue
            p += n
            chars += 1 if n == 3 else n
            if paragraph:
                blank = p < stop and _is_blank(data, p, stop)
                while p < stop and _is_blank(data, p, stop):
                    n = 0
                    while p < stop and n == 0:
                        n = _break_after(data, p, stop)
                        p += max(n, 1)
                        chars += 1 if n == 3 or n == 0 else n
                if not blank and p < stop:
                    continue
            ends[k + 1] = p
            start[k] = begin
            end[k] = chars
            begin = chars
            k += 1
        if chars > begin:
            ends[k + 1] = p
            start[k] = begin
            end[k] = chars
            k += 1
    first[offsets.size - 1] = k
    return k


@kernel
def _count(data, offsets, low, paragraph):  # type: ignore[no-untyped-def]
    """How many lines there are: exact for lines, an upper bound for paragraphs."""
    k = 0
    for d in range(offsets.size - 1):
        p = np.int64(offsets[d]) - low
        stop = np.int64(offsets[d + 1]) - low
        last = np.int64(p)
        while p < stop:
            b = data[p]
            if b > 13 and b != 0xE2:
                p += 1
                continue
            n = _break_after(data, p, stop)
            if n == 0:
                p += 1
                continue
            p += n
            last = p
            k += 1
        if stop > last:
            k += 1
    return k
