"""Bytes of a file, decompressed, in bounded memory; every way in which that fails has a name."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cleaner.io.inputs import InputFile, open_location
from cleaner.io.names import escape
from cleaner.io.remote import RemoteFile

if TYPE_CHECKING:
    import pyarrow as pa

    from cleaner.io.records import ReadOptions

Raw: TypeAlias = FileIO | RemoteFile
"""An input as it lies there."""
BLOCK = 1 << 20
"""Bytes that are read at once."""
RATIO_FROM = 64 << 20
"""Below so many bytes out, a high compression ratio harms nobody."""
_GZIP = 16 + zlib.MAX_WBITS


class StreamFault(Exception):  # noqa: N818  a state of the data, not of the program
    """The bytes end before they should.

    `reason` is countable: 'unreadable', 'changed', 'truncated', 'corrupt', 'trailing_garbage',
    'bomb'.
    All bytes that were given before are good; after 'trailing_garbage' they are the whole content.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class ByteStream(Protocol):
    """A source of bytes."""

    def read(self, size: int) -> bytes:
        """Give 1 to `size` bytes, or none at the end.

        Raises:
            StreamFault: the stream cannot go on; the bytes before were given by earlier calls.
        """
        ...


@contextmanager
def open_stream(file: InputFile, options: ReadOptions, start: int = 0) -> Iterator[ByteStream]:
    """Open the content of a file, from byte `start` on (0 for compressed files).

    Raises:
        StreamFault: it cannot be opened, or is not the file that was listed.
    """
    with open_listed(file) as raw:
        if file.compression is None:
            if start:
                raw.seek(start)
            yield _Plain(raw)
        elif file.compression == "gzip":
            yield _Bounded(_Gzip(raw), raw, options)
        else:
            yield _Bounded(_Zstd(raw), raw, options)


@contextmanager
def open_listed(file: InputFile) -> Iterator[Raw]:
    """Open a file as it lies there, if its size and time are still those that were listed.

    Raises:
        StreamFault: 'unreadable' or 'changed'.
    """
    try:
        raw = open_location(file.location)
    except OSError as error:
        raise StreamFault("unreadable", f"cannot be opened: {_words(error)}") from error
    with raw:
        size, mtime_ns = _state(raw)
        if (size, mtime_ns) != (file.size, file.mtime_ns):
            detail = f"{file.size} bytes were listed, now there are {size}"
            raise StreamFault("changed", f"the file was changed after it was listed: {detail}")
        yield raw


def _state(raw: Raw) -> tuple[int, int]:
    """Size in bytes and time of change in ns."""
    if isinstance(raw, RemoteFile):
        return raw.size, raw.mtime_ns
    info = os.fstat(raw.fileno())
    return info.st_size, info.st_mtime_ns


def _words(error: OSError) -> str:
    return escape(error.strerror or str(error))


