"""Going on with what is there: nothing twice, nothing stale."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cleaner.engine.driver import run
from cleaner.engine.observe import Silent
from cleaner.errors import LockedError
from cleaner.io.store import lock
from tests.engine.runs import (
    STAGES,
    article,
    bytes_of,
    make_config,
    make_corpus,
    make_run,
    manifests_of,
    rows_of,
    write_records,
    write_texts,
)

MEND, NOTE, WORDS = f"{STAGES}Mend", f"{STAGES}Note", f"{STAGES}FirstWords"
CUT = f"{STAGES}CutNoted"
ENGINE = {"kind": "inline", "shard_bytes": "6KB"}
# phases: 00-read, 01-map (Mend, WORDS), 02-merge, 03-map (WORDS, Note), 04-write
STAGE_LIST: list[Any] = [MEND, WORDS, NOTE]


class Messages(Silent):
    """Keeps what a driver says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def message(self, text: str) -> None:
        """See `Observer`."""
        self.said.append(text)


def redone(before: dict[str, int], after: dict[str, int]) -> set[str]:
    """The phases of which a task was committed anew."""
    return {task.split("/")[0] for task in after if after[task] != before.get(task)}


@pytest.fixture
def done(tmp: Path) -> Path:
    """A folder with a finished run that kept its work."""
    make_corpus(tmp / "in", 8)
    make_run(tmp, STAGE_LIST, engine=ENGINE, keep_work=True)
    return tmp


def test_a_second_run_does_nothing(done: Path) -> None:
    """Same config, inputs and version: no task, no file of the output is written again."""
    before = {p: p.stat().st_mtime_ns for p in (done / "run").rglob("*")}
    observer = Messages()
    report = run(make_config(done, STAGE_LIST, engine=ENGINE, keep_work=True), observer=observer)
    assert {p: p.stat().st_mtime_ns for p in (done / "run").rglob("*")} == before
    assert report.up_to_date
    assert "nothing to do" in observer.said[0]
    first = json.loads((done / "run" / "reports" / "report.json").read_bytes())
    assert report.to_json() == first


def test_a_finished_run_lets_go_of_its_work(done: Path) -> None:
    """Without keep_work the folder goes, also when there is nothing else to do."""
    expected = bytes_of(done / "run")
    assert make_run(done, STAGE_LIST, engine=ENGINE).up_to_date
    assert not (done / "run" / "work").exists()
    assert bytes_of(done / "run") == expected


def test_a_changed_engine_changes_nothing(done: Path) -> None:
    """What decides no byte makes no work."""
    assert make_run(done, STAGE_LIST, engine={"kind": "local", "workers": 2}).up_to_date


@pytest.mark.parametrize(
    ("stages", "phases"),
    [
        (
            [{"use": MEND, "new": "colou-"}, WORDS, NOTE],
            {"01-map", "02-merge", "03-map", "04-write"},
        ),
        ([MEND, WORDS, {"use": NOTE, "of": "documents"}], {"03-map", "04-write"}),
        (
            [MEND, {"use": WORDS, "word": "nothing"}, NOTE],
            {"01-map", "02-merge", "03-map", "04-write"},
        ),
        ([MEND, WORDS], {"03-map", "04-write"}),
    ],
)
def test_a_changed_stage_redoes_the_phases_from_it_on(
    done: Path, stages: list[Any], phases: set[str]
) -> None:
    """Phases before it stand; those whose inputs come out the same may stand, too."""
    before = manifests_of(done / "run")
    make_run(done, stages, engine=ENGINE, keep_work=True)
    assert redone(before, manifests_of(done / "run")) == phases
    make_run(done, stages, name="fresh", engine=ENGINE)
    assert bytes_of(done / "run") == bytes_of(done / "fresh")


@pytest.mark.parametrize(
    ("settings", "phases"),
    [
        ({"write": {"documents_per_part": 5}}, {"04-write"}),
        (
            {"read": {"segment": "paragraph"}},
            {"00-read", "01-map", "02-merge", "03-map", "04-write"},
        ),
        (
            {"engine": {"kind": "inline"}, "seed": 1},
            {"00-read", "01-map", "02-merge", "03-map", "04-write"},
        ),
    ],
)
def test_changed_settings_redo_what_knows_them(
    done: Path, settings: dict[str, Any], phases: set[str]
) -> None:
    """No setting that shows in the output is ignored."""
    before = manifests_of(done / "run")
    make_run(done, STAGE_LIST, **{"engine": ENGINE, **settings}, keep_work=True)
    assert redone(before, manifests_of(done / "run")) <= phases
    assert "04-write" in redone(before, manifests_of(done / "run"))
    make_run(done, STAGE_LIST, name="fresh", **{"engine": ENGINE, **settings})
    assert bytes_of(done / "run") == bytes_of(done / "fresh")


