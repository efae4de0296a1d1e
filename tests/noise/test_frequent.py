"""Counting often seen keys in bounded memory: never too low, exact where it counts."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleaner.noise.frequent import (
    Sketch,
    Totals,
    begins,
    find,
    lowest_fitting,
    rank_in_group,
    summed,
)

keys = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 20), max_size=300)


@given(keys)
def test_an_estimate_is_never_too_low(found: list[int]) -> None:
    """A key that comes often enough is always among those that are counted."""
    sketch = Sketch(0)
    sketch.add(np.array(found, np.uint64))
    counts = Counter(found)
    asked = sorted(counts)
    estimates = sketch.estimate(np.array(asked, np.uint64)).tolist()
    assert all(e >= counts[key] for key, e in zip(asked, estimates, strict=True))


def test_few_keys_are_estimated_exactly() -> None:
    """In a sketch of the right size hardly a key shares both counters."""
    rng = np.random.default_rng(5)
    found = rng.integers(0, 2**63, 4000).astype(np.uint64)
    sketch = Sketch(1 << 20)
    for _ in range(3):
        sketch.add(found)
    others = rng.integers(0, 2**63, 4000).astype(np.uint64)
    assert (sketch.estimate(found) == 3).mean() > 0.99
    assert (sketch.estimate(others) == 0).mean() > 0.98


def test_a_counter_that_is_full_stays_full() -> None:
    """It does not begin anew at 0."""
    sketch = Sketch(0)
    sketch._counters[:] = np.uint32(2**32 - 1)
    sketch.add(np.array([7], np.uint64))
    assert sketch.estimate(np.array([7], np.uint64)).tolist() == [2**32 - 1]


@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=20), max_size=6))
def test_totals_are_those_of_a_counter(parts: list[list[tuple[int, int]]]) -> None:
    """However the rows are cut into calls, and whenever they are added up."""
    totals = Totals(2, 1)
    for number, part in enumerate(parts):
        totals.add(np.array(part, np.uint64).reshape(-1, 2), np.ones((len(part), 1), np.int64))
        if number % 2:
            totals.settle()
    rows, sums = totals.settle()
    wanted = sorted(Counter(row for part in parts for row in part).items())
    assert [(tuple(r), s[0]) for r, s in zip(rows.tolist(), sums.tolist(), strict=True)] == wanted


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(2, 9), st.integers(1, 30))
def test_the_threshold_is_the_lowest_that_fits(found: list[int], least: int, limit: int) -> None:
    """One lower, and too many keys would reach it."""
    estimates = np.array(found, np.int64)
    threshold = lowest_fitting(estimates, least, limit)
    enough = estimates[estimates >= least]
    assert (enough >= threshold).sum() <= limit or threshold == least
    assert threshold >= least
    if threshold > least:
        assert (estimates >= threshold).sum() <= limit < (estimates >= threshold - 1).sum()


def test_groups_and_places() -> None:
    """Ranks begin with each group; keys that are not there have no place."""
    rows = np.array([[3], [3], [5], [8], [8], [8]], np.uint64)
    assert rank_in_group(begins(rows)).tolist() == [0, 1, 0, 0, 1, 2]
    assert find(rows[:, 0], np.array([8, 4, 9, 3], np.uint64)).tolist() == [3, -1, -1, 0]
    assert find(np.empty(0, np.uint64), np.array([1], np.uint64)).tolist() == [-1]
    empty, sums = summed(np.empty((0, 1), np.uint64), np.empty((0, 2), np.int64))
    assert (len(empty), sums.shape) == (0, (0, 2))
