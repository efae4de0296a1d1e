"""The tidy stage: blank lines, trailing spaces, empty documents."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import batch as b
from cleaner.stages.tidy import Tidy
from cleaner.text.blank import untidy
from cleaner.text.pieces import restore

LINES = st.text(alphabet="ab \t\n\r\u00a0\u3000\u2028\u200a\x85\x1c\x0c。", max_size=40)


def make(texts: list[str], unit: str = "line") -> b.Batch:
    """A batch of untouched documents."""
    column = pa.array(texts, pa.string())
    chars = pc.utf8_length(column).cast(pa.int64())
    docs = pa.record_batch({"ordinal": pa.array(range(len(texts)), pa.int64()), "raw_chars": chars})
    return b.new(docs, column, unit).for_stage("tidy", 1)


def tidy(texts: list[str], unit: str = "line", **fields: bool) -> b.Batch:
    """The batch after the stage."""
    return Tidy(use="tidy", **fields).open()(make(texts, unit))


def rows(batch: b.Batch) -> list[dict[str, object]]:
    """The ledger so far."""
    return [row for table in batch.ledger for row in table.to_pylist()]


@pytest.mark.parametrize("unit", ["line", "paragraph"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n\n\n\nb\n", "a\n\nb\n"),
        ("\n \na\n", "a\n"),
        ("a\n\n\n", "a\n"),
        ("a\n\t \n \nb", "a\n\nb"),
        ("a  \nb\t", "a\nb"),
        ("a\u3000\u00a0\r\nb", "a\r\nb"),
        ("a\r\n\r\n\r\nb", "a\r\n\r\nb"),
        ("a\u2028\u2028\u2028b", "a\u2028\u2028b"),
    ],
)
def test_what_goes_and_what_stays(before: str, after: str, unit: str) -> None:
    """One blank line at most, none at the ends, no trailing space; whatever passages are."""
    assert tidy([before], unit).text.to_pylist() == [after]


def test_rows_name_their_rule() -> None:
    """Each cut is booked with its place and rule."""
    found = [(r["rule"], r["action"], r["start"], r["end"]) for r in rows(tidy(["\na \n\n\nb"]))]
    assert found == [
        ("tidy.blank_lines", "cut", 0, 1),
        ("tidy.trailing_space", "cut", 2, 3),
        ("tidy.blank_lines", "cut", 5, 6),
    ]


def test_empty_documents_are_dropped() -> None:
    """A document with nothing but white space goes as a whole, in one row."""
    batch = tidy(["", " \n\u3000\n", "a"])
    assert batch.text.to_pylist() == ["a"]
    assert [(r["ordinal"], r["rule"], r["action"]) for r in rows(batch)] == [
        (0, "tidy.empty", "drop"),
        (1, "tidy.empty", "drop"),
    ]
    kept = tidy(["", " \n"], drop_empty=False)
    assert kept.text.to_pylist() == ["", ""]


def test_it_works_on_what_cuts_left() -> None:
    """Lines that an earlier stage emptied count as gone, not as blank lines."""
    start = make(["a\nmenu\n\nb\n\nmenu", "menu\n"])
    cut = start.cut([b.Edit(1, 0, 5, "r"), b.Edit(5, 0, 4, "r"), b.Edit(6, 0, 5, "r")])
    batch = Tidy(use="tidy").open()(cut.for_stage("tidy", 2))
    assert batch.text.to_pylist() == ["a\n\nb\n"]
    assert [r["rule"] for r in rows(batch)][3:] == ["tidy.blank_lines", "tidy.empty"]


def test_settings_switch_its_parts() -> None:
    """Each part can be left out."""
    text = "a \n\n\nb\n"
    assert tidy([text], blank_lines=False).text.to_pylist() == ["a\n\n\nb\n"]
    assert tidy([text], trailing_space=False).text.to_pylist() == ["a \n\nb\n"]
    assert not Tidy(use="tidy").can_drop()  # no document that has text
    assert set(Tidy(use="tidy").rules()) == {
        "tidy.blank_lines",
        "tidy.trailing_space",
        "tidy.empty",
    }


def test_tidy_documents_leave_no_trace() -> None:
    """Nothing is booked, and the text is the same."""
    batch = tidy(["a\n\nb\n", "c"])
    assert batch.text.to_pylist() == ["a\n\nb\n", "c"]
    assert rows(batch) == []


@given(st.lists(LINES, min_size=1, max_size=4), st.sampled_from(["line", "paragraph"]))
def test_the_result_is_tidy_and_the_original_comes_back(texts: list[str], unit: str) -> None:
    """Afterwards the first look finds nothing, no visible character is lost, all is restored."""
    batch = tidy(texts, unit, drop_empty=False)
    current = batch.text.to_pylist()
    assert not any(untidy(pa.array([t for t in current if t], pa.string())))
    for ordinal, (text, now) in enumerate(zip(texts, current, strict=True)):
        assert re.sub(r"\s", "", now) == re.sub(r"\s", "", text)
        book = [
            (r["start"], r["end"], r["step"], r["before"], r["after"])
            for r in rows(batch)
            if r["ordinal"] == ordinal
        ]
        assert restore(now, book) == text
        if now == text and text:
            assert not untidy(pa.array([text]))[0]
