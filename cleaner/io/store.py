"""Files of a run: written under a temporary name and renamed, proven by hashes, committed by a manifest.

A task is done when its manifest is there, has the task's fingerprint, and names files that are there with their sizes.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from cleaner.errors import IntegrityError, LockedError


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a task wrote: name relative to the task's folder, size in bytes, xxh3-128 of the content."""

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
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


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
    """The files of one task while it runs: `open` each, then `commit` all."""

    def __init__(self, folder: Path, index: int) -> None:
        self._folder = folder
        self._stem = f"{index:05d}"
        self._names: list[str] = []

    def path(self, suffix: str) -> Path:
        """Where to write; the name is final, the content becomes valid by `commit`."""
        name = f"{self._stem}.{suffix}"
        if name not in self._names:
            self._names.append(name)
        return self._folder / name

    def commit(
        self, fingerprint_: str, counts: dict[str, Any], seconds: dict[str, float]
    ) -> Manifest:
        """Hash and sync what was written; then write the manifest."""
        outputs = []
        for name in self._names:
            path = self._folder / name
            size, digest = hash_file(path)
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            outputs.append(Output(name, size, digest))
        manifest = Manifest(fingerprint_, tuple(outputs), counts, seconds)
        write_json(
            self._folder / f"{self._stem}.json",
            {
                "fingerprint": fingerprint_,
                "outputs": [[o.name, o.bytes, o.xxh3] for o in outputs],
                "counts": counts,
                "seconds": seconds,
            },
        )
        return manifest


def committed(folder: Path, index: int, fingerprint_: str) -> Manifest | None:
    """The manifest of a task that is done with this very fingerprint and whose files are there; else None."""
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
        try:
            if (folder / output.name).stat().st_size != output.bytes:
                return None
        except OSError:
            return None
    return manifest


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
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(handle, 64, 0).decode("ascii", "replace").strip() or "unknown"
            raise LockedError(
                f"{folder} is in use by process {owner}; wait for it, stop it, or choose another --output"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


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
