"""The shuffle: a task writes one Arrow IPC file whose batch i holds partition i, sorted.

A task that has more rows than it may hold writes them in runs, each with a batch for every
partition. The next phase reads partition i of all files and runs as one sorted stream: ranges of
rows small enough for memory are cut out of every one by binary search, put together and sorted.
Nothing is read twice, and a key that most rows have is cut like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.io.sealed import Sealed, SealedWriter, sealed_writer
from cleaner.text.mix import splitmix

ROWS_AT_ONCE = 1 << 20
"""Rows of one partition that are sorted in memory at a time, at most."""
BYTES_AT_ONCE = 128 << 20
"""Bytes of one partition that are sorted in memory at a time, roughly."""
BATCH_BYTES = 8 << 20
"""Bytes of a batch of a run, about."""
_PLACE = "#"
"""A column for the order in which equal rows come."""
SAMPLES = 64
"""Rows that are looked at for each range of a partition, to cut it evenly."""


def by_hash(keys: NDArray[np.uint64], partitions: int) -> NDArray[np.int64]:
    """The partition of each key."""
    if partitions == 1:
        return np.zeros(len(keys), np.int64)
    return ((splitmix(keys) >> np.uint64(33)) % np.uint64(partitions)).astype(np.int64)


def by_home(ordinals: NDArray[np.int64], bases: NDArray[np.int64]) -> NDArray[np.int64]:
    """The shard of each document; `bases` are the shards' first ordinals, ascending."""
    return np.searchsorted(bases, ordinals, side="right").astype(np.int64) - 1


def write(
    path: Path, table: pa.Table, target: NDArray[np.int64], partitions: int, order: Sequence[str]
) -> None:
    """Write rows by partition, each partition sorted by `order`, as a file of one run."""
    with sealed_writer(path, table.schema) as out:
        write_run(out, table, target, partitions, order)


def write_run(
    out: SealedWriter,
    table: pa.Table,
    target: NDArray[np.int64],
    partitions: int,
    order: Sequence[str],
) -> None:
    """Add a run: a batch for every partition, sorted by `order`."""
    table = table.combine_chunks()
    small = target.astype(np.uint16) if partitions <= 1 << 16 else target  # by counting, if small
    rank = np.argsort(small, kind="stable")
    bounds = np.searchsorted(target[rank], np.arange(partitions + 1))
    for low, high in pairwise(bounds.tolist()):
        rank[low:high] = _ranked(table, order, rank[low:high])
    table = table.take(pa.array(rank))
    for low, high in pairwise(bounds.tolist()):
        part = table.slice(low, high - low).combine_chunks()
        batches = part.to_batches()
        out.write_batch(batches[0] if batches else _empty(table.schema))


def read(
    paths: Sequence[Path],
    partition: int,
    order: Sequence[str],
    rows_at_once: int = ROWS_AT_ONCE,
    bytes_at_once: int = BYTES_AT_ONCE,
    partitions: int | None = None,
) -> Iterator[pa.RecordBatch]:
    """One partition of all files as a stream of batches sorted by `order`; none is empty.

    A batch has at most `rows_at_once` rows; about so many, or rows of `bytes_at_once`, are held at
    a time. `partitions`: of each file; None if all of them have a single run.
    """
    parts = [p for path in paths for p in _runs(Sealed(path), partition, partitions) if p.num_rows]
    yield from merged(parts, order, rows_at_once, bytes_at_once)


