"""What the readers take and give: options, batches of documents, and what could not be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import pyarrow as pa

from cleaner.io.limit import Limit
from cleaner.io.schema import ORIGINALS, QUARANTINE
from cleaner.reader import Reader

if TYPE_CHECKING:
    from cleaner.text.segment import Unit

RAW_LIMIT = 64 << 10
"""Up to so many bytes of a bad record are kept in its quarantine row."""
ROW_COST = 256
"""What a row counts beside its text, in bytes, so that empty ones fill a batch too."""
KILLED = "the process died on this {}, 2 times with nothing else in hand"
"""The detail of a quarantine row for what kills its reader so often; the reason is `crash`."""
_MAX_ARROW_BYTES = (1 << 31) - 1  # offsets of a string column have 32 bits


Watch: TypeAlias = Callable[[int, int, int], str]
"""Is told before it is read what comes next, (file, start, end): a line of plain JSONL in bytes, a
row group of Parquet, or (file, -1, -1) for all else, a file as a whole. A reason, `crash` or
`timeout`: it kills its reader, and must be passed by."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How inputs become documents. Sizes are in bytes; `max_bad_bytes_ratio` is a share of bytes.

    `encoding` is the charset of .txt files where it is known; `max_ratio` and
    `max_decompressed_bytes` bound what a compressed file may become. `html_seconds` is processor
    time that a page may take; `http_status` says which responses of a web archive are read;
    `readers` are those of plugins, by the format that they read. `max_lines` is of sentences where
    `segment` says that they are the passages.

    Raises:
        ValueError: a bound is not positive, or a document could not fit an Arrow string.
    """

    text_column: str = "text"
    id_column: str | None = None
    url_column: str | None = "url"
    date_column: str | None = "date"
    encoding: str | None = None
    max_document_bytes: int = 64 << 20
    max_lines: int = 200_000
    segment: Unit = "line"
    max_bad_bytes_ratio: float = 0.01
    max_ratio: float = 200.0
    max_decompressed_bytes: int = 1 << 40
    batch_bytes: int = 8 << 20
    keep_meta: bool = True
    html_extractor: str = "resiliparse"
    main_content: bool = False
    html_seconds: float = 10.0
    http_status: tuple[int, ...] = (200,)
    readers: Mapping[str, Reader] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("max_document_bytes", "batch_bytes"):
            if not 1 <= getattr(self, name) <= _MAX_ARROW_BYTES // 2:
                raise ValueError(f"{name} must be from 1 to {_MAX_ARROW_BYTES // 2}")
        if self.max_lines < 1:
            raise ValueError("max_lines must be at least 1")
        if self.max_ratio < 1 or self.max_decompressed_bytes < 1:
            raise ValueError("max_ratio and max_decompressed_bytes must be at least 1")
        if not 0 <= self.max_bad_bytes_ratio <= 1:
            raise ValueError("max_bad_bytes_ratio must be from 0 to 1")


@dataclass(frozen=True, slots=True)
class Read:
    """Some of what a chunk holds.

    `documents` has the schema ORIGINALS, `quarantine` has QUARANTINE. `records` says how many
    record numbers were used up since the last `Read`, by index of the file: rows of Parquet, lines
    of JSONL (also blank ones), 1 for a .txt. Their sum over a part shifts the numbers of the next.
    `blank` counts those among them that are neither document nor quarantine: lines that hold
    nothing, records of a web archive that are passed by; `passed` says of the latter why.
    """

    documents: pa.RecordBatch
    quarantine: pa.RecordBatch
    records: Mapping[int, int]
    blank: int
    passed: Mapping[str, int] = field(default_factory=dict)


class Document(NamedTuple):
    """One document, as a row of ORIGINALS; `utf8` is its text."""

    file: int
    record: int
    utf8: bytes
    raw_chars: int
    raw_bytes: int
    sha256: bytes
    encoding: str = "utf-8"
    evidence: str | None = None
    bad_bytes: Sequence[int] = ()
    url: str | None = None
    date: str | None = None
    source_id: str | None = None
    meta: str | None = None


@dataclass(frozen=True, slots=True)
class BadRecord:
    """What could not be used, as a row of QUARANTINE of stage 'read'."""

    source: str
    reason: str
    detail: str
    record: int | None = None
    start: int | None = None
    end: int | None = None
    raw: bytes | None = None
    raw_bytes: int | None = None
    raw_chars: int | None = None


@dataclass(slots=True)
class Collector:
    """Gathers documents and bad records until they make a `Read`.

    Usage: `if collector.is_full(cost): yield collector.take()`, then `add`.
    """

    options: ReadOptions
    watch: Watch | None = None
    limit: Limit | None = None
    """What a record of a reader that is not built in may take; None: any time."""
    died: str = ""
    """The reason of the last piece that was deadly."""
    _documents: list[Document] = field(default_factory=list)
    _batches: list[pa.RecordBatch] = field(default_factory=list)
    _bad: list[BadRecord] = field(default_factory=list)
    _records: dict[int, int] = field(default_factory=dict)
    _blank: int = 0
    _passed: dict[str, int] = field(default_factory=dict)
    _cost: int = 0

    def is_deadly(self, file: int, start: int, end: int) -> bool:
        """Whether what comes next must not be read; see `Watch`."""
        self.died = self.watch(file, start, end) if self.watch is not None else ""
        return bool(self.died)

    def is_full(self, cost: int) -> bool:
        """Whether so many bytes more would make too big a batch."""
        return self._cost > 0 and self._cost + cost > self.options.batch_bytes

    def add(self, document: Document) -> None:
        """Take one document."""
        self._documents.append(document)
        self._cost += len(document.utf8) + len(document.meta or "") + ROW_COST

    def add_batch(self, batch: pa.RecordBatch, cost: int) -> None:
        """Take rows of ORIGINALS that are columns already."""
        self._seal()
        self._batches.append(batch)
        self._cost += cost

    def add_bad(self, bad: BadRecord) -> None:
        """Take what goes to quarantine; raw bytes above `RAW_LIMIT` are left out."""
        if bad.raw is not None and len(bad.raw) > RAW_LIMIT:
            raise ValueError(f"raw bytes above {RAW_LIMIT} must be left out")
        self._bad.append(bad)
        self._cost += len(bad.raw or b"") + len(bad.detail) + ROW_COST

    def count(self, file: int, records: int, blank: int = 0) -> None:
        """Note that a file has used so many more record numbers, `blank` of them by nothing."""
        self._records[file] = self._records.get(file, 0) + records
        self._blank += blank

    def pass_by(self, reason: str) -> None:
        """Note why a record that counts as blank was not asked for."""
        self._passed[reason] = self._passed.get(reason, 0) + 1

    def has_any(self) -> bool:
        """Whether `take` would give anything."""
        return bool(self._documents or self._batches or self._bad or self._records)

    def take(self) -> Read:
        """Give what was gathered, and begin anew."""
        self._seal()
        documents = _one_batch(self._batches)
        quarantine = quarantine_rows(self._bad)
        read = Read(documents, quarantine, self._records, self._blank, self._passed)
        self._batches, self._bad, self._records, self._passed = [], [], {}, {}
        self._blank = self._cost = 0
        return read

    def _seal(self) -> None:
        """Make columns of the single documents, so that order is kept."""
        if self._documents:
            self._batches.append(_originals(self._documents))
            self._documents = []


def digest(data: bytes | memoryview) -> bytes:
    """The sha256 of some bytes."""
    return hashlib.sha256(data).digest()


def short_raw(data: bytes | bytearray | memoryview) -> bytes | None:
    """The bytes for a quarantine row; None above `RAW_LIMIT`."""
    return bytes(data) if len(data) <= RAW_LIMIT else None


def _one_batch(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """All rows in one batch."""
    if not batches:
        return pa.RecordBatch.from_pylist([], ORIGINALS)
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _originals(rows: Sequence[Document]) -> pa.RecordBatch:
    """Documents as columns; the text goes over as UTF-8 without being decoded again."""
    columns = [
        pa.array([d.file for d in rows], pa.int32()),
        pa.array([d.record for d in rows], pa.int64()),
        pa.array([d.utf8 for d in rows], pa.binary()).view(pa.string()),
        pa.array([d.encoding for d in rows], pa.string()),
        pa.array([d.evidence for d in rows], pa.string()),
        pa.array([d.bad_bytes for d in rows], pa.list_(pa.int32())),
        pa.array([d.raw_bytes for d in rows], pa.int64()),
        pa.array([d.raw_chars for d in rows], pa.int64()),
        pa.array([d.sha256 for d in rows], pa.binary(32)),
        pa.array([d.url for d in rows], pa.string()),
        pa.array([d.date for d in rows], pa.string()),
        pa.array([d.source_id for d in rows], pa.string()),
        pa.array([d.meta for d in rows], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=ORIGINALS)


def quarantine_rows(rows: Sequence[BadRecord]) -> pa.RecordBatch:
    """Bad records as columns."""
    columns = [
        pa.array([b.source for b in rows], pa.string()),
        pa.array([b.record for b in rows], pa.int64()),
        pa.array([b.start for b in rows], pa.int64()),
        pa.array([b.end for b in rows], pa.int64()),
        pa.array(["read"] * len(rows), pa.string()),
        pa.array([b.reason for b in rows], pa.string()),
        pa.array([_printable(b.detail) for b in rows], pa.string()),
        pa.array([b.raw for b in rows], pa.binary()),
        pa.array([b.raw_bytes for b in rows], pa.int64()),
        pa.array([b.raw_chars for b in rows], pa.int64()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=QUARANTINE)


def _printable(detail: str) -> str:
    """A detail may quote the input: keep it short and valid UTF-8."""
    text = detail if len(detail) <= 500 else detail[:499] + "…"
    return text.encode("utf-8", "backslashreplace").decode()
