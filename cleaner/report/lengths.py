"""Classes of length for a histogram: 0, 1, 2-3, 4-7, … characters; the last one is open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CLASSES = 40


def classes(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Documents by class of length: int64[CLASSES]."""
    found: NDArray[np.int64] = np.frexp(lengths.astype(np.float64))[1].astype(np.int64)
    return np.bincount(np.minimum(found, CLASSES - 1), minlength=CLASSES).astype(np.int64)
