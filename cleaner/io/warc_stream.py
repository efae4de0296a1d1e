"""Bytes of a web archive, unit by unit: gzip members and zstd frames are where reading can resume.

An archive is usually compressed record by record, so that a record can be read from its offset
alone, and a damaged one costs no other. `streams` hides these borders; here they are the point.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_CUR, SEEK_END, SEEK_SET, RawIOBase
from typing import TYPE_CHECKING, Any, Protocol

from cleaner.io.inputs import InputFile
from cleaner.io.names import escape
from cleaner.io.streams import RATIO_FROM, Raw, StreamFault, open_listed

if TYPE_CHECKING:
    from cleaner.io.records import ReadOptions

STEP = 1 << 18
"""Bytes that are given at once, at most."""
BEGINNING = b"WARC/"
"""With what every record begins; a unit is taken up again only where one does."""
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b\x08"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_DICTIONARY_MAGIC = b"\x5d\x2a\x4d\x18"  # "WARC compression using Zstandard", section 2
_MAX_DICTIONARY = 16 << 20
_TRIAL = 1 << 12  # stored bytes that tell whether a unit begins here


class UnitFault(StreamFault):
    """The bytes of a unit end before they should; `inside`: after it had begun."""

    def __init__(self, reason: str, detail: str, *, inside: bool = True) -> None:
        super().__init__(reason, detail)
        self.inside = inside


class Units(Protocol):
    """The content of an archive; `unit` is the stored offset where the last bytes' unit begins."""

    unit: int

    def read(self) -> bytes:
        """Give some bytes of one unit, or none at the end.

        Raises:
            StreamFault: the unit cannot be read on.
        """
        ...

    def resume(self) -> bool:
        """After a fault, go to the next unit that begins with a record; False if there is none."""
        ...


@contextmanager
def open_units(file: InputFile, options: ReadOptions, start: int = 0) -> Iterator[Units]:
    """Open an archive at a unit that begins at the stored offset `start`.

    Raises:
        StreamFault: it cannot be opened, or is not the file that was listed.
    """
    with open_listed(file) as raw:
        source = Source(raw, file.size)
        if file.compression is None:
            yield _Plain(source, start)
        elif file.compression == "gzip":
            yield _Gzip(source, _Bound(options), start)
        else:
            yield _Zstd(source, _Bound(options), start)


