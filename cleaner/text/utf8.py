"""The bytes of string arrays for kernels, and the code point at a place in them.

**Frozen**, as `cleaner.text.mix` is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel


def buffers(text: pa.StringArray) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Offsets int64[n + 1] and bytes of a string array without nulls."""
    _, ends, data = text.buffers()
    offsets = np.zeros(1, np.int64)
    if len(text):
        offsets = np.frombuffer(ends, np.int32, len(text) + 1, text.offset * 4).astype(np.int64)
    view = np.frombuffer(b"" if data is None else data, np.uint8)
    return column(offsets, np.int64), column(view, np.uint8)


@kernel
def code_point(data: Any, p: Any, end: Any) -> Any:
    """The code point at p and where the next one begins; bytes that are not UTF-8 give U+FFFD."""
    lead = np.int64(data[p])
    if lead < 0x80:
        return lead, p + 1
    size = 1 + (lead >= 0xC0) + (lead >= 0xE0) + (lead >= 0xF0)
    if size == 1 or p + size > end:
        return np.int64(0xFFFD), p + 1
    if size == 2:
        return ((lead & 0x1F) << 6) | (np.int64(data[p + 1]) & 0x3F), p + 2
    if size == 3:
        middle = (np.int64(data[p + 1]) & 0x3F) << 6
        return ((lead & 0x0F) << 12) | middle | (np.int64(data[p + 2]) & 0x3F), p + 3
    high = ((np.int64(data[p + 1]) & 0x3F) << 12) | ((np.int64(data[p + 2]) & 0x3F) << 6)
    return ((lead & 0x07) << 18) | high | (np.int64(data[p + 3]) & 0x3F), p + 4
