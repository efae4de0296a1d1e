"""What a plugin gives to read files of its own kind: suffixes, and a function from bytes to texts.

A package names a `Reader` in the entry point group `cleaner.readers`, a config names the entry
point under `read.readers`. The function says what the records are; numbers, hashes, limits and
quarantine are the host's (`cleaner/io/read_plugin.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeAlias

from cleaner.text.decode import Undecodable, decode


class Settings(Protocol):
    """What the config says under `read:`; sizes in bytes."""

    @property
    def text_column(self) -> str:
        """The field with the text, where records have fields."""
        ...

    @property
    def id_column(self) -> str | None:
        """The field with the record's own id."""
        ...

    @property
    def url_column(self) -> str | None:
        """The field with the URL."""
        ...

    @property
    def date_column(self) -> str | None:
        """The field with the date."""
        ...

    @property
    def encoding(self) -> str | None:
        """The encoding, where the config names one."""
        ...

    @property
    def max_document_bytes(self) -> int:
        """What a document may have; the host puts longer ones aside."""
        ...

    @property
    def max_bad_bytes_ratio(self) -> float:
        """The share of undecodable bytes from which a document is put aside."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """One document: its text, and what else is known of it. `meta` must fit JSON."""

    text: str
    url: str | None = None
    date: str | None = None
    source_id: str | None = None
    meta: Mapping[str, object] | None = None


class Unusable(Exception):  # noqa: N818  what the record is
    """A record that cannot be used: yield it to go on with the next, raise it to leave the file.

    `reason` is short and countable, such as 'no_text'; `detail` says why; `raw` are its bytes, kept
    in the quarantine if they are few.
    """

    def __init__(self, reason: str, detail: str, raw: bytes | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.raw = raw
        super().__init__(f"{reason}: {detail}")


Records: TypeAlias = Iterator[Record | Unusable]


@dataclass(frozen=True, slots=True)
class Reader:
    """How files of some suffixes become records.

    Attributes:
        suffixes: in lower case, such as ('.srt',); a further .gz or .zst is the host's business.
        read: from the decompressed bytes of one file, and `read:` of the config, to its records in
            their order. It must give the same records for the same bytes.
        version: raised when the same bytes may give other records; then runs are redone.
    """

    suffixes: tuple[str, ...]
    read: Callable[[BinaryIO, Settings], Records]
    version: int = 1


def read_text(stream: BinaryIO, settings: Settings) -> str:
    """All of a stream as text, in the encoding that the config names or that its bytes show.

    A byte order mark is left out.

    Raises:
        Unusable: it is longer than a document may be, or no text.
    """
    limit = settings.max_document_bytes
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise Unusable("too_large", f"longer than {limit} bytes")
    try:
        found = decode(
            data, declared=settings.encoding, max_bad_bytes_ratio=settings.max_bad_bytes_ratio
        )
    except Undecodable as error:
        raise Unusable(error.reason, error.detail, data) from error
    return found.text.removeprefix("\ufeff")
