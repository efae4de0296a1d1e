"""Every Arrow schema that reaches a disk, with a description of each column. `SCHEMA_VERSION` covers all of them."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

SCHEMA_VERSION = 1


def _schema(fields: Iterable[tuple[str, pa.DataType, str]], name: str) -> pa.Schema:
    return pa.schema(
        [pa.field(n, t, metadata={"description": d}) for n, t, d in fields],
        metadata={"cleaner.schema": name, "cleaner.schema_version": str(SCHEMA_VERSION)},
    )


ORIGINALS = _schema(
    [
        ("file", pa.int32(), "index of the source in the sorted list of inputs"),
        ("record", pa.int64(), "row, line or record number within the chunk that was read; from 0"),
        ("text", pa.string(), "the decoded original, not a character changed"),
        ("encoding", pa.string(), "the encoding that gives the bytes back; 'utf-8' for records"),
        ("bad_bytes", pa.list_(pa.int32()), "code point offsets of undecodable bytes, kept as latin-1 characters"),
        ("raw_bytes", pa.int64(), "bytes of the original"),
        ("raw_chars", pa.int64(), "code points of the decoded original"),
        ("sha256", pa.binary(32), "of the original bytes (a file), or of the UTF-8 text (a record)"),
        ("url", pa.string(), "as the input gives it, or null"),
        ("date", pa.string(), "as the input gives it, or null"),
        ("source_id", pa.string(), "the record's own id, or null"),
        ("meta", pa.string(), "the input's other fields as one JSON object, or null"),
    ],
    "originals",
)

QUARANTINE = _schema(
    [
        ("source", pa.string(), "label/path of the input"),
        ("record", pa.int64(), "row, line or record number; null where no record could be told apart"),
        ("start", pa.int64(), "first byte in the (decompressed) source, or null"),
        ("end", pa.int64(), "end byte in the (decompressed) source, or null"),
        ("stage", pa.string(), "'read', or the stage that failed on it"),
        ("reason", pa.string(), "short, countable: 'bad_json', 'truncated', 'too_large', 'stage_error', …"),
        ("detail", pa.string(), "what exactly was wrong"),
        ("raw", pa.binary(), "the raw bytes, up to a limit; null above it"),
        ("raw_bytes", pa.int64(), "bytes of the record"),
        ("raw_chars", pa.int64(), "code points, where it could be decoded; else null"),
    ],
    "quarantine",
)
