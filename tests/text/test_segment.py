"""Passages tile their documents; the kernel against a pattern."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.text.segment import Unit, passages
from tests.property.strategies import ALPHABET

END = r"\r\n|\r|\n|\u2028|\u2029"
LINES = re.compile(rf"(?s:.)*?(?:{END})|(?s:.)+\Z")
texts = st.lists(st.text(ALPHABET + " \t\u2029\u2027\u202a\u3029", max_size=40), max_size=6)


def lines(text: str) -> list[str]:
    """The lines of a text with their ends, by a pattern."""
    return [m.group() for m in LINES.finditer(text) if m.group()]


def paragraphs(text: str) -> list[str]:
    """Lines up to the last blank one that follows; blank lines at the start are one, too."""
    found: list[str] = []
    blank_before = False
    for line in lines(text):
        blank = not line.strip(" \t\r\n\u2028\u2029")
        if found and (blank or not blank_before):
            found[-1] += line
        else:
            found.append(line)
        blank_before = blank
    return found


def check(column: pa.StringArray, unit: Unit) -> list[list[str]]:
    """Cut a column; the passages of each document, after what must hold for any."""
    cut = passages(column, unit)
    strings = cut.text.to_pylist()
    bounds = cut.first.tolist()
    assert bounds[0] == 0
    assert bounds[-1] == len(strings) == len(cut.start) == len(cut.end)
    result = []
    for text, low, high in zip(column.to_pylist(), bounds, bounds[1:], strict=False):
        mine = strings[low:high]
        assert "".join(mine) == text
        at = 0
        for string, start, end in zip(mine, cut.start[low:high], cut.end[low:high], strict=True):
            assert (start, end) == (at, at + len(string))
            assert string
            at = int(end)
        result.append(mine)
    return result


@settings(max_examples=200)
@given(texts)
def test_lines_end_where_the_pattern_says(documents: list[str]) -> None:
    """Line feeds, carriage returns, both, and the two separators of Unicode; nothing else."""
    assert check(pa.array(documents, pa.string()), "line") == [lines(t) for t in documents]


@settings(max_examples=200)
@given(texts)
def test_paragraphs_hold_the_blank_lines_after_them(documents: list[str]) -> None:
    """A line of spaces and tabs is blank."""
    found = check(pa.array(documents, pa.string()), "paragraph")
    assert found == [paragraphs(t) for t in documents]


@given(texts, st.integers(0, 6), st.integers(0, 6))
def test_slices_are_cut_like_copies(documents: list[str], low: int, count: int) -> None:
    """An offset in the column changes neither spans nor texts."""
    column = pa.array(["before\n", *documents, "after"], pa.string()).slice(1).slice(low, count)
    copy = pa.array(column.to_pylist(), pa.string())
    for unit in ("line", "paragraph"):
        assert check(column, unit) == check(copy, unit)


def test_passages_share_the_buffer_of_the_column() -> None:
    """No text is copied."""
    column = pa.array(["a\nb", "c\n"])
    assert passages(column).text.buffers()[2].address == column.buffers()[2].address


@pytest.mark.parametrize("column", [pa.array([], pa.string()), pa.array([""]), pa.array(["", ""])])
def test_no_text(column: pa.StringArray) -> None:
    """No documents, and documents without text."""
    assert check(column, "line") == [[]] * len(column)
    assert check(column.take(pa.array([], pa.int64())), "paragraph") == []


def test_a_separator_that_is_cut_off_is_no_line_end() -> None:
    """The last bytes of a document are not read together with the next one's first."""
    column = pa.array(["x\u2027", "\u2028y", "a\r", "\nb"])
    assert check(column, "line") == [["x\u2027"], ["\u2028", "y"], ["a\r"], ["\n", "b"]]
