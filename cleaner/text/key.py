"""The key text: what two passages share when only case, spelling and punctuation differ.

This is the reference in plain Python; `cleaner.text.words` hashes the same words at speed.

A *word* is a run of letters, digits, marks and underscores. In scripts that are written without
spaces (Han, kana, Thai, Lao, Khmer, Burmese) each letter, with the marks on it, is a word of its
own. In a word

- letters are case-folded (Unicode, section 5.18) and canonically equivalent spellings are one; the
  iota subscript stays a mark, so that the order of the marks cannot matter;
- the marks of a letter are a bag: their order does not matter, none is removed;
- format characters (soft hyphen, joiners, direction, variation selectors) count as not there, but
  the zero-width space separates;
- the tone of a Vietnamese syllable that ends in -oa, -oe or -uy stands on the last letter ("hòa"
  and "hoà" are both "hoà").

A mark that follows no letter belongs to the separator before it. Everything else separates.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

SEPARATOR, LETTER, MARK, ALONE, ABSENT, DIGIT = range(6)
"""Kinds of decomposed, case-folded code points; a `DIGIT` and an `ALONE` are letters, too."""

TONES = "\u0300\u0301\u0303\u0309\u0323"
"""The Vietnamese tones: huyền, sắc, ngã, hỏi, nặng."""

NUCLEI = ("oa", "oe", "uy")
"""The endings on which the two styles of placing a tone differ."""

# "q" is missing on purpose: in "quý" the u belongs to the onset, and both styles agree.
ONSETS = ("", *"b c ch d đ g gh gi h k kh l m n ng ngh nh p ph r s t th tr v x".split())  # noqa: SIM905
"""What may stand before a nucleus in a Vietnamese syllable, folded."""

# Planes 2 and 3 are reserved for ideographs: one that a later version of Unicode adds has its kind
# already.
IDEOGRAPHS = (0x20000, 0x3FFFD)
# Blocks of letters without spaces (Unicode 16), closed ranges.
UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),  # iteration mark, closing mark, zero
    (0x3021, 0x3029),  # Suzhou numerals
    (0x3031, 0x3035),  # kana repeat marks
    (0x3038, 0x303C),
    (0x3041, 0x30FF),  # kana
    (0x31F0, 0x31FF),  # small kana
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Burmese, extended
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # half-width kana
    (0x1AFF0, 0x1B16F),  # historic kana
)

ZERO_WIDTH_SPACE = 0x200B
# Drawn as nothing: the grapheme joiner, the variation selectors, the block of tags. Closed ranges.
INVISIBLE = (
    (0x034F, 0x034F),
    (0x180B, 0x180F),
    (0xFE00, 0xFE0F),
    (0xE0000, 0xE0FFF),
)
_IOTA_SUBSCRIPT = "\u0345"


@lru_cache(maxsize=1 << 14)
def kind(char: str) -> int:
    """The kind of one code point that `fold` returned."""
    point = ord(char)
    if IDEOGRAPHS[0] <= point <= IDEOGRAPHS[1]:
        return ALONE
    if _lies_in(point, INVISIBLE):
        return ABSENT
    category = unicodedata.category(char)
    if category == "Nd":
        return DIGIT
    if category[0] in "LN" or char == "_":
        return ALONE if _lies_in(point, UNSPACED) else LETTER
    if category[0] == "M":
        return MARK
    return ABSENT if category == "Cf" and point != ZERO_WIDTH_SPACE else SEPARATOR


def fold(text: str) -> str:
    """Decompose and case-fold a text; what a code point gives depends on no other."""
    parts = unicodedata.normalize("NFD", text).split(_IOTA_SUBSCRIPT)
    return unicodedata.normalize("NFD", _IOTA_SUBSCRIPT.join(part.casefold() for part in parts))


def words(text: str, *, fold_digits: bool = False) -> list[str]:
    """The words of a text's key; with `fold_digits` each run of decimal digits is one "0"."""
    return [_spell(w, fold_digits=fold_digits) for w in _split(fold(text))]


def key_text(text: str, *, fold_digits: bool = False) -> str:
    """The key of a text: its words with one space between them, in NFC. It is its own key."""
    return " ".join(words(text, fold_digits=fold_digits))


def _lies_in(point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    """Whether a code point is in one of the closed ranges."""
    return any(low <= point <= high for low, high in ranges)


def _split(folded: str) -> list[list[str]]:
    """Cut a folded text into words; a word is a list of letters, each with its marks behind it."""
    found: list[list[str]] = []
    word: list[str] = []
    alone = False
    for char in folded:
        what = kind(char)
        if what == ABSENT:
            continue
        if what == MARK:
            if word:
                word[-1] += char
            continue
        if word and (what in (SEPARATOR, ALONE) or alone):
            found.append(word)
            word = []
        if what != SEPARATOR:
            word.append(char)
        alone = what == ALONE
    return [*found, word] if word else found


def _spell(word: list[str], *, fold_digits: bool) -> str:
    """Write a word in the one spelling that all its variants share."""
    if fold_digits:
        word = _fold_digits(word)
    word = _place_tone(["".join([w[0], *sorted(w[1:])]) for w in word])
    return unicodedata.normalize("NFC", "".join(word))


def _fold_digits(word: list[str]) -> list[str]:
    """Put "0" for each run of digits; it carries all their marks."""
    folded: list[str] = []
    after_digit = False
    for letter in word:
        is_digit = kind(letter[0]) == DIGIT
        if is_digit and after_digit:
            folded[-1] += letter[1:]
        else:
            folded.append("0" + letter[1:] if is_digit else letter)
        after_digit = is_digit
    return folded


def _place_tone(word: list[str]) -> list[str]:
    """Move a syllable's tone from the last letter but one to the last, where styles differ."""
    if len(word) < 2 or len(word[-2]) != 2 or len(word[-1]) != 1:
        return word
    vowel, tone = word[-2][0], word[-2][1]
    if tone in TONES and vowel + word[-1] in NUCLEI and "".join(word[:-2]) in ONSETS:
        return [*word[:-2], vowel, word[-1] + tone]
    return word
