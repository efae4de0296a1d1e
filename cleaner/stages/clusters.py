"""What the duplicates stages share: leaders of components, keys that go on over batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.dedup.keeper import KEPT, Assignment, Leaders
from cleaner.stages.steps import Note
from cleaner.text.mix import splitmix
from cleaner.text.ragged import Ragged


@dataclass(frozen=True, slots=True, eq=False)
class Led:
    """Members of whole components, in order, and whom each joined.

    Attributes:
        rows: the members, of which the columns that were asked for.
        leader: int64[rows], the row each joined, or `KEPT`.
        similarity: float64[rows], exact Jaccard with that one, 0 for a kept one.
    """

    rows: pa.Table
    leader: NDArray[np.int64]
    similarity: NDArray[np.float64]

    @property
    def joined(self) -> NDArray[np.int64]:
        """The rows that joined another."""
        return np.flatnonzero(self.leader != KEPT)

    def column(self, name: str) -> NDArray[np.int64]:
        """A column of the members."""
        values: NDArray[np.int64] = self.rows.column(name).to_numpy()
        return values


Watch = Callable[[pa.RecordBatch, Ragged, NDArray[np.uint64]], None]
"""Is shown the members, their sets and their keys uint64[rows, bands], made apart by component."""


def led(
    stream: Iterable[pa.RecordBatch],
    threshold: float,
    max_leaders: int,
    bands: int,
    columns: Sequence[str],
    watch: Watch | None = None,
) -> Iterator[Led | Note]:
    """Greedy leaders of every component of a stream sorted by component (column 0) and policy.

    Rows have the lists `set` and `keys`. All components that end in a batch of the stream are led
    at once: what a component's keys are mixed with keeps the others out. Of a component that goes
    on over batches there lie in memory `columns` of all its members, and the leaders' sets.
    """
    held: list[tuple[pa.RecordBatch, Assignment]] = []
    leaders = Leaders(threshold, max_leaders, bands)
    before: int | None = None

    def add(rows: pa.RecordBatch) -> None:
        sets, keys = from_lists(rows.column("set")), from_lists(rows.column("keys"))
        table = keys.values[int(keys.offsets[0]) : int(keys.offsets[-1])].reshape(-1, bands)
        table = table ^ splitmix(rows.column(0).to_numpy())[:, None]
        found = leaders.add(np.arange(rows.num_rows, dtype=np.int64), sets, table)
        held.append((rows.select(columns), found))
        if watch is not None:
            watch(rows, sets, table)

    for batch in stream:
        labels = batch.column(0).to_numpy()
        split = int(np.searchsorted(labels, labels[-1]))
        if split or labels[-1] != before:
            if split:
                add(batch.slice(0, split))
            if held:
                yield from _led(held)
            held, leaders = [], Leaders(threshold, max_leaders, bands)
        add(batch.slice(split))
        before = labels[-1]
    if held:
        yield from _led(held)


def _led(held: list[tuple[pa.RecordBatch, Assignment]]) -> Iterator[Led | Note]:
    found = [assignment for _, assignment in held]
    overflow = sum(int(f.overflow.sum()) for f in found)
    if overflow:
        yield Note("overflow", overflow)
    yield Led(
        pa.Table.from_batches([rows for rows, _ in held]).combine_chunks(),
        np.concatenate([f.leader for f in found]),
        np.concatenate([f.similarity for f in found]),
    )


def as_lists(rows: Ragged) -> pa.ListArray:
    """A ragged array as an Arrow column."""
    low = int(rows.offsets[0])
    offsets = pa.array((rows.offsets - low).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(rows.values[low : int(rows.offsets[-1])]))


def from_lists(column: pa.ListArray) -> Ragged:
    """An Arrow column of lists as a ragged array."""
    offsets = column.offsets.to_numpy().astype(np.int64)
    return Ragged(offsets - offsets[0], column.flatten().to_numpy())


def groups(stream: Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, bool]]:
    """Slices of a sorted stream, each of one key (column 0), with True at the last of a key."""
    held: pa.RecordBatch | None = None
    for batch in stream:
        keys = batch.column(0).to_numpy()
        if held is not None:
            yield held, held.column(0)[0].as_py() != int(keys[0])
        bounds = [0, *(np.flatnonzero(keys[1:] != keys[:-1]) + 1).tolist(), len(keys)]
        for low, high in pairwise(bounds[:-1]):
            yield batch.slice(low, high - low), True
        held = batch.slice(bounds[-2])
    if held is not None:
        yield held, True
