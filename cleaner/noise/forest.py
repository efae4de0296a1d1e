"""Boosted trees in integers: applied by a compiled kernel, the same on every CPU."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel

UNIT = 1024
"""Leaf values are so many to a nat."""
LEAF = 32767
_BLOCK = 32


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Binary trees; the sum of their leaves is a score in 1/1024 nat.

    Attributes:
        roots: int32[trees], the first node of each tree.
        feature, threshold: int16[nodes]; left is where the feature is at most the threshold.
        left: int32[nodes]; the right child stands behind the left one. A leaf is its own left
            child, and its threshold is `LEAF`, which no feature exceeds.
        value: int16[nodes], the score of a line that ends here; in inner nodes the mean of those
            below, for explanations.
        depth: steps from a root to the farthest leaf.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: NDArray[np.int16]
    left: NDArray[np.int32]
    value: NDArray[np.int16]
    depth: int
    _nodes: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Pack the nodes, and refuse trees that a kernel could not walk safely.

        Raises:
            ValueError: the arrays do not fit, or a child does not exist.
        """
        nodes = len(self.feature)
        sizes = {nodes, len(self.threshold), len(self.left), len(self.value)}
        if len(sizes) != 1 or not 0 <= self.depth <= 64:
            raise ValueError("the arrays of a forest do not have one entry per node")
        right = self.left + (self.threshold != LEAF)
        for places in (self.roots, self.left, right):
            if places.size and (places.min() < 0 or places.max() >= nodes):
                raise ValueError("a tree points to a node that does not exist")
        if nodes and self.feature.min() < 0:
            raise ValueError("a tree asks for a feature that does not exist")
        packed = self.left.astype(np.int64) << 32 | self.feature.astype(np.int64) << 16
        packed |= self.threshold.astype(np.int64) & 0xFFFF
        object.__setattr__(self, "_nodes", packed)

    @property
    def width(self) -> int:
        """Features that a line must have at least."""
        return int(self.feature.max()) + 1 if len(self.feature) else 0

    def scores(self, left: NDArray[np.int16], right: NDArray[np.int16]) -> NDArray[np.int32]:
        """Sums of the leaves of each line, int32[lines]; features are those of both matrices."""
        self._check(left, right)
        sums = np.zeros(len(left), np.int32)
        _walk(*self._columns(), self.depth, column(left, np.int16), column(right, np.int16), sums)
        return sums

    def contributions(self, left: NDArray[np.int16], right: NDArray[np.int16]) -> NDArray[np.int32]:
        """What each feature adds to the score of each line, int32[lines, features].

        A step from a node to its child credits the node's feature with the change of the mean
        (Saabas, "Interpreting random forests", 2014); the sum is the score less the trees' means.
        """
        self._check(left, right)
        shares = np.zeros((len(left), left.shape[1] + right.shape[1]), np.int32)
        _trace(
            *self._columns(), self.depth, column(left, np.int16), column(right, np.int16), shares
        )
        return shares

    def _check(self, left: NDArray[np.int16], right: NDArray[np.int16]) -> None:
        if left.ndim != 2 or right.ndim != 2 or len(left) != len(right):
            raise ValueError("both matrices must have one row per line")
        if left.shape[1] + right.shape[1] < self.width:
            raise ValueError(f"the trees ask for {self.width} features")

    def _columns(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """The arrays as kernels take them."""
        return (
            column(self.roots, np.int32),
            column(self._nodes, np.int64),
            column(self.value, np.int16),
        )


@kernel
def _step(node: Any, nodes: Any, x: Any) -> Any:
    """The child of a node that a line's features lead to."""
    packed = nodes[node]
    goes_right = x[(packed >> 16) & 0xFFFF] > ((packed << 48) >> 48)
    return (packed >> 32) + goes_right


@kernel
def _walk(roots: Any, nodes: Any, value: Any, depth: Any, left: Any, right: Any, sums: Any) -> None:
    """Add the leaf of each tree to each line's sum; in blocks, so that steps overlap."""
    lines, width, more = left.shape[0], left.shape[1], right.shape[1]
    x = np.zeros((_BLOCK, width + more), np.int16)
    node = np.zeros(_BLOCK, np.int64)
    for low in range(0, lines, _BLOCK):
        size = min(_BLOCK, lines - low)
        for at in range(size):
            for which in range(width):
                x[at, which] = left[low + at, which]
            for which in range(more):
                x[at, width + which] = right[low + at, which]
        for root in roots:
            for at in range(_BLOCK):
                node[at] = root
            for _ in range(depth):
                for at in range(_BLOCK):
                    node[at] = _step(node[at], nodes, x[at])
            for at in range(size):
                sums[low + at] += value[node[at]]


@kernel
def _trace(
    roots: Any, nodes: Any, value: Any, depth: Any, left: Any, right: Any, shares: Any
) -> None:
    """Credit each step of each line to the feature that decided it."""
    width = left.shape[1]
    x = np.zeros(width + right.shape[1], np.int16)
    for line in range(left.shape[0]):
        x[:width] = left[line]
        x[width:] = right[line]
        for root in roots:
            node = np.int64(root)
            for _ in range(depth):
                child = _step(node, nodes, x)
                shares[line, (nodes[node] >> 16) & 0xFFFF] += value[child] - value[node]
                node = child
