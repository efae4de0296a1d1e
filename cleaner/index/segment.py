"""A segment: two Arrow files that never change, read through memory maps.

    documents   one row a document: who it is, how long, and its set of shingle hashes, sorted
    keys        (key, doc) of every band of every document, sorted; `doc` is the row of the document

The keys are cut into partitions by their highest bits, one batch of the file each, so the file as a
whole is sorted and a few keys are found without reading the others. While it is written, keys lie
aside in sorted files of some million rows: a partition of all of them is in memory, never more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.errors import IntegrityError
from cleaner.index.description import SegmentEntry
from cleaner.io.store import ipc_reader, ipc_writer
from cleaner.text.ragged import Ragged

DOCUMENTS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("source", pa.string()),
        ("record", pa.int64()),
        ("chars", pa.int64()),
        ("numbers", pa.uint64()),
        ("set", pa.large_list(pa.uint64())),
    ]
)
KEYS = pa.schema([("key", pa.uint64()), ("doc", pa.uint32())])

KEYS_AT_ONCE = 1 << 22
"""Rows of keys that are held before they are written aside."""
KEYS_IN_PARTITION = 1 << 20
"""Rows of keys of a partition, about."""
BATCH_BYTES = 4 << 20
"""Bytes from which rows make a batch of documents of their own."""
_MOST_PARTITIONS = 1 << 12


class Part(NamedTuple):
    """Rows of `DOCUMENTS`, and keys uint64[n] with the rows uint32[n] of the segment they are of.

    Rows follow those of the parts before; keys may be of any row.
    """

    rows: pa.RecordBatch
    keys: NDArray[np.uint64]
    docs: NDArray[np.uint32]


class Sketched(NamedTuple):
    """What an index keeps of texts: sorted sets, band keys uint64[n, bands], hashes of numbers.

    A text without words has an empty set and keys 0; `numbers` are 0 where they do not count.
    """

    sets: Ragged
    keys: NDArray[np.uint64]
    numbers: NDArray[np.uint64]


class Written(NamedTuple):
    """How much a segment holds."""

    documents: int
    shingles: int
    keys: int
    partitions: int


def write_segment(
    documents_path: Path, keys_path: Path, parts: Iterable[Part], most_keys: int, aside: Path
) -> Written:
    """Write both files of a segment.

    Args:
        documents_path: of the one file.
        keys_path: of the other.
        parts: what; taken one by one.
        most_keys: a guess at the number of keys, for the number of partitions.
        aside: an empty folder for sorted keys until they are merged.
    """
    wanted = min(max(1, -(-most_keys // KEYS_IN_PARTITION)), _MOST_PARTITIONS)
    bits = (wanted - 1).bit_length()
    sorter = _Sorter(aside, bits)
    waiting: list[pa.RecordBatch] = []
    documents = shingles = 0
    with ipc_writer(documents_path, DOCUMENTS) as out:
        for part in parts:
            documents += part.rows.num_rows
            shingles += len(part.rows.column("set").flatten())
            waiting.append(part.rows)
            if sum(rows.nbytes for rows in waiting) >= BATCH_BYTES:
                out.write_batch(_joined(waiting))
                waiting = []
            sorter.add(part.keys, part.docs)
        if any(rows.num_rows for rows in waiting):
            out.write_batch(_joined(waiting))
    keys = 0
    with ipc_writer(keys_path, KEYS) as out:
        for key, doc in sorter.merged():
            out.write_batch(_key_rows(key, doc))
            keys += len(key)
    return Written(documents, shingles, keys, 1 << bits)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


class _Sorter:
    """Sorts keys that need not fit into memory; rows of equal keys stay in the order they came."""

    def __init__(self, aside: Path, bits: int) -> None:
        self._aside = aside
        self._bits = bits
        self._waiting: list[tuple[NDArray[np.uint64], NDArray[np.uint32]]] = []
        self._count = 0
        self._paths: list[Path] = []

    def add(self, keys: NDArray[np.uint64], docs: NDArray[np.uint32]) -> None:
        self._waiting.append((keys, docs))
        self._count += len(keys)
        if self._count >= KEYS_AT_ONCE:
            self._put_aside()

    def merged(self) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint32]]]:
        """Keys and documents, partition by partition."""
        if not self._paths:
            keys, docs = self._sorted()
            for low, high in pairwise(self._bounds(keys)):
                yield keys[low:high], docs[low:high]
            return
        self._put_aside()
        with ExitStack() as stack:
            readers = [stack.enter_context(ipc_reader(path)) for path in self._paths]
            for number in range(1 << self._bits):
                batches = [reader.get_batch(number) for reader in readers]
                keys = np.concatenate([b.column(0).to_numpy() for b in batches])
                docs = np.concatenate([b.column(1).to_numpy() for b in batches])
                order = np.argsort(keys, kind="stable")
                yield keys[order], docs[order]

    def _put_aside(self) -> None:
        keys, docs = self._sorted()
        path = self._aside / f"{len(self._paths):05d}.arrow"
        with ipc_writer(path, KEYS) as out:
            for low, high in pairwise(self._bounds(keys)):
                out.write_batch(_key_rows(keys[low:high], docs[low:high]))
        self._paths.append(path)

    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        """What waits, in order; then nothing waits."""
        keys = np.concatenate([k for k, _ in self._waiting] or [np.empty(0, np.uint64)])
        docs = np.concatenate([d for _, d in self._waiting] or [np.empty(0, np.uint32)])
        self._waiting, self._count = [], 0
        order = np.argsort(keys, kind="stable")
        return keys[order], docs[order]

    def _bounds(self, keys: NDArray[np.uint64]) -> list[int]:
        """Where the partitions of sorted keys begin, and the end."""
        return [*np.searchsorted(keys, _edges(self._bits)).tolist(), len(keys)]


def _edges(bits: int) -> NDArray[np.uint64]:
    """The least key of each of 2^bits partitions."""
    if not bits:
        return np.zeros(1, np.uint64)
    return np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)


def _key_rows(keys: NDArray[np.uint64], docs: NDArray[np.uint32]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(keys), pa.array(docs)], schema=KEYS)


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Where keys were found: key i has `count[i]` rows from row `low[i]` of its partition on."""

    partition: NDArray[np.int64]
    low: NDArray[np.int64]
    count: NDArray[np.int64]


