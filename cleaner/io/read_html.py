"""HTML files: one document a file, its text as the extractor gives it."""

from __future__ import annotations

from collections.abc import Iterator

from cleaner.io.html_text import Extractor, Page, Pathological
from cleaner.io.inputs import InputFile
from cleaner.io.json_record import dump
from cleaner.io.read_text import Content, bad_file, read_content
from cleaner.io.records import BadRecord, Collector, Document, Read, digest
from cleaner.text.decode import Undecodable


def read_html(
    index: int, file: InputFile, collector: Collector, extractor: Extractor
) -> Iterator[Read]:
    """Read an HTML file, plain or compressed, as one document or one quarantine row.

    What was read is the extracted text: it is what the document's hash is of and what restoring
    gives. `meta` holds title, charset and the sha256 of the file's content.
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
        _take(collector, index, file, content, extractor)


def _take(
    collector: Collector, index: int, file: InputFile, content: Content, extractor: Extractor
) -> None:
    """Extract, or put aside."""
    data = content.data
    assert data is not None
    try:
        page = extractor.read(data, collector.options.encoding)
    except (Undecodable, Pathological) as error:
        collector.add_bad(bad_file(file, error.reason, error.detail, content))
        return
    meta = page_meta(page) | {"html_sha256": digest(data).hex()}
    collector.add(text_document(index, 0, page.text, meta, keep_meta=collector.options.keep_meta))


def page_meta(page: Page) -> dict[str, object]:
    """What `meta` says of a page: its title, and how it was decoded where that was a choice."""
    meta: dict[str, object] = {"charset": page.decoded.encoding}
    if page.title:
        meta["title"] = page.title
    if page.decoded.bad_bytes:
        meta["bad_bytes"] = len(page.decoded.bad_bytes)
    return meta


def text_document(
    index: int,
    record: int,
    text: str,
    meta: dict[str, object],
    *,
    keep_meta: bool,
    url: str | None = None,
    date: str | None = None,
) -> Document:
    """A document of an extracted text."""
    utf8 = text.encode()
    return Document(
        file=index,
        record=record,
        utf8=utf8,
        raw_chars=len(text),
        raw_bytes=len(utf8),
        sha256=digest(utf8),
        url=url,
        date=date,
        meta=dump(meta) if keep_meta else None,
    )
