"""Vietnamese letters whose bytes were lost."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text.repair import repair
from cleaner.text.syllable import syllables

LINES = (
    "Học sinh nghèo vượt khó được nhận học bổng về quê ăn Tết.\n",
    "Ông cho biết nhiều người vẫn phải chờ đến giờ khởi hành.\n",
    "Vấn đề này đã được “mổ xẻ” từ lâu, họ nói.\n",
    "Đây là con đường nối liền hai nền văn hóa châu Á.\n",
    "SỐ LIỆU CHÍNH THỨC CỦA THÀNH PHỐ VỀ NƯỚC\n",
)


def damaged(text: str, codec: str, lost: str) -> str:
    """The text in UTF-8, read in a code page that has no character for some bytes."""
    return (
        "".join(bytes([b]).decode(codec, "ignore") or lost for b in text.rstrip("\n").encode())
        + "\n"
    )


@pytest.mark.parametrize(
    ("codec", "lost"), [("cp1252", "\ufffd"), ("cp1252", ""), ("cp1258", "\ufffd")]
)
@pytest.mark.parametrize("line", LINES)
def test_syllables_decide(line: str, codec: str, lost: str) -> None:
    """What is left of a letter, its word and its neighbours give the letter back."""
    garbled = damaged(line, codec, lost)
    assert garbled != line
    repaired = repair(garbled)
    assert repaired.text == line
    assert {f.rule for f in repaired.fixes} == {"unicode.mojibake"}


def test_neighbours_turn_a_choice() -> None:
    """The same gap is another letter beside other words."""
    for line in ("vấn đề mới\n", "màu đỏ mới\n", "chờ đợi mới\n", "cỏ dại mới\n"):
        assert repair(damaged(line, "cp1252", "\ufffd")).text == line


def test_what_is_no_syllable_stays_open() -> None:
    """A gap for which no letter makes a syllable is not filled with a guess."""
    assert repair("kinh táº¿ xyzá»\ufffdw\n").text == "kinh tế xyz\ufffdw\n"


def test_other_languages_are_not_filled() -> None:
    """Without a sign of Vietnamese a lost byte stays lost."""
    assert "Á" not in repair("MÃ¡laga y Ã\ufffdvila\n").text


@given(st.lists(st.sampled_from(sorted(syllables())), min_size=4, max_size=12))
def test_a_filled_text_is_made_of_syllables(words: list[str]) -> None:
    """Whatever was lost: what comes out differs in single letters, and nothing raises."""
    line = " ".join([*words, "của", "những", "người"]) + "\n"
    text = repair(damaged(line, "cp1252", "\ufffd")).text
    assert len(text.split()) == len(line.split())
    for found, wanted in zip(text.split(), line.split(), strict=True):
        assert len(unicodedata.normalize("NFC", found)) == len(wanted)
