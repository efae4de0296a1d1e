"""What a command costs: CPU seconds and memory of its whole process tree."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

INTERVAL = 0.1
"""Seconds between two looks at the memory."""
_THREADS = (
    "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "ARROW_IO_THREADS",
    "TOKENIZERS_PARALLELISM",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """One run: exit code, wall and CPU (user + system) seconds, bytes of resident memory at most.

    CPU counts every process of the tree that was waited for. Memory is the sum over the tree as it
    was sampled, or the most that a single process had, whichever is more; pages that processes
    share count in each.
    """

    exit_code: int
    wall: float
    cpu: float
    memory: int


def measure(
    command: Sequence[str], cores: int, log: Path, timeout: float, extra: Mapping[str, str]
) -> Cost:
    """Run a command on so many cores, its output in `log`; killed with its tree after `timeout` s.

    Raises:
        OSError: it cannot be started.
        TimeoutError: it took too long.
    """
    with log.open("wb") as output:
        started = time.perf_counter()
        job = subprocess.Popen(
            [*pinning(cores), *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(cores, extra),
            start_new_session=True,
        )
        try:
            status, usage, peak = _watch(job.pid, started + timeout)
        except BaseException:
            _kill(job)
            raise
    wall = time.perf_counter() - started
    job.returncode = os.waitstatus_to_exitcode(status)
    memory = max(peak, usage.ru_maxrss * 1024)
    return Cost(job.returncode, wall, usage.ru_utime + usage.ru_stime, memory)


def _watch(pid: int, until: float) -> tuple[int, resource.struct_rusage, int]:
    """Wait for a process: its status, what it used, the most memory that its tree had (bytes)."""
    peak = 0
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return status, usage, peak
        if time.perf_counter() > until:
            raise TimeoutError("took too long")
        peak = max(peak, _resident(pid))
        time.sleep(INTERVAL)


def pinning(cores: int) -> list[str]:
    """The words before a command that pin it to the first cores that this process may use."""
    if not hasattr(os, "sched_getaffinity"):
        return []
    mine = sorted(os.sched_getaffinity(0))
    taskset = next((p for p in ("/usr/bin/taskset", "/bin/taskset") if Path(p).exists()), None)
    if taskset is None or len(mine) <= cores:
        return []
    return [taskset, "-c", ",".join(map(str, mine[:cores]))]


def environment(cores: int, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a run: thread pools limited, no network, no sources of this folder."""
    names = {name: str(cores) for name in _THREADS} | {"TOKENIZERS_PARALLELISM": "false"}
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return {**inherited, **names, **offline, **extra}


def _resident(pid: int) -> int:
    """Bytes of resident memory of a process and all below it."""
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for process in tree:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total


def _kill(job: subprocess.Popen[bytes]) -> None:
    """End a job and its session."""
    os.killpg(job.pid, 9)
    os.waitpid(job.pid, 0)
    job.returncode = -9
