"""Which legacy encoding of Vietnamese a text is in, told by its syllables; and text read again.

The same test serves bytes at reading and text that somebody has read as windows-1252 or latin-1
already: of the words that an encoding gives letters beyond ASCII, how many are Vietnamese
syllables? The right one scores above .95, the others below .6.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from cleaner.text.legacy import ENCODINGS, Legacy, code
from cleaner.text.syllable import is_syllable

MIN_SHARE = 0.85
"""Share of syllables from which a text is taken for Vietnamese in a legacy encoding."""
MIN_DENSITY = 0.25
"""So many of all words have a letter beyond ASCII; in Vietnamese about 70 of 100 have one."""
MIN_WORDS = 3
"""So many different words must read otherwise than in windows-1252."""
DOUBTFUL_SHARE = 0.5
"""From here on a text that is left as it is counts as suspect."""
SAMPLE_CHARS = 1 << 16

_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_WORD = re.compile(r"[^\W\d_]+")
_MODERN = re.compile(
    "[\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]"
)
"""Letters of Vietnamese that windows-1252 has not: this part is Unicode already."""

_ABBREVIATION = re.compile("[B-DF-HJ-NP-TV-XZĐ]+|.")

_LETTER = "[A-Za-z]"
SIGNS = (
    f"{_LETTER}[\u00b5\u00b6\u00b8\u00b9\u00a8\u00ac\u00bc\u00bd\u00be]",  # TCVN3 à ả á ạ ă ơ ẳ ẵ ắ
    f"[\u00a7\u00ae]{_LETTER}",  # TCVN3 Đ đ
    "[AEOUYaeouy\u00d4\u00d6\u00f4\u00f6][\u00d8\u00f8]",  # VNI: letters with huyền
    f"{_LETTER}[\u00a4\u00a5\u00a7\u00a9\u00ab\u00ae\u00af\u00b1\u00bf]{_LETTER}",  # VISCII
    "[\n -@]\u00f0",  # windows-1258 đ at the start of a word
)
"""One of these stands in every text of some words that was misread from a legacy encoding."""
_SIGN = re.compile("|".join(SIGNS))

_UTF8 = re.compile("\u00e1[\u00ba\u00bb]|\u00c6[\u00b0\u00a1]|\u00c4[\u2018\x91]")
"""The commonest letters of Vietnamese in UTF-8, read as windows-1252: no legacy encoding."""

_TO_LATIN1 = {
    ord(char): byte
    for byte in range(0x80, 0xA0)
    if (char := bytes([byte]).decode("cp1252", "ignore"))
}


class Share(NamedTuple):
    """How Vietnamese a reading looks.

    Attributes:
        encoding: that of the reading.
        share: part of the words with letters beyond ASCII that are syllables, 0 to 1.
        words: how many such words there are.
        density: part of all words that they are, 0 to 1.
        changed: how many different words are not what windows-1252 makes of them.
    """

    encoding: Legacy
    share: float
    words: int
    density: float
    changed: int

    @property
    def is_certain(self) -> bool:
        """Whether the text is to be read so."""
        return self.share >= MIN_SHARE and self.may_be

    @property
    def may_be(self) -> bool:
        """Whether there are enough words to tell."""
        return self.changed >= MIN_WORDS and self.density >= MIN_DENSITY

    def __str__(self) -> str:
        return f"{self.encoding} {self.share:.2f} of {self.words} words"


def has_sign(text: str) -> bool:
    """Whether there is anything in the text that a misreading of a legacy encoding would leave."""
    return _SIGN.search("\n" + text) is not None


def misread_from(text: str) -> tuple[Legacy | None, bool]:
    """The encoding that a text was misread from, or None; whether there is reason for doubt.

    `text` was read as windows-1252 or latin-1. A text that is Vietnamese as it stands was not.
    """
    if not has_sign(text):
        return None, False
    sample = _sample(text)
    if _UTF8.search(sample):
        return None, False
    before, words = share_of(_WORD.findall(sample))
    if before >= DOUBTFUL_SHARE and len(_MODERN.findall(sample)) > words // 4:
        return None, False
    best = shares(text)[0]
    if best.is_certain and best.share > before:
        return best.encoding, False
    return None, best.share >= DOUBTFUL_SHARE and best.share > before and best.may_be


def shares(text: str) -> list[Share]:
    """Each encoding's share, the highest first; `text` was read as windows-1252 or latin-1."""
    sample = _sample(text)
    plain = {w for w in _WORD.findall(sample) if not w.isascii()}
    found = []
    for encoding in ENCODINGS:
        words = _WORD.findall(reread(sample, encoding))
        share, count = share_of(words)
        changed = {w for w in words if not w.isascii()} - plain
        found.append(Share(encoding, share, count, count / max(1, len(words)), len(changed)))
    return sorted(found, key=lambda s: -s.share)


