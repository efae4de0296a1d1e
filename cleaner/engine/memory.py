"""What a run may hold in memory: how many workers that is, and what each may sort at a time.

The figures are peaks of proportional set size that `benchmarks/pipeline.py` measured with
`configs/vi-news.yaml`: see docs/scale.md.
"""

from __future__ import annotations

import os
from pathlib import Path

from cleaner.config.model import Engine

SHARE = 0.7
"""Of the memory that is free, what "auto" takes."""
DRIVER_BYTES = 192 << 20
"""The process of the command itself."""
WORKER_BYTES = 512 << 20
"""A worker with its code, models and kernels, and a batch in hand."""
PER_SHARD_BYTE = 4
"""What a byte of a shard's text adds to that: rows for the exchange, and their sorted copy."""
SORT_SHARE = 0.2
"""The part of a worker's memory that rows of an exchange may take, before they are sorted."""
SORT_MIN, SORT_MAX = 16 << 20, 128 << 20
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_PRESSED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")


def budget(engine: Engine) -> int:
    """Bytes for all processes of a run on this machine together."""
    if engine.memory_budget != "auto":
        return engine.memory_budget
    return int(SHARE * available())


def worker_bytes(engine: Engine) -> int:
    """What one worker takes at most."""
    return WORKER_BYTES + PER_SHARD_BYTE * engine.shard_bytes


def workers_for(engine: Engine, cpus: int) -> int:
    """How many workers run at a time: as many as were asked for, if they fit the budget."""
    wanted = cpus if engine.workers == "auto" else engine.workers
    fitting = (budget(engine) - DRIVER_BYTES) // worker_bytes(engine)
    return max(1, min(wanted, fitting))


def sort_bytes(engine: Engine) -> int:
    """Bytes of rows that a merge sorts at a time; decides no byte of the output."""
    if engine.memory_budget == "auto":
        return SORT_MAX
    room = max(budget(engine) - DRIVER_BYTES, 0)
    workers = workers_for(engine, available_cpus())
    return min(SORT_MAX, max(SORT_MIN, int(SORT_SHARE * room / workers)))


def alone_bytes(engine: Engine) -> int:
    """Bytes that a task may take for itself while all other workers wait for it."""
    workers = workers_for(engine, available_cpus())
    left = budget(engine) - DRIVER_BYTES - workers * WORKER_BYTES
    return max(left, PER_SHARD_BYTE * engine.shard_bytes)


def too_small(engine: Engine) -> str:
    """What is wrong with a budget that not even one worker fits; "" if nothing is."""
    least = DRIVER_BYTES + worker_bytes(engine)
    if engine.memory_budget == "auto" or engine.memory_budget >= least:
        return ""
    return (
        f"engine.memory_budget ({engine.memory_budget >> 20} MiB) is below what one worker takes "
        f"({least >> 20} MiB with shards of {engine.shard_bytes >> 20} MiB); the run goes on with "
        "one, and may take more"
    )


def available() -> int:
    """Bytes that could be had now, within the limits of the container; 4 GiB where nobody says."""
    lines = _read("/proc/meminfo").splitlines()
    found = [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
    for limit, used in zip(_CGROUPS, _PRESSED, strict=True):
        most = _read(limit).strip()
        if most.isdigit() and int(most) < 1 << 60:
            taken = _read(used).strip()
            found.append(int(most) - (int(taken) if taken.isdigit() else 0))
    return max(min(found), 0) if found else 4 << 30


def available_cpus() -> int:
    """CPUs that this process may use."""
    return max(
        1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text("ascii")
    except (OSError, ValueError):
        return ""
