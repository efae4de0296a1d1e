"""Text of unknown origin cannot steer a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.report.inert import JOINERS, inert, visible

FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
ANY = st.text(st.characters(codec=None, categories=None))


@given(ANY)
def test_nothing_that_steers_or_hides_is_left(text: str) -> None:
    """No control, format, surrogate or separating character survives; UTF-8 can hold it."""
    for shown in (inert(text), visible(text)):
        assert not {unicodedata.category(c) for c in shown} & FORBIDDEN
        assert shown.encode().decode() == shown


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S"])))
def test_what_can_be_seen_stays(text: str) -> None:
    """Letters, marks, digits, punctuation and symbols of every script are untouched."""
    assert inert(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2J\x1b]8;;http://evil\x07b", "a\\x1b[2J\\x1b]8;;http://evil\\x07b"),
        ("cod\u202etxt.exe", "cod\\u202etxt.exe"),
        ("one\ntwo\u2028", "one\\ntwo\\u2028"),
        ("half \udc80", "half \\udc80"),
        ("\ufeff\u200b\xad\U000e0041", "\\ufeff\\u200b\\xad\\U000e0041"),
        ("東\u3000京 no\xa0break", "東\u3000京 no\xa0break"),
        ("[bold red]", "[bold red]"),
    ],
)
def test_escapes_are_as_python_writes_them(text: str, shown: str) -> None:
    """A reader can look the character up."""
    assert inert(text) == shown


def test_what_is_asked_for_is_kept() -> None:
    """`keep` lets line ends through, and the joiners that spelling needs."""
    assert inert("a\n\u200cb\x1b", keep="\n" + JOINERS) == "a\n\u200cb\\x1b"


def test_unusual_spaces_can_be_seen() -> None:
    """Where a space was changed, its kind matters."""
    assert visible("a\xa0b\u3000c d") == "a\\xa0b\\u3000c d"
