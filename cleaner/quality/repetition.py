"""How much of a document repeats itself: n-grams, lines and paragraphs, in compiled loops.

Rae et al., "Scaling Language Models: Methods, Analysis & Insights from Training Gopher" (2021),
appendix A1.1, table A1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.quality.tokens import ALONE_BIT, LENGTH_BITS
from cleaner.text.jit import column, kernel

TOP = (2, 3, 4)
"""Lengths of n-grams of which the most frequent one counts."""
DUPLICATE = (5, 6, 7, 8, 9, 10)
"""Lengths of n-grams of which all that came before count."""

_LENGTH, _ALONE = np.uint64(LENGTH_BITS), np.uint64(ALONE_BIT)
_FACTOR, _SPREAD = np.uint64(0x9FB21C651E98DF25), np.uint64(0xD6E8FEB86659FD93)
_N1, _N64 = np.uint64(1), np.uint64(64)


@dataclass(frozen=True, slots=True, eq=False)
class Repeated:
    """Elements of each document that it had before: int64[docs] each; chars in code points."""

    elements: NDArray[np.int64]
    again: NDArray[np.int64]
    chars: NDArray[np.int64]


def ngrams(tokens: NDArray[np.uint64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Code points in repeated n-grams, int64[docs, 9]: columns `TOP`, then `DUPLICATE`.

    Of `TOP`: times the length of the most frequent n-gram, of equal ones the first, with the
    spaces between its tokens. Of `DUPLICATE`: the tokens of n-grams that came before, without
    overlaps. Tokens and starts as in `Lines`.
    """
    out = np.zeros((len(starts) - 1, len(TOP) + len(DUPLICATE)), np.int64)
    most = int(np.diff(starts).max(initial=0))
    slots = _slots(most)
    _ngrams(
        column(tokens, np.uint64),
        column(starts, np.int64),
        np.empty(most, np.uint64),
        np.empty(slots, np.uint64),
        np.zeros(slots, np.uint64),
        np.empty(slots, np.int32),
        np.empty(slots, np.int32),
        out,
    )
    return out


def repeated(
    keys: NDArray[np.uint64], chars: NDArray[np.int64], first: NDArray[np.int64]
) -> Repeated:
    """Elements (lines, paragraphs) whose key an earlier one of the document has.

    Elements of document i are first[i]:first[i + 1].
    """
    counts = np.diff(first)
    slots = _slots(int(counts.max(initial=0)))
    again, length = np.zeros(len(counts), np.int64), np.zeros(len(counts), np.int64)
    _elements(
        column(keys, np.uint64),
        column(chars, np.int64),
        column(first, np.int64),
        np.empty(slots, np.uint64),
        np.zeros(slots, np.uint64),
        again,
        length,
    )
    return Repeated(counts, again, length)


def _slots(most: int) -> int:
    """The size of a table for so many keys: a power of two, at most half full."""
    return 1 << (max(most, 1) * 2 - 1).bit_length()


@kernel
def _slot(key: Any, keys: Any, stamps: Any, stamp: Any, shift: Any, mask: Any) -> Any:
    """Where a key stands in the table, or where it belongs; slots of other stamps are empty."""
    at = (key * _SPREAD) >> shift
    while stamps[at] == stamp and keys[at] != key:
        at = (at + _N1) & mask
    return at


@kernel
def _shift(count: Any) -> Any:
    """The bits to leave out of a hash, for a table of a size that fits so many keys."""
    bits = np.uint64(1)
    while (np.uint64(1) << bits) < np.uint64(2) * np.uint64(count):
        bits += _N1
    return _N64 - bits


@kernel
def _top(
    tokens: Any, grams: Any, count: Any, n: Any, keys: Any, stamps: Any, stamp: Any,
    shift: Any, times: Any, firsts: Any,
) -> Any:  # fmt: skip
    """Code points of the most frequent n-gram, times its number."""
    mask = (_N1 << (_N64 - shift)) - _N1
    best, where = 0, 0
    for i in range(count):
        key = grams[i]
        at = _slot(key, keys, stamps, stamp, shift, mask)
        if stamps[at] != stamp:
            stamps[at], keys[at], times[at], firsts[at] = stamp, key, 0, i
        times[at] += 1
        if times[at] > best or (times[at] == best and firsts[at] < where):
            best, where = times[at], firsts[at]
    length: Any = 0
    for k in range(where, where + n):
        token = tokens[k]
        length += np.int64(token & _LENGTH) + (k > where and not token & _ALONE)
    return length * best


@kernel
def _again(
    tokens: Any, grams: Any, count: Any, n: Any, keys: Any, stamps: Any, stamp: Any, shift: Any
) -> Any:
    """Code points of the n-grams that came before; one that did is stepped over as a whole."""
    mask = (_N1 << (_N64 - shift)) - _N1
    total: Any = 0
    i = 0
    while i < count:
        key = grams[i]
        at = _slot(key, keys, stamps, stamp, shift, mask)
        if stamps[at] == stamp:
            for k in range(i, i + n):
                total += np.int64(tokens[k] & _LENGTH)
            i += n
        else:
            stamps[at], keys[at] = stamp, key
            i += 1
    return total


@kernel
def _ngrams(
    tokens: Any, starts: Any, grams: Any, keys: Any, stamps: Any, times: Any, firsts: Any, out: Any
) -> None:
    """Fill `out`; `grams` holds the hash of the n-gram at each token, made longer step by step."""
    stamp = np.uint64(0)
    for doc in range(starts.size - 1):
        mine = tokens[starts[doc] : starts[doc + 1]]
        size = mine.size
        shift = _shift(max(size, 1))
        for i in range(size):
            grams[i] = mine[i]
        for n in range(2, 11):
            count = size - n + 1
            if count <= 0:
                break
            for i in range(count):
                mixed = (grams[i] ^ (grams[i] >> np.uint64(29))) * _FACTOR
                grams[i] = mixed + mine[i + n - 1]
            stamp += _N1
            if n <= 4:
                out[doc, n - 2] = _top(
                    mine, grams, count, n, keys, stamps, stamp, shift, times, firsts
                )
            else:
                out[doc, n - 2] = _again(mine, grams, count, n, keys, stamps, stamp, shift)


@kernel
def _elements(
    values: Any, chars: Any, first: Any, keys: Any, stamps: Any, again: Any, length: Any
) -> None:
    """Count per document the elements that came before, and their code points."""
    for doc in range(first.size - 1):
        low, high = first[doc], first[doc + 1]
        stamp = np.uint64(doc + 1)
        shift = _shift(max(high - low, 1))
        mask = (_N1 << (_N64 - shift)) - _N1
        for i in range(low, high):
            at = _slot(values[i], keys, stamps, stamp, shift, mask)
            if stamps[at] == stamp:
                again[doc] += 1
                length[doc] += chars[i]
            else:
                stamps[at], keys[at] = stamp, values[i]
