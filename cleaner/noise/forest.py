"""Boosted trees in integers: applied by a compiled kernel, the same on every CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel

UNIT = 1024
"""Leaf values are so many to a nat."""
_BLOCK = 32


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Binary trees of one depth; the sum of their leaves is a score in 1/1024 nat.

    Attributes:
        roots: int32[trees], the first node of each tree.
        feature, threshold: int16[nodes]; left is where the feature is at most the threshold.
        children: int32[nodes, 2]; a leaf is its own child.
        value: int16[nodes], the score of a line that ends here; in inner nodes the mean of those
            below, for explanations.
        depth: steps from a root to the farthest leaf.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: NDArray[np.int16]
    children: NDArray[np.int32]
    value: NDArray[np.int16]
    depth: int

    def __post_init__(self) -> None:
        """Refuse trees that a kernel could not walk safely.

        Raises:
            ValueError: the arrays do not fit, or a child does not exist.
        """
        nodes = len(self.feature)
        sizes = {nodes, len(self.threshold), len(self.children), len(self.value)}
        if len(sizes) != 1 or self.children.shape != (nodes, 2) or not 0 <= self.depth <= 64:
            raise ValueError("the arrays of a forest do not have one entry per node")
        for places in (self.roots, self.children):
            if places.size and (places.min() < 0 or places.max() >= nodes):
                raise ValueError("a tree points to a node that does not exist")
        if nodes and self.feature.min() < 0:
            raise ValueError("a tree asks for a feature that does not exist")

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

    def _columns(
        self,
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """The arrays as kernels take them."""
        return (
            column(self.roots, np.int32),
            column(self.feature, np.int16),
            column(self.threshold, np.int16),
            column(self.children.reshape(-1), np.int32),
            column(self.value, np.int16),
        )


@kernel
def _walk(
    roots: Any,
    feature: Any,
    threshold: Any,
    children: Any,
    value: Any,
    depth: Any,
    left: Any,
    right: Any,
    sums: Any,
) -> None:
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
                    n = node[at]
                    node[at] = children[2 * n + np.int64(x[at, feature[n]] > threshold[n])]
            for at in range(size):
                sums[low + at] += value[node[at]]


@kernel
def _trace(
    roots: Any,
    feature: Any,
    threshold: Any,
    children: Any,
    value: Any,
    depth: Any,
    left: Any,
    right: Any,
    shares: Any,
) -> None:
    """Credit each step of each line to the feature that decided it."""
    width = left.shape[1]
    for line in range(left.shape[0]):
        for root in roots:
            n = np.int64(root)
            for _ in range(depth):
                which = np.int64(feature[n])
                x = left[line, which] if which < width else right[line, which - width]
                child = np.int64(children[2 * n + np.int64(x > threshold[n])])
                shares[line, which] += value[child] - value[n]
                n = child
