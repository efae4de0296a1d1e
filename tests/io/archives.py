"""Web archives made by hand, record by record, good and bad; and the rows that reading gives."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from cleaner.io.chunks import plan_chunks
from cleaner.io.inputs import survey
from cleaner.io.readers import ReadOptions, read_chunk

DATE = "2024-05-06T07:08:09Z"


def sha1(data: bytes) -> str:
    """A digest as archives write it."""
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    return f"sha1:{base64.b32encode(digest).decode()}"


def record(
    block: bytes,
    *,
    kind: str = "response",
    url: str | None = "https://a.example/",
    type_: str = "application/http; msgtype=response",
    length: int | None = None,
    version: str = "WARC/1.0",
    **fields: str,
) -> bytes:
    """One record with the empty lines after it."""
    lines = [
        version,
        f"WARC-Type: {kind}",
        f"WARC-Date: {DATE}",
        f"WARC-Record-ID: <urn:uuid:{hashlib.md5(block).hexdigest()}>",
        *([] if url is None else [f"WARC-Target-URI: {url}"]),
        f"Content-Type: {type_}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items()),
        f"Content-Length: {len(block) if length is None else length}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def http(body: bytes, *headers: str, status: str = "200 OK", type_: str = "text/html") -> bytes:
    """An HTTP response."""
    lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {type_}"] if type_ else []), *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def page(words: str) -> bytes:
    """A small page of one paragraph."""
    return f"<html><title>T</title><body><p>{words}</p></body></html>".encode()


def chunked(body: bytes, size: int = 7) -> bytes:
    """A body in chunks."""
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def zstd(data: bytes) -> bytes:
    """One frame of Zstandard."""
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


def stored(records: list[bytes], ending: str) -> bytes:
    """An archive's bytes, compressed record by record as its name says."""
    if ending.endswith(".gz"):
        return b"".join(gzip.compress(r, mtime=0) for r in records)
    return b"".join(map(zstd, records)) if ending.endswith(".zst") else b"".join(records)


def read(
    folder: Path, **options: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[int, int], int]:
    """Documents (`meta` parsed), quarantine, records by file, and how many were passed by."""
    files = survey([str(folder)], base=folder).files
    documents: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    records: dict[int, int] = {}
    passed = 0
    for chunk in plan_chunks(files, 1 << 20):
        for part in read_chunk(chunk, files, ReadOptions(**options)):
            part.documents.validate(full=True)
            part.quarantine.validate(full=True)
            documents += part.documents.to_pylist()
            bad += part.quarantine.to_pylist()
            passed += part.blank
            for file, count in part.records.items():
                records[file] = records.get(file, 0) + count
    for document in documents:
        document["meta"] = json.loads(document["meta"])
    assert sum(records.values()) == len(documents) + passed + sum(
        row["record"] is not None for row in bad
    )
    return documents, bad, records, passed


def read_bytes(data: bytes, folder: Path, name: str, **options: Any) -> Any:
    """As `read`, of one file with these bytes."""
    place = folder / "in"
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(data)
    return read(place, **options)
