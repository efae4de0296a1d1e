"""Which texts have blank lines or trailing spaces to lose: a look at the bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.text.jit import kernel


def untidy(text: pa.StringArray) -> NDArray[np.bool_]:
    """bool[len(text)]: which strings the tidy stage would change.

    They hold nothing but white space, start or end with a blank line, have two of them in a row, or
    white space before a line end or at their own end. White space is what `str.isspace` says.
    """
    flags = np.zeros(len(text), np.bool_)
    if len(text):
        buffers = text.buffers()
        offsets = np.frombuffer(buffers[1], np.int32)[text.offset : text.offset + len(text) + 1]
        data = np.frombuffer(buffers[2] or b"", np.uint8)
        _scan(data, offsets, flags)
    return flags


@kernel
def _line_end(data: Any, p: Any, end: Any) -> Any:
    """Bytes of the line end at p, or 0."""
    b = data[p]
    if b == 10:
        return 1
    if b == 13:
        return 2 if p + 1 < end and data[p + 1] == 10 else 1
    if b == 0xE2 and p + 2 < end and data[p + 1] == 0x80 and data[p + 2] in {0xA8, 0xA9}:
        return 3
    return 0


@kernel
def _is_space_before(data: Any, p: Any, low: Any) -> Any:
    """Whether the character that ends before byte p (above `low`) is white space."""
    z = data[p - 1]
    if z < 0x80:
        return z == 32 or 28 <= z < 32 or 9 <= z < 13
    if z >= 0xC0 or p - low < 2:
        return False
    y = data[p - 2]
    if y == 0xC2:
        return z in {0x85, 0xA0}
    if p - low < 3:
        return False
    x = data[p - 3]
    if x == 0xE2:
        return (y == 0x80 and (z <= 0x8A or z == 0xAF)) or (y == 0x81 and z == 0x9F)
    return z == 0x80 and ((x == 0xE1 and y == 0x9A) or (x == 0xE3 and y == 0x80))


@kernel
def _scan(data: Any, offsets: Any, flags: Any) -> Any:
    for i in range(offsets.size - 1):
        p = np.int64(offsets[i])
        end = np.int64(offsets[i + 1])
        line = p
        after_blank = True  # the start counts as a blank line
        found = False
        while p < end:
            b = data[p]
            if b > 13 and b != 0xE2:
                p += 1
                continue
            n = np.int64(_line_end(data, p, end))
            if n == 0:
                p += 1
                continue
            is_blank = p == line
            found = after_blank if is_blank else _is_space_before(data, p, line)
            if found:
                break
            after_blank = is_blank
            p += n
            line = p
        if not found:
            found = after_blank if p == line else _is_space_before(data, p, line)
        flags[i] = found
