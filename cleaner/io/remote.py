"""Inputs that are not on a disk here: `s3://bucket/key`, `gs://bucket/key`, `hf://…`.

S3 and GCS go through Arrow, `hf` through fsspec. Credentials, region and endpoint come from the
environment, as for the programs of the vendors; never from a path, which reports would print. Names
of buckets and objects are as little trusted as those of files.

A place that cannot be reached stops the run: its objects are not bad records.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import SEEK_CUR, SEEK_END, SEEK_SET, RawIOBase
from typing import TYPE_CHECKING, Any

from cleaner.errors import CleanerError, InputError
from cleaner.io.names import escape

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined,unused-ignore]  # from 3.12 on

AHEAD = 8 << 20
"""Bytes that are fetched at once where a file is read from front to back."""
SCHEMES = ("s3", "gs", "hf")
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")
_DENIED = re.compile("ACCESS_DENIED|NO_SUCH_(?:KEY|BUCKET)|HTTP status 40[34]|[Nn]ot found")


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """An object below a root: its key relative to that, its URI, bytes, and time in ns (or 0)."""

    relative: str
    location: str
    size: int
    mtime_ns: int


def is_remote(text: str) -> bool:
    """Whether a path or a location has a scheme."""
    return _URI.match(text) is not None


def split(uri: str) -> tuple[str, str, str]:
    """Scheme, bucket and key of a URI; the key may be empty.

    Raises:
        InputError: it is none that can be read, or it holds credentials.
    """
    match = _URI.match(uri)
    shown = escape(uri)
    if match is None or match[1].lower() not in SCHEMES:
        known = ", ".join(f"{s}://" for s in SCHEMES)
        raise InputError(
            f"{shown}: only local paths and {known} can be read; copy or mount the data first"
        )
    scheme, rest = match[1].lower(), match[2]
    bucket, _, key = rest.partition("/")
    if "@" in bucket and scheme != "hf":
        raise InputError(
            f"{scheme}://…@…: credentials do not belong into a path; set them in the environment"
        )
    if not _BUCKET.fullmatch(bucket):
        raise InputError(f"{shown}: {escape(bucket)!r} is not the name of a bucket")
    if "\0" in key:
        raise InputError(f"{shown}: is not a path")
    return scheme, bucket, key


def list_objects(scheme: str, bucket: str, prefix: str) -> Iterator[RemoteObject]:
    """All objects whose keys begin with the folder `prefix` ('' for all), sorted by key.

    Raises:
        InputError: the place cannot be listed.
    """
    from pyarrow import fs

    base = f"{bucket}/{prefix}".rstrip("/")
    try:
        system = _file_system(scheme, bucket)
        found = system.get_file_info(fs.FileSelector(base, recursive=True))
    except OSError as error:
        shown = f"{scheme}://{escape(base)}"
        if isinstance(error, FileNotFoundError) or _DENIED.search(str(error)):
            raise InputError(f"{shown}: does not exist, or may not be listed") from None
        raise InputError(_cannot(shown, "listed", error)) from None
    for info in sorted(found, key=lambda i: i.path):
        if info.type == fs.FileType.File and info.path.startswith(f"{base}/"):
            yield _object(scheme, info, info.path[len(base) + 1 :])


def find_object(scheme: str, bucket: str, key: str) -> RemoteObject | None:
    """The object of that very key; None if there is none (there may be some below it).

    Raises:
        InputError: the place cannot be reached.
    """
    from pyarrow import fs

    path = f"{bucket}/{key}"
    if not key or key.endswith("/"):
        return None
    try:
        info = _file_system(scheme, bucket).get_file_info(path)
    except OSError as error:
        raise InputError(_cannot(f"{scheme}://{escape(path)}", "looked at", error)) from None
    if info.type != fs.FileType.File:
        return None
    return _object(scheme, info, key.rpartition("/")[2])


def open_remote(location: str) -> RemoteFile:
    """Open an object.

    Raises:
        OSError: there is none, or it may not be read.
        CleanerError: the place cannot be reached.
    """
    scheme, bucket, key = split(location)
    path = f"{bucket}/{key}"
    try:
        system = _file_system(scheme, bucket)
        info = system.get_file_info(path)
        return RemoteFile(location, system.open_input_file(path), _mtime(info))
    except OSError as error:
        raise _judged(location, error) from error


class RemoteFile(RawIOBase):
    """The bytes of an object, fetched in blocks; `size` in bytes, `mtime_ns` as listed now."""

    def __init__(self, location: str, inner: Any, mtime_ns: int) -> None:
        self.location = location
        self.mtime_ns = mtime_ns
        self._inner = inner
        self.size: int = inner.size()
        self._at = 0
        self._begin = 0
        self._block = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Go to a place; nothing is fetched."""
        base = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill a buffer as far as the block at hand goes; 0 at the end.

        Raises:
            OSError: the object is gone or may not be read any more.
            CleanerError: the place cannot be reached.
        """
        view = memoryview(buffer).cast("B")
        if not self._begin <= self._at < self._begin + len(self._block):
            # a read that goes on from the last one is likely to go on still
            goes_on = self._at == self._begin + len(self._block)
            self._fetch(max(len(view), AHEAD if goes_on else 0))
        low = self._at - self._begin
        piece = self._block[low : low + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        """Let go of it."""
        if not self.closed:
            self._inner.close()
        super().close()

    def again(self) -> RemoteFile:
        """The same object, from its start, to be closed by itself."""
        return open_remote(self.location)

    def _fetch(self, size: int) -> None:
        size = min(size, self.size - self._at)
        self._begin, self._block = self._at, b""
        if size <= 0:
            return
        try:
            self._inner.seek(self._at)
            self._block = self._inner.read(size)
        except OSError as error:
            raise _judged(self.location, error) from error


def file_system(scheme: str, bucket: str) -> Any:
    """Arrow's view of a place.

    Raises:
        InputError: a package that it needs is not installed.
    """
    return _file_system(scheme, bucket)


@lru_cache(maxsize=8)
def _file_system(scheme: str, bucket: str) -> Any:
    """Arrow's view of a place."""
    from pyarrow import fs

    if scheme == "s3":
        return fs.S3FileSystem(
            anonymous=_is_set("AWS_NO_SIGN_REQUEST"),
            region=_region(bucket),
            endpoint_override=_endpoint(),
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=5),
            request_timeout=60,
            connect_timeout=10,
        )
    if scheme == "gs":
        return fs.GcsFileSystem(anonymous=_is_set("GCS_NO_SIGN_REQUEST"))
    try:
        fsspec: Any = importlib.import_module("fsspec")
    except ImportError:
        raise InputError(
            "hf:// needs packages that are not there: pip install huggingface_hub fsspec"
        ) from None
    try:
        return fs.PyFileSystem(fs.FSSpecHandler(fsspec.filesystem(scheme)))
    except (ImportError, ValueError) as error:
        raise InputError(f"{scheme}://: {error}") from None


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in {"1", "true", "yes"}


def _endpoint() -> str | None:
    """A server of one's own that speaks S3."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def _region(bucket: str) -> str | None:
    """The region of a bucket, from the environment before it is asked for."""
    from pyarrow import fs

    if region := os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        return region
    if _endpoint():
        return None  # a server of one's own has none
    region = fs.resolve_s3_region(bucket)
    return str(region)


def _object(scheme: str, info: Any, relative: str) -> RemoteObject:
    return RemoteObject(relative, f"{scheme}://{info.path}", info.size or 0, _mtime(info))


def _mtime(info: Any) -> int:
    return int(info.mtime_ns or 0)


def _judged(location: str, error: OSError) -> OSError | CleanerError:
    """The error of one object as it is; that of the place as one that stops the run."""
    if isinstance(error, FileNotFoundError | PermissionError) or _DENIED.search(str(error)):
        return error
    return CleanerError(
        _cannot(escape(location), "read", error) + "; then run the same command again: finished "
        "work is kept"
    )


def _cannot(shown: str, done: str, error: OSError) -> str:
    words = escape(" ".join(str(error).split()))[:400]
    return f"{shown}: cannot be {done}: {words}; check the network, the credentials and the name"
