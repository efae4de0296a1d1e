"""A document that kills or hangs what works on it: found, put aside, and the run goes on."""

from __future__ import annotations

import faulthandler
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from numba.core.event import trigger_event

from cleaner.engine import runners
from cleaner.engine.breadcrumbs import (
    Crumb,
    Suspect,
    Trail,
    crumb_path,
    read_crumb,
    suspects_of,
)
from cleaner.errors import WorkerDied
from cleaner.io.limit import TooSlow
from tests.engine.runs import STAGES, bytes_of, make_run, rows_of, start, write_records
from tests.engine.test_kill import write_config
from tests.engine.test_run import check_balance

POISON = "tests.faults.stages:Poison"
SKETCH = "tests.faults.stages:PoisonSketch"
MEND = f"{STAGES}Mend"
INLINE = {"kind": "inline", "shard_bytes": 120}
POOL = {"kind": "local", "workers": 2, "shard_bytes": 120}


def write_poison(tmp: Path, *numbers: int, documents: int = 24) -> None:
    """Documents, some of them marked."""
    texts = [f"colour {i}" + " POISON" * (i in numbers) for i in range(documents)]
    write_records(tmp / "in" / "a.jsonl", texts)


def logged(output: Path, event: str) -> list[dict[str, Any]]:
    """The events of one kind in a run's log."""
    events = [json.loads(line) for line in (output / "run.log").read_text().splitlines()]
    return [e for e in events if e["event"] == event]


@pytest.mark.parametrize(
    ("how", "engine"),
    [
        ("raise", INLINE),
        *(
            pytest.param(how, POOL, marks=pytest.mark.slow)
            for how in ("segfault", "exit", "kill", "raise", "allocate")
        ),
    ],
)
def test_a_document_that_kills_is_put_aside(tmp: Path, how: str, engine: Any) -> None:
    """Whatever kills; the others are kept, and the books balance."""
    write_poison(tmp, 7)
    report = make_run(tmp, [MEND, {"use": POISON, "how": how}], engine=engine)
    check_balance(report)
    assert report.quarantine == {"crash": 1}
    [row] = rows_of(tmp / "run", "quarantine")
    assert (row["source"], row["record"], row["stage"]) == ("in/a.jsonl", 7, "Poison")
    assert (row["reason"], row["raw"]) == ("crash", b"colour 7 POISON")
    assert row["detail"].startswith("the process died on this document, 2 times")
    assert [r["record"] for r in rows_of(tmp / "run", "corpus")] == [n for n in range(24) if n != 7]
    said = " ".join(e["text"] for e in logged(tmp / "run", "message"))
    assert "stage Poison, document 7 by itself" in said


@pytest.mark.slow
def test_the_bytes_do_not_tell_how_it_was_found(tmp: Path) -> None:
    """Other shards, other workers, other ways to die: the same output."""
    write_poison(tmp, 3, 4, 11, 23)
    found = []
    for name, how, engine in (
        ("a", "segfault", POOL),
        ("b", "exit", {**POOL, "workers": 3, "shard_bytes": "1MB"}),
        ("c", "raise", {"kind": "inline", "shard_bytes": 60}),
    ):
        stage = {"use": POISON, "how": how}
        report = make_run(tmp, [MEND, stage], name=name, engine=engine)
        check_balance(report)
        assert report.quarantine == {"crash": 4}
        found.append(bytes_of(tmp / name))
    differing = {"manifest.json", "reports/report.html"}  # they tell the stage's settings: `how`
    assert {n for n in found[0] if not found[0][n] == found[1][n] == found[2][n]} <= differing


@pytest.mark.slow
def test_a_sketch_that_dies(tmp: Path) -> None:
    """Where a corpus stage looks at documents, the document is found as well."""
    write_poison(tmp, 5)
    report = make_run(tmp, [{"use": SKETCH}], engine=POOL)
    check_balance(report)
    [row] = rows_of(tmp / "run", "quarantine")
    assert (row["record"], row["stage"], row["reason"]) == (5, "PoisonSketch", "crash")


