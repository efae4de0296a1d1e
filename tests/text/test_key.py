import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text import key
from cleaner.text.key import key_text, words

MIXED = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("aoeuyhqAOUY \u0300\u0301\u0302\u0303\u0309\u0323\u0345ạấđßﬁİ_09٣漢かกเ็한"),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Giá vàng,  hôm nay: +2,5%!\n", "giá vàng hôm nay 2 5"),
        ("Straße STRASSE", "strasse strasse"),
        ("ﬁx ΟΔΟΣ İ", "fix οδοσ i\u0307"),
        ("snake_case x²", "snake_case x²"),
        ("東京タワーへ行く", "東 京 タ ワ ー へ 行 く"),
        ("が か\u3099", "が が"),
        ("กำแพง ๑๒", "ก ำ แ พ ง ๑๒"),
        ("ខ្មែរ", "ខ្ មែ រ"),
        ("ab漢cd", "ab 漢 cd"),
        ("co\u00adop zero\u200dwidth", "coop zerowidth"),
        ("one\u200btwo", "one two"),
        ("👩\u200d👩 ☂\ufe0f", ""),
        ("a ≠ b =\u0338 c", "a b c"),
        ("", ""),
    ],
)
def test_key_of_text(text: str, expected: str) -> None:
    """Case, punctuation and compatibility of marks are folded; unspaced scripts are cut up."""
    assert key_text(text) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hòa", "hoà"),
        ("khỏe", "khoẻ"),
        ("thúy", "thuý"),
        ("HÓA", "hoá"),
        ("òa", "oà"),
        ("lũy", "luỹ"),
        ("đọa", "đoạ"),
        ("ngóe", "ngoé"),
    ],
)
def test_both_styles_of_tone_are_one(old: str, new: str) -> None:
    """A tone of an open syllable in -oa, -oe, -uy is written on the last letter."""
    assert words(old) == words(new) == [unicodedata.normalize("NFC", new)]


@pytest.mark.parametrize(
    "word", ["qúy", "toán", "hòai", "của", "mùa", "hôa", "chaosòa", "hòá", "xtòa", "hòa1"]
)
def test_tone_stays_elsewhere(word: str) -> None:
    """Nothing moves where the styles agree, after "q", or in what is not a syllable."""
    assert words(word) == [word]


def test_accents_are_kept() -> None:
    """Words that differ in a tone or a mark are different words."""
    assert len({key_text(w) for w in ["ma", "má", "mà", "mả", "mã", "mạ", "mă", "mâ"]}) == 8


def test_fold_digits_puts_one_zero_for_a_run() -> None:
    """Each run of decimal digits of any script is "0"; other numbers stay."""
    assert key_text("12.345 abc67d8 ๑๒x ½", fold_digits=True) == "0 0 abc0d0 0x ½"


@given(MIXED)
def test_equivalent_spellings_have_one_key(text: str) -> None:
    """Normalisation forms and the order of marks do not matter."""
    expected = key_text(text)
    assert key_text(unicodedata.normalize("NFD", text)) == expected
    assert key_text(unicodedata.normalize("NFC", text)) == expected


@given(MIXED, st.booleans())
def test_key_is_its_own_key(text: str, fold_digits: bool) -> None:
    """A key's words are those of its text, in NFC, with one space between them."""
    found = words(text, fold_digits=fold_digits)
    assert words(" ".join(found), fold_digits=fold_digits) == found
    assert all(w and " " not in w and unicodedata.is_normalized("NFC", w) for w in found)


@given(st.sampled_from("aoeưđk"), st.permutations("\u0300\u0302\u0323\u0301"))
def test_order_of_marks_does_not_matter(base: str, marks: list[str]) -> None:
    """Marks are a bag, also where Unicode would tell their orders apart."""
    assert words(base + "".join(marks)) == words(base + "\u0300\u0301\u0302\u0323")


def test_kind_of_reserved_ideographs_is_known() -> None:
    """Ideographs that a later Unicode adds to planes 2 and 3 are words of their own already."""
    assert {key.kind(chr(p)) for p in (0x20000, 0x2F800, 0x31350, 0x3FFFD)} == {key.ALONE}
