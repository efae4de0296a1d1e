"""Passages that are cut as a whole, many in one call, among others that are edited inside."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from cleaner import batch as b
from cleaner.text.pieces import restore

TEXTS = st.lists(
    st.lists(st.text("aă€\u200b ", max_size=6), max_size=5).map("\n".join), min_size=1, max_size=4
)


def make(texts: list[str]) -> b.Batch:
    """A batch of untouched documents."""
    column = pa.array(texts, pa.string())
    chars = pc.utf8_length(column).cast(pa.int64())
    ordinals = pa.array(range(len(texts)), pa.int64())
    docs = pa.record_batch({"ordinal": ordinals, "raw_chars": chars})
    return b.new(docs, column).for_stage("first", 1)


def booked(batch: b.Batch) -> list[dict[str, Any]]:
    """All ledger rows."""
    return [row for rows in batch.ledger for row in rows.to_pylist()]


@given(TEXTS, st.data())
def test_the_books_hold_whatever_is_cut(texts: list[str], data: st.DataObject) -> None:
    """Two calls of mixed cuts: each document restores, and each character is cut once."""
    batch = make(texts)
    for _ in range(2):
        lengths = pc.utf8_length(batch.passage_text).to_pylist()
        edits = []
        for passage, length in enumerate(lengths):
            how = data.draw(st.sampled_from(["keep", "whole", "inside"])) if length else "keep"
            if how == "whole":
                edits.append(b.Edit(passage, 0, length, "r.whole", score=0.5))
            elif how == "inside":
                start = data.draw(st.integers(0, length - 1))
                edits.append(b.Edit(passage, start, start + 1, "r.inside", evidence="why"))
        batch = batch.cut(edits)
    rows = booked(batch)
    for ordinal, (text, now) in enumerate(zip(texts, batch.text.to_pylist(), strict=True)):
        mine = [r for r in rows if r["ordinal"] == ordinal]
        fields = ("start", "end", "step", "before", "after")
        assert restore(now, [tuple(r[f] for f in fields) for r in mine]) == text
        assert len(now) == len(text) - sum(r["cut_chars"] for r in mine)
    places = [(r["step"], r["ordinal"], r["start"]) for r in rows]
    assert places == sorted(places)


def test_a_whole_passage_that_is_rewritten_to_nothing_is_a_rewrite() -> None:
    """The action is that of the verb, not of what is left."""
    batch = make(["\u200b\n", "a\nb"]).rewrite(
        [b.Edit(0, 0, 2, "r.none"), b.Edit(1, 0, 1, "r.one", "x")]
    )
    assert batch.text.to_pylist() == ["", "x\nb"]
    assert [(r["action"], r["rule"], r["cut_chars"]) for r in booked(batch)] == [
        ("rewrite", "r.none", 2),
        ("rewrite", "r.one", 0),
    ]


def test_a_passage_cut_inside_and_then_as_a_whole() -> None:
    """The later row spans the earlier one, holds what was left, and counts only that."""
    batch = make(["abcd\nx"]).cut([b.Edit(0, 1, 3, "r.a")])
    batch = batch.cut([b.Edit(0, 0, 3, "r.b"), b.Edit(1, 0, 1, "r.c")])
    assert batch.text.to_pylist() == [""]
    assert [(r["before"], r["start"], r["end"], r["cut_chars"]) for r in booked(batch)] == [
        ("bc", 1, 3, 2),
        ("ad\n", 0, 5, 3),
        ("x", 5, 6, 1),
    ]
    assert batch.live_chars() == (0, 0, 6)
