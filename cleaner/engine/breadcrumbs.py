"""Where a task is, in a file that outlives its process: so a document that kills is found.

A crumb names the documents that a stage is called on. After a death those documents are suspects:
the next attempt gives them to that stage one at a time. A document on which a process has died
`ALONE` times while the stage had nothing else in hand is put aside, and the run goes on. In reading
the suspects are the pieces that a reader takes: lines, row groups, files. The same file bounds
time: a call that takes too long is interrupted, or, where Python has no say (in code of an
extension), ends the process.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np

from cleaner.batch import Batch
from cleaner.io.limit import GRACE, Limit, TooSlow
from cleaner.io.records import Watch
from cleaner.io.store import TEMPORARY
from cleaner.text.jit import told_of_compilation

T = TypeVar("T")
ALONE = 2
"""Deaths on one document by itself before it is put aside; one may be an accident."""
BATCH_FACTOR = 4
"""A batch of several documents has so many times the time of one."""
_LATE = b"Timeout ("
"""How the traceback begins that `faulthandler` writes before it ends a process."""

READING = "read"
"""The stage of suspects that are pieces of the input."""

Reason = Literal["crash", "timeout"]


class Suspect(NamedTuple):
    """Documents that a process died on: ordinals `first` to `last`, of which none is innocent yet.

    `deaths` counts those with one document alone in hand; `reason` is that of the last one. In
    reading: a piece of `file`, see `cleaner.io.records.Watch`; -1 stands for all of a chunk.
    """

    stage: str
    first: int
    last: int
    deaths: int
    reason: Reason
    file: int = -1

    @property
    def place(self) -> tuple[str, int, int, int]:
        """What it is about, without what befell it."""
        return self.stage, self.file, self.first, self.last


@dataclass(frozen=True, slots=True)
class Crumb:
    """What a dead attempt left.

    Attributes:
        fingerprint: of the task.
        pid: of the process.
        here: whether it was the process of the run itself, not a worker's.
        now: the documents in hand; None between two calls.
        documents: how many they were.
        suspects: what the attempt was told to begin with.
    """

    fingerprint: str
    pid: int
    here: bool
    now: Suspect | None
    documents: int
    suspects: tuple[Suspect, ...]


class Trail:
    """The crumb of one attempt at a task, and the guard of the calls that it names.

    Use it as a context: the crumb goes when the attempt ends by itself, also by an error, but for
    `MemoryError`, which is a death that Python lived to tell.
    """

    def __init__(
        self,
        folder: Path,
        index: int,
        fingerprint: str,
        *,
        suspects: Sequence[Suspect] = (),
        seconds: float | None = None,
        isolated: bool = False,
    ) -> None:
        """Begin an attempt.

        Args:
            folder: of the phase.
            index: of the task.
            fingerprint: of the task.
            suspects: of attempts before it.
            seconds: that one document may take in one stage; None for any.
            isolated: the process is a worker, which may be ended where nothing else helps.
        """
        self.suspects = tuple(suspects)
        self._path = crumb_path(folder, index)
        self._fingerprint = fingerprint
        self._seconds = seconds
        self._isolated = isolated
        self._file = -1
        self._armed = False
        self._left = 0.0
        self._since = 0.0
        self._previous: Any = None
        self._can_interrupt = False

    def __enter__(self) -> Trail:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        is_main = threading.current_thread() is threading.main_thread()
        is_free = signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, signal.SIG_IGN)
        if self._seconds is not None and is_main and is_free:  # else it is another's alarm
            self._previous = signal.signal(signal.SIGALRM, self._interrupt)
            self._can_interrupt = True
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._can_interrupt:
            signal.signal(signal.SIGALRM, self._previous or signal.SIG_DFL)
        os.close(self._file)
        if kind is None or not issubclass(kind, MemoryError):
            self._path.unlink(missing_ok=True)

    def call(self, function: Callable[[Batch], T], batch: Batch, stage: str) -> T:
        """Call a stage's function on documents.

        Raises:
            TooSlow: it took longer than the documents may.
            BaseException: whatever it raises.
        """
        if not batch.num_docs:
            return function(batch)
        ordinals = batch.ordinals
        self._note(Suspect(stage, int(ordinals[0]), int(ordinals[-1]), 0, "crash"), batch.num_docs)
        with self._limit(batch.num_docs):
            result = function(batch)
        self._note(None, 0)
        return result

    def reading(self, parts: int) -> Watch | None:
        """Begin to read a chunk of so many parts; what is to be asked about each piece of it.

        A first attempt asks nothing: only after a death is the chunk read piece by piece.
        """
        suspects = [s for s in self.suspects if s.stage == READING]
        if not suspects:
            self._note(Suspect(READING, 0, parts, 0, "crash"), max(parts, 2))
            return None
        deadly = {(s.file, s.first, s.last): s.reason for s in suspects if s.deaths >= ALONE}

        def watch(file: int, start: int, end: int) -> str:
            reason = deadly.get((file, start, end), "")
            if not reason:
                self._note(Suspect(READING, start, end, 0, "crash", file), 1)
            return reason

        return watch

    def limit(self, seconds: float) -> Limit:
        """What bounds the time of each call of a reader that is not built in."""
        return Limit(seconds, self._file if self._isolated else None)

    def poisoned(self, stage: str) -> dict[int, Reason]:
        """The documents that this stage does not get any more, and why."""
        return {
            s.first: s.reason
            for s in self.suspects
            if s.stage == stage and s.first == s.last and s.deaths >= ALONE
        }

    def pieces(self, batch: Batch, stage: str) -> Iterator[Batch]:
        """A batch in pieces that may be given to a stage at once: suspects one by one."""
        ordinals = batch.ordinals
        alone = np.zeros(batch.num_docs, bool)
        for s in self.suspects:
            if s.stage == stage:
                alone |= (ordinals >= s.first) & (ordinals <= s.last)
        if not alone.any():
            yield batch
            return
        change = np.flatnonzero(alone[1:] | alone[:-1]) + 1
        for rows in np.split(np.arange(batch.num_docs), change):
            yield batch.take(rows)

    def _note(self, now: Suspect | None, documents: int) -> None:
        data = {
            "fingerprint": self._fingerprint,
            "pid": os.getpid(),
            "here": not self._isolated,
            "now": now,
            "documents": documents,
            "suspects": self.suspects,
        }
        line = json.dumps(data).encode() + b"\n"
        os.pwrite(self._file, line, 0)
        os.ftruncate(self._file, len(line))
        os.lseek(self._file, 0, os.SEEK_END)  # where a traceback would go

    @contextmanager
    def _limit(self, documents: int) -> Iterator[None]:
        """Interrupt what takes too long; what kernels take to compile is no document's fault."""
        if self._seconds is None:
            yield
            return
        self._left = self._seconds * (1 if documents == 1 else BATCH_FACTOR)
        with told_of_compilation(self._disarm, self._arm):
            try:
                self._arm()
                yield
            finally:
                self._disarm()

    def _arm(self) -> None:
        """Let the time that is left begin to run."""
        self._since = time.perf_counter()
        if self._isolated:
            faulthandler.dump_traceback_later(self._left + GRACE, file=self._file, exit=True)
        if self._can_interrupt:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self._left)

    def _disarm(self) -> None:
        """Stop the clock; a thousandth of a second is left at least, for none would be for ever."""
        self._armed = False
        if self._can_interrupt:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if self._isolated:
            faulthandler.cancel_dump_traceback_later()
        self._left = max(self._left - (time.perf_counter() - self._since), 0.001)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._armed:
            raise TooSlow


