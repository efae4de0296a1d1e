"""Web archives (.warc, .wet): the pages and texts in them, each with its place in the archive."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cleaner.io.html_text import Extractor, Pathological, decode_page, is_html
from cleaner.io.http_body import BadBody, Head, decoded, parse_head, without_chunks
from cleaner.io.inputs import InputFile
from cleaner.io.read_html import page_meta, text_document
from cleaner.io.records import (
    RAW_LIMIT,
    BadRecord,
    Collector,
    Document,
    Read,
    ReadOptions,
    short_raw,
)
from cleaner.io.streams import StreamFault
from cleaner.io.warc_record import HEADER_LIMIT, Broken, Place, Record, records
from cleaner.io.warc_stream import open_units
from cleaner.text.decode import Undecodable

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_CHARSET = re.compile(r"charset\s{0,8}=\s{0,8}[\"']?\s{0,8}([\w.:+-]{1,40})", re.IGNORECASE)
_HASHES = {
    **dict.fromkeys(("sha1", "sha-1"), "sha1"),
    **dict.fromkeys(("sha256", "sha-256"), "sha256"),
    **dict.fromkeys(("sha512", "sha-512"), "sha512"),
    "md5": "md5",
}
_MOST_NAME = 1 << 16  # characters of a URL or any other field that is kept
_META = {
    "warc-record-id": "warc_record_id",
    "warc-payload-digest": "payload_digest",
    "warc-block-digest": "block_digest",
    "warc-truncated": "truncated",
    "warc-identified-content-language": "languages",
    "warc-identified-payload-type": "identified_type",
    "warc-refers-to": "refers_to",
}
"""Fields of a record's header → keys of `meta`."""


