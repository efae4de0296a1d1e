"""What a reviewer said, in an append-only file: each label is on the disk before it is answered.

A line of the file is one label: what it is about, and its value. The last one about a thing holds;
`undo` lines take the one before back. A line that a crash cut short is taken off at the next start.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, TypeAlias, get_args

from cleaner.errors import IntegrityError, LockedError
from cleaner.io.store import lock

FOLDER = "review"
"""The folder of a run that holds all that its review writes."""
VERSION = 1
Kind: TypeAlias = Literal["verdict", "line", "page"]
"""Of a row drawn from the run, of a line of a page, of a page as a whole."""
_KINDS: tuple[Kind, ...] = get_args(Kind)


class Key(NamedTuple):
    """What a label is about. `line` is the number of a line of a page, from 0; else 0."""

    kind: Kind
    id: str
    line: int = 0


class Change(NamedTuple):
    """A label that was set: about what, and what stood there before ('' for nothing)."""

    key: Key
    before: str


@dataclass(slots=True)
class Labels:
    """The labels of one run; see the module. Made by `read_labels` or `open_labels`.

    `values` has what holds now; '' is never among them.
    """

    run: str
    values: dict[Key, str] = field(default_factory=dict)
    _history: list[Change] = field(default_factory=list)
    _file: BinaryIO | None = None

    def get(self, key: Key) -> str:
        """The label; '' if there is none."""
        return self.values.get(key, "")

    def set(self, key: Key, value: str) -> None:
        """Set a label, or take it away by ''; it is on the disk when this returns."""
        if value == self.get(key):
            return
        self._write(key, value, {})
        self._history.append(Change(key, self.get(key)))
        self._put(key, value)

    def undo(self, kinds: Collection[Kind]) -> Change | None:
        """Take back the last change of these kinds that still holds; None if there is none."""
        for at in range(len(self._history) - 1, -1, -1):
            change = self._history[at]
            if change.key.kind in kinds:
                self._write(change.key, change.before, {"undo": True})
                del self._history[at]
                self._put(change.key, change.before)
                return change
        return None

    def replay(self, key: Key, value: str, *, is_undo: bool) -> None:
        """Take a line of the file."""
        if is_undo:
            same = [at for at, change in enumerate(self._history) if change.key == key]
            if not same:
                raise ValueError("it takes back what was never said")
            del self._history[same[-1]]
        else:
            self._history.append(Change(key, self.get(key)))
        self._put(key, value)

    def _put(self, key: Key, value: str) -> None:
        if value:
            self.values[key] = value
        else:
            self.values.pop(key, None)

    def _write(self, key: Key, value: str, more: dict[str, Any]) -> None:
        assert self._file is not None, "labels that were read only are not changed"
        facts = {"kind": key.kind, "id": key.id, "line": key.line, "value": value}
        _append(self._file, facts | more)


def path_of(run: Path, name: str) -> Path:
    """The file of the labels of the run `name` (see `cleaner.report.audit.run_id`)."""
    return run / FOLDER / f"labels-{name}.jsonl"


def read_labels(run: Path, name: str) -> Labels:
    """The labels of a run as they are now; none if nobody has reviewed it.

    Raises:
        IntegrityError: the file is damaged.
    """
    return _read(path_of(run, name), name)[0]


@contextmanager
def open_labels(run: Path, name: str) -> Iterator[Labels]:
    """The labels of a run, to be added to; nobody else may do so meanwhile.

    Raises:
        LockedError: somebody else reviews it.
        IntegrityError: the file is damaged.
    """
    path = path_of(run, name)
    with _locked(run):
        labels, end = _read(path, name)
        with path.open("ab") as file:
            if file.tell() > end:  # a line that was cut short
                file.truncate(end)
                file.seek(end)
            if end == 0:
                _append(file, {"version": VERSION, "run": name})
            labels._file = file  # noqa: SLF001  of this module
            yield labels
            labels._file = None  # noqa: SLF001


@contextmanager
def _locked(run: Path) -> Iterator[None]:
    """Hold the folder of the reviews."""
    held = lock(run / FOLDER)
    try:
        held.__enter__()
    except LockedError as error:
        owner = str(error).partition(" is in use by ")[2].partition(";")[0] or "another process"
        raise LockedError(
            f"{run} is being reviewed by {owner}: open the address that it printed, or end it first"
        ) from None
    try:
        yield
    finally:
        held.__exit__(None, None, None)


def _append(file: BinaryIO, facts: dict[str, Any]) -> None:
    """One line, synced."""
    file.write(json.dumps(facts, ensure_ascii=True).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def _read(path: Path, name: str) -> tuple[Labels, int]:
    """The labels of a file, and where its last whole line ends."""
    labels = Labels(name)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return labels, 0
    end = data.rfind(b"\n") + 1
    for number, line in enumerate(data[:end].split(b"\n")[:-1], start=1):
        try:
            facts = json.loads(line)
            if number == 1:
                if (facts["version"], facts["run"]) != (VERSION, name):
                    raise ValueError("it is of another version or run")
                continue
            labels.replay(*_event(facts), is_undo=bool(facts.get("undo")))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise IntegrityError(
                f"{path}, line {number}: is no label ({type(error).__name__}: {error}); take the "
                "line out, or move the file away to begin anew"
            ) from error
    return labels, end


def _event(facts: dict[str, Any]) -> tuple[Key, str]:
    """What a line says; ValueError if it says nothing."""
    kind, own, line, value = facts["kind"], facts["id"], facts["line"], facts["value"]
    if kind not in _KINDS or type(line) is not int or line < 0:
        raise ValueError("kind or line is wrong")
    if not (isinstance(own, str) and isinstance(value, str)):
        raise TypeError("id and value must be strings")
    return Key(kind, own, line), value
