"""An HTTP response as an archive keeps it: status, headers, and the body without its encodings."""

from __future__ import annotations

import importlib
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cleaner.io.warc_record import fields

HEAD_LIMIT = 64 << 10
"""A head of more bytes is none."""
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)")
_BLANK = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")
_MOST_CODINGS = 4
_STEP = 1 << 16


class BadBody(ValueError):  # noqa: N818  what the response is
    """A response that cannot be used; `reason` is short and countable."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers (names in lower case); the body begins at byte `size`."""

    status: int
    headers: Mapping[str, str]
    size: int


def parse_head(block: bytes) -> Head:
    """The head of a response.

    Raises:
        BadBody: 'bad_http'.
    """
    status = _STATUS.match(block)
    if status is None:
        raise BadBody("bad_http", "it does not begin with an HTTP status line")
    blank = _BLANK.search(block, 0, HEAD_LIMIT)
    if blank is None and len(block) > HEAD_LIMIT:
        raise BadBody("bad_http", f"the HTTP head does not end within {HEAD_LIMIT} bytes")
    end = blank.end() if blank else len(block)
    lines = block[: blank.start() if blank else end].partition(b"\n")[2]
    return Head(int(status[1]), fields(lines), end)


def without_chunks(body: bytes) -> bytes:
    """The body without the lengths of its chunks; as it is, if it has none (archives differ).

    Of a body that breaks off the beginning is given.
    """
    pieces: list[bytes] = []
    at = 0
    while match := _CHUNK.match(body, at):
        size = int(match[1], 16)
        if not size:
            return b"".join(pieces)
        pieces.append(body[match.end() : match.end() + size])
        at = match.end() + size
        if body[at : at + 2] == b"\r\n":
            at += 2
        elif body[at : at + 1] == b"\n":
            at += 1
        elif at < len(body):
            return body
    return b"".join(pieces) if pieces and at >= len(body) else body


def decoded(body: bytes, head: Head, limit: int, max_ratio: float, *, is_cut: bool) -> bytes:
    """The body as it was before it was encoded for its way.

    Archives keep bodies as they came or decoded, with the same headers: what is not of the encoding
    that the headers name is given as it is. Of a body that was cut (`is_cut`) the beginning is.

    Raises:
        BadBody: 'too_large', 'bomb', 'truncated', 'bad_encoding', 'missing_decoder'.
    """
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        body = without_chunks(body)
    named = head.headers.get("content-encoding", "").lower().split(",")
    codings = [name.strip() for name in named if name.strip() not in {"", "identity", "none"}]
    if len(codings) > _MOST_CODINGS:
        raise BadBody("bad_encoding", f"{len(codings)} content encodings, one in the other")
    for name in reversed(codings):
        steps = _decoder(name, body)
        if steps is not None:
            body = _bounded(steps, len(body), limit, max_ratio, is_cut=is_cut)
    return body


def _decoder(name: str, body: bytes) -> Iterator[bytes | None] | None:
    """The pieces of a decoded body, of which None says that it breaks off; None if it is plain."""
    if name in {"gzip", "x-gzip"}:
        return _inflate(body, 16 + zlib.MAX_WBITS) if body[:2] == b"\x1f\x8b" else None
    if name == "deflate":
        for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # RFC 9110, and what servers sent
            if _fits(_inflate(body[:_STEP], bits)):
                return _inflate(body, bits)
        return None
    if name == "br":
        return _brotli(body) if _fits(_brotli(body[:_STEP])) else None
    if name == "zstd":
        return _zstd(body) if body[:4] == b"\x28\xb5\x2f\xfd" else None
    return None


def _fits(steps: Iterator[bytes | None]) -> bool:
    """Whether the beginning of a body is of an encoding that has no magic number."""
    try:
        first = next(steps, None)
    except (OSError, zlib.error):
        return False
    return bool(first)


def _bounded(
    steps: Iterator[bytes | None], stored: int, limit: int, max_ratio: float, *, is_cut: bool
) -> bytes:
    """All pieces, if they are not too many."""
    pieces = []
    length = 0
    try:
        for piece in steps:
            if piece is None:
                if is_cut:
                    break
                raise BadBody("truncated", "the encoded body ends in the middle")
            length += len(piece)
            if length > limit:
                is_bomb = length > max_ratio * max(1, stored)
                detail = f"{stored} bytes became more than {limit}"
                raise BadBody("bomb" if is_bomb else "too_large", detail)
            pieces.append(piece)
    except (OSError, zlib.error) as error:
        if not is_cut:
            raise BadBody("bad_encoding", f"damaged body: {error}") from error
    return b"".join(pieces)


def _inflate(data: bytes, bits: int) -> Iterator[bytes | None]:
    """Gzip members or one deflate stream."""
    while data:
        stream = zlib.decompressobj(bits)
        while not stream.eof:
            piece = stream.decompress(data, _STEP)
            data = stream.unconsumed_tail
            if piece:
                yield piece
            elif not data and not stream.eof:
                yield None
                return
        data = stream.unused_data
        if bits < 16 or data[:2] != b"\x1f\x8b":
            return  # browsers pass by what follows, too


def _brotli(data: bytes) -> Iterator[bytes | None]:
    """One Brotli stream."""
    try:
        brotli: Any = importlib.import_module("brotli")
    except ImportError:
        detail = "Content-Encoding br; to read it: pip install 'cleaner[html]'"
        raise BadBody("missing_decoder", detail) from None
    stream: Any = brotli.Decompressor()
    try:
        piece = stream.process(data, output_buffer_limit=_STEP)
        while piece or not stream.can_accept_more_data():
            yield piece
            piece = stream.process(b"", output_buffer_limit=_STEP)
    except brotli.error as error:
        raise OSError(str(error)) from error
    if not stream.is_finished():
        yield None


def _zstd(data: bytes) -> Iterator[bytes | None]:
    """Zstandard frames."""
    import pyarrow as pa

    stream = pa.CompressedInputStream(pa.BufferReader(data), "zstd")
    try:
        while piece := bytes(stream.read(_STEP)):
            yield piece
    except OSError as error:
        if "runcated" not in str(error):
            raise
        yield None
