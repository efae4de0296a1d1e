"""Progress: a live bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import pytest
from rich.console import Console

from cleaner.engine.observe import Load
from cleaner.engine.phases import Phase
from cleaner.engine.tasks import Task, TaskReport
from cleaner.io.store import Manifest
from cleaner.report.progress import Progress, Running

READ = Phase(0, "read", "read")
MAP = Phase(1, "map", "noise, tidy")
MERGE = Phase(2, "merge", "near_duplicates: merge")
WRITE = Phase(3, "write", "write")


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """As `time.monotonic` does."""
        return self.now


def console(*, terminal: bool = False, width: int = 80) -> Console:
    """A console that writes to a string."""
    return Console(
        file=io.StringIO(),
        width=width,
        height=24,
        force_terminal=terminal,
        _environ={"TERM": "xterm"},
    )


def printed(on: Console) -> str:
    """What a console got."""
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


def report(phase: Phase, index: int, **counts: object) -> TaskReport:
    """A task of a phase that was committed."""
    task = Task("context", "digest", phase.number, index, "print")
    return TaskReport(task, Manifest("print", (), counts, {}), 1.0)


def run(progress: Progress, clock: Clock) -> None:
    """A whole run of four phases."""
    with progress:
        progress.phase_started(READ, Load(2, 0, 10, (9, 1)))
        clock.now += 2
        progress.task_done(READ, report(READ, 1, batches=[[3, 1_000_000]]))
        clock.now += 2
        progress.task_done(READ, report(READ, 0, batches=[[1, 500_000], [1, 500_000]]))
        progress.phase_done(READ)
        progress.phase_started(MAP, Load(2, 1, 2_000_000, (1_500_000, 500_000)))
        clock.now += 70
        progress.task_done(MAP, report(MAP, 0))
        progress.phase_done(MAP)
        progress.phase_started(MERGE, Load(1, 1, 2_000_000, (2_000_000,)))
        progress.phase_done(MERGE)
        progress.message("look at [bold]this\x1b[2J")
        progress.phase_started(WRITE, Load(1, 0, 2_000_000, (2_000_000,)))
        clock.now += 1
        progress.task_done(WRITE, report(WRITE, 0, documents=5))
        progress.phase_done(WRITE)


def test_plain_lines_tell_start_and_end_of_each_phase() -> None:
    """Without a terminal: two lines a phase, no control characters, markup as it stands."""
    clock, on = Clock(), console()
    run(Progress(on, phases=4, clock=clock), clock)
    assert printed(on).splitlines() == [
        "[1/4] read: 2 tasks",
        "[1/4] read: done, 5 documents, 2.00 MB, 0.50 MB/s, 4.0 s",
        "[2/4] noise, tidy: 2 tasks, 1 of them done before",
        "[2/4] noise, tidy: done, 1.50 MB, 0.02 MB/s, 1:10 min",
        "[3/4] near_duplicates: merge: 1 task, 1 of them done before",
        "[3/4] near_duplicates: merge: done before",
        "look at [bold]this\\x1b[2J",
        "[4/4] write: 1 task",
        "[4/4] write: done, 5 documents, 2.00 MB, 2.00 MB/s, 1.0 s",
    ]


def test_a_terminal_keeps_one_line_of_each_phase() -> None:
    """What stays on the screen is a line a phase, its figures at the right; no bar stays."""
    clock, on = Clock(), console(terminal=True)
    run(Progress(on, phases=4, clock=clock), clock)
    text = printed(on)
    assert text.rstrip("\r").endswith("\x1b[?25h")  # the cursor is shown again
    lines = [_plain(line) for line in text.split("\n")]
    kept = [line for line in lines if len(line) == 80]
    assert [line.split()[0] for line in kept] == ["1/4", "2/4", "3/4", "4/4"]
    assert kept[1].endswith("1.50 MB  0.02 MB/s  1:10 min")
    assert kept[2].endswith(" done before")
    assert "\\x1b[2J" in text


def test_quiet_shows_nothing() -> None:
    """Not a byte, on a terminal or not."""
    for terminal in (True, False):
        clock, on = Clock(), console(terminal=terminal)
        run(Progress(on, quiet=True, clock=clock), clock)
        assert printed(on) == ""


def test_a_long_phase_says_every_so_often_how_far_it_is() -> None:
    """Share, amount, speed and time left, from the tasks of this run alone."""
    on = console()
    clock = Clock()
    with Progress(on, phases=4, every=0.01, clock=clock) as progress:
        progress.phase_started(MAP, Load(4, 0, 8_000_000, (2_000_000,) * 4))
        clock.now = 10.0
        progress.task_done(MAP, report(MAP, 2))
        wait_for(lambda: "25 %" in printed(on))
    assert "[2/4] noise, tidy:  25 %  2.00 MB  0.20 MB/s  30 s left" in printed(on).splitlines()


def test_time_left_counts_what_was_done_before_as_done() -> None:
    """Half was there, a quarter took ten seconds: ten seconds are left."""
    clock = Clock()
    running = Running(MAP, Load(4, 2, 400, (100, 100, 100, 100)), clock)
    assert running.share() == 0.5
    assert running.left() is None
    clock.now = 10.0
    running.add(report(MAP, 3))
    assert running.share() == 0.75
    assert running.left() == 10.0


def test_a_chunk_of_any_number_may_come_alone() -> None:
    """With --limit one chunk is read at a time: its number is not its place in the load."""
    with Progress(console(), phases=4) as progress:
        for number in range(3):
            progress.phase_started(READ, Load(1, 0, 900, (900,)))
            progress.task_done(READ, report(READ, number, batches=[[2, 1_000_000]]))
            progress.phase_done(READ)


def test_reading_some_chunk_by_chunk_is_one_phase() -> None:
    """With --limit the read phase begins again with more chunks; it is shown once."""
    clock, on = Clock(), console()
    with Progress(on, phases=4, clock=clock) as progress:
        for chunks in (1, 2, 3):
            progress.phase_started(READ, Load(chunks, chunks - 1, chunks, (1,) * chunks))
            clock.now += 1
            progress.task_done(READ, report(READ, chunks - 1, batches=[[2, 1_000_000]]))
            progress.phase_done(READ)
        progress.phase_started(MAP, Load(1, 0, 1, (1,)))
        progress.phase_done(MAP)
    lines = printed(on).splitlines()
    assert lines[:2] == [
        "[1/4] read: 1 task",
        "[1/4] read: done, 6 documents, 3.00 MB, 1.00 MB/s, 3.0 s",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_run_that_fails_says_where(terminal: bool) -> None:
    """The phase that was stopped, and how many of its tasks are done."""
    clock, on = Clock(), console(terminal=terminal)

    def fail() -> None:
        with Progress(on, phases=4, clock=clock) as progress:
            progress.phase_started(MAP, Load(3, 1, 3, (1, 1, 1)))
            clock.now += 5
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    text = _plain(printed(on))
    assert "stopped after 5.0 s" in text
    assert "1 of 3 tasks done" in text


def wait_for(claim: Callable[[], bool]) -> None:
    """Until it is so, five seconds at most."""
    for _ in range(500):
        if claim():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come true")


def _plain(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", text)
