"""Decoding: text out of any bytes, and the same bytes back."""

from __future__ import annotations

import codecs
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text import legacy
from cleaner.text.decode import CANDIDATES, Undecodable, decode, encode, score

LIMIT = 0.01
VIETNAMESE = "Sáng nay trời mưa, bà Tám vẫn dọn hàng bún ở đầu ngõ; khách quen gọi nhau í ới."
FRENCH = "Là-bas, l'été dernier, les élèves préparaient la fête à côté du marché."
RUSSIAN = "Утром шёл дождь, но соседка всё равно открыла свою лавку у дороги."


def windows_1258(text: str) -> bytes:
    """Vietnamese as Windows wrote it: vowels with their hats, tones as marks of their own."""
    out: list[str] = []
    for character in text:
        base = ""
        for part in unicodedata.normalize("NFD", character):
            joined = unicodedata.normalize("NFC", base + part)
            if len(joined) == 1 and part not in "\u0300\u0301\u0303\u0309\u0323":
                base = joined
            else:
                base += part
        whole = unicodedata.normalize("NFC", base)
        try:
            whole.encode("cp1258")
        except UnicodeEncodeError:
            out.append(base)
        else:
            out.append(whole)
    return "".join(out).encode("cp1258")


def assert_restores(data: bytes, limit: float, declared: str | None = None) -> None:
    """Either the bytes come back, or the data is refused."""
    try:
        decoded = decode(data, declared=declared, max_bad_bytes_ratio=limit)
    except Undecodable:
        return
    assert encode(decoded.text, decoded.encoding, decoded.bad_bytes) == data
    assert decoded.bad_bytes == sorted(set(decoded.bad_bytes))
    assert all(decoded.text[i] <= "\xff" for i in decoded.bad_bytes)
    decoded.text.encode()  # no surrogates


BOMS = st.sampled_from(
    [
        *(b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
        *(codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    ]
)
CHARSETS = st.sampled_from(
    [
        *(None, "utf-8", "utf-16", "utf-16-be", "utf-32", "cp1258", "latin-1", "shift_jis"),
        *(
            "viscii",
            "tcvn",
            "vni",
            "iso2022_jp",
            "gb18030",
            "idna",
            "unicode_escape",
            "rot13",
            "nonsense",
            "hz",
            "utf-7",
        ),
    ]
)


@given(BOMS, st.binary(max_size=300), st.sampled_from([0.0, 0.01, 0.5, 1.0]), CHARSETS)
def test_any_bytes_restore_or_are_refused(
    bom: bytes, data: bytes, limit: float, declared: str | None
) -> None:
    """Whatever the bytes, the limit and the declared charset: nothing is lost."""
    assert_restores(bom + data, limit, declared)


@given(BOMS, st.text(max_size=200), st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3))))
def test_text_with_stray_bytes_restores(
    bom: bytes, text: str, stray: list[tuple[int, bytes]]
) -> None:
    """Stray bytes anywhere in UTF-8, also inside of a character, come back."""
    data = bom + text.encode()
    for place, raw in stray:
        data = data[:place] + raw + data[place:]
    assert_restores(data, 1.0)


@given(
    st.lists(st.integers(0, 0x10FFFF), max_size=60),
    st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]),
    st.binary(max_size=3),
)
def test_wide_text_with_lone_surrogates_restores(
    points: list[int], encoding: str, tail: bytes
) -> None:
    """UTF-16 and UTF-32 with half pairs and a cut end come back."""
    text = "\ufeff" + "".join(map(chr, points))
    assert_restores(text.encode(encoding, "surrogatepass") + tail, 1.0)


@given(st.text())
def test_valid_utf8_is_utf8(text: str) -> None:
    """What is UTF-8 without NUL bytes is read as such, and not a character is changed."""
    text = text.replace("\0", "")
    if not text.startswith("%PDF-"):
        decoded = decode(text.encode(), max_bad_bytes_ratio=0.0)
        assert (decoded.text, decoded.encoding, decoded.bad_bytes) == (text, "utf-8", [])


def test_stray_bytes_are_latin1_with_their_places() -> None:
    """A byte that is not UTF-8 is its latin-1 character at a recorded code point offset."""
    data = "ngày\n".encode() * 50 + b"\xe9\xff" + "mới".encode()
    decoded = decode(data, max_bad_bytes_ratio=LIMIT)
    assert decoded.encoding == "utf-8"
    assert decoded.bad_bytes == [250, 251]
    assert decoded.text == "ngày\n" * 50 + "\xe9\xff" + "mới"


