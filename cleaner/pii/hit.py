"""What a finder gives, and what stands around it in its line."""

from __future__ import annotations

from typing import Final, NamedTuple

KINDS: Final = ("email", "phone", "ip", "national_id", "bank_card", "iban", "url_secret")
"""The kinds that can be found, in the order of the documentation."""
VEIL: Final = "•"
"""Stands for each character of what must not be shown."""
BEFORE, AFTER = 48, 24
"""Characters that are looked at on either side of a find."""


class Hit(NamedTuple):
    """A find: code points `start:end` of the text that was given, and what speaks for it.

    `kind` is one of `KINDS`, or the name of a user's pattern.
    """

    start: int
    end: int
    kind: str
    evidence: str = ""


def before(text: str, start: int, size: int = BEFORE) -> str:
    """Up to `size` characters before a place, of its own line, folded."""
    found = text[max(0, start - size) : start]
    return found[found.rfind("\n") + 1 :].casefold()


def after(text: str, end: int, size: int = AFTER) -> str:
    """Up to `size` characters after a place, of its own line, folded."""
    return text[end : end + size].partition("\n")[0].casefold()


def is_word(character: str) -> bool:
    """Whether an ASCII letter, digit or underscore: what goes on with a number or a name."""
    return character.isascii() and (character.isalnum() or character == "_")


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether neither side goes on with a word character in ASCII."""
    return not (
        (start > 0 and is_word(text[start - 1])) or (end < len(text) and is_word(text[end]))
    )
