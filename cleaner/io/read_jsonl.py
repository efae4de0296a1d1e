"""JSON Lines: one record a line, whatever the line holds and however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cleaner.io.inputs import InputFile
from cleaner.io.json_record import BadJson, Fields, parse_bytes
from cleaner.io.json_text import TextFinder
from cleaner.io.records import (
    KILLED,
    BadRecord,
    Collector,
    Document,
    Read,
    digest,
    short_raw,
)
from cleaner.io.streams import BLOCK, ByteStream, StreamFault, open_stream

_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line without its newline: bytes `start` to `end` of the content.

    `data` is None for a line above the limit. `fault` is set where the content breaks off: with the
    begun line as far as it goes, or with empty `data` between two lines.
    """

    start: int
    end: int
    data: bytes | bytearray | None
    fault: StreamFault | None = None


def read_jsonl(
    index: int,
    file: InputFile,
    span: tuple[int, int],
    collector: Collector,
) -> Iterator[Read]:
    """Read the lines that begin in bytes `span` of a plain JSONL file, or all of a compressed one.

    Record numbers count lines from the first that begins in the span; blank ones count, too.
    """
    options = collector.options
    start, end = (0, None) if file.compression else span
    finder = TextFinder(options.text_column)
    try:
        with open_stream(file, options, max(start - 1, 0)) as stream:
            lines = cut_lines(stream, start, end, options.max_document_bytes)
            for record, line in enumerate(lines):
                if collector.is_full(len(line.data or b"")):
                    yield collector.take()
                _take_line(collector, index, file, record, line, finder)
    except StreamFault as fault:
        size = span[1] - span[0]
        bad = BadRecord(
            *(file.source, fault.reason, fault.detail), start=start, end=end, raw_bytes=size
        )
        collector.add_bad(bad)


def cut_lines(stream: ByteStream, start: int, end: int | None, limit: int) -> Iterator[Line]:
    r"""Give the lines whose first byte lies in `start` to `end` (None: to the last).

    The stream begins at the byte before `start`, so that a line that began earlier can be told.
    Only `\n` ends a line. One of more than `limit` bytes is passed by in constant memory.
    """
    position = line_start = max(start - 1, 0)
    is_foreign = start > 0  # the line before `start` belongs to the part before
    is_long = False
    held = bytearray()
    while end is None or line_start < end:
        try:
            block = stream.read(BLOCK)
        except StreamFault as fault:
            begun = None if is_long else held
            if fault.reason == "trailing_garbage" and (is_long or held):
                yield Line(line_start, position, begun)
                line_start, begun = position, bytearray()
            yield Line(line_start, position, begun, fault)
            return
        if not block:
            if position > line_start and not is_foreign:
                yield Line(line_start, position, None if is_long else held)
            return
        at = 0
        while (newline := block.find(b"\n", at)) >= 0:
            if not is_foreign:
                data: bytes | bytearray | None = None
                if not is_long and len(held) + newline - at <= limit:
                    data = held + block[at:newline] if held else block[at:newline]
                yield Line(line_start, position + newline, data)
            is_foreign = is_long = False
            held = bytearray()
            at = newline + 1
            line_start = position + at
            if end is not None and line_start >= end:
                return
        position += len(block)
        if is_foreign and end is not None and position >= end:
            return
        if not is_foreign and not is_long:
            is_long = len(held) + len(block) - at > limit
            held = bytearray() if is_long else held + memoryview(block)[at:]


def _take_line(
    collector: Collector,
    index: int,
    file: InputFile,
    record: int,
    line: Line,
    finder: TextFinder,
) -> None:
    """One line to a document, to quarantine, or to nothing if it is blank."""
    options = collector.options
    start, end, data, fault = line
    if fault and data is not None and not data:
        collector.add_bad(BadRecord(file.source, fault.reason, fault.detail, start=start))
        return
    is_blank = data is not None and not fault and not data.strip()
    collector.count(index, 1, int(is_blank))
    if is_blank:
        return
    reason, detail = "too_large", f"a line of more than {options.max_document_bytes} bytes"
    raw_chars: int | None = None
    if fault:
        reason, detail = fault.reason, fault.detail
    elif not file.compression and collector.is_deadly(index, start, end):
        reason, detail = "crash", KILLED.format("line")
    elif data is not None:
        content = data[3:] if start == 0 and data.startswith(_BOM) else data
        try:
            collector.add(_document(index, record, parse_bytes(content, options, finder)))
        except UnicodeDecodeError as error:
            reason, detail = "bad_utf8", f"{error.reason} at byte {error.start} of the line"
        except BadJson as error:
            reason, detail = error.reason, error.detail
            raw_chars = len(content.decode())
        else:
            return
    bad = BadRecord(
        *(file.source, reason, detail, record, start, end),
        raw=None if data is None else short_raw(data),
        raw_bytes=end - start,
        raw_chars=raw_chars,
    )
    collector.add_bad(bad)


def _document(index: int, record: int, fields: Fields) -> Document:
    """A record as a document."""
    return Document(
        file=index,
        record=record,
        utf8=fields.utf8,
        raw_chars=fields.chars,
        raw_bytes=len(fields.utf8),
        sha256=digest(fields.utf8),
        url=fields.url,
        date=fields.date,
        source_id=fields.source_id,
        meta=fields.meta,
    )
