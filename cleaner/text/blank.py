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
def _kind(data: Any, p: Any, end: Any) -> Any:
    """Bytes of the white space at p; negative for a line end; 0 for anything else."""
    b = data[p]
    if b == 10:
        return -1
    if b == 13:
        return -2 if p + 1 < end and data[p + 1] == 10 else -1
    if b <= 32:
        return 1 if b >= 28 or 9 <= b <= 12 else 0
    if b < 0xC2 or p + 1 >= end:
        return 0
    c = data[p + 1]
    if b == 0xC2:
        return 2 if c in {0x85, 0xA0} else 0
    if p + 2 >= end:
        return 0
    d = data[p + 2]
    if b == 0xE2 and c == 0x80:
        return -3 if d in {0xA8, 0xA9} else 3 if d <= 0x8A or d == 0xAF else 0
    if (b == 0xE1 and c == 0x9A) or (b == 0xE3 and c == 0x80):
        return 3 if d == 0x80 else 0
    return 3 if b == 0xE2 and c == 0x81 and d == 0x9F else 0


@kernel
def _scan(data: Any, offsets: Any, flags: Any) -> Any:
    for i in range(offsets.size - 1):
        p = np.int64(offsets[i])
        end = np.int64(offsets[i + 1])
        found = False
        after_blank = True  # the start counts as a blank line
        in_line = False
        space = False
        while p < end and not found:
            b = data[p]
            kind = np.int64(0)
            if b <= 32 or b >= 0xC2:
                kind = np.int64(_kind(data, p, end))
            if kind == 0:
                in_line = True
                space = False
                p += 1
            elif kind > 0:
                space = True
                p += kind
            else:
                found = space or (not in_line and after_blank)
                after_blank = not in_line
                in_line = False
                p -= kind
        flags[i] = found or space or (not in_line and after_blank)
