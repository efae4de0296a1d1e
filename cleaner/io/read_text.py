"""Text files: one document a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cleaner.io.inputs import InputFile
from cleaner.io.records import (
    BadRecord,
    Collector,
    Document,
    Read,
    ReadOptions,
    digest,
    short_raw,
)
from cleaner.io.streams import BLOCK, StreamFault, open_stream
from cleaner.text.decode import Undecodable, decode


@dataclass(frozen=True, slots=True)
class Content:
    """The decompressed bytes of a file, None above the limit; `length` is how many there are."""

    data: bytes | None
    length: int
    fault: StreamFault | None = None


def read_text(index: int, file: InputFile, collector: Collector) -> Iterator[Read]:
    """Read a .txt file, plain or compressed, as one document or one quarantine row.

    A file that breaks off is no document. Where bytes that do not belong to it follow its
    compressed content, the document is whole; they get a quarantine row without a record.
    """
    content = read_content(file, collector.options)
    if collector.is_full(len(content.data or b"")):
        yield collector.take()
    collector.count(index, 1)
    fault = content.fault
    if fault and fault.reason == "trailing_garbage":
        collector.add_bad(BadRecord(file.source, fault.reason, fault.detail, start=content.length))
        fault = None
    if fault and fault.reason in {"unreadable", "changed"}:
        bad = BadRecord(file.source, fault.reason, fault.detail, 0, raw_bytes=file.size)
        collector.add_bad(bad)
    elif fault:
        collector.add_bad(bad_file(file, fault.reason, fault.detail, content))
    elif content.data is None:
        detail = f"longer than {collector.options.max_document_bytes} bytes"
        collector.add_bad(bad_file(file, "too_large", detail, content))
    else:
        _take(collector, index, file, content.data)


def read_content(file: InputFile, options: ReadOptions) -> Content:
    """All of a file, if it is not too long; its length in any case that allows to know it."""
    limit = options.max_document_bytes
    if file.compression is None and file.size > limit:
        return Content(None, file.size)
    size = BLOCK if file.compression else min(BLOCK, file.size + 1)
    blocks: list[bytes] = []
    length = 0
    fault: StreamFault | None = None
    try:
        with open_stream(file, options) as stream:
            while block := stream.read(size):
                length += len(block)
                if length > limit:
                    blocks.clear()
                else:
                    blocks.append(block)
    except StreamFault as error:
        fault = error
    return Content(b"".join(blocks) if length <= limit else None, length, fault)


def _take(collector: Collector, index: int, file: InputFile, data: bytes) -> None:
    """Decode, or put aside."""
    options = collector.options
    try:
        decoded = decode(
            data, declared=options.encoding, max_bad_bytes_ratio=options.max_bad_bytes_ratio
        )
    except Undecodable as error:
        collector.add_bad(bad_file(file, error.reason, error.detail, Content(data, len(data))))
        return
    is_plain = decoded.encoding == "utf-8" and not decoded.bad_bytes
    document = Document(
        file=index,
        record=0,
        utf8=data if is_plain else decoded.text.encode(),
        raw_chars=len(decoded.text),
        raw_bytes=len(data),
        sha256=digest(data),
        encoding=decoded.encoding,
        evidence=None if is_plain else decoded.evidence,
        bad_bytes=decoded.bad_bytes,
    )
    collector.add(document)


def bad_file(file: InputFile, reason: str, detail: str, content: Content) -> BadRecord:
    """The quarantine row of a file; of one that broke off, the raw bytes are what there was."""
    raw = None if content.data is None else short_raw(content.data)
    return BadRecord(file.source, reason, detail, 0, 0, content.length, raw, content.length)
