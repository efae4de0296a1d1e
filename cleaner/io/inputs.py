"""Which files are read, and under which names.

A source is `label/path`: valid UTF-8, unique, and the same whatever the order of the patterns.
Names of files come from outside and are not trusted.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from io import FileIO
from pathlib import Path
from typing import Any

from cleaner.errors import InputError
from cleaner.io.names import (
    NO_MORE,
    READABLE,
    Compression,
    Format,
    default_labels,
    escape,
    is_label,
    kind,
)
from cleaner.io.remote import RemoteFile, find_object, is_remote, list_objects, open_remote, split

EXAMPLES = 20
"""So many skipped paths are kept for each reason; all are counted."""

_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read: `label/path` names it for ever, `location` opens it now.

    `path` is relative to its root, with `/` and with odd characters percent-escaped; `location` is
    absolute and may hold surrogate escapes; `size` is in bytes as stored, `mtime_ns` in ns.
    """

    label: str
    path: str
    location: str
    format: Format
    compression: Compression | None
    size: int
    mtime_ns: int

    @property
    def source(self) -> str:
        """The name in records and reports."""
        return f"{self.label}/{self.path}"

    def to_json(self) -> dict[str, object]:
        """As plain data that fits UTF-8; `from_json` is the inverse."""
        data: dict[str, object] = {f.name: getattr(self, f.name) for f in fields(self)}
        data["location"] = os.fsencode(self.location).decode("latin-1")
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> InputFile:
        """Read back what `to_json` wrote.

        Raises:
            KeyError: a field is missing.
        """
        values = {f.name: data[f.name] for f in fields(cls)}
        return cls(**values | {"location": os.fsdecode(values["location"].encode("latin-1"))})


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be read, sorted by (label, path), and what was passed over.

    `skipped` counts by reason: 'extension', 'symlink', 'symlink_outside', 'not_a_file',
    'unreadable', 'copy'; `examples` has some (reason, escaped location) of them, sorted.
    Hidden files and folders are not counted. `labels` gives the label of each pattern's root, where
    that root has files.
    """

    files: tuple[InputFile, ...]
    skipped: Mapping[str, int]
    examples: tuple[tuple[str, str], ...]
    labels: Mapping[str, str]


@dataclass(slots=True)
class _Skipped:
    """Counts what is passed over and keeps the first few of each reason."""

    counts: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, location: str) -> None:
        self.counts[reason] += 1
        places = self.places.setdefault(reason, [])
        if len(places) < EXAMPLES:
            places.append(escape(location))

    def sorted_examples(self) -> tuple[tuple[str, str], ...]:
        return tuple((r, p) for r in sorted(self.places) for p in sorted(self.places[r]))


@dataclass(frozen=True, slots=True)
class _Root:
    """The folder that paths are relative to, and which of its files a pattern asks for."""

    folder: Path
    wanted: re.Pattern[str] | None
    depth: int | None
    """How many folders deep a file may lie; None is any."""
    single: str | None
    label: str | None
    uri: str | None = None
    """Of a folder that is not here; then `folder` means nothing."""
    more: Mapping[str, Format] = field(default_factory=dict)
    """Suffixes that are read, besides the built-in ones."""

    def kind(self, name: str) -> tuple[Format, Compression | None] | None:
        """See `names.kind`."""
        return kind(name, self.more)

    @property
    def readable(self) -> str:
        """What is read by its name, for messages."""
        return ", ".join([READABLE, *sorted(self.more)])

    @property
    def path(self) -> str:
        return self.uri or str(self.folder)


@dataclass(frozen=True, slots=True)
class _Candidate:
    root: str
    label: str | None
    relative: str
    location: str
    size: int
    mtime_ns: int


def open_location(location: str) -> FileIO | RemoteFile:
    """The bytes of an input, here or elsewhere, unbuffered.

    Raises:
        OSError: they cannot be opened.
    """
    return open_remote(location) if is_remote(location) else FileIO(location)


def discover(
    patterns: Sequence[str], *, base: Path, label: str | Mapping[str, str] | None = None
) -> list[InputFile]:
    """List the files that the patterns name, sorted by (label, path); see `survey`."""
    return list(survey(patterns, base=base, label=label).files)


def survey(
    patterns: Sequence[str],
    *,
    base: Path,
    label: str | Mapping[str, str] | None = None,
    remote: bool = False,
    more: Mapping[str, Format] = NO_MORE,
) -> Found:
    """List the files that the patterns name, and what was passed over.

    A pattern is a folder (read recursively), a file, or a glob (`*`, `?`, `[…]`, `**`), relative to
    `base`. `label` names all roots, or maps a pattern to its name; by default it is the name of the
    root folder, preceded by as many of its parents as it takes to tell two roots apart. A file that
    several patterns name is read once, under the outermost root. Symlinks are not followed. With
    `remote`, a pattern may be a URI of object storage, see `cleaner.io.remote`. `more`: suffix →
    format, of files that readers of plugins can read.

    Raises:
        InputError: a path is missing or a pattern matches nothing; two files would have one name.
            All faults are in one message.
    """
    if not patterns:
        raise InputError("no input is named; give at least one folder, file or glob")
    skipped = _Skipped()
    faults: list[str] = []
    candidates: list[_Candidate] = []
    roots: dict[str, _Root] = {}
    for pattern in sorted(set(patterns)):
        given = label.get(pattern) if isinstance(label, Mapping) else label
        try:
            if remote and is_remote(pattern):
                root = roots[pattern] = replace(_remote_root(pattern, given), more=more)
                candidates += _search_remote(root, pattern, skipped)
                continue
            root = roots[pattern] = replace(_root(pattern, base, given), more=more)
            candidates += _search(root, pattern, skipped)
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError("\n".join(faults))
    kept = _without_copies(candidates, skipped)
    default = _default_labels(kept)
    files = _named(kept, default, more)
    labels = {pattern: root.label or default.get(root.path) for pattern, root in roots.items()}
    return Found(
        tuple(files),
        dict(sorted(skipped.counts.items())),
        skipped.sorted_examples(),
        {pattern: name for pattern, name in labels.items() if name is not None},
    )


def _root(pattern: str, base: Path, label: str | None) -> _Root:
    """Where to search for a pattern; what exists under that very name is no glob."""
    shown = escape(pattern)
    if is_remote(pattern):
        raise InputError(f"{shown}: only local paths can be read; copy or mount the data first")
    if "\0" in pattern or not pattern:
        raise InputError(f"{shown or '(empty)'}: is not a path")
    _check_label(shown, label)
    path = Path(os.path.normpath(base.absolute() / pattern))
    if path.is_dir():
        return _Root(path.resolve(), None, None, None, label)
    if path.exists():
        return _Root(path.parent.resolve(), None, 0, path.name, label)
    parts = path.parts
    magic = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), None)
    if magic is None:
        raise InputError(f"{shown}: does not exist (looked for {escape(str(path))})")
    folder = Path(*parts[:magic])
    if not folder.is_dir():
        raise InputError(f"{shown}: there is no folder {escape(str(folder))}")
    glob = parts[magic:]
    depth = None if "**" in glob else len(glob) - 1
    return _Root(folder.resolve(), _glob_regex(glob), depth, None, label)


def _check_label(shown: str, label: str | None) -> None:
    if label is not None and not is_label(label):
        raise InputError(f"{shown}: the label {escape(label)!r} must be one line without '/'")


def _remote_root(pattern: str, label: str | None) -> _Root:
    """Where to search in object storage; an object of that very key is no glob."""
    shown = escape(pattern)
    _check_label(shown, label)
    scheme, bucket, key = split(pattern)
    parts = key.split("/")
    if find_object(scheme, bucket, key) is not None:
        return _Root(Path(), None, 0, parts[-1], label, _uri(scheme, bucket, parts[:-1]))
    magic = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), None)
    if magic is None:
        return _Root(Path(), None, None, None, label, _uri(scheme, bucket, parts))
    glob = parts[magic:]
    depth = None if "**" in glob else len(glob) - 1
    uri = _uri(scheme, bucket, parts[:magic])
    return _Root(Path(), _glob_regex(glob), depth, None, label, uri)


def _uri(scheme: str, bucket: str, parts: Sequence[str]) -> str:
    return f"{scheme}://{'/'.join((bucket, *parts))}".rstrip("/")


def _search_remote(root: _Root, pattern: str, skipped: _Skipped) -> list[_Candidate]:
    """The objects of one pattern; an error if there are none. Hidden ones are not there."""
    shown = escape(pattern)
    scheme, bucket, key = split(root.path)
    if root.single is not None:
        if root.kind(root.single) is None:
            raise InputError(f"{shown}: cannot be read by its name; known are {root.readable}")
        item = find_object(scheme, bucket, f"{key}/{root.single}".lstrip("/"))
        listed = [] if item is None else [item]
    else:
        listed = [*list_objects(scheme, bucket, key)]
    found = []
    others = 0
    for item in listed:
        parts = item.relative.split("/")
        if any(part.startswith(".") for part in parts):
            continue
        if root.wanted is not None and not root.wanted.fullmatch(item.relative):
            continue
        if root.kind(item.relative) is None:
            skipped.add("extension", item.location)
            others += 1
            continue
        found.append(
            _Candidate(
                *(root.path, root.label, item.relative, item.location, item.size, item.mtime_ns)
            )
        )
    if not found:
        seen = f"; {others} other objects were passed over" if others else ""
        raise InputError(f"{shown}: holds no object that can be read ({root.readable}){seen}")
    return found


def _glob_regex(parts: Sequence[str]) -> re.Pattern[str]:
    """A glob as a pattern of relative paths; `**` stands for any number of folders, also none."""
    pieces: list[str] = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            pieces.append(".*" if last else "(?:[^/]+/)*")
        else:
            pieces.append(_part_regex(part) + ("" if last else "/"))
    try:
        return re.compile("".join(pieces), re.DOTALL)
    except re.error as error:
        raise InputError(f"{escape('/'.join(parts))}: is not a glob: {error}") from error


def _part_regex(part: str) -> str:
    """One part of a glob; a bracket that is never closed is a plain character."""
    out: list[str] = []
    for match in re.finditer(r"\*+|\?|\[([!^]?)(\]?[^\]]*)\]|.", part, re.DOTALL):
        piece = match.group()
        if piece[0] == "*":
            out.append("[^/]*")
        elif piece == "?":
            out.append("[^/]")
        elif match.group(2):
            inside = re.sub(r"([\\\[\]^&~|])", r"\\\1", match.group(2))
            out.append(f"(?!/)[{'^' if match.group(1) else ''}{inside}]")
        else:
            out.append(re.escape(piece))
    return "".join(out)


def _search(root: _Root, pattern: str, skipped: _Skipped) -> list[_Candidate]:
    """The files of one pattern; an error if there are none."""
    shown = escape(pattern)
    if root.single is not None:
        if root.kind(root.single) is None:
            raise InputError(f"{shown}: cannot be read by its name; known are {root.readable}")
        location = os.path.realpath(root.folder / root.single)
        info = Path(location).stat()
        if not stat.S_ISREG(info.st_mode):
            raise InputError(f"{shown}: is not a regular file")
        return [_candidate(root, root.single, location, info)]
    before = skipped.counts["extension"]
    try:
        found = list(_walk(root, skipped))
    except OSError as error:
        raise InputError(f"{shown}: cannot be listed: {error.strerror}") from error
    if not found:
        others = skipped.counts["extension"] - before
        seen = f"; {others} other files were passed over" if others else ""
        raise InputError(f"{shown}: holds no file that can be read ({root.readable}){seen}")
    return found


def _walk(root: _Root, skipped: _Skipped) -> Iterator[_Candidate]:
    """All wanted files below a root; no depth of folders is too much.

    An unreadable root is an error; an unreadable folder below it is counted.
    """
    folders = [(str(root.folder), "", 0)]
    while folders:
        folder, prefix, depth = folders.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            if not prefix:
                raise
            skipped.add("unreadable", folder)
            continue
        for entry in found:
            if entry.name.startswith("."):
                continue
            relative = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if root.depth is None or depth < root.depth:
                    folders.append((entry.path, relative + "/", depth + 1))
            elif root.wanted is None or root.wanted.fullmatch(relative):
                candidate = _examine(root, entry, relative, skipped)
                if candidate:
                    yield candidate


def _examine(
    root: _Root, entry: os.DirEntry[str], relative: str, skipped: _Skipped
) -> _Candidate | None:
    """One entry that is no folder: a candidate, or counted as passed over."""
    if entry.is_symlink():
        inside = Path(os.path.realpath(entry.path)).is_relative_to(root.folder)
        skipped.add("symlink" if inside else "symlink_outside", entry.path)
        return None
    if root.kind(entry.name) is None:
        skipped.add("extension", entry.path)
        return None
    try:
        info = entry.stat(follow_symlinks=False)
    except OSError:
        skipped.add("unreadable", entry.path)
        return None
    if not stat.S_ISREG(info.st_mode):
        skipped.add("not_a_file", entry.path)
        return None
    return _candidate(root, relative, entry.path, info)


def _candidate(root: _Root, relative: str, location: str, info: os.stat_result) -> _Candidate:
    folder = str(root.folder)
    return _Candidate(folder, root.label, relative, location, info.st_size, info.st_mtime_ns)


def _without_copies(candidates: Iterable[_Candidate], skipped: _Skipped) -> list[_Candidate]:
    """Each file once: under the outermost root, a label from outside before none."""
    chosen: dict[str, _Candidate] = {}
    for candidate in candidates:
        other = chosen.setdefault(candidate.location, candidate)
        if other is not candidate:
            skipped.add("copy", candidate.location)
            chosen[candidate.location] = min(other, candidate, key=_rank)
    return list(chosen.values())


def _rank(candidate: _Candidate) -> tuple[int, str, bool, str, str]:
    depth = len(Path(candidate.root).parts)
    label = candidate.label
    return depth, candidate.root, label is None, label or "", candidate.relative


def _default_labels(candidates: Sequence[_Candidate]) -> dict[str, str]:
    """Root → label, of the roots that were given none."""
    given = {c.label for c in candidates if c.label is not None}
    return default_labels({c.root for c in candidates if c.label is None}, given)


def _named(
    candidates: Sequence[_Candidate], labels: Mapping[str, str], more: Mapping[str, Format]
) -> list[InputFile]:
    """Candidates with their labels, sorted; an error where two would have one name."""
    files: list[InputFile] = []
    for c in candidates:
        found = kind(c.relative, more)
        assert found is not None
        label = labels[c.root] if c.label is None else c.label
        path = escape(c.relative)
        files.append(InputFile(label, path, c.location, *found, c.size, c.mtime_ns))
    files.sort(key=lambda f: (f.label, f.path))
    by_source: dict[str, InputFile] = {}
    for file in files:
        other = by_source.setdefault(file.source, file)
        if other is not file:
            places = " and ".join(sorted(escape(f.location) for f in (other, file)))
            raise InputError(f"{places} would both be {file.source}; give them different labels")
    return files
