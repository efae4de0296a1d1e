"""From a document back to what it was extracted from: the record of a web archive, or the page.

A run's folder holds the extracted text. This needs the inputs as well, where the run found them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds

from cleaner.errors import InputError, IntegrityError
from cleaner.io.corpus import corpus_files, matching
from cleaner.io.inputs import InputFile
from cleaner.io.records import ReadOptions
from cleaner.io.restore import find
from cleaner.io.streams import BLOCK, StreamFault, open_stream
from cleaner.io.warc_record import Found, records
from cleaner.io.warc_stream import BEGINNING, open_units

_UNBOUNDED = ReadOptions(max_ratio=1e9)  # what a run has read may be read again


def archived(run: Path, doc_id: str, files: Iterable[InputFile]) -> bytes:
    """The bytes that a document of a run was extracted from: a WARC record, or an HTML file.

    Args:
        run: the run's folder.
        doc_id: of the document, kept or dropped; a short one will do if it is unique.
        files: the run's inputs.

    Raises:
        InputError: there is no such document, or it was not extracted, or its file is gone.
        IntegrityError: what lies there is not what was read.
    """
    document = find(run, doc_id)
    file = next((f for f in files if f.source == document.source), None)
    if file is None:
        raise InputError(
            f"{document.source} is not among the inputs any more; give the command in the folder in"
            " which the run was started, with the inputs where they were"
        )
    if file.format not in {"warc", "html"}:
        raise InputError(
            f"{document.source} was not extracted from HTML; `cleaner restore` without --raw gives"
            " all there was"
        )
    meta = json.loads(_meta(run, document.doc_id) or "{}")
    try:
        if file.format == "warc":
            return _record(file, meta)
        with open_stream(file, _UNBOUNDED) as stream:
            data = b"".join(iter(lambda: stream.read(BLOCK), b""))
    except (StreamFault, KeyError, TypeError) as error:
        raise IntegrityError(f"{document.source} is not what was read: {error}") from error
    if hashlib.sha256(data).hexdigest() != meta.get("html_sha256"):
        raise IntegrityError(f"{document.source} is not what was read: its sha256 differs")
    return data


def record_bytes(file: InputFile, offset: int, skip: int, size: int) -> bytes:
    """The bytes of a record, header included; the three as in `meta` of its document.

    Raises:
        StreamFault: the archive cannot be read there.
    """
    content = bytearray()
    with open_units(file, _UNBOUNDED, offset) as units:
        while len(content) < skip + size and (block := units.read()):
            content += block
            if skip >= len(content):
                skip -= len(content)
                content.clear()
    return bytes(content[skip : skip + size])


def nth_record(file: InputFile, number: int, limit: int) -> Found | int:
    """Record `number` of an archive; how many there are, if they are fewer.

    Raises:
        StreamFault: the archive cannot be opened.
    """
    count = 0
    plain_size = file.size if file.compression is None else None
    with open_units(file, ReadOptions()) as units:
        for found in records(units, plain_size=plain_size, limit=limit):
            if getattr(found, "is_record", True):
                if count == number:
                    return found
                count += 1
    return count


def _record(file: InputFile, meta: dict[str, object]) -> bytes:
    """The record of a document; KeyError or TypeError if its `meta` does not say where it is."""
    offset, skip, size = (meta[f"warc_{name}"] for name in ("offset", "skip", "size"))
    if not (isinstance(offset, int) and isinstance(skip, int) and isinstance(size, int)):
        raise TypeError("its place is no number")
    data = record_bytes(file, offset, skip, size)
    own = str(meta.get("warc_record_id", ""))
    if len(data) != size or not data.startswith(BEGINNING) or own.encode() not in data:
        raise StreamFault("changed", f"there is no record {own} at byte {offset}")
    return data


def _meta(run: Path, doc_id: str) -> str | None:
    """The `meta` of a document, kept or dropped."""
    for row in matching(corpus_files(run), ["doc_id", "meta"], doc_id):
        kept: str | None = row["meta"]
        return kept
    match = (pc.field("doc_id") == doc_id) & (pc.field("action") == "drop")
    rows = ds.dataset(run / "ledger", format="parquet").to_table(columns=["meta"], filter=match)
    dropped: str | None = rows.column("meta")[0].as_py() if rows.num_rows else None
    return dropped
