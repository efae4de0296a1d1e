"""Runs that are killed: the same command goes on to the bytes of a run left in peace."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # has no types here
import pytest

from cleaner.config.load import resolved_yaml
from cleaner.engine.driver import run
from cleaner.errors import LockedError, WorkerDied
from tests.engine.runs import (
    PAGE,
    STAGES,
    bytes_of,
    make_config,
    make_corpus,
    make_run,
    rows_of,
    start,
    write_records,
)

MEND, WORDS = f"{STAGES}Mend", f"{STAGES}FirstWords"
SLOW = {"use": f"{STAGES}Slow", "seconds": 0.01}
CHEAP = [MEND, WORDS]
FULL = [MEND, "repeats", WORDS, SLOW, "exact_duplicates", "near_duplicates"]
SMALL = {"kind": "inline", "shard_bytes": "6KB"}


def write_config(tmp: Path, stages: Sequence[Any], **settings: Any) -> Path:
    """A config file for another process."""
    path = tmp / "config.yaml"
    path.write_text(resolved_yaml(make_config(tmp, stages, **settings)))
    return path


def processes_of(group: int) -> list[psutil.Process]:
    """The living processes of a session."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def wait_for(claim: Callable[[], bool], seconds: float = 120) -> bool:
    """Whether a function comes true in time; much more of it than a busy machine needs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("point", "number"),
    [
        ("manifest", 5),
        ("publish", 3),
        pytest.param("named", 11, marks=pytest.mark.slow),
        pytest.param("manifest", 1, marks=pytest.mark.slow),
        pytest.param("publish", 1, marks=pytest.mark.slow),
        pytest.param("published", 1, marks=pytest.mark.slow),
    ],
)
def test_a_kill_at_a_commit_point_costs_nothing(tmp: Path, point: str, number: int) -> None:
    """Killed between two steps of a commit, or of publishing, a run goes on as if it was not."""
    make_corpus(tmp / "in", 16)
    config = make_config(tmp, CHEAP, engine=SMALL)
    process = start(
        "tests.engine.kill_at", point, str(number), str(write_config(tmp, CHEAP, engine=SMALL))
    )
    output, _ = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, output
    assert (tmp / "run" / "manifest.json").exists() == (point == "published")
    run(config)
    make_run(tmp, CHEAP, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")
    assert not (tmp / "run" / "work").exists()


def test_ctrl_c_leaves_a_run_that_goes_on(tmp: Path) -> None:
    """Workers leave with the driver; what was committed is not done again."""
    write_records(tmp / "in" / "a.jsonl", [f"colour {i}" for i in range(60)])
    engine = {"kind": "local", "workers": 2, "shard_bytes": 300}
    (tmp / "pids").mkdir()
    stages: list[Any] = [MEND, {**SLOW, "seconds": 0.05, "pids": str(tmp / "pids")}]
    path = write_config(tmp, stages, engine=engine, keep_work=True)
    process = start("tests.engine.kill_at", "never", "1", str(path))
    maps = tmp / "run" / "work" / "01-map"
    try:
        assert wait_for(lambda: len(list(maps.glob("0*.json"))) >= 2)
        with pytest.raises(LockedError, match=f"in use by process {process.pid}"):
            make_run(tmp, stages, engine=engine, keep_work=True)
        os.kill(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert "KeyboardInterrupt" in output
    assert wait_for(lambda: not processes_of(process.pid))
    done = {p.name: p.stat().st_mtime_ns for p in maps.glob("0*.json")}
    total = len(list((tmp / "run" / "work" / "00-read").glob("0*.json")))
    assert 2 <= len(done) < total
    make_run(tmp, stages, engine={**engine, "kind": "inline"}, keep_work=True)
    assert {n: (maps / n).stat().st_mtime_ns for n in done} == done
    make_run(tmp, [MEND, {**stages[1], "seconds": 0.0, "pids": ""}], name="peace")
    ours, theirs = bytes_of(tmp / "run"), bytes_of(tmp / "peace")
    assert {n for n in ours if ours[n] != theirs[n]} <= {"manifest.json", PAGE}


def test_a_killed_worker_costs_a_second_try_only(tmp: Path) -> None:
    """The task is done again by a new worker; the output is the same."""
    texts = [f"colour {i}" + " KILL" * (i == 7) for i in range(12)]
    write_records(tmp / "in" / "a.jsonl", texts)
    (tmp / "lives").write_text("1")
    stages = [MEND, {"use": f"{STAGES}KillWorker", "lives": str(tmp / "lives")}]
    make_run(tmp, stages, engine={"kind": "local", "workers": 2, "shard_bytes": 100})
    assert (tmp / "lives").read_text() == "0"
    make_run(tmp, stages, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


@pytest.mark.slow
def test_workers_that_die_again_and_again_stop_the_run(tmp: Path) -> None:
    """Three new pools, then an error that says what to do; after that the run can go on."""
    write_records(tmp / "in" / "a.jsonl", ["a", "b"])
    (tmp / "lives").write_text("99")
    stages = [{"use": "tests.faults.stages:DeadOnArrival", "lives": str(tmp / "lives")}]
    engine = {"kind": "local", "workers": 2}
    with pytest.raises(WorkerDied, match="killed 4 times"):
        make_run(tmp, stages, engine=engine)
    assert (tmp / "lives").read_text() == "95"
    (tmp / "lives").write_text("0")
    make_run(tmp, stages, engine=engine)
    assert len(rows_of(tmp / "run", "corpus")) == 2


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["group", "driver"])
def test_kill_9_at_random_moments(tmp: Path, victim: str) -> None:
    """Ten kills of everything, or of the driver alone; then the same bytes as without any."""
    make_corpus(tmp / "in", 60)
    engine = {"kind": "local", "workers": 2, "shard_bytes": "5KB"}
    path = write_config(tmp, FULL, engine=engine)
    draw = random.Random(victim)
    kills = 0
    for _ in range(40):
        process = start("tests.engine.kill_at", "never", "1", str(path))
        try:
            process.communicate(timeout=draw.uniform(0.5, 6.0))
            break
        except subprocess.TimeoutExpired:
            kills += 1
            if victim == "group":
                os.killpg(process.pid, signal.SIGKILL)
            else:  # go on at once: orphans may still be at work
                os.kill(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
            if kills == 10:
                break
    assert kills == 10 or process.returncode == 0
    assert wait_for(lambda: not processes_of(process.pid)), "workers outlive their driver"
    run(make_config(tmp, FULL, engine=engine))
    make_run(tmp, FULL, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")
