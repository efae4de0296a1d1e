"""A finished run to where others read it: a folder, or object storage.

A reader at the target never takes half a run for a whole one: the manifest goes first and comes
last, and while files are written a file beside it says so. What is there already, with its hash,
is not written again; so the same command goes on after a break.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyarrow import fs

from cleaner.errors import CleanerError, InputError, IntegrityError
from cleaner.io import remote
from cleaner.io.corpus import is_corpus, read_manifest
from cleaner.io.names import escape
from cleaner.io.verify import verify

MARK = "push.json"
"""Lies at the target while a run is brought there."""
CARDS = ("README.md", "croissant.json")
MANIFEST = "manifest.json"
UNHASHED = ("config.yaml", "reports/report.html", "reports/timings.json")
"""Files of a run that its manifest does not name: they hold times and paths."""
_ROOTS = ("corpus/", "data/", "ledger/", "duplicates/", "quarantine/", "reports/")
_STRANGERS = frozenset({"README.md", ".gitattributes", ".gitignore", ".git"})
"""What an empty repository of a host of datasets holds."""
_BLOCK = 8 << 20


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was done: files and bytes that were written, files that were there, files removed."""

    files: int
    bytes: int
    there: int
    removed: int


@dataclass(frozen=True, slots=True)
class _Target:
    """A folder of some file system; `shown` is its name for messages."""

    system: Any
    base: str
    shown: str

    def at(self, name: str) -> str:
        return f"{self.base}/{name}"

    def files(self) -> dict[str, int]:
        """Name → bytes of all files there."""
        selector = fs.FileSelector(self.base, allow_not_found=True, recursive=True)
        found = self.system.get_file_info(selector)
        low = len(self.base.rstrip("/")) + 1
        return {i.path[low:]: i.size for i in found if i.type == fs.FileType.File and i.path[low:]}

    def sha256(self, name: str) -> str:
        digest = hashlib.sha256()
        with self.system.open_input_stream(self.at(name), compression=None) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def write(self, name: str, blocks: Iterator[bytes]) -> None:
        path = self.at(name)
        if isinstance(self.system, fs.LocalFileSystem):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        with self.system.open_output_stream(path, compression=None) as stream:
            for block in blocks:
                stream.write(block)

    def remove(self, name: str) -> None:
        self.system.delete_file(self.at(name))


def push(
    run: Path,
    target: str,
    *,
    everything: bool = False,
    check: bool = True,
    told: Callable[[str], None] = lambda _: None,
) -> Pushed:
    """Bring a finished run's corpus, card and manifest to another place.

    Args:
        run: its folder.
        target: a folder, or s3://bucket/folder, gs://…, hf://datasets/owner/name.
        everything: the ledger, duplicates, quarantine and reports, too.
        check: read back and hash what was written; otherwise sizes are compared.
        told: gets the name of each file that is written.

    Raises:
        InputError: the run is not finished, or the target cannot be one.
        IntegrityError: the run does not pass `verify`, or other bytes arrived than were sent.
        CleanerError: the target cannot be reached; the same call goes on.
    """
    manifest = read_manifest(run)
    place = _target(target, run)
    _verified(run)
    known = _hashes(run, manifest)
    wanted = [name for name in known if everything or is_corpus(name) or name in CARDS]
    try:
        return _push(run, place, known, wanted, check=check, told=told)
    except OSError as error:
        words = escape(" ".join(str(error).split()))[:400]
        raise CleanerError(
            f"{place.shown}: cannot be written: {words}; check the network, the credentials and "
            "the name, then run the same command again: what has arrived is kept"
        ) from None


def _verified(run: Path) -> None:
    """Refuse a run that is damaged.

    Raises:
        IntegrityError: it is.
    """
    faults = [fault for found in verify(run, every=0) for fault in found.faults]
    if faults:
        raise IntegrityError(
            f"{run} does not pass `cleaner verify`, so nothing was pushed: {faults[0]}"
            + (f" (and {len(faults) - 1:,} more)" if len(faults) > 1 else "")
        )


