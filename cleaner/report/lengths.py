"""Classes of length for a histogram: 0, 1, 2-3, 4-7, … characters; the last one is open."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

CLASSES = 40
TOKEN_BOUNDS = (0, 1, *(1 << power for power in range(7, 18)))
"""Lower bounds of the classes of length in tokens: 0, 1, then 128 to 131,072."""


def token_classes(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Classes of length in tokens in words, shortest first: `0`, `1–127`, …, `131,072 and more`.

    `counts`: lower bound of a class → documents, as a run's report has them.
    """
    named = []
    for low, high in zip(TOKEN_BOUNDS, [*TOKEN_BOUNDS[1:], 0], strict=True):
        if high == 0:
            name = f"{low:,} and more"
        else:
            name = f"{low:,}" if high == low + 1 else f"{low:,}–{high - 1:,}"
        if str(low) in counts:
            named.append((name, counts[str(low)]))
    return named


def classes(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Documents by class of length: int64[CLASSES]."""
    found: NDArray[np.int64] = np.frexp(lengths.astype(np.float64))[1].astype(np.int64)
    return np.bincount(np.minimum(found, CLASSES - 1), minlength=CLASSES).astype(np.int64)
