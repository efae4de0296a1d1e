"""Input that kills what reads it: the piece of it is found and put aside, the rest is read."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleaner.engine.breadcrumbs import Crumb, Suspect, Trail, crumb_path, read_crumb, suspects_of
from cleaner.io.restore import restore
from cleaner.io.verify import verify
from tests.engine.runs import ROOT, STAGES, bytes_of, make_run, rows_of, write_records
from tests.engine.test_kill import write_config
from tests.engine.test_run import check_balance
from tests.faults.deadly_readers import How, arm, site
from tests.faults.test_poison import logged

MEND = f"{STAGES}Mend"
TWICE = "the process died on this {}, 2 times with nothing else in hand"


def make_inputs(folder: Path) -> None:
    """Three formats, in each of them something that kills."""
    texts = [f"word {i}" + " POISON" * (i == 7) for i in range(24)]
    write_records(folder / "a.jsonl", texts)
    table = pa.table({"text": [f"paper {i}" + " POISON" * (i == 10) for i in range(12)]})
    pq.write_table(table, folder / "b.parquet", row_group_size=3)
    for number in range(5):
        (folder / f"c{number}.txt").write_text(f"page {number}" + " POISON" * (number == 3))


def check_outcome(output: Path) -> None:
    """A line, a row group and a file are put aside with their places; all else is in the corpus."""
    aside = {r["source"]: r for r in rows_of(output, "quarantine")}
    assert len(rows_of(output, "quarantine")) == len(aside) == 3
    assert {r["reason"] for r in aside.values()} == {"crash"}
    assert {r["stage"] for r in aside.values()} == {"read"}
    line, group, text = aside["in/a.jsonl"], aside["in/b.parquet"], aside["in/c3.txt"]
    assert (line["record"], line["detail"]) == (7, TWICE.format("line"))
    assert line["raw"] == b'{"text": "word 7 POISON"}'
    assert line["end"] - line["start"] == len(line["raw"])
    assert group["record"] == 9
    assert group["detail"] == f"3 rows: {TWICE.format('row group (3)')}"
    assert (text["detail"], text["raw_bytes"]) == (TWICE.format("file"), 13)
    kept = [r["text"].strip() for r in rows_of(output, "corpus")]
    assert kept == [
        *(f"word {i}" for i in range(24) if i != 7),
        *(f"paper {i}" for i in range(9)),
        *(f"page {i}" for i in range(5) if i != 3),
    ]


def test_what_runs_its_reader_out_of_memory_is_put_aside(
    tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the format; the books balance, what was read comes back, the user is told."""
    make_inputs(tmp / "in")
    arm("raise", monkeypatch.setattr)
    report = make_run(tmp, [MEND], engine={"kind": "inline", "shard_bytes": 300})
    check_balance(report)
    assert report.quarantine == {"crash": 3}
    check_outcome(tmp / "run")
    assert [c for c in verify(tmp / "run") if c.faults] == []
    for row in rows_of(tmp / "run", "corpus")[-2:]:
        assert restore(tmp / "run", row["doc_id"])
    said = " ".join(e["text"] for e in logged(tmp / "run", "message"))
    assert "memory ran out (in reading one piece by itself, task 0 of phase 00-read" in said
    assert "in/a.jsonl" in said


