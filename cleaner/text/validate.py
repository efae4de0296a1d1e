"""Is a column UTF-8, and how many code points has each row? One pass, 64 bytes at a time.

Each block becomes masks of 64 bits, one a kind of byte, and the rules of the Unicode standard
(version 16, table 3-7) are shifts and comparisons of these: continuation bytes stand where leads
ask for them and nowhere else, and the byte after E0, ED, F0 or F4 lies in its narrower range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pyarrow as pa
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.simd import ones

_BLOCK = 64
_BYTES = ir.VectorType(ir.IntType(8), _BLOCK)
_N0, _N1, _N2, _N3, _N64 = (np.uint64(n) for n in (0, 1, 2, 3, _BLOCK))
_N61, _N62, _N63 = (np.uint64(n) for n in (61, 62, 63))
_KINDS = 11


def char_counts(text: pa.Array) -> NDArray[np.int64] | None:
    """Code points of each row of a `binary` or `string` column; None if some row is not UTF-8.

    What lies in the buffer under a null counts as a row, too.
    """
    count = len(text)
    _, ends, data = text.buffers()
    chars = np.zeros(count, np.int64)
    if not count or data is None:
        return chars
    offsets = np.frombuffer(ends, np.int32, count + 1, text.offset * 4)
    valid = _count_rows(
        column(offsets, np.int64),
        column(np.frombuffer(data, np.uint8), np.uint8),
        np.zeros(_BLOCK, np.uint8),
        chars,
    )
    return chars if valid else None


def _kinds(_typing: Any, data: Any, at: Any) -> Any:
    """Type, and code, of `kinds`."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        base = context.make_array(signature.args[0])(context, build, args[0]).data
        block = build.load(build.bitcast(build.gep(base, [args[1]]), _BYTES.as_pointer()))
        block.align = 1

        def fill(byte: int) -> Any:
            return ir.Constant(_BYTES, [byte] * _BLOCK)

        def where(comparison: str, byte: int, value: Any = block) -> Any:
            found = build.icmp_unsigned(comparison, value, fill(byte))
            return build.bitcast(found, ir.IntType(64))

        found = [
            where("==", 0x80, build.and_(block, fill(0xC0))),
            where(">=", 0xC0),
            where(">=", 0xE0),
            where(">=", 0xF0),
            build.or_(where("==", 0xC0, build.and_(block, fill(0xFE))), where(">=", 0xF5)),
            where("==", 0xE0),
            where("==", 0xED),
            where("==", 0xF0),
            where("==", 0xF4),
            where("<", 0xA0),
            where("<", 0x90),
        ]
        return context.make_tuple(build, signature.return_type, found)

    masks = types.UniTuple(types.uint64, _KINDS)  # type: ignore[no-untyped-call]  # untyped
    return masks(data, at), emit


kinds: Callable[[NDArray[np.uint8], np.uint64], tuple[np.uint64, ...]] = cast(
    "Any", intrinsic(_kinds)
)
"""`kinds(data, at)`: of the 64 bytes from `at` on, those that continue a character; that begin one
of at least 2, 3, 4 bytes; that no text has; E0, ED, F0, F4; those below A0, below 90."""


@kernel
def _count_rows(
    offsets: NDArray[np.int64],
    data: NDArray[np.uint8],
    last: NDArray[np.uint8],
    chars: NDArray[np.int64],
) -> bool:
    """Whether every row is UTF-8; `last`: 64 zeros, for the bytes of a last block that is short."""
    rows = np.uint64(len(chars))
    at, end = np.uint64(offsets[_N0]), np.uint64(offsets[rows])
    row, total, before = _N0, _N0, _N0
    asked, asked2, asked3 = _N0, _N0, _N0  # of the next block's first bytes, by leads of this one
    e0, ed, f0, f4 = _N0, _N0, _N0, _N0  # whether this block ended with one
    wrong = _N0
    while at < end:
        size = min(_N64, end - at)
        if size == _N64:
            inner, two, three, four, never, is_e0, is_ed, is_f0, is_f4, low, lower = kinds(data, at)
        else:
            for i in range(size):
                last[i] = data[at + i]
            inner, two, three, four, never, is_e0, is_ed, is_f0, is_f4, low, lower = kinds(
                last, _N0
            )
        if inner | two | asked | asked2 | asked3:
            wanted = (two << _N1) | (three << _N2) | (four << _N3) | asked | asked2 | asked3
            wrong |= (wanted ^ inner) | never
            wrong |= ((is_e0 << _N1) | e0) & low
            wrong |= ((is_ed << _N1) | ed) & ~low
            wrong |= ((is_f0 << _N1) | f0) & lower
            wrong |= ((is_f4 << _N1) | f4) & ~lower
            asked, asked2, asked3 = two >> _N63, three >> _N62, four >> _N61
            e0, ed, f0, f4 = is_e0 >> _N63, is_ed >> _N63, is_f0 >> _N63, is_f4 >> _N63
        while row < rows and np.uint64(offsets[row + _N1]) < at + size:
            place = np.uint64(offsets[row + _N1]) - at
            wrong |= (inner >> place) & _N1  # the row would begin within a character
            seen = total + ones(~inner & ((_N1 << place) - _N1))
            chars[row] = np.int64(seen - before)
            before = seen
            row += _N1
        total += size - ones(inner)
        at += size
        if wrong:
            return False
    while row < rows:
        chars[row] = np.int64(total - before)
        before = total
        row += _N1
    return not (asked | asked2 | asked3)