@pytest.mark.slow
def test_without_workers_the_same_command_finds_it(tmp: Path) -> None:
    """One process dies with its document; run again and again it puts the document aside."""
    write_poison(tmp, 7)
    stages = [MEND, {"use": POISON, "how": "exit"}]
    path = write_config(tmp, stages, engine={"kind": "inline", "shard_bytes": 120})
    codes = []
    for _ in range(4):
        process = start("cleaner", "run", str(path), "--quiet")
        output, _ = process.communicate(timeout=300)
        codes.append(process.returncode)
    assert codes == [7, 7, 7, 0], output
    make_run(tmp, stages, name="pool", engine=POOL)
    assert bytes_of(tmp / "run") == bytes_of(tmp / "pool")


@pytest.mark.parametrize("how", ["sleep", pytest.param("loop", marks=pytest.mark.slow)])
def test_a_document_that_hangs_is_put_aside(tmp: Path, how: str) -> None:
    """After `engine.document_seconds`, in this process; the others are kept."""
    write_poison(tmp, 2, documents=6)
    stage = {"use": POISON, "how": how}
    report = make_run(tmp, [MEND, stage], engine={"kind": "inline", "document_seconds": 0.2})
    check_balance(report)
    assert report.quarantine == {"timeout": 1}
    [row] = rows_of(tmp / "run", "quarantine")
    assert (row["record"], row["stage"]) == (2, "Poison")
    assert row["detail"] == "took longer than engine.document_seconds (0.2), 2 times"
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


@pytest.mark.slow
def test_what_python_cannot_interrupt_is_ended(tmp: Path) -> None:
    """Stuck in C with the interpreter's lock: the worker is ended, with the same reason."""
    write_poison(tmp, 2, documents=6)
    stage = {"use": POISON, "how": "stuck"}
    report = make_run(tmp, [MEND, stage], engine={**POOL, "document_seconds": 0.5})
    assert report.quarantine == {"timeout": 1}
    assert rows_of(tmp / "run", "quarantine")[0]["record"] == 2
    said = " ".join(e["text"] for e in logged(tmp / "run", "message"))
    assert "exit code 1" in said


@pytest.mark.slow
def test_a_slow_batch_is_no_slow_document(tmp: Path) -> None:
    """A batch that takes too long as a whole is halved until its pieces are in time."""
    write_records(tmp / "in" / "a.jsonl", ["text"] * 40)
    stage = {"use": f"{STAGES}Slow", "seconds": 0.02}
    engine = {"kind": "inline", "document_seconds": 0.1}
    report = make_run(tmp, [stage], engine=engine)
    assert report.quarantine == {}
    make_run(tmp, [stage], name="peace", engine="inline")
    ours, theirs = bytes_of(tmp / "run"), bytes_of(tmp / "peace")
    assert ours == theirs


def test_more_time_is_another_run(tmp: Path) -> None:
    """A document that was too slow comes back when it is given the time.

    Together with others it has `BATCH_FACTOR` times as much, so it must take longer than that.
    """
    write_poison(tmp, 1, documents=3)
    stages = [{"use": POISON, "how": "sleep", "seconds": 0.8}]
    engine: dict[str, Any] = {"kind": "inline", "document_seconds": 0.1}
    assert make_run(tmp, stages, engine=engine).quarantine == {"timeout": 1}
    assert make_run(tmp, stages, engine=engine).up_to_date
    report = make_run(tmp, stages, engine={**engine, "document_seconds": 10.0})
    assert (report.up_to_date, report.quarantine) == (False, {})


@pytest.mark.slow
def test_a_death_without_a_document_is_named_by_its_task(tmp: Path) -> None:
    """Nothing can be put aside: the run stops and says which task of which phase was running."""
    write_poison(tmp)
    running = r"exit code 7, running: task 0 of phase 02-merge \(DeadlyMerge: merge\)"
    with pytest.raises(WorkerDied, match=f"killed 4 times.*{running}"):
        make_run(tmp, [{"use": "tests.faults.stages:DeadlyMerge"}], engine=POOL)


