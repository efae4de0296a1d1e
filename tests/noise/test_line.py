import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.noise.line import SCAN_CHARS, Kind, fold, look, phrase_key


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("12:30 / 14:05", Kind.MARK),
        ("/", Kind.MARK),
        ("Thể thao", Kind.LINK),
        ("Ba con đò cuối cùng của huyện vùng sâu", Kind.LINK),
        ("Ingredients:", Kind.LINK),
        ("The bridge was closed at noon.", Kind.SENTENCE),
        ("Why did nobody close the bridge?", Kind.SENTENCE),
        ("The council met twice, and twice it sent the plan back to the engineers.", Kind.PROSE),
        ("桥在中午关闭了。" * 12, Kind.PROSE),
        ("Home | News | Sports | Weather | Contact", Kind.LINK),
        ("x" * 400 + ".", Kind.PROSE),
    ],
)
def test_kind_of_a_line(text: str, kind: Kind) -> None:
    """Length and end of a line decide what it looks like."""
    assert look(text).kind is kind


def test_look_measures() -> None:
    """Words, separators, list marks, code and cut-off ends are seen."""
    assert look("Home | News | Sports").bars == 2
    assert look("- hai lạng đường").is_listed
    assert not look("hai lạng đường").is_listed
    assert look("for (i = 0; i < n; i++) {").is_code
    assert not look("Food & Drink").is_code
    assert look("Nước lên nhanh, người dân ...").is_cut_off
    assert look("  a b  \n").words == 2
    assert look("今日的新闻报道").words == 4


def test_fold_and_key() -> None:
    """Case, spaces, NFD and the two places of Vietnamese tones are one; marks and counts go."""
    assert fold("HOÀ  Bình") == fold("hòa bình") == "hòa bình"
    assert fold("THUỶ QUÝ toàn") == "thủy quý toàn"
    assert fold("Đo\u0323c  thêm") == "đọc thêm"
    assert fold("Straße") == "strasse"
    assert phrase_key(fold("  » Bình luận (12):")) == "bình luận"
    assert phrase_key(fold("• READ MORE »")) == "read more"
    assert phrase_key(fold("***")) == ""


def test_long_lines_are_not_scanned() -> None:
    """A line above the limit has no text for rules."""
    assert look("a " * SCAN_CHARS).folded == ""
    assert look("a").folded == "a"


@given(st.text(max_size=400))
def test_any_line_has_a_look(text: str) -> None:
    """No text fails, and a line is measured the same whatever stands around it."""
    line = look(text)
    assert line.chars == len(line.text) <= len(text)
    assert look(f" {text}\n") == line
