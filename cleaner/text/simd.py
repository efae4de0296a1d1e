"""Machine words for kernels: 64 bytes classified at once, unaligned loads, the lowest set bit.

LLVM turns the vectors into AVX-512, AVX2, SSE2 or NEON, whichever the machine has; results are the
same on all of them. Addresses are **not checked**: the caller knows that the bytes are there.
**Frozen**, as `cleaner.text.mix` is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

WIDTH = 64
"""Bytes that `word_bytes` looks at."""

_BYTES = ir.VectorType(ir.IntType(8), WIDTH)


def _load(context: Any, build: Any, signature: Any, args: Any, what: Any) -> Any:
    """Emit an unaligned load of type `what` at byte `args[1]` of the array `args[0]`."""
    base = context.make_array(signature.args[0])(context, build, args[0]).data
    address = build.bitcast(build.gep(base, [args[1]]), what.as_pointer())
    value = build.load(address)
    value.align = 1
    return value


def _word_bytes(_typing: Any, data: Any, at: Any) -> Any:
    """Type, and code, of `word_bytes`."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        x = _load(context, build, signature, args, _BYTES)

        def fill(byte: int) -> Any:
            return ir.Constant(_BYTES, [byte] * WIDTH)

        def lies_in(value: Any, first: str, last: str) -> Any:
            distance = build.sub(value, fill(ord(first)))
            return build.icmp_unsigned("<=", distance, fill(ord(last) - ord(first)))

        found = lies_in(build.or_(x, fill(0x20)), "a", "z")
        found = build.or_(found, lies_in(x, "0", "9"))
        found = build.or_(found, build.icmp_unsigned("==", x, fill(ord("_"))))
        found = build.or_(found, build.icmp_unsigned(">=", x, fill(0x80)))
        return build.bitcast(found, ir.IntType(64))

    return types.uint64(data, at), emit


def _beyond_latin(_typing: Any, data: Any, at: Any) -> Any:
    """Type, and code, of `beyond_latin`."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        x = _load(context, build, signature, args, _BYTES)
        after = [args[0], build.add(args[1], ir.Constant(ir.IntType(64), 1))]
        y = _load(context, build, signature, after, _BYTES)

        def fill(byte: int) -> Any:
            return ir.Constant(_BYTES, [byte] * WIDTH)

        def equal(value: Any, byte: int) -> Any:
            return build.icmp_unsigned("==", value, fill(byte))

        extended = build.icmp_unsigned("<=", build.sub(x, fill(0xC4)), fill(0xC9 - 0xC4))
        sign = build.or_(equal(y, 0x97), equal(y, 0xB7))
        supplement = build.and_(equal(x, 0xC3), build.not_(sign))
        additional = build.or_(equal(y, 0xBA), equal(y, 0xBB))
        letters = build.or_(extended, supplement)
        letters = build.or_(letters, build.and_(equal(x, 0xE1), additional))
        lead = build.icmp_unsigned(">=", x, fill(0xC0))
        return build.bitcast(build.and_(lead, build.not_(letters)), ir.IntType(64))

    return types.uint64(data, at), emit


def _ones(_typing: Any, word: Any) -> Any:
    """Type, and code, of `ones`."""

    def emit(_context: Any, build: Any, _signature: Any, args: Any) -> Any:
        return build.ctpop(args[0])

    return types.uint64(word), emit


def _load64(_typing: Any, data: Any, at: Any) -> Any:
    """Type, and code, of `load64`."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        return _load(context, build, signature, args, ir.IntType(64))

    return types.uint64(data, at), emit


def _lowest_bit(_typing: Any, word: Any) -> Any:
    """Type, and code, of `lowest_bit`."""

    def emit(_context: Any, build: Any, _signature: Any, args: Any) -> Any:
        return build.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(word), emit


word_bytes: Callable[[NDArray[np.uint8], np.uint64], np.uint64] = cast(
    "Any", intrinsic(_word_bytes)
)
"""`word_bytes(data, at)`: bit i: byte `at + i` is an ASCII letter, a digit, `_`, or above 127."""

beyond_latin: Callable[[NDArray[np.uint8], np.uint64], np.uint64] = cast(
    "Any", intrinsic(_beyond_latin)
)
"""`beyond_latin(data, at)`: bit i: at byte `at + i` a character of several bytes begins that is no
letter of U+00C0-024F or U+1E80-1EFF. Bytes at to at + 64 are looked at."""

ones: Callable[[np.uint64], np.uint64] = cast("Any", intrinsic(_ones))
"""`ones(word)`: how many bits are set."""

load64: Callable[[NDArray[np.uint8], np.uint64], np.uint64] = cast("Any", intrinsic(_load64))
"""`load64(data, at)`: the eight bytes from byte `at` on, in the machine's byte order."""

lowest_bit: Callable[[np.uint64], np.uint64] = cast("Any", intrinsic(_lowest_bit))
"""`lowest_bit(word)`: the index of the lowest set bit of a number that is not 0."""
