"""The encodings of Vietnamese before Unicode: TCVN3 (ABC), VNI, VISCII, windows-1258.

`encode` gives the very bytes that `decode` has read. Of windows-1258 and VISCII every byte, or
nearly, is a character. TCVN3 (TCVN 5712:1993, the set VN3 of the ".Vn" fonts) has small
letters only: fonts whose name ends in H draw them as capitals, and the text does not tell. VNI
writes a letter and its marks as two bytes; a mark in the other case than its letter (`Aù`) is kept
apart from the usual one by being decomposed (A and U+0301).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias, get_args

Legacy: TypeAlias = Literal["tcvn3", "vni", "viscii", "windows-1258"]
ENCODINGS: tuple[Legacy, ...] = get_args(Legacy)

OWN: Mapping[str, Legacy] = MappingProxyType(
    {
        "viscii": "viscii",
        "csviscii": "viscii",
        "viscii1-1": "viscii",
        "tcvn3": "tcvn3",
        "tcvn": "tcvn3",
        "tcvn-5712": "tcvn3",
        "tcvn5712-3": "tcvn3",
        "x-viet-tcvn5712": "tcvn3",
        "vni": "vni",
        "x-viet-vni": "vni",
    }
)
"""Names of charsets that Python does not know → ours."""

_VISCII_HIGH = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"
)
_VISCII_LOW = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}
_TCVN3 = {
    0xA0: "\u00a0ĂÂÊÔƠƯĐăâêôơưđ",
    0xB5: "àảãáạ",
    0xBB: "ằẳẵắ",
    0xC6: "ặầẩẫấậè",
    0xCE: "ẻẽéẹềểễếệìỉ",
    0xDC: "ĩíịò",
    0xE1: "ỏõóọồổỗốộờởỡớợù",
    0xF1: "ủũúụừửữứựỳỷỹýỵ",
}
"""First byte of a run → its letters."""

_VNI_ALONE = {
    "ô": "ơ", "ö": "ư", "ñ": "đ", "ì": "ì", "í": "í", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ",
}  # fmt: skip
_VNI_TONES = {"ø": "\u0300", "ù": "\u0301", "õ": "\u0303", "û": "\u0309", "ï": "\u0323"}
_VNI_HAT = {"â": "", "à": "\u0300", "á": "\u0301", "ã": "\u0303", "å": "\u0309", "ä": "\u0323"}
_VNI_BREVE = {"ê": "", "è": "\u0300", "é": "\u0301", "ü": "\u0303", "ú": "\u0309", "ë": "\u0323"}


class Code(NamedTuple):
    """Bytes (as latin-1 characters) → text, and back; the longest match counts, both ways."""

    texts: dict[str, str]
    sources: dict[str, str]
    unit: re.Pattern[str]
    letter: re.Pattern[str]


def decode(data: bytes, encoding: Legacy) -> tuple[str, list[int]]:
    """The text, and the offsets (code points) of bytes without a meaning.

    Those stand in the text as their latin-1 characters.
    """
    table = code(encoding)
    parts: list[str] = []
    bad: list[int] = []
    length = 0
    for unit in table.unit.findall(data.decode("latin-1")):
        text = table.texts.get(unit)
        if text is None:
            text = unit
            if unit >= "\x80" or unit in _hidden(encoding):
                bad.append(length)
        parts.append(text)
        length += len(text)
    return "".join(parts), bad


def encode(text: str, encoding: Legacy) -> bytes:
    """The bytes that `decode` made this text of, where none of them was without a meaning.

    Raises:
        UnicodeEncodeError: the encoding has no such letter.
    """
    table = code(encoding)
    parts = []
    at = 0
    for match in table.letter.finditer(text):
        letter = match.group()
        source = table.sources.get(letter)
        if source is None:
            if letter >= "\x80" or letter in _hidden(encoding):
                raise UnicodeEncodeError(encoding, text, at, match.end(), "no such letter")
            source = letter
        parts.append(source)
        at = match.end()
    return "".join(parts).encode("latin-1")


def _hidden(encoding: Legacy) -> frozenset[str]:
    """ASCII characters that the encoding cannot express."""
    return frozenset(map(chr, _VISCII_LOW)) if encoding == "viscii" else frozenset()


@lru_cache(maxsize=4)
def code(encoding: Legacy) -> Code:
    """The tables of an encoding."""
    texts = {"tcvn3": _tcvn3, "vni": _vni, "viscii": _viscii, "windows-1258": _windows_1258}[
        encoding
    ]()
    sources = {text: unit for unit, text in texts.items()}
    return Code(texts, sources, _longest_first(texts), _longest_first(sources))


def _longest_first(table: dict[str, str]) -> re.Pattern[str]:
    """Matches the keys of several characters, else any one character."""
    long = sorted((k for k in table if len(k) > 1), key=lambda k: (-len(k), k))
    return re.compile("|".join([*map(re.escape, long), "(?s:.)"]))


def _viscii() -> dict[str, str]:
    """RFC 1456."""
    table = {chr(0x80 + i): letter for i, letter in enumerate(_VISCII_HIGH)}
    return table | {chr(byte): letter for byte, letter in _VISCII_LOW.items()}


def _tcvn3() -> dict[str, str]:
    letters = {
        chr(first + i): letter for first, run in _TCVN3.items() for i, letter in enumerate(run)
    }
    return _punctuation() | letters


def _punctuation() -> dict[str, str]:
    """What the fonts took over from windows-1252: quotes, dashes and signs."""
    signs = {}
    for byte in (*range(0x80, 0xA0), *range(0xAF, 0xB5)):
        if char := bytes([byte]).decode("cp1252", "ignore"):
            signs[chr(byte)] = char
    return signs


def _windows_1258() -> dict[str, str]:
    table = {}
    for byte in range(0x80, 0x100):
        if char := bytes([byte]).decode("cp1258", "ignore"):
            table[chr(byte)] = char
    return table


def _vni() -> dict[str, str]:
    table = _punctuation() | {chr(byte): chr(byte) for byte in range(0xA0, 0xC0)}
    for byte, letter in _VNI_ALONE.items():
        table |= {byte: letter, byte.upper(): letter.upper()}
    tables = [(c, "", _VNI_TONES) for c in "aeouy"] + [(c, "", _VNI_TONES) for c in "ôö"]
    tables += [(c, "\u0302", _VNI_HAT) for c in "aeo"] + [("a", "\u0306", _VNI_BREVE)]
    table |= {"yï": "y\u0323", "YÏ": "Y\u0323"}  # usually written î
    for base, hat, marks in tables:
        for mark, tone in marks.items():
            if base + mark == "yï":
                continue
            letter = _VNI_ALONE.get(base, base)
            for unit in (base + mark, base.upper() + mark.upper()):
                whole = (letter if unit[0] == base else letter.upper()) + hat + tone
                table[unit] = unicodedata.normalize("NFC", whole)
            for unit in (base + mark.upper(), base.upper() + mark):
                table[unit] = (letter if unit[0] == base else letter.upper()) + hat + tone
    return table
