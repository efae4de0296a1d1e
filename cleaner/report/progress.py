"""Progress of a run on stderr: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cleaner.report.figures import duration, megabytes, plural, rate
from cleaner.report.inert import inert

if TYPE_CHECKING:
    from cleaner.engine.observe import Load
    from cleaner.engine.phases import Phase
    from cleaner.engine.tasks import TaskReport

EVERY = 10.0
"""Seconds between two plain lines about a phase that goes on."""
_INDENT = 6
_BEFORE = "done before"


class Progress:
    """An `Observer` that shows each phase: the running one with bar, speed and time left.

    Use it as a context manager. On a terminal the running phase is drawn live, and finished ones
    stay above it; elsewhere a phase prints a line when it begins, every `every` seconds, and when
    it ends. `quiet` shows nothing at all. `phases` is how many there are, if that is known.
    """

    def __init__(
        self,
        console: Console,
        quiet: bool = False,
        *,
        phases: int | None = None,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._quiet = quiet
        self._phases = phases
        self._every = every
        self._clock = clock
        self._running: Running | None = None
        self._finished = False
        self._live: Live | None = None
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._quiet:
            return self
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(
                get_renderable=self._picture,
                console=self._console,
                refresh_per_second=4,
                transient=True,
                redirect_stdout=False,
            )
            self._live.start()
        else:
            self._ticker = threading.Thread(target=self._tick, daemon=True)
            self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._ticker is not None:
            self._ticker.join()
        if kind is None:
            self._close_phase()
        elif self._running is not None:
            self._say(self._stopped(self._running))
        self._running = None
        if self._live is not None:
            self._live.stop()

    def phase_started(self, phase: Phase, load: Load) -> None:
        """See `Observer`."""
        running = self._running
        if running is not None and running.number == phase.number:
            running.resize(load)  # reading goes on chunk by chunk where only some are wanted
            self._finished = False
            return
        self._close_phase()
        self._running = running = Running(phase, load, self._clock)
        if self._live is None:
            done = f", {load.done} of them done before" if load.done else ""
            self._say(self._line(running, f"{plural(load.tasks, 'task')}{done}"))

    def task_done(self, phase: Phase, report: TaskReport) -> None:
        """See `Observer`."""
        if self._running is not None and self._running.number == phase.number:
            self._running.add(report)

    def phase_done(self, phase: Phase) -> None:
        """See `Observer`."""
        self._finished = self._running is not None and self._running.number == phase.number
        if self._running is not None and phase.kind != "read":
            self._close_phase()

    def message(self, text: str) -> None:
        """See `Observer`."""
        self._say(Text(inert(text, keep="\n")))

    def _close_phase(self) -> None:
        """Leave the line of a finished phase on the screen."""
        running, self._running = self._running, None
        if running is None or not self._finished:
            return
        self._finished = False
        self._say(self._line(running, *running.result(), done=True))

    def _say(self, line: Text | Table) -> None:
        if not self._quiet:
            self._console.print(line, soft_wrap=isinstance(line, Text))

    def _line(self, running: Running, *facts: str, done: bool = False) -> Text | Table:
        """`[2/8] noise, tidy: 45 %, 12.3 MB`; on a terminal the facts stand at the right."""
        if self._live is None:
            end = ["done", *facts] if done and facts != (_BEFORE,) else facts
            return Text(f"{self._number(running)} {running.label}: {', '.join(end)}")
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=_INDENT - 1, justify="right", no_wrap=True)
        table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        mark = "green" if done else "yellow"
        table.add_row(
            Text(self._number(running), style="dim"),
            Text(running.label, style=mark),
            Text("  ".join(facts), style="dim"),
        )
        return table

    def _number(self, running: Running) -> str:
        if self._live is not None:
            return (
                f"{running.number + 1}/{self._phases}" if self._phases else f"{running.number + 1}"
            )
        total = f"/{self._phases}" if self._phases else ""
        return f"[{running.number + 1}{total}]"

    def _stopped(self, running: Running) -> Text | Table:
        kept = f"{running.done} of {plural(running.tasks, 'task')} done"
        return self._line(running, f"stopped after {duration(running.seconds())}", kept)

    def _picture(self) -> Group:
        """The running phase as it is drawn on a terminal."""
        running = self._running
        if running is None:
            return Group()
        label = Text(running.label, style="bold", overflow="ellipsis", no_wrap=True)
        head = Table.grid(padding=(0, 1))
        head.add_column(width=_INDENT - 1, justify="right", no_wrap=True)
        head.add_row(Text(self._number(running), style="bold"), label)
        body = Table.grid(padding=(0, 1))
        body.add_column(width=_INDENT - 1)
        body.add_row(
            "", ProgressBar(total=1.0, completed=running.share(), width=30), running.facts()
        )
        return Group(head, body)

    def _tick(self) -> None:
        """Every so often a line about the phase that goes on."""
        while not self._stop.wait(self._every):
            running = self._running
            if running is not None and not self._finished:
                self._say(self._line(running, running.facts().plain))


class Running:
    """A phase while it runs: what is done of it, by count and by weight."""

    def __init__(self, phase: Phase, load: Load, clock: Callable[[], float]) -> None:
        self.number = phase.number
        self.label = inert(phase.label) or phase.kind
        self._kind = phase.kind
        self._clock = clock
        self._started = clock()
        self._bytes = self._documents = 0
        self._gained = 0.0
        self.tasks = self.done = 0
        self.resize(load)

    def resize(self, load: Load) -> None:
        """Take over a load: anew, or grown."""
        self.tasks, self.done = load.tasks, load.done
        # a chunk of the input is about as big as another, but its bytes on disk say little
        self._is_even = (
            self._kind == "read" or len(load.bytes_per_task) != load.tasks or not load.bytes
        )
        self._weights = (1,) * load.tasks if self._is_even else load.bytes_per_task
        self._total = max(1, sum(self._weights))
        self._before = self._total * load.done / max(1, load.tasks)
        self._gained = 0.0

    def add(self, report: TaskReport) -> None:
        """Count a task that was committed."""
        self.done += 1
        # a phase of single tasks (reading with a limit) goes on counting its tasks
        weight = 1 if self._is_even else self._weights[report.task.index]
        self._gained += weight
        counts = report.manifest.counts
        if self._kind == "read":
            batches = counts.get("batches", ())
            self._documents += sum(n for n, _ in batches)
            self._bytes += sum(size for _, size in batches)
        elif self._kind != "merge":
            self._documents += counts.get("documents", 0)
            self._bytes += 0 if self._is_even else weight

    def seconds(self) -> float:
        """Since the phase began."""
        return self._clock() - self._started

    def share(self) -> float:
        """What is done, from 0 to 1."""
        return min(1.0, (self._before + self._gained) / self._total)

    def left(self) -> float | None:
        """Seconds that it will take at the speed so far; None while that is unknown."""
        if not self._gained or self.share() >= 1:
            return None
        rest = self._total - self._before - self._gained
        return max(0.0, rest) * self.seconds() / self._gained

    def facts(self) -> Text:
        """`45 %  12.3 MB  4.10 MB/s  1:05 min left`."""
        left = self.left()
        facts = [f"{self.share():4.0%}".replace("%", " %"), *self._amount()]
        facts.append(f"{duration(left)} left" if left is not None else duration(self.seconds()))
        return Text("  ".join(facts))

    def result(self) -> list[str]:
        """What the line of a finished phase says."""
        if self.done and not self._gained:
            return [_BEFORE]
        return [*self._amount(), duration(self.seconds())]

    def _amount(self) -> list[str]:
        """Documents and bytes so far, and the speed; parts of a merge, whose rows are small."""
        if self._kind == "merge":
            return [f"{self.done} of {plural(self.tasks, 'part')}"]
        documents = [plural(self._documents, "document")] if self._documents else []
        if not self._bytes:
            return documents
        return [*documents, megabytes(self._bytes), rate(self._bytes, self.seconds())]
