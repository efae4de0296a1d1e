"""Counting of passages: documents per key, and per key and host, however the stream is cut."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.stages.repeats import COUNTS, ROWS, Repeats
from cleaner.stages.steps import Merge

ROW = st.tuples(
    st.integers(0, 4),  # key
    st.integers(0, 20),  # ordinal
    st.integers(0, 3),  # number
)


def counted(rows: list[tuple[int, int, int]], size: int, minimum: int) -> list[tuple[int, ...]]:
    """(ordinal, number, documents, documents of the host) as the stage counts them.

    Two ordinals in a row are near-copies, of one family.
    """
    ordered = sorted({(k, o % 3, o // 2, o, number) for k, o, number in rows})
    keys, hosts, families, ordinals, numbers = zip(*ordered, strict=True)
    columns = [keys, [False] * len(keys), hosts, families, ordinals, numbers]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, ROWS, strict=True)], schema=ROWS)
    step = Repeats(use="repeats", min_documents=minimum).steps()[1]
    assert isinstance(step, Merge)
    stream = iter(table.to_batches(max_chunksize=size))
    found = pa.Table.from_batches(list(step.rows(stream)), COUNTS).to_pylist()
    return sorted((r["ordinal"], r["number"], r["corpus"], r["host"]) for r in found)


@pytest.mark.parametrize("minimum", [2, 3])
@given(rows=st.lists(ROW, min_size=1, max_size=60), size=st.integers(1, 70))
def test_counts_are_those_of_a_plain_loop(
    minimum: int, rows: list[tuple[int, int, int]], size: int
) -> None:
    """Distinct families of each key and of each host; host 0 is none; rare keys are left out."""
    documents: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for key, ordinal, _ in rows:
        documents[key].add((ordinal % 3, ordinal // 2))
    expected = []
    for key, ordinal, number in set(rows):
        if len(documents[key]) >= minimum:
            host = ordinal % 3
            of_host = {f for h, f in documents[key] if h == host} if host else set()
            expected.append((ordinal, number, len(documents[key]), len(of_host)))
    assert counted(rows, size, minimum) == sorted(expected)
