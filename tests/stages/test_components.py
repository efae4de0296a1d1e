"""Components in rounds: as by one task, whatever the partitions, however long the chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.dedup.component import components
from cleaner.io.exchange import by_hash
from cleaner.stages.components import (
    EDGES,
    Ints,
    component_labels,
    edge_rows,
    forests,
    star_edges,
)
from cleaner.stages.steps import UNSETTLED, Merge, Note

LABELS = pa.schema([("ordinal", pa.int64()), ("label", pa.int64())])
NODE = st.integers(0, 12) | st.integers(0, 1 << 60)
PAIRS = st.lists(st.tuples(NODE, NODE), max_size=40)


def home(nodes: Ints, labels: Ints) -> pa.RecordBatch:
    """Rows of LABELS."""
    return pa.RecordBatch.from_arrays([pa.array(nodes), pa.array(labels)], schema=LABELS)


STEP = component_labels(home, LABELS)


def cut(rows: pa.Table, batch: int) -> Iterator[pa.RecordBatch]:
    """Sorted rows as a stream of small batches."""
    yield from rows.combine_chunks().to_batches(max_chunksize=batch)


def merged(
    merge: Merge, parts: list[pa.Table], partitions: int, batch: int
) -> tuple[list[pa.Table], int]:
    """Every partition through a merge, its rows exchanged; and what it noted."""
    out: list[pa.RecordBatch] = []
    noted = 0
    for part in parts:
        rows = part.sort_by([("node", "ascending"), ("other", "ascending")])
        for made in merge.rows(cut(rows, batch)):
            if isinstance(made, Note):
                assert made.name == UNSETTLED
                noted += made.number
            else:
                out.append(made)
    table = pa.Table.from_batches(out, merge.schema)
    if merge.key != "node":
        return [table], noted
    target = by_hash(table.column("node").to_numpy(), partitions)
    return [table.filter(pa.array(target == p)) for p in range(partitions)], noted


def in_rounds(edges: pa.Table, partitions: int, batch: int) -> tuple[dict[int, int], int]:
    """Node → label, and how many rounds it took."""
    target = by_hash(edges.column("node").to_numpy(), partitions)
    parts = [edges.filter(pa.array(target == p)) for p in range(partitions)]
    count = 0
    while True:
        for merge in STEP.rounds:
            parts, unsettled = merged(merge, parts, partitions, batch)
            count += 1
        if not unsettled:
            break
        assert count < 200
    [table], _ = merged(STEP.settled, parts, partitions, batch)
    nodes = table.column("ordinal").to_pylist()
    assert len(set(nodes)) == len(nodes)
    return dict(zip(nodes, table.column("label").to_pylist(), strict=True)), count


def edges_of(pairs: Iterable[tuple[int, int]]) -> pa.Table:
    """Rows of EDGES: the larger node, and the smaller."""
    rows = [(max(p), min(p)) for p in pairs if p[0] != p[1]]
    array = np.array(rows, np.int64).reshape(-1, 2)
    return pa.Table.from_batches([edge_rows(array[:, 0], array[:, 1])])


def by_walking(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Node → the smallest that can be reached, the plain way."""
    beside: dict[int, set[int]] = {}
    for a, b in pairs:
        if a != b:
            beside.setdefault(a, set()).add(b)
            beside.setdefault(b, set()).add(a)
    found: dict[int, int] = {}
    for start in sorted(beside):
        waiting = [] if start in found else [start]
        while waiting:
            node = waiting.pop()
            if found.setdefault(node, start) == start:
                waiting += [n for n in beside[node] if n not in found]
    return found


@settings(max_examples=150, deadline=None)
@given(PAIRS, st.integers(1, 5), st.sampled_from([1, 3, 1000]))
def test_rounds_find_the_components(
    pairs: list[tuple[int, int]], partitions: int, batch: int
) -> None:
    """Of any graph, in any number of partitions, in streams of any batches."""
    found, _ = in_rounds(edges_of(pairs), partitions, batch)
    assert found == by_walking(pairs)


@settings(max_examples=50, deadline=None)
@given(PAIRS)
def test_one_task_finds_the_same(pairs: list[tuple[int, int]]) -> None:
    """Where the edges fit in memory."""
    [table], _ = merged(STEP.alone, [edges_of(pairs)], 1, 7)
    found = dict(zip(*(c.to_pylist() for c in table.columns), strict=True))
    assert found == by_walking(pairs)


def test_a_long_chain_takes_few_rounds() -> None:
    """The worst graph: 20,000 nodes one behind the other, in an order of their own."""
    size = 20_000
    order = np.random.default_rng(1).permutation(size).tolist()
    pairs = list(zip(order[1:], order[:-1], strict=True))
    found, count = in_rounds(edges_of(pairs), 4, 1 << 20)
    assert found == dict.fromkeys(range(size), 0)
    assert count <= 24


def test_a_giant_star_settles_at_once() -> None:
    """One document that 50,000 others are like: a node with as many neighbours, in batches."""
    size = 50_000
    found, count = in_rounds(edges_of((0, i) for i in range(1, size)), 4, 999)
    assert found == dict.fromkeys(range(size), 0)
    assert count == 2


def test_random_graphs_near_the_threshold() -> None:
    """A giant component among small ones, against the union-find of the one task."""
    draw = np.random.default_rng(2)
    edges = draw.integers(0, 30_000, (18_000, 2))
    nodes, labels = components(edges[:, 0], edges[:, 1])
    table = edges_of(map(tuple, edges.tolist()))
    found, _ = in_rounds(table, 3, 1 << 12)
    known = dict(zip(nodes.tolist(), labels.tolist(), strict=True))
    apart = set(known) - set(found)
    assert all((edges[(edges == node).any(axis=1)] == node).all() for node in apart)
    assert found == {node: label for node, label in known.items() if node in found}


@settings(max_examples=80, deadline=None)
@given(PAIRS, st.integers(1, 30), st.integers(1, 5))
def test_a_forest_has_the_same_components(
    pairs: list[tuple[int, int]], most: int, batch: int
) -> None:
    """However few edges are looked at together; never more edges than there were."""
    array = np.array(pairs, np.int64).reshape(-1, 2)
    pieces = [(p[:, 0], p[:, 1]) for p in np.split(array, range(batch, len(array), batch))]
    made = [
        (int(a), int(b))
        for nodes, others in forests(pieces, most)
        for a, b in zip(nodes, others, strict=True)
    ]
    assert all(a > b for a, b in made)
    assert len(made) <= len(pairs)
    assert by_walking(made) == by_walking(pairs)


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_buckets_become_a_forest(batch: int) -> None:
    """Two buckets of the same three documents, and one of a fourth and a fifth: three edges."""
    rows = pa.table(
        [pa.array([1, 1, 1, 5, 5, 5, 9, 9], pa.uint64()), pa.array([2, 4, 7, 2, 4, 7, 3, 8])],
        names=["key", "node"],
    )
    [made] = star_edges("node").rows(cut(rows, batch))
    assert isinstance(made, pa.RecordBatch)
    assert made.schema == EDGES
    assert sorted(zip(*(c.to_pylist() for c in made.columns), strict=True)) == [
        (4, 2),
        (7, 2),
        (8, 3),
    ]
