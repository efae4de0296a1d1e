"""Runs that are stopped from outside, or whose files change under them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleaner.engine.driver import run
from cleaner.engine.observe import Silent
from cleaner.errors import CleanerError, InputError, IntegrityError
from tests.engine.runs import (
    ROOT,
    STAGES,
    bytes_of,
    make_config,
    make_corpus,
    make_run,
    rows_of,
    start,
    write_records,
)
from tests.engine.test_kill import FULL, SLOW, processes_of, wait_for, write_config
from tests.faults.mounts import can_mount

MEND, WORDS, NOTE = f"{STAGES}Mend", f"{STAGES}FirstWords", f"{STAGES}Note"
SMALL = {"kind": "inline", "shard_bytes": "6KB"}
# 00-read, 01-map (Mend, FirstWords), 02-merge, 03-map (FirstWords, Note), 04-write
STAGE_LIST: list[Any] = [MEND, WORDS, NOTE]


class StopsAt(Silent):
    """Interrupts a run when a phase of this kind begins."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def phase_started(self, phase: Any, load: Any) -> None:
        """See `Observer`."""
        if phase.kind == self._kind:
            raise KeyboardInterrupt


def stop_before_writing(tmp: Path, *, keep_work: bool = False) -> None:
    """A run of which everything is done but the last phase and publishing."""
    make_corpus(tmp / "in", 24)
    config = make_config(tmp, STAGE_LIST, engine=SMALL, keep_work=keep_work)
    with pytest.raises(KeyboardInterrupt):
        run(config, observer=StopsAt("write"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_stopped_command_says_so_and_goes_on(
    tmp: Path, number: signal.Signals, workers: int
) -> None:
    """A scheduler's SIGTERM as Ctrl-C: workers leave, nothing is lost, the same bytes at last."""
    write_records(tmp / "in" / "a.jsonl", [f"colour {i}" for i in range(60)])
    engine = {"kind": "local", "workers": workers, "shard_bytes": 300}
    stages: list[Any] = [MEND, {**SLOW, "seconds": 0.2}]
    path = write_config(tmp, stages, engine=engine)
    process = start("cleaner", "run", str(path))
    maps = tmp / "run" / "work" / "01-map"
    try:
        assert wait_for(lambda: len(list(maps.glob("0*.json"))) >= 2)
        os.kill(process.pid, number)
        output, _ = process.communicate(timeout=300)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert process.returncode == 130
    assert "interrupted; run the same command again to go on" in output
    assert "Traceback" not in output
    assert wait_for(lambda: not processes_of(process.pid))
    again = start("cleaner", "run", str(path), "--quiet")
    output, _ = again.communicate(timeout=300)
    assert (again.returncode, output) == (0, "")
    make_run(tmp, stages, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


KINDS = [
    "00-read/00000.originals.arrow",
    "00-read/00000.quarantine.arrow",
    "01-map/00001.docs.arrow",
    "01-map/00001.passages.arrow",
    "01-map/00001.ledger.arrow",
    "01-map/00000.exchange.arrow",
    "01-map/00001.quarantine.arrow",
    "02-merge/00000.exchange.arrow",
    "03-map/00000.notes.arrow",
]


@pytest.mark.parametrize("keep_work", [True, False])
@pytest.mark.parametrize("damage", ["cut", "flip", "zero", "garbage"])
def test_damaged_files_are_made_anew(tmp: Path, damage: str, keep_work: bool) -> None:
    """Of each kind, with its size or not: what lies there is not what was committed."""
    stop_before_writing(tmp, keep_work=keep_work)
    work = tmp / "run" / "work"
    for name in KINDS:
        path = work / name
        if not keep_work and not path.exists():
            continue  # no phase reads it any more
        data = bytearray(path.read_bytes())
        if damage == "cut":
            data = data[: len(data) // 2]
        elif damage == "flip":
            data[len(data) // 2] ^= 0x10
        elif damage == "zero":
            data = bytearray(len(data))
        else:
            data[:] = bytes(range(256)) * (len(data) // 256) + bytes(len(data) % 256)
        path.write_bytes(data)
    make_run(tmp, STAGE_LIST, engine=SMALL)
    make_run(tmp, STAGE_LIST, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


@pytest.mark.parametrize("keep_work", [True, False])
@pytest.mark.parametrize("position", [0, 1, 2, 3, 7, 50])
def test_one_bit_anywhere_is_noticed(tmp: Path, position: int, keep_work: bool) -> None:
    """In any file of any phase, a bit that flips costs its task and no more."""
    stop_before_writing(tmp, keep_work=keep_work)
    files = sorted(p for p in (tmp / "run" / "work").glob("0*/*.arrow") if p.stat().st_size)
    for number, path in enumerate(files):
        if number % 8 == position % 8:
            data = bytearray(path.read_bytes())
            data[(len(data) * (2 * position + 1) // 120) % len(data)] ^= 1 << position % 8
            path.write_bytes(data)
    make_run(tmp, STAGE_LIST, engine=SMALL)
    make_run(tmp, STAGE_LIST, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


@pytest.mark.parametrize("keep_work", [True, False])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"outputs": 3}'])
def test_damaged_manifests_are_made_anew(tmp: Path, content: bytes, keep_work: bool) -> None:
    """Whatever stands in a manifest that is none."""
    stop_before_writing(tmp, keep_work=keep_work)
    for phase in ("00-read", "01-map", "02-merge", "03-map"):
        (tmp / "run" / "work" / phase / "00000.json").write_bytes(content)
    (tmp / "run" / "work" / "context.json").write_bytes(content)
    make_run(tmp, STAGE_LIST, engine=SMALL)
    make_run(tmp, STAGE_LIST, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


class Meddles(Silent):
    """Does something when a phase is done."""

    def __init__(self, kind: str, action: Any) -> None:
        self._kind = kind
        self._action = action

    def phase_done(self, phase: Any) -> None:
        """See `Observer`."""
        if phase.kind == self._kind and self._action:
            self._action()
            self._action = None


@pytest.mark.parametrize("kind", ["read", "map", "merge", "write"])
def test_a_bit_that_flips_while_a_run_goes_on(tmp: Path, kind: str) -> None:
    """Between two phases, in any file that one left: an error that says so, or no matter at all.

    The same command, given again, then gives what a run in peace gives.
    """
    make_corpus(tmp / "in", 24)
    make_run(tmp, STAGE_LIST, name="peace", write={"shuffle": True})
    peace = bytes_of(tmp / "peace")
    told = 0
    for number in range(12):
        shutil.rmtree(tmp / "run", ignore_errors=True)
        config = make_config(tmp, STAGE_LIST, engine=SMALL, write={"shuffle": True})
        try:
            run(config, observer=Meddles(kind, partial(flip_one, tmp / "run" / "work", number)))
        except IntegrityError as error:
            told += 1
            assert re.search(r"arrow: .*run the same command again", str(error))  # noqa: PT017
            assert not (tmp / "run" / "manifest.json").exists()
            run(config)
        assert bytes_of(tmp / "run") == peace
    assert told


def flip_one(work: Path, number: int) -> None:
    """Flip a bit in one of the files of the phase that was done last."""
    phase = max(p for p in work.glob("0*-*") if p.is_dir())
    files = sorted(p for p in phase.glob("*.arrow") if "quarantine" not in p.name)
    path = files[number * len(files) // 12]
    data = bytearray(path.read_bytes())
    data[len(data) * (2 * number + 1) // 24] ^= 1 << number % 8
    path.write_bytes(data)


def test_an_input_that_goes_after_it_was_read(tmp: Path) -> None:
    """Originals are kept: nothing that comes later needs the input."""
    make_corpus(tmp / "in", 24)
    make_run(tmp, STAGE_LIST, name="peace")
    config = make_config(tmp, STAGE_LIST, engine=SMALL)
    run(config, observer=Meddles("read", lambda: shutil.rmtree(tmp / "in")))
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


def test_an_input_that_goes_before_a_run_goes_on(tmp: Path) -> None:
    """The run cannot tell that it is the same; it says what is missing and touches nothing."""
    stop_before_writing(tmp)
    (tmp / "in").rename(tmp / "elsewhere")
    with pytest.raises(InputError, match="does not exist"):
        make_run(tmp, STAGE_LIST, engine=SMALL)
    (tmp / "elsewhere").rename(tmp / "in")
    make_run(tmp, STAGE_LIST, engine=SMALL)
    make_run(tmp, STAGE_LIST, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


def test_an_input_that_changes_before_a_run_goes_on(tmp: Path) -> None:
    """What was read of it is read again; nothing of the old text is left."""
    stop_before_writing(tmp)
    with (tmp / "in" / "m.jsonl").open("a") as file:
        file.write('{"text": "one colour more"}\n')
    make_run(tmp, STAGE_LIST, engine=SMALL)
    make_run(tmp, STAGE_LIST, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


def test_an_input_that_changes_while_it_is_read(tmp: Path) -> None:
    """It is put aside as `changed`, not read half and half; the next run reads it whole."""
    write_records(tmp / "in" / "a.jsonl", ["first"])
    path = write_records(tmp / "in" / "b.jsonl", ["second"])

    class Changes(Silent):
        def task_done(self, phase: Any, report: Any) -> None:
            """See `Observer`."""
            if phase.kind == "read" and report.task.index == 0:
                path.write_text('{"text": "third"}\n')

    engine = {"kind": "inline", "shard_bytes": 40}
    report = run(make_config(tmp, [MEND], engine=engine), observer=Changes())
    assert report.quarantine == {"changed": 1}
    assert [r["text"] for r in rows_of(tmp / "run", "corpus")] == ["first"]
    make_run(tmp, [MEND], engine=engine)
    assert [r["text"] for r in rows_of(tmp / "run", "corpus")] == ["first", "third"]


@pytest.mark.slow
def test_one_dead_worker_of_three(tmp: Path) -> None:
    """A worker that is killed in the middle of the work costs its tasks a second try."""
    make_corpus(tmp / "in", 60)
    engine = {"kind": "local", "workers": 3, "shard_bytes": "3KB"}
    stages = [*FULL[:3], {**SLOW, "seconds": 0.1}, *FULL[4:]]
    process = start("cleaner", "run", str(write_config(tmp, stages, engine=engine)))
    kills = 0
    for folder in ("03-map", "06-merge", "08-map"):
        phase = tmp / "run" / "work" / folder
        if not wait_for(lambda phase=phase: phase.is_dir() or process.poll() is not None):
            break
        workers = [
            p
            for p in processes_of(process.pid)
            if p.pid != process.pid and "spawn_main" in " ".join(p.cmdline())
        ]
        if workers:
            workers[0].kill()
            kills += 1
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert kills
    make_run(tmp, stages, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="may not mount in a namespace of its own")
def test_an_output_that_cannot_be_written(tmp: Path) -> None:
    """A file system that is read-only: said in words; when it is writable, the run goes on."""
    stop_before_writing(tmp)
    path = write_config(tmp, STAGE_LIST, engine=SMALL)
    place = tmp / "run"
    script = f"mount --bind {place} {place} && mount -o remount,bind,ro {place} && exec $0 $@"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, sys.executable, "-m", "cleaner", "run", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Read-only file system; make it writable or choose another --output" in done.stderr
    assert "Traceback" not in done.stderr
    make_run(tmp, STAGE_LIST, engine=SMALL)
    make_run(tmp, STAGE_LIST, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


def test_an_output_that_is_no_folder(tmp: Path) -> None:
    """A file in the way is named, and left alone."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    (tmp / "run").write_text("mine")
    with pytest.raises(CleanerError, match="is a file; choose another --output"):
        make_run(tmp, [MEND])
    assert (tmp / "run").read_text() == "mine"


@pytest.mark.parametrize("which", [0, 1, 2])
def test_names_of_columns_that_are_not_utf8(tmp: Path, which: int) -> None:
    """In the footer of a Parquet file, wherever a column is named: put aside, or not needed."""
    write_records(tmp / "in" / "a.jsonl", ["fine"])
    table = pa.table({"text": ["one", "two"]})
    path = tmp / "in" / "b.parquet"
    pq.write_table(table, path, store_schema=which == 2)
    data = path.read_bytes()
    places = [m.start() for m in re.finditer(b"\x04text", data)]
    at = places[which % len(places)] + 1
    path.write_bytes(data[:at] + b"\xf4" + data[at + 1 :])
    report = make_run(tmp, [MEND])
    texts = [row["text"] for row in rows_of(tmp / "run", "corpus")]
    assert set(report.quarantine) <= {"corrupt", "missing_column"}
    assert texts == (["fine"] if report.quarantine else ["fine", "one", "two"])  # none is lost
