"""Bytes to text and back, without losing a byte.

`decode` gives a text, the name of an encoding and the places of bytes that this encoding cannot
read; `encode` makes the very same bytes of these three. A byte that cannot be read stays in the
text as its latin-1 character, so a text never holds a surrogate and always fits UTF-8.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from cleaner.text import legacy
from cleaner.text.legacy import OWN, Legacy
from cleaner.text.vietnamese import has_capitals, shares

SAMPLE_CHARS = 1 << 14
"""How much of a text is scored, from its first character beyond ASCII on; more changes no guess."""
MIN_SCORE = 0.75
"""The least score of a guessed encoding, see `Candidate`; real text scores 0.9 and above."""
MAX_CONTROL_SHARE = 0.05
"""Above this share of control bytes data is not text (those of ANSI colours do not count)."""
FEW_CONTROLS = 8
"""So many control bytes are let through however short the data is."""
MIN_NUL_SHARE = 0.2
"""Share of NUL bytes from which UTF-16 or UTF-32 without a byte order mark is tried."""

_TEXT_CONTROLS = b"\x07\x08\t\n\x0b\x0c\r\x1b"
_CONTROLS = bytes(b for b in range(32) if b not in _TEXT_CONTROLS) + b"\x7f"
_SURROGATES = re.compile("[\ud800-\udfff]")

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNIT = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
_WIDE_NAMES = {"utf-16": "utf-16", "utf-32": "utf-32", **{name: name for name in _UNIT}}

_NOT_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "palmos", "punycode", "raw-unicode-escape", "undefined"}
    | {"unicode-escape", "utf-7"}
)
"""Python codecs that are no charsets of files, or whose inverse is not unique."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF87a", "GIF image"),
    (b"GIF89a", "GIF image"),
    (b"PK\x03\x04", "zip archive or office document"),
    (b"PK\x05\x06", "empty zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "rar archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old office document"),
    (b"PAR1", "Parquet file"),
    (b"ARROW1", "Arrow file"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"ID3", "MP3 audio"),
    (b"OggS", "Ogg audio"),
    (b"RIFF", "RIFF media"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
)
"""First bytes of what is no text; looked at only where the data is not clean UTF-8."""

_PDF = b"%PDF-"  # may be clean ASCII as a whole, and yet is never a text


class Undecodable(ValueError):  # noqa: N818  says what the data is
    """The bytes are no text in any encoding that we know.

    `reason` is short and countable: 'binary' or 'undecodable'; `detail` says why.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and all that is needed to get its bytes back.

    `bad_bytes` are code point offsets into `text`, ascending, of characters that stand for one
    undecodable byte each; `evidence` says in words why this encoding was chosen.
    """

    text: str
    encoding: str
    bad_bytes: list[int]
    evidence: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A legacy encoding that is tried on data that is not UTF-8, and how its text should look.

    The score is (characters in `expected` - weight x characters matched by `odd`) / characters
    beyond ASCII. `expected` is the inside of a character class, `odd` a pattern of what real text
    in this encoding does not have.
    """

    encoding: str
    expected: str
    odd: str
    weight: int = 3


_SIGNS = "\u00a0‘’“”‚„…–—•·™©®°«»§£€"  # typographic signs at their usual places
_SIGN_IN_WORD = "(?<=[^\\W\\d_])[^\\w\\s’‘·\\-'\u00ad\u0300-\u0323\x00-\x7f](?=[^\\W\\d_])"
_LATIN_CASE = "(?<=[a-zß-ÿăâđêôơư])[À-ÖØ-ÞĂÂĐÊÔƠƯ]"
_VIET_VOWELS = "aeiouyăâêôơưAEIOUYĂÂÊÔƠƯàáèéíóùúÀÁÈÉÍÓÙÚ"
_CYRILLIC_ODD = "(?<=[A-Za-z])[Ѐ-ӿ]|[Ѐ-ӿ](?=[A-Za-z])|(?<=[а-яё])[А-ЯЁ]|" + _SIGN_IN_WORD

CANDIDATES = (
    Candidate(
        "windows-1252",
        expected="ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝàáâãäåæçèéêëìíîïñòóôõöøùúûüýßÿŒœŠšŽžÐðÞþ¿¡ªº"
        + _SIGNS,
        # four accented letters in a row are another script; an eth begins no word, and vowels that
        # follow each other like this are windows-1258
        odd=f"{_SIGN_IN_WORD}|{_LATIN_CASE}|[À-ÖØ-öø-ÿ]{{4,}}|\\b[ðÐ]|[ýðõ]õ|[âêôãõý][ìò]",
    ),
    Candidate(
        "windows-1258",
        expected="ĂÂĐÊÔƠƯăâđêôơưàáèéíóùúÀÁÈÉÍÓÙÚ\u0300\u0301\u0303\u0309\u0323₫" + _SIGNS,
        # a tone mark follows a vowel, đ begins a word, ă is never last
        odd=f"(?<![{_VIET_VOWELS}])[\u0300\u0301\u0303\u0309\u0323]|(?<=\\w)[đĐ]|ơ(?=e)"
        f"|[ăĂ](?![\u0300\u0301\u0303\u0309\u0323cmnptkyCMNPTKY])|{_SIGN_IN_WORD}|{_LATIN_CASE}",
    ),
    Candidate("windows-1251", expected="А-Яа-яЁёІіЇїЄєҐґЎў№" + _SIGNS, odd=_CYRILLIC_ODD),
    Candidate("koi8-r", expected="А-Яа-яЁё" + _SIGNS, odd=_CYRILLIC_ODD),
)
"""Tried in this order; the first of equal scores wins."""


def decode(data: bytes, *, declared: str | None = None, max_bad_bytes_ratio: float) -> Decoded:
    """Read bytes as text; `encode` gives the same bytes back.

    Order: UTF-8; byte order mark; `declared` (a charset name from outside, ignored where it does
    not fit); UTF-8 with at most `max_bad_bytes_ratio` (0 to 1, of all bytes) of stray bytes;
    Vietnamese in TCVN3, VNI, VISCII or windows-1258, by its syllables; the `CANDIDATES`. A byte
    order mark stays in the text as U+FEFF, a NUL as U+0000.

    Raises:
        Undecodable: the data is binary, or no encoding fits.
    """
    charset = _canonical(declared)
    if charset not in _NOT_ASCII_BASED:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            pass
        else:
            if b"\0" not in data and not data.startswith(_PDF):
                return Decoded(text, "utf-8", [], "utf-8")
    return _decode_slowly(data, charset, max_bad_bytes_ratio)


def encode(text: str, encoding: str, bad_bytes: list[int]) -> bytes:
    """Give the bytes back that `decode` made this text of.

    Raises:
        ValueError: the three do not belong together (`UnicodeError` is one).
        LookupError: there is no such encoding.
    """
    if not bad_bytes:
        return _encoded(text, encoding)
    parts: list[bytes] = []
    position = 0
    for offset in bad_bytes:
        parts.append(_encoded(text[position:offset], encoding))
        parts.append(text[offset].encode("latin-1"))
        position = offset + 1
    parts.append(_encoded(text[position:], encoding))
    return b"".join(parts)


def _encoded(text: str, encoding: str) -> bytes:
    """In one of Python's encodings, or of those that it does not know."""
    own = OWN.get(encoding)
    return text.encode(encoding) if own is None else legacy.encode(text, own)


def _decode_slowly(data: bytes, charset: str | None, limit: float) -> Decoded:
    """All that is not plain UTF-8."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            decoded = _decode_wide(data, encoding, limit, "byte order mark")
            if decoded:
                return decoded
    if charset in _WIDE_NAMES:
        decoded = _decode_wide(data, _with_byte_order(charset or "", data), limit, "declared")
        if decoded:
            return decoded
    nuls = data.count(0)
    if nuls > MIN_NUL_SHARE * len(data):
        decoded = _decode_unmarked_wide(data)
        if decoded:
            return decoded
    _refuse_binary(data)
    if charset and charset not in _WIDE_NAMES and charset != "utf-8":
        if own := OWN.get(charset):
            decoded = _decode_legacy(data, own, limit, "declared")
        else:
            decoded = _decode_strictly(data, charset, "declared")
        if decoded:
            return decoded
    good = data.decode("utf-8", "ignore")
    valid = len(good.encode())
    bad = len(data) - valid
    if bad <= limit * len(data):
        return _decode_stray(data, bad)
    if valid - len(good) > 2 * bad:  # continuation bytes, which other encodings give by chance only
        detail = f"{bad} of {len(data)} bytes are not UTF-8, though the others are"
        raise Undecodable("undecodable", detail)
    return _decode_vietnamese(data, limit) or _decode_guessed(data, bad)


def _canonical(declared: str | None) -> str | None:
    """Python's name of a declared charset; None for what is unknown or no charset."""
    if declared is None:
        return None
    if own := OWN.get(declared.strip().lower().replace("_", "-")):
        return own
    try:
        name = codecs.lookup(declared.strip()).name.lower().replace("_", "-")
    except (LookupError, ValueError, UnicodeError):
        return None
    if name == "utf-8-sig":
        return "utf-8"
    return None if name in _NOT_CHARSETS else name


_NOT_ASCII_BASED = frozenset(_WIDE_NAMES) | {
    *("hz", "iso2022-jp", "iso2022-jp-1", "iso2022-jp-2", "iso2022-jp-2004", "iso2022-jp-3"),
    *("iso2022-jp-ext", "iso2022-kr"),
}
"""Declared charsets whose bytes may pass for ASCII, so that they must be tried before UTF-8."""


def _with_byte_order(charset: str, data: bytes) -> str:
    """Charsets without a byte order in their name: that of the mark, else little endian."""
    if charset in _UNIT:
        return charset
    order = "be" if data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)) else "le"
    return f"{charset}-{order}"


