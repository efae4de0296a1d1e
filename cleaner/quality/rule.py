"""A rule: a name, a value that is measured, and the bounds that a published corpus gave it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cleaner.quality.measures import Measures

Value: TypeAlias = Callable[[Measures, int], NDArray[np.float64] | NDArray[np.int64]]
Hits: TypeAlias = Callable[[Measures, int], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A document fails a rule whose value lies outside `min`:`max`; NaN lies inside.

    Attributes:
        name: its id in configs; in the ledger `quality.` stands before it.
        measure: what the value is, in words.
        source: paper and section; "own" says that a bound is not from there.
        value: the measured value of each document.
        min, max: closed bounds; None is none.
        size: a number that the measure itself takes; None if it takes none.
        size_means: what `size` is, in words.
        lines: of a rule about lines: which lines of all documents it flags. They can be cut, and
            the value is their share, or their number.
    """

    name: str
    measure: str
    source: str
    value: Value
    min: float | None = None
    max: float | None = None
    size: int | None = None
    size_means: str = ""
    lines: Hits | None = None

    def fails(
        self, values: NDArray[np.float64], low: float | None, high: float | None
    ) -> NDArray[np.bool_]:
        """Which values lie outside the bounds."""
        failed = np.zeros(len(values), bool)
        if low is not None:
            failed |= values < low
        if high is not None:
            failed |= values > high
        return failed

    def seen(self, value: float, low: float | None, high: float | None) -> str:
        """A value that failed, in words: "mean word length 11.4, at most 10"."""
        bound = f"at least {low:g}" if low is not None and value < low else f"at most {high:g}"
        return f"{self.measure} {value:.4g}, {bound}"
