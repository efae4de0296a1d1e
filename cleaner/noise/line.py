"""What one line looks like: its kind, its measures and the text that rules compare.

Everything here is language-neutral and made of integers, so that no machine judges differently.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

SCAN_CHARS = 240
"""Rules look at lines up to this length; widgets, heads and teasers are shorter."""
PROSE_CHARS = 300
"""A line this long that ends like a sentence is prose, whatever else it holds."""
TEASER_CHARS = 320
"""A teaser is no longer than that; longer prose shows that the text has resumed."""

_STOPS = frozenset(".!?。！？…؟।॥:：")
_CLOSERS = "\"'’”»›)]）】』」*_ \u00a0"
_TRIM = "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + "\u200b\u200c\u200d\ufeff"
_BULLETS = "•·●○▪■□◆◇►▶▷▸»›>→⇒*+#|~–—-"
_TAIL_MARKS = " :：.…»›>→▼▾▸►|·•,;!?。，、；？！،؛؟"
_FRAMES = {"[": "]", "【": "】", "［": "］", "〔": "〕", "《": "》", "<": ">"}
_WIDE = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_COUNT = re.compile(r"\s*[(\[]\s*[\d.,+]+\s*[)\]]$")
_BARS = ("|", "/", "•", "·", "»", "›", "│", "︱", "\t", " - ", " – ", "   ")
_BAR = re.compile(r"[|/•·»›│︱\t]| [-–] |   ")
_LISTED = re.compile(r"(?:[-–—•*·▪●+]|\(?\d{1,3}[.)/:]|[a-zA-Zđ][.)]|\d+(?:[.,/]\d+)?)\s*\S")
_CODE_CHARS = re.compile(r"[;{}<>=(\[$|&]|%[}>]|//|/\*|::")
_CODE = re.compile(
    r"[;{}]$|^(?:[<{}$]|//|/\*)|=>|[=!]=|\(\)|</|/>|\w::\w|\s=\s|\|\||&&|\w\([^)\d]*\)[:;,]?$|\w\[\w+\]|%[}>]"
)
_TONES = re.compile(r"[ou](?<!q[ou])[àáảãạèéẻẽẹỳýỷỹỵ](?![^\W\d_])")
_TONE_PLACES = {
    new: old
    for pairs in (
        "oà òa|oá óa|oả ỏa|oã õa|oạ ọa",
        "oè òe|oé óe|oẻ ỏe|oẽ õe|oẹ ọe",
        "uỳ ùy|uý úy|uỷ ủy|uỹ ũy|uỵ ụy",
    )
    for new, old in (pair.split() for pair in pairs.split("|"))
}


class Kind(IntEnum):
    """What a line is by its look alone."""

    MARK = 0
    """No letters: numbers, separators, a player's clock."""
    LINK = 1
    """Short and not ended like a sentence: a menu item, a head, a headline, a label."""
    SENTENCE = 2
    """One short sentence."""
    PROSE = 3
    """A paragraph."""


class Line(NamedTuple):
    """The look of one line; `folded` and `key` are empty for lines longer than `SCAN_CHARS`."""

    text: str
    kind: Kind
    chars: int
    words: int
    """Words between spaces; two characters of a script without spaces count as one word."""
    is_cut_off: bool
    """Ends in an ellipsis, as teasers do."""
    is_ended: bool
    """Ends like a sentence (or with a colon)."""
    is_listed: bool
    """Starts with a bullet, a number or a letter with a bracket."""
    is_code: bool
    """Looks like a line of a program or of markup."""
    bars: int
    """Separators inside: `|`, `•`, `/`, tabs, wide gaps, dashes between spaces; 0 for sentences."""
    folded: str
    """NFC, case folded, spaces collapsed, tone marks in the old places: what patterns see."""
    key: str
    """`folded` without bullets before, marks and a count behind: what phrases are compared with."""


