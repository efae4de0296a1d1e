"""Files of a run: written under a temporary name, renamed, hashed, committed by a manifest.

A task is done when its manifest is there, has the task's fingerprint, and names files that are
there with their sizes. A file never changes under its final name: two attempts at one task, or the
same task of a run before, never write to the same file.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from cleaner.errors import IntegrityError, LockedError

TEMPORARY = ".tmp"
"""The end of the name of a file that is being written."""


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a task wrote: its name in the task's folder, size in bytes, xxh3-128 of it."""

    name: str
    bytes: int
    xxh3: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The commit of a task."""

    fingerprint: str
    outputs: tuple[Output, ...]
    counts: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def digest(self) -> str:
        """What the next phase depends on: the outputs, not how long they took."""
        return fingerprint([[o.name, o.bytes, o.xxh3] for o in self.outputs])


def fingerprint(value: Any) -> str:
    """A hash of plain data; equal for equal JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return xxhash.xxh3_128_hexdigest(text.encode("utf-8", "surrogatepass"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file, synced, under its final name or not at all."""
    temporary = _temporary(path)
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _temporary(path: Path) -> Path:
    """A name beside a file's own, of this process: one that was orphaned may still write to its."""
    return path.with_name(f"{path.name}.{_process(os.getpid())}{TEMPORARY}")


@lru_cache(maxsize=1)
def _process(pid: int) -> str:
    """This process among those of all machines that share a folder: numbers of processes repeat."""
    return f"{pid}-{os.urandom(4).hex()}"


def remove_temporary(folder: Path) -> None:
    """Remove what attempts left behind that never came to their commit."""
    for path in folder.glob(f"*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write plain data as sorted, indented JSON."""
    write_bytes(
        path, (json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1) + "\n").encode()
    )


def read_json(path: Path) -> Any:
    """Read JSON that this program wrote.

    Raises:
        IntegrityError: it is missing or damaged.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise IntegrityError(
            f"{path}: cannot be read ({error}); run the same command again to make it anew"
        ) from None


class Files:
    """The files of one task while it runs: write to each `path`, then `commit` all."""

    def __init__(self, folder: Path, index: int) -> None:
        self._folder = folder
        self._stem = f"{index:05d}"
        self._names: list[str] = []

    def path(self, suffix: str) -> Path:
        """Where to write the file of that suffix; `commit` names it `{index}.{suffix}`."""
        name = f"{self._stem}.{suffix}"
        if name not in self._names:
            self._names.append(name)
        return _temporary(self._folder / name)

    def commit(
        self, fingerprint_: str, counts: dict[str, Any], seconds: dict[str, float]
    ) -> Manifest:
        """Hash and sync what was written, and name it; the manifest comes last: it is the commit.

        That of an earlier attempt goes first: it never stands beside files that are not its own.
        """
        outputs = []
        for name in self._names:
            path = _temporary(self._folder / name)
            size, digest = hash_file(path)
            _sync(path)
            outputs.append(Output(name, size, digest))
        manifest = self._folder / f"{self._stem}.json"
        manifest.unlink(missing_ok=True)
        for name in self._names:
            _temporary(self._folder / name).replace(self._folder / name)
        _sync(self._folder)
        write_json(
            manifest,
            {
                "fingerprint": fingerprint_,
                "outputs": [[o.name, o.bytes, o.xxh3] for o in outputs],
                "counts": counts,
                "seconds": seconds,
            },
        )
        return Manifest(fingerprint_, tuple(outputs), counts, seconds)


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # some file systems cannot sync a folder
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def committed(
    folder: Path, index: int, fingerprint_: str, gone: Collection[str] = ()
) -> Manifest | None:
    """The manifest of a task that is done, with this fingerprint and all files; else None.

    Sizes are looked at, contents are not: see `is_intact`. Files whose names end in one of `gone`,
    behind the task's number, were deleted on purpose.
    """
    path = folder / f"{index:05d}.json"
    try:
        raw = json.loads(path.read_bytes())
        manifest = Manifest(
            raw["fingerprint"],
            tuple(Output(*o) for o in raw["outputs"]),
            raw["counts"],
            raw["seconds"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if manifest.fingerprint != fingerprint_:
        return None
    for output in manifest.outputs:
        if output.name.partition(".")[2] in gone:
            continue
        try:
            if (folder / output.name).stat().st_size != output.bytes:
                return None
        except OSError:
            return None
    return manifest


def is_intact(folder: Path, manifest: Manifest, gone: Collection[str] = ()) -> bool:
    """Whether the files of a task still hold the bytes that it committed; reads all of them.

    `gone` as in `committed`.
    """
    there = [o for o in manifest.outputs if o.name.partition(".")[2] not in gone]
    try:
        return all(hash_file(folder / o.name) == (o.bytes, o.xxh3) for o in there)
    except OSError:
        return False


def hash_file(path: Path) -> tuple[int, str]:
    """Size and xxh3-128 of a file."""
    state = xxhash.xxh3_128()
    size = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            state.update(block)
            size += len(block)
    return size, state.hexdigest()


@contextmanager
def ipc_writer(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatchFileWriter]:
    """An Arrow IPC file; uncompressed, so that it is read without a copy."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        yield writer


@contextmanager
def ipc_reader(path: Path) -> Iterator[pa.RecordBatchFileReader]:
    """A memory-mapped Arrow IPC file.

    Raises:
        IntegrityError: it is missing, truncated or not Arrow.
    """
    try:
        source = pa.memory_map(str(path), "r")
        reader = pa.ipc.open_file(source)
    except (OSError, pa.ArrowInvalid) as error:
        raise IntegrityError(
            f"{path}: {error}; run the same command again to make it anew"
        ) from None
    with source:
        yield reader


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the run's folder; the system lets go of it when the process ends, however it ends.

    Raises:
        LockedError: another process holds it.
    """
    handle = _take_lock(folder)
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take_lock(folder: Path) -> int:
    """The locked file of a folder, which may be removed by the process that held it before."""
    path = folder / ".lock"
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:
            continue  # the folder went between the two calls
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_named(handle, path):
                return handle
        except BlockingIOError:
            owner = os.pread(handle, 64, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise LockedError(
                f"{folder} is in use by process {owner}; wait for it, stop it, "
                "or choose another --output"
            ) from None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # locked, but removed by the one that held it before


def _is_named(handle: int, path: Path) -> bool:
    """Whether an open file still is the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def clear(folder: Path) -> None:
    """Remove a folder and what is in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for the same bytes; a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
