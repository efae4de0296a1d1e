"""Text that was read in the wrong encoding, read again in the right one.

Several candidates are made; the cheapest one by `cost` wins, and only if it is cheaper than the
text as it is. ftfy does not know windows-1258 and GB18030, the two misreadings of UTF-8 that hit
Vietnamese text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from cleaner.text.lost import LOST, fill, gaps

if TYPE_CHECKING:
    from ftfy import TextFixerConfig


def _byte_of(codec: str) -> dict[str, int]:
    """Character → byte of a code page's upper half; undefined bytes are C1 controls."""
    table = {}
    for byte in range(0x80, 0x100):
        try:
            table[bytes([byte]).decode(codec)] = byte
        except UnicodeDecodeError:
            table[chr(byte)] = byte
    return table


_CP1252 = _byte_of("cp1252")
_CP1258 = _byte_of("cp1258")
_TAIL = "".join(
    sorted(
        {c for t in (_CP1252, _CP1258) for c, b in t.items() if 0x80 <= b < 0xC0}
        | set(map(chr, range(0x80, 0xC0)))
    )
)
_TAIL_CLASS = re.escape(_TAIL)
_VOWEL_SEQUENCE = f"[\u00e1\u00c1][\u00ba\u00bb][{_TAIL_CLASS}{LOST}]"
"""UTF-8 of U+1E80 to U+1EFF, where most Vietnamese vowels lie, read as windows-1252 or
windows-1258."""
_SEQUENCE = re.compile(
    f"\u00e1[\u00ba\u00bb][{_TAIL_CLASS}]|[\u00c3\u0102\u00c4\u00c5\u00c6][{_TAIL_CLASS}]|\u00e2\u20ac[{_TAIL_CLASS}]"
)
"""What UTF-8 of Vietnamese and of its quotes and dashes looks like in those code pages."""
_IDEOGRAPH = "[A-Za-z][\u5cc4\u5cb7]|[\u5cc4\u5cb7][A-Za-z]"
"""E1 BB and E1 BA, the first two bytes of most Vietnamese vowels, read as GB18030 beside a Latin
letter."""

_SHORT_SEQUENCE = "\u00e1\u00bb[a-z]"
"""The same without its last byte: a closing quote is not followed by a letter."""

_STRAIGHTENED = '\u00e1"[\x80-\x9f]'
"""The same in latin-1, after somebody took the second byte for a quote and made it straight."""

EXTRA_SIGNS = (_VOWEL_SEQUENCE, _SHORT_SEQUENCE, _STRAIGHTENED, _IDEOGRAPH)
"""Patterns, besides ftfy's, one of which text must match to be tried here."""
_EXTRA = re.compile("|".join(EXTRA_SIGNS))

_STRAIGHT_QUOTE = re.compile('(?<=\u00e1)"(?=[\x80-\x9f])')
_GARBLED_LOST = "\u00ef\u00bf\u00bd"
"""U+FFFD in UTF-8, read as windows-1252: the lost character itself is better."""
_GAPS = gaps(_TAIL_CLASS)
_EVIDENCE = re.compile("\u00e1[\u00ba\u00bb]|\u00c6[\u00b0\u00a1]|\u00c4\u2018")
"""The commonest Vietnamese letters, garbled: the rest is then Vietnamese, too."""

VIETNAMESE = frozenset(
    "ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũƠơƯư" + "".join(map(chr, range(0x1EA0, 0x1EFA)))
)
_PUNCTUATION = frozenset("\u00a0«»°²³·×–—‘’‚“”„•…′″€₫™©®½±÷\u0300\u0301\u0303\u0309\u0323")


def repair_encoding(text: str) -> str:
    """The text read in the right encoding, or unchanged where that is not provably better."""
    from ftfy.badness import is_bad

    if not is_bad(text) and not _EXTRA.search(text):
        return text
    best, least = text, cost(text)
    for candidate in _candidates(text):
        price = cost(candidate)
        if price < least:
            best, least = candidate, price
    return best


def cost(text: str) -> tuple[int, int, int]:
    """How damaged a text looks: sequences that only damage makes, lost characters, length."""
    from ftfy.badness import badness

    signs = badness(text) + len(_EXTRA.findall(text)) + text.count(_GARBLED_LOST)
    return signs + text.count(LOST), text.count(LOST), len(text)


def _candidates(text: str) -> Iterator[str]:
    from ftfy import fix_encoding_and_explain

    known = _filled(_STRAIGHT_QUOTE.sub("\u00bb", text))
    yield fix_encoding_and_explain(known, _config()).text
    if (whole := _read_as_utf8(known, _CP1258)) is not None:
        yield whole
    yield _read_sequences(known)
    if (whole := _read_gb18030(text)) is not None:
        yield whole


@lru_cache(maxsize=1)
def _config() -> TextFixerConfig:
    """Encodings alone; with explanations, without which ftfy ignores its configuration."""
    from ftfy import TextFixerConfig

    return TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=True,
    )


def _filled(text: str) -> str:
    """Put back bytes that got lost, where the text is Vietnamese and leaves one likely choice."""
    if not _EVIDENCE.search(text):
        return text
    return fill(text, _GAPS, lambda part: _SEQUENCE.sub(_read_sequence, part))


def _read_as_utf8(text: str, table: dict[str, int]) -> str | None:
    """All of the text, as UTF-8 that was read in a code page; None if it cannot be that."""
    from ftfy.fixes import replace_lossy_sequences, restore_byte_a0

    data = bytearray()
    for char in text:
        code = ord(char) if char < "\x80" else 0x1A if char == LOST else table.get(char)
        if code is None:
            return None
        data.append(code)
    try:
        new = replace_lossy_sequences(restore_byte_a0(bytes(data))).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return new if _is_plausible(new) else None


def _read_sequences(text: str) -> str:
    """Only sequences that stand for a Vietnamese letter or a quote, if there are two kinds."""
    if not _EVIDENCE.search(text) or len(set(_SEQUENCE.findall(text))) < 2:
        return text
    return _SEQUENCE.sub(_read_sequence, text)


def _read_sequence(match: re.Match[str]) -> str:
    garble = match.group()
    for table in (_CP1252, _CP1258):
        try:
            char = bytes(table[c] if c in table else ord(c) for c in garble).decode("utf-8")
        except (ValueError, UnicodeDecodeError):
            continue
        if len(char) == 1 and (char in VIETNAMESE or char in _PUNCTUATION):
            return char
    return garble


def _read_gb18030(text: str) -> str | None:
    """All of the text, where UTF-8 was read as GB18030 without a loss."""
    if LOST in text:
        return None
    try:
        new = text.encode("gb18030").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    return new if _is_plausible(new) else None


def _is_plausible(text: str) -> bool:
    """Whether all that is not ASCII could stand in a Vietnamese text."""
    return all(c < "\x80" or c in VIETNAMESE or c in _PUNCTUATION or c == LOST for c in text)
