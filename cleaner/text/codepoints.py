"""Tables that tell a kernel what each code point adds to a word's hash.

An *entry* is 64 bits: the kind in bits 0–2, roles in bits 3–7, a random value in bits 8–63. A
letter's value is the sum of the values of its folded base and its marks, so that composed and
decomposed spellings, and any order of the marks, give one number. Code points that fold to several
letters (ß, ligatures, Hangul syllables) hold an index into `sequences` instead.

A word's hash is a chain of `step` over the values of its letters, begun at `START`; the last two
letters wait until the word ends, because a tone may still move between them (see
`cleaner.text.key`).

The constants are compiled into `cleaner.text.words`: who changes one raises the version in
`words.algorithm`, whose file then differs, so that its compiled code is renewed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cleaner.text import key
from cleaner.text.mix import splitmix

SEPARATOR, LETTER, MARK, ALONE, ABSENT, DIGIT = (
    key.SEPARATOR,
    key.LETTER,
    key.MARK,
    key.ALONE,
    key.ABSENT,
    key.DIGIT,
)
SEQUENCE = 6
"""A seventh kind: folds to several letters; bits 8-39 start in `sequences`, bits 40-63 length."""

LIMIT = 0x40000
"""Code points from here on have no entry: `ABSENT_PLANE` is absent, the others separate."""
ABSENT_PLANE = (0xE0000, 0xE1000)
"""Tags and variation selectors: a closed start, an open end."""

VALUE = ~np.uint64(0xFF)
ROLE_O, ROLE_U, ROLE_A_E, ROLE_Y, ROLE_DIGIT = 0x08, 0x10, 0x20, 0x40, 0x80
"""What a letter's base can be in a nucleus: `ROLE_O << 2` follows o, `ROLE_U << 2` follows u."""
_ROLES = {"o": ROLE_O, "u": ROLE_U, "a": ROLE_A_E, "e": ROLE_A_E, "y": ROLE_Y}

START = np.uint64(0x2545F4914F6CDD1D)
FACTOR = np.uint64(0x9FB21C651E98DF25)
TURN = np.uint64(29)
_BACK = np.uint64(35)

