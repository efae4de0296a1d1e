"""Rows of different lengths in two flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Row i is `values[offsets[i]:offsets[i + 1]]`.

    `offsets` is int64[rows + 1], does not decrease, and need not begin at 0 (a slice shares its
    parent's values);
    `values` is uint64[].
    """

    offsets: NDArray[np.int64]
    values: NDArray[np.uint64]

    def __post_init__(self) -> None:
        """Refuse what a kernel could not read safely.

        Raises:
            ValueError: the offsets are empty, decrease, or point outside the values; or a type is
                wrong.
        """
        if self.offsets.dtype != np.int64 or self.values.dtype != np.uint64:
            raise ValueError(
                "expected int64 offsets and uint64 values, "
                f"not {self.offsets.dtype} and {self.values.dtype}"
            )
        if self.offsets.ndim != 1 or self.values.ndim != 1 or not len(self.offsets):
            raise ValueError(
                "offsets need one dimension and at least one entry, values one dimension"
            )
        if (
            self.offsets[0] < 0
            or self.offsets[-1] > len(self.values)
            or np.any(np.diff(self.offsets) < 0)
        ):
            raise ValueError("offsets must not decrease, nor point outside the values")

    @classmethod
    def of(cls, rows: Iterable[Sequence[int] | NDArray[np.uint64]]) -> Ragged:
        """Build from rows, each a sequence of numbers below 2^64."""
        arrays = [np.asarray(row, dtype=np.uint64) for row in rows]
        offsets = np.zeros(len(arrays) + 1, dtype=np.int64)
        np.cumsum([len(a) for a in arrays], out=offsets[1:])
        return cls(offsets, np.concatenate(arrays) if arrays else np.empty(0, dtype=np.uint64))

    @classmethod
    def concat(cls, parts: Sequence[Ragged]) -> Ragged:
        """The rows of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        offsets = np.zeros(sum(len(p) for p in parts) + 1, np.int64)
        if parts:
            np.cumsum(np.concatenate([p.counts for p in parts]), out=offsets[1:])
        values = [p.values[int(p.offsets[0]) : int(p.offsets[-1])] for p in parts]
        return cls(offsets, np.concatenate(values) if values else np.empty(0, np.uint64))

    @property
    def counts(self) -> NDArray[np.int64]:
        """Length of each row, int64[rows]."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> NDArray[np.uint64]:
        row = range(len(self))[row]
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def __iter__(self) -> Iterator[NDArray[np.uint64]]:
        return (self[row] for row in range(len(self)))

    def slice(self, start: int, stop: int) -> Ragged:
        """Rows start:stop, without a copy of the values.

        Raises:
            IndexError: not 0 <= start <= stop <= rows.
        """
        if not 0 <= start <= stop <= len(self):
            raise IndexError(f"rows {start}:{stop} of {len(self)}")
        return Ragged(self.offsets[start : stop + 1], self.values)

    def take(self, rows: NDArray[np.int64]) -> Ragged:
        """The rows named, in that order, copied.

        Raises:
            IndexError: a row does not exist.
        """
        rows = np.asarray(rows, dtype=np.int64)
        if len(rows) and (rows.min() < 0 or rows.max() >= len(self)):
            raise IndexError(f"a row is outside 0:{len(self)}")
        counts = self.counts[rows]
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(counts, out=offsets[1:])
        source = np.repeat(self.offsets[:-1][rows] - offsets[:-1], counts) + np.arange(offsets[-1])
        return Ragged(offsets, self.values[source])
