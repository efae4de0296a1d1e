"""Alignment: smallest edits that give exactly the second string."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text.align import Fix, align, apply, compose

WORDS = st.text(alphabet="abc Ã´à\u0301", max_size=25)


@given(WORDS.filter(bool), WORDS)
def test_edits_give_the_second_string(before: str, after: str) -> None:
    """Edits are sorted, disjoint, never empty, and reproduce the result exactly."""
    fixes = align(before, after, "r")
    assert apply(before, fixes) == after
    assert all(f.start < f.end <= len(before) for f in fixes)
    assert all(a.end <= b.start for a, b in pairwise(fixes))


@given(WORDS.filter(bool), WORDS.filter(bool), WORDS)
def test_edits_after_edits_compose(first: str, middle: str, last: str) -> None:
    """Composed edits do to the first string what both lists do in turn, and stay well formed."""
    one, two = align(first, middle, "one"), align(middle, last, "two")
    both = compose(one, two, middle)
    assert apply(first, both) == last
    assert all(f.start < f.end <= len(first) for f in both)
    assert all(a.end <= b.start for a, b in pairwise(both))


def test_a_repaired_letter_is_one_edit() -> None:
    """The letters around a repaired one are not claimed."""
    assert align("hÃ´m nay\n", "hôm nay\n", "r") == [Fix(1, 3, "ô", "r")]


def test_an_insertion_takes_a_neighbour() -> None:
    """An insertion has no characters of its own, so the one to its left, or right, goes with it."""
    assert align("ab", "axb", "r") == [Fix(0, 1, "ax", "r")]
    assert align("ab", "xab", "r") == [Fix(0, 1, "xa", "r")]


def test_text_cannot_appear_in_an_empty_passage() -> None:
    """There is no character to stand on."""
    assert align("", "", "r") == []
    with pytest.raises(ValueError, match="empty passage"):
        align("", "x", "r")


def test_the_earlier_rule_names_a_joint_edit() -> None:
    """What stood in the original decides the name."""
    middle = "a\u00a0b"
    entity = [Fix(1, 7, "\u00a0", "entity")]
    both = compose(entity, [Fix(1, 2, " ", "space")], middle)
    assert both == [Fix(1, 7, " ", "entity")]


def test_edits_that_only_touch_stay_apart() -> None:
    """A deletion beside a replacement is not swallowed by it."""
    both = compose([Fix(0, 1, "", "one")], [Fix(0, 1, "B", "two")], "bc")
    assert both == [Fix(0, 1, "", "one"), Fix(1, 2, "B", "two")]


def test_a_long_passage_is_one_edit_rather_than_minutes() -> None:
    """Above a bound the differing middle is replaced as a whole."""
    before, after = "x" + "ab" * 20_000 + "y", "x" + "cd" * 20_000 + "y"
    assert align(before, after, "r") == [Fix(1, 40_001, after[1:-1], "r")]