_KINDS = dict.fromkeys(["Cf"], ABSENT) | dict.fromkeys(["Mn", "Mc", "Me"], MARK) | {"Nd": DIGIT}
_KINDS |= dict.fromkeys(["Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "No"], LETTER)
_KINDS |= dict.fromkeys("Zs Zl Zp Cc Cs Co Cn Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split(), SEPARATOR)  # noqa: SIM905

_HANGUL = (0xAC00, 0xD7A4)
_LETTERS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), _HANGUL)
_BLOCK = 64
# Blocks that need not be asked one by one; the fourth is surrogates and private use.
_SKIPPED = (*_LETTERS, (0xD800, 0xF900), (0x20000, 0x2F800), (0x2FA20, LIMIT))


@dataclass(frozen=True, slots=True, eq=False)
class CodePoints:
    """What a kernel needs to hash words.

    `entries` uint64[LIMIT]; `sequences` uint64[]: letters of code points that fold to several;
    `syllable` uint64[]: entries of o, u, a, e, y, values of the five tones, then hashes of the
    onsets.
    """

    entries: NDArray[np.uint64]
    sequences: NDArray[np.uint64]
    syllable: NDArray[np.uint64]


def code_points(fold_digits: bool = False) -> CodePoints:
    """The tables; they depend on Python's version of Unicode alone. Built once, in about 0.1 s."""
    return _folded() if fold_digits else _plain()


@cache
def _folded() -> CodePoints:
    return _with_folded_digits(_plain())


@cache
def _plain() -> CodePoints:
    entries = _plain_entries()
    sequences: list[int] = []
    _fold_letters(entries, sequences)
    syllables = _compose_hangul(entries, len(sequences))
    syllable = _syllable(entries)
    pool = np.concatenate([np.array(sequences, dtype=np.uint64), syllables])
    for array in (entries, pool, syllable):
        array.flags.writeable = False
    return CodePoints(entries, pool, syllable)


def _asked() -> list[int]:
    """Code points below `LIMIT` whose category must be looked up."""
    skipped = np.zeros(LIMIT, dtype=bool)
    for low, high in _SKIPPED:
        skipped[low:high] = True
    points: list[int] = np.flatnonzero(~skipped).tolist()
    return points


def kinds() -> NDArray[np.uint64]:
    """`key.kind` of every code point below `LIMIT`, uint64[LIMIT]."""
    points = _asked()
    found = np.full(LIMIT, SEPARATOR, dtype=np.uint64)
    for low, high in _LETTERS:
        found[low:high] = LETTER
    found[points] = [_KINDS[c] for c in map(unicodedata.category, map(chr, points))]
    for low, high in key.UNSPACED:
        found[low : high + 1][found[low : high + 1] == LETTER] = ALONE
    for low, high in key.INVISIBLE:
        found[low : high + 1] = ABSENT
    found[ord("_")] = LETTER
    found[key.ZERO_WIDTH_SPACE] = SEPARATOR
    found[key.IDEOGRAPHS[0] : key.IDEOGRAPHS[1] + 1] = ALONE
    return found


def _plain_entries() -> NDArray[np.uint64]:
    """Entries of code points that fold to themselves; those of the others are wrong still."""
    kind = kinds()
    roles = np.zeros(LIMIT, dtype=np.uint64)
    for letter, role in _ROLES.items():
        roles[ord(letter)] = role
    roles[kind == DIGIT] = ROLE_DIGIT
    kind[kind == DIGIT] = LETTER
    values = splitmix(np.arange(LIMIT, dtype=np.uint64)) & VALUE
    values[(kind == SEPARATOR) | (kind == ABSENT)] = 0
    return values | kind | roles


def _fold_letters(entries: NDArray[np.uint64], sequences: list[int]) -> None:
    """Give code points that fold to something else the entries of what they fold to."""
    plain = entries.copy()
    points = [p for p in _asked() if plain[p]]
    for at in range(0, len(points), _BLOCK):
        block = points[at : at + _BLOCK]
        joined = "".join(map(chr, block))
        if joined == joined.casefold() == unicodedata.normalize("NFD", joined):
            continue  # most letters of the world have no case
        for point, char in zip(block, joined, strict=True):
            if not char == char.casefold() == unicodedata.normalize("NFD", char):
                entries[point] = _entry_of(key.fold(char), plain, sequences)


def _entry_of(folded: str, plain: NDArray[np.uint64], sequences: list[int]) -> int:
    """The entry of a folded string: a letter with marks, marks alone, or an index."""
    letters: list[int] = []
    for char in folded:
        entry = int(plain[ord(char)])
        if letters and entry & 7 == MARK:
            letters[-1] = (letters[-1] + (entry & ~0xFF)) & 0xFFFFFFFFFFFFFFFF
        else:
            letters.append(entry)
    if len(letters) == 1 or letters[0] & 7 == SEPARATOR:
        return letters[0]
    sequences.extend(letters)
    return SEQUENCE | (len(sequences) - len(letters)) << 8 | len(letters) << 40


def _compose_hangul(entries: NDArray[np.uint64], first: int) -> NDArray[np.uint64]:
    """Hangul syllables: two or three jamo each, by arithmetic (Unicode, section 3.12).

    Returns what they add to the sequences, of which there are `first` already.
    """
    number = np.arange(_HANGUL[1] - _HANGUL[0])
    jamo = np.stack([0x1100 + number // 588, 0x1161 + number // 28 % 21, 0x11A7 + number % 28], 1)
    there = np.ones(jamo.shape, bool)
    there[:, 2] = number % 28 > 0
    lengths = there.sum(axis=1)
    starts = first + np.cumsum(lengths) - lengths
    entries[slice(*_HANGUL)] = (SEQUENCE | starts << 8 | lengths << 40).astype(np.uint64)
    return entries[jamo[there]]


def _syllable(entries: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """What `cleaner.text.words` needs to find and to move a tone."""
    vowels = [int(entries[ord(v)]) for v in "ouaey"]
    tones = [int(entries[ord(t)] & VALUE) for t in key.TONES]
    onsets = []
    for onset in key.ONSETS:
        state = START
        for letter in (0, 0, *(entries[ord(c)] for c in onset)):
            state = _step(state, np.uint64(letter))
        onsets.append(int(state))
    return np.array([*vowels, *tones, *onsets], dtype=np.uint64)


def _step(state: np.uint64, letter: np.uint64) -> np.uint64:
    """What `cleaner.text.words` does with each letter, in NumPy."""
    x = (np.array([state]) ^ letter) * FACTOR  # an array: NumPy warns when a scalar wraps
    return np.uint64(((x << TURN) | (x >> _BACK))[0])


def _with_folded_digits(plain: CodePoints) -> CodePoints:
    """The same tables, but each digit is a "0" that a kernel merges with the one before."""
    entries = plain.entries.copy()
    digits = (entries & np.uint64(ROLE_DIGIT) != 0) & (entries & np.uint64(7) == LETTER)
    entries[digits] = (plain.entries[ord("0")] & ~np.uint64(7)) | np.uint64(DIGIT)
    entries.flags.writeable = False
    return CodePoints(entries, plain.sequences, plain.syllable)