@pytest.mark.slow
def test_when_every_document_kills_there_is_an_end(
    tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken installation is not a corpus of poison: the run stops and says where it died."""
    write_poison(tmp, *range(24))
    monkeypatch.setattr(runners, "EXPLAINED", 6)
    with pytest.raises(WorkerDied, match=r"killed 7 times.*stage Poison"):
        make_run(tmp, [{"use": POISON}], engine={**POOL, "shard_bytes": "1MB"})


@pytest.mark.slow
def test_one_death_may_be_an_accident(tmp: Path) -> None:
    """After a kill from outside the documents in hand go one by one, and none is put aside."""
    texts = [f"colour {i}" + " KILL" * (i == 7) for i in range(12)]
    write_records(tmp / "in" / "a.jsonl", texts)
    (tmp / "lives").write_text("2")
    stages = [MEND, {"use": f"{STAGES}KillWorker", "lives": str(tmp / "lives")}]
    report = make_run(tmp, stages, engine=POOL)
    assert (report.quarantine, (tmp / "lives").read_text()) == ({}, "0")


def test_what_is_no_crumb_is_none(tmp: Path) -> None:
    """Half a crumb, or another program's file, tells nothing."""
    path = crumb_path(tmp, 3)
    assert read_crumb(path) is None
    for content in (b"", b"{", b"[]", b'{"fingerprint": 1}', b"\xff\n"):
        path.write_bytes(content)
        assert read_crumb(path) is None


def test_a_crumb_goes_with_its_attempt(tmp: Path) -> None:
    """An attempt that ends, also by an error, leaves none; one that runs out of memory does."""
    with Trail(tmp, 1, "f"):
        assert crumb_path(tmp, 1).exists()
    assert not crumb_path(tmp, 1).exists()
    with pytest.raises(KeyError), Trail(tmp, 1, "f"):
        raise KeyError
    assert not crumb_path(tmp, 1).exists()
    with pytest.raises(MemoryError), Trail(tmp, 1, "f"):
        raise MemoryError
    assert crumb_path(tmp, 1).exists()


def test_deaths_add_up_on_a_document_alone() -> None:
    """A batch makes suspects; a document by itself is counted; others are kept as they are."""
    batch = Suspect("s", 10, 19, 0, "crash")
    one = Suspect("s", 12, 12, 0, "timeout")
    first = suspects_of(Crumb("f", 1, False, batch, 10, ()))
    assert first == (batch,)
    second = suspects_of(Crumb("f", 1, False, one, 1, first))
    assert second == (batch, one._replace(deaths=1))
    third = suspects_of(Crumb("f", 1, False, one._replace(reason="crash"), 1, second))
    assert third == (batch, Suspect("s", 12, 12, 2, "crash"))
    assert suspects_of(Crumb("f", 1, False, None, 0, third)) == third


@pytest.mark.slow
def test_compilation_is_no_documents_fault(tmp: Path) -> None:
    """The clock stands still while kernels are compiled, and goes on with what was left after."""
    with Trail(tmp, 1, "f", seconds=1.0) as trail:
        with trail._limit(1):
            for _ in range(2):
                with trigger_event("numba:compile"), trigger_event("numba:compile"):
                    time.sleep(0.8)
        with pytest.raises(TooSlow), trail._limit(1):
            _compile_and_hang()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def _compile_and_hang() -> None:
    with trigger_event("numba:compile"):
        time.sleep(0.1)
    time.sleep(30)


def test_a_process_that_compiles_is_not_ended(tmp: Path) -> None:
    """Nor does the clock that ends a worker run meanwhile; it is set anew afterwards."""
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faulthandler, "dump_traceback_later", lambda *_, **__: calls.append("set"))
        patch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: calls.append("off"))
        with Trail(tmp, 1, "f", seconds=60.0, isolated=True) as trail:
            with trail._limit(1), trigger_event("numba:compile"):
                assert calls == ["set", "off"]
            assert calls == ["set", "off", "set", "off"]
            with trigger_event("numba:compile"):
                pass
    assert len(calls) == 4