def test_the_limit_of_bad_bytes_is_inclusive() -> None:
    """Exactly the allowed share is let through; one more byte is not."""
    good = "từ ".encode() * 33 + b"."  # 166 bytes
    one = good + b"\xff" + b"." * 33
    assert len(one) == 200
    assert decode(one, max_bad_bytes_ratio=1 / 200).bad_bytes == [100]
    with pytest.raises(Undecodable) as caught:
        decode(one + b"\xff", max_bad_bytes_ratio=1 / 200)
    assert caught.value.reason == "undecodable"
    assert "2 of 201 bytes" in caught.value.detail


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_byte_order_mark_stays_in_the_text(encoding: str) -> None:
    """The mark is U+FEFF in the text, so that it is written again."""
    data = ("\ufeff" + VIETNAMESE).encode(encoding)
    decoded = decode(data, max_bad_bytes_ratio=LIMIT)
    assert (decoded.text, decoded.encoding) == ("\ufeff" + VIETNAMESE, encoding)
    assert encode(decoded.text, decoded.encoding, decoded.bad_bytes) == data


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_without_a_mark_is_told_by_its_nuls(encoding: str) -> None:
    """Windows 'Unicode' files whose mark was lost are read."""
    decoded = decode(VIETNAMESE.encode(encoding), max_bad_bytes_ratio=LIMIT)
    assert (decoded.text, decoded.encoding) == (VIETNAMESE, encoding)


def test_a_cut_off_utf16_file_keeps_its_last_byte() -> None:
    """Half a code unit at the end is a bad byte."""
    data = ("\ufeff" + VIETNAMESE * 3).encode("utf-16-le") + b"\x41"
    decoded = decode(data, max_bad_bytes_ratio=LIMIT)
    assert decoded.text.endswith("í ới.A")
    assert decoded.bad_bytes == [len(decoded.text) - 1]
    assert encode(decoded.text, decoded.encoding, decoded.bad_bytes) == data


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "windows-1252"),
        (RUSSIAN, "windows-1251"),
        (RUSSIAN, "koi8-r"),
        ("„Schöne Grüße“ für müde Füße", "windows-1252"),
        ("Però così non può andare: è già lunedì, e ciò è la verità.", "windows-1252"),
        ("A situação não é fácil; as irmãs têm razão, então há decisões.", "windows-1252"),
        ("Það er gott veður í dag og við förum út á morgun.", "windows-1252"),
        ("¿Dónde está el niño? ¡Mañana será otro día en la montaña!", "windows-1252"),
        ("She said “yes” – and ‘no’ …", "windows-1252"),
    ],
)
def test_legacy_text_is_guessed(text: str, encoding: str) -> None:
    """Text of one language in its legacy encoding is read as such."""
    decoded = decode(text.encode(encoding), max_bad_bytes_ratio=LIMIT)
    assert (decoded.text, decoded.encoding, decoded.bad_bytes) == (text, encoding, [])


def test_vietnamese_windows_1258_is_guessed() -> None:
    """Tone marks of their own after vowels tell windows-1258 from windows-1252."""
    data = windows_1258(VIETNAMESE)
    decoded = decode(data, max_bad_bytes_ratio=LIMIT)
    assert decoded.encoding == "windows-1258"
    assert unicodedata.normalize("NFC", decoded.text) == VIETNAMESE
    assert encode(decoded.text, decoded.encoding, decoded.bad_bytes) == data


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "viscii"])
def test_vietnamese_legacy_encodings_are_told(encoding: legacy.Legacy) -> None:
    """Nearly all words are syllables in the right encoding; the evidence names all that were tried.

    Quotes, dashes and stray bytes are no hindrance, and all bytes come back.
    """
    data = legacy.encode(VIETNAMESE.lower(), encoding) * 20 + b"\x0b\xc9\n"
    decoded = decode(data, max_bad_bytes_ratio=LIMIT)
    assert decoded.encoding == encoding
    assert decoded.text.startswith(VIETNAMESE.lower() * 20)
    assert encode(decoded.text, decoded.encoding, decoded.bad_bytes) == data
    assert decoded.evidence.startswith(f"syllables: {encoding} 1.00 of ")
    assert all(other in decoded.evidence for other in legacy.ENCODINGS)


def test_a_declared_vietnamese_charset_is_used() -> None:
    """Names that Python does not know are understood; two words are enough then."""
    data = legacy.encode("Hà Nội", "viscii")
    decoded = decode(data, declared="VISCII", max_bad_bytes_ratio=LIMIT)
    assert (decoded.text, decoded.encoding, decoded.evidence) == ("Hà Nội", "viscii", "declared")
    assert encode(decoded.text, "viscii", []) == data
    refused = decode(b"abc", declared="x-viet-vni", max_bad_bytes_ratio=LIMIT)
    assert (refused.text, refused.encoding) == ("abc", "utf-8")


