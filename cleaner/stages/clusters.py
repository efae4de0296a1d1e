"""What the duplicates stages share: star edges of buckets, components, groups of a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.dedup.component import components
from cleaner.stages.steps import Merge

EDGES = pa.schema([("all", pa.uint64()), ("left", pa.int64()), ("right", pa.int64())])
"""Edges between nodes; `all` is 0: every edge reaches the one task that finds components."""


def star_edges(node: str) -> Merge:
    """Buckets to edges: the first member of a bucket to each other one.

    Linear in the bucket, never all pairs. Reads (key, `node`) rows sorted by both; `node` names an
    int64 column.
    """

    def rows(stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        last_key, hub = None, np.int64(0)
        for batch in stream:
            keys = batch.column(0).to_numpy()
            nodes = batch.column(node).to_numpy()
            begins = np.concatenate([np.ones(1, bool), keys[1:] != keys[:-1]])
            if last_key is not None and keys[0] == last_key:
                begins[0] = False
            place = np.maximum.accumulate(np.where(begins, np.arange(len(keys)), -1))
            hubs = np.where(place >= 0, nodes[np.maximum(place, 0)], hub)
            last_key, hub = keys[-1], hubs[-1]
            apart = hubs != nodes
            edges = np.unique(np.stack([hubs[apart], nodes[apart]], axis=1), axis=0)
            if len(edges):
                yield edge_rows(edges[:, 0], edges[:, 1])

    return Merge(rows, "all", ("left", "right"), EDGES)


def edge_rows(left: NDArray[np.int64], right: NDArray[np.int64]) -> pa.RecordBatch:
    """Edges as rows of `EDGES`."""
    zero = np.zeros(len(left), np.uint64)
    return pa.RecordBatch.from_arrays(
        [pa.array(zero), pa.array(left), pa.array(right)], schema=EDGES
    )


def component_labels(
    home: Callable[[NDArray[np.int64], NDArray[np.int64]], pa.RecordBatch], schema: pa.Schema
) -> Merge:
    """Edges to the component of each node, sent home.

    Args:
        home: (nodes, labels) → rows with a column `ordinal`; a label is the smallest node of its
            component.
        schema: of those rows.
    """

    def rows(stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        left, right = [], []
        for batch in stream:
            left.append(batch.column("left").to_numpy())
            right.append(batch.column("right").to_numpy())
        if left:
            nodes, labels = components(np.concatenate(left), np.concatenate(right))
            yield home(nodes, labels)

    return Merge(rows, "ordinal", (), schema, single=True)


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
