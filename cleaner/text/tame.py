"""The kernel of the first look: tame text at a glance, and an automaton for the rest.

Tame are ASCII, the letters of Vietnamese and western Europe, and everyday punctuation.

64 bytes are judged at once, without a branch. What is *tame* is so chosen that usual Vietnamese
text is, and that no sign of damage fits into it; `cleaner.text.suspect` proves the second for the
signs in force before it relies on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from cleaner.text.jit import kernel

WIDTH = 64
REACH = WIDTH + 3
"""Bytes that `_wild_bytes` reads."""

MILD = "àáâãäåæçèéêëìíîïñòóôõöùúûüýþÿ\u0103\u0111\u0129\u0169" + "".join(
    map(chr, (0x1A0, 0x1A1, 0x1AF, 0x1B0, *range(0x1E80, 0x1F00)))
)
SHARP = "ÀÁÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖÙÚÛÜÝÞß\u0102\u0110\u0128\u0168–—‘’“…"
"""Tame only after an ASCII character."""
HATTED, CLOSING = "ÂÃ", "”"
"""Sharp, too; and no space may follow the first, only ASCII the other."""

_BYTES = ir.VectorType(ir.IntType(8), WIDTH)


class _Bytes:
    """64 bytes, while a kernel is compiled."""

    def __init__(self, build: Any, value: Any) -> None:
        self._build, self._value = build, value

    def compare(self, sign: str, byte: int) -> _Mask:
        other = ir.Constant(_BYTES, [byte] * WIDTH)
        return _Mask(self._build, self._build.icmp_unsigned(sign, self._value, other))

    def among(self, *ranges: int | tuple[int, int]) -> _Mask:
        """Which bytes are one of these, or lie in one of these ranges (both ends belong to it)."""
        found: _Mask | None = None
        for item in ranges:
            low, high = item if isinstance(item, tuple) else (item, item)
            shifted = self._build.sub(self._value, ir.Constant(_BYTES, [low] * WIDTH))
            test = _Bytes(self._build, shifted).compare("<=", high - low)
            found = test if found is None else found | test
        assert found is not None
        return found

    def is_even(self) -> _Mask:
        low = self._build.and_(self._value, ir.Constant(_BYTES, [1] * WIDTH))
        return _Bytes(self._build, low).compare("==", 0)


class _Mask:
    """64 truth values, while a kernel is compiled."""

    def __init__(self, build: Any, value: Any) -> None:
        self._build, self.value = build, value

    def __or__(self, other: _Mask) -> _Mask:
        return _Mask(self._build, self._build.or_(self.value, other.value))

    def __and__(self, other: _Mask) -> _Mask:
        return _Mask(self._build, self._build.and_(self.value, other.value))

    def __invert__(self) -> _Mask:
        return _Mask(self._build, self._build.not_(self.value))


def _wild(x: _Bytes, y: _Bytes, z: _Bytes, w: _Bytes) -> _Mask:
    """Which bytes x, followed by y, z, w, are not part of tame text."""
    wild = x.among((0, 8), (11, 31), 38, 127)
    known = x.among(0xC3) & ~y.among((0x97, 0x98), 0xB0, (0xB7, 0xB8))
    known |= x.among(0xC4) & y.among((0x82, 0x83), (0x90, 0x91), (0xA8, 0xA9))
    known |= x.among(0xC5) & y.among((0xA8, 0xA9))
    known |= x.among(0xC6) & y.among((0xA0, 0xA1), (0xAF, 0xB0))
    known |= x.among(0xE1) & y.among((0xBA, 0xBB))
    marks = z.among((0x93, 0x94), (0x98, 0x99), (0x9C, 0x9D), 0xA6)
    known |= x.among(0xE2) & y.among(0x80) & marks
    wild |= x.among((0xC0, 0xFF)) & ~known
    sharp = y.among(0xE2) | y.among(0xC3) & z.among((0x80, 0x9F))
    sharp |= y.among((0xC4, 0xC5)) & z.is_even()
    wild |= x.among((0x80, 0xBF)) & sharp
    wild |= x.among(0xC3) & y.among((0x82, 0x83)) & z.among(32)
    return wild | x.among(0xE2) & z.among(0x9D) & w.among((0x80, 0xFF))


@intrinsic
def _wild_bytes(_typing: Any, data: Any, at: Any) -> Any:
    """Bit i of the result: byte `at + i` of uint8 `data` is not tame. Addresses are not checked.

    A byte is judged with the three that follow it, so the last letter of a string may be called
    wild for what lies beyond. A sharp letter at the start of a string is judged with the byte
    before it, where that was looked at.
    """

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        base = context.make_array(signature.args[0])(context, build, args[0]).data

        def load(offset: int) -> _Bytes:
            place = build.add(args[1], ir.Constant(args[1].type, offset))
            address = build.bitcast(build.gep(base, [place]), _BYTES.as_pointer())
            value = build.load(address)
            value.align = 1
            return _Bytes(build, value)

        wild = _wild(load(0), load(1), load(2), load(3))
        return build.bitcast(wild.value, ir.IntType(64))

    return types.uint64(data, at), emit


wild: Any = _wild_bytes  # the checker sees the function that emits, not the one that kernels call


@kernel
def _is_entity(data: Any, p: Any, end: Any) -> Any:
    """Whether the `&` at p starts what could be an entity with its semicolon."""
    for q in range(p + 1, min(p + 34, end)):
        b = data[q]
        if b == 59:
            return q > p + 2
        if not (48 <= b <= 57 or 65 <= b <= 90 or 97 <= b <= 122 or (b == 35 and q == p + 1)):
            return False
    return False


@kernel
def _is_tame(data: Any, low: Any, high: Any) -> Any:
    """Whether a passage is tame; 67 bytes from any place in it on must be readable."""
    for at in range(low, high, 64):
        mask = wild(data, at)
        if high - at < 64:
            mask &= (np.uint64(1) << np.uint64(high - at)) - np.uint64(1)
        if mask != 0:
            return False
    return True


@kernel
def scan(
    data: Any,
    offsets: Any,
    classes: Any,
    after: Any,
    start: Any,
    fresh: Any,
    stop: Any,
    tame: Any,
    flags: Any,
) -> Any:
    """Set flags[i] where the automaton finds a sign in string i; see `cleaner.text.suspect`."""
    for i in range(offsets.size - 1):
        p = np.int64(offsets[i])
        end = np.int64(offsets[i + 1])
        if tame and end + REACH <= data.size and _is_tame(data, p, end):
            continue
        state = np.int64(start)
        while p < end:
            b = np.int64(data[p])
            if stop[b] == 0:
                state = np.int64(after[state + classes[b]])
                p += 1
                if state == fresh[b]:  # nothing before b matters: run over plain ASCII
                    q = p
                    while p < end and stop[data[p]] == 0:
                        p += 1
                    if p > q:
                        state = np.int64(fresh[data[p - 2]])
                        state = np.int64(after[state + classes[data[p - 1]]])
                elif state == 0:
                    flags[i] = True
                    break
                continue
            if b < 0x80:
                if b != 38 or _is_entity(data, p, end):
                    flags[i] = True
                    break
                code = np.int64(b)
                p += 1
            elif b < 0xE0:
                code = (b & 0x1F) << 6 | np.int64(data[p + 1]) & 0x3F
                p += 2
            elif b < 0xF0:
                code = (b & 0x0F) << 12 | (np.int64(data[p + 1]) & 0x3F) << 6
                code |= np.int64(data[p + 2]) & 0x3F
                p += 3
            else:
                code = (b & 0x07) << 18 | (np.int64(data[p + 1]) & 0x3F) << 12
                code |= (np.int64(data[p + 2]) & 0x3F) << 6 | np.int64(data[p + 3]) & 0x3F
                p += 4
                if code >= 0x20000:
                    last = code & 0xFFFF
                    bad = last >= 0xFFFE or 0x2F800 <= code < 0x2FA20 or code >> 8 == 0xE00
                    code = np.int64(0x20001 if bad else 0x20000)
            state = np.int64(after[state + classes[np.int64(code)]])
            if state == 0:
                flags[i] = True
                break
