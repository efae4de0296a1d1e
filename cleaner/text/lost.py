"""Vietnamese whose bytes went missing: UTF-8, read in a code page, without the undefined bytes.

windows-1252 has no character for 81, 8D, 8F, 90 and 9D, windows-1258 for four more. Programs put
U+FFFD there, or nothing. What is left of a letter is its first bytes, and they leave a handful of
letters to choose from: `á»` and a gap is one of ề, ọ, ỏ, ờ and Ố. Most of them make no Vietnamese
syllable of the word; among the rest the likeliest wins, by the word itself and its two neighbours
(`lost_letters.tsv`, which `tools/learn_lost_letters.py` makes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import TypeAlias

from cleaner.text.syllable import is_syllable

LOST = "\ufffd"
GAP = "_"
UNIT = 8
"""Weights are natural logarithms times this."""

LETTERS = ("ềọỏờ", "ốịỏớỡ", "áêíúý")
"""Sets of letters, in lower case, that a lost byte leaves: behind E1 BB (small, capital), C3."""

_LOST_IN = {"cp1252": "\x81\x8d\x8f\x90\x9d", "cp1258": "\x81\x8a\x8d\x8e\x8f\x90\x9a\x9d\x9e"}
_VOWEL, _CAPITAL, _D, _QUOTE = "\ue000", "\ue001", "\ue002", "\ue003"
"""Stand for the rest of a letter and its gap while words are looked at."""
_MARKS = _VOWEL + _CAPITAL + _D + _QUOTE
_KIND = {"\u00e1\u00bb": _VOWEL, "\u00c3": _CAPITAL, "\u0102": _CAPITAL, "\u00c4": _D}
_MAX_GAPS = 3  # of one word

Weights: TypeAlias = "dict[tuple[str, str, str], dict[str, int]]"


def gaps(tail: str) -> re.Pattern[str]:
    """Finds the rest of a letter without its last byte; `tail`: class of what that can be."""
    return re.compile(
        f"(?P<rest>\u00e1\u00bb|\u00c4|\u00e2\u20ac|[\u00c3\u0102])(?:{LOST}|(?![{tail}{LOST}]))"
    )


def fill(text: str, broken: re.Pattern[str], read: Callable[[str], str]) -> str:
    """Put the lost bytes back, as C1 controls, where a syllable or its like can be told.

    Args:
        text: UTF-8 of Vietnamese, read in windows-1252 or windows-1258.
        broken: what `gaps` gave.
        read: gives the letters of the sequences that are whole.
    """
    if any(mark in text for mark in _MARKS):
        return text
    kept_a0 = "\u00a0" in text
    found = [m for m in broken.finditer(text) if _is_gap(m, text, kept_a0)]
    if not found:
        return text
    codec = "cp1258" if "\u0102" in text and "\u00c3" not in text else "cp1252"
    pieces: list[str] = []
    at = 0
    for match in found:
        pieces += text[at : match.start()], _KIND.get(match["rest"], _QUOTE)
        at = match.end()
    letters = _letters(read("".join(pieces) + text[at:]), _LOST_IN[codec])
    pieces, at = [], 0
    for match, letter in zip(found, letters, strict=True):
        whole = match["rest"] + chr(letter.encode()[-1]) if letter else match.group()
        pieces += text[at : match.start()], whole
        at = match.end()
    return "".join(pieces) + text[at:]


def _is_gap(match: re.Match[str], text: str, kept_a0: bool) -> bool:
    """Not `lÃ `, which is là with its byte A0 made a space; nor letters without anything lost."""
    rest = match["rest"]
    if match.group() != rest or rest == "\u00e1\u00bb":
        return match.group() != rest or text[match.end() : match.end() + 1] not in {"", '"'}
    behind = text[match.end() : match.end() + 1]
    if rest in {"\u00c3", "\u0102"}:
        inside = text[: match.start()][-1:].islower()
        return not inside and (behind not in {" ", ""} or kept_a0) and not behind.isdigit()
    return True


_WORD = re.compile(
    f"[^\\W\\d_{_QUOTE}{_VOWEL}{_CAPITAL}{_D}]*(?:[{_VOWEL}{_CAPITAL}{_D}]|[^\\W\\d_])+|[.!?{_QUOTE}]"
)


def _letters(text: str, lost: str) -> Iterator[str]:
    """The letter of each mark in the text, in order; "" where none can be told."""
    words = _WORD.findall(text)
    before = "."
    for at, word in enumerate(words):
        marks = [c for c in word if c in _MARKS]
        if not marks:
            before = word.lower()
            continue
        if word == _QUOTE:
            yield "\u201d"
            before = "."
            continue
        behind = words[at + 1] if at + 1 < len(words) else "."
        shouted = any(len(w) > 1 and w.isupper() for w in (words[at - 1] if at else "", behind))
        best = _best(word, marks, lost, shouted, before, behind.lower())
        yield from best
        before = _put(word, best).lower()


def _best(
    word: str, marks: list[str], lost: str, shouted: bool, before: str, behind: str
) -> tuple[str, ...]:
    """The letters that fill the marks of a word; `shouted`: it stands among capitals."""
    plain = [c for c in word if c not in _MARKS]
    upper = all(c.isupper() for c in plain) and (len(plain) > 1 or shouted)
    options = [
        tuple(_choices(mark, lost, upper, place == 0 and word[0] == mark))
        for place, mark in enumerate(marks)
    ]
    nothing = tuple("\u0110" if mark == _D else "" for mark in marks)
    if len(marks) > _MAX_GAPS:
        return nothing
    ranked = []
    for letters in product(*options):
        filled = _put(word, letters)
        if is_syllable(filled):
            ranked.append((_weight(word, letters, before, behind), letters))
    return max(ranked)[1] if ranked else nothing


def _choices(mark: str, lost: str, upper: bool, first: bool) -> Iterator[str]:
    """Letters that a mark can stand for: capitals in a word of capitals, or at its start."""
    if mark == _D:
        yield "\u0110"
        return
    small, capital, short = LETTERS
    letters = short.upper() if mark == _CAPITAL else small + capital.upper()
    for letter in letters:
        lead = b"\xc3" if mark == _CAPITAL else b"\xe1\xbb"
        code = letter.encode()
        fits = (upper or first) if letter.isupper() else not upper
        if fits and code[:-1] == lead and chr(code[-1]) in lost:
            yield letter


def _put(word: str, letters: tuple[str, ...]) -> str:
    parts = iter(letters)
    return "".join(next(parts) or LOST if c in _MARKS else c for c in word)


def _weight(word: str, letters: tuple[str, ...], before: str, behind: str) -> int:
    """How likely the letters are, one by one, in the word that the others make."""
    table = _table()
    total = 0
    filled = _put(word, letters).lower()
    places = [i for i, c in enumerate(word) if c in _MARKS]
    for place, letter in zip(places, letters, strict=True):
        small = letter.lower()
        frame = filled[:place] + GAP + filled[place + 1 :]
        group = next((s for s in LETTERS if small in s), "")
        for neighbour in ("", "<" + before, ">" + behind):
            total += table.get((group, frame, neighbour), {}).get(small, 0)
    return total


@lru_cache(maxsize=1)
def _table() -> Weights:
    """(letters, frame, neighbour) → letter → weight."""
    found: Weights = {}
    data = files("cleaner.text").joinpath("lost_letters.tsv").read_text(encoding="utf-8")
    for line in data.splitlines():
        letters, frame, neighbour, row = line.split("\t")
        found[letters, frame, neighbour] = {item[0]: int(item[1:]) for item in row.split()}
    return found
