"""Trees in integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.noise.forest import LEAF, Forest

STUMP = Forest(
    np.array([0, 3], np.int32),
    np.array([0, 0, 0, 1, 0, 0], np.int16),
    np.array([5, LEAF, LEAF, -2, LEAF, LEAF], np.int16),
    np.array([1, 1, 2, 4, 4, 5], np.int32),
    np.array([10, -100, 200, 0, 7, -9], np.int16),
    1,
)


def walk(forest: Forest, row: list[int]) -> int:
    """The sum of the leaves, step by step in Python."""
    total = 0
    for root in forest.roots.tolist():
        node = root
        for _ in range(forest.depth):
            goes_right = row[forest.feature[node]] > forest.threshold[node]
            node = int(forest.left[node]) + int(goes_right)
        total += int(forest.value[node])
    return total


def grow(draw: st.DrawFn) -> Forest:
    """A random forest over four features."""
    nodes: list[list[int]] = []

    def add(place: int, depth: int) -> None:
        nodes[place] = [0, LEAF, place, draw(st.integers(-3000, 3000))]
        if depth < 4 and draw(st.booleans()):
            left = len(nodes)
            nodes.extend([[], []])
            nodes[place][:3] = [draw(st.integers(0, 3)), draw(st.integers(-5, 5)), left]
            add(left, depth + 1)
            add(left + 1, depth + 1)

    roots = []
    for _ in range(draw(st.integers(0, 4))):
        roots.append(len(nodes))
        nodes.append([])
        add(roots[-1], 0)
    table = np.array(nodes, np.int64).reshape(-1, 4)
    return Forest(
        np.array(roots, np.int32),
        table[:, 0].astype(np.int16),
        table[:, 1].astype(np.int16),
        table[:, 2].astype(np.int32),
        table[:, 3].astype(np.int16),
        4,
    )


@given(st.data())
def test_the_kernel_walks_as_python_does(data: st.DataObject) -> None:
    """Any trees and any lines, however many."""
    forest = grow(data.draw)
    size = data.draw(st.integers(0, 70))
    rows = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-6, 7, (size, 4))
    left, right = rows[:, :3].astype(np.int16), rows[:, 3:].astype(np.int16)
    wanted = [walk(forest, row) for row in rows.tolist()]
    assert forest.scores(left, right).tolist() == wanted
    shares = forest.contributions(left, right).sum(axis=1)
    means = sum(int(forest.value[root]) for root in forest.roots.tolist())
    assert (shares + means).tolist() == wanted


def test_a_value_at_the_threshold_goes_left() -> None:
    """As in LightGBM."""
    left = np.array([[5, -2], [6, -2], [6, -1]], np.int16)
    none = np.zeros((3, 0), np.int16)
    assert STUMP.scores(left, none).tolist() == [-93, 207, 191]


def test_each_step_is_credited_to_its_feature() -> None:
    """The change of the mean goes to the feature that was asked."""
    found = STUMP.contributions(np.array([[6, -1]], np.int16), np.zeros((1, 0), np.int16))
    assert found.tolist() == [[190, -9]]


def test_trees_that_point_nowhere_are_refused() -> None:
    """A damaged file must not make a kernel read beyond its arrays."""
    parts = (STUMP.feature, STUMP.threshold, STUMP.left, STUMP.value, 1)
    with pytest.raises(ValueError, match="does not exist"):
        Forest(np.array([6], np.int32), *parts)
    with pytest.raises(ValueError, match="one entry per node"):
        Forest(STUMP.roots, STUMP.feature[:2], *parts[1:])
    with pytest.raises(ValueError, match="2 features"):
        STUMP.scores(np.zeros((1, 1), np.int16), np.zeros((1, 0), np.int16))
