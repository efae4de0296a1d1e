"""What bands catch: the chance that two documents of a given similarity are compared at all.

Two sets of Jaccard similarity j agree in one place of their signatures with probability j, in a
band of r rows with j^r, and in at least one of b bands with 1 - (1 - j^r)^b (Leskovec, Rajaraman
and Ullman, "Mining of Massive Datasets", section 3.4).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_STEPS = 64  # of Simpson's rule on each side of the threshold; 256 choose the same bands
_SHOWN = tuple(x / 100 for x in range(50, 100, 5))


def catch(j: float, bands: int, rows: int) -> float:
    """The probability that a pair of similarity j shares a band.

    Raises:
        ValueError: j is outside 0..1, or bands or rows is below 1.
    """
    if not 0 <= j <= 1:
        raise ValueError(f"a similarity lies in 0..1, not {j}")
    if bands < 1 or rows < 1:
        raise ValueError(f"at least one band of one row is needed, not {bands} of {rows}")
    agree = j**rows
    # Not 1 - (1 - j^r)^b, which loses all its digits where j^r is small.
    return 1.0 if agree == 1 else -math.expm1(bands * math.log1p(-agree))


def cost(threshold: float, bands: int, rows: int, miss_weight: float) -> float:
    """What a choice of bands costs, for pairs that are spread evenly over all similarities.

    miss_weight · (share of the pairs that are at or above the threshold and are not caught)
    + (1 - miss_weight) · (share of the pairs that are below it and are caught).
    """
    return float(_costs(threshold, np.array([[bands, rows]], np.float64), miss_weight)[0])


def _costs(
    threshold: float, choices: NDArray[np.float64], miss_weight: float
) -> NDArray[np.float64]:
    """`cost` of many choices of bands and rows, float64[n, 2]."""
    bands, rows = choices.T
    missed = (1 - threshold) - _area(threshold, 1, bands, rows)
    checked = _area(0, threshold, bands, rows)
    return miss_weight * missed + (1 - miss_weight) * checked


@lru_cache(maxsize=16)
def choose_bands(threshold: float, num_perm: int, miss_weight: float) -> tuple[int, int]:
    """The (bands, rows) of least `cost` with bands·rows <= num_perm.

    A missed pair is a copy that stays; a pair caught below the threshold costs one exact
    comparison. `miss_weight` says how the one weighs against the other: near 1 everything is
    caught and much is compared. Of choices that cost the same the one with fewer bands wins.

    Raises:
        ValueError: threshold is not in 0..1 or is 0, miss_weight is not strictly between 0 and 1,
            or num_perm is below 1.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, not {threshold}")
    if not 0 < miss_weight < 1:
        raise ValueError(f"miss_weight must be between 0 and 1, not {miss_weight}")
    if num_perm < 1:
        raise ValueError(f"num_perm must be at least 1, not {num_perm}")
    choices = [
        (bands, rows) for rows in range(1, num_perm + 1) for bands in range(1, num_perm // rows + 1)
    ]
    costs = _costs(threshold, np.array(choices, np.float64), miss_weight)
    # Rounded, so that the last digits of a machine's logarithm do not decide between equals.
    _, best = min(zip(np.round(costs, 12).tolist(), choices, strict=True))
    return best


def describe(bands: int, rows: int) -> str:
    """The catch curve for a report: a sentence, then a table of two lines, in percent.

    Raises:
        ValueError: bands or rows is below 1.
    """
    chances = [catch(j, bands, rows) for j in _SHOWN]
    half = (-math.expm1(math.log(0.5) / bands)) ** (1 / rows)
    return "\n".join(
        [
            f"{bands} bands of {rows} rows: half of the pairs of similarity {half:.2f} are caught.",
            "similarity " + " ".join(f"{j:6.2f}" for j in _SHOWN),
            "caught, %  " + " ".join(f"{100 * p:6.2f}" for p in chances),
        ]
    )


def _area(
    low: float, high: float, bands: NDArray[np.float64], rows: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The integrals of `catch` from low to high, of many choices at once, by Simpson's rule."""
    j = np.linspace(low, high, _STEPS + 1)
    weights = np.where(np.arange(_STEPS + 1) % 2, 4.0, 2.0)
    weights[[0, -1]] = 1
    agree = j ** rows[:, None]
    with np.errstate(divide="ignore"):  # log of 0 where all agree: the chance is 1, as it should be
        caught = -np.expm1(bands[:, None] * np.log1p(-agree))
    found: NDArray[np.float64] = caught @ weights * ((high - low) / _STEPS / 3)
    return found
