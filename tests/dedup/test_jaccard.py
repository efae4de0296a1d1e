import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.dedup.jaccard import containment, jaccard, pair_containment, pair_jaccard
from cleaner.dedup.shingle import shingle_sets
from cleaner.text.ragged import Ragged

SETS = st.lists(st.sets(st.integers(0, 30) | st.integers(2**64 - 30, 2**64 - 1)), min_size=1)


@settings(deadline=None)  # the first call compiles
@given(SETS, st.data())
def test_similarities_are_those_of_sets(sets: list[set[int]], data: st.DataObject) -> None:
    """Jaccard and containment equal Python's on every pair, to the last bit."""
    row = st.integers(0, len(sets) - 1)
    pairs = data.draw(st.lists(st.tuples(row, row), max_size=20))
    ragged = shingle_sets(Ragged.of([sorted(s) for s in sets]))
    left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    both = [(sets[a], sets[b]) for a, b in pairs]
    assert pair_jaccard(ragged, left, right).tolist() == [
        len(a & b) / len(a | b) if a | b else 0.0 for a, b in both
    ]
    assert pair_containment(ragged, left, right).tolist() == [
        len(a & b) / min(len(a), len(b)) if a and b else 0.0 for a, b in both
    ]


def test_two_arrays() -> None:
    """The functions of two arrays give the same numbers."""
    a, b = np.array([1, 2, 3, 9], dtype=np.uint64), np.array([2, 9], dtype=np.uint64)
    assert jaccard(a, b) == 0.5
    assert containment(a, b) == 1.0
    assert jaccard(a[:0], b[:0]) == containment(a[:0], b) == 0.0


def test_rows_that_do_not_exist_are_refused() -> None:
    """Rows outside the sets, and lists of different lengths, are errors."""
    sets = Ragged.of([[1], [2]])
    rows = np.array([0, 2], dtype=np.int64)
    with pytest.raises(IndexError):
        pair_jaccard(sets, rows, rows)
    with pytest.raises(IndexError):
        pair_jaccard(sets, rows[:1], np.array([-1]))
    with pytest.raises(ValueError, match="length"):
        pair_jaccard(sets, rows[:1], rows)
