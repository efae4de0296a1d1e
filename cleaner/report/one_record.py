"""One record of a file, as a file of its own in the same format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.config.model import Read
from cleaner.errors import InputError
from cleaner.io.inputs import InputFile
from cleaner.io.limit import Limit
from cleaner.io.records import ReadOptions

if TYPE_CHECKING:
    from cleaner.io.read_jsonl import Line
    from cleaner.reader import Record

_ENDINGS = {None: "", "gzip": ".gz", "zstd": ".zst"}
_ROWS = 256
"""Rows of Parquet that are read at once on the way to the one that is wanted."""


class Unusable(Exception):  # noqa: N818  what the record is
    """The record is one that reading quarantines; `reason` as in quarantine."""

    def __init__(self, record: int, reason: str, detail: str) -> None:
        self.record = record
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


def copy_record(
    file: InputFile, record: int | None, read: Read, folder: Path, seconds: float = 60.0
) -> tuple[int, Path]:
    """Write one record to a file in `folder`; returns its number and the file.

    A .txt or .html is linked, not copied: it is the record, and its name may be none that a config
    can hold.
    Without a number the file must hold exactly one record. The reader of a plugin may take so many
    `seconds` for a record.

    Raises:
        InputError: there is no such record, or none was named and there are several.
        Unusable: the record cannot be taken out of the file.
    """
    if record is not None and record < 0:
        raise InputError(f"records are numbered from 0; there is no record {record}")
    if file.format in {"txt", "html"}:
        if record:
            raise InputError(f"{file.source} is one document; it has no record {record}")
        path = folder / f"one.{file.format}{_ENDINGS[file.compression]}"
        path.symlink_to(file.location)
        return 0, path
    if file.format == "jsonl":
        number, data = _line(file, record, read)
        path = folder / "one.jsonl"
        # only the first line of a file may begin with a byte order mark
        path.write_bytes(data if number == 0 else b"\n" + data)
        return number, path
    if file.format == "warc":
        return _archived(file, record, read, folder / "one.warc")
    if file.format in read.readers:
        return _of_plugin(file, record, read, folder / "one.jsonl", seconds)
    return _row(file, record, folder / "one.parquet")


def _line(file: InputFile, record: int | None, read: Read) -> tuple[int, bytes]:
    """The number and the bytes of a line of JSONL."""
    wanted = record
    chosen: Line | None = None
    number = -1
    for number, line in enumerate(_lines(file, read)):
        if wanted is not None:
            if number == wanted:
                return number, _bytes(number, line, read)
        elif line.data is None or line.data.strip():
            if chosen is not None:
                raise _several(file)
            chosen, record = line, number
    if wanted is None and chosen is not None and record is not None:
        return record, _bytes(record, chosen, read)
    raise _missing(file, wanted, number + 1, "line")


def _lines(file: InputFile, read: Read) -> Iterator[Line]:
    from cleaner.io.read_jsonl import cut_lines
    from cleaner.io.streams import StreamFault, open_stream

    options = ReadOptions(max_document_bytes=read.max_document_bytes, max_ratio=read.max_ratio)
    try:
        with open_stream(file, options) as stream:
            yield from cut_lines(stream, 0, None, read.max_document_bytes)
    except StreamFault as fault:
        raise InputError(f"{file.source}: {fault}") from fault


def _bytes(number: int, line: Line, read: Read) -> bytes:
    if line.fault is not None:
        raise Unusable(number, line.fault.reason, line.fault.detail)
    if line.data is None:
        detail = f"a line of more than {read.max_document_bytes} bytes"
        raise Unusable(number, "too_large", detail)
    if not line.data.strip():
        raise InputError(f"record {number} is a blank line, which is no record")
    return bytes(line.data)


def _archived(file: InputFile, record: int | None, read: Read, path: Path) -> tuple[int, Path]:
    """Copy a record of a web archive."""
    from cleaner.io.archived import nth_record, record_bytes
    from cleaner.io.streams import StreamFault
    from cleaner.io.warc_record import Broken

    number = record or 0
    try:
        found = nth_record(file, number, read.max_document_bytes)
        if record is None and not isinstance(nth_record(file, 1, read.max_document_bytes), int):
            raise _several(file)
        if isinstance(found, int):
            raise _missing(file, record, found, "record")
        if isinstance(found, Broken):
            raise Unusable(number, found.reason, found.detail)
        place = found.place
        if found.block is None:
            raise Unusable(number, "too_large", f"a record of {place.size} bytes")
        path.write_bytes(record_bytes(file, place.offset, place.skip, place.size) + b"\r\n\r\n")
    except StreamFault as fault:
        raise InputError(f"{file.source}: {fault}") from fault
    return number, path


def _of_plugin(
    file: InputFile, record: int | None, read: Read, path: Path, seconds: float
) -> tuple[int, Path]:
    """Write what the reader of a plugin makes of a record as a line of JSON."""
    with Limit(seconds) as limit:
        return _from_plugin(file, record, read, path, limit)


def _from_plugin(
    file: InputFile, record: int | None, read: Read, path: Path, limit: Limit
) -> tuple[int, Path]:
    from cleaner.engine.read_task import read_options
    from cleaner.io.read_plugin import records
    from cleaner.io.records import BadRecord

    chosen: BadRecord | tuple[int, Record] | None = None
    count = 0
    for item in records(file, read_options(read), limit):
        count += 1
        number = item.record if isinstance(item, BadRecord) else item[0]
        if record is None and chosen is not None:
            raise _several(file)
        if number == (record or 0):
            chosen = item
            if record is not None:
                break
    if chosen is None:
        raise _missing(file, record, count, "record")
    if isinstance(chosen, BadRecord):
        raise Unusable(chosen.record or 0, chosen.reason, chosen.detail)
    number, found = chosen
    names = {read.url_column: found.url, read.date_column: found.date}
    fields = {key: value for key, value in names.items() if key and value is not None}
    path.write_text(json.dumps(fields | {read.text_column: found.text}) + "\n", "utf-8")
    return number, path


def _row(file: InputFile, record: int | None, path: Path) -> tuple[int, Path]:
    """Copy a row of Parquet, with all its columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file.location) as parquet:
            rows = parquet.metadata.num_rows
            if record is None and rows > 1:
                raise _several(file)
            number = record or 0
            if number >= rows:
                raise _missing(file, record, rows, "row")
            pq.write_table(_taken(parquet, number), path)
    except (OSError, ValueError, pa.ArrowException) as error:
        what = f"row {record or 0} cannot be read: {error}"
        raise Unusable(record or 0, "corrupt", what) from error
    return number, path


def _taken(parquet: Any, number: int) -> Any:
    """A table of the one row; reads its row group up to it, a few rows at a time."""
    import pyarrow as pa

    rest = number
    for group in range(parquet.num_row_groups):
        size = parquet.metadata.row_group(group).num_rows
        if rest >= size:
            rest -= size
            continue
        for batch in parquet.iter_batches(_ROWS, row_groups=[group], use_threads=False):
            if rest < batch.num_rows:
                return pa.Table.from_batches([batch.slice(rest, 1)])
            rest -= batch.num_rows
    raise ValueError("the file ends before it")


def _several(file: InputFile) -> InputError:
    return InputError(f"{file.source} holds several records; name one, such as {file.path}:0")


def _missing(file: InputFile, record: int | None, count: int, unit: str) -> InputError:
    if record is None:
        return InputError(f"{file.source} holds no record")
    last = f"; its last {unit} is {count - 1}" if count else ""
    return InputError(f"{file.source} has no record {record}{last} (numbers begin with 0)")
