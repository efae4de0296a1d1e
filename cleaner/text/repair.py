"""Repairs of one passage: damage of encodings, and characters that no reader sees.

Text that is healthy (NFC, no control or zero-width characters, plain spaces) comes out unchanged to
the character. Every change is a `Fix` that names its rule. `cleaner.text.suspect` finds the
passages that this module may change.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html.entities import html5

from cleaner.text.align import Fix, align, apply, compose
from cleaner.text.legacy import Legacy
from cleaner.text.mojibake import repair_encoding
from cleaner.text.tone import TonePlacement, moved_tones
from cleaner.text.vietnamese import has_sign, misread_from, reread_passage

RULES = {
    "unicode.legacy": "Vietnamese in TCVN3, VNI, VISCII or windows-1258 was read as windows-1252; "
    "read again as what it was",
    "unicode.mojibake": "text in one encoding was read as another; read again as what it was",
    "unicode.surrogate": "halves of a UTF-16 pair joined; a lone half is no text",
    "unicode.entity": "HTML entity decoded",
    "unicode.null": "NUL characters removed",
    "unicode.control": "control characters and terminal escapes removed",
    "unicode.zero_width": "invisible characters that the script around them does not need removed",
    "unicode.bom": "byte order mark removed",
    "unicode.no_break_space": "no-break and typographic spaces replaced by a plain space",
    "unicode.nfc": "letters and their marks composed to Unicode normal form C",
    "unicode.tone": "Vietnamese tone mark moved to the letter that the chosen style puts it on",
    "unicode.line_end": "line end written as one line feed",
    "unicode.quote": "curly quotes replaced by straight ones",
    "unicode.ligature": "Latin ligature replaced by its letters",
    "unicode.width": "full-width or half-width character replaced by its usual form",
}
"""Rule id → reason."""

SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
"""Spaces that become U+0020. Ideographic (U+3000) and Ogham (U+1680) spaces belong to their scripts
and stay."""

_ROUNDS = 4  # one fix can lay open another (an entity in an entity); the last round changes nothing


@dataclass(frozen=True, slots=True)
class RepairOptions:
    """What is repaired; each field switches a rule or two. The last four change healthy text."""

    legacy: bool = True
    mojibake: bool = True
    entities: bool = True
    controls: bool = True
    zero_width: bool = True
    nfc: bool = True
    line_ends: bool = True
    spaces: str = SPACES
    quotes: bool = False
    ligatures: bool = False
    widths: bool = False
    tones: TonePlacement = "keep"


@dataclass(frozen=True, slots=True)
class Repaired:
    """The repaired passage, and its fixes: sorted, disjoint, in code points of what was given."""

    text: str
    fixes: tuple[Fix, ...]


DEFAULT = RepairOptions()


def repair_document(
    passages: Sequence[str], options: RepairOptions = DEFAULT
) -> tuple[Repaired, ...]:
    """Repair all passages of a document; together they show an encoding that one may not show."""
    encoding: Legacy | None = None
    if options.legacy and any(map(has_sign, passages)):
        encoding, doubtful = misread_from("".join(passages))
        options = careful(options) if doubtful else options
    return tuple(repair(passage, options, encoding) for passage in passages)


def careful(options: RepairOptions) -> RepairOptions:
    """For a document that may be in a legacy encoding: there, invisible characters are letters."""
    return replace(options, controls=False, zero_width=False, spaces="")


def repair(
    passage: str, options: RepairOptions = DEFAULT, misread: Legacy | None = None
) -> Repaired:
    """Repair one passage (a line with its line end, or a paragraph).

    `misread` is the encoding of Vietnamese that its document was misread from, if it was.
    """
    text = passage
    fixes: list[Fix] = []
    if misread is not None:
        text = reread_passage(passage, misread)
        fixes = align(passage, text, "unicode.legacy")
    for _ in range(_ROUNDS):
        before = text
        for step in _STEPS:
            found = step(text, options)
            if found:
                fixes = compose(fixes, found, text)
                text = apply(text, found)
        if text == before:
            break
    return Repaired(text, tuple(f for f in fixes if passage[f.start : f.end] != f.text))


def replaced_characters(options: RepairOptions) -> dict[str, tuple[str, str]]:
    """Characters that are replaced wherever they stand → (replacement, rule)."""
    return _replaced(options)


# --- controls -------------------------------------------------------------------------------------

_ESCAPE = re.compile("\x1b\\[[0-9;]*[A-Za-z]")
_NULL = re.compile("\0+")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_BREAKING = frozenset(
    "\x0b\x0c\x1c\x1d\x1e\x1f"
)  # white space to Unicode or to Python: they part words
_NEXT_LINE = re.compile("(?<![\x80-\xff])\x85\\Z")


def _controls(text: str, options: RepairOptions) -> list[Fix]:
    """C0 controls and terminal escapes; the C1 controls wait until mojibake had its turn."""
    if not options.controls:
        return []
    escapes = [Fix(*m.span(), "", "unicode.control") for m in _ESCAPE.finditer(text)]
    if escapes:
        return escapes  # the rest in the next round
    fixes = [Fix(*m.span(), "", "unicode.null") for m in _NULL.finditer(text)]
    for match in _CONTROL.finditer(text):
        low, high = match.span()
        parts = (
            not _BREAKING.isdisjoint(match.group())
            and text[low - 1 : low].strip() != ""
            and text[high : high + 1].strip() != ""
        )
        fixes.append(Fix(low, high, " " if parts else "", "unicode.control"))
    return sorted(fixes)


# --- entities -------------------------------------------------------------------------------------

_AMP = "(?:amp|AMP|#0{0,5}38|#[xX]0{0,5}26);"
_ENTITY = re.compile(
    f"&((?:{_AMP})*)(#[0-9]{{1,8}}|#[xX][0-9A-Fa-f]{{1,7}}|[A-Za-z][A-Za-z0-9]{{1,31}});"
)
_MARKUP = re.compile("<[A-Za-z/!][^<>]{0,500}>")
_LINE_ENDS = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")


def _entities(text: str, options: RepairOptions) -> list[Fix]:
    """Entities with a semicolon, however often escaped; none in a passage that is itself markup."""
    if not options.entities or "&" not in text or _MARKUP.search(text):
        return []
    fixes = []
    for match in _ENTITY.finditer(text):
        low, high = match.span()
        new = _decoded(match.group(2))
        if new is None:
            if not match.group(1):
                continue
            high, new = match.end(1), "&"
        elif new in _LINE_ENDS:
            new = " " if text[high:].strip() else ""
        fixes.append(Fix(low, high, new, "unicode.entity"))
    return fixes


def _decoded(name: str) -> str | None:
    """The characters of an entity, given without `&` and `;`; None if there is no such entity."""
    if not name.startswith("#"):
        known = html5.get(name + ";")
        if known is None and name.isupper() and (known := html5.get(name.lower() + ";")):
            known = known.upper()
        return known
    number = int("0" + name[1:], 16) if name[1] in "xX" else int(name[1:])
    if number == 0 or number > 0x10FFFF:
        return None
    if 0x80 <= number < 0xA0:  # what browsers do: the author meant windows-1252
        return bytes([number]).decode("cp1252", "ignore")
    return chr(number)


# --- encodings ------------------------------------------------------------------------------------


def _mojibake(text: str, options: RepairOptions) -> list[Fix]:
    """Repair long passages in parts, so that time stays in proportion to length."""
    if not options.mojibake or text.isascii():
        return []
    fixes = []
    if options.line_ends and (end := _NEXT_LINE.search(text)):
        fixes = [Fix(*end.span(), "\n", "unicode.line_end")]
        text = text[:-1]
    found: list[Fix] = []
    for low, high in _parts(text):
        part = text[low:high]
        new = repair_encoding(part)
        if new != part:
            found += [
                Fix(f.start + low, f.end + low, f.text, f.rule)
                for f in align(part, new, "unicode.mojibake")
            ]
    return found + fixes


def _parts(text: str, size: int = 4000) -> Iterator[tuple[int, int]]:
    """Cut a long text before a word of ASCII letters: no garbled character lies across that."""
    low = 0
    while len(text) - low > size:
        cut = _WORD.search(text, low + size, low + 2 * size)
        high = cut.end() - 1 if cut else low + 2 * size
        if high >= len(text):
            break
        yield low, high
        low = high
    if low < len(text):
        yield low, len(text)


_WORD = re.compile("[!-~][ \t\n][A-Za-z]")

_SURROGATES = re.compile("([\ud800-\udbff][\udc00-\udfff])|[\ud800-\udfff]")


def _surrogates(text: str, options: RepairOptions) -> list[Fix]:
    """Arrow and UTF-8 cannot hold them: no option."""
    del options
    return [
        Fix(
            *m.span(),
            m.group().encode("utf-16", "surrogatepass").decode("utf-16")
            if m.group(1)
            else "\ufffd",
            "unicode.surrogate",
        )
        for m in _SURROGATES.finditer(text)
    ]


# --- characters -----------------------------------------------------------------------------------

_JOINING = (
    "\u0600-\u08ff\u0900-\u0dff\u0e80-\u0eff\u0f00-\u109f\u1780-\u18af\u1900-\u1cff"
    "\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
"""Scripts in which a joiner or non-joiner changes what is written: Arabic, Indic and their
neighbours."""
_UNSPACED = "\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff"
"""Scripts without spaces, where U+200B tells where words end: Thai, Lao, Tibetan, Burmese, Khmer.
"""
_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_PICTURE = "\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001faff"
_INVISIBLE = re.compile(
    f"(?P<joiner>(?<=[{_JOINING}])[\u200c\u200d]|(?<=[{_PICTURE}])\u200d(?=[{_PICTURE}]))"
    f"|(?P<wordend>(?<=[{_UNSPACED}])\u200b(?=[{_UNSPACED}]))"
    "|(?P<flag>\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)"
    "|(?P<bidi>[\u061c\u200e\u200f\u202a-\u202c\u2066-\u2069]+)"
    "|(?P<bom>\\A\ufeff+)"
    "|[\u00ad\u200b-\u200d\u202d\u202e\u2060\ufeff\U000e0000-\U000e007f]"
)
_RIGHT_TO_LEFT = re.compile(f"[{_RTL}]")
CONDITIONAL = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\U000e0000-\U000e007f"
"""Class of the invisible characters; which of them go depends on what stands around them."""
JOINERS = ("\u200c\u200d", _JOINING)
"""Joiners, and the characters after which they always stay."""


def _invisible(text: str, options: RepairOptions) -> list[Fix]:
    """Zero-width and direction marks, where the script around them does not need them."""
    if not options.zero_width or text.isascii():
        return []
    fixes = []
    for match in _INVISIBLE.finditer(text):
        kind = match.lastgroup
        if kind in {"joiner", "wordend", "flag"}:
            continue
        if kind == "bidi" and _RIGHT_TO_LEFT.search(text):
            continue
        rule = "unicode.bom" if kind == "bom" else "unicode.zero_width"
        fixes.append(Fix(*match.span(), "", rule))
    return fixes


@lru_cache(maxsize=8)
def _replaced(options: RepairOptions) -> dict[str, tuple[str, str]]:
    """The table of `replaced_characters`."""
    table: dict[str, tuple[str, str]] = {}
    if options.controls:
        noise = [*range(0x80, 0xA0), *range(0x206A, 0x2070), *range(0xFFF9, 0xFFFD)]
        noise += [*range(0xFDD0, 0xFDF0)]
        noise += [plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF)]
        table |= {chr(c): ("", "unicode.control") for c in noise}
    table |= dict.fromkeys(options.spaces, (" ", "unicode.no_break_space"))
    if options.quotes or options.ligatures or options.widths:
        from ftfy.chardata import LIGATURES, WIDTH_MAP

        if options.quotes:
            table |= dict.fromkeys("ʼ‘’‚‛", ("'", "unicode.quote"))
            table |= dict.fromkeys("“”„‟", ('"', "unicode.quote"))
        if options.ligatures:
            table |= {chr(c): (new, "unicode.ligature") for c, new in LIGATURES.items()}
        if options.widths:
            table |= {chr(c): (new, "unicode.width") for c, new in WIDTH_MAP.items()}
    return table


@lru_cache(maxsize=8)
def _replaced_pattern(options: RepairOptions) -> re.Pattern[str]:
    return re.compile("[" + "".join(map(re.escape, _replaced(options))) + "]")


def _characters(text: str, options: RepairOptions) -> list[Fix]:
    """Characters that are replaced wherever they stand."""
    table = _replaced(options)
    if text.isascii() or not table:
        return []
    return [Fix(*m.span(), *table[m.group()]) for m in _replaced_pattern(options).finditer(text)]


# --- normal form and line ends --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NormalForm:
    """What Unicode says about NFC, as far as it is needed.

    Attributes:
        changed: characters that never occur in NFC text.
        classes: combining class (above 0) → its characters.
        seconds: character that composes with one before it → those before it (also after
        decomposing that).
    """

    changed: frozenset[str]
    classes: dict[int, str]
    seconds: dict[str, frozenset[str]]


@lru_cache(maxsize=1)
def normal_form() -> NormalForm:
    """Read the tables of this Python's `unicodedata` (about 0.1 s)."""
    changed: set[str] = set()
    classes: dict[int, list[str]] = {}
    seconds: dict[str, set[str]] = {}
    composed: list[str] = []
    mark_of = unicodedata.combining
    for code in (
        *range(0xA0, 0xAC00),
        *range(0xD7A4, 0xD800),
        *range(0xF900, 0x20000),
        *range(0x2F800, 0x2FA20),
    ):
        char = chr(code)
        if mark := mark_of(char):
            classes.setdefault(mark, []).append(char)
        parts = unicodedata.decomposition(char)
        if parts and parts[0] != "<":
            if not unicodedata.is_normalized("NFC", char):
                changed.add(char)
            elif " " in parts:
                first, second = (chr(int(p, 16)) for p in parts.split())
                seconds.setdefault(second, set()).add(first)
                if mark_of(second):
                    composed.append(char)
    for (
        second,
        firsts,
    ) in seconds.items():  # a mark can also slip below one that is composed already
        if mark_of(second):
            firsts.update(c for c in composed if not unicodedata.is_normalized("NFC", c + second))
    leads, syllables = range(0x1100, 0x1113), range(0xAC00, 0xD7A4, 28)  # Hangul, by Unicode 3.12
    for vowel in range(0x1161, 0x1176):
        seconds[chr(vowel)] = {chr(c) for c in leads}
    for tail in range(0x11A8, 0x11C3):
        seconds[chr(tail)] = {chr(c) for c in syllables}
    return NormalForm(
        frozenset(changed),
        {k: "".join(v) for k, v in classes.items()},
        {k: frozenset(v) for k, v in seconds.items()},
    )


