"""Pairs of buckets: every two rows that share a key of a band, once."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.dedup.bucket import bucket_pairs


def expected(keys: list[list[int]], most: int) -> list[tuple[int, int]]:
    """The pairs in plain Python."""
    found = set()
    bands = len(keys[0]) if keys else 0
    for band in range(bands):
        buckets: dict[int, list[int]] = {}
        for row, own in enumerate(keys):
            if own[0]:
                buckets.setdefault(own[band], []).append(row)
        for rows in buckets.values():
            found |= set(combinations(rows[:most], 2))
    return sorted(found)


@given(
    st.integers(1, 4).flatmap(
        lambda bands: st.lists(
            st.lists(st.integers(0, 6), min_size=bands, max_size=bands), max_size=25
        )
    ),
    st.integers(2, 6),
)
def test_all_pairs_of_each_bucket_and_no_other(keys: list[list[int]], most: int) -> None:
    """Sorted, each once however many bands share it; of a large bucket the first rows."""
    matrix = np.array(keys, np.uint64).reshape(len(keys), -1 if keys else 1)
    left, right, _ = bucket_pairs(matrix, most)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == expected(keys, most)


def test_a_hot_bucket_is_cut() -> None:
    """A bucket of 10,000 rows gives the pairs of its first 100, not fifty million."""
    left, right, cut = bucket_pairs(np.ones((10_000, 3), np.uint64), 100)
    assert len(left) == 100 * 99 // 2
    assert right.max() == 99
    assert cut == 9_900


@pytest.mark.parametrize(("shape", "most"), [((4,), 2), ((4, 2), 1)])
def test_what_cannot_be_paired_is_refused(shape: tuple[int, ...], most: int) -> None:
    """Keys are a matrix, and a pair needs two members."""
    with pytest.raises(ValueError, match=r"must be at least 2|need two dimensions"):
        bucket_pairs(np.ones(shape, np.uint64), most)