class Segment:
    """An open segment. Its files are mapped, not read."""

    def __init__(self, index: Path, entry: SegmentEntry) -> None:
        """Open both files.

        Raises:
            IntegrityError: a file is missing, or is not what `index.json` says.
        """
        self.entry = entry
        self._index = index
        self._batches = _open(index, entry, DOCUMENTS)
        keys = _open(index, entry, KEYS)
        rows = np.array([b.num_rows for b in self._batches], np.int64)
        self._starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(rows)])
        if self._starts[-1] != entry.documents or len(keys) != entry.partitions:
            raise damaged(index, "it does not hold as much as index.json says")
        self._keys = [(b.column(0).to_numpy(), b.column(1).to_numpy()) for b in keys]
        self._edges = _edges((entry.partitions - 1).bit_length())
        if len(self._edges) != entry.partitions:
            raise damaged(index, "its partitions are no power of two")

    def find(self, keys: NDArray[np.uint64]) -> Hits:
        """Where each of these keys stands; about log2 of the rows steps a key."""
        order = np.argsort(keys)
        wanted = keys[order]
        bounds = [*np.searchsorted(wanted, self._edges).tolist(), len(wanted)]
        partition, low, count = (np.zeros(len(keys), np.int64) for _ in range(3))
        for number, (start, stop) in enumerate(pairwise(bounds)):
            column = self._keys[number][0]
            if start == stop or not len(column):
                continue
            mine = wanted[start:stop]
            first = np.searchsorted(column, mine)
            there = np.flatnonzero(column[np.minimum(first, len(column) - 1)] == mine)
            place = order[start:stop][there]
            partition[place], low[place] = number, first[there]
            count[place] = np.searchsorted(column, mine[there], side="right") - first[there]
        if len(count) and count.min() < 0:
            raise damaged(self._index, "keys are not sorted")
        return Hits(partition, low, count)

    def docs(self, hits: Hits, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """The documents of the hits `which`, one after the other, each as long as its count."""
        counts = hits.count[which]
        ends = np.cumsum(counts)
        rows = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(
            hits.low[which] - (ends - counts), counts
        )
        partition = np.repeat(hits.partition[which], counts)
        found = np.empty(len(rows), np.int64)
        for number in np.unique(partition).tolist():
            mine = partition == number
            found[mine] = self._keys[number][1][rows[mine]]
        if len(found) and found.max() >= self.entry.documents:
            raise damaged(self._index, "a key is of a document that is not there")
        return found

    def sets(self, docs: NDArray[np.int64]) -> Ragged:
        """The sets of these documents (ascending), copied."""
        try:
            parts = [
                Ragged(lists.offsets.to_numpy(), lists.values.to_numpy()).take(rows)
                for lists, rows in self._columns("set", docs)
            ]
        except (ValueError, IndexError) as error:
            raise damaged(self._index, f"sets cannot be read: {error}") from None
        return Ragged.concat(parts)

    def sizes(self, docs: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many shingles each of these documents (ascending) has."""
        sizes = [np.empty(0, np.int64)]
        for lists, rows in self._columns("set", docs):
            ends = lists.offsets.to_numpy()
            sizes.append(ends[rows + 1] - ends[rows])
            if sizes[-1].min() < 0:
                raise damaged(self._index, "a set has less than nothing")
        return np.concatenate(sizes)

    def numbers(self, docs: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The hashes of the numbers of these documents (ascending)."""
        found = [column.to_numpy()[rows] for column, rows in self._columns("numbers", docs)]
        return np.concatenate([np.empty(0, np.uint64), *found])

    def names(self, docs: NDArray[np.int64]) -> list[tuple[str, str, int]]:
        """Id, source and record of these documents (ascending)."""
        rows: list[tuple[str, str, int]] = []
        columns = [self._columns(name, docs) for name in ("doc_id", "source", "record")]
        for parts in zip(*columns, strict=True):
            try:
                for column, _ in parts:
                    column.validate(full=True)  # or a changed offset reads what is not its own
            except pa.ArrowException as error:
                raise damaged(self._index, f"names cannot be read: {error}") from None
            taken = [column.take(pa.array(places)).to_pylist() for column, places in parts]
            rows += zip(*taken, strict=True)
        return rows

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All documents, batch by batch, in order."""
        yield from self._batches

    def all_keys(self) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint32]]]:
        """All keys and their documents, partition by partition, in order."""
        yield from self._keys

    def _columns(
        self, name: str, docs: NDArray[np.int64]
    ) -> Iterator[tuple[pa.Array, NDArray[np.int64]]]:
        """A column of each batch that has some of the documents, and their rows in it."""
        batch = np.searchsorted(self._starts, docs, side="right") - 1
        cuts = np.flatnonzero(batch[1:] != batch[:-1]) + 1
        for low, high in pairwise([0, *cuts.tolist(), len(docs)] if len(docs) else []):
            number = int(batch[low])
            yield self._batches[number].column(name), docs[low:high] - self._starts[number]


def _open(index: Path, entry: SegmentEntry, schema: pa.Schema) -> list[pa.RecordBatch]:
    """The batches of one file, mapped; the map lives as long as they do."""
    file = entry.documents_file if schema is DOCUMENTS else entry.keys_file
    path = index / file.name
    try:
        size = path.stat().st_size
    except OSError as error:
        raise damaged(index, f"{file.name}: {error.strerror}") from None
    if size != file.bytes:
        raise damaged(index, f"{file.name} has {size} bytes instead of {file.bytes}")
    try:
        with ipc_reader(path) as reader:
            found = reader.schema
            batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        for batch in batches:
            batch.validate()
    except (OSError, pa.ArrowException, IntegrityError):
        raise damaged(index, f"{file.name} is no Arrow file that can be read") from None
    if not found.equals(schema):
        raise damaged(index, f"{file.name} has other columns")
    if any(column.null_count for batch in batches for column in batch.columns):
        raise damaged(index, f"{file.name} has empty places")
    return batches


def damaged(index: Path, what: str) -> IntegrityError:
    """The error for a file that is not as it was written."""
    return IntegrityError(
        f"{index} is damaged: {what}; look at all of it with `cleaner index info --check {index}`, "
        f"or make it anew with `cleaner index build --replace {index} RUN…`"
    )