def _hashes(run: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Name → sha256 of the files of a run, without its manifest."""
    found = {n: str(facts["sha256"]) for n, facts in sorted(manifest["files"].items())}
    for name in (*CARDS, *UNHASHED):
        if (run / name).is_file():
            with (run / name).open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _push(
    run: Path,
    target: _Target,
    hashes: dict[str, str],
    wanted: Sequence[str],
    *,
    check: bool,
    told: Callable[[str], None],
) -> Pushed:
    """Bring the files `wanted` of a run there; others of its files stay, if they are there."""
    there = target.files()
    own = (run / MANIFEST).read_bytes()
    digest = hashlib.sha256(own).hexdigest()
    if not {MANIFEST, MARK} & there.keys():
        strangers = sorted(n for n in there if n.partition("/")[0] not in _STRANGERS)
        if strangers:
            raise InputError(
                f"{target.shown} holds files that are not of a run ({escape(strangers[0])}); name "
                "an empty or new folder"
            )
    is_done = MARK not in there and there.get(MANIFEST) == len(own)
    is_done = is_done and target.sha256(MANIFEST) == digest
    right = {n for n, sha in hashes.items() if _is_there(run, target, there, n, sha, check=check)}
    missing = [n for n in wanted if n not in right]
    stale = sorted(n for n in there if n.startswith(_ROOTS) and n not in {*wanted, *right})
    if is_done and not stale and not missing:
        return Pushed(0, 0, len(wanted), 0)
    target.write(MARK, iter([json.dumps({"manifest": digest}).encode()]))
    if MANIFEST in there:
        target.remove(MANIFEST)
    for name in stale:
        target.remove(name)
    size = 0
    for name in missing:
        told(name)
        size += _send(run, target, name, hashes[name], check=check)
    target.write(MANIFEST, iter([own]))
    target.remove(MARK)
    return Pushed(len(missing), size, len(wanted) - len(missing), len(stale))


def _is_there(
    run: Path, target: _Target, there: dict[str, int], name: str, sha256: str, *, check: bool
) -> bool:
    """Whether a file has arrived already; without `check` the size must do."""
    if there.get(name) != (run / name).stat().st_size:
        return False
    return not check or target.sha256(name) == sha256


def _send(run: Path, target: _Target, name: str, sha256: str, *, check: bool) -> int:
    """Write one file; its bytes.

    Raises:
        IntegrityError: the file was changed meanwhile, or something else arrived.
    """
    digest = hashlib.sha256()
    size = 0

    def blocks() -> Iterator[bytes]:
        nonlocal size
        with (run / name).open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
                yield block

    target.write(name, blocks())
    if digest.hexdigest() != sha256:
        raise IntegrityError(f"{run / name} was changed while it was pushed; run the config again")
    arrived = target.system.get_file_info(target.at(name)).size
    if arrived != size or (check and target.sha256(name) != sha256):
        raise IntegrityError(
            f"{target.shown}/{escape(name)}: other bytes arrived than were sent; run the same "
            "command again"
        )
    return size


def _target(target: str, run: Path) -> _Target:
    """The place that a text names.

    Raises:
        InputError: it names none, or one in the run itself.
    """
    if not target.strip() or "\0" in target:
        raise InputError("name a folder, or a place such as s3://bucket/folder, to push to")
    if not remote.is_remote(target):
        folder = Path(target).resolve()
        if folder.is_relative_to(run.resolve()) or run.resolve().is_relative_to(folder):
            raise InputError(f"{target} is the run's own folder, or within it; name another")
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{target} is a file; name a folder")
        return _Target(fs.LocalFileSystem(), str(folder), escape(target))
    if target.partition("://")[0].lower() not in remote.SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in remote.SCHEMES)
        raise InputError(f"{escape(target)}: name a folder, or a place of {known}")
    scheme, bucket, key = remote.split(target)
    base = f"{bucket}/{key}".rstrip("/")
    return _Target(remote.file_system(scheme, bucket), base, escape(target.rstrip("/")))
