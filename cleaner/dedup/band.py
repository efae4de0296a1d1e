"""Bands: documents that agree in a whole band of their signatures are worth comparing.

Locality-sensitive hashing after Indyk and Motwani (1998); `cleaner.dedup.curve` says how many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.mix import mix64, splitmix

ALGORITHM = "band-1"
"""Raised when the same signature gives other keys; a persisted index must match it."""

_FACTOR = np.uint64(0x9FB21C651E98DF25)
_S32 = np.uint64(32)


def band_keys(signatures: NDArray[np.uint32], bands: int, rows: int) -> NDArray[np.uint64]:
    """One key for each band of each signature, uint64[n, bands].

    Band k is made of places k·rows to (k + 1)·rows - 1; places beyond bands·rows are not used.
    The band's number is part of the key: keys of two bands are equal by chance only (2^-64 a
    pair). Signatures of empty sets agree in all bands: leave them out.

    Raises:
        ValueError: `signatures` is not a matrix, bands or rows is below 1, or bands·rows exceeds
            the length of a signature.
    """
    if signatures.ndim != 2:
        raise ValueError(f"signatures need two dimensions, not {signatures.ndim}")
    if bands < 1 or rows < 1 or bands * rows > signatures.shape[1]:
        raise ValueError(
            f"{bands} bands of {rows} rows do not fit a signature of {signatures.shape[1]}"
        )
    keys = np.empty((signatures.shape[0], bands), dtype=np.uint64)
    seeds = splitmix(np.arange(bands, dtype=np.uint64) + np.uint64(rows << 32))
    _key_rows(column(signatures, np.uint32), np.uint64(rows), column(seeds, np.uint64), keys)
    return keys


@kernel
def _key_rows(
    signatures: NDArray[np.uint32],
    rows: np.uint64,
    seeds: NDArray[np.uint64],
    keys: NDArray[np.uint64],
) -> None:
    """Fill `keys`, a chain of products over the places of each band."""
    for i in range(np.uint64(len(signatures))):
        for band in range(np.uint64(len(seeds))):
            x = seeds[band]
            for place in range(band * rows, band * rows + rows):
                x = (x ^ np.uint64(signatures[i, place])) * _FACTOR
                x ^= x >> _S32
            keys[i, band] = mix64(x)
