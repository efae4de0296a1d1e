"""Runners run tasks, in any order, maybe twice; they never see a document."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol

from cleaner.engine.tasks import Task, TaskReport, execute
from cleaner.errors import WorkerDied

RETRIES = 3
"""Times that a pool is built anew after a worker was killed, before the run gives up."""


class Runner(Protocol):
    """The seam between the plan and what does the work."""

    def run(self, tasks: Sequence[Task]) -> Iterator[TaskReport]:
        """Run tasks; report each when it is committed. An error of a task ends the run."""
        ...

    def close(self) -> None:
        """Let go of processes; those that still work are stopped."""
        ...


class Inline:
    """Runs tasks in this process, one after the other."""

    def run(self, tasks: Sequence[Task]) -> Iterator[TaskReport]:
        """See `Runner`."""
        for task in tasks:
            yield execute(task)

    def close(self) -> None:
        """Nothing to let go of."""


class Pool:
    """A pool of worker processes here; a worker that was killed costs its task a second try."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._executor: ProcessPoolExecutor | None = None

    def run(self, tasks: Sequence[Task]) -> Iterator[TaskReport]:
        """See `Runner`.

        Raises:
            WorkerDied: workers were killed again and again.
        """
        waiting = list(reversed(tasks))
        running: dict[Future[TaskReport], Task] = {}
        deaths = 0
        while waiting or running:
            executor = self._start()
            broken: list[Task] = []
            try:
                while waiting and len(running) < 2 * self._workers:
                    task = waiting.pop()
                    running[executor.submit(execute, task)] = task
            except BrokenProcessPool:
                broken.append(task)
            done, _ = wait(running, return_when=FIRST_COMPLETED) if running else (set(), set())
            for future in done:
                task = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    broken.append(task)
            if broken:
                deaths += 1
                broken += running.values()
                running.clear()
                self.close()
                if deaths > RETRIES:
                    raise WorkerDied(
                        f"worker processes were killed {deaths} times, most likely because memory "
                        "ran out; run the same command again with fewer --workers or a smaller "
                        "engine.shard_bytes: finished work is kept (a script that calls run() "
                        "needs `if __name__ == '__main__':` around it)"
                    )
                waiting += sorted(broken, key=lambda t: -t.index)

    def close(self) -> None:
        """Stop the workers."""
        if self._executor is None:
            return
        executor, self._executor = self._executor, None
        processes = list((getattr(executor, "_processes", None) or {}).values())
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()

    def _start(self) -> ProcessPoolExecutor:
        if self._executor is None:
            # spawn: a fork of a process with Arrow's threads can hang
            self._executor = ProcessPoolExecutor(
                self._workers, multiprocessing.get_context("spawn"), _prepare, (os.getpid(),)
            )
        return self._executor


def _prepare(parent: int) -> None:
    """In a new worker: one thread, no Ctrl-C of its own, and an end when the driver is gone."""
    import pyarrow as pa

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pa.set_cpu_count(1)
    allow_many_files()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def make_runner(kind: str, workers: int) -> Runner:
    """The runner for an engine kind; one worker needs no second process."""
    if kind == "inline" or workers == 1:
        return Inline()
    return Pool(workers)


def allow_many_files() -> None:
    """Let this process open as many files as it may: a merge reads from every shard."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # some systems name a limit that they do not grant
            return


def available_cpus() -> int:
    """CPUs that this process may use."""
    return max(
        1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