def merged(
    parts: Sequence[pa.RecordBatch],
    order: Sequence[str],
    rows_at_once: int = ROWS_AT_ONCE,
    bytes_at_once: int = BYTES_AT_ONCE,
) -> Iterator[pa.RecordBatch]:
    """Batches that are sorted by `order`, put together to a stream of such; as `read` gives it."""
    parts = [p for p in parts if p.num_rows]
    rows = sum(p.num_rows for p in parts)
    size = sum(p.nbytes for p in parts)
    rows_at_once = max(1, min(rows_at_once, bytes_at_once * rows // max(size, 1)))
    at = [0] * len(parts)
    for bound in _bounds(parts, order, rows_at_once):
        stops = [
            p.num_rows if bound is None else _rows_up_to(p, order, bound, low)
            for p, low in zip(parts, at, strict=True)
        ]
        pieces = [
            p.slice(low, stop - low)
            for p, low, stop in zip(parts, at, stops, strict=True)
            if stop > low
        ]
        at = stops
        if pieces:
            yield from _sorted(pieces, order).to_batches(max_chunksize=rows_at_once)


def rows_below(part: pa.RecordBatch, order: Sequence[str], values: Sequence[Any]) -> int:
    """How many rows of a batch sorted by `order` come before these values of the columns."""
    columns = [part.column(name) for name in order]
    wanted = [_comparable(value) for value in values]
    low, high = 0, part.num_rows
    while low < high:
        middle = (low + high) // 2
        if [_comparable(c[middle].as_py()) for c in columns] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def between(
    file: Sealed, order: Sequence[str], low: Sequence[Any] | None, high: Sequence[Any] | None
) -> Iterator[pa.RecordBatch]:
    """The rows of a file of runs from some values of the columns `order` to before others.

    Args:
        file: as `Runs` writes it; batches without such rows are not read.
        order: the first columns of those that it is sorted by.
        low: of the first row; None: from the beginning.
        high: of the row after the last; None: to the end.
    """
    for number in range(file.num_record_batches):
        keys = file.get_columns(number, order)
        begin = 0 if low is None else rows_below(keys, order, low)
        end = keys.num_rows if high is None else rows_below(keys, order, high)
        if end > begin:
            yield file.get_batch(number).slice(begin, end - begin)


class Runs:
    """Writes rows as runs: sorted by `order`, and cut into batches of a few megabytes.

    A run ends when it has about `bytes_at_once`. The file is sealed by column, so that a reader
    finds its rows by some columns, and takes those batches only in which they are.
    """

    def __init__(
        self, path: Path, schema: pa.Schema, order: Sequence[str], bytes_at_once: int
    ) -> None:
        self._out = SealedWriter(path, schema, by_column=True)
        self._order = order
        self._most = bytes_at_once
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0

    def write(self, rows: pa.Table) -> None:
        """Add rows."""
        self._waiting += rows.to_batches()
        self._bytes += rows.nbytes
        if self._bytes >= self._most:
            self._flush()

    def close(self) -> None:
        """Write the last run."""
        if self._waiting:
            self._flush()
        self._out.close()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._waiting).combine_chunks()
        rank = _ranked(table, self._order, np.arange(table.num_rows))
        rows = max(1, table.num_rows * BATCH_BYTES // max(table.nbytes, 1))
        sorted_ = table.take(pa.array(rank)).combine_chunks()
        for batch in sorted_.to_batches(max_chunksize=rows):
            self._out.write_batch(batch)
        self._waiting, self._bytes = [], 0


def read_home(
    paths: Sequence[Path], shard: int, order: Sequence[str] = (), shards: int | None = None
) -> pa.Table | None:
    """The rows that came home to a shard, sorted by document and `order`; None without files.

    `shards`: as `partitions` of `read`.
    """
    batches = []
    for path in paths:
        batches += _runs(Sealed(path), shard, shards)
    return _sorted(batches, ("ordinal", *order)) if batches else None


def _runs(reader: Sealed, partition: int, partitions: int | None) -> list[pa.RecordBatch]:
    """A partition's batch of every run."""
    step = partitions or max(1, reader.num_record_batches)
    return [reader.get_batch(i) for i in range(partition, reader.num_record_batches, step)]


def _sorted(batches: Sequence[pa.RecordBatch], order: Sequence[str]) -> pa.Table:
    """The rows of all batches in order, as columns of one piece."""
    table = pa.Table.from_batches(batches).combine_chunks()
    if len(batches) > 1:
        rank = _ranked(table, order, np.arange(table.num_rows))
        table = table.take(pa.array(rank)).combine_chunks()
    return table


def _ranked(table: pa.Table, order: Sequence[str], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some (ascending) rows of a table in order; equal ones as they come.

    Most keys are hashes that hardly repeat: NumPy sorts them by vector code, and only the rows that
    share one are sorted by all columns.
    """
    column = table.column(order[0])
    if not pa.types.is_integer(column.type) or column.null_count:
        return rows[_by_all(table.select(order).take(pa.array(rows)), order)]
    values = column.to_numpy()[rows]
    rank = np.argsort(values)
    ascending = values[rank]
    same = ascending[1:] == ascending[:-1]
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    if len(tied):
        again = rank[tied]
        shared = table.select(order).take(pa.array(rows[again]))
        shared = shared.append_column(_PLACE, pa.array(again))
        rank[tied] = again[_by_all(shared, (*order, _PLACE))]
    return rows[rank]


def _by_all(table: pa.Table, order: Sequence[str]) -> NDArray[np.int64]:
    """The rank of the rows by these columns."""
    rank: NDArray[np.int64] = pc.sort_indices(table, sort_keys=_ascending(order)).to_numpy()
    return rank.astype(np.int64)


def _ascending(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, "ascending") for name in names]


Bound: TypeAlias = list[tuple[int, Any]]
"""The values of one row, as `_comparable` makes them."""


def _bounds(
    parts: Sequence[pa.RecordBatch], order: Sequence[str], rows_at_once: int
) -> list[Bound | None]:
    """Rows that cut the partition into ranges of about `rows_at_once`; a last None ends it."""
    total = sum(p.num_rows for p in parts)
    ranges = -(-total // rows_at_once)
    if ranges <= 1:
        return [None] * ranges
    step = max(1, total // (ranges * SAMPLES))
    samples = _sorted(
        [p.select(order).take(pa.array(np.arange(0, p.num_rows, step))) for p in parts], order
    )
    picks = np.unique(np.linspace(0, samples.num_rows - 1, ranges + 1).astype(np.int64)[1:-1])
    rows = samples.take(pa.array(picks)).to_pylist()
    return [*([_comparable(row[name]) for name in order] for row in rows), None]


def _rows_up_to(part: pa.RecordBatch, order: Sequence[str], bound: Bound, low: int) -> int:
    """How many rows of a sorted part are not above a bound; at least `low` of them."""
    columns = [part.column(name) for name in order]
    high = part.num_rows
    while low < high:
        middle = (low + high) // 2
        if [_comparable(c[middle].as_py()) for c in columns] <= bound:
            low = middle + 1
        else:
            high = middle
    return low


def _comparable(value: Any) -> tuple[int, Any]:
    """A value that Python compares as Arrow sorts it: not-a-numbers after numbers, nulls last."""
    if value is None:
        return 2, 0
    return (1, 0) if value != value else (0, value)  # noqa: PLR0124  only NaN is not itself


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], f.type) for f in schema], schema=schema)