def test_a_changed_reason_reaches_the_ledger(tmp: Path) -> None:
    """The words of a rule are written, though they change no edit."""
    write_records(tmp / "in" / "a.jsonl", ["the same long text of many words here"] * 2)
    for threshold in (0.8, 0.7):
        stages = [{"use": "near_duplicates", "threshold": threshold}]
        make_run(tmp, stages, keep_work=True)
        assert f"at least {threshold}" in rows_of(tmp / "run", "ledger")[0]["reason"]


def test_a_changed_input_is_read_again(done: Path) -> None:
    """Size and time decide; only the chunks that hold the file are read again."""
    before = manifests_of(done / "run")
    path = done / "in" / "t000.txt"
    path.write_bytes(path.read_bytes().replace(b"river", b"canal"))
    make_run(done, STAGE_LIST, engine=ENGINE, keep_work=True)
    after = manifests_of(done / "run")
    reads = [t for t in after if t.startswith("00-read")]
    again = [t for t in reads if after[t] != before[t]]
    assert 0 < len(again) < len(reads)
    make_run(done, STAGE_LIST, name="fresh", engine=ENGINE)
    assert bytes_of(done / "run") == bytes_of(done / "fresh")


def test_a_touched_input_costs_its_reading_alone(done: Path) -> None:
    """Where the same text comes out, the phases after it stand."""
    before = manifests_of(done / "run")
    os.utime(done / "in" / "t000.txt")
    assert not make_run(done, STAGE_LIST, engine=ENGINE, keep_work=True).up_to_date
    assert redone(before, manifests_of(done / "run")) == {"00-read"}


def test_a_renamed_input_reaches_the_corpus(tmp: Path) -> None:
    """The originals do not know their file's name; sources and ids must not be stale."""
    write_texts(tmp / "in", {"a.txt": "one", "b.txt": "two"})
    make_run(tmp, STAGE_LIST, keep_work=True)
    old = {r["doc_id"] for r in rows_of(tmp / "run", "corpus")}
    (tmp / "in" / "b.txt").rename(tmp / "in" / "c.txt")
    make_run(tmp, STAGE_LIST, keep_work=True)
    rows = rows_of(tmp / "run", "corpus")
    assert [r["source"] for r in rows] == ["in/a.txt", "in/c.txt"]
    assert len(old & {r["doc_id"] for r in rows}) == 1


def test_record_numbers_of_later_chunks_are_not_stale(tmp: Path) -> None:
    """A blank line more in the first chunk moves the records of the second by one."""
    line = json.dumps({"text": "x" * 60}) + "\n"
    path = tmp / "in" / "a.jsonl"
    path.parent.mkdir()
    engine = {"kind": "inline", "shard_bytes": 280}
    for first in (line * 4, line * 3 + "\n" * len(line)):
        path.write_text(first + line * 3)
        make_run(tmp, STAGE_LIST, engine=engine, keep_work=True)
        make_run(tmp, STAGE_LIST, name="fresh")
        expected = [r["record"] for r in rows_of(tmp / "fresh", "corpus")]
        assert [r["record"] for r in rows_of(tmp / "run", "corpus")] == expected
    assert expected[-1] == 3 + len(line) + 2


def test_annotations_of_an_earlier_config_are_not_taken(tmp: Path) -> None:
    """Files that another list of stages left in work/ are never read."""
    write_records(tmp / "in" / "a.jsonl", ["alpha\nbeta\n", "gamma"])
    make_run(tmp, [NOTE, WORDS, {"use": CUT, "letter": "b"}], keep_work=True)
    assert (tmp / "run" / "work" / "01-map" / "00000.notes.arrow").stat().st_size
    make_run(tmp, [MEND, WORDS, NOTE, {"use": CUT, "letter": "g"}], keep_work=True)
    assert [r["text"] for r in rows_of(tmp / "run", "corpus")] == ["alpha\nbeta\n", ""]


