"""Parts of a corpus as JSON lines: one object a document, all columns, one zstd frame a file.

Some readers stop at the end of the first frame, so there is one alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from cleaner.errors import IntegrityError

_BLOCK = 1 << 20
"""Bytes that are given to the compressor at a time: so the bytes depend on the rows alone."""
_ROWS, _BYTES = 1_000, 16 << 20
"""Rows, or bytes of JSON, that are read at a time."""


class JsonLines:
    """Writes a file of JSON lines, as `cleaner.io.output.RowGroups` writes one of Parquet."""

    def __init__(self, path: Path) -> None:
        self._sink = pa.OSFile(str(path), "wb")
        self._out = pa.CompressedOutputStream(self._sink, "zstd")
        self._waiting = bytearray()
        self.rows = 0

    def write(self, rows: pa.Table) -> None:
        """Append rows."""
        for batch in rows.to_batches(max_chunksize=_ROWS):
            self._waiting += as_lines(batch)
            self.rows += batch.num_rows
            while len(self._waiting) >= _BLOCK:
                self._out.write(bytes(self._waiting[:_BLOCK]))
                del self._waiting[:_BLOCK]

    def close(self) -> None:
        """Write the rest."""
        self._out.write(bytes(self._waiting))
        self._out.close()
        self._sink.close()


def as_lines(rows: pa.RecordBatch) -> bytes:
    """Rows as JSON, each on a line; null where a row has no value."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
    return "".join(f"{encode(row)}\n" for row in rows.to_pylist()).encode()


def read_lines(
    path: Path, schema: pa.Schema, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of a file in order, some hundreds at a time.

    Args:
        path: of the file.
        schema: of all its columns.
        columns: the ones to read; None for all.

    Raises:
        IntegrityError: it is not what `JsonLines` writes.
    """
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    try:
        for lines in _lines(path):
            rows = [json.loads(line) for line in lines]
            arrays = [pa.array([row[f.name] for row in rows], f.type) for f in wanted]
            yield pa.RecordBatch.from_arrays(arrays, schema=wanted)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        what = f"{type(error).__name__}: {error}"
        raise IntegrityError(f"{path} cannot be read ({what}); run the config again") from None


def _lines(path: Path) -> Iterator[list[bytes]]:
    """The lines of a file, some at a time."""
    held: list[bytes] = []
    size = 0
    rest = b""
    with pa.OSFile(str(path)) as file, pa.CompressedInputStream(file, "zstd") as stream:
        while block := stream.read(_BLOCK):
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                held.append(line)
                size += len(line)
                if len(held) >= _ROWS or size >= _BYTES:
                    yield held
                    held, size = [], 0
    if rest:
        raise ValueError("the last line has no end")
    if held:
        yield held
