"""A sample of sets that copies come into together, and how many of its pairs the bands bring up.

Of a million documents a thousand drawn at random hold next to no copies of each other. So a set is
drawn by one of its own values: two sets of Jaccard similarity j have the same number with
probability j (Broder, "On the resemblance and containment of documents", 1997), and those with the
lowest numbers are a sample in which copies stand side by side. The draw knows nothing of the bands.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.dedup.jaccard import pair_jaccard
from cleaner.text.jit import column, kernel
from cleaner.text.mix import mix64
from cleaner.text.ragged import Ragged

MOST_VALUES = 1 << 21
"""Values of the sets that are compared all with all: what follows them in the sample is left."""

_N1 = np.uint64(1)
_SALT = np.uint64(0x5A3D9E2C71B8F604)
_NONE = np.uint64(0xFFFFFFFFFFFFFFFF)


class Measured(NamedTuple):
    """What comparing all with all found.

    Attributes:
        sets: that were compared.
        pairs: at or above the threshold, by exact Jaccard.
        met: of them, pairs that share a band.
        paired: sets that are in one of the pairs.
    """

    sets: int
    pairs: int
    met: int
    paired: int


def draws(rows: Ragged) -> NDArray[np.uint64]:
    """The number by which each row is drawn, uint64[rows]; 2^64 - 1 for an empty one.

    Order and repetitions of a row's values do not matter.
    """
    out = np.empty(len(rows), dtype=np.uint64)
    _draw_rows(column(rows.offsets, np.int64), column(rows.values, np.uint64), out)
    return out


def measure(sets: Ragged, keys: NDArray[np.uint64], threshold: float) -> Measured:
    """Compare all sets with all, and look which pairs of copies share a key in some band.

    `sets` as `shingle_sets` makes them, those to be compared first in front; `keys`
    uint64[sets, bands].
    """
    fits = np.searchsorted(np.cumsum(sets.counts), MOST_VALUES, side="right")
    sets, sizes = sets.slice(0, int(fits)), sets.counts[: int(fits)]
    left, right = np.triu_indices(len(sets), 1)
    # |A ∩ B| / |A ∪ B| is at most the smaller size by the larger: the others need no look.
    small, large = np.minimum(sizes[left], sizes[right]), np.maximum(sizes[left], sizes[right])
    able = small >= threshold * large * (1 - 1e-9)
    left, right = left[able], right[able]
    alike = pair_jaccard(sets, left, right) >= threshold
    left, right = left[alike], right[alike]
    met = (keys[left] == keys[right]).any(axis=1)
    paired = np.unique(np.concatenate([left, right]))
    return Measured(len(sets), len(left), int(met.sum()), len(paired))


@kernel
def _draw_rows(
    offsets: NDArray[np.int64], values: NDArray[np.uint64], out: NDArray[np.uint64]
) -> None:
    """The least image of a row's values, mixed once more so that long rows are not drawn first."""
    for row in range(np.uint64(len(offsets)) - _N1):
        at, end = np.uint64(offsets[row]), np.uint64(offsets[row + _N1])
        least = _NONE
        while at < end:
            least = min(least, mix64(values[at] ^ _SALT))
            at += _N1
        out[row] = mix64(least) if end > np.uint64(offsets[row]) else _NONE
