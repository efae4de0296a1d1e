"""Parquet: columns stay columns from the file to the batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.io import columns as col
from cleaner.io.inputs import InputFile
from cleaner.io.json_record import nearest
from cleaner.io.records import (
    KILLED,
    ROW_COST,
    BadRecord,
    Collector,
    Read,
    ReadOptions,
    short_raw,
)
from cleaner.io.schema import ORIGINALS
from cleaner.io.streams import BLOCK, StreamFault, open_listed
from cleaner.text.validate import char_counts

MAX_ROWS = 1 << 14
"""Rows that are read at once, however short they are."""
_UNREADABLE = (ValueError, OverflowError, RecursionError, pa.ArrowException)
_HOW = {"pre_buffer": False, "buffer_size": BLOCK, "page_checksum_verification": True}
_UTF8 = pa.scalar("utf-8", pa.string())
_INDEX_BYTES = 8
"""A text that takes less is an index into a dictionary, see `_is_repetitive`."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which columns are read as what; `url`, `date` and `id` are None where the file has none."""

    text: str
    url: str | None
    date: str | None
    id: str | None
    others: tuple[str, ...]

    def names(self) -> list[str]:
        """All of them, each once."""
        named = (self.text, self.url, self.date, self.id, *self.others)
        return list(dict.fromkeys(name for name in named if name is not None))


@dataclass(frozen=True, slots=True)
class _Source:
    """One open file."""

    index: int
    file: InputFile
    parquet: pq.ParquetFile
    dictionaries: pq.ParquetFile
    """The same file, with the texts of a column that repeats them kept as a dictionary."""
    columns: _Columns
    options: ReadOptions


def read_parquet(
    index: int,
    file: InputFile,
    groups: tuple[int, int],
    collector: Collector,
) -> Iterator[Read]:
    """Read row groups `groups` (first, end) of a file; record numbers count rows from the first.

    A file without a usable text column is one quarantine row, of the part that begins the file. A
    damaged row group gives the rows before the damage and one quarantine row for the rest.
    """
    try:
        with open_listed(file) as raw:
            source = _open(index, file, raw, groups, collector.options)
            record = 0
            for group in range(*groups):
                record += yield from _read_group(source, group, record, collector)
    except StreamFault as fault:
        is_first = groups[0] == 0
        if is_first or fault.reason in {"unreadable", "changed", "corrupt"}:
            size = file.size if is_first else None
            collector.add_bad(BadRecord(file.source, fault.reason, fault.detail, raw_bytes=size))


def _open(
    index: int, file: InputFile, raw: object, groups: tuple[int, int], options: ReadOptions
) -> _Source:
    """Open a file and choose its columns; StreamFault if it cannot serve."""
    try:
        parquet = pq.ParquetFile(raw, **_HOW)
        schema = parquet.schema_arrow
    except (OSError, ValueError, pa.ArrowException) as error:  # ValueError: names not in UTF-8
        raise StreamFault("corrupt", f"not a readable Parquet file: {error}") from error
    if groups[1] > parquet.num_row_groups or (groups == (0, 0) and parquet.num_row_groups):
        raise StreamFault("changed", f"it has {parquet.num_row_groups} row groups now")
    chosen = _choose_columns(schema, options)
    dictionaries = pq.ParquetFile(
        raw, metadata=parquet.metadata, read_dictionary=[chosen.text], **_HOW
    )
    return _Source(index, file, parquet, dictionaries, chosen, options)


def _choose_columns(schema: pa.Schema, options: ReadOptions) -> _Columns:
    """Find the columns; StreamFault if the file cannot serve."""
    names = list(schema.names)
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise StreamFault("duplicate_column", f"there are two columns named {twice[0]!r}")
    text = options.text_column
    if text not in names:
        raise StreamFault("missing_column", nearest(text, names))
    if not col.is_text(schema.field(text).type):
        raise StreamFault("wrong_type", f"{text!r} is {schema.field(text).type}, not a string")

    def find(name: str | None) -> str | None:
        is_usable = name in names and name != text and col.is_name(schema.field(name).type)
        return name if is_usable else None

    url, date, id_ = find(options.url_column), find(options.date_column), find(options.id_column)
    others = [n for n in names if n not in {text, url, date, id_}] if options.keep_meta else []
    return _Columns(text, url, date, id_, tuple(others))


