"""The state that one phase hands to the next: nothing is lost, nothing is added."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import batch as b
from cleaner.batch import Batch
from cleaner.errors import EditError
from cleaner.io.state import StateWriter, read_ledger, resume
from cleaner.io.store import Files
from tests.property.strategies import changes, documents

BASE = ("ordinal", "raw_chars")


def make(texts: list[str], base: int = 0) -> Batch:
    """A batch of untouched documents, numbered from `base`."""
    column = pa.array(texts, pa.string())
    docs = pa.record_batch(
        {
            "ordinal": pa.array(range(base, base + len(texts)), pa.int64()),
            "raw_chars": pc.utf8_length(column).cast(pa.int64()),
        }
    )
    return b.new(docs, column).for_stage("first", 1)


def write(folder: Path, batches: list[Batch]) -> None:
    """Write the batches as the state of shard 2."""
    files = Files(folder, 2)
    writer = StateWriter(files, BASE)
    for batch in batches:
        writer.write(batch)
    writer.close()
    files.commit("f", {}, {})


def check_same(found: Batch, expected: Batch) -> None:
    """Everything but the ledger, which is read apart."""
    assert found.docs.equals(expected.docs)
    assert found.passage_text.equals(expected.passage_text)
    assert found.text.to_pylist() == expected.text.to_pylist()
    assert found.passages.equals(expected.passages)
    for name in ("first", "start", "end", "cut_chars", "rewritten_chars"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name
    assert found.marks == expected.marks
    assert found.ledger == ()


def changed(batch: Batch, data: st.DataObject) -> Batch:
    """Two rounds of edits, a drop, and an annotation of each kind."""
    for _ in range(2):
        edits = []
        for p, text in enumerate(batch.passage_text.to_pylist()):
            edits += [
                b.Edit(p, low, high, "r", new) for low, high, new in data.draw(changes(len(text)))
            ]
        batch = batch.rewrite(edits)
    if batch.num_docs:
        batch = batch.drop([b.Drop(data.draw(st.integers(0, batch.num_docs - 1)), "r.d")])
    notes = pa.array(range(batch.num_passages), pa.int64())
    batch = batch.annotate("n", notes, "passages")
    return batch.annotate("lang", pa.array(["vi"] * batch.num_docs, pa.string()))


@settings(max_examples=25)
@given(st.lists(st.lists(documents, max_size=3), min_size=1, max_size=3), st.data())
def test_any_state_comes_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], data: st.DataObject
) -> None:
    """Rewrites, cuts, drops and annotations; batches without documents, too."""
    folder = tmp_path_factory.mktemp("state")
    fresh = [make(t, 10 * i) for i, t in enumerate(texts)]
    done = [changed(batch, data) for batch in fresh]
    write(folder, done)
    for position, (before, after) in enumerate(zip(fresh, done, strict=True)):
        check_same(resume(before, folder, 2, position), after)
        rows = read_ledger(folder, 2, position)
        assert rows.to_pylist() == [r for t in after.ledger for r in t.to_pylist()]


def test_a_second_phase_goes_on_from_the_first(tmp_path: Path) -> None:
    """The state holds all that was done so far; the ledger the rows of one phase."""
    fresh = make(["abc\ndef", "ghi"])
    one = fresh.cut([b.Edit(0, 1, 2, "r.a")]).annotate("x", pa.array([1, 2]))
    write(tmp_path, [one])
    two = resume(fresh, tmp_path, 2, 0).for_stage("second", 2).drop([b.Drop(0, "r.b")])
    (tmp_path / "next").mkdir()
    write(tmp_path / "next", [two])
    three = resume(fresh, tmp_path / "next", 2, 0)
    assert three.text.to_pylist() == ["ghi"]
    assert three.docs.column("x").to_pylist() == [2]
    assert [r["rule"] for r in read_ledger(tmp_path / "next", 2, 0).to_pylist()] == ["r.b"]


def test_nothing_was_done(tmp_path: Path) -> None:
    """A state without changes, annotations or rows."""
    fresh = make(["a\nb", ""])
    write(tmp_path, [fresh])
    check_same(resume(fresh, tmp_path, 2, 0), replace(fresh, ledger=()))
    assert read_ledger(tmp_path, 2, 0).num_rows == 0


def test_annotations_of_one_name_have_one_type(tmp_path: Path) -> None:
    """A batch that is unlike those before it is refused, with what differs."""
    first = make(["a"]).annotate("n", pa.array([1]))
    wrong = [
        (make(["b"], 1).annotate("n", pa.array([None])), r"n .int64, then null."),
        (make(["b"], 1), r"n .int64, then missing."),
        (make(["b"], 1).annotate("n", pa.array([1])).annotate("m", pa.array([1])), "m .missing"),
    ]
    for other, message in wrong:
        with pytest.raises(EditError, match=message):
            write(tmp_path, [first, other])


def test_a_sliced_or_chunked_annotation_is_written_as_it_is(tmp_path: Path) -> None:
    """Offsets and pieces of Arrow columns do not show."""
    fresh = make(["a", "b", "c"])
    values = pa.array([9, 9, 1, 2, 3])[2:]
    pieces = pa.chunked_array([[True], [], [False, None]])
    done = fresh.annotate("v", values).annotate("p", pieces).annotate("q", values, "passages")
    write(tmp_path, [done])
    found = resume(fresh, tmp_path, 2, 0)
    assert found.docs.column("v").to_pylist() == [1, 2, 3]
    assert found.docs.column("p").to_pylist() == [True, False, None]
    assert found.passages.column("q").to_pylist() == [1, 2, 3]
