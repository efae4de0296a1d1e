"""Reading: a chunk of the input to originals, with what could not be used put aside."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.config import model as settings
from cleaner.engine.breadcrumbs import Trail
from cleaner.engine.context import Context
from cleaner.io.many_lines import in_batches
from cleaner.io.readers import Read, ReadOptions, read_chunk
from cleaner.io.schema import ORIGINALS, QUARANTINE
from cleaner.io.sealed import sealed_writer
from cleaner.io.store import Files
from cleaner.registry import readers


def run_read(
    context: Context, index: int, files: Files, trail: Trail
) -> tuple[dict[str, Any], dict[str, float]]:
    """Read one chunk, or as many of its documents as its quota allows; `trail` guards the reader.

    Counts: documents and bytes of text of each batch, records of each file, bad records and those
    that were passed by, by reason.
    """
    started = time.perf_counter()
    batches: list[list[int]] = []
    bad: dict[str, int] = {}
    passed: dict[str, int] = {}
    chars = bad_chars = raw_bytes = 0
    digests: dict[int, np.ndarray[Any, np.dtype[np.uint64]]] = {}
    documents: dict[int, int] = {}
    chunk = context.chunks[index]
    options = read_options(context.config.read)
    records: dict[int, int] = {}
    with (
        ExitStack() as stack,
        sealed_writer(files.path("originals.arrow"), ORIGINALS, by_column=True) as good,
        sealed_writer(files.path("quarantine.arrow"), QUARANTINE) as quarantine,
    ):
        watch = trail.reading(len(chunk.files))
        limit = trail.limit(context.config.engine.document_seconds) if options.readers else None
        if limit is not None:
            stack.enter_context(limit)
        parts = read_chunk(chunk, context.files, options, watch, limit)
        for part in _up_to(context, index, parts):
            if part.documents.num_rows:
                for batch in in_batches(part.documents, options.segment):
                    good.write_batch(batch)
                    batches.append([batch.num_rows, batch.column("text").nbytes])
                chars += pc.sum(part.documents.column("raw_chars")).as_py()
                raw_bytes += pc.sum(part.documents.column("raw_bytes")).as_py()
                _digest(part.documents, digests, documents)
            if part.quarantine.num_rows:
                quarantine.write_batch(part.quarantine)
                for reason in part.quarantine.column("reason").to_pylist():
                    bad[reason] = bad.get(reason, 0) + 1
                bad_chars += pc.sum(part.quarantine.column("raw_chars")).as_py() or 0
            if not context.quota:  # how far reading goes beyond a quota depends on the chunks
                for reason, seen in part.passed.items():
                    passed[reason] = passed.get(reason, 0) + seen
            for file, seen in part.records.items():
                records[file] = records.get(file, 0) + seen
    counts = {
        "batches": batches,
        "records": {str(k): v for k, v in sorted(records.items())},
        "files": {str(k): [documents[k], [int(x) for x in digests[k]]] for k in sorted(digests)},
        "quarantine": bad,
        "passed": passed,
        "chars": chars,
        "bad_chars": bad_chars,
        "raw_bytes": raw_bytes,
    }
    return counts, {"read": time.perf_counter() - started}


def _up_to(context: Context, index: int, parts: Iterable[Read]) -> Iterator[Read]:
    """What the reader gives, up to the last document of the chunk's quota."""
    if not context.quota:
        yield from parts
        return
    left = context.quota[index]
    for part in parts:
        if part.documents.num_rows < left:
            left -= part.documents.num_rows
            yield part
            continue
        documents = part.documents.slice(0, left)
        last = documents.slice(left - 1).to_pylist()[0]
        before = _before(context, part.quarantine, last["file"], last["record"])
        yield Read(documents, part.quarantine.filter(before), part.records, part.blank)
        return


def _before(context: Context, rows: pa.RecordBatch, file: int, record: int) -> pa.Array:
    """Which bad records come before a document; those without a number come last of their file."""
    file_of = {context.files[f].source: f for f, _, _ in context.chunks[-1].files}
    places = zip(rows.column("source").to_pylist(), rows.column("record").to_pylist(), strict=True)
    return pa.array(
        [
            (file_of[source], math.inf if number is None else number) < (file, record)
            for source, number in places
        ],
        pa.bool_(),
    )


def read_options(read: settings.Read) -> ReadOptions:
    """The config's `read:` as the readers take it."""
    return ReadOptions(
        text_column=read.text_column,
        id_column=read.id_column,
        url_column=read.url_column,
        date_column=read.date_column,
        encoding=read.encoding,
        max_document_bytes=read.max_document_bytes,
        max_lines=read.max_lines,
        segment=read.segment,
        max_bad_bytes_ratio=read.max_bad_bytes_ratio,
        max_ratio=read.max_ratio,
        html_extractor=read.html_extractor,
        main_content=read.main_content,
        html_seconds=read.html_seconds,
        http_status=read.http_status,
        readers=readers(read.readers),
    )


def _digest(
    documents: pa.RecordBatch,
    digests: dict[int, np.ndarray[Any, np.dtype[np.uint64]]],
    counts: dict[int, int],
) -> None:
    """Add the documents' hashes to a sum per file, which no order and no cut can change."""
    raw = documents.column("sha256").buffers()[1]
    offset = documents.column("sha256").offset
    lanes = np.frombuffer(raw, np.uint64)[offset * 4 :][: documents.num_rows * 4].reshape(-1, 4)
    file = documents.column("file").to_numpy()
    for f in np.unique(file).tolist():
        mine = lanes[file == f].sum(axis=0, dtype=np.uint64)
        digests[f] = digests.get(f, np.zeros(4, np.uint64)) + mine
        counts[f] = counts.get(f, 0) + int((file == f).sum())
