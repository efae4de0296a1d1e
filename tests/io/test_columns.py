"""Columns of foreign files: their JSON, fast or slow, is the same."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.io.columns import json_objects
from cleaner.io.json_record import dump

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ROW = st.tuples(st.none() | TEXT, st.none() | st.integers(-(2**63), 2**63 - 1), TEXT)


@given(st.lists(ROW, min_size=1, max_size=6), st.booleans(), TEXT)
def test_every_way_gives_the_same_json(rows: list[Any], large: bool, name: str) -> None:
    """Columns that need no escape are joined as a whole; the result is what `dump` writes."""
    names = [f"b{name}", "a", 'c"\n']
    kinds = [pa.large_string() if large else pa.string(), pa.int64(), pa.string()]
    columns = [pa.array(c, k) for c, k in zip(zip(*rows, strict=True), kinds, strict=True)]
    found = json_objects(names, columns)
    texts = found.to_pylist() if isinstance(found, pa.Array) else found
    assert texts == [dump(dict(zip(names, row, strict=True))) for row in rows]
    assert [json.loads(t)["a"] for t in texts] == [row[1] for row in rows]


def test_text_that_is_not_utf8_is_told() -> None:
    """Arrow does not look at the bytes of a string column; we do."""
    column = pa.array([b"ok", b"\xff"]).view(pa.string())
    with pytest.raises(UnicodeDecodeError):
        json_objects(["a"], [column])
