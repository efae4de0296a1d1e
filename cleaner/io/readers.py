"""Reads a chunk of the input: documents in batches, and what could not be used with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cleaner.io.chunks import Chunk
from cleaner.io.html_text import Extractor
from cleaner.io.inputs import InputFile
from cleaner.io.limit import Limit
from cleaner.io.many_lines import without_many_lines
from cleaner.io.read_html import read_html
from cleaner.io.read_jsonl import read_jsonl
from cleaner.io.read_parquet import read_parquet
from cleaner.io.read_plugin import read_plugin
from cleaner.io.read_text import read_text
from cleaner.io.read_warc import read_warc
from cleaner.io.records import KILLED, BadRecord, Collector, Read, ReadOptions, Watch

__all__ = ["Read", "ReadOptions", "read_chunk"]


def read_chunk(
    chunk: Chunk,
    files: Sequence[InputFile],
    options: ReadOptions,
    watch: Watch | None = None,
    limit: Limit | None = None,
) -> Iterator[Read]:
    """Read a chunk's parts in their order; `files` is the list it was planned from.

    Each `Read` holds at most `options.batch_bytes` of text, or one bigger document. Record numbers
    begin with 0 in each part. No input makes it raise: what cannot be read is a quarantine row.
    `watch` is asked about every piece before it is read; `limit` bounds the time that the reader of
    a plugin takes for a record.

    Raises:
        InputError: there is HTML, and no extractor is installed to read it with.
    """
    for read in _read_parts(chunk, files, Collector(options, watch, limit)):
        yield without_many_lines(read, files, options.max_lines, options.segment)


def _read_parts(chunk: Chunk, files: Sequence[InputFile], collector: Collector) -> Iterator[Read]:
    """What the readers give, part by part."""
    options = collector.options
    with Extractor(options) as extractor:
        for index, start, end in chunk.files:
            file = files[index]
            if collector.is_deadly(index, -1, -1):
                detail = KILLED.format("file")
                reason = collector.died
                collector.add_bad(BadRecord(file.source, reason, detail, raw_bytes=file.size))
            elif file.format == "txt":
                yield from read_text(index, file, collector)
            elif file.format == "jsonl":
                yield from read_jsonl(index, file, (start, end), collector)
            elif file.format == "html":
                yield from read_html(index, file, collector, extractor)
            elif file.format == "warc":
                yield from read_warc(index, file, collector, extractor)
            elif file.format in options.readers:
                yield from read_plugin(index, file, collector)
            else:
                yield from read_parquet(index, file, (start, end), collector)
    if collector.has_any():
        yield collector.take()