def _sample(text: str) -> str:
    """The part that is looked at: from a little before the first character beyond ASCII."""
    first = _BEYOND_ASCII.search(text)
    low = max(0, first.start() - 32) if first else 0
    return text[low : low + SAMPLE_CHARS]


def share_of(words: list[str]) -> tuple[float, int]:
    """Part of the words beyond ASCII that are syllables; how many there are.

    Abbreviations (`QĐ`, `đ`) tell nothing, and are not counted.
    """
    counts = Counter(w for w in words if not w.isascii() and not _ABBREVIATION.fullmatch(w))
    total = counts.total()
    good = sum(n for word, n in counts.items() if is_syllable(word))
    return (good / total if total else 0.0), total


def reread(text: str, encoding: Legacy) -> str:
    """The text read in a legacy encoding, NFC; what it has no meaning for stays."""
    if encoding != "vni":  # a byte is a character
        return unicodedata.normalize("NFC", text.translate(_translation(encoding)))
    table = code(encoding)
    latin = text.translate(_TO_LATIN1)
    parts = []
    at = 0
    for unit in table.unit.findall(latin):
        parts.append(table.texts.get(unit) or text[at : at + len(unit)])
        at += len(unit)
    return unicodedata.normalize("NFC", "".join(parts))


@lru_cache(maxsize=4)
def _translation(encoding: Legacy) -> dict[int, str]:
    """Character of windows-1252 or latin-1 → letter of the encoding."""
    letters = {ord(unit): text for unit, text in code(encoding).texts.items()}
    upper = {char: letters[byte] for char, byte in _TO_LATIN1.items() if byte in letters}
    return letters | upper


def reread_passage(passage: str, encoding: Legacy) -> str:
    """A passage of a text that was misread as a whole, unless the passage itself was not.

    It stays where it holds Vietnamese letters of Unicode, and where reading it again makes fewer
    syllables, or mostly words that are none.
    """
    if passage.isascii() or _MODERN.search(passage):
        return passage
    again = reread(passage, encoding)
    after, words = share_of(_WORD.findall(again))
    before, _ = share_of(_WORD.findall(passage))
    if words and (after < DOUBTFUL_SHARE or after < before):
        return passage
    return again


def has_capitals(text: str) -> bool:
    """Whether words in a text from TCVN3 mix capitals and small letters (`TµI`, `CéNG`).

    They were set in a font that draws small letters as capitals: their case is not certain.
    """
    return _mixed().search(text) is not None


@lru_cache(maxsize=1)
def _mixed() -> re.Pattern[str]:
    """A word of two capitals of ASCII or more, and small letters beyond it."""
    small = "".join(
        sorted(t for u, t in code("tcvn3").texts.items() if u >= "\x80" and t.islower())
    )
    return re.compile(f"\\b(?=[A-Z]*[{small}])(?=[{small}]*[A-Z][{small}]*[A-Z])[A-Z{small}]+\\b")
