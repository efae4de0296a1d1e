"""Exact similarity of sets: sorted rows without repetitions, as `shingle_sets` makes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.ragged import Ragged

_N0, _N1 = np.uint64(0), np.uint64(1)


def pair_jaccard(
    sets: Ragged, left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.float64]:
    """|A ∩ B| / |A ∪ B| of the rows left[i] and right[i], float64[pairs]; 0 for two empty sets.

    Raises:
        ValueError: left and right differ in length.
        IndexError: a row does not exist.
    """
    return _pairs(sets, left, right, containment=False)


def pair_containment(
    sets: Ragged, left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.float64]:
    """|A ∩ B| / min(|A|, |B|): how much of the smaller set lies in the larger; 0 if one is empty.

    Raises:
        ValueError: left and right differ in length.
        IndexError: a row does not exist.
    """
    return _pairs(sets, left, right, containment=True)


def jaccard(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> float:
    """|A ∩ B| / |A ∪ B| of two sorted arrays without repetitions; 0 for two empty ones."""
    return _of_two(a, b, containment=False)


def containment(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> float:
    """|A ∩ B| / min(|A|, |B|) of two sorted arrays without repetitions; 0 if one is empty."""
    return _of_two(a, b, containment=True)


def _of_two(a: NDArray[np.uint64], b: NDArray[np.uint64], *, containment: bool) -> float:
    """The similarity of two arrays."""
    rows = np.array([0, 1], dtype=np.int64)
    return float(_pairs(Ragged.of([a, b]), rows[:1], rows[1:], containment=containment)[0])


def _pairs(
    sets: Ragged, left: NDArray[np.int64], right: NDArray[np.int64], *, containment: bool
) -> NDArray[np.float64]:
    """Check the rows, then call the kernel."""
    left, right = column(left, np.int64), column(right, np.int64)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"left {left.shape} and right {right.shape} must be of one length")
    for rows in (left, right):
        if len(rows) and (rows.min() < 0 or rows.max() >= len(sets)):
            raise IndexError(f"a row is outside 0:{len(sets)}")
    out = np.empty(len(left), dtype=np.float64)
    _compare(
        column(sets.offsets, np.int64),
        column(sets.values, np.uint64),
        left,
        right,
        containment,
        out,
    )
    return out


@kernel
def _common(
    values: NDArray[np.uint64], a: np.uint64, a_end: np.uint64, b: np.uint64, b_end: np.uint64
) -> np.uint64:
    """How many values two sorted parts share; without branches, for they cannot be guessed."""
    shared = _N0
    while a < a_end and b < b_end:
        x, y = values[a], values[b]
        shared += np.uint64(x == y)
        a += np.uint64(x <= y)
        b += np.uint64(y <= x)
    return shared


@kernel
def _compare(
    offsets: NDArray[np.int64],
    values: NDArray[np.uint64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    containment: bool,
    out: NDArray[np.float64],
) -> None:
    """Fill `out` with the similarity of each pair."""
    for pair in range(np.uint64(len(left))):
        i, k = np.uint64(left[pair]), np.uint64(right[pair])
        a, a_end = np.uint64(offsets[i]), np.uint64(offsets[i + _N1])
        b, b_end = np.uint64(offsets[k]), np.uint64(offsets[k + _N1])
        shared = _common(values, a, a_end, b, b_end)
        sizes = (a_end - a) + (b_end - b)
        among = min(a_end - a, b_end - b) if containment else sizes - shared
        out[pair] = float(shared) / float(among) if among else 0.0