@lru_cache(maxsize=1)
def _composing() -> re.Pattern[str]:
    """A character with all that can compose with it, or one that is never in NFC."""
    form = normal_form()
    after = "".join(sorted({*"".join(form.classes.values()), *form.seconds}))
    return re.compile(f"(?s:.?[{after}]+)|[{''.join(sorted(form.changed))}]")


def _nfc(text: str, options: RepairOptions) -> list[Fix]:
    """Compose piece by piece, so that an edit holds one letter and its marks."""
    if not options.nfc or unicodedata.is_normalized("NFC", text):
        return []
    fixes = []
    for match in _composing().finditer(text):
        new = unicodedata.normalize("NFC", match.group())
        if new != match.group():
            fixes.append(Fix(*match.span(), new, "unicode.nfc"))
    whole = unicodedata.normalize("NFC", text)
    return fixes if apply(text, fixes) == whole else align(text, whole, "unicode.nfc")


_LINE_END = re.compile("\r(?=\n)|[\r\u2028\u2029]")


def _line_ends(text: str, options: RepairOptions) -> list[Fix]:
    if not options.line_ends:
        return []
    return [
        Fix(*m.span(), "" if text[m.end() : m.end() + 1] == "\n" else "\n", "unicode.line_end")
        for m in _LINE_END.finditer(text)
    ]


def _tones(text: str, options: RepairOptions) -> list[Fix]:
    """Only where the normal form has made each letter and its marks one character."""
    if options.tones == "keep" or text.isascii():
        return []
    return [
        Fix(low, high, new, "unicode.tone") for low, high, new in moved_tones(text, options.tones)
    ]


_STEPS: tuple[Callable[[str, RepairOptions], list[Fix]], ...] = (
    _controls,
    _entities,
    _mojibake,
    _surrogates,
    _invisible,
    _characters,
    _nfc,
    _tones,
    _line_ends,
)
