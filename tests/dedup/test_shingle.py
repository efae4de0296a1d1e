import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.dedup.shingle import MOST_WORDS, shingle_sets, shingles
from cleaner.text.ragged import Ragged

WORDS = st.lists(st.lists(st.integers(0, 5), max_size=12), max_size=6)
VALUES = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 40), st.just(2**64 - 1))


@settings(deadline=None)  # the first call compiles
@given(WORDS, st.integers(1, 6))
def test_equal_word_runs_have_equal_shingles(rows: list[list[int]], n: int) -> None:
    """A shingle stands for n words in their order; as many as there are places, in text order."""
    meaning: dict[int, tuple[int, ...]] = {}
    value: dict[tuple[int, ...], int] = {}
    found = shingles(Ragged.of(rows), n)
    for row, hashes in zip(rows, found, strict=True):
        runs = [tuple(row[i : i + n]) for i in range(len(row) - n + 1)]
        assert len(runs) == len(hashes)
        for run, number in zip(runs, hashes.tolist(), strict=True):
            assert meaning.setdefault(number, run) == run
            assert value.setdefault(run, number) == number


def test_shingles_of_different_lengths_differ() -> None:
    """The number of words is part of the hash: words padded with zeros do not meet."""
    row = Ragged.of([[7, 0, 0]])
    assert len({int(shingles(row, n).values[0]) for n in (1, 2, 3)}) == 3


@settings(deadline=None)  # the first call compiles
@given(WORDS, st.integers(0, 3))
def test_slices_give_the_same_shingles(rows: list[list[int]], start: int) -> None:
    """Rows do not depend on those before them."""
    start = min(start, len(rows))
    whole = shingles(Ragged.of(rows), 3)
    part = shingles(Ragged.of(rows).slice(start, len(rows)), 3)
    assert [r.tolist() for r in part] == [r.tolist() for r in whole][start:]
    sets = shingle_sets(whole.slice(start, len(rows)))
    assert [r.tolist() for r in sets] == [r.tolist() for r in shingle_sets(whole)][start:]


@pytest.mark.parametrize("n", [0, -1, MOST_WORDS + 1])
def test_impossible_lengths_are_refused(n: int) -> None:
    """A shingle has at least one word, and not absurdly many."""
    with pytest.raises(ValueError, match="shingle"):
        shingles(Ragged.of([[1]]), n)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(VALUES, max_size=90), max_size=5))
def test_sets_are_sorted_without_repetitions(rows: list[list[int]]) -> None:
    """Each row becomes its sorted distinct values."""
    assert [r.tolist() for r in shingle_sets(Ragged.of(rows))] == [sorted(set(r)) for r in rows]


@pytest.mark.parametrize("count", [24, 25, 1000, 20000])
@pytest.mark.parametrize("kind", ["hashes", "close", "two", "falling"])
def test_long_rows_are_sorted_whatever_their_values(count: int, kind: str) -> None:
    """Rows whose values all fall into one bucket are sorted as well."""
    random = np.random.default_rng(5)
    values = {
        "hashes": random.integers(0, 2**64 - 1, count, dtype=np.uint64),
        "close": random.integers(0, 1000, count, dtype=np.uint64) + np.uint64(2**63),
        "two": np.tile(np.array([5, 4], dtype=np.uint64), count)[:count],
        "falling": np.arange(count, 0, -1, dtype=np.uint64),
    }[kind]
    found = shingle_sets(Ragged.of([values, values[:3]]))
    assert np.array_equal(found[0], np.unique(values))
    assert np.array_equal(found[1], np.unique(values[:3]))
