"""Repeats within a document: the kernel against the same rules in plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.dedup import echo
from cleaner.text.ragged import Ragged

Row = tuple[frozenset[int], frozenset[int], frozenset[int]]
sets = st.frozensets(st.integers(0, 9), max_size=8)
numbers = st.sampled_from([frozenset[int](), frozenset({1}), frozenset({1, 2})])
rows = st.tuples(sets, sets, numbers)


def ragged(values: list[frozenset[int]]) -> Ragged:
    """Sorted sets as rows."""
    return Ragged.of([sorted(v) for v in values])


def kernel(
    documents: list[list[Row]], threshold: float, containment: float, window: int, reach: int
) -> list[tuple[int, float, bool]]:
    """The kernel's answer for each row."""
    flat = [row for document in documents for row in document]
    groups = np.repeat(np.arange(len(documents), dtype=np.int64), [len(d) for d in documents])
    columns = [ragged([r[i] for r in flat]) for i in range(3)]
    found, similarity, contained = echo.echoes(
        columns[0], columns[1], groups, columns[2], threshold, containment, window, reach
    )
    return list(zip(found.tolist(), similarity.tolist(), contained.tolist(), strict=True))


def plain(
    document: list[Row], threshold: float, containment: float, window: int, reach: int
) -> list[tuple[int, float, bool]]:
    """The rules, one after the other: the most similar earlier row, of equals the earliest."""
    answers: list[tuple[int, float, bool]] = []
    for i, (mine, pairs, own) in enumerate(document):
        near, part = [], []
        for j in range(max(0, i - reach), i):
            other, others, theirs = document[j]
            if answers[j][0] >= 0 or not own <= theirs:
                continue
            both = mine | other
            if own == theirs and both and len(mine & other) / len(both) >= threshold:
                near.append((len(mine & other) / len(both), -j))
            fits = 0 < len(pairs) <= len(others) <= echo.MOST_LONGER * len(pairs)
            if i - j <= window and fits and len(pairs & others) / len(pairs) >= containment:
                part.append((len(pairs & others) / len(pairs), -j))
        best = max(near or part, default=(0.0, 1))
        answers.append((-best[1], best[0], bool(part and not near)))
    return answers


@settings(max_examples=300)
@given(
    st.lists(st.lists(rows, max_size=6), max_size=3),
    st.sampled_from([0.3, 0.5, 0.8, 1.0]),
    st.sampled_from([0.5, 0.9]),
    st.integers(0, 3),
    st.integers(1, 6),
)
def test_the_kernel_follows_the_rules(
    documents: list[list[Row]], threshold: float, containment: float, window: int, reach: int
) -> None:
    """Row, similarity and measure, for documents side by side."""
    found = kernel(documents, threshold, containment, window, reach)
    at = 0
    for document in documents:
        expected = [
            (j + at if j >= 0 else -1, value, part)
            for j, value, part in plain(document, threshold, containment, window, reach)
        ]
        assert found[at : at + len(document)] == expected
        at += len(document)


def test_no_rows() -> None:
    """Nothing in, nothing out."""
    assert kernel([], 0.8, 0.9, 4, 256) == []


def test_what_repeats_is_no_longer_compared_with() -> None:
    """A chain of look-alikes does not lead away from what stays."""
    chain: list[Row] = [(frozenset(range(i, i + 8)), frozenset(), frozenset()) for i in range(4)]
    found = [j for j, _, _ in kernel([chain], 0.7, 0.9, 0, 9)]
    assert found == [-1, 0, -1, 2]
