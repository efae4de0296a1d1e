"""Shingles: hashes of n words in a row, and the sets of them that documents are compared by.

A document of fewer than n words has none: such documents are compared by their exact keys
(`cleaner.text.words.key_hash`), for one shingle of three words proves little.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.mix import mix64, splitmix
from cleaner.text.ragged import Ragged

ALGORITHM = "shingle-1"
"""Raised when the same words give other shingles; a persisted index must match it."""

MOST_WORDS = 256
"""The longest shingle: a limit against a slip in a config, not of the method."""

_N0, _N1, _N2 = np.uint64(0), np.uint64(1), np.uint64(2)
_FEW = np.uint64(24)  # up to here sorting by insertion is the fastest
_BITS = np.uint64(64)


def shingles(words: Ragged, n: int, out: NDArray[np.uint64] | None = None) -> Ragged:
    """Hash each n words in a row, in text order, repetitions kept: max(0, words - n + 1) a row.

    The result lies in `out`, uint64[at least as many as there are words], where it is given.

    The hash is a mix of a sum of products with n odd factors (multilinear hashing: Lemire and
    Kaser, "Strongly universal string hashing is fast", 2014), so the order of words counts.

    Raises:
        ValueError: n is not in 1..`MOST_WORDS`.
    """
    if not 1 <= n <= MOST_WORDS:
        raise ValueError(f"a shingle has 1 to {MOST_WORDS} words, not {n}")
    offsets = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum(np.maximum(words.counts - (n - 1), 0), out=offsets[1:])
    count = int(offsets[-1])
    values = np.empty(count, dtype=np.uint64) if out is None else out[:count]
    factors = splitmix(np.arange(n, dtype=np.uint64) + np.uint64(n << 32)) | _N1
    _shingle_rows(
        column(words.offsets, np.int64),
        column(words.values, np.uint64),
        column(factors, np.uint64),
        column(offsets, np.int64),
        values,
    )
    return Ragged(offsets, values)


def shingle_sets(rows: Ragged) -> Ragged:
    """Sort each row and drop repetitions, as the kernels of `cleaner.dedup.jaccard` need it."""
    values = np.empty(int(rows.offsets[-1] - rows.offsets[0]), dtype=np.uint64)
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    longest = int(rows.counts.max(initial=0))
    slots = 1 << max(longest, 1).bit_length()
    _sort_rows(
        column(rows.offsets, np.int64),
        column(rows.values, np.uint64),
        values,
        offsets,
        np.empty(slots + 1, dtype=np.uint64),
        np.empty(longest, dtype=np.uint64),
    )
    values.resize(int(offsets[-1]), refcheck=False)
    return Ragged(offsets, values)


@kernel
def _shingle_rows(
    offsets: NDArray[np.int64],
    words: NDArray[np.uint64],
    factors: NDArray[np.uint64],
    starts: NDArray[np.int64],
    out: NDArray[np.uint64],
) -> None:
    """Fill `out[starts[row]:starts[row + 1]]` with the shingles of each row."""
    n = np.uint64(len(factors))
    for row in range(np.uint64(len(starts) - 1)):
        first = np.uint64(offsets[row])
        place = np.uint64(starts[row])
        count = np.uint64(starts[row + _N1]) - place
        for i in range(count):
            total = _N0
            for k in range(n):
                total += words[first + i + k] * factors[k]
            out[place + i] = mix64(total)


@kernel
def _sift(heap: NDArray[np.uint64], low: np.uint64, root: np.uint64, count: np.uint64) -> None:
    """Let the value at `root` of the heap at `low` sink to its place."""
    value = heap[low + root]
    while True:
        child = _N2 * root + _N1
        if child >= count:
            break
        if child + _N1 < count and heap[low + child] < heap[low + child + _N1]:
            child += _N1
        if heap[low + child] <= value:
            break
        heap[low + root] = heap[low + child]
        root = child
    heap[low + root] = value


@kernel
def _sort_part(values: NDArray[np.uint64], low: np.uint64, high: np.uint64) -> None:
    """Sort values[low:high]: by insertion if they are few, else by heap, which cannot be slow."""
    count = high - low
    if count <= _FEW:
        for i in range(low + _N1, high):
            value = values[i]
            k = np.uint64(i)
            while k > low and values[k - _N1] > value:
                values[k] = values[k - _N1]
                k -= _N1
            values[k] = value
        return
    for i in range(count >> _N1):
        _sift(values, low, (count >> _N1) - _N1 - i, count)
    for i in range(_N1, count):
        last = high - i
        values[last], values[low] = values[low], values[last]
        _sift(values, low, _N0, count - i)


@kernel
def _sort_rows(
    offsets: NDArray[np.int64],
    rows: NDArray[np.uint64],
    out: NDArray[np.uint64],
    ends: NDArray[np.int64],
    heads: NDArray[np.uint64],
    scratch: NDArray[np.uint64],
) -> None:
    """Write the sorted distinct values of each row to `out`, one row after the other.

    Hashes are spread evenly, so their top bits put them nearly in place: one pass into as many
    buckets as there are values, then each bucket is sorted.
    """
    filled = _N0
    for row in range(np.uint64(len(offsets)) - _N1):
        first = np.uint64(offsets[row])
        count = np.uint64(offsets[row + _N1]) - first
        bits = _N1
        while (_N1 << bits) < count:
            bits += _N1
        shift = _BITS - bits
        buckets = _N1 << bits
        if count > _FEW:
            for b in range(buckets + _N1):
                heads[b] = _N0
            for i in range(count):
                heads[(rows[first + i] >> shift) + _N1] += _N1
            for b in range(buckets):
                heads[b + _N1] += heads[b]
            for i in range(count):
                b = rows[first + i] >> shift
                scratch[heads[b]] = rows[first + i]
                heads[b] += _N1
            low = _N0
            for b in range(buckets):
                high = heads[b]
                if high - low > _N1:
                    _sort_part(scratch, low, high)
                low = high
        else:
            for i in range(count):
                scratch[i] = rows[first + i]
            _sort_part(scratch, _N0, count)
        for i in range(count):
            if i == _N0 or scratch[i] != scratch[i - _N1]:
                out[filled] = scratch[i]
                filled += _N1
        ends[row + _N1] = np.int64(filled)
