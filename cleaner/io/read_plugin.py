"""Files that the reader of a plugin knows: its records as documents, whatever it does as rows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from cleaner.errors import describe
from cleaner.io.inputs import InputFile
from cleaner.io.json_record import dump
from cleaner.io.limit import Limit, TooSlow
from cleaner.io.records import BadRecord, Collector, Document, Read, ReadOptions, digest, short_raw
from cleaner.io.streams import ByteStream, StreamFault, open_stream
from cleaner.reader import Record, Unusable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER = 1 << 16


class _Content(io.RawIOBase):
    """A stream as Python's own files are; it remembers what broke it off."""

    def __init__(self, stream: ByteStream) -> None:
        super().__init__()
        self._stream = stream
        self.fault: StreamFault | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        if self.fault is not None:
            raise self.fault
        try:
            data = self._stream.read(len(view))
        except StreamFault as fault:
            self.fault = fault
            if fault.reason != "trailing_garbage":
                raise
            return 0  # what was given before is the whole content
        view[: len(data)] = data
        return len(data)


def read_plugin(index: int, file: InputFile, collector: Collector) -> Iterator[Read]:
    """Read a file by the reader of its format; each record that it gives takes a number.

    A record that it cannot use, or that is no record, is a quarantine row; so is what it raises,
    and then the rest of the file is left out. A file that breaks off keeps the records before.
    """
    for item in records(file, collector.options, collector.limit):
        if isinstance(item, BadRecord):
            if collector.is_full(len(item.raw or b"")):
                yield from _taken(collector)
            collector.count(index, int(item.record is not None))
            collector.add_bad(item)
            continue
        number, record = item
        made = _document(index, number, file, record, collector)
        if collector.is_full(len(made.utf8) if isinstance(made, Document) else 0):
            yield from _taken(collector)
        collector.count(index, 1)
        if isinstance(made, Document):
            collector.add(made)
        else:
            collector.add_bad(made)


def _taken(collector: Collector) -> Iterator[Read]:
    """What was gathered; what is done with it does not count as the reader's time."""
    if collector.limit is not None:
        collector.limit.rest()
    yield collector.take()


def records(
    file: InputFile, options: ReadOptions, limit: Limit | None = None
) -> Iterator[tuple[int, Record] | BadRecord]:
    """What the reader gives, with its numbers; never raises but for a lack of memory.

    A record that takes longer than `limit` allows is the last one, with the reason `timeout`.
    """
    reader = options.readers[file.format]
    number = 0
    content: _Content | None = None
    try:
        with open_stream(file, options) as stream:
            content = _Content(stream)
            source = io.BufferedReader(content, _BUFFER)
            for item in _each(partial(reader.read, source, options), limit):
                if content.fault and content.fault.reason != "trailing_garbage":
                    raise content.fault  # it was hidden from us
                if isinstance(item, Record):
                    yield number, item
                elif isinstance(item, Unusable):
                    yield _unusable(file, number, item)
                else:
                    what = f"the reader {file.format} gave {type(item).__name__}, not a Record"
                    yield BadRecord(file.source, "reader_error", what, number)
                number += 1
        if content.fault and content.fault.reason != "trailing_garbage":
            raise content.fault
    except StreamFault as fault:
        yield BadRecord(file.source, fault.reason, fault.detail, number, raw_bytes=file.size)
    except Unusable as error:
        yield _unusable(file, number, error)
    except TooSlow:
        seconds = limit.seconds if limit is not None else 0
        what = f"the reader {file.format} took longer than engine.document_seconds ({seconds:g})"
        yield BadRecord(file.source, "timeout", what, number, raw_bytes=file.size)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  whatever code that is not ours raises
        yield BadRecord(file.source, "reader_error", describe(error), number, raw_bytes=file.size)
    else:
        if content.fault:
            yield BadRecord(file.source, content.fault.reason, content.fault.detail)


def _each(read: Callable[[], Iterable[object]], limit: Limit | None) -> Iterator[object]:
    """What a reader gives, each step within the limit."""
    if limit is None:
        yield from read()
        return
    given: Iterator[object] = limit.call(lambda: iter(read()))
    end = object()
    while (item := limit.call(lambda: next(given, end))) is not end:
        yield item


def _unusable(file: InputFile, number: int, what: Unusable) -> BadRecord:
    raw = bytes(what.raw) if isinstance(what.raw, bytes | bytearray) else None
    size = None if raw is None else len(raw)
    kept = None if raw is None else short_raw(raw)
    reason, detail = _utf8(str(what.reason)), _utf8(str(what.detail))
    return BadRecord(file.source, reason, detail, number, raw=kept, raw_bytes=size)


def _document(
    index: int, number: int, file: InputFile, record: Record, collector: Collector
) -> Document | BadRecord:
    """A record as a document, or why it is none."""
    options = collector.options
    try:
        names = [record.url, record.date, record.source_id]
        if not isinstance(record.text, str) or any(
            n is not None and type(n) is not str for n in names
        ):
            raise TypeError(
                "text, url, date and source_id of a Record are str; all but text may be None"
            )
        utf8 = record.text.encode()
        for name in names:
            (name or "").encode()
        meta = None
        if record.meta and options.keep_meta:
            meta = dump(json.loads(json.dumps(dict(record.meta), allow_nan=False)))
    except UnicodeEncodeError as error:
        detail = f"half a surrogate pair at character {error.start} of a field"
        return BadRecord(file.source, "lone_surrogate", detail, number)
    except (TypeError, ValueError, RecursionError) as error:
        return BadRecord(file.source, "reader_error", describe(error), number)
    if len(utf8) > options.max_document_bytes:
        detail = f"a text of {len(utf8)} bytes, above {options.max_document_bytes}"
        return BadRecord(
            file.source,
            "too_large",
            detail,
            number,
            raw_bytes=len(utf8),
            raw_chars=len(record.text),
        )
    return Document(
        file=index,
        record=number,
        utf8=utf8,
        raw_chars=len(record.text),
        raw_bytes=len(utf8),
        sha256=digest(utf8),
        url=record.url,
        date=record.date,
        source_id=record.source_id,
        meta=meta,
    )


def _utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
