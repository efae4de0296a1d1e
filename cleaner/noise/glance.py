"""A first look at all lines of a batch at once, in one pass over their bytes.

It tells blank lines, paragraphs, and lines that rules must see apart, so that a page of plain
paragraphs is done without a Python string for each. What it is sure of is what `line.look` says of
the same line; of what it is not sure `line.look` is asked.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.noise.line import PROSE_CHARS, SCAN_CHARS
from cleaner.text.jit import column, kernel

BLANK, SHORT, PROSE, UNSURE = range(4)
"""No characters; up to `SCAN_CHARS` with its spaces, which patterns see; surely a paragraph that is
longer; longer, but to be looked at."""

_SPACE, _TRIM, _STOP, _COLON, _CLOSER, _ALPHA, _WIDE, _INNER = (1 << bit for bit in range(8))
_END = 1 << 8
_LIMIT = 0x10000
_MIN_WORDS = 30
"""A line without an end mark needs more words than that to be a paragraph."""
_ASCII = np.array([chr(b).isspace() + 2 * chr(b).isalpha() for b in range(128)], np.uint8)
_SCAN, _PROSE = np.int64(SCAN_CHARS), np.int64(PROSE_CHARS)


def glance(text: pa.StringArray) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """What each line is (uint8[lines]) and its code points between the outer spaces (int32[lines]).

    `text` holds lines with or without their line ends.
    """
    size = len(text)
    kinds, chars = np.zeros(size, np.uint8), np.zeros(size, np.int32)
    if size:
        buffers = text.buffers()
        offsets = np.frombuffer(buffers[1], np.int32)[text.offset : text.offset + size + 1]
        data = np.frombuffer(buffers[2] or b"", np.uint8)
        _glance(column(offsets, np.int32), column(data, np.uint8), roles(), kinds, chars)
    return kinds, chars


@lru_cache(maxsize=1)
def roles() -> NDArray[np.uint16]:
    """What each code point of the basic plane is to `line.look`: bits, uint16[0x10000]."""
    table = np.zeros(_LIMIT, np.uint16)
    for point in (*range(0xD800), *range(0xF900, _LIMIT)):
        char = chr(point)
        table[point] |= _SPACE * char.isspace() | _ALPHA * char.isalpha()
    for chars, bits in (
        ("\u200b\u200c\u200d\ufeff", _TRIM),
        (".!?。！？…؟।॥:：", _STOP),
        (":：", _COLON),
        ("\"'’”»›)]）】』」*_ \u00a0", _CLOSER),
        ("，。", _INNER),
        ("\r\n\u2028\u2029", _END),
    ):
        for char in chars:
            table[ord(char)] |= bits
    table[table & _SPACE != 0] |= _TRIM
    for low, high in (
        (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF),
        (0xAC00, 0xD7AF),
    ):  # fmt: skip
        table[low : high + 1] |= _WIDE
    table.flags.writeable = False
    return table


@kernel
def _point(data: Any, p: Any) -> Any:
    """The code point that begins at byte p, 0xFFFF (no role) above the basic plane."""
    at = np.uint64(p)
    lead = np.int64(data[at])
    if lead < 0x80:
        return lead
    second = np.int64(data[at + np.uint64(1)]) & 0x3F
    if lead < 0xE0:
        return ((lead & 0x1F) << 6) | second
    if lead < 0xF0:
        return ((lead & 0x0F) << 12) | (second << 6) | (np.int64(data[at + np.uint64(2)]) & 0x3F)
    return np.int64(0xFFFF)


@kernel
def _without(data: Any, low: Any, high: Any, table: Any, roles: Any) -> Any:
    """`high` moved to the left over code points that have one of the roles, not past `low`."""
    while high > low:
        p = high - 1
        while p > low and data[p] & 0xC0 == 0x80:
            p -= 1
        if np.int64(table[_point(data, p)]) & roles == 0:
            break
        high = p
    return high


@kernel
def _last(data: Any, low: Any, high: Any) -> Any:
    """The code point that ends before byte `high`."""
    p = high - 1
    while p > low and data[p] & 0xC0 == 0x80:
        p -= 1
    return _point(data, p)


@kernel
def _size(data: Any, low: Any, high: Any) -> Any:
    """Code points between two bytes."""
    size = np.uint32(0)
    for p in range(np.uint64(low), np.uint64(high)):
        size += np.uint32((data[p] & 0xC0) != 0x80)
    return np.int64(size)


@kernel
def _is_running_text(data: Any, low: Any, high: Any, size: Any, table: Any) -> Any:
    """Whether a long line without an end mark has the words, commas and stops of a paragraph."""
    words, wide, inner, letters = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    after_space = np.int64(1)
    before = np.int64(0)
    is_ascii = True
    p, end = np.uint64(low), np.uint64(high)
    while p < end:
        b = np.int64(data[p])
        if b < 0x80:
            p += np.uint64(1)
            is_space = np.int64(_ASCII[b] & 1)
            letters += np.int64(_ASCII[b] >> 1)
            inner += np.int64(b == 32) & np.int64(before | 2 == 46)  # after a comma or a full stop
            before = b
        else:
            role = np.int64(table[_point(data, p)])
            p += np.uint64(2 + (b >= 0xE0) + (b >= 0xF0))
            is_ascii = False
            before = np.int64(0)
            is_space = np.int64(role & _SPACE != 0)
            letters += role & _ALPHA != 0
            wide += role & _WIDE != 0
            inner += role & _INNER != 0
        words += after_space & (1 - is_space)
        after_space = is_space
    if size > 6 * words and not is_ascii:
        words += wide // 2
    return letters > 0 and words > _MIN_WORDS and inner * 30 >= words


@kernel
def _has_letter(data: Any, low: Any, high: Any, table: Any) -> Any:
    """Whether a line has a letter."""
    p = low
    while p < high:
        if np.int64(table[_point(data, p)]) & _ALPHA != 0:
            return True
        b = data[p]
        p += 1 + (b >= 0xC0) + (b >= 0xE0) + (b >= 0xF0)
    return False


@kernel
def _glance(offsets: Any, data: Any, table: Any, kinds: Any, chars: Any) -> Any:
    """Fill `kinds` and `chars`, one entry a line."""
    for row in range(offsets.size - 1):
        begin, end = np.int64(offsets[row]), np.int64(offsets[row + 1])
        high = _without(data, begin, end, table, _TRIM)
        if high == begin:
            kinds[row] = BLANK
            continue
        low = begin
        while np.int64(table[_point(data, low)]) & _TRIM != 0:
            b = data[low]
            low += 1 + (b >= 0xC0) + (b >= 0xE0)
        size = _size(data, low, high)
        chars[row] = size
        bare = _without(data, high, end, table, _END)
        if size <= _SCAN and size + _size(data, begin, low) + _size(data, high, bare) <= _SCAN:
            kinds[row] = SHORT
            continue
        inner_end = _without(data, low, high, table, _CLOSER)
        is_ended = inner_end > low and np.int64(table[_last(data, low, inner_end)]) & _STOP != 0
        is_prose = size > _PROSE and is_ended
        if not is_prose and size > _SCAN:
            if is_ended:
                is_label = np.int64(table[_last(data, low, high)]) & _COLON != 0
                is_prose = not is_label and _has_letter(data, low, high, table)
            else:
                is_prose = _is_running_text(data, low, high, size, table)
        kinds[row] = PROSE if is_prose else UNSURE
