"""Text of unknown origin on a terminal: shown, never obeyed."""

from __future__ import annotations

import unicodedata

_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Format characters that spelling needs (Persian, Indic scripts, emoji); no terminal obeys them."""


def inert(text: str, *, keep: str = "") -> str:
    r"""The text with every character that could steer a terminal, or that nobody sees, escaped.

    Control and format characters (escape sequences, bidi overrides, zero widths), line and
    paragraph separators and half surrogates become `\x1b`, `\u202e`, …; those in
    `keep` stay. The result is one line, and fits UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(_shown(c) if c not in keep and _is_unshown(c) else c for c in text)


def visible(text: str) -> str:
    """As `inert`, with unusual spaces escaped, too: for what was changed, where they matter."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _shown(c) for c in text)


def _is_unshown(character: str) -> bool:
    return unicodedata.category(character) in _UNSHOWN


def _shown(character: str) -> str:
    r"""As Python writes it: `\n`, `\x1b`, `\u202e`, `\U000e0001`."""
    return character.encode("unicode_escape").decode("ascii")
