"""Legacy encodings of Vietnamese, told by syllables."""

from __future__ import annotations

import unicodedata

import pytest

from cleaner.text.legacy import ENCODINGS, Legacy, encode
from cleaner.text.vietnamese import (
    has_capitals,
    has_sign,
    misread_from,
    reread,
    reread_passage,
    shares,
)

TEXT = (
    "Sáng nay trời mưa, bà tám vẫn dọn hàng bún ở đầu ngõ; khách quen gọi nhau í ới.\n"
    "Học sinh cấp hai phải đi bộ gần hai cây số để đến trường mới.\n"
)
OTHERS = (
    "L’été dernier, les élèves préparaient la fête à côté du marché; où étiez-vous, Noël?\n",
    "A situação não é fácil; as irmãs têm razão, então há decisões e ações.\n",
    "¿Dónde está el niño? ¡Mañana será otro día en la montaña, Martín!\n",
    "Það er gott veður í dag og við förum út á morgun; ég sá ána.\n",
    "Årets første møde på øen blev også aflyst; kun få ældre så på.\n",
    "Però così non può andare: è già lunedì, e ciò è la verità.\n",
    "Grüße für müde Füße: 5 µm, 20 °C, § 4, Marke® und Firma©.\n",
    TEXT,
)


def misread(text: str, encoding: Legacy) -> str:
    """The text written in a legacy encoding and read as windows-1252."""
    if encoding == "windows-1258":
        data = hats_first(text).encode("cp1258")
    else:
        data = encode(text, encoding)
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in data)


def hats_first(text: str) -> str:
    """Letters with hats, tones as marks of their own: what windows-1258 can write."""
    out = []
    for char in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", char)
        tones = [c for c in parts if c in "\u0300\u0301\u0303\u0309\u0323"]
        base = unicodedata.normalize("NFC", "".join(c for c in parts if c not in tones))
        out.append(base + "".join(tones))
    return "".join(out)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_is_told_and_read_again(encoding: Legacy) -> None:
    """The right one has nearly all its words as syllables; the others have not."""
    text = TEXT.lower() if encoding == "tcvn3" else TEXT
    garbled = misread(text, encoding)
    assert has_sign(garbled)
    assert misread_from(garbled) == (encoding, False)
    best, *rest = shares(garbled)
    assert best.encoding == encoding
    assert best.share > 0.95
    assert all(other.share < 0.7 for other in rest)
    assert reread(garbled, encoding) == text
    assert "".join(reread_passage(p, encoding) for p in garbled.splitlines(True)) == text


@pytest.mark.parametrize("text", OTHERS)
def test_other_languages_are_left(text: str) -> None:
    """Western European text, and Vietnamese that is right, was not misread."""
    assert misread_from(text * 5) == (None, False)


def test_utf8_that_was_misread_is_no_legacy_encoding() -> None:
    """That is another repair."""
    garbled = TEXT.encode().decode("latin-1")
    assert misread_from(garbled) == (None, False)


def test_too_few_words_decide_nothing() -> None:
    """Two syllables by chance are no proof."""
    assert misread_from("Hµ Néi") == (None, False)


def test_a_text_that_is_half_vietnamese_is_doubtful() -> None:
    """Where syllables are many and yet too few, the text stays, and that is said."""
    foreign = " çàlôgrîn bécâssé ñoquìllo férrârî"
    garbled = misread(TEXT.lower(), "tcvn3") + foreign * 3
    assert misread_from(garbled) == (None, True)


def test_passages_that_were_not_misread_stay() -> None:
    """A line in Unicode, and a line of another language, in a document of TCVN3."""
    for line in (TEXT, "Les élèves préparaient la fête à côté.\n", "plain\n", "1.000 °C\n"):
        assert reread_passage(line, "tcvn3") == line
    assert reread_passage("Q§-N§: 5.000®\n", "tcvn3") == "QĐ-NĐ: 5.000đ\n"


def test_capitals_of_a_font_are_flagged() -> None:
    """Capitals beside small letters in one word tell that the font drew capitals."""
    assert has_capitals("QUYếT ĐịNH")
    assert not has_capitals("Quyết định số 5, Hà Nội, BỘ TÀI CHÍNH, Cộng hoà")