class Source:
    """Stored bytes at any place."""

    def __init__(self, raw: Raw, size: int) -> None:
        self._raw = raw
        self.size = size

    def at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset` on; none only at the end."""
        try:
            self._raw.seek(offset)
            return self._raw.read(size) or b""
        except OSError as error:
            words = escape(error.strerror or str(error))
            raise StreamFault("unreadable", f"cannot be read on: {words}") from error

    def exactly(self, offset: int, size: int) -> bytes:
        """`size` bytes, fewer only at the end."""
        data = b""
        while len(data) < size and (more := self.at(offset + len(data), size - len(data))):
            data += more
        return data

    def find(self, magic: bytes, start: int) -> Iterator[int]:
        """Where these bytes stand, from `start` on."""
        tail = b""
        while block := self.at(start, STEP):
            data = tail + block
            base = start - len(tail)
            found = data.find(magic)
            while found >= 0:
                yield base + found
                found = data.find(magic, found + 1)
            start += len(block)
            tail = data[-(len(magic) - 1) :]


class _Bound:
    """Stops a unit, or a file, that becomes too big."""

    def __init__(self, options: ReadOptions) -> None:
        self._max_ratio = options.max_ratio
        self._max_bytes = options.max_decompressed_bytes
        self._total = 0
        self._unit = 0

    def begin(self) -> None:
        self._unit = 0

    def check(self, given: int, taken: int) -> None:
        """Count bytes given; `taken` are the stored bytes of the unit so far."""
        self._total += given
        self._unit += given
        if self._total > self._max_bytes:
            raise StreamFault("bomb", f"more than {self._max_bytes} bytes after decompression")
        if self._unit > RATIO_FROM and self._unit > self._max_ratio * max(1, taken):
            detail = (
                f"{taken} compressed bytes became {self._unit}, above {self._max_ratio:g} times"
            )
            raise UnitFault("bomb", detail)


class _Plain:
    """An archive that is not compressed: one unit."""

    def __init__(self, source: Source, start: int) -> None:
        self._source = source
        self._at = start
        self.unit = start

    def read(self) -> bytes:
        data = self._source.at(self._at, STEP)
        self._at += len(data)
        return data

    def resume(self) -> bool:
        return False  # it cannot be read, and would not be the next time


class _Gzip:
    """Gzip members; NUL padding after one is allowed, as gzip itself does."""

    def __init__(self, source: Source, bound: _Bound, start: int) -> None:
        self._source = source
        self._bound = bound
        self._at = start  # where `_input` begins
        self._input = b""
        self._member: Any = None
        self._members = 0
        self._retry = start
        self.unit = start

    def read(self) -> bytes:
        while self._member is not None or self._begin():
            if not self._input:
                self._input = self._source.at(self._at, STEP // 4)
            is_last = not self._input
            data = self._inflate()
            if data:
                self._bound.check(len(data), self._at - self.unit)
                return data
            if is_last and self._member is not None:
                raise UnitFault("truncated", "the gzip stream ends in the middle")
        return b""

    def resume(self) -> bool:
        self._member = None
        for offset in self._source.find(_GZIP_MAGIC, self._retry):
            data = self._source.at(offset, _TRIAL)
            try:
                first = zlib.decompressobj(_GZIP).decompress(data, len(BEGINNING))
            except zlib.error:
                continue
            if first == BEGINNING:
                self._at, self._input = offset, data
                return True
        return False

    def _begin(self) -> bool:
        """Whether there is another member."""
        self._drop_padding()
        while len(self._input) < 2:
            more = self._source.at(self._at + len(self._input), STEP // 4)
            self._input += more
            self._drop_padding()
            if not more:
                break
        self._retry = self._at + 1
        if not self._input:
            if not self._members:
                raise UnitFault("truncated", "the file is empty, which no gzip file is")
            return False
        if self._input[:2] != b"\x1f\x8b"[: len(self._input)]:
            reason = "trailing_garbage" if self._members else "corrupt"
            self.unit = self._at
            where = f"bytes that are not gzip at byte {self._at} of the file"
            raise UnitFault(reason, where, inside=False)
        self._member = zlib.decompressobj(_GZIP)
        self._bound.begin()
        self.unit = self._at
        return True

    def _drop_padding(self) -> None:
        """Let go of NULs between two members."""
        if self._members:
            padded = len(self._input)
            self._input = self._input.lstrip(b"\0")
            self._at += padded - len(self._input)

    def _inflate(self) -> bytes:
        member = self._member
        before = len(self._input)
        try:
            data: bytes = member.decompress(self._input, STEP)
        except zlib.error as error:
            raise UnitFault("corrupt", f"damaged gzip data: {error}") from error
        self._input = member.unused_data if member.eof else member.unconsumed_tail
        self._at += before - len(self._input)
        if member.eof:
            self._member = None
            self._members += 1
        return data


class _Slice(RawIOBase):
    """A range of stored bytes as a file, for the decompressors of others."""

    def __init__(self, source: Source, start: int, end: int) -> None:
        super().__init__()
        self._source = source
        self._start = start
        self.at = start
        self._end = end

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = {SEEK_SET: self._start, SEEK_CUR: self.at, SEEK_END: self._end}[whence]
        self.at = min(max(self._start, base + offset), self._end)
        return self.tell()

    def tell(self) -> int:
        return self.at - self._start

    def readinto(self, buffer: Any) -> int:
        data = self._source.at(self.at, min(len(buffer), self._end - self.at))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


class _Zstd:
    """Zstandard frames; those of an archive with a dictionary need the extra `html`."""

    def __init__(self, source: Source, bound: _Bound, start: int) -> None:
        self._source = source
        self._bound = bound
        self._next = start
        self._retry = start
        self._slice: _Slice | None = None
        self._stream: Any = None
        self._dictionary = _dictionary(source)
        self.unit = start

    def read(self) -> bytes:
        while self._stream is not None or self._begin():
            assert self._slice is not None
            try:
                data = bytes(self._stream.read(STEP // 2))
            except OSError as error:
                reason = "truncated" if "runcated" in str(error) else "corrupt"
                detail = f"damaged zstd data: {escape(str(error))}"
                raise UnitFault(reason, detail) from error
            if data:
                self._bound.check(len(data), self._slice.at - self.unit)
                return data
            self._stream = None
        return b""

    def resume(self) -> bool:
        self._stream = None
        for offset in self._source.find(_ZSTD_MAGIC, self._retry):
            trial = _Slice(self._source, offset, offset + _TRIAL)
            try:
                first = bytes(self._open(trial).read(len(BEGINNING)))
            except (StreamFault, OSError):
                continue
            if first == BEGINNING:
                self._next = offset
                return True
        return False

    def _begin(self) -> bool:
        """Whether there is another frame."""
        while True:
            head = self._source.exactly(self._next, 8)
            self._retry = self._next + 1
            if not head:
                if self._source.size:
                    return False
                raise UnitFault("truncated", "the file is empty, which no zstd file is")
            if not _is_skippable(head):
                break
            self._next += 8 + int.from_bytes(head[4:], "little")
        if head[:4] != _ZSTD_MAGIC[: len(head)]:
            self.unit = self._next
            where = f"bytes that are not zstd at byte {self._next} of the file"
            raise UnitFault("trailing_garbage" if self._next else "corrupt", where, inside=False)
        self.unit = self._next
        try:
            self._next = frame_end(self._source, self.unit)
        except UnitFault:
            self._next = self._source.size  # the decompressor gives what there is, then says so
        self._slice = _Slice(self._source, self.unit, self._next)
        self._stream = self._open(self._slice)
        self._bound.begin()
        return True

    def _open(self, data: _Slice) -> Any:
        """A decompressor of one frame."""
        if self._dictionary is None:
            import pyarrow as pa

            return pa.CompressedInputStream(pa.PythonFile(data, mode="r"), "zstd")
        try:
            reader = importlib.import_module("fastwarc.stream_io").ZstdReader
        except ImportError:
            detail = "compressed with a dictionary; to read it: pip install 'cleaner[html]'"
            raise StreamFault("zstd_dictionary", detail) from None
        return reader(data, dictionary=self._dictionary)


def frame_end(source: Source, start: int) -> int:
    """Where the zstd frame that begins at `start` ends: RFC 8878, section 3.1.1.

    Raises:
        UnitFault: there is no whole frame.
    """
    flags = (source.exactly(start + 4, 1) or b"\0")[0]
    is_single = flags >> 5 & 1
    sizes = (is_single, 2, 4, 8)
    at = start + 5 + (1 - is_single) + (0, 1, 2, 4)[flags & 3] + sizes[flags >> 6]
    is_last = 0
    while not is_last:
        head = source.exactly(at, 3)
        if len(head) < 3:
            raise UnitFault("truncated", "the zstd stream ends in the middle")
        block = int.from_bytes(head, "little")
        is_last, kind, size = block & 1, block >> 1 & 3, block >> 3
        if kind == 3:
            raise UnitFault("corrupt", "damaged zstd data: a block of no known kind")
        at += 3 + (1 if kind == 1 else size)
    at += 4 * (flags >> 2 & 1)
    if at > source.size:
        raise UnitFault("truncated", "the zstd stream ends in the middle")
    return at


def _is_skippable(head: bytes) -> bool:
    return len(head) == 8 and head[0] & 0xF0 == 0x50 and head[1:4] == b"\x2a\x4d\x18"


def _dictionary(source: Source) -> bytes | None:
    """The dictionary in an archive's first frame, if it has one."""
    head = source.exactly(0, 8)
    if head[:4] != _DICTIONARY_MAGIC or len(head) < 8:
        return None
    data = source.exactly(8, min(int.from_bytes(head[4:], "little"), _MAX_DICTIONARY))
    if not data.startswith(_ZSTD_MAGIC):
        return data
    import pyarrow as pa

    try:
        return bytes(pa.CompressedInputStream(pa.BufferReader(data), "zstd").read(_MAX_DICTIONARY))
    except OSError:
        return data
