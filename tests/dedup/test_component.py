import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.dedup.component import components

NODE = st.integers(0, 12) | st.integers(2**62 - 3, 2**62) | st.integers(-3, -1)
EDGES = st.lists(st.tuples(NODE, NODE), max_size=30)


def by_search(edges: list[tuple[int, int]]) -> dict[int, int]:
    """Label of each node, by walking from it along the edges."""
    near: dict[int, set[int]] = {}
    for a, b in edges:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    labels = {}
    for node in near:
        seen, todo = {node}, [node]
        while todo:
            new = near[todo.pop()] - seen
            seen |= new
            todo.extend(new)
        labels[node] = min(seen)
    return labels


def found(edges: list[tuple[int, int]]) -> dict[int, int]:
    """What `components` says."""
    left, right = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    nodes, labels = components(left, right)
    assert nodes.tolist() == sorted(nodes.tolist())
    return dict(zip(nodes.tolist(), labels.tolist(), strict=True))


@settings(deadline=None)  # the first call compiles
@given(EDGES)
def test_label_is_the_smallest_node_that_can_be_reached(edges: list[tuple[int, int]]) -> None:
    """Labels are those of a search over the graph, for any numbers of nodes."""
    assert found(edges) == by_search(edges)


@settings(deadline=None)  # the first call compiles
@given(EDGES, st.randoms())
def test_order_and_direction_of_edges_do_not_matter(
    edges: list[tuple[int, int]], random: object
) -> None:
    """Shuffled, turned and repeated edges give the same components."""
    other = [(b, a) if random.random() < 0.5 else (a, b) for a, b in [*edges, *edges[:4]]]
    random.shuffle(other)
    assert found(other) == found(edges)


def test_long_chain_is_one_component() -> None:
    """A chain of 200000 nodes, edges in the worst order, is one component."""
    left = np.arange(200_000, 0, -1, dtype=np.int64)
    nodes, labels = components(left, left - 1)
    assert len(nodes) == 200_001
    assert not labels.any()


def test_lists_of_different_lengths_are_refused() -> None:
    """Each edge has two ends."""
    with pytest.raises(ValueError, match="length"):
        components(np.array([1, 2]), np.array([1]))