def _read_group(
    source: _Source, group: int, record: int, collector: Collector
) -> Generator[Read, None, int]:
    """One row group, whose first row has number `record`; returns how many numbers it used."""
    metadata = source.parquet.metadata.row_group(group)
    rows: int = max(0, metadata.num_rows)
    if collector.is_deadly(source.index, group, group + 1):
        detail = f"{rows} rows: {KILLED.format(f'row group ({group})')}"
        collector.add_bad(BadRecord(source.file.source, "crash", detail, record))
        collector.count(source.index, rows)
        return rows
    batches = _batches(source, group)
    done: int = 0
    why = "the file ends its column early"
    while True:
        try:
            batch = next(batches, None)
        except (OSError, ValueError, pa.ArrowException) as error:
            why = str(error)
            break
        if batch is None:
            break
        yield from _take_batch(source, batch, record + done, collector)
        done += batch.num_rows
    if done < rows:
        detail = f"{rows - done} rows of row group {group} are lost from here on: {why}"
        collector.add_bad(BadRecord(source.file.source, "corrupt", detail, record + done))
    collector.count(source.index, max(rows, done))
    return max(rows, done)


def _batches(source: _Source, group: int) -> Iterator[pa.RecordBatch]:
    """The rows of a group; raises what Arrow raises where they are damaged."""
    metadata = source.parquet.metadata.row_group(group)
    average = max(1, metadata.total_byte_size // max(1, metadata.num_rows))
    size = min(max(1, source.options.batch_bytes // average), MAX_ROWS)
    parquet = source.dictionaries if _is_repetitive(source, group) else source.parquet
    yield from parquet.iter_batches(size, [group], source.columns.names(), use_threads=False)


def _is_repetitive(source: _Source, group: int) -> bool:
    """Whether the text column stores indices into a dictionary, so that its size says nothing.

    A megabyte in the file may then be terabytes of text; such a column is decoded piece by piece.

    Raises:
        OSError, ValueError, pa.ArrowException: the footer is damaged.
    """
    schema = source.parquet.schema
    paths = [schema.column(number).path for number in range(len(schema))]
    number = paths.index(source.columns.text)
    # What a footer says of a column ends the process if it is wrong and Python asks for it first;
    # the reader of rows, who comes to the same facts, raises an error. One row is decoded.
    next(source.parquet.iter_batches(1, [group], [source.columns.text], use_threads=False), None)
    chunk = source.parquet.metadata.row_group(group).column(number)
    if not chunk.has_dictionary_page:
        return False
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    share = 1 - (chunk.data_page_offset - start) / max(1, chunk.total_compressed_size)
    return bool(share * chunk.total_uncompressed_size < _INDEX_BYTES * chunk.num_values)


def _take_batch(
    source: _Source, batch: pa.RecordBatch, record: int, collector: Collector
) -> Iterator[Read]:
    """Rows in pieces of bounded text."""
    limit = source.options.max_document_bytes
    column = batch.column(source.columns.text)
    lengths = col.byte_lengths(column)
    is_long = lengths > limit
    is_null = column.is_null().to_numpy(zero_copy_only=False)
    costs = np.where(is_long, 0, lengths) + ROW_COST
    for row in np.flatnonzero(is_null | is_long).tolist():
        reason, detail = "null_text", "the text is null"
        if is_long[row]:
            reason, detail = "too_large", f"the text has more than {limit} bytes"
        bad = BadRecord(source.file.source, reason, detail, record + row)
        collector.add_bad(replace(bad, raw_bytes=int(lengths[row])) if is_long[row] else bad)
    ends = np.cumsum(costs)
    start = 0
    while start < batch.num_rows:
        before = ends[start - 1] if start else 0
        stop = int(np.searchsorted(ends, before + source.options.batch_bytes, side="right"))
        stop = max(stop, start + 1)
        keep = np.flatnonzero(~(is_long | is_null)[start:stop]) + start
        cost = int(ends[stop - 1] - before)
        if collector.is_full(cost):
            yield collector.take()
        whole = len(keep) == stop - start
        piece = batch.slice(start, stop - start) if whole else _select(batch, keep)
        _take_piece(source, piece, keep + record, cost, collector)
        start = stop


def _select(batch: pa.RecordBatch, rows: col.Ints) -> pa.RecordBatch:
    """Some rows; one by one where Arrow cannot do it for a type."""
    try:
        return batch.take(pa.array(rows))
    except pa.ArrowNotImplementedError:
        if not len(rows):
            return batch.slice(0, 0)
        return pa.concat_batches([batch.slice(row, 1) for row in rows.tolist()])


def _take_piece(
    source: _Source,
    piece: pa.RecordBatch,
    records: col.Ints,
    cost: int,
    collector: Collector,
) -> None:
    """Rows that have a text of bearable length to ORIGINALS; those that cannot be used aside."""
    if not piece.num_rows:
        return
    columns = source.columns
    names = (columns.url, columns.date, columns.id)
    text = col.as_bytes(piece.column(columns.text))
    named = [None if name is None else col.name_texts(piece.column(name)) for name in names]
    meta, faults = _metas(piece, columns.others)
    chars = char_counts(text)
    for name, values in zip((columns.text, *names), (text, *named), strict=True):
        if values is not None and (chars if values is text else char_counts(values)) is None:
            detail = f"{name!r} is not UTF-8"
            bad_rows = np.flatnonzero(col.invalid_rows(values)).tolist()
            faults |= dict.fromkeys(bad_rows, ("bad_utf8", detail))
    if not faults:
        assert chars is not None
        collector.add_batch(_originals(source.index, records, chars, [text, *named, meta]), cost)
        return
    for row, (reason, detail) in sorted(faults.items()):
        raw = text[row].as_buffer()
        kept = short_raw(memoryview(raw))
        number = int(records[row])
        collector.add_bad(
            BadRecord(source.file.source, reason, detail, number, raw=kept, raw_bytes=raw.size)
        )
    keep = np.setdiff1d(np.arange(piece.num_rows), list(faults))
    _take_piece(source, _select(piece, keep), records[keep], cost, collector)


def _metas(
    piece: pa.RecordBatch, names: tuple[str, ...]
) -> tuple[pa.Array | None, dict[int, tuple[str, str]]]:
    """The JSON of each row, or the rows (→ reason, detail) for which there is none."""
    if not names:
        return None, {}
    columns = [piece.column(name) for name in names]
    try:
        found = col.json_objects(names, columns)
        return found if isinstance(found, pa.Array) else pa.array(found, pa.string()), {}
    except _UNREADABLE:
        pass
    faults: dict[int, tuple[str, str]] = {}
    for row in range(piece.num_rows):
        try:
            col.json_objects(names, [column.slice(row, 1) for column in columns])
        except UnicodeDecodeError as error:
            faults[row] = ("bad_utf8", f"a field beside the text is not UTF-8: {error.reason}")
        except _UNREADABLE as error:
            faults[row] = ("bad_value", f"a field beside the text cannot be read: {error}")
    return None, faults


def _originals(
    index: int, records: col.Ints, chars: col.Ints, columns: Sequence[pa.Array | None]
) -> pa.RecordBatch:
    """Good rows as columns; `columns` are text, URL, date, id and meta, all of them UTF-8.

    `chars`: code points of each text.
    """
    size = len(records)
    nulls = pa.nulls(size, pa.string())
    text, url, date, id_, meta = (nulls if c is None else c.view(pa.string()) for c in columns)
    no_offsets = pa.array(np.zeros(size + 1, np.int32))
    values = {
        "file": pa.array(np.full(size, index, np.int32)),
        "record": pa.array(records, pa.int64()),
        "text": text,
        "encoding": pa.repeat(_UTF8, size),
        "evidence": nulls,
        "bad_bytes": pa.ListArray.from_arrays(no_offsets, pa.array([], pa.int32())),
        "raw_bytes": pc.binary_length(text).cast(pa.int64()),
        "raw_chars": pa.array(chars),
        "sha256": col.digests(text),
        "url": url,
        "date": date,
        "source_id": id_,
        "meta": meta,
    }
    return pa.RecordBatch.from_arrays([values[n] for n in ORIGINALS.names], schema=ORIGINALS)
