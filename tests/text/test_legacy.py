"""TCVN3, VNI, VISCII, windows-1258: text out of bytes, and the same bytes back."""

from __future__ import annotations

import codecs
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text.legacy import ENCODINGS, Legacy, decode, encode

WORDS = "Trường Đại học tổ chức hội nghị về chất lượng nước ở Quảng Ngãi"


@given(st.sampled_from(ENCODINGS), st.binary(max_size=60))
def test_what_was_read_is_written_again(encoding: Legacy, data: bytes) -> None:
    """Bytes with a meaning come back; the others are marked, and come back one by one."""
    text, bad = decode(data, encoding)
    parts, at = [], 0
    for offset in bad:
        parts += [encode(text[at:offset], encoding), text[offset].encode("latin-1")]
        at = offset + 1
    assert b"".join([*parts, encode(text[at:], encoding)]) == data
    assert bad == sorted(set(bad))


@given(st.text("aeouyAEOUYăơưđtnh ÀàÙùØøÂâÔôÖöÑñÍíÓóÏï", max_size=30))
def test_vni_pairs_are_unambiguous(text: str) -> None:
    """Letters and marks in any order and case: reading and writing are inverses."""
    data = text.encode("latin-1", "ignore")
    found, bad = decode(data, "vni")
    if not bad:
        assert encode(found, "vni") == data


@pytest.mark.parametrize(
    ("encoding", "data", "text"),
    [
        ("tcvn3", b"Vi\xd6t Nam", "Việt Nam"),
        ("tcvn3", b"\x93\xa7\xb5o\x94 \x96 n\xad\xedc", "“Đào” – nước"),
        ("vni", b"Vie\xe4t", "Việt"),
        ("vni", b"TR\xd6\xd4\xd8NG \xf1\xf6\xf4\xf8ng", "TRƯỜNG đường"),
        ("vni", b"ngh\xf3a t\xe6nh b\xf2 k\xee", "nghĩa tỉnh bị kỵ"),
        ("viscii", b"\xd0\xbe\xfeng \x80n \x02n", "Đớợng Ạn Ẳn"),
        ("windows-1258", b"Vi\xea\xf2t", "Viê\u0323t"),
    ],
)
def test_known_codes(encoding: Legacy, data: bytes, text: str) -> None:
    """Codes as the fonts and RFC 1456 have them."""
    assert decode(data, encoding) == (text, [])
    assert encode(text, encoding) == data


def test_a_vni_mark_in_the_other_case_is_kept_apart() -> None:
    """`Aù` and `AÙ` are the same letter in two spellings, and both come back."""
    assert decode(b"A\xd9n", "vni") == ("Án", [])
    assert decode(b"A\xf9n", "vni") == ("A\u0301n", [])
    assert unicodedata.normalize("NFC", "A\u0301n") == "Án"
    assert encode("A\u0301n", "vni") == b"A\xf9n"


def test_a_letter_that_the_encoding_has_not_is_an_error() -> None:
    """Nothing is replaced in silence."""
    with pytest.raises(UnicodeEncodeError, match="no such letter"):
        encode("Ạ", "tcvn3")
    with pytest.raises(UnicodeEncodeError):
        encode("日", "vni")
    with pytest.raises(UnicodeEncodeError):
        encode("\x02", "viscii")


def test_windows_1258_is_pythons() -> None:
    """Where both know a byte, they agree."""
    data = bytes(b for b in range(256) if bytes([b]).decode("cp1258", "ignore"))
    assert decode(data, "windows-1258") == (codecs.decode(data, "cp1258"), [])


@pytest.mark.parametrize("encoding", ["vni", "viscii"])
def test_a_sentence_goes_there_and_back(encoding: Legacy) -> None:
    """All letters of Vietnamese, of either case, have a code."""
    text = f"{WORDS}, {WORDS.upper()}"
    assert decode(encode(text, encoding), encoding) == (text, [])
