"""Counts of the keys that come often in a stream that is read twice; exact, in bounded memory.

The first reading adds every key to a count-min sketch (Cormode and Muthukrishnan, "An improved data
stream summary: the count-min sketch and its applications", 2005, section 3), whose estimates are
never too low. The second counts exactly, but only keys whose estimate reaches a threshold (as in
Park, Chen and Yu, "An effective hash-based algorithm for mining association rules", 1995, section
3). So no key that comes often enough is missed. Where too many do, the threshold rises to the
lowest at which they fit, and that is the same whatever the order of the stream.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.mix import mix64

Keys = NDArray[np.uint64]
Sums = NDArray[np.int64]

MIN_BITS, MAX_BITS = 16, 24
_BYTES_A_COUNTER = 16
"""Text for each counter of a row: about a short line, so that few keys share their counters."""
_WAITING = 1 << 16
_SECOND = np.uint64(0xD6E8FEB86659FD93)
_MOST = np.uint32(0xFFFFFFFF)
_ONE = np.uint64(1)


class Sketch:
    """Two rows of counters; `estimate` is never below what was added."""

    def __init__(self, text_bytes: int) -> None:
        """`text_bytes` is about the size of the stream; memory is 0.5 to 128 MiB."""
        wanted = max(text_bytes // _BYTES_A_COUNTER, 1).bit_length()
        bits = min(max(wanted, MIN_BITS), MAX_BITS)
        self._counters = np.zeros((2, 1 << bits), np.uint32)

    def add(self, keys: Keys) -> None:
        """Count each key once more."""
        _add(self._counters, column(keys, np.uint64))

    def estimate(self, keys: Keys) -> Sums:
        """How often each key was added at most, int64[n]."""
        found = np.empty(len(keys), np.int64)
        _estimate(self._counters, column(keys, np.uint64), found)
        return found


@kernel
def _add(counters: NDArray[np.uint32], keys: Keys) -> None:
    """Raise both counters of each key; one that is full stays full."""
    mask = np.uint64(counters.shape[1]) - _ONE
    for i in range(np.uint64(keys.size)):
        first, second = mix64(keys[i]) & mask, mix64(keys[i] ^ _SECOND) & mask
        if counters[0, first] != _MOST:
            counters[0, first] += np.uint32(1)
        if counters[1, second] != _MOST:
            counters[1, second] += np.uint32(1)


@kernel
def _estimate(counters: NDArray[np.uint32], keys: Keys, found: Sums) -> None:
    """The lower of both counters of each key."""
    mask = np.uint64(counters.shape[1]) - _ONE
    for i in range(np.uint64(keys.size)):
        first, second = mix64(keys[i]) & mask, mix64(keys[i] ^ _SECOND) & mask
        found[i] = min(counters[0, first], counters[1, second])


class Totals:
    """Sums by key; rows wait to be added up until there are as many of them as keys."""

    def __init__(self, keys: int, sums: int) -> None:
        """`keys` columns tell rows apart (uint64), `sums` columns are added up (int64)."""
        self._keys = np.empty((0, keys), np.uint64)
        self._sums = np.empty((0, sums), np.int64)
        self._waiting: list[tuple[Keys, Sums]] = []
        self._rows = 0

    def add(self, keys: Keys, sums: Sums) -> bool:
        """Add rows, uint64[n, keys] and int64[n, sums]; whether it is time to `settle`."""
        self._waiting.append((keys, sums))
        self._rows += len(keys)
        return self._rows > max(_WAITING, len(self._keys))

    def settle(self) -> tuple[Keys, Sums]:
        """One row a key, sorted by key."""
        if self._waiting:
            keys = np.concatenate([self._keys, *(k for k, _ in self._waiting)])
            sums = np.concatenate([self._sums, *(s for _, s in self._waiting)])
            self._keys, self._sums = summed(keys, sums)
            self._waiting, self._rows = [], 0
        return self._keys, self._sums

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget the other rows of what `settle` gave."""
        self._keys, self._sums = self._keys[rows], self._sums[rows]


def summed(keys: Keys, sums: Sums) -> tuple[Keys, Sums]:
    """Rows of equal keys added up, sorted by key."""
    order = np.lexsort(keys.T[::-1])
    keys = keys[order]
    starts = np.flatnonzero(begins(keys))
    if not len(starts):
        return keys, sums
    return keys[starts], np.add.reduceat(sums[order], starts, axis=0)


def begins(keys: Keys) -> NDArray[np.bool_]:
    """Where a row of sorted keys, uint64[n, columns], differs from the one before."""
    first = np.ones(len(keys), bool)
    first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return first


def rank_in_group(first: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The place of each row in its group, from 0; a group begins where `first` is True."""
    place = np.arange(len(first))
    starts: NDArray[np.int64] = np.maximum.accumulate(np.where(first, place, 0))
    return place - starts


def lowest_fitting(estimates: Sums, at_least: int, limit: int) -> int:
    """The lowest threshold, not below `at_least`, that at most `limit` of the estimates reach."""
    if len(estimates) <= limit:
        return at_least
    above = int(np.partition(estimates, len(estimates) - limit - 1)[len(estimates) - limit - 1])
    return max(at_least, above + 1)


def find(sorted_keys: Keys, wanted: Keys) -> NDArray[np.int64]:
    """Places of keys in a sorted column; -1 for those that are not there."""
    if not len(sorted_keys):
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return np.where(sorted_keys[place] == wanted, place, -1)


def is_in(sorted_keys: Keys, wanted: Keys) -> NDArray[np.bool_]:
    """Which keys a sorted column has."""
    return find(sorted_keys, wanted) >= 0


def stacked(columns: Sequence[Keys]) -> Keys:
    """Columns of keys side by side, uint64[n, columns]."""
    return np.stack(columns, axis=1)
