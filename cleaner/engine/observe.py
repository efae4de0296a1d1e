"""What a driver tells while it runs; the terminal shows it, a log keeps it, tests ignore it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cleaner.engine.phases import Phase
from cleaner.engine.tasks import TaskReport


@dataclass(frozen=True, slots=True)
class Load:
    """How much a phase has to do: tasks, those done before, bytes of text in all and per task."""

    tasks: int
    done: int
    bytes: int
    bytes_per_task: tuple[int, ...]


class Observer(Protocol):
    """Called by the driver, in its own process."""

    def phase_started(self, phase: Phase, load: Load) -> None:
        """A phase begins; some of its tasks may have been done by an earlier run."""
        ...

    def task_done(self, phase: Phase, report: TaskReport) -> None:
        """A task was committed."""
        ...

    def phase_done(self, phase: Phase) -> None:
        """All tasks of a phase are committed."""
        ...

    def message(self, text: str) -> None:
        """Something that a user should read."""
        ...


class Silent:
    """Shows nothing."""

    def phase_started(self, phase: Phase, load: Load) -> None:
        """See `Observer`."""

    def task_done(self, phase: Phase, report: TaskReport) -> None:
        """See `Observer`."""

    def phase_done(self, phase: Phase) -> None:
        """See `Observer`."""

    def message(self, text: str) -> None:
        """See `Observer`."""


class Log:
    """Appends one JSON object per event to `run.log`, and passes the event on."""

    def __init__(self, path: Path, inner: Observer) -> None:
        self._path = path
        self._inner = inner

    def phase_started(self, phase: Phase, load: Load) -> None:
        """See `Observer`."""
        self.write(
            "phase_started", phase=phase.folder, label=phase.label, tasks=load.tasks, done=load.done
        )
        self._inner.phase_started(phase, load)

    def task_done(self, phase: Phase, report: TaskReport) -> None:
        """See `Observer`."""
        self.write(
            "task_done", phase=phase.folder, index=report.task.index, seconds=round(report.wall, 3)
        )
        self._inner.task_done(phase, report)

    def phase_done(self, phase: Phase) -> None:
        """See `Observer`."""
        self.write("phase_done", phase=phase.folder)
        self._inner.phase_done(phase)

    def message(self, text: str) -> None:
        """See `Observer`."""
        self.write("message", text=text)
        self._inner.message(text)

    def write(self, event: str, **values: Any) -> None:
        """Append one event."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(
                json.dumps(
                    {"time": round(time.time(), 3), "event": event, **values}, ensure_ascii=False
                )
                + "\n"
            )
