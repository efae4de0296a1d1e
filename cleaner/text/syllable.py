"""What a Vietnamese syllable can be, from its sounds: onset, rhyme and tone.

Vietnamese writes each syllable apart, so "is this word a syllable?" tells right readings of damaged
text from wrong ones. The set is derived: an onset goes with a rhyme as the spelling rules say (`c`,
`g` and `ng` become `k`, `gh` and `ngh` before e, ê, i), a rhyme that ends in a stop has one of two
tones only, and the mark stands where either style of placing it says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
"""No mark, huyền, sắc, ngã, hỏi, nặng."""

_STOP_TONES = ("\u0301", "\u0323")
_STOPS = ("c", "ch", "p", "t")

_ONSETS = "b ch d đ h kh l m n nh p ph r s t th tr v x".split()  # noqa: SIM905
"""Those that are spelt alike before every rhyme, besides none at all."""

_ENDINGS = {
    "a": "- c ch i m n ng nh o p t u y",
    "ă": "c m n ng p t",
    "â": "c m n ng p t u y",
    "e": "- c m n ng o p t",
    "ê": "- ch m n ng nh p t u",
    "i": "- a ch m n nh p t u",
    "iê": "c m n ng p t u",
    "o": "- c i m n ng p t",
    "oo": "c ng",
    "ô": "- c i m n ng p t",
    "ơ": "- i m n p t",
    "u": "- a c i m n ng p t",
    "uô": "c i m n ng t",
    "ư": "- a c i m n ng t u",
    "ươ": "c i m n ng p t u",
}
"""Vowel → what may follow it."""
_ROUNDED = {
    "oa": "- c ch i m n ng nh o p t y",
    "oă": "c m n ng t",
    "oe": "- n o t",
    "uâ": "n ng t y",
    "uê": "- ch n nh u",
    "uơ": "-",
    "uy": "- a ch n nh p t u",
    "uyê": "n t",
}
"""The same behind the glide that is written o or u; after q it is u, and part of the onset."""
_AFTER_Q = {
    "a": "- c ch i n ng nh o p t u y",
    "ă": "c m n ng p t",
    "â": "n ng t u y",
    "e": "- n o t",
    "ê": "- ch n nh t",
    "i": "- t",
    "o": "- ",
    "ô": "c",
    "ơ": "- n t",
    "y": "- nh t",
    "yê": "n t",
}
_WITH_Y = {"y": "-", "yê": "m n ng t u"}
_ONSETS_BEFORE_Y = ("", "h", "k", "l", "m", "s", "t", "th", "v")
_FRONT = "eêi"
_HATTED = "ăâêôơư"
_STYLED = ("oa", "oe", "uy")
_VOWELS = "aăâeêioôơuưy"


def is_syllable(word: str) -> bool:
    """Whether a word in NFC, of any case, can be one Vietnamese syllable in either style."""
    return word in (known := syllables()) or word.lower() in known


@lru_cache(maxsize=1)
def syllables() -> frozenset[str]:
    """All syllables, lower case, NFC (about 18,000, made once in 0.1 s)."""
    return frozenset(
        onset + toned
        for onset, rhyme in _bare()
        for tone in (_STOP_TONES if rhyme.endswith(_STOPS) else TONES)
        for toned in _toned(rhyme, tone)
    )


def _bare() -> Iterator[tuple[str, str]]:
    """Onset and rhyme, without tones."""
    plain, rounded = list(_rhymes(_ENDINGS)), list(_rhymes(_ROUNDED))
    for onset in ("", *_ONSETS):
        for rhyme in (*plain, *rounded):
            if onset or not rhyme.startswith("iê"):  # written yê where nothing precedes it
                yield onset, rhyme
    for rhyme in plain:
        if rhyme[0] in _FRONT:
            yield from ((onset, rhyme) for onset in ("k", "gh", "ngh"))
        else:
            yield from ((onset, rhyme) for onset in ("c", "g", "ng"))
        yield ("g" if rhyme[0] == "i" else "gi"), rhyme  # the i of gi is that of the rhyme
    for rhyme in rounded:
        yield from ((onset, rhyme) for onset in ("c", "k", "g", "gi", "ng"))
    yield from (("qu", rhyme) for rhyme in _rhymes(_AFTER_Q))
    for rhyme in _rhymes(_WITH_Y):
        yield from ((o, rhyme) for o in (_ONSETS_BEFORE_Y if rhyme == "y" else ("",)))


def _rhymes(table: dict[str, str]) -> Iterator[str]:
    for vowel, endings in table.items():
        yield from (vowel + ending.replace("-", "") for ending in endings.split())


def _toned(rhyme: str, tone: str) -> set[str]:
    """The rhyme with its tone mark, in the one or two places where it may stand."""
    places = {_place(rhyme)} | ({0} if rhyme in _STYLED else set())
    return {unicodedata.normalize("NFC", rhyme[: p + 1] + tone + rhyme[p + 1 :]) for p in places}


def _place(rhyme: str) -> int:
    """Index of the letter that carries the tone, in the style that puts it on the main vowel."""
    vowels = sum(c in _VOWELS for c in rhyme)
    hatted = [i for i, c in enumerate(rhyme) if c in _HATTED]
    if hatted:
        return hatted[-1] if rhyme[:2] != "ưu" else 0
    if vowels < len(rhyme) or rhyme in _STYLED:
        return vowels - 1
    return 1 if vowels == 3 else 0
