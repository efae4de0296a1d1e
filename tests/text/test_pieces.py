"""The piece table: edits go in, and the original comes out again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.errors import EditError
from cleaner.text.pieces import Change, Mark, Row, apply, restore
from tests.property.strategies import changes, documents


def test_kept_text_splits_exactly() -> None:
    """An edit in kept text books the very span that it names."""
    text, marks, rows = apply("hello world", 100, [], [Change(6, 11, "")])
    assert (text, marks, rows) == ("hello ", [Mark(106, 111, 0)], [Row(106, 111, "world", "", 0)])


def test_a_marked_piece_is_taken_whole() -> None:
    """Inside a rewritten piece the original cannot be split: the row takes all of it."""
    text, marks, _ = apply("a&nbsp;b", 0, [], [Change(1, 7, " -")])
    text, marks, rows = apply(text, 0, marks, [Change(2, 4, "")])
    assert (text, rows) == ("a ", [Row(1, 8, " -b", " ", 0)])
    assert marks == [Mark(1, 8, 1)]


def test_changes_that_share_a_piece_become_one_row() -> None:
    """Two edits inside one rewritten piece are one row on its span."""
    text, marks, _ = apply("X", 0, [], [Change(0, 1, "abc")])
    text, marks, rows = apply(text, 0, marks, [Change(0, 1, ""), Change(2, 3, "z")])
    assert (text, marks, rows) == ("bz", [Mark(0, 1, 2)], [Row(0, 1, "abc", "bz", 0)])


@pytest.mark.parametrize(
    "bad", [[(0, 0, "x")], [(0, 3, ""), (2, 4, "")], [(3, 9, "")], [(-1, 1, "")]]
)
def test_wrong_edits_are_refused(bad: list[tuple[int, int, str]]) -> None:
    """Empty, overlapping and outlying edits are the stage's fault and stop it."""
    with pytest.raises(EditError, match="edit"):
        apply("hello", 0, [], [Change(*b) for b in bad])


@given(documents, st.integers(0, 1000), st.data())
def test_books_of_a_passage(original: str, origin: int, data: st.DataObject) -> None:
    """Any number of rounds: text as by plain editing, marks in order, and rows that restore."""
    text, marks, rows = original, [], []
    for step in range(data.draw(st.integers(0, 5))):
        edits = [Change(*c) for c in data.draw(changes(len(text)))]
        plain = text
        for start, end, new in reversed(edits):
            plain = plain[:start] + new + plain[end:]
        text, marks, booked = apply(text, origin, marks, edits)
        assert text == plain
        rows += [(r.start - origin, r.end - origin, step, r.before, r.after) for r in booked]
        spans = [(m.start, m.end) for m in marks]
        assert all(a < b for a, b in spans)
        assert all(b <= c for (_, b), (c, _) in pairwise(spans))
        assert all(origin <= a and b <= origin + len(original) for a, b in spans)
        kept = len(original) - sum(b - a for a, b in spans)
        assert kept + sum(m.length for m in marks) == len(text)
    shuffled = data.draw(st.permutations(rows))
    assert restore(text, shuffled) == original
