"""Who stays: members of one component join the leader that they are truly similar to.

Greedy leaders: members come in the order of the keep policy; each is compared, by exact Jaccard,
with the leaders so far, joins the most similar one at or above the threshold, or else becomes a
leader itself. So whoever is removed was verified against the very member that is kept, and a chain
of look-alikes, each a little unlike the next, cannot drift into one cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.mix import mix64
from cleaner.text.ragged import Ragged

KEPT = -1
"""The `leader` of a member that is kept."""

_N0, _N1 = np.uint64(0), np.uint64(1)
_NONE = np.uint64(0xFFFFFFFFFFFFFFFF)
_N2, _N3 = np.uint64(2), np.uint64(3)
_LEAST = 64
_MOST_MEMBERS, _MOST_VALUES = 1024, 1 << 20  # room made at a time, in case all become leaders

Item = TypeVar("Item", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """What became of each member, in the order they were given.

    `leader` int64[n]: which member (counted from 0 over all batches) it joins, or `KEPT`;
    `keeper` int64[n]: the id of that member; a kept one has its own; `similarity` float64[n]: exact
    Jaccard with the leader, 0 for a kept one; `overflow` bool[n]: kept, though there were more
    leaders than it was compared with.
    """

    leader: NDArray[np.int64]
    keeper: NDArray[np.int64]
    similarity: NDArray[np.float64]
    overflow: NDArray[np.bool_]


def assign(
    order: NDArray[np.int64],
    sets: Ragged,
    threshold: float,
    max_leaders: int,
    keys: NDArray[np.uint64] | None = None,
) -> Assignment:
    """Decide who of one component stays; `Leaders` does the same batch by batch.

    `order` int64[n]: ids of the members, in the order of the keep policy; `sets`: the set of each,
    sorted, without repetitions (`shingle_sets`); `keys` uint64[n, bands]: with them a member is
    compared only with leaders that share one of its keys. At most `max_leaders` leaders are
    compared, the earliest. A member with an empty set is kept, and no other is compared with it.

    Raises:
        ValueError: lengths differ, threshold is not above 0 and at most 1, or max_leaders < 1.
    """
    bands = 0 if keys is None else keys.shape[-1]
    return Leaders(threshold, max_leaders, bands).add(order, sets, keys)


class Leaders:
    """The leaders of one component so far; give it the members in keep-policy order, in batches.

    Results do not depend on how the members are cut into batches. In memory lie the sets and keys
    of the leaders, not of those who joined one.
    """

    def __init__(self, threshold: float, max_leaders: int, bands: int = 0) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold must be above 0 and at most 1, not {threshold}")
        if max_leaders < 1 or bands < 0:
            raise ValueError(f"max_leaders {max_leaders} or bands {bands} is too small")
        self._threshold = float(threshold)
        self._most = max_leaders
        self._bands = bands
        self._added = 0
        self._leaders = 0
        self._numbers = np.empty(_LEAST, dtype=np.int64)
        self._ids = np.empty(_LEAST, dtype=np.int64)
        self._offsets = np.zeros(_LEAST + 1, dtype=np.int64)
        self._values = np.empty(_LEAST, dtype=np.uint64)
        # Open addressing: key, first link, last link, links; a link is a leader and the next link.
        self._slots = np.full((_LEAST, 4), _NONE, dtype=np.uint64)
        self._links = np.empty((_LEAST, 2), dtype=np.uint64)
        self._used = np.zeros(2, dtype=np.uint64)  # slots, links

    def __len__(self) -> int:
        """How many leaders there are."""
        return self._leaders

    def add(
        self, members: NDArray[np.int64], sets: Ragged, keys: NDArray[np.uint64] | None = None
    ) -> Assignment:
        """Assign the next members, int64[n] ids; `sets` and `keys` as in `assign`.

        Raises:
            ValueError: lengths differ, or `keys` has not the number of bands that was announced.
        """
        if keys is None:
            keys = np.empty((len(sets), 0), dtype=np.uint64)
        if np.shape(members) != (len(sets),) or keys.shape != (len(sets), self._bands):
            raise ValueError(
                f"{len(sets)} sets need {len(sets)} ids and keys of shape "
                f"{(len(sets), self._bands)}, not {np.shape(members)} and {keys.shape}"
            )
        members, keys = column(members, np.int64), column(keys, np.uint64)
        found = Assignment(
            leader=np.full(len(sets), KEPT, dtype=np.int64),
            keeper=members.copy(),
            similarity=np.zeros(len(sets), dtype=np.float64),
            overflow=np.zeros(len(sets), dtype=np.bool_),
        )
        start = 0
        while start < len(sets):
            stop = _end_of_part(sets, start)
            self._reserve(stop - start, int(sets.offsets[stop] - sets.offsets[start]))
            self._assign(members, sets, keys, start, stop, found)
            start = stop
        return found

    def _assign(
        self,
        members: NDArray[np.int64],
        sets: Ragged,
        keys: NDArray[np.uint64],
        start: int,
        stop: int,
        found: Assignment,
    ) -> None:
        """Call the kernel for the members start:stop; there is room for all to become leaders."""
        self._leaders = int(
            _assign(
                column(sets.offsets[start : stop + 1], np.int64),
                column(sets.values, np.uint64),
                members[start:stop],
                keys[start:stop],
                self._threshold,
                np.uint64(self._most),
                np.int64(self._added),
                np.uint64(self._leaders),
                self._numbers,
                self._ids,
                self._offsets,
                self._values,
                self._slots,
                self._links,
                self._used,
                np.empty((self._bands, 2), dtype=np.uint64),
                found.leader[start:stop],
                found.keeper[start:stop],
                found.similarity[start:stop],
                found.overflow[start:stop],
            )
        )
        self._added += stop - start

    def _reserve(self, members: int, values: int) -> None:
        """Make room for so many more leaders and values of their sets."""
        self._numbers = _grown(self._numbers, self._leaders + members)
        self._ids = _grown(self._ids, self._leaders + members)
        self._offsets = _grown(self._offsets, self._leaders + members + 1)
        self._values = _grown(self._values, int(self._offsets[self._leaders]) + values)
        self._links = _grown(self._links, int(self._used[1]) + members * self._bands)
        need = 2 * (int(self._used[0]) + members * self._bands)
        if need > len(self._slots):
            slots = np.full((1 << need.bit_length(), 4), _NONE, dtype=np.uint64)
            _rehash(self._slots, slots)
            self._slots = slots


def _end_of_part(sets: Ragged, start: int) -> int:
    """Where a part that begins at `start` ends: it has one member, or few enough values."""
    last = min(start + _MOST_MEMBERS, len(sets))
    limit = sets.offsets[start] + _MOST_VALUES
    fitting = int(np.searchsorted(sets.offsets[start + 1 : last + 1], limit, side="right"))
    return start + max(fitting, 1)


def _grown(array: NDArray[Item], length: int) -> NDArray[Item]:
    """The array, or a longer copy with room to spare."""
    if length <= len(array):
        return array
    longer = np.empty((max(length, len(array) * 3 // 2), *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


@kernel
def _slot_of(slots: NDArray[np.uint64], key: np.uint64) -> np.uint64:
    """The slot that holds a key, or the free one where it belongs."""
    last = np.uint64(len(slots)) - _N1
    slot = mix64(key) & last
    while slots[slot, _N1] != _NONE and slots[slot, _N0] != key:
        slot = (slot + _N1) & last
    return slot


@kernel
def _rehash(old: NDArray[np.uint64], new: NDArray[np.uint64]) -> None:
    """Move all keys to a larger table."""
    for i in range(np.uint64(len(old))):
        if old[i, _N1] != _NONE:
            slot = _slot_of(new, old[i, _N0])
            for k in range(_N0, _N3 + _N1):
                new[slot, k] = old[i, k]


@kernel
def _index(
    slots: NDArray[np.uint64],
    links: NDArray[np.uint64],
    used: NDArray[np.uint64],
    key: np.uint64,
    leader: np.uint64,
    most: np.uint64,
) -> None:
    """Append a leader to the chain of a key; beyond `most` + 1 none is ever looked at."""
    slot = _slot_of(slots, key)
    link = used[_N1]
    if slots[slot, _N1] == _NONE:
        slots[slot, _N0], slots[slot, _N1], slots[slot, _N3] = key, link, _N0
        used[_N0] += _N1
    elif slots[slot, _N3] > most or links[slots[slot, _N2], _N0] == leader:
        return
    else:
        links[slots[slot, _N2], _N1] = link
    links[link, _N0], links[link, _N1] = leader, _NONE
    slots[slot, _N2] = link
    slots[slot, _N3] += _N1
    used[_N1] += _N1


@kernel
def _similarity(
    a: NDArray[np.uint64],
    i: np.uint64,
    i_end: np.uint64,
    b: NDArray[np.uint64],
    k: np.uint64,
    k_end: np.uint64,
    least: float,
) -> float:
    """Jaccard of two sorted parts; 0 where their sizes alone put it below `least`."""
    sizes = (i_end - i) + (k_end - k)
    smaller = min(i_end - i, k_end - k)
    if float(smaller) / float(sizes - smaller) < least:
        return 0.0
    shared = _N0
    while i < i_end and k < k_end:
        x, y = a[i], b[k]
        shared += np.uint64(x == y)
        i += np.uint64(x <= y)
        k += np.uint64(y <= x)
    return float(shared) / float(sizes - shared)


@kernel
def _next_leader(heads: NDArray[np.uint64], links: NDArray[np.uint64], pop: bool) -> np.uint64:
    """The earliest leader at the heads of the chains, or `_NONE`; `pop` steps beyond it."""
    least = _NONE
    for band in range(np.uint64(len(heads))):
        least = min(least, heads[band, _N0])
    if pop and least != _NONE:
        for band in range(np.uint64(len(heads))):
            if heads[band, _N0] == least:
                link = heads[band, _N1]
                heads[band, _N0] = _NONE
                if link != _NONE:
                    heads[band, _N0], heads[band, _N1] = links[link, _N0], links[link, _N1]
    return least


@kernel
def _assign(
    offsets: NDArray[np.int64],
    values: NDArray[np.uint64],
    members: NDArray[np.int64],
    keys: NDArray[np.uint64],
    threshold: float,
    most: np.uint64,
    added: np.int64,
    leaders: np.uint64,
    numbers: NDArray[np.int64],
    ids: NDArray[np.int64],
    starts: NDArray[np.int64],
    kept: NDArray[np.uint64],
    slots: NDArray[np.uint64],
    links: NDArray[np.uint64],
    used: NDArray[np.uint64],
    heads: NDArray[np.uint64],
    leader: NDArray[np.int64],
    keeper: NDArray[np.int64],
    similarity: NDArray[np.float64],
    overflow: NDArray[np.bool_],
) -> np.uint64:
    """Assign the members; returns how many leaders there are then."""
    bands = np.uint64(len(heads))
    for m in range(np.uint64(len(members))):
        first, end = np.uint64(offsets[m]), np.uint64(offsets[m + _N1])
        if first == end:
            continue
        for band in range(bands):
            slot = _slot_of(slots, keys[m, band])
            heads[band, _N0] = _NONE
            if slots[slot, _N1] != _NONE:
                link = slots[slot, _N1]
                heads[band, _N0], heads[band, _N1] = links[link, _N0], links[link, _N1]
        best, best_leader, compared = 0.0, _NONE, _N0
        while compared < most and best < 1.0:
            if bands:
                other = _next_leader(heads, links, True)
            else:
                other = compared if compared < leaders else _NONE
            if other == _NONE:
                break
            compared += _N1
            a, a_end = np.uint64(starts[other]), np.uint64(starts[other + _N1])
            j = _similarity(kept, a, a_end, values, first, end, max(best, threshold))
            if j >= threshold and j > best:
                best, best_leader = j, other
        if best_leader != _NONE:
            leader[m] = numbers[best_leader]
            keeper[m] = ids[best_leader]
            similarity[m] = best
            continue
        if bands:
            overflow[m] = _next_leader(heads, links, False) != _NONE
        else:
            overflow[m] = compared < leaders
        numbers[leaders] = added + np.int64(m)
        ids[leaders] = members[m]
        place = np.uint64(starts[leaders])
        for i in range(end - first):
            kept[place + i] = values[first + i]
        starts[leaders + _N1] = np.int64(place + (end - first))
        for band in range(bands):
            _index(slots, links, used, keys[m, band], leaders, most)
        leaders += _N1
    return leaders
