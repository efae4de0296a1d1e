"""What became of every document of a run, in the order of the documents, and of two runs at once.

Both corpus and ledger are in order of source and record, so that two runs are joined in one pass,
in memory that does not grow with them (but for quarantined records, which are sorted here).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from cleaner.errors import IntegrityError
from cleaner.identity import doc_id

Kind: TypeAlias = Literal["kept", "dropped", "quarantined", "absent"]
Key: TypeAlias = tuple[str, str, int]
"""Label and path of the source, and the record: what documents are sorted by."""

_ROWS = 4096
_CORPUS = ["doc_id", "source", "record", "content_hash", "n_chars", "text"]
_LEDGER = ["doc_id", "source", "record", "content_hash", "action", "stage", "rule"]
_QUARANTINE = ["source", "record", "stage", "reason"]


class Fate(NamedTuple):
    """Where a document ended; of a dropped one the stage and rule, of a quarantined the reason."""

    kind: Kind
    stage: str = ""
    rule: str = ""


KEPT, ABSENT = Fate("kept"), Fate("absent")


class Ending(NamedTuple):
    """A document of a run: its fate, the hash of its original, and of its text if it is kept.

    `part` is the name of the files that hold it; '' if it was quarantined.
    """

    key: Key
    doc_id: str
    fate: Fate
    part: str
    original: str
    text: bytes
    chars: int


def endings(run: Path, skipped: frozenset[str] = frozenset()) -> Iterator[Ending]:
    """All documents of a run by key, without those of the files that are `skipped` (by name).

    Raises:
        IntegrityError: the run's files are out of order, or one lacks a column.
    """
    streams = [_kept(run, skipped), _dropped(run, skipped), iter(_quarantined(run))]
    last: Key | None = None
    for ending in heapq.merge(*(_ordered(stream, run) for stream in streams)):
        if ending.key != last:  # a stage may have put aside what it also dropped
            yield ending
        last = ending.key


def joined(
    a: Iterable[Ending], b: Iterable[Ending]
) -> Iterator[tuple[Ending | None, Ending | None]]:
    """The documents of two runs, side by side; None where a run lacks one."""
    left, right = iter(a), iter(b)
    ours, theirs = next(left, None), next(right, None)
    while ours is not None or theirs is not None:
        if theirs is None or (ours is not None and ours.key < theirs.key):
            yield ours, None
            ours = next(left, None)
        elif ours is None or theirs.key < ours.key:
            yield None, theirs
            theirs = next(right, None)
        else:
            yield ours, theirs
            ours, theirs = next(left, None), next(right, None)


def same_files(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the parts of corpus and ledger that two manifests have in common, by their hashes.

    What lies in such a file is the same in both runs, and need not be read.
    """
    # a corpus of another layout is looked at in order, in files that no manifest names
    is_plain = all("parts" not in manifest for manifest in (a, b))
    folders = ("corpus/", "ledger/") if is_plain else ("ledger/",)
    hashes = [
        {
            facts["sha256"]: name
            for name, facts in manifest["files"].items()
            if name.startswith(folders)
        }
        for manifest in (a, b)
    ]
    common = hashes[0].keys() & hashes[1].keys()
    ours, theirs = (frozenset(mine[digest] for digest in common) for mine in hashes)
    return ours, theirs


def rows_in(run: Path, names: Iterable[str]) -> int:
    """Rows of these files, from their footers."""
    return sum(pq.read_metadata(run / name).num_rows for name in names)


def _kept(run: Path, skipped: frozenset[str]) -> Iterator[Ending]:
    """The documents of the corpus; their texts are hashed as they stand in the file."""
    for part, rows in _batches(run, "corpus", _CORPUS, ["source"], skipped):
        texts = _hashes(rows.column("text"))
        columns = (rows.column(name).to_pylist() for name in _CORPUS[:-1])
        for own, source, record, original, chars, text in zip(*columns, texts, strict=True):
            yield Ending(_key(source, record), own, KEPT, part, original, text, chars)


def _dropped(run: Path, skipped: frozenset[str]) -> Iterator[Ending]:
    """The documents of the ledger's rows that say `drop`."""
    names = ["source", "action", "stage", "rule"]
    fates: dict[tuple[str, str], Fate] = {}
    for part, batch in _batches(run, "ledger", _LEDGER, names, skipped):
        rows = batch.filter(pc.equal(batch.column("action"), "drop"))
        columns = (rows.column(name).to_pylist() for name in _LEDGER)
        for own, source, record, original, _, stage, rule in zip(*columns, strict=True):
            fate = fates.setdefault((stage, rule), Fate("dropped", stage, rule))
            yield Ending(_key(source, record), own, fate, part, original or "", b"", 0)


def _quarantined(run: Path) -> list[Ending]:
    """The records that were put aside and can be told apart, sorted."""
    found = []
    for _, rows in _batches(run, "quarantine", _QUARANTINE, ["source"], frozenset()):
        columns = (rows.column(name).to_pylist() for name in _QUARANTINE)
        for source, record, stage, reason in zip(*columns, strict=True):
            if record is not None:
                fate = Fate("quarantined", stage, reason)
                own = doc_id(source, record)
                found.append(Ending(_key(source, record), own, fate, "", "", b"", 0))
    return sorted(found)


def _batches(
    run: Path, folder: str, columns: list[str], dictionaries: list[str], skipped: frozenset[str]
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The rows of a folder's parts in order, some thousands at a time, with the part's name."""
    for path in sorted((run / folder).glob("part-*.parquet"), key=lambda p: (len(p.name), p.name)):
        if f"{folder}/{path.name}" in skipped:
            continue
        with pq.ParquetFile(path, read_dictionary=dictionaries) as file:
            missing = set(columns) - set(file.schema_arrow.names)
            if missing:
                raise IntegrityError(
                    f"{path} has no column {min(missing)!r}: another version of cleaner wrote it; "
                    "run the config again"
                )
            for batch in file.iter_batches(_ROWS, columns=columns):
                yield path.name, batch.select(columns)


def _hashes(texts: pa.StringArray) -> list[bytes]:
    """The xxh3-128 of each text's bytes, without making Python strings of them."""
    offsets, data = texts.buffers()[1:]
    if data is None:
        return [xxhash.xxh3_128_digest(b"")] * len(texts)
    ends = memoryview(offsets).cast("i")[texts.offset : texts.offset + len(texts) + 1]
    view = memoryview(data)
    return [xxhash.xxh3_128_digest(view[low:high]) for low, high in pairwise(ends)]


def _key(source: str, record: int) -> Key:
    label, _, path = source.partition("/")
    return label, path, record


def _ordered(stream: Iterator[Ending], run: Path) -> Iterator[Ending]:
    """The stream, checked: a run whose files were changed must not look like a difference."""
    last: Key = ("", "", -1)
    for ending in stream:
        if ending.key < last:
            source = "/".join(ending.key[:2])
            raise IntegrityError(
                f"{run}: record {ending.key[2]} of {source} is out of order; the run's files were "
                "changed, run the config again"
            )
        last = ending.key
        yield ending
