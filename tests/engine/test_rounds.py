"""Components that do not fit in memory are found in rounds: no byte tells, and rounds go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cleaner.config.model import Engine
from cleaner.engine import driver, memory
from cleaner.engine.driver import run
from cleaner.engine.layout import ROUNDS
from cleaner.engine.observe import Load, Silent
from cleaner.engine.phases import Phase
from tests.engine.runs import (
    STAGES,
    bytes_of,
    make_config,
    make_corpus,
    make_run,
    rows_of,
    write_records,
)

DOCUMENTS = [f"{STAGES}Mend", "exact_duplicates", "near_duplicates"]
PASSAGES = {"use": "near_duplicates", "id": "near_passages", "unit": "passage", "min_words": 5}
CHAIN = {"use": "near_duplicates", "threshold": 0.3, "ngram": 1, "bands": 32, "rows": 1}


class Stopped(Exception):  # noqa: N818  what happened
    """The run was stopped by its observer."""


class Labels(Silent):
    """Notes which phases begin; stops the run at one."""

    def __init__(self, stop: str = "") -> None:
        """`stop`: number and label of a phase."""
        self.seen: list[str] = []
        self._stop = stop

    def phase_started(self, phase: Phase, load: Load) -> None:
        """See `Observer`."""
        if load.done < load.tasks:
            self.seen.append(phase.label)
        if self._stop == f"{phase.number} {phase.label}":
            raise Stopped


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """No task may hold any edges, and there are several partitions."""
    monkeypatch.setattr(memory, "alone_bytes", lambda _: 0)
    monkeypatch.setattr(driver, "partitions_for", lambda _: 3)


def write_chain(folder: Path, documents: int = 60) -> None:
    """Documents of which each shares three words with the next alone; copies of some."""
    words = [f"word{n}" for n in range(documents * 9 + 3)]
    texts = [" ".join(words[n * 9 : n * 9 + 12]) for n in range(documents)]
    texts += [f"{text} more" for text in texts[::7]]
    write_records(folder / "a.jsonl", texts)


@pytest.mark.parametrize("engine", ["inline", pytest.param("local", marks=pytest.mark.slow)])
def test_rounds_decide_no_byte(tmp: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents and passages, one partition and one task or several and rounds: the same."""
    make_corpus(tmp / "in", 40)
    stages = [*DOCUMENTS, PASSAGES]
    make_run(tmp, stages, name="one")
    monkeypatch.setattr(memory, "alone_bytes", lambda _: 0)
    monkeypatch.setattr(driver, "partitions_for", lambda _: 3)
    labels = Labels()
    settings = {"kind": engine, "workers": 2, "shard_bytes": "9KB"}
    run(make_config(tmp, stages, name="many", engine=settings), observer=labels)
    assert "near_duplicates: merge, round 2" in labels.seen
    assert "near_passages: merge, round 2" in labels.seen
    assert bytes_of(tmp / "one") == bytes_of(tmp / "many")
    assert not (tmp / "many" / "work").exists()


@pytest.mark.usefixtures("no_room")
def test_a_chain_takes_several_rounds(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each document is like the next alone: the ends are found to be of one component."""
    write_chain(tmp / "in")
    labels = Labels()
    monkeypatch.setattr("cleaner.stages.components.FOREST_EDGES", 2)
    run(make_config(tmp, [CHAIN]), observer=labels)
    assert "near_duplicates: merge, round 4" in labels.seen
    monkeypatch.undo()
    make_run(tmp, [CHAIN], name="one")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "one")
    assert {len(rows_of(tmp / n, "duplicates/clusters")) for n in ("run", "one")} != {0}


@pytest.mark.usefixtures("no_room")
@pytest.mark.parametrize(
    ("stop", "made"),
    [
        ("3 near_duplicates: merge, round 2", 1),
        ("3 near_duplicates: merge, round 3", 2),
        ("3 near_duplicates: merge", 4),
        ("4 near_duplicates: look", 0),
        ("7 write", 0),
    ],
)
def test_rounds_go_on_where_they_were_stopped(
    tmp: Path, stop: str, made: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds that were committed are not made again; the bytes are those of a run in peace."""
    monkeypatch.setattr("cleaner.stages.components.FOREST_EDGES", 2)
    write_chain(tmp / "in")
    stages = [f"{STAGES}Mend", CHAIN]
    config = make_config(tmp, stages)
    with pytest.raises(Stopped):
        run(config, observer=Labels(stop))
    folder = tmp / "run" / "work" / "03-merge" / ROUNDS
    done = {p: p.stat().st_mtime_ns for p in folder.glob("*/0*.json")}
    assert len(done) >= 3 * made
    assert bool(done) == bool(made)
    labels = Labels()
    run(config, observer=labels)
    rounds = [label for label in labels.seen if "round" in label]
    assert bool(rounds) == ("round" in stop)
    if rounds:
        assert rounds[0] == stop[2:]
    monkeypatch.undo()
    make_run(tmp, stages, name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


@pytest.mark.usefixtures("no_room")
def test_kept_rounds_are_not_made_again(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `keep_work` a later stage may change; with another budget one task does it anew."""
    write_chain(tmp / "in")
    run(make_config(tmp, [CHAIN], keep_work=True))
    folder = tmp / "run" / "work" / "03-merge" / ROUNDS
    done = {p: p.stat().st_mtime_ns for p in folder.glob("*/0*.json")}
    assert len(done) >= 6
    run(make_config(tmp, [CHAIN, "tidy"], keep_work=True))
    assert {p: p.stat().st_mtime_ns for p in folder.glob("*/0*.json")} == done
    monkeypatch.setattr(memory, "alone_bytes", lambda _: 1 << 30)
    (tmp / "run" / "manifest.json").unlink()
    run(make_config(tmp, [CHAIN, "tidy"], keep_work=True))
    make_run(tmp, [CHAIN, "tidy"], name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


@pytest.mark.usefixtures("no_room")
def test_rows_that_are_gone_are_made_again(tmp: Path) -> None:
    """A changed stage needs labels that were deleted: the rounds run once more."""
    write_chain(tmp / "in")
    config = make_config(tmp, [CHAIN])
    with pytest.raises(Stopped):
        run(config, observer=Labels("7 write"))
    changed: dict[str, Any] = {**CHAIN, "keep": ["longest", "doc_id"]}
    run(make_config(tmp, [changed]))
    make_run(tmp, [changed], name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


def test_a_task_may_take_what_the_budget_leaves() -> None:
    """All of it but what the command and the workers take; at least what a shard's rows take."""
    small, big = (Engine(memory_budget=n << 30, workers=1) for n in (1, 4))
    assert memory.alone_bytes(small) == (1 << 30) - memory.DRIVER_BYTES - memory.WORKER_BYTES
    assert memory.alone_bytes(big) == memory.alone_bytes(small) + (3 << 30)
    tiny = Engine(memory_budget=1, workers=1, shard_bytes=1000)
    assert memory.alone_bytes(tiny) == 1000 * memory.PER_SHARD_BYTE
