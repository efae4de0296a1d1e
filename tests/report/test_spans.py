"""The outermost rows alone turn the original into the text."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import batch
from cleaner.batch import Batch, Edit
from cleaner.report.spans import outermost

TEXT = st.text("ab \n", min_size=1, max_size=24)


class Row(NamedTuple):
    """What the rule under test needs of a ledger row."""

    start: int
    end: int
    step: int
    after: str


def one_document(text: str) -> Batch:
    """A batch of one document."""
    docs = pa.record_batch(
        {"ordinal": pa.array([0], pa.int64()), "raw_chars": pa.array([len(text)], pa.int64())}
    )
    return batch.new(docs, pa.array([text], pa.string()))


@st.composite
def edits(draw: st.DrawFn, passages: list[str]) -> list[Edit]:
    """A few edits that do not overlap."""
    found: list[Edit] = []
    for number, text in enumerate(passages):
        at = 0
        while at < len(text) and draw(st.booleans()):
            start = draw(st.integers(at, len(text) - 1))
            end = draw(st.integers(start + 1, len(text)))
            found.append(Edit(number, start, end, "rule", draw(st.sampled_from(["", "X", "YYY"]))))
            at = end
    return found


@settings(max_examples=60)
@given(TEXT, st.data())
def test_the_original_with_the_outermost_rows_applied_is_the_text(
    text: str, data: st.DataObject
) -> None:
    """Whatever was done in whatever order, on the same piece or not."""
    current = one_document(text).for_stage("s", 0)
    for _ in range(data.draw(st.integers(1, 4))):
        current = current.rewrite(data.draw(edits(current.passage_text.to_pylist())))
    rows = [
        Row(r["start"], r["end"], r["step"], r["after"])
        for part in current.ledger
        for r in part.to_pylist()
    ]
    at, out = 0, []
    for row in outermost(rows):
        assert row.start >= at
        out += [text[at : row.start], row.after]
        at = row.end
    assert "".join([*out, text[at:]]) == current.text[0].as_py()


def test_of_two_rows_on_one_span_the_later_counts() -> None:
    """A piece that was rewritten and then cut is cut."""
    rows = [Row(3, 9, 0, "new"), Row(3, 9, 1000, ""), Row(9, 10, 0, "x")]
    assert outermost(rows) == [rows[1], rows[2]]