class _Unusable(ValueError):  # noqa: N818  what the record is
    """A record that goes to quarantine."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class _Wanted(NamedTuple):
    """A record of a type and status that is asked for; `http` is None if it holds no response."""

    kind: str
    declared: str | None
    http: Head | None


def read_warc(
    index: int, file: InputFile, collector: Collector, extractor: Extractor
) -> Iterator[Read]:
    """Read the responses, resources and conversions of an archive that are HTML or plain text.

    Record numbers count all records of the file. Records of other types, of other media types and
    responses of another status than `options.http_status` are passed by.
    """
    options = collector.options
    plain_size = file.size if file.compression is None else None
    number = 0
    try:
        with open_units(file, options) as units:
            limit = options.max_document_bytes + HEADER_LIMIT
            for found in records(units, plain_size=plain_size, limit=limit):
                size = len(found.block or b"") if isinstance(found, Record) else len(found.raw)
                if collector.is_full(size):
                    yield collector.take()
                number += _take(collector, index, file, number, found, extractor)
    except StreamFault as fault:
        bad = BadRecord(file.source, fault.reason, fault.detail, raw_bytes=file.size)
        collector.add_bad(bad)


def _take(
    collector: Collector,
    index: int,
    file: InputFile,
    number: int,
    found: Record | Broken,
    extractor: Extractor,
) -> int:
    """One record to a document, to quarantine or to nothing; how many numbers it used."""
    if isinstance(found, Broken):
        raw = found.raw if len(found.raw) == found.place.size <= RAW_LIMIT else None
        record = number if found.is_record else None
        collector.count(index, int(found.is_record))
        collector.add_bad(_bad(file, record, found.place, found.reason, found.detail, raw))
        return int(found.is_record)
    reason, detail, document = "", "", None
    try:
        wanted = _wanted(found, collector.options)
        if isinstance(wanted, str):
            collector.pass_by(wanted)
        else:
            document = _document(index, number, found, wanted, collector.options, extractor)
    except (_Unusable, BadBody, Undecodable, Pathological) as error:
        reason, detail = error.reason, error.detail
    collector.count(index, 1, int(document is None and not reason))
    if document is not None:
        collector.add(document)
    elif reason:
        raw = None if found.block is None else short_raw(found.block)
        collector.add_bad(_bad(file, number, found.place, reason, detail, raw))
    return 1


def _bad(
    file: InputFile,
    record: int | None,
    place: Place,
    reason: str,
    detail: str,
    raw: bytes | None,
) -> BadRecord:
    """A quarantine row; its detail says where the record is stored."""
    where = f"at byte {place.offset} of the file"
    if place.skip:
        where += f", {place.skip} bytes into what is stored there"
    end = place.start + place.size
    return BadRecord(
        *(file.source, reason, f"{where}: {detail}", record, place.start, end, raw, place.size)
    )


def _wanted(record: Record, options: ReadOptions) -> _Wanted | str:
    """What kind of text a record holds, by its headers; why not, if it is not asked for.

    Raises:
        BadBody: it says that it is an HTTP response, and is none.
    """
    headers = record.headers
    type_ = headers.get("warc-type", "").lower()
    if type_ not in {"response", "resource", "conversion"}:
        return "passed_by_type"
    content_type = headers.get("content-type", "")
    http: Head | None = None
    if type_ == "response":
        if not headers.get("warc-target-uri", "http").lstrip("<").lower().startswith("http"):
            return "passed_by_type"  # DNS and the like
        http = parse_head(record.head)
        if http.status not in options.http_status:
            return "passed_by_status"
        content_type = http.headers.get("content-type", "")
    kind = _mime(content_type) or _mime(headers.get("warc-identified-payload-type", ""))
    if not kind and is_html(record.head[http.size if http else 0 :]):
        kind = "text/html"
    if kind not in _HTML and kind != "text/plain":
        return "passed_by_media_type"
    charset = _CHARSET.search(content_type)
    return _Wanted(kind, charset[1] if charset else None, http)


def _mime(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _document(
    index: int,
    number: int,
    record: Record,
    wanted: _Wanted,
    options: ReadOptions,
    extractor: Extractor,
) -> Document:
    """A record as a document.

    Raises:
        _Unusable, BadBody, Undecodable, Pathological: it cannot be one.
    """
    limit = options.max_document_bytes
    block = record.block
    if block is None:
        raise _Unusable("too_large", f"a record of {record.place.size} bytes, above {limit}")
    url = _url(record.headers)
    if url is None:
        raise _Unusable("missing_url", "the record has no WARC-Target-URI")
    is_cut = "warc-truncated" in record.headers
    body = block
    if wanted.http is not None:
        body = block[wanted.http.size :]
    _check_digests(record.headers, block, body, is_cut=is_cut)
    if wanted.http is not None:
        body = decoded(body, wanted.http, limit, options.max_ratio, is_cut=is_cut)
    if len(body) > limit:
        raise _Unusable("too_large", f"{len(body)} bytes, above {limit}")
    meta = _meta(record, wanted)
    if wanted.kind in _HTML:
        page = extractor.read(body, wanted.declared)
        text = page.text
        meta |= page_meta(page)
    else:
        plain = decode_page(body, wanted.declared, options.max_bad_bytes_ratio)
        text = plain.text
        meta["charset"] = plain.encoding
        if plain.bad_bytes:
            meta["bad_bytes"] = len(plain.bad_bytes)
    date = record.headers.get("warc-date", "")[:_MOST_NAME] or None
    return text_document(index, number, text, meta, keep_meta=options.keep_meta, url=url, date=date)


def _url(headers: Mapping[str, str]) -> str | None:
    """The URL, also where it stands in angle brackets, as old writers left it."""
    url = headers.get("warc-target-uri", "").strip()
    if url.startswith("<") and url.endswith(">"):
        url = url[1:-1]
    return url[:_MOST_NAME] or None


def _meta(record: Record, wanted: _Wanted) -> dict[str, object]:
    """Where a record lies, and what its headers say; all of it but the place is not trusted."""
    place = record.place
    meta: dict[str, object] = {
        "warc_offset": place.offset,
        "warc_skip": place.skip,
        "warc_size": place.size,
        "warc_type": record.headers["warc-type"].lower(),
        "content_type": wanted.kind,
    }
    if wanted.http is not None:
        meta["http_status"] = wanted.http.status
    for name, key in _META.items():
        if value := record.headers.get(name):
            meta[key] = value[:_MOST_NAME]
    return meta


def _check_digests(headers: Mapping[str, str], block: bytes, body: bytes, *, is_cut: bool) -> None:
    """Raise `_Unusable` if the bytes are not those that were archived.

    The digest of the block decides, if there is one: programs differ about what a payload is.
    """
    if value := headers.get("warc-block-digest"):
        if _matches(value, block) is False:
            raise _Unusable("digest_mismatch", f"its block is not of digest {value[:200]}")
        return
    value = headers.get("warc-payload-digest")
    if not value or is_cut or _matches(value, body) is not False:
        return
    if not _matches(value, without_chunks(body)):
        raise _Unusable("digest_mismatch", f"its payload is not of digest {value[:200]}")


def _matches(value: str, data: bytes) -> bool | None:
    """Whether data has a digest such as sha1:BASE32 or sha256:hex; None if it cannot be told."""
    name, _, written = value.partition(":")
    algorithm = _HASHES.get(name.strip().lower())
    if algorithm is None:
        return None
    real = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    written = written.strip()
    try:
        if len(written) == 2 * len(real):
            expected = bytes.fromhex(written)
        else:
            expected = base64.b32decode(written.upper() + "=" * (-len(written) % 8))
    except (ValueError, binascii.Error):
        return None
    return hmac.compare_digest(real, expected) if len(expected) == len(real) else None