def crumb_path(folder: Path, index: int) -> Path:
    """Where the crumb of a task lies; it goes with what else a dead attempt leaves."""
    return folder / f"{index:05d}.crumb{TEMPORARY}"


def read_crumb(path: Path) -> Crumb | None:
    """What a dead attempt left; None if it is not there or is no crumb."""
    try:
        line, _, rest = path.read_bytes().partition(b"\n")
        raw = json.loads(line)
        now = Suspect(*raw["now"]) if raw["now"] else None
        if now and _LATE in rest:
            now = now._replace(reason="timeout")
        suspects = tuple(Suspect(*s) for s in raw["suspects"])
        return Crumb(raw["fingerprint"], raw["pid"], raw["here"], now, raw["documents"], suspects)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def suspects_of(crumb: Crumb) -> tuple[Suspect, ...]:
    """What the next attempt is told: what this one was, and what it died on."""
    now = crumb.now
    if now is None:
        return crumb.suspects
    if crumb.documents > 1:
        return tuple(dict.fromkeys((*crumb.suspects, now)))
    same = [s for s in crumb.suspects if s.place == now.place]
    deaths = 1 + sum(s.deaths for s in same)
    others = (s for s in crumb.suspects if s not in same)
    return (*others, now._replace(deaths=deaths))


def left_here(folder: Path) -> dict[int, Crumb]:
    """Task → crumb, of attempts in the process of a run that died: the run goes on without them."""
    found = {}
    for path in folder.glob(f"*.crumb{TEMPORARY}"):
        crumb = read_crumb(path)
        stem = path.name.partition(".")[0]
        if crumb is not None and crumb.here and stem.isdigit():
            found[int(stem)] = crumb
    return found


def in_words(crumb: Crumb) -> str:
    """What was in hand, for people."""
    now = crumb.now
    if now is None:
        return "between two calls of a stage"
    if now.stage == READING:
        if now.file < 0:
            return "reading"
        return "reading one file by itself" if now.first < 0 else "reading one piece by itself"
    if crumb.documents == 1:
        return f"stage {now.stage}, document {now.first} by itself"
    return f"stage {now.stage}, {crumb.documents} documents from {now.first} to {now.last}"
