"""Names of inputs: safe to print, to store and to compare.

Names of files come from outside: they may hold line breaks, bytes that are not UTF-8, anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Literal, TypeAlias

from cleaner.errors import InputError

Format: TypeAlias = str
"""txt, jsonl, parquet, html, warc, or the name of a plugin's reader."""
Compression: TypeAlias = Literal["gzip", "zstd"]

READABLE = ".txt, .jsonl, .ndjson, .html, .warc, .wet (each plain, .gz or .zst) and .parquet"

_FORMATS: Mapping[str, Format] = {
    ".txt": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".warc": "warc",
    ".wet": "warc",
}
NO_MORE: Mapping[str, Format] = MappingProxyType({})
"""Suffixes of no plugin."""
_COMPRESSIONS: Mapping[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_ODD = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LOOKS_ESCAPED = re.compile("%(?=[0-9A-F]{2})")


def escape(name: str) -> str:
    """Make a name valid UTF-8 on one line; two names never become one.

    Control, format and line-separating characters and bytes that are not UTF-8 become `%XX` of
    their bytes; a `%` that would read as such an escape becomes `%25`.
    """
    name = _LOOKS_ESCAPED.sub("%25", name)
    if name.isascii() and name.isprintable():
        return name
    return "".join(
        "".join(f"%{b:02X}" for b in _raw(c)) if unicodedata.category(c) in _ODD else c
        for c in name
    )


def _raw(character: str) -> bytes:
    """The bytes of one character of a name, also of one that no file system could have given."""
    try:
        return character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return character.encode("utf-8", "surrogatepass")


def is_label(text: str) -> bool:
    """Whether a text can name an input: one line of valid UTF-8, not empty, without `/`."""
    odd = _ODD - {"Cf"}
    return bool(text) and "/" not in text and not any(unicodedata.category(c) in odd for c in text)


def kind(
    name: str, more: Mapping[str, Format] = NO_MORE
) -> tuple[Format, Compression | None] | None:
    """Format and compression by a file's name; None if it is not one that can be read.

    `more` are the suffixes that readers of plugins add, in lower case with their dot.
    """
    stem, dot, extension = name.lower().rpartition(".")
    compression = _COMPRESSIONS.get(dot + extension)
    if compression:
        stem, dot, extension = stem.rpartition(".")
    format_ = _FORMATS.get(dot + extension) or more.get(dot + extension)
    if format_ is None or (compression and format_ == "parquet"):
        return None
    return format_, compression


def _label_part(part: str) -> str:
    return escape(part).replace("~", "%7E").replace("/", "") or "root"


def default_labels(roots: Collection[str], taken: Collection[str]) -> dict[str, str]:
    """Name roots by the shortest ends of their paths that differ from each other and from `taken`.

    Parts are joined by '~'; one within a part is escaped, so that whole paths always differ.

    Raises:
        InputError: even the whole path of a root is a name that is taken.
    """
    parts = {root: [_label_part(part) for part in PurePath(root).parts] for root in roots}
    lengths = dict.fromkeys(roots, 1)
    while True:
        labels = {root: "~".join(parts[root][-lengths[root] :]) for root in sorted(roots)}
        counts = Counter(labels.values())
        doubtful = [r for r, name in labels.items() if counts[name] > 1 or name in taken]
        if not doubtful:
            return labels
        for root in doubtful:
            if lengths[root] == len(parts[root]):
                raise InputError(f"the label {labels[root]!r} is already the name of {root}")
            lengths[root] += 1
