"""Texts of any input, to be looked up: each document with its source and record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from cleaner.errors import InputError
from cleaner.io.chunks import plan_chunks
from cleaner.io.inputs import InputFile, survey
from cleaner.io.readers import ReadOptions, read_chunk
from cleaner.text.decode import Undecodable, decode

TEXTS = pa.schema([("source", pa.string()), ("record", pa.int64()), ("text", pa.string())])
BAD = pa.schema([("source", pa.string()), ("record", pa.int64()), ("reason", pa.string())])
_CHUNK_BYTES = 32 << 20


def texts_in(path: str, options: ReadOptions) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """The documents of a file, a folder or a glob (`TEXTS`), and what cannot be used (`BAD`).

    Raises:
        InputError: there is nothing to read.
    """
    files = survey([path], base=Path.cwd()).files
    seen: dict[int, int] = {}
    for chunk in plan_chunks(files, _CHUNK_BYTES):
        before = dict(seen)
        for part in read_chunk(chunk, files, options):
            rows, bad = part.documents, part.quarantine
            yield _texts(files, rows, before), _bad(files, bad, before)
            for file, count in part.records.items():
                seen[file] = seen.get(file, 0) + count


def text_of(data: bytes, options: ReadOptions) -> pa.RecordBatch:
    """One document of `TEXTS` from bytes of standard input, in any encoding.

    Raises:
        InputError: they are no text.
    """
    try:
        text = decode(data, max_bad_bytes_ratio=options.max_bad_bytes_ratio).text
    except Undecodable as error:
        raise InputError(f"standard input is no text: {error.reason}: {error.detail}") from None
    columns = [pa.array(["-"]), pa.array([0], pa.int64()), pa.array([text])]
    return pa.RecordBatch.from_arrays(columns, schema=TEXTS)


def _texts(
    files: Sequence[InputFile], rows: pa.RecordBatch, before: dict[int, int]
) -> pa.RecordBatch:
    numbers = rows.column("file").to_numpy()
    shift = np.array([before.get(n, 0) for n in numbers.tolist()], np.int64)
    sources = pa.array([files[n].source for n in numbers.tolist()], pa.string())
    record = pa.array(rows.column("record").to_numpy() + shift)
    return pa.RecordBatch.from_arrays([sources, record, rows.column("text")], schema=TEXTS)


def _bad(
    files: Sequence[InputFile], rows: pa.RecordBatch, before: dict[int, int]
) -> pa.RecordBatch:
    shift = {files[n].source: count for n, count in before.items()}
    sources, records = rows.column("source").to_pylist(), rows.column("record").to_pylist()
    numbers = [
        None if record is None else record + shift.get(source, 0)
        for source, record in zip(sources, records, strict=True)
    ]
    columns = [rows.column("source"), pa.array(numbers, pa.int64()), rows.column("reason")]
    return pa.RecordBatch.from_arrays(columns, schema=BAD)
