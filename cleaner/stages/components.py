"""Connected components of the graph of candidates: by one task where it fits, else in rounds.

Buckets give star edges, of which each task keeps a spanning forest. Where the edges fit in memory
one task finds the components. Else every partition looks at its own nodes with their neighbours, in
rounds (Kiveris et al. 2014, "Connected Components in MapReduce and Beyond", section 3): a small
star ties the smaller neighbours of a node, and itself, to the least of them; a large star ties the
larger ones to the least neighbour of all. Neither cuts a component or joins two, each node moves
towards the smallest of its component, and after about log² rounds all are tied to it. Neighbours
come as a sorted stream, the least first, so a node with a billion of them takes no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.dedup.component import components
from cleaner.stages.steps import HOME, UNSETTLED, Merge, Note, Repeat

Ints = NDArray[np.int64]
Home = Callable[[Ints, Ints], pa.RecordBatch]

EDGES = pa.schema([("node", pa.uint64()), ("other", pa.int64())])
"""A node and one of its neighbours; met by node, in the order of the neighbours."""
FOREST_EDGES = 1 << 19
"""Edges of which a forest is made at a time: some 60 MB."""
EDGE_BYTES = 144
"""What an edge takes where one task finds the components: of 4 million, 126 to 137 measured."""


def star_edges(node: str) -> Merge:
    """Buckets to edges: each member of a bucket but the first, and the first; a forest of them.

    Linear in the bucket, never all pairs. Reads (key, `node`) rows sorted by both; `node` names an
    int64 column of numbers from 0.
    """

    def rows(stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for nodes, others in forests(_stars(stream, node)):
            yield edge_rows(nodes, others)

    return Merge(rows, "node", ("other",), EDGES)


def _stars(stream: Iterable[pa.RecordBatch], node: str) -> Iterator[tuple[Ints, Ints]]:
    """Members of buckets, each with the first of its bucket."""
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
        if apart.any():
            yield nodes[apart], hubs[apart]


def forests(
    edges: Iterable[tuple[Ints, Ints]], most: int | None = None
) -> Iterator[tuple[Ints, Ints]]:
    """Edges with the same components, at most one a node of each `most` edges that were given.

    Yields (node, the smallest node that is known of its component), the former larger; `most` is
    `FOREST_EDGES` if it is not given.
    """
    most = FOREST_EDGES if most is None else most
    held: list[tuple[Ints, Ints]] = []
    count = 0
    for edge in edges:
        held.append(edge)
        count += len(edge[0])
        if count >= most:
            held = [_forest(held)]
            count = len(held[0][0])
            if count > most // 2:  # hardly smaller: it would be made again and again
                yield held[0]
                held, count = [], 0
    if count:
        yield _forest(held)


def _forest(edges: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    left, right = (np.concatenate([edge[i] for edge in edges]) for i in (0, 1))
    nodes, labels = components(left, right)
    apart = nodes != labels
    return nodes[apart], labels[apart]


def edge_rows(nodes: Ints, others: Ints) -> pa.RecordBatch:
    """Edges as rows of `EDGES`."""
    return pa.RecordBatch.from_arrays(
        [pa.array(nodes.astype(np.uint64)), pa.array(others)], schema=EDGES
    )


def component_labels(home: Home, schema: pa.Schema) -> Repeat:
    """Edges, each at its larger node, to the component of each node, sent home.

    Args:
        home: (nodes, labels) → rows with a column `ordinal`; a label is the smallest node of its
            component.
        schema: of those rows.
    """
    return Repeat(
        alone=Merge(partial(_all_at_once, home), HOME, (), schema),
        rounds=(
            Merge(small_stars, "node", ("other",), EDGES),
            Merge(large_stars, "node", ("other",), EDGES),
        ),
        settled=Merge(partial(_settled, home), HOME, (), schema),
        row_bytes=EDGE_BYTES,
    )


def _all_at_once(home: Home, stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    edges = [_columns(batch) for batch in stream]
    if edges:
        left, right = (np.concatenate([edge[i] for edge in edges]) for i in (0, 1))
        del edges
        yield home(*components(left, right))


def _settled(home: Home, stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in stream:
        yield home(*_columns(batch))


def _columns(batch: pa.RecordBatch) -> tuple[Ints, Ints]:
    return batch.column("node").to_numpy().astype(np.int64), batch.column("other").to_numpy()


def small_stars(stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Ties each node, and its smaller neighbours, to the least of them; both ways.

    Reads rows whose `other` is not above `node`, sorted; a node tied to itself tells nothing.
    """
    for nodes, others, least, begins in _neighbours(stream):
        tied = (others < nodes) & (others != least)
        own = begins & (least < nodes)
        left = np.concatenate([others[tied], nodes[own]])
        right = np.concatenate([least[tied], least[own]])
        if len(left):
            yield edge_rows(np.concatenate([left, right]), np.concatenate([right, left]))


def large_stars(stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch | Note]:
    """Ties the larger neighbours of each node to the least one of all, or to itself.

    Reads each edge both ways, sorted; gives each at its larger end. A node that has no smaller
    neighbour is tied to itself. Notes nodes that are tied both to a smaller and to a larger one,
    or to two smaller ones: without any, every node is tied to the smallest of its component.
    """
    unsettled = 0
    for nodes, others, least, begins in _neighbours(stream):
        larger = others > nodes
        lead = np.minimum(least, nodes)
        unsettled += int((larger & (lead < nodes)).sum())
        unsettled += int(((others < nodes) & (others != least)).sum())
        roots = begins & (lead == nodes)
        yield edge_rows(
            np.concatenate([others[larger], nodes[roots]]),
            np.concatenate([lead[larger], nodes[roots]]),
        )
    if unsettled:
        yield Note(UNSETTLED, unsettled)


def _neighbours(
    stream: Iterable[pa.RecordBatch],
) -> Iterator[tuple[Ints, Ints, Ints, NDArray[np.bool_]]]:
    """Nodes, their neighbours, the least neighbour of each node, and whether a row is its first.

    Rows that come twice come once.
    """
    last: tuple[int, int, int] | None = None  # a node, its neighbour, its least neighbour
    for batch in stream:
        nodes, others = _columns(batch)
        same = np.zeros(len(nodes), bool)
        same[1:] = nodes[1:] == nodes[:-1]
        again = np.zeros(len(nodes), bool)
        again[1:] = same[1:] & (others[1:] == others[:-1])
        goes_on = last is not None and last[0] == nodes[0]
        same[0] = goes_on
        again[0] = goes_on and last is not None and last[1] == others[0]
        place = np.maximum.accumulate(np.where(same, -1, np.arange(len(nodes))))
        before = last[2] if last is not None else 0
        least = np.where(place >= 0, others[np.maximum(place, 0)], before)
        last = int(nodes[-1]), int(others[-1]), int(least[-1])
        new = ~again
        if new.any():
            yield nodes[new], others[new], least[new], ~same[new]