def unify_tones(text: str) -> str:
    """Vietnamese tones of open `oa oe uy` moved to the first vowel: hoà → hòa; lower case only."""
    return _TONES.sub(_move_tone, text)


def _move_tone(found: re.Match[str]) -> str:
    """Two letters with the tone in the old place; oỳ and uá are no such pairs."""
    pair = found.group()
    return _TONE_PLACES.get(pair, pair)


def fold(text: str) -> str:
    """The text as patterns see it: NFC, case folded, spaces collapsed, tone placement unified."""
    return _join(_fold_words(text), text)


def _fold_words(text: str) -> list[str]:
    """The words of a text between spaces, in NFC, case folded."""
    if text.isascii():
        return text.lower().split()
    return unicodedata.normalize("NFC", text.casefold()).split()


def _join(words: Sequence[str], text: str) -> str:
    """Folded words of a text as one string, with tones in the old places."""
    joined = " ".join(words)
    return joined if text.isascii() else unify_tones(joined)


def phrase_key(folded: str) -> str:
    """A folded line without bullets or brackets around it, nor marks or a count, `(12)`, behind."""
    bare = folded.lstrip(_BULLETS + " ").rstrip(_TAIL_MARKS)
    if bare.endswith((")", "]")):
        bare = _COUNT.sub("", bare).rstrip(_TAIL_MARKS)
    if len(bare) > 2 and _FRAMES.get(bare[0]) == bare[-1]:
        bare = bare[1:-1].strip(" ").rstrip(_TAIL_MARKS)
    return bare


def look(raw: str) -> Line:
    """Measure one line (with or without its line end); see `Line`."""
    text = raw.strip(_TRIM)
    chars = len(text)
    bare = text.rstrip(_CLOSERS)
    is_ended = bare[-1:] in _STOPS if bare else False
    if chars > PROSE_CHARS and is_ended:
        return Line(text, Kind.PROSE, chars, chars // 6, False, True, False, False, 0, "", "")
    is_short = chars <= SCAN_CHARS
    parts = _fold_words(text) if is_short else text.split()
    words = _count_words(text, chars, len(parts))
    bars = 0
    if is_short and not is_ended and _BAR.search(text) is not None:
        bars = sum(map(text.count, _BARS))
    kind = _kind(text, chars, words, bars, is_ended)
    is_cut_off = bare.endswith(("...", "…"))
    is_listed = _LISTED.match(text) is not None
    folded = _join(parts, text) if is_short else ""
    key = phrase_key(folded) if is_short else ""
    is_code = is_short and kind is not Kind.PROSE and _is_code(text)
    return Line(
        text, kind, chars, words, is_cut_off, is_ended, is_listed, is_code, bars, folded, key
    )


def _is_code(text: str) -> bool:
    """Whether a line looks like a program's or like markup."""
    return _CODE_CHARS.search(text) is not None and _CODE.search(text) is not None


def _count_words(text: str, chars: int, words: int) -> int:
    """Words between spaces; where they look long, half the characters of unspaced scripts, too."""
    if chars > 6 * words and not text.isascii():
        words += len(_WIDE.findall(text)) // 2
    return words


def _kind(text: str, chars: int, words: int, bars: int, is_ended: bool) -> Kind:
    """The kind by length, end and separators."""
    if not (text[:1].isalpha() or any(map(str.isalpha, text))):
        return Kind.MARK
    if is_ended:
        if text.endswith((":", "：")) and words <= 12:
            return Kind.LINK
        if chars >= 80 or words >= 14:
            return Kind.PROSE
        return Kind.SENTENCE if words >= 4 else Kind.LINK
    if words <= 30 or bars * 8 > words:
        return Kind.LINK
    inner = text.count(", ") + text.count(". ") + text.count("，") + text.count("。")
    return Kind.PROSE if inner * 30 >= words else Kind.LINK


def is_teaser(line: Line) -> bool:
    """Whether a line has words and no more than the size of a teaser."""
    return line.kind is not Kind.MARK and line.chars <= TEASER_CHARS
