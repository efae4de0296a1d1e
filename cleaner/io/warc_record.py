"""Records of a web archive (WARC, ISO 28500), from bytes that anybody may have written.

A record that is cut off, has a wrong length or no header costs itself, not those after it: reading
resumes at the next member or frame, or at the next line that looks like the begin of a record.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from cleaner.io.streams import StreamFault
from cleaner.io.warc_stream import BEGINNING, UnitFault, Units

HEADER_LIMIT = 64 << 10
"""A header of more bytes is none."""
_MARK = re.compile(rb"WARC/[01]\.\d{1,2}\r?\n")
_MOST_BORDERS = 1 << 14  # of members of a few bytes; a place may be counted from any before it
_MARK_BYTES = 12  # the longest that `_MARK` finds
_EMPTY_LINES = re.compile(rb"[\r\n]+")
_END = b"\r\n\r\n"
_LINE_ENDS = frozenset({b"\r\n", b"\n\n", b"\n"})  # what other writers put there


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies.

    Attributes:
        offset: stored byte at which its member or frame begins; of a plain file the record itself.
        skip: bytes of the decompressed content from there to the record; 0 in most archives.
        start: its first byte in the decompressed content of the whole file, as far as that could
            be read.
        size: its bytes, header included and without the empty lines after it.
    """

    offset: int
    skip: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record that is whole; `block` is None where it has more bytes than are held.

    Names of `headers` are in lower case; `head` are the first bytes of the block.
    """

    place: Place
    headers: Mapping[str, str]
    head: bytes
    block: bytes | None


@dataclass(frozen=True, slots=True)
class Broken:
    """What is no whole record: `raw` are its bytes as far as they are held.

    `is_record` says whether it has a number, as opposed to what lies between two records.
    """

    place: Place
    reason: str
    detail: str
    raw: bytes
    is_record: bool = True


Found: TypeAlias = Record | Broken


class _Window:
    """A piece of the decompressed content, and where its units are stored."""

    def __init__(self, units: Units, plain_size: int | None) -> None:
        self._units = units
        self._plain_size = plain_size
        self._borders: deque[tuple[int, int]] = deque()  # (position, stored offset), ascending
        self.data = bytearray()
        self.start = 0
        self.fault: StreamFault | None = None
        self._is_end = False

    @property
    def end(self) -> int:
        """The position after the last byte that is held."""
        return self.start + len(self.data)

    @property
    def is_inside(self) -> bool:
        """Whether a unit had begun that cannot be read on."""
        return isinstance(self.fault, UnitFault) and self.fault.inside

    @property
    def is_cut(self) -> bool:
        """Whether the last bytes that were held are of such a unit."""
        return self.is_inside and self._borders[-1][0] < self.end

    def need(self, size: int) -> bool:
        """Hold at least so many bytes; False if there are not so many."""
        while len(self.data) < size and not self._is_end and self.fault is None:
            try:
                block = self._units.read()
            except StreamFault as fault:
                self._note_border()
                self.fault = fault
                break
            self._is_end = not block
            if block:
                self._note_border()
                self.data += block
        return len(self.data) >= size

    def drop(self, size: int) -> None:
        """Let go of the first bytes."""
        del self.data[:size]
        self.start += size
        self._leave_borders()

    def drop_blank(self) -> None:
        """Let go of the empty lines that end a record."""
        while self.need(1) and (blank := _EMPTY_LINES.match(self.data)):
            self.drop(blank.end())

    def place(self, size: int) -> Place:
        """Where the first `size` bytes lie."""
        self._leave_borders()
        position, offset = self._borders[0] if self._borders else (self.start, self._units.unit)
        skip = self.start - position
        if self._plain_size is not None:
            offset, skip = offset + skip, 0
        return Place(offset, skip, self.start, size)

    def can_hold(self, size: int) -> bool:
        """Whether there may be so many bytes more, as far as the file's size tells."""
        return self._plain_size is None or self.start + size <= self._plain_size

    def piece(self) -> int:
        """Bytes that are held of the unit at the begin."""
        ends = (position for position, _ in self._borders if position > self.start)
        return next(ends, self.end) - self.start

    def is_border(self, at: int) -> bool:
        """Whether a unit begins at this byte of what is held."""
        return any(position == self.start + at for position, _ in self._borders)

    def find(self, start: int) -> int | None:
        """Where in what is held, from `start` on, a record may begin; None if nowhere."""
        for match in _MARK.finditer(self.data, start):
            at = match.start()
            if self.data[at - 1 : at] == b"\n" or self.is_border(at):
                return at
        return None

    def resume(self) -> None:
        """After a fault, go on at the next unit that can be read; without one this is the end."""
        self.start = self.end
        self.data.clear()
        self._borders.clear()
        self.fault = None
        try:
            self._is_end = not self._units.resume()
        except StreamFault:
            self._is_end = True  # the fault before has said so

    def _leave_borders(self) -> None:
        """Forget the units that end before what is held."""
        while len(self._borders) > 1 and self._borders[1][0] <= self.start:
            self._borders.popleft()

    def _note_border(self) -> None:
        """Remember where a unit begins that has not been seen before."""
        is_new = not self._borders or self._borders[-1][1] != self._units.unit
        if is_new and len(self._borders) < _MOST_BORDERS:
            self._borders.append((self.end, self._units.unit))


def records(units: Units, *, plain_size: int | None, limit: int) -> Iterator[Found]:
    """The records of an archive in their order, and what is none.

    A block of more than `limit` bytes is passed by in constant memory; of all others one is held.
    `plain_size` is the size of a file that is not compressed.
    """
    window = _Window(units, plain_size)
    while True:
        window.drop_blank()
        if window.need(1):
            yield _next(window, limit)
        elif window.fault is None:
            return
        else:
            fault = window.fault
            where = window.place(0)
            yield Broken(where, fault.reason, fault.detail, b"", is_record=window.is_inside)
            window.resume()


