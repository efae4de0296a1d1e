"""Batches: the four verbs keep the books."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import batch as b
from cleaner.errors import EditError
from cleaner.text.pieces import restore
from tests.property.strategies import changes, documents


def make(texts: list[str]) -> b.Batch:
    """A batch of untouched documents."""
    column = pa.array(texts, pa.string())
    docs = pa.record_batch(
        {
            "ordinal": pa.array(range(len(texts)), pa.int64()),
            "raw_chars": pc.utf8_length(column).cast(pa.int64()),
        }
    )
    return b.new(docs, column).for_stage("first", 1)


def test_passages_tile_the_text() -> None:
    """Passages include their line ends; spans are code points of the original."""
    batch = make(["a\r\nđ\n\n€", "", "x"])
    assert batch.passage_text.to_pylist() == ["a\r\n", "đ\n", "\n", "€", "x"]
    assert batch.first.tolist() == [0, 4, 4, 5]
    assert batch.end.tolist() == [3, 5, 6, 7, 1]
    assert batch.passages.column("number").to_pylist() == [0, 1, 2, 3, 0]


def test_drop_keeps_the_text_in_the_ledger() -> None:
    """A dropped document's row holds what its text was at that moment."""
    batch = (
        make(["one\ntwo", "three"])
        .cut([b.Edit(0, 0, 4, "r.a")])
        .drop([b.Drop(0, "r.b", 0.5, "why")])
    )
    assert batch.text.to_pylist() == ["three"]
    row = batch.ledger[-1].to_pylist()[0]
    assert (row["action"], row["start"], row["end"], row["before"], row["cut_chars"]) == (
        "drop",
        0,
        7,
        "two",
        3,
    )
    assert (row["score"], row["evidence"], row["step"]) == (0.5, "why", 1001)


def test_a_cut_of_what_was_cut_counts_once() -> None:
    """`cut_chars` of a later, larger cut leaves out what an earlier one took."""
    batch = make(["abcdef"]).cut([b.Edit(0, 1, 3, "r.a")]).cut([b.Edit(0, 0, 4, "r.b")])
    assert [r["cut_chars"] for t in batch.ledger for r in t.to_pylist()] == [2, 4]
    assert batch.live_chars() == (0, 0, 6)


def test_annotations_follow_their_documents() -> None:
    """Columns of documents and passages survive a drop of others."""
    batch = make(["a\nb", "c", "d\ne"])
    batch = batch.annotate("lang", pa.array(["vi", "en", "fr"])).annotate(
        "n", pa.array([0, 1, 2, 3, 4]), "passages"
    )
    batch = batch.drop([b.Drop(1, "r.x")])
    assert batch.docs.column("lang").to_pylist() == ["vi", "fr"]
    assert batch.passages.column("n").to_pylist() == [0, 1, 3, 4]
    with pytest.raises(EditError, match="values for"):
        batch.annotate("lang", pa.array(["vi"]))


@pytest.mark.parametrize(
    "wrong",
    [b.Edit(7, 0, 1, "r"), b.Edit(0, 0, 9, "r"), b.Edit(0, 2, 2, "r"), b.Edit(-1, 0, 1, "r")],
)
def test_wrong_edits_stop_the_stage(wrong: b.Edit) -> None:
    """An edit outside its passage, or of no passage, is refused with the stage's name."""
    with pytest.raises(EditError, match="stage first"):
        make(["abc"]).rewrite([wrong])


def test_a_cut_has_no_text() -> None:
    """Replacing is what `rewrite` is for."""
    with pytest.raises(EditError, match="use rewrite"):
        make(["abc"]).cut([b.Edit(0, 0, 1, "r", "x")])


@given(st.lists(documents, min_size=1, max_size=4), st.data())
def test_books_balance_and_restore(texts: list[str], data: st.DataObject) -> None:
    """Random rewrites, cuts and drops: characters balance, the ledger restores all originals."""
    batch = make(texts)
    total = sum(map(len, texts))
    for stage in range(data.draw(st.integers(0, 4))):
        batch = batch.for_stage(f"s{stage}", stage)
        edits = []
        for p, text in enumerate(batch.passage_text.to_pylist()):
            edits += [b.Edit(p, *span, "r.e", new) for *span, new in data.draw(changes(len(text)))]
        batch = batch.rewrite(edits)
        if batch.num_docs and data.draw(st.integers(0, 3)) == 0:
            batch = batch.drop([b.Drop(data.draw(st.integers(0, batch.num_docs - 1)), "r.d")])
    rows = [r for t in batch.ledger for r in t.to_pylist()]
    final = dict(zip(batch.ordinals.tolist(), batch.text.to_pylist(), strict=True))
    for ordinal, original in enumerate(texts):
        mine = [
            (r["start"], r["end"], r["step"], r["before"], r["after"])
            for r in rows
            if r["ordinal"] == ordinal
        ]
        assert restore(final.get(ordinal, ""), mine) == original
    kept, rewritten, cut = batch.live_chars()
    dropped = sum(len(t) for i, t in enumerate(texts) if i not in final)
    assert kept + rewritten + cut + dropped == total
    assert sum(r["cut_chars"] for r in rows) == cut + dropped
    assert np.diff(batch.first).min(initial=0) >= 0
