"""Connected components of the graph of candidate or verified pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel


def components(
    left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the components of the edges left[i] - right[i] between nodes of any numbers.

    Returns the nodes that occur, sorted, int64[nodes], and for each the smallest node of its
    component, int64[nodes]. Neither the order of the edges, nor their direction, nor repetitions
    matter. Memory: about 130 bytes an edge. Union-find with path halving (Tarjan and van Leeuwen,
    1984); a smaller node is always the root.

    Raises:
        ValueError: left and right differ in length.
    """
    left, right = column(left, np.int64), column(right, np.int64)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"left {left.shape} and right {right.shape} must be of one length")
    nodes, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    places = ends.reshape(-1).astype(np.uint64)
    parent = np.arange(len(nodes), dtype=np.uint64)
    _unite(column(places[: len(left)], np.uint64), column(places[len(left) :], np.uint64), parent)
    return nodes, nodes[parent]


@kernel
def _root(parent: NDArray[np.uint64], node: np.uint64) -> np.uint64:
    """The root of a node's tree; halves the path to it."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@kernel
def _unite(left: NDArray[np.uint64], right: NDArray[np.uint64], parent: NDArray[np.uint64]) -> None:
    """Join the ends of each edge, then let every node point to its root."""
    for edge in range(np.uint64(len(left))):
        a, b = _root(parent, left[edge]), _root(parent, right[edge])
        if a < b:
            parent[b] = a
        else:
            parent[a] = b
    for node in range(np.uint64(len(parent))):
        parent[node] = parent[parent[node]]