def _next(window: _Window, limit: int) -> Found:
    """The record at the begin of what is held, or what stands there instead of one."""
    if not _MARK.match(window.data if window.need(_MARK_BYTES) else bytes(window.data)):
        return _no_record(window, "no record begins here")
    blank = _header_end(window)
    if blank is None:
        return _no_record(window, f"the header does not end within {HEADER_LIMIT} bytes")
    header_end, begin = blank
    headers = fields(bytes(window.data[:header_end]).partition(b"\n")[2])
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        return _no_record(window, f"the length {length[:40]!r} is no number")
    if int(length) > limit and not window.can_hold(begin + int(length)):
        return _no_record(window, _fewer(int(length)), "truncated")
    if int(length) > limit:
        return _long(window, headers, begin, int(length))
    return _held(window, headers, begin, int(length))


def _header_end(window: _Window) -> tuple[int, int] | None:
    """Where the empty line after a header begins and ends."""
    size = 1 << 10
    while True:
        is_more = window.need(size)
        end = window.data.find(b"\n\r\n", 0, size)
        other = window.data.find(b"\n\n", 0, size if end < 0 else end)
        if other >= 0:
            return other, other + 2
        if end >= 0:
            return end, end + 3
        if not is_more or size >= HEADER_LIMIT or window.find(1) is not None:
            return None  # no header goes on beyond the begin of another
        size *= 8


def _held(window: _Window, headers: Mapping[str, str], begin: int, length: int) -> Found:
    """A record whose block can be held; it counts as whole when what follows was reached."""
    end = begin + length
    window.need(end + len(_END) + 1)  # one more: a member's checksum comes after its last byte
    if len(window.data) < end or (window.is_cut and len(window.data) <= end + len(_END)):
        return _no_record(window, _fewer(length), "truncated")
    if not _ends_well(window, end):
        return _no_record(window, f"it does not end after {length} bytes", "bad_length")
    place = window.place(end)
    block = bytes(memoryview(window.data)[begin:end])
    window.drop(end)
    return Record(place, headers, block[:HEADER_LIMIT], block)


def _ends_well(window: _Window, end: int) -> bool:
    """Whether a record may end here: before empty lines, a unit, or the end of the file."""
    after = bytes(window.data[end : end + len(_END) + 1])
    rest = after.lstrip(b"\r\n")
    is_line_end = after.removesuffix(rest) in _LINE_ENDS
    is_next = is_line_end and rest[: len(BEGINNING)] == BEGINNING[: len(rest)]
    return after.startswith(_END) or not rest or is_next or window.is_border(end)


def _long(window: _Window, headers: Mapping[str, str], begin: int, length: int) -> Found:
    """A record whose block is not held: passed by, up to its end or to where it must have ended."""
    window.need(begin + min(length, HEADER_LIMIT))
    head = bytes(window.data[begin : begin + HEADER_LIMIT])
    place = window.place(begin + length)
    left = begin + length
    is_first = True
    while left:
        if not is_first and window.is_border(0) and window.need(8) and _MARK.match(window.data):
            return Broken(place, "bad_length", _fewer(length), b"")
        if not window.need(1):
            return _no_rest(window, place, length)
        step = min(left, window.piece())
        window.drop(step)
        left -= step
        is_first = False
    if not window.need(len(_END) + 1) and window.is_cut:
        return _no_rest(window, place, length)
    if not _ends_well(window, 0):
        return Broken(place, "bad_length", f"it does not end after {length} bytes", b"")
    return Record(place, headers, head, None)


def _fewer(length: int) -> str:
    return f"{length} bytes were announced, there are fewer"


def _no_rest(window: _Window, place: Place, length: int) -> Broken:
    """A record whose block is not held, and whose end cannot be reached."""
    fault = window.fault
    if fault is None or not window.is_cut:
        return Broken(place, "truncated", _fewer(length), b"")
    window.resume()
    return Broken(place, fault.reason, fault.detail, b"")


def _no_record(window: _Window, detail: str, reason: str = "bad_record") -> Broken:
    """What stands at the begin of what is held, up to where the next record seems to begin.

    If there is none before a unit that cannot be read on, that is what is wrong.
    """
    place = window.place(0)
    raw = bytes(window.data[: HEADER_LIMIT + 1])
    passed = 0
    while (found := window.find(1)) is None:
        step = max(0, len(window.data) - _MARK_BYTES)  # the rest may be the begin of a mark
        passed += step
        window.drop(step)
        if window.need(len(window.data) + 1):
            continue
        passed += len(window.data)
        window.drop(len(window.data))
        if window.is_cut and window.fault:
            reason, detail = window.fault.reason, window.fault.detail
            window.resume()
        break
    else:
        passed += found
        window.drop(found)
    return Broken(replace(place, size=passed), reason, detail, raw[:passed])


def fields(lines: bytes) -> dict[str, str]:
    """`Name: value` lines, names in lower case; of a name that is there twice the first counts.

    A line that begins with a space goes on with the one before it; one without a colon is nothing.
    """
    found: dict[str, str] = {}
    name = ""
    for line in lines.decode("utf-8", "backslashreplace").split("\n"):
        if line[:1] in {" ", "\t"} and name:
            found[name] = f"{found[name]} {line.strip()}"
            continue
        key, colon, value = line.partition(":")
        name = key.strip().lower()
        if not colon or not name or name in found:
            name = ""
            continue
        found[name] = value.strip()
    return found