def _decode_wide(data: bytes, encoding: str, limit: float, evidence: str) -> Decoded | None:
    """UTF-16 or UTF-32; lone surrogates and a cut-off last unit are bad bytes."""
    unit = _UNIT[encoding]
    tail = len(data) % unit
    try:
        text = data[: len(data) - tail].decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return None
    lone = sum(1 for _ in _SURROGATES.finditer(text))
    if lone * unit + tail > limit * len(data) or not _is_plausible_wide(text):
        return None
    parts: list[str] = []
    bad: list[int] = []
    length = position = 0
    for match in _SURROGATES.finditer(text):
        raw = match.group().encode(encoding, "surrogatepass").decode("latin-1")
        parts += (text[position : match.start()], raw)
        length += match.start() - position
        bad.extend(range(length, length + unit))
        length += unit
        position = match.end()
    parts += (text[position:], data[len(data) - tail :].decode("latin-1"))
    length += len(text) - position
    bad.extend(range(length, length + tail))
    return Decoded("".join(parts), encoding, bad, evidence)


def _decode_unmarked_wide(data: bytes) -> Decoded | None:
    """UTF-16 or UTF-32 without a mark, told by where the NUL bytes are; only if it fits exactly."""
    for encoding, unit in _UNIT.items():
        lanes = [data[lane::unit].count(0) for lane in range(unit)]
        if encoding.endswith("le"):
            lanes.reverse()
        # the high bytes come first now: nearly all NUL in Latin scripts, the low ones hardly ever
        if len(data) % unit or lanes[-1] * unit > 0.02 * len(data):
            continue
        if any(high * unit < MIN_NUL_SHARE * 2 * len(data) for high in lanes[: unit // 2]):
            continue
        decoded = _decode_wide(data, encoding, 0.0, "pattern of NUL bytes")
        if decoded:
            return decoded
    return None


def _is_plausible_wide(text: str) -> bool:
    """Whether what was read as UTF-16 or UTF-32 looks like text and not like any data."""
    sample = text[:4096]
    odd = sum(unicodedata.category(c) in {"Cc", "Cn", "Co"} and c not in "\t\n\r\f" for c in sample)
    return odd <= max(1.0, 0.05 * len(sample))


def _refuse_binary(data: bytes) -> None:
    """Raise `Undecodable` for images, archives, programs and the like."""
    if data.startswith(_PDF):
        raise Undecodable("binary", "it begins like a PDF")
    for magic, name in _MAGIC:
        if data.startswith(magic) and not _is_clean(data):
            raise Undecodable("binary", f"it begins like: {name}")
    if data[4:8] == b"ftyp":
        raise Undecodable("binary", "it begins like: MP4 media")
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls > max(FEW_CONTROLS, MAX_CONTROL_SHARE * len(data)):
        share = controls / len(data)
        raise Undecodable("binary", f"{share:.1%} of {len(data)} bytes are control characters")


def _is_clean(data: bytes) -> bool:
    """Whether it is valid UTF-8 without control bytes, whatever it begins with."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return len(data.translate(None, _CONTROLS)) == len(data)


def _decode_strictly(data: bytes, encoding: str, evidence: str) -> Decoded | None:
    """The text, if every byte has a meaning and the text gives the same bytes."""
    try:
        text = data.decode(encoding)
        if text.encode(encoding) != data:
            return None
        text.encode()  # some codecs let lone surrogates through
    except (UnicodeError, LookupError):
        return None
    return Decoded(text, encoding, [], evidence)


def _decode_stray(data: bytes, bad: int) -> Decoded:
    """UTF-8 whose stray bytes become latin-1 characters; `bad` is their number."""
    escaped = data.decode("utf-8", "surrogateescape")
    offsets = [match.start() for match in _SURROGATES.finditer(escaped)]
    edges = [-1, *offsets, len(escaped)]
    parts: list[str] = []
    for before, after in pairwise(edges):
        parts.append(escaped[before + 1 : after])
        if after < len(escaped):
            parts.append(chr(ord(escaped[after]) - 0xDC00))
    evidence = f"utf-8 but for {bad} of {len(data)} bytes" if bad else "utf-8"
    return Decoded("".join(parts), "utf-8", offsets, evidence)


def _decode_vietnamese(data: bytes, limit: float) -> Decoded | None:
    """A legacy encoding in which nearly all words are Vietnamese syllables, if there is one."""
    found = shares(data.decode("latin-1"))
    if not found[0].is_certain:
        return None
    evidence = "syllables: " + ", ".join(map(str, found))
    return _decode_legacy(data, found[0].encoding, limit, evidence)


def _decode_legacy(data: bytes, encoding: Legacy, limit: float, evidence: str) -> Decoded | None:
    """The text, if few enough bytes have no meaning and it gives the same bytes."""
    text, bad = legacy.decode(data, encoding)
    if encoding == "tcvn3" and has_capitals(text):
        evidence += "; set in a font of capitals in part, their case is not certain"
    if len(bad) > limit * len(data) or encode(text, encoding, bad) != data:
        return None
    return Decoded(text, encoding, bad, evidence)


def _decode_guessed(data: bytes, bad: int) -> Decoded:
    """The candidate whose text looks best."""
    best: tuple[float, Decoded] | None = None
    tried: list[str] = []
    for candidate in CANDIDATES:
        decoded = _decode_strictly(data, candidate.encoding, "")
        if decoded is None:
            tried.append(f"{candidate.encoding} does not fit")
            continue
        points = score(decoded.text, candidate)
        tried.append(f"{candidate.encoding} {points:.2f}")
        if points >= MIN_SCORE and (best is None or points > best[0]):
            best = (points, decoded)
    scores = ", ".join(tried)
    if best is None:
        detail = f"{bad} of {len(data)} bytes are not UTF-8, and no other encoding fits: {scores}"
        raise Undecodable("undecodable", detail)
    chosen = best[1]
    return Decoded(chosen.text, chosen.encoding, [], f"scores: {scores}")


def score(text: str, candidate: Candidate) -> float:
    """How much a text looks like one of this encoding: at most 1, below 0 for the impossible."""
    first = re.search(r"[^\x00-\x7f]", text)
    if first is None:
        return 0.0
    start = max(0, first.start() - 32)
    sample = text[start : start + SAMPLE_CHARS]
    beyond = len(re.findall(r"[^\x00-\x7f]", sample))
    expected = len(re.findall(f"[{candidate.expected}]", sample))
    odd = sum(len(match.group()) for match in re.finditer(candidate.odd, sample))
    return (expected - candidate.weight * odd) / beyond
