import datasketch
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.dedup.minhash import EMPTY, MOST_PERMUTATIONS, permutations, signatures
from cleaner.text.ragged import Ragged

SHINGLES = st.lists(st.integers(0, 2**64 - 1), max_size=30)


def by_datasketch(shingles: list[int], num_perm: int, seed: int) -> list[int]:
    """The signature that datasketch gives for the low halves of the shingles."""
    sketch = datasketch.MinHash(num_perm, seed=seed, scheme="affine32", hashfunc=int)
    sketch.update_batch([s & 0xFFFFFFFF for s in shingles])
    return sketch.hashvalues.tolist()


@settings(deadline=None)  # the first call compiles
@given(st.lists(SHINGLES, max_size=5), st.integers(1, 131), st.integers(0, 2**32 - 1))
def test_signatures_are_datasketch_s(rows: list[list[int]], num_perm: int, seed: int) -> None:
    """Bit for bit the signatures of datasketch 2, whatever the number of permutations."""
    found = signatures(Ragged.of(rows), num_perm, seed)
    assert found.dtype == np.uint32
    assert found.shape == (len(rows), num_perm)
    assert found.tolist() == [by_datasketch(row, num_perm, seed) for row in rows]


@pytest.mark.parametrize("count", [511, 512, 513, 5000])
def test_long_rows_are_signed_in_parts(count: int) -> None:
    """Rows longer than what is mixed at a time give datasketch's signature, too."""
    row = np.random.default_rng(1).integers(0, 2**64 - 1, count, dtype=np.uint64)
    assert signatures(Ragged.of([row]), 16, 3)[0].tolist() == by_datasketch(row.tolist(), 16, 3)


def test_empty_row_is_all_ones() -> None:
    """An empty set has the signature that no minimum lowered."""
    assert (signatures(Ragged.of([[], [1], []]), 8)[[0, 2]] == EMPTY).all()


@settings(deadline=None)  # the first call compiles
@given(SHINGLES, st.randoms())
def test_order_and_repetitions_do_not_matter(row: list[int], random: object) -> None:
    """A signature is that of the set."""
    shuffled = [*row, *row[:3]]
    random.shuffle(shuffled)
    found = signatures(Ragged.of([row, shuffled]), 12)
    assert found[0].tolist() == found[1].tolist()


def test_similarity_is_estimated() -> None:
    """The share of equal places is the Jaccard similarity, within five standard errors."""
    pool = np.random.default_rng(9).integers(0, 2**64 - 1, 1500, dtype=np.uint64)
    a, b = signatures(Ragged.of([pool[:1000], pool[500:]]), 4096)
    assert abs(float(np.mean(a == b)) - 1 / 3) < 5 * (2 / 9 / 4096) ** 0.5


@pytest.mark.parametrize(
    ("num_perm", "seed"), [(0, 1), (MOST_PERMUTATIONS + 1, 1), (8, -1), (8, 2**32)]
)
def test_impossible_parameters_are_refused(num_perm: int, seed: int) -> None:
    """Parameters that cannot be are named."""
    with pytest.raises(ValueError, match="must be"):
        permutations(num_perm, seed)