def test_the_bytes_do_not_tell_how_input_was_cut(
    tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same line, row group and file are put aside, whatever the chunks."""
    make_inputs(tmp / "in")
    arm("raise", monkeypatch.setattr)
    for name, size in (("a", 40), ("b", "1MB")):
        make_run(tmp, [MEND], name=name, engine={"kind": "inline", "shard_bytes": size})
    check_outcome(tmp / "a")
    assert bytes_of(tmp / "a") == bytes_of(tmp / "b")


def test_a_file_that_kills_when_it_is_opened(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is put aside as a whole."""
    (tmp / "in").mkdir()
    for name in ("a", "POISON"):
        pq.write_table(pa.table({"text": ["one", "two"]}), tmp / "in" / f"{name}.parquet")
    arm("raise", monkeypatch.setattr)
    report = make_run(tmp, [MEND])
    check_balance(report)
    [row] = rows_of(tmp / "run", "quarantine")
    assert (row["source"], row["reason"]) == ("in/POISON.parquet", "crash")
    assert row["detail"] == TWICE.format("file")
    assert [r["source"] for r in rows_of(tmp / "run", "corpus")] == ["in/a.parquet"] * 2


@pytest.mark.slow
@pytest.mark.parametrize("how", ["segfault", "kill"])
def test_a_worker_that_a_file_kills(tmp: Path, how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the process is gone, not just an error raised, the outcome is the same to a byte."""
    make_inputs(tmp / "in")
    with monkeypatch.context() as context:
        arm("raise", context.setattr)
        make_run(tmp, [MEND], name="here")
    monkeypatch.setenv("PYTHONPATH", site(tmp / "site", how))
    report = make_run(tmp, [MEND], engine={"kind": "local", "workers": 2, "shard_bytes": 600})
    check_balance(report)
    check_outcome(tmp / "run")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "here")


@pytest.mark.slow
def test_a_command_without_workers_finds_it_when_it_is_given_again(
    tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time it dies a step nearer to the line."""
    write_records(tmp / "in" / "a.jsonl", [f"word {i}" + " POISON" * (i == 7) for i in range(24)])
    monkeypatch.setenv("PYTHONPATH", site(tmp / "site", "kill"))
    path = write_config(tmp, [MEND], engine={"kind": "inline", "shard_bytes": "1MB"})
    codes = []
    for _ in range(4):
        command = [sys.executable, "-m", "cleaner", "run", str(path), "--quiet"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=False)
        codes.append(done.returncode)
    assert codes == [*[-signal.SIGKILL] * 3, 0], done.stderr
    assert [r["record"] for r in rows_of(tmp / "run", "quarantine")] == [7]
    assert len(rows_of(tmp / "run", "corpus")) == 23


@pytest.mark.slow
def test_on_ray_too(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ray worker that dies while it reads: the same outcome."""
    pytest.importorskip("ray")
    make_inputs(tmp / "in")
    monkeypatch.setenv("PYTHONPATH", site(tmp / "site", "kill"))
    engine = {"kind": "ray", "workers": 2, "shard_bytes": 600}
    check_balance(make_run(tmp, [MEND], engine=engine))
    check_outcome(tmp / "run")


def test_a_death_in_reading_may_be_an_accident(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One on a piece alone condemns nothing: all of the chunk is kept."""
    write_records(tmp / "in" / "a.jsonl", [f"word {i}" + " POISON" * (i == 7) for i in range(24)])
    (tmp / "lives").write_text("2")
    arm("raise", monkeypatch.setattr, tmp / "lives")
    report = make_run(tmp, [MEND])
    assert (report.quarantine, (tmp / "lives").read_text()) == ({}, "0")
    assert len(rows_of(tmp / "run", "corpus")) == 24


def test_pieces_are_asked_about_after_a_death_only(tmp: Path) -> None:
    """The first attempt names the chunk; the next each piece; two deaths on one condemn it."""
    with Trail(tmp, 0, "f") as trail:
        assert trail.reading(3) is None
        crumb = read_crumb(crumb_path(tmp, 0))
    assert crumb is not None
    suspects = suspects_of(crumb)
    assert suspects == (Suspect("read", 0, 3, 0, "crash"),)
    for deaths in (1, 2):
        with Trail(tmp, 0, "f", suspects=suspects) as trail:
            watch = trail.reading(3)
            assert watch is not None
            assert not watch(4, 100, 120)
            crumb = read_crumb(crumb_path(tmp, 0))
        assert crumb is not None
        suspects = suspects_of(crumb)
        assert suspects[-1] == Suspect("read", 100, 120, deaths, "crash", 4)
    with Trail(tmp, 0, "f", suspects=suspects) as trail:
        watch = trail.reading(3)
        assert watch is not None
        assert [watch(4, 100, 120), watch(5, 100, 120), watch(4, 120, 130)] == ["crash", "", ""]


def test_deaths_on_the_same_bytes_of_two_files_are_two() -> None:
    """A piece is known by its file, too."""
    before = (Suspect("read", 0, 10, 1, "crash", 2),)
    now = Suspect("read", 0, 10, 0, "crash", 3)
    after = suspects_of(Crumb("f", 1, False, now, 1, before))
    assert after == (*before, now._replace(deaths=1))
