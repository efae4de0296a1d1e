"""A reader of a plugin that hangs: its record is put aside, the rest is read, the run ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cleaner.io.limit import Limit, TooSlow
from cleaner.io.verify import verify
from tests.engine.runs import ROOT, bytes_of, rows_of

READER = """
import ctypes, time
from cleaner.reader import Reader, Record

def read(stream, settings):
    for line in stream.read().decode().splitlines():
        if line.startswith("SLEEP"):
            time.sleep(3600)
        if line.startswith("SWALLOW"):
            end = time.monotonic() + 3600
            while time.monotonic() < end:
                try:
                    time.sleep(3600)
                except BaseException:
                    pass
        if line.startswith("NATIVE"):  # holds the interpreter's lock for ever
            mutex = ctypes.create_string_buffer(64)
            ctypes.PyDLL(None).pthread_mutex_lock(mutex)
            ctypes.PyDLL(None).pthread_mutex_lock(mutex)
        yield Record(line)

LINES = Reader((".lines",), read)
"""


def install(folder: Path) -> None:
    """A package with the reader, as pip leaves it."""
    folder.mkdir()
    (folder / "slow_lines.py").write_text(READER)
    about = folder / "slow_lines-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-lines\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[cleaner.readers]\nlines = slow_lines:LINES\n")


def cleaner(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, with the package on the path; it must end."""
    paths = os.pathsep.join(map(str, (place / "site", ROOT)))
    return subprocess.run(
        [sys.executable, "-m", "cleaner", *words],
        cwd=place,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def make(place: Path, word: str, kind: str) -> Path:
    """A config over three files, the second of which makes the reader hang at its third line."""
    install(place / "site")
    (place / "in").mkdir()
    for name in "abc":
        lines = [f"{name} {number} is a line of text" for number in range(4)]
        if name == "b":
            lines[2] = f"{word} b"
        (place / "in" / f"{name}.lines").write_text("\n".join(lines))
    config = {
        "name": "lines",
        "input": ["in"],
        "output": "out",
        "read": {"readers": ["lines"]},
        "stages": [{"use": "tidy"}],
        "max_bad": 1.0,
        "engine": {"kind": kind, "workers": 2, "document_seconds": 0.5, "shard_bytes": 40},
    }
    (place / "config.yaml").write_text(json.dumps(config))
    return place / "config.yaml"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["inline", "local"])
def test_the_record_that_hangs_ends_its_file(tmp_path: Path, kind: str) -> None:
    """Records before it are kept, other files are read; the reason says which setting it is."""
    make(tmp_path, "SLEEP", kind)
    done = cleaner(tmp_path, "run", "config.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (bad,) = rows_of(tmp_path / "out", "quarantine")
    assert (bad["source"], bad["record"], bad["reason"]) == ("in/b.lines", 2, "timeout")
    assert bad["detail"] == ("the reader lines took longer than engine.document_seconds (0.5)")
    kept = [(row["source"][3], row["record"]) for row in rows_of(tmp_path / "out", "corpus")]
    assert kept == [("a", n) for n in range(4)] + [("b", 0), ("b", 1)] + [
        ("c", n) for n in range(4)
    ]
    assert [fault for check in verify(tmp_path / "out") for fault in check.faults] == []


@pytest.mark.slow
def test_inline_and_workers_leave_the_same_bytes(tmp_path: Path) -> None:
    """What hangs does so wherever it is read."""
    for kind in ("inline", "local"):
        (tmp_path / kind).mkdir()
        make(tmp_path / kind, "SLEEP", kind)
        assert cleaner(tmp_path / kind, "run", "config.yaml").returncode == 0
    assert bytes_of(tmp_path / "inline" / "out") == bytes_of(tmp_path / "local" / "out")


@pytest.mark.slow
@pytest.mark.parametrize("word", ["SWALLOW", "NATIVE"])
def test_what_cannot_be_interrupted_ends_its_worker(tmp_path: Path, word: str) -> None:
    """It is found by its crumb; the whole file is put aside, and the others are read."""
    make(tmp_path, word, "local")
    done = cleaner(tmp_path, "run", "config.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    (bad,) = rows_of(tmp_path / "out", "quarantine")
    assert (bad["source"], bad["reason"]) == ("in/b.lines", "timeout")
    assert {row["source"] for row in rows_of(tmp_path / "out", "corpus")} == {
        "in/a.lines",
        "in/c.lines",
    }


@pytest.mark.slow
def test_explain_ends_too(tmp_path: Path) -> None:
    """A record after the one that hangs is not reached, and says why."""
    make(tmp_path, "SLEEP", "inline")
    done = cleaner(tmp_path, "explain", "config.yaml", "in/b.lines:2")
    assert "timeout" in done.stdout + done.stderr
    assert "engine.document_seconds" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_call_is_interrupted_and_others_are_not() -> None:
    """The alarm is as it was before and after."""
    with Limit(0.2) as limit:
        assert limit.call(lambda: 7) == 7
        begun = time.monotonic()
        with pytest.raises(TooSlow):
            limit.call(lambda: time.sleep(60))
        assert time.monotonic() - begun < 30
        time.sleep(0.3)  # between calls nothing is bounded
        assert limit.call(lambda: 8) == 8
    with pytest.raises(ValueError, match="its own"), Limit(5) as limit:
        limit.call(_fails)


def _fails() -> None:
    raise ValueError("its own")


def test_in_another_thread_nothing_is_interrupted() -> None:
    """There no signal comes."""
    found: list[int] = []

    def work() -> None:
        with Limit(0.05) as limit:
            limit.call(lambda: time.sleep(0.2))
            found.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [1]
