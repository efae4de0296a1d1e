"""A sample drawn by the sets' own values, and the recall of the bands measured on it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cleaner.dedup.band import band_keys
from cleaner.dedup.jaccard import jaccard
from cleaner.dedup.minhash import signatures
from cleaner.dedup.sample import MOST_VALUES, draws, measure
from cleaner.dedup.shingle import shingle_sets
from cleaner.text.mix import splitmix
from cleaner.text.ragged import Ragged

SIZE = 100


def pairs_of_sets(count: int, shared: int) -> Ragged:
    """Sets of `SIZE` values; the two of a pair share so many, and nothing with the others."""
    rows = []
    for pair in range(count):
        values = splitmix(np.arange(2 * SIZE, dtype=np.uint64) + np.uint64(pair * 1_000_000))
        rows += [values[:SIZE], values[SIZE - shared : 2 * SIZE - shared]]
    return shingle_sets(Ragged.of(rows))


def keys_of(sets: Ragged, bands: int, rows: int) -> NDArray[np.uint64]:
    """Band keys, uint64[sets, bands]."""
    return band_keys(signatures(sets, bands * rows), bands, rows)


def test_copies_are_drawn_together() -> None:
    """Two sets have one number as often as their Jaccard similarity says, others never."""
    for shared in (60, 90):
        drawn = draws(pairs_of_sets(2000, shared)).reshape(-1, 2)
        j = shared / (2 * SIZE - shared)
        assert (drawn[:, 0] == drawn[:, 1]).mean() == pytest.approx(j, abs=0.04)
        assert len(np.unique(drawn[:, 0])) == 2000


def test_long_sets_are_not_drawn_first() -> None:
    """A number depends on neither size, order nor repetitions; that of no value is the last."""
    values = splitmix(np.arange(200_000, dtype=np.uint64))
    short = draws(Ragged(np.arange(2001, dtype=np.int64) * 5, values))
    long = draws(Ragged(np.arange(2001, dtype=np.int64) * 100, values))
    for drawn in (short, long):
        assert (drawn / 2.0**64).mean() == pytest.approx(0.5, abs=0.03)
    a, b, empty = draws(Ragged.of([[3, 1, 2], [2, 1, 1, 3], []]))
    assert a == b
    assert empty == np.uint64(2**64 - 1)


def test_the_measure_is_what_comparing_by_hand_finds() -> None:
    """Pairs at or above the threshold, those of them that share a key, the sets in them."""
    sets = Ragged.concat([pairs_of_sets(60, 90), pairs_of_sets(60, 70)])
    for threshold in (0.5, 0.8, 0.9):
        for bands, rows in ((1, 1), (2, 20), (16, 8)):
            keys = keys_of(sets, bands, rows)
            found = [
                (i, k)
                for i in range(len(sets))
                for k in range(i)
                if jaccard(sets[i], sets[k]) >= threshold
            ]
            met = sum(bool((keys[i] == keys[k]).any()) for i, k in found)
            paired = len({i for pair in found for i in pair})
            assert measure(sets, keys, threshold) == (len(sets), len(found), met, paired)


def test_bad_bands_are_seen() -> None:
    """Bands of too many rows miss most pairs, and the measure says so."""
    sets = pairs_of_sets(100, 90)
    good, bad = (measure(sets, keys_of(sets, *shape), 0.8) for shape in ((16, 8), (1, 32)))
    assert good.pairs == bad.pairs == 100
    assert good.met >= 95
    assert bad.met <= 20


def test_there_is_an_end_to_what_is_compared() -> None:
    """Sets beyond `MOST_VALUES` values are left; none at all are no fault."""
    large = Ragged.of([np.arange(MOST_VALUES // 2 - 1, dtype=np.uint64)] * 3)
    keys = np.zeros((3, 1), np.uint64)
    assert measure(large, keys, 0.8) == (2, 1, 1, 2)
    assert measure(Ragged.of([]), np.zeros((0, 4), np.uint64), 0.8) == (0, 0, 0, 0)
