"""Where the documents of a corpus lie: folders and names of files, safe on every system.

A document's *key* is its folder: `split=train/language=vi`, or '' where nothing divides the corpus.
No key has the name of a column, so that files keep all their columns and readers that take folders
for columns (Hive's way) meet no column twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from cleaner.config.model import Write
from cleaner.text.draw import ranks

TRAIN = "train"
"""The side of a split that all documents are on that are on no other."""
FOLDER_KEYS = MappingProxyType(
    {"split": "split", "lang": "language", "host": "site", "source": "label"}
)
"""What divides a corpus → the key of its folders."""
UNKNOWN = "__HIVE_DEFAULT_PARTITION__"
"""The value of a document that has none, as readers of Hive folders know it."""
ROOTS = MappingProxyType({"plain": "corpus", "huggingface": "data"})
"""Layout → folder of the corpus in a run."""
ENDINGS = MappingProxyType({"parquet": ".parquet", "jsonl": ".jsonl.zst"})
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


def keys_of(documents: pa.Table, write: Write, seed: int) -> list[str]:
    """The key of each document; `documents` are rows of the corpus."""
    if not (write.split or write.partition_by):
        return [""] * documents.num_rows
    columns = []
    names = write.partition_by
    for name in names if "split" in names or not write.split else ("split", *names):
        values: Sequence[str | None]
        if name == "split":
            values = sides(documents, write, seed)
        elif name == "source":
            values = [s.partition("/")[0] for s in documents.column("source").to_pylist()]
        else:
            values = documents.column(name).to_pylist()
        folders = {v: f"{FOLDER_KEYS[name]}={escaped(v)}" for v in set(values)}
        columns.append([folders[v] for v in values])
    return ["/".join(parts) for parts in zip(*columns, strict=True)]


def sides(documents: pa.Table, write: Write, seed: int) -> list[str]:
    """The split that each document is in: drawn for its group, whatever other documents there are.

    By cluster, a document that shares marked passages with another is in `train`, as is that one:
    so no passage that was found in two documents is on two sides.
    """
    own = documents.column("doc_id")
    shared = np.zeros(documents.num_rows, bool)
    if write.split_by == "cluster":
        groups = pc.coalesce(documents.column("cluster_id"), own)
        lists = pc.list_value_length(documents.column("near_duplicates"))
        shared = pc.fill_null(pc.greater(lists, 0), False).to_numpy()
    elif write.split_by == "host":
        groups = pc.coalesce(documents.column("host"), own)
    else:
        groups = documents.column("source")
    drawn = ranks(groups.to_pylist(), "split", seed)
    names, bounds, total = [], [], 0.0
    for name, share in write.split.items():
        total += share
        names.append(name)
        bounds.append(min(int(total * 2.0**64), (1 << 64) - 1))
    at = np.searchsorted(np.array(bounds, np.uint64), drawn, side="right")
    at[shared] = len(names)
    found = [*names, TRAIN]
    return [found[i] for i in at.tolist()]


def escaped(value: str | None) -> str:
    """A value as part of a folder's name; readers of Hive folders give the value back.

    What is no ASCII letter, digit, `.`, `_` or `-` becomes `%XX` of its bytes. A long one is cut,
    and made unique by a hash.
    """
    if not value:
        return UNKNOWN
    name = "".join(c if _PLAIN.match(c) else _percent(c) for c in value)
    if name == UNKNOWN:
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
        if value != UNKNOWN:
            value = re.sub(r"(?<!%)(?<!%[0-9A-F])[A-Z]", lambda m: _percent(m[0]), value)
        segments.append(f"{name}={value}")
    return "/".join(segments)


def path_of(write: Write, folder: str, number: int, count: int) -> str:
    """The name of file `number` of the `count` in a folder, below the run's."""
    root, ending = ROOTS[write.layout], ENDINGS[write.format]
    segments = [s for s in folder.split("/") if s]
    if write.layout == "plain":
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
