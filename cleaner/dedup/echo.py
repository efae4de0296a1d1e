"""Passages that a document has before: each compared with the earlier ones, directly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.ragged import Ragged

MOST_LONGER = 2.5
"""A passage longer than so many times another one is a text that quotes it, no version of it."""

_N1 = np.uint64(1)


def echoes(
    sets: Ragged,
    pairs: Ragged,
    groups: NDArray[np.int64],
    numbers: Ragged,
    threshold: float,
    containment: float,
    window: int,
    reach: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Find, for each passage, the earlier passage of its document that it repeats.

    It repeats one if the Jaccard similarity of their `sets` is at least `threshold`; or, among the
    `window` passages before it, if at least `containment` of its `pairs` are among those of one
    that is longer, at most `MOST_LONGER` times as long. In the first case both have the same
    `numbers`, in the second the longer one has all numbers of the shorter one.

    Args:
        sets: sorted shingle sets of the passages, in the order of the documents.
        pairs: sorted sets of their 2-grams.
        groups: int64[n], the document of each; ascending.
        numbers: sorted sets of the words with digits; all empty where numbers do not count.
        threshold: of Jaccard, above 0.
        containment: of 2-grams, above 0.
        window: how many passages back containment looks.
        reach: how many passages back Jaccard looks.

    Returns:
        int64[n], the row of the passage that it repeats (the most similar one, of these the
        earliest), or -1;
        float64[n], the similarity; bool[n], True where it is containment.
    """
    n = len(sets)
    found = np.full(n, -1, np.int64)
    similarity = np.zeros(n, np.float64)
    contained = np.zeros(n, np.bool_)
    _compare(
        column(sets.offsets, np.int64), column(sets.values, np.uint64),
        column(pairs.offsets, np.int64), column(pairs.values, np.uint64),
        column(numbers.offsets, np.int64), column(numbers.values, np.uint64),
        column(groups, np.int64),
        float(threshold), float(containment), np.uint64(window), np.uint64(reach),
        found, similarity, contained,
    )  # fmt: skip
    return found, similarity, contained


@kernel
def _common(
    offsets: NDArray[np.int64], values: NDArray[np.uint64], left: np.uint64, right: np.uint64
) -> np.uint64:
    """How many values two sorted rows share."""
    a, a_end = np.uint64(offsets[left]), np.uint64(offsets[left + _N1])
    b, b_end = np.uint64(offsets[right]), np.uint64(offsets[right + _N1])
    shared = np.uint64(0)
    while a < a_end and b < b_end:
        x, y = values[a], values[b]
        shared += np.uint64(x == y)
        a += np.uint64(x <= y)
        b += np.uint64(y <= x)
    return shared


@kernel
def _compare(
    set_offsets: NDArray[np.int64],
    set_values: NDArray[np.uint64],
    pair_offsets: NDArray[np.int64],
    pair_values: NDArray[np.uint64],
    number_offsets: NDArray[np.int64],
    number_values: NDArray[np.uint64],
    groups: NDArray[np.int64],
    threshold: float,
    containment: float,
    window: np.uint64,
    reach: np.uint64,
    found: NDArray[np.int64],
    similarity: NDArray[np.float64],
    contained: NDArray[np.bool_],
) -> None:
    """Fill the results; what repeats something is itself no longer compared with."""
    for row in range(np.uint64(len(groups))):
        i = np.uint64(row)
        back = np.uint64(0)
        size = float(set_offsets[i + _N1] - set_offsets[i])
        grams = float(pair_offsets[i + _N1] - pair_offsets[i])
        while back < reach and back < i:
            back += _N1
            j = i - back
            if groups[j] != groups[i]:
                break
            if found[j] >= 0:
                continue
            shared_numbers = _common(number_offsets, number_values, i, j)
            mine = np.uint64(number_offsets[i + _N1] - number_offsets[i])
            if shared_numbers != mine:
                continue
            same = mine == np.uint64(number_offsets[j + _N1] - number_offsets[j])
            other = float(set_offsets[j + _N1] - set_offsets[j])
            if same and size >= threshold * other and other >= threshold * size and size > 0:
                shared = float(_common(set_offsets, set_values, i, j))
                value = shared / (size + other - shared)
                if value >= threshold and (found[i] < 0 or contained[i] or value >= similarity[i]):
                    found[i], similarity[i], contained[i] = np.int64(j), value, False
                    continue
            larger = float(pair_offsets[j + _N1] - pair_offsets[j])
            if (
                back <= window
                and grams > 0
                and grams <= larger <= MOST_LONGER * grams
                and (found[i] < 0 or contained[i])
            ):
                value = float(_common(pair_offsets, pair_values, i, j)) / grams
                if value >= containment and value >= similarity[i]:
                    found[i], similarity[i], contained[i] = np.int64(j), value, True