class _Plain:
    """A file as it is."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    def read(self, size: int) -> bytes:
        try:
            return self._raw.read(size) or b""
        except OSError as error:
            raise StreamFault("unreadable", f"cannot be read on: {_words(error)}") from error


class _Bounded:
    """Stops a compressed stream that becomes too big."""

    def __init__(self, inner: ByteStream, raw: Raw, options: ReadOptions) -> None:
        self._inner = inner
        self._raw = raw
        self._max_ratio = options.max_ratio
        self._max_bytes = options.max_decompressed_bytes
        self._given = 0

    def read(self, size: int) -> bytes:
        data = self._inner.read(size)
        given = self._given + len(data)
        if given > self._max_bytes:
            raise StreamFault("bomb", f"more than {self._max_bytes} bytes after decompression")
        taken = max(1, self._raw.tell())
        if given > RATIO_FROM and given > self._max_ratio * taken:
            detail = f"{taken} compressed bytes became {given}, above {self._max_ratio:g} times"
            raise StreamFault("bomb", detail)
        self._given = given
        return data


class _Gzip:
    """Gzip of any number of members; NUL padding at the end is allowed, as gzip itself does."""

    def __init__(self, raw: Raw) -> None:
        self._plain = _Plain(raw)
        self._input = b""
        self._member = zlib.decompressobj(_GZIP)
        self._is_inside = False
        self._members = 0

    def read(self, size: int) -> bytes:
        while self._is_inside or self._begin_member():
            if not self._input:
                self._input = self._plain.read(BLOCK // 4)
            is_last = not self._input
            data = self._inflate(size)
            if data:
                return data
            if self._is_inside and is_last:
                raise StreamFault("truncated", "the gzip stream ends in the middle")
        return b""

    def _begin_member(self) -> bool:
        """Whether there is another member."""
        if self._members:
            self._input = self._input.lstrip(b"\0")
        while len(self._input) < 2:
            more = self._plain.read(BLOCK // 4)
            if not more:
                break
            self._input += more
            if self._members:
                self._input = self._input.lstrip(b"\0")
        if not self._input and self._members:
            return False
        if not self._input:
            raise StreamFault("truncated", "the file is empty, which no gzip file is")
        if self._input[:2] != b"\x1f\x8b"[: len(self._input)]:
            if self._members:
                raise StreamFault("trailing_garbage", "bytes that are not gzip follow the content")
            raise StreamFault("corrupt", "this is not gzip data")
        self._member = zlib.decompressobj(_GZIP)
        self._is_inside = True
        return True

    def _inflate(self, size: int) -> bytes:
        """At most `size` bytes; on an error, all that lie before it come first."""
        before = self._member.copy()
        try:
            data = self._member.decompress(self._input, size)
        except zlib.error as error:
            if size == 1:
                raise StreamFault("corrupt", f"damaged gzip data: {error}") from error
            self._member = before
            return self._inflate(size // 2)
        self._input = self._member.unconsumed_tail
        if self._member.eof:
            self._input = self._member.unused_data
            self._is_inside = False
            self._members += 1
        return data


class _Duplicate(FileIO):
    """Closed by Arrow; else, where reading ended early, silently with the last reference to it."""

    def __del__(self) -> None:
        self.close()


class _Zstd:
    """Zstandard of any number of frames."""

    _STEP = BLOCK // 8

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._given = 0
        self._fault: StreamFault | None = None
        self._stream = self._open()

    def read(self, size: int) -> bytes:
        if self._fault:
            raise self._fault
        if not self._given and not _state(self._raw)[0]:
            raise StreamFault("truncated", "the file is empty, which no zstd file is")
        try:
            data = bytes(self._stream.read(min(size, self._STEP)))
        except OSError as error:
            data = self._rescue()
            self._fault = _zstd_fault(error, self._given + len(data) > 0)
            if not data:
                raise self._fault from error
        self._given += len(data)
        return data

    def _open(self) -> pa.NativeFile:
        """A new decompressor at the start of the file."""
        import pyarrow as pa

        self._raw.seek(0)
        own: Raw  # Arrow closes what it reads
        if isinstance(self._raw, RemoteFile):
            own = self._raw.again()
        else:
            own = _Duplicate(os.dup(self._raw.fileno()), "rb")
        return pa.CompressedInputStream(pa.PythonFile(own, mode="r"), "zstd")

    def _rescue(self) -> bytes:
        """The bytes between the last good read and the fault, which a failed read throws away."""
        self._stream = self._open()
        rescued = bytearray()
        try:
            left = self._given
            while left and (data := self._stream.read(min(left, self._STEP))):
                left -= len(data)
            while len(rescued) < self._STEP and (data := self._stream.read(1)):
                rescued += data
        except OSError:
            pass
        return bytes(rescued)


def _zstd_fault(error: OSError, has_content: bool) -> StreamFault:
    """What an error of the decompressor means."""
    words = escape(str(error))
    if error.errno is not None:
        return StreamFault("unreadable", f"cannot be read on: {words}")
    if "runcated" in words:
        return StreamFault("truncated", "the zstd stream ends in the middle")
    if "nknown frame" in words and has_content:
        return StreamFault("trailing_garbage", "bytes that are not zstd follow the content")
    return StreamFault("corrupt", f"damaged zstd data: {words}")
