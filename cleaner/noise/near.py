"""Lines that stay by a hair: the model's score is just under the one above which they would go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleaner.noise.model import Scores

STEP, STEPS = 10, 10
"""A distance is told in classes of so many thousandths; lines further off are not near."""


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """Near misses of a batch, in order of the lines.

    Attributes:
        where: int64[lines], the passage that each is.
        noise: int64[lines], its score in thousandths.
        limit: int64[lines], the score above which it would have gone; never below `noise`.
    """

    where: NDArray[np.int64]
    noise: NDArray[np.int64]
    limit: NDArray[np.int64]
    _rows: NDArray[np.int64]
    _scores: Scores

    def counts(self) -> tuple[int, ...]:
        """Lines by class of distance, `STEPS` of them."""
        classes = (self.limit - self.noise) // STEP
        return tuple(np.bincount(classes, minlength=STEPS).tolist())

    def reasons(self, which: Sequence[int]) -> list[tuple[str, ...]]:
        """What speaks most for noise of some of them, see `Scores.reasons`."""
        return self._scores.reasons(self._rows[list(which)])


def near(scores: Scores, limits: NDArray[np.int64], stays: NDArray[np.bool_]) -> Near:
    """The near misses among the lines of `scores`; `limits` and `stays` have one entry a line."""
    noise = scores.noise.astype(np.int64)
    rows = np.flatnonzero(stays & (limits - noise < STEP * STEPS) & (limits >= noise))
    return Near(scores.where[rows], noise[rows], limits[rows], rows, scores)
