"""The shuffle: each task writes one Arrow IPC file whose batch i holds partition i; the next phase reads batch i of all.

Rows of a partition are sorted by (key, *order) in each file. A partition is read as one sorted stream: ranges of keys
small enough for memory are cut out of every file by binary search, put together and sorted; nothing is read twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.io.store import ipc_reader, ipc_writer
from cleaner.text.mix import splitmix

ROWS_AT_ONCE = 1 << 20
"""Rows of one partition that are sorted in memory at a time."""


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
    """Write rows by partition, each partition sorted by `order`."""
    table = table.combine_chunks()
    keys = [(pa.array(target), "ascending")] + [
        (table.column(c).combine_chunks(), "ascending") for c in order
    ]
    names = [f"k{i}" for i in range(len(keys))]
    rank = pc.sort_indices(
        pa.table([k for k, _ in keys], names=names), sort_keys=[(n, "ascending") for n in names]
    )
    table = table.take(rank)
    bounds = np.searchsorted(target[rank.to_numpy()], np.arange(partitions + 1))
    with ipc_writer(path, table.schema) as out:
        for low, high in zip(bounds[:-1], bounds[1:], strict=True):
            part = table.slice(low, high - low).combine_chunks()
            batches = part.to_batches()
            out.write_batch(batches[0] if batches else _empty(table.schema))


def read(
    paths: Sequence[Path], partition: int, order: Sequence[str], rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[pa.RecordBatch]:
    """One partition of all files as a stream of batches sorted by `order`; its first column is the key, a uint64."""
    with ExitStack() as stack:
        parts = [stack.enter_context(ipc_reader(p)).get_batch(partition) for p in paths]
        parts = [p for p in parts if p.num_rows]
        if not parts:
            return
        key = order[0]
        columns = [p.column(key).to_numpy() for p in parts]
        at = [0] * len(parts)
        for splitter in _splitters(columns, rows_at_once):
            pieces = []
            for i, column in enumerate(columns):
                stop = (
                    len(column)
                    if splitter is None
                    else int(np.searchsorted(column, splitter, side="right"))
                )
                if stop > at[i]:
                    pieces.append(parts[i].slice(at[i], stop - at[i]))
                    at[i] = stop
            if not pieces:
                continue
            table = pa.Table.from_batches(pieces)
            if len(pieces) > 1:
                table = table.take(
                    pc.sort_indices(table, sort_keys=[(c, "ascending") for c in order])
                )
            yield from table.combine_chunks().to_batches(max_chunksize=rows_at_once)


def read_home(paths: Sequence[Path], shard: int) -> pa.Table | None:
    """The rows that came home to a shard, sorted by document; None if there are no files."""
    tables = []
    for path in paths:
        with ipc_reader(path) as reader:
            tables.append(pa.Table.from_batches([reader.get_batch(shard)]))
    if not tables:
        return None
    table = pa.concat_tables(tables)
    return table.take(pc.sort_indices(table, sort_keys=[("ordinal", "ascending")])).combine_chunks()


def _splitters(columns: Sequence[NDArray[np.uint64]], rows_at_once: int) -> list[np.uint64 | None]:
    """Keys that cut the partition into ranges of about `rows_at_once` rows; a last None takes the rest."""
    total = sum(map(len, columns))
    ranges = -(-total // rows_at_once)
    if ranges <= 1:
        return [None]
    step = max(1, total // (ranges * 64))
    samples = np.concatenate([c[::step] for c in columns])
    samples.sort()
    picks = np.unique(samples[np.linspace(0, len(samples) - 1, ranges + 1).astype(np.int64)[1:-1]])
    return [*picks, None]


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], f.type) for f in schema], schema=schema)
