"""Where the documents of a corpus lie: folders and names of files, safe on every system.

A document's *key* is its folder: `split=train/language=vi`, or '' where nothing divides the corpus.
No key has the name of a column, so that files keep all their columns and readers that take folders
for columns (Hive's way) meet no column twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote

import xxhash

TRAIN = "train"
"""The side of a split that all documents are on that are on no other."""
FOLDER_KEYS = MappingProxyType(
    {"split": "split", "lang": "language", "host": "site", "source": "label"}
)
"""What divides a corpus → the key of its folders."""
UNKNOWN = "unknown"
"""The folder of documents without a value. Hive has a word of its own, of which Arrow makes a null
that pandas cannot take."""
ROOTS = MappingProxyType({"plain": "corpus", "huggingface": "data"})
"""Layout → folder of the corpus in a run."""
ENDINGS = MappingProxyType({"parquet": ".parquet", "jsonl": ".jsonl.zst"})
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
_MOST = 150
"""Bytes of a folder's value; names of files have at most 255 on every system."""
_PLAIN = re.compile(r"[A-Za-z0-9._-]")
_SPLIT = "split="


@dataclass(frozen=True, slots=True)
class Place:
    """One file of the corpus, and the rows that go there.

    Attributes:
        key: of its documents.
        path: in the run's folder.
        low, high: of the order of its documents, where they are shuffled; `high` is exclusive.
        spans: where they are not: (part of the run, low, high) of the sizes of the documents of
            the key in that part, added up.
    """

    key: str
    path: str
    low: int = 0
    high: int = 1 << 64
    spans: tuple[tuple[int, int, int], ...] = ()


def escaped(value: str | None) -> str:
    """A value as part of a folder's name; readers of Hive folders give the value back.

    What is no ASCII letter, digit, `.`, `_` or `-` becomes `%XX` of its bytes. A long one is cut,
    and made unique by a hash.
    """
    if not value:
        return UNKNOWN
    name = "".join(c if _PLAIN.match(c) else _percent(c) for c in value)
    if name == _HIVE_NULL:
        return f"%5F{name[1:]}"
    if len(name) > _MOST:
        cut = re.sub(r"%[0-9A-F]?$", "", name[: _MOST - 20])
        return f"{cut}~{xxhash.xxh3_64_hexdigest(value.encode('utf-8', 'surrogatepass'))}"
    return name


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def folders_of(keys: Iterable[str]) -> dict[str, str]:
    """Key → folder; two that differ in case alone also differ where the file system sees no case.

    Capital letters of such keys are escaped.
    """
    keys = sorted(keys)
    count = Counter(key.lower() for key in keys)
    return {key: key if count[key.lower()] == 1 else _small(key) for key in keys}


def _small(key: str) -> str:
    segments = []
    for segment in key.split("/"):
        name, _, value = segment.partition("=")
        value = re.sub(r"(?<!%)(?<!%[0-9A-F])[A-Z]", lambda m: _percent(m[0]), value)
        segments.append(f"{name}={value}")
    return "/".join(segments)


def path_of(layout: str, format_: str, folder: str, number: int, count: int) -> str:
    """The name of file `number` of the `count` in a folder, below the run's.

    `layout` is one of `ROOTS`, `format_` one of `ENDINGS`.
    """
    root, ending = ROOTS[layout], ENDINGS[format_]
    segments = [s for s in folder.split("/") if s]
    if layout == "plain":
        return "/".join((root, *segments, f"part-{number:05d}{ending}"))
    split = next((s.removeprefix(_SPLIT) for s in segments if s.startswith(_SPLIT)), TRAIN)
    rest = [s for s in segments if not s.startswith(_SPLIT)]
    return "/".join((root, *rest, f"{split}-{number:05d}-of-{count:05d}{ending}"))


def globs(paths: Iterable[str], *, any_folder: bool = True) -> dict[str, str]:
    """Split → a pattern that names its files among these, and no others; `train` first.

    Without `any_folder` the files are all in one folder of their split.
    """
    found: dict[str, str] = {}
    for path in paths:
        split = split_of(path)
        root, *folders, name = path.split("/")
        ending = next(e for e in ENDINGS.values() if name.endswith(e))
        stem = f"{split}-*" if root == ROOTS["huggingface"] else "*"
        if any_folder:
            folders = [f if f.startswith(_SPLIT) else f"{f.partition('=')[0]}=*" for f in folders]
        found.setdefault(split, "/".join((root, *folders, stem + ending)))
    return dict(sorted(found.items(), key=lambda item: (item[0] != TRAIN, item[0])))


def split_of(path: str) -> str:
    """The split that a file of a corpus belongs to, by its path."""
    *folders, name = path.split("/")
    if folders and folders[0] == ROOTS["huggingface"]:
        return name.partition("-")[0]
    named = (f.removeprefix(_SPLIT) for f in folders if f.startswith(_SPLIT))
    return next(named, TRAIN)


def values_of(path: str) -> dict[str, str]:
    """The folders of a file of a corpus but the split: key → value, as `escaped` got it."""
    pairs = (f.partition("=") for f in path.split("/")[1:-1])
    return {key: unquote(value) for key, _, value in pairs if key != "split"}