def test_bytes_without_a_meaning_are_limited() -> None:
    """More of them than allowed, and the encoding does not fit."""
    data = legacy.encode(VIETNAMESE.lower(), "tcvn3") + b"\xc0" * 3
    found = decode(data, max_bad_bytes_ratio=0.1)
    assert found.bad_bytes == [len(found.text) - 3 + i for i in range(3)]
    assert encode(found.text, found.encoding, found.bad_bytes) == data
    with pytest.raises(Undecodable):
        decode(data, max_bad_bytes_ratio=0.0)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("今日は天気がいいので散歩に行きます。".encode("shift_jis"), id="Shift JIS"),
        pytest.param("今天天气很好，我们去公园散步吧。".encode("gbk"), id="GBK"),
        pytest.param("é".encode() * 200 + b"\xff" * 40, id="UTF-8 with 10 % of other bytes"),
        pytest.param("từ ".encode() * 20 + b"\xff" * 9, id="Vietnamese with 7 %"),
    ],
)
def test_what_fits_no_candidate_is_refused(data: bytes) -> None:
    """A text that would be read as nonsense goes to quarantine instead."""
    with pytest.raises(Undecodable, match="are not UTF-8") as caught:
        decode(data, max_bad_bytes_ratio=LIMIT)
    assert caught.value.reason == "undecodable"


def test_a_declared_charset_is_used_where_it_fits() -> None:
    """The declared charset comes before a guess, and after UTF-8."""
    japanese = "今日は天気がいいので散歩に行きます。"
    decoded = decode(japanese.encode("shift_jis"), declared="Shift_JIS", max_bad_bytes_ratio=LIMIT)
    assert (decoded.text, decoded.evidence) == (japanese, "declared")
    as_utf8 = decode(japanese.encode(), declared="Shift_JIS", max_bad_bytes_ratio=LIMIT)
    assert (as_utf8.text, as_utf8.encoding) == (japanese, "utf-8")
    wide = decode("chợ".encode("utf-16-le"), declared="utf-16", max_bad_bytes_ratio=LIMIT)
    assert (wide.text, wide.encoding) == ("chợ", "utf-16-le")


@pytest.mark.parametrize("declared", ["klingon", "rot13", "idna", "unicode_escape", "", "utf\0"])
def test_a_declared_charset_that_is_none_is_ignored(declared: str) -> None:
    """A wrong name from outside changes nothing."""
    data = FRENCH.encode("windows-1252")
    assert decode(data, declared=declared, max_bad_bytes_ratio=LIMIT).text == FRENCH


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)),
        b"PK\x03\x04\x14\x00\x00\x00" + bytes(range(256)),
        b"%PDF-1.4\n1 0 obj\n",
        b"\x00\x00\x00\x18ftypmp42" + b"\x00\x01\x02" * 50,
        bytes(range(256)) * 8,
        b"\x00" * 4096,
        b"\x00\x01\x02text" * 50,
    ],
)
def test_binary_data_is_refused(data: bytes) -> None:
    """Images, archives and the like are no text, whatever encoding would read them."""
    with pytest.raises(Undecodable) as caught:
        decode(data, max_bad_bytes_ratio=1.0)
    assert caught.value.reason == "binary"


def test_a_nul_character_stays() -> None:
    """A NUL in a text is a character like others."""
    decoded = decode(b"one\0two", max_bad_bytes_ratio=0.0)
    assert (decoded.text, decoded.encoding) == ("one\0two", "utf-8")


def test_a_text_about_magic_numbers_is_text() -> None:
    """Clean text may begin with the letters of a file type."""
    text = "RIFF là tên một định dạng; BZh cũng vậy."
    assert decode(text.encode(), max_bad_bytes_ratio=0.0).text == text


def test_empty_data_is_an_empty_text() -> None:
    """No bytes are no characters."""
    decoded = decode(b"", max_bad_bytes_ratio=0.0)
    assert (decoded.text, decoded.encoding, decoded.bad_bytes) == ("", "utf-8", [])


def test_scores_tell_vietnamese_from_french() -> None:
    """The right candidate scores far above the threshold, the wrong one below it."""
    latin, vietnamese = CANDIDATES[0], CANDIDATES[1]
    data = windows_1258(VIETNAMESE)
    assert score(data.decode("cp1258"), vietnamese) > 0.95
    assert score(data.decode("cp1252"), latin) < 0.5
    assert score("plain", latin) == 0.0


def test_capitals_of_a_font_are_named_in_the_evidence() -> None:
    """TCVN3 has no capital letters beyond ASCII; where the font drew them, the text is not sure."""
    data = legacy.encode(VIETNAMESE.lower() + " QUYếT ĐịNH", "tcvn3")
    decoded = decode(data, max_bad_bytes_ratio=LIMIT)
    assert decoded.text.endswith("QUYếT ĐịNH")
    assert decoded.evidence.endswith("their case is not certain")
