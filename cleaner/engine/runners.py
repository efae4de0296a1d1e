"""Runners run tasks, in any order, maybe twice; they never see a document."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Protocol

from cleaner.engine.compiled import is_compiled
from cleaner.engine.heap import keep_freed_memory
from cleaner.engine.tasks import Task, TaskReport, after_death, describe_task, execute
from cleaner.errors import WorkerDied

RETRIES = 3
"""Deaths that nothing explains, one after the other, after which the run gives up at the next."""
EXPLAINED = 60
"""Deaths on documents, without a task that gets done in between, after which it gives up."""

Say = Callable[[str], None]


class Runner(Protocol):
    """The seam between the plan and what does the work."""

    def run(self, tasks: Sequence[Task]) -> Iterator[TaskReport]:
        """Run tasks; report each when it is committed. An error of a task ends the run."""
        ...

    def close(self) -> None:
        """Let go of processes; those that still work are stopped."""
        ...


class Deaths:
    """What the deaths of processes add up to: a document found, another try, or the end."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._explained = self._unexplained = 0

    def task_done(self) -> None:
        """A task was committed: the run gets on."""
        self._explained = self._unexplained = 0

    def again(
        self,
        tasks: Sequence[Task],
        how: str,
        pids: Container[int] | None = None,
        at_once: int = 1,
    ) -> list[Task]:
        """The tasks that died together (of which the processes `pids` by themselves), to be rerun.

        Where one loss may be told `at_once` times, for each task that it cost, it counts as one.

        Raises:
            WorkerDied: there is no end to it.
        """
        result, found = [], []
        for task in tasks:
            task, words = after_death(task, pids)  # noqa: PLW2901  the same task, with what is new
            result.append(task)
            if words:
                found.append(words)
        self._explained += bool(found)
        self._unexplained += not found
        shown = found or [describe_task(t) for t in result[:3]]
        where = f"in {'; '.join(shown)}" if found else f"running: {'; '.join(shown)}"
        self._say(f"{how} ({where}); trying again")
        if self._unexplained > RETRIES * at_once or self._explained > EXPLAINED:
            times = self._unexplained + self._explained
            raise WorkerDied(
                f"worker processes were killed {times} times, most likely because memory "
                f"ran out ({how}, {where}); run the same command again with fewer --workers or "
                "a smaller engine.shard_bytes: finished work is kept (a script that calls run() "
                "needs `if __name__ == '__main__':` around it)"
            )
        return result


class Inline:
    """Runs tasks in this process, one after the other."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def run(self, tasks: Sequence[Task]) -> Iterator[TaskReport]:
        """See `Runner`."""
        deaths = Deaths(self._say)
        waiting = list(reversed(tasks))
        while waiting:
            task = waiting.pop()
            try:
                report = execute(task)
            except MemoryError:
                waiting += deaths.again([task], "memory ran out")
                continue
            deaths.task_done()
            yield report

    def close(self) -> None:
        """Nothing to let go of."""


class Pool:
    """A pool of worker processes here; a worker that was killed costs its task a second try."""

    def __init__(self, workers: int, say: Say) -> None:
        self._workers = workers
        self._say = say
        self._executor: ProcessPoolExecutor | None = None

    def run(self, tasks: Sequence[Task]) -> Iterator[TaskReport]:
        """See `Runner`.

        Raises:
            WorkerDied: workers were killed again and again.
        """
        waiting = list(reversed(tasks))
        running: dict[Future[TaskReport], Task] = {}
        deaths = Deaths(self._say)
        is_warm = is_compiled()  # else the first task alone compiles, for all
        while waiting or running:
            executor = self._start()
            broken: list[Task] = []
            most = 2 * self._workers if is_warm else 1
            try:
                while waiting and len(running) < most:
                    task = waiting.pop()
                    running[executor.submit(_execute, task)] = task
            except BrokenProcessPool:
                broken.append(task)
            done, _ = wait(running, return_when=FIRST_COMPLETED) if running else (set(), set())
            for future in done:
                task = running.pop(future)
                try:
                    report = future.result()
                except BrokenProcessPool:
                    broken.append(task)
                except MemoryError:
                    waiting += deaths.again([task], "memory ran out in a worker")
                else:
                    deaths.task_done()
                    is_warm = True
                    yield report
            if broken:
                broken += running.values()
                running.clear()
                dead = _dead(self._stop())
                how = "a worker process died" + "".join(f", {w}" for w in set(dead.values()))
                waiting += deaths.again(sorted(broken, key=lambda t: -t.index), how, dead)

    def close(self) -> None:
        """Stop the workers."""
        self._stop()

    def _stop(self) -> list[BaseProcess]:
        """Stop the workers; their processes, all of them ended."""
        if self._executor is None:
            return []
        executor, self._executor = self._executor, None
        processes = list((getattr(executor, "_processes", None) or {}).values())
        manager = getattr(executor, "_executor_manager_thread", None)
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
        if manager is not None:
            manager.join(5)  # else it may close its pipe while Python's exit writes to it
        return processes

    def _start(self) -> ProcessPoolExecutor:
        if self._executor is None:
            # spawn: a fork of a process with Arrow's threads can hang
            self._executor = ProcessPoolExecutor(
                self._workers, multiprocessing.get_context("spawn"), _prepare, (os.getpid(),)
            )
        return self._executor


_execute = partial(execute, isolated=True)


def _dead(processes: Sequence[BaseProcess]) -> dict[int, str]:
    """Those that ended by themselves, and how; the others were ended with them, by SIGTERM."""
    dead = {}
    for process in processes:
        code = process.exitcode
        if process.pid is None or code is None or code in (0, -signal.SIGTERM):
            continue
        dead[process.pid] = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return dead


def _prepare(parent: int) -> None:
    """In a new worker: one thread, no Ctrl-C of its own, and an end when the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    be_frugal()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def be_frugal() -> None:
    """In a worker: one thread for Arrow, and as many open files as are allowed."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    allow_many_files()


def allow_many_files() -> None:
    """Let this process open as many files as it may: a merge reads from every shard."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # some systems name a limit that they do not grant
            return
