"""Where a Vietnamese syllable carries its tone: `hòa` in the older style, `hoà` in the newer one.

The styles differ only in syllables that end in -oa, -oe or -uy. Both are correct; a corpus may want
one. Keys of duplicates and rules are alike in either (`cleaner.text.key`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, TypeAlias

from cleaner.text.key import NUCLEI, ONSETS, TONES

TonePlacement: TypeAlias = Literal["keep", "old", "new"]
"""`old`: hòa, khỏe, thủy; `new`: hoà, khoẻ, thuỷ."""


def moved_tones(text: str, placement: TonePlacement) -> Iterator[tuple[int, int, str]]:
    """Start, end and new letters of each pair of vowels that is written in the other style.

    `text` is in NFC. Only whole words that are a syllable of this kind are touched.
    """
    if placement == "keep":
        return
    table = _pairs(placement)
    for match in _syllable(placement).finditer(text):
        low, high = match.span("nucleus")
        yield low, high, table[match["nucleus"]]


def tone_signs(placement: TonePlacement) -> tuple[str, ...]:
    """Patterns of two characters, one of which a text must hold that `moved_tones` changes."""
    return () if placement == "keep" else tuple(sorted(_pairs(placement)))


@lru_cache(maxsize=3)
def _pairs(placement: TonePlacement) -> dict[str, str]:
    """Two vowels in the other style → in this one, in any case."""
    pairs = {}
    for nucleus in NUCLEI:
        for tone in TONES:
            for first, last in ((a, b) for a in _cases(nucleus[0]) for b in _cases(nucleus[1])):
                old, new = (
                    unicodedata.normalize("NFC", s)
                    for s in (first + tone + last, first + last + tone)
                )
                pairs[new if placement == "old" else old] = old if placement == "old" else new
    return pairs


def _cases(letter: str) -> tuple[str, str]:
    return letter, letter.upper()


@lru_cache(maxsize=3)
def _syllable(placement: TonePlacement) -> re.Pattern[str]:
    """A whole word: an onset of Vietnamese and two vowels."""
    onsets = "|".join(sorted((o for o in ONSETS if o), key=len, reverse=True))
    nuclei = "|".join(sorted(_pairs(placement)))
    return re.compile(
        f"(?<![\\w\u0300-\u036f])(?i:{onsets})?(?P<nucleus>{nuclei})(?![\\w\u0300-\u036f])"
    )
