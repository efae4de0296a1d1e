import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.dedup.band import band_keys

SIGNATURES = st.lists(st.lists(st.integers(0, 2), min_size=13, max_size=13), max_size=8)


@settings(deadline=None)  # the first call compiles
@given(SIGNATURES, st.integers(1, 4), st.integers(1, 3))
def test_keys_are_equal_where_bands_are(rows: list[list[int]], bands: int, size: int) -> None:
    """Two keys are equal if and only if they are of one band and its places agree."""
    signatures = np.array(rows, dtype=np.uint32).reshape(-1, 13)
    keys = band_keys(signatures, bands, size)
    assert keys.shape == (len(rows), bands)
    meaning = {
        (int(keys[i, b]), b, tuple(row[b * size : (b + 1) * size]))
        for i, row in enumerate(rows)
        for b in range(bands)
    }
    assert len({k for k, _, _ in meaning}) == len({(b, p) for _, b, p in meaning}) == len(meaning)


def test_number_of_rows_is_part_of_the_key() -> None:
    """Keys of one cut of the signature never meet those of another."""
    signatures = np.zeros((1, 12), dtype=np.uint32)
    keys = [*band_keys(signatures, 6, 2)[0], *band_keys(signatures, 4, 3)[0]]
    assert len(set(keys)) == 10


def test_parts_give_the_same_keys() -> None:
    """A strided or cut matrix gives the keys of its rows."""
    signatures = np.random.default_rng(2).integers(0, 2**32, (9, 16), dtype=np.uint32)
    keys = band_keys(signatures, 4, 4)
    assert np.array_equal(band_keys(signatures[::2], 4, 4), keys[::2])
    assert np.array_equal(band_keys(signatures[3:5], 4, 4), keys[3:5])


@pytest.mark.parametrize(("bands", "rows"), [(0, 1), (1, 0), (5, 4), (1, 17)])
def test_bands_that_do_not_fit_are_refused(bands: int, rows: int) -> None:
    """Bands need at least one row, and no more places than there are."""
    with pytest.raises(ValueError, match="bands"):
        band_keys(np.zeros((1, 16), dtype=np.uint32), bands, rows)
    with pytest.raises(ValueError, match="dimensions"):
        band_keys(np.zeros(16, dtype=np.uint32), 1, 1)