@pytest.mark.parametrize("damage", ["missing", "short", "manifest", "longer"])
def test_a_damaged_task_is_done_again(done: Path, damage: str) -> None:
    """A file that is not as its manifest says makes its task, and no other one, redone."""
    (done / "run" / "manifest.json").unlink()
    before = manifests_of(done / "run")
    expected = bytes_of(done / "run") | {"manifest.json": ""}
    path = done / "run" / "work" / "01-map" / "00001.docs.arrow"
    if damage == "missing":
        path.unlink()
    elif damage == "manifest":
        path.with_name("00001.json").write_text("{")
    else:
        data = path.read_bytes()
        path.write_bytes(data[:-8] if damage == "short" else data + b"12345678")
    make_run(done, STAGE_LIST, engine=ENGINE, keep_work=True)
    after = manifests_of(done / "run")
    assert {t for t in after if after[t] != before.get(t)} == {"01-map/00001.json"}
    assert bytes_of(done / "run").keys() == expected.keys()


def test_work_of_another_config_is_not_taken(done: Path) -> None:
    """Tasks that another config committed in between are done again, though their files fit."""
    expected = bytes_of(done / "run")
    (done / "run" / "manifest.json").unlink()
    other = [{"use": MEND, "new": "colou-"}, WORDS, NOTE]
    with pytest.raises(KeyboardInterrupt):
        run(make_config(done, other, engine=ENGINE, keep_work=True), observer=StopsAt("02-merge"))
    make_run(done, STAGE_LIST, engine=ENGINE, keep_work=True)
    assert bytes_of(done / "run") == expected


class StopsAt(Silent):
    """Interrupts a run when a phase begins."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def phase_started(self, phase: Any, load: Any) -> None:
        """See `Observer`."""
        if phase.folder == self._folder:
            raise KeyboardInterrupt


def test_a_run_that_goes_on_leaves_what_is_published_alone(done: Path) -> None:
    """Until a run is finished, the output of the one before stays as it is, byte for byte."""
    expected = bytes_of(done / "run")
    config = make_config(
        done, [{"use": MEND, "new": "hue"}, WORDS, NOTE], engine=ENGINE, keep_work=True
    )
    report_time = (done / "run" / "reports" / "report.json").stat().st_mtime_ns

    class StopsAfterWriting(Silent):
        """Interrupts a run when the last task is committed."""

        def phase_done(self, phase: Any) -> None:
            """See `Observer`."""
            if phase.kind == "write":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(config, observer=StopsAfterWriting())
    assert bytes_of(done / "run") == expected
    assert (done / "run" / "reports" / "report.json").stat().st_mtime_ns == report_time
    run(config)
    assert bytes_of(done / "run") != expected


def test_two_runs_into_one_output(tmp: Path) -> None:
    """The second is refused, and says who holds the folder; nothing of the first is touched."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    with lock(tmp / "run" / "work"), pytest.raises(LockedError, match=f"process {os.getpid()}"):
        make_run(tmp, STAGE_LIST)
    make_run(tmp, STAGE_LIST)
    assert (tmp / "run" / "manifest.json").exists()


def test_a_finished_run_does_not_take_the_work_of_another(done: Path) -> None:
    """The folder may be in use by a run of another config: then nothing is removed."""
    with lock(done / "run" / "work"), pytest.raises(LockedError):
        make_run(done, STAGE_LIST, engine=ENGINE)
    assert (done / "run" / "work" / "01-map").is_dir()


def test_leftovers_of_dead_attempts_are_removed(done: Path) -> None:
    """Files that never got their name go when their phase is looked at again."""
    (done / "run" / "manifest.json").unlink()
    path = done / "run" / "work" / "01-map" / "00000.docs.arrow.123.tmp"
    path.write_bytes(b"half")
    make_run(done, STAGE_LIST, engine=ENGINE, keep_work=True)
    assert not path.exists()


def test_the_text_of_a_document_decides_alone(tmp: Path) -> None:
    """Appending a file leaves every row of the others as it was."""
    import random

    draw = random.Random(4)
    write_texts(tmp / "in", {f"{i}.txt": article(draw) for i in range(4)})
    make_run(tmp, [MEND, NOTE])
    before = rows_of(tmp / "run", "corpus")
    write_texts(tmp / "in", {"zz.txt": article(draw)})
    make_run(tmp, [MEND, NOTE])
    assert rows_of(tmp / "run", "corpus")[:4] == before
