"""Placement of the tone mark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text.key import key_text
from cleaner.text.repair import RepairOptions, repair

OLD = "Hòa khỏe, thủy thủ THÚY xõa tóc; tọa đàm, hóa học, ủy ban.\n"
NEW = "Hoà khoẻ, thuỷ thủ THUÝ xoã tóc; toạ đàm, hoá học, uỷ ban.\n"


@pytest.mark.parametrize(("before", "style", "after"), [(OLD, "new", NEW), (NEW, "old", OLD)])
def test_one_style(before: str, style: str, after: str) -> None:
    """Every syllable that the styles write differently is written in one; the rule says so."""
    repaired = repair(before, RepairOptions(tones=style))
    assert repaired.text == after
    assert {f.rule for f in repaired.fixes} == {"unicode.tone"}
    assert repair(after, RepairOptions(tones=style)).fixes == ()
    assert repair(before).text == before


@pytest.mark.parametrize(
    "text", ["hoàn toàn, quý, quả, khoét, thúy2, óa_ba, Goà1, coòa\n", "pòal\n"]
)
def test_other_words_stay(text: str) -> None:
    """Syllables with a final sound, onset qu, and what is no syllable are as they were."""
    assert repair(text, RepairOptions(tones="old")).text == text
    assert repair(text, RepairOptions(tones="new")).text == text


@given(st.text("hòoaáàeẻuýyùkt nQUq.", max_size=20), st.sampled_from(["old", "new"]))
def test_keys_do_not_change(text: str, style: str) -> None:
    """To the keys of duplicates both styles are the same."""
    assert key_text(repair(text, RepairOptions(tones=style)).text) == key_text(repair(text).text)


def test_decomposed_letters_are_composed_first() -> None:
    """The tone of decomposed text is moved, too."""
    assert repair("ho\u0300a\n", RepairOptions(tones="new")).text == "hoà\n"
