"""Writing an index: all or nothing, one at a time, the same bytes; and what it refuses."""

from __future__ import annotations

import json
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleaner.errors import CleanerError, InputError, IntegrityError, LockedError
from cleaner.index import description, store
from cleaner.index.corpus import open_corpus
from cleaner.index.lookup import Index
from cleaner.index.segment import Sketched
from cleaner.index.store import check, compact
from cleaner.io.store import lock
from cleaner.stages.near_duplicates import NearDuplicates
from tests.engine.runs import start
from tests.index.corpora import add, answers, build, bytes_of, spoil, write_run
from tests.index.kill_at import STAGE
from tests.stages.copies import families


@pytest.fixture
def three(tmp: Path) -> list[Path]:
    """The folders of three runs."""
    for number in range(3):
        write_run(tmp / f"run{number}", families(number, count=3))
    return [tmp / f"run{number}" for number in range(3)]


def of(*runs: Path) -> list[Any]:
    """The corpora of runs."""
    return [open_corpus(run) for run in runs]


def test_the_same_runs_give_the_same_bytes(tmp: Path, three: list[Path]) -> None:
    """In the same order; in two steps the answers are the same, not the files."""
    build(tmp / "a", STAGE, *of(*three))
    build(tmp / "b", STAGE, *of(*three))
    assert bytes_of(tmp / "a") == bytes_of(tmp / "b")
    build(tmp / "c", STAGE, *of(*three[:1]))
    add(tmp / "c", STAGE, *of(*three[1:]))
    assert len(Index(tmp / "c").description.segments) == 2
    texts = families(1, count=3)
    assert answers(tmp / "c", STAGE, texts) == answers(tmp / "a", STAGE, texts) != {}


def test_a_run_comes_in_once(tmp: Path, three: list[Path]) -> None:
    """Added again, or named twice, it is passed over, and not a byte changes."""
    build(tmp / "a", STAGE, *of(three[0], three[0]))
    before = bytes_of(tmp / "a")
    added = add(tmp / "a", STAGE, *of(three[0]))
    assert (added.runs, added.known) == ((), (str(three[0]),))
    assert bytes_of(tmp / "a") == before
    added = add(tmp / "a", STAGE, *of(three[0], three[1]))
    assert [r.name for r in added.runs] == ["run1"]
    assert [r.name for r in Index(tmp / "a").description.runs] == ["run0", "run1"]


def test_one_segment_of_many(tmp: Path, three: list[Path]) -> None:
    """The bytes of the files are those of an index that was built at once."""
    build(tmp / "once", STAGE, *of(*three))
    build(tmp / "steps", STAGE, *of(three[0]))
    for run in three[1:]:
        add(tmp / "steps", STAGE, *of(run))
    texts = families(2, count=3)
    before = answers(tmp / "steps", STAGE, texts)
    after = compact(tmp / "steps")
    assert answers(tmp / "steps", STAGE, texts) == before
    assert after.digest() == Index(tmp / "once").description.digest()
    assert sorted(p.name for p in (tmp / "steps").glob("0*")) == [
        "00003.documents.arrow",
        "00003.json",
        "00003.keys.arrow",
    ]
    assert compact(tmp / "steps") == after


def test_an_index_is_not_overwritten_unasked(tmp: Path, three: list[Path]) -> None:
    """Neither an index, nor a folder of something else, nor a file."""
    build(tmp / "a", STAGE, *of(three[0]))
    before = bytes_of(tmp / "a")
    with pytest.raises(InputError, match=r"is an index already; `cleaner index add"):
        build(tmp / "a", STAGE, *of(three[1]))
    assert bytes_of(tmp / "a") == before
    (tmp / "a" / "index.json").unlink()
    (tmp / "a" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"not of an index \(notes\.txt\)"):
        build(tmp / "a", STAGE, *of(three[0]))
    with pytest.raises(InputError, match="is a file"):
        build(tmp / "a" / "notes.txt", STAGE, *of(three[0]))


def test_an_index_is_replaced_when_all_is_done(tmp: Path, three: list[Path]) -> None:
    """Also one that this program cannot use; what it had is gone then."""
    build(tmp / "a", STAGE, *of(three[0]))
    change(tmp / "a", format="cleaner-index-0")
    other = NearDuplicates(threshold=0.9)
    build(tmp / "a", other, *of(three[1]), replace=True)
    assert [r.name for r in Index(tmp / "a").description.runs] == ["run1"]
    assert Index(tmp / "a").parameters.threshold == 0.9
    assert len(list((tmp / "a").glob("*.documents.arrow"))) == 1


def test_two_writers_do_not_meet(tmp: Path, three: list[Path]) -> None:
    """The second is told who the first is; readers do not mind."""
    build(tmp / "a", STAGE, *of(three[0]))
    with lock(tmp / "a"):
        with pytest.raises(LockedError, match=r"process \d+ is writing to .*; wait for it"):
            add(tmp / "a", STAGE, *of(three[1]))
        with pytest.raises(LockedError):
            compact(tmp / "a")
        assert answers(tmp / "a", STAGE, families(0, count=3))
    add(tmp / "a", STAGE, *of(three[1]))


def killed(tmp: Path, number: int, what: str, index: Path, *runs: Path) -> bool:
    """Whether the writer was killed before it came to its end."""
    with start("tests.index.kill_at", str(number), what, str(index), *map(str, runs)) as process:
        said, _ = process.communicate(timeout=120)
        assert process.returncode in (0, -signal.SIGKILL), said
    return process.returncode != 0


def survive(tmp: Path, three: list[Path], what: str, number: int) -> bool:
    """Kill a writer; the index says what it said before, or after; the next one finishes.

    Returns whether there was anything to kill.
    """
    index, runs = tmp / "index", [] if what == "compact" else three[2:]
    shutil.rmtree(index, ignore_errors=True)
    build(index, STAGE, *of(three[0]))
    add(index, STAGE, *of(three[1]))
    was = Index(index).description.digest()
    texts = families(1, count=3)
    before = answers(index, STAGE, texts)
    is_dead = killed(tmp, number, what, index, *runs)
    now = Index(index).description
    if now.digest() == was:
        assert answers(index, STAGE, texts) == before
    assert check(index, now) == []
    if what == "compact":
        compact(index)
    elif what == "add":
        add(index, STAGE, *of(*runs))
    else:
        build(index, STAGE, *of(*runs), replace=True)
    done = bytes_of(index)
    assert {name.partition(".")[0] for name in done} - {"index"} == {
        f"{segment.number:05d}" for segment in Index(index).description.segments
    }
    return is_dead


def test_a_writer_that_fails_leaves_the_index_as_it_was(tmp: Path, three: list[Path]) -> None:
    """Files that nobody named are removed by the next one."""
    build(tmp / "a", STAGE, *of(three[0]))
    before = bytes_of(tmp / "a")

    def fail(text: pa.Array) -> Sketched:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add(tmp / "a", of(three[1]), fail)
    assert {n: d for n, d in bytes_of(tmp / "a").items() if n in before} == before
    (tmp / "a" / ".aside-left").mkdir()
    for name in ("00001.keys.arrow", "00007.json", "00001.documents.arrow.1-ab.tmp"):
        (tmp / "a" / name).write_text("left behind")
    add(tmp / "a", STAGE, *of(three[0]))
    assert bytes_of(tmp / "a") == before


@pytest.mark.slow
@pytest.mark.parametrize(("what", "step"), [("add", 1), ("compact", 2), ("build", 3)])
def test_a_writer_may_be_killed_anywhere(
    tmp: Path, three: list[Path], what: str, step: int
) -> None:
    """Before each sync, each renaming, each removal."""
    number = 1
    while survive(tmp, three, what, number):
        number += step
    assert number > 9


def change(index: Path, **values: Any) -> None:
    """Change what index.json says."""
    path = index / "index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_another_version_is_refused(tmp: Path, three: list[Path]) -> None:
    """Whatever decides a sketch: it says what differs, and what to do."""
    build(tmp / "a", STAGE, *of(three[0]))
    made = description.algorithms()
    for name in made:
        change(tmp / "a", algorithms=made | {name: "other-0"})
        with pytest.raises(InputError, match=rf"made with {name} 'other-0', this program has") as e:
            Index(tmp / "a")
        assert "make it anew with `cleaner index build --replace" in str(e.value)
    change(tmp / "a", algorithms=made)
    assert Index(tmp / "a").description.documents
    change(tmp / "a", format="cleaner-index-2")
    with pytest.raises(IntegrityError, match=r"another version of cleaner .*make it anew"):
        Index(tmp / "a")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": "cleaner-index-1"}', "\udc80", "[" * 100_000]
)
def test_a_damaged_description_is_a_sentence(tmp: Path, text: str) -> None:
    """No traceback, whatever the file holds."""
    (tmp / "index.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(IntegrityError, match=r"index\.json is damaged"):
        Index(tmp)


def test_what_index_json_says_is_not_trusted(tmp: Path, three: list[Path]) -> None:
    """No file outside, no numbers that do not fit the files."""
    build(tmp / "a", STAGE, *of(three[0]))
    (entry,) = json.loads((tmp / "a" / "index.json").read_text())["segments"]
    outside = entry["keys_file"] | {"name": "../00000.keys.arrow"}
    for wrong in (
        {"keys_file": outside},
        {"documents": entry["documents"] + 1},
        {"documents": -1},
        {"partitions": 2},
        {"partitions": 3},
        {"keys_file": entry["documents_file"]},
        {"documents_file": entry["keys_file"]},
    ):
        change(tmp / "a", segments=[entry | wrong])
        with pytest.raises(IntegrityError, match="damaged"):
            Index(tmp / "a")
    parameters = json.loads((tmp / "a" / "index.json").read_text())["parameters"]
    change(tmp / "a", segments=[entry], parameters=parameters | {"bands": 1000, "rows": 1000})
    with pytest.raises(IntegrityError, match="bands × rows is more than num_perm"):
        Index(tmp / "a")


def test_a_missing_or_short_file_is_a_sentence(tmp: Path, three: list[Path]) -> None:
    """It names the file, and what to do."""
    build(tmp / "a", STAGE, *of(three[0]))
    path = tmp / "a" / "00000.keys.arrow"
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(IntegrityError, match=r"00000\.keys\.arrow has \d+ bytes instead of \d+"):
        Index(tmp / "a")
    path.unlink()
    with pytest.raises(IntegrityError, match=r"00000\.keys\.arrow: No such file.*--replace"):
        Index(tmp / "a")
    with pytest.raises(InputError, match=r"is not an index \(no index\.json in it\)"):
        Index(tmp)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), which=st.booleans())
def test_a_changed_byte_is_found_and_breaks_nothing(
    tmp: Path, share: float, bit: int, which: bool
) -> None:
    """`check` names the file; a look meanwhile gives an answer or a sentence, never a crash."""
    index = tmp / "index"
    if not index.exists():
        build(index, STAGE, write_run(tmp / "run", families(1, count=3)))
    path = index / f"00000.{'keys' if which else 'documents'}.arrow"
    whole = path.read_bytes()
    shown = Index(index).description
    spoil(path, int(share * len(whole)), 1 << bit)
    try:
        assert check(index, shown) == [f"{path.name} was changed (its hash differs)"]
        with suppress(IntegrityError):
            answers(index, STAGE, families(1, count=3))
    finally:
        path.write_bytes(whole)


def test_a_damaged_segment_is_not_carried_on(tmp: Path, three: list[Path]) -> None:
    """`compact` reads all files anyway, and checks them first."""
    build(tmp / "a", STAGE, *of(three[0]))
    add(tmp / "a", STAGE, *of(three[1]))
    path = tmp / "a" / "00001.documents.arrow"
    spoil(path, path.stat().st_size // 2)
    before = bytes_of(tmp / "a")
    with pytest.raises(IntegrityError, match=r"00001\.documents\.arrow was changed"):
        compact(tmp / "a")
    assert bytes_of(tmp / "a") == before


def test_a_run_that_was_changed_is_refused(tmp: Path, three: list[Path]) -> None:
    """A missing part, another size, other rows, another version, no run at all."""
    run = three[0]
    part = run / "corpus" / "part-00000.parquet"
    manifest = json.loads((run / "manifest.json").read_text())
    for wrong, words in (
        ({"documents": 1}, "documents instead of 1"),
        ({"schema": 0}, "a run of another version of cleaner"),
        ({"files": {}}, "other files than the run wrote"),
        ({"config": None}, "manifest.json is damaged"),
        ({"files": {"corpus/part-00000.parquet": {}}}, "manifest.json is damaged"),
    ):
        (run / "manifest.json").write_text(json.dumps(manifest | wrong))
        with pytest.raises(CleanerError, match=words):
            build(tmp / "a", STAGE, *of(run))
        assert not (tmp / "a" / "index.json").exists()
    (run / "manifest.json").write_text(json.dumps(manifest))
    spoil(part, part.stat().st_size // 2)
    with pytest.raises(IntegrityError, match=r"was changed \(sha256 differs\); `cleaner verify"):
        build(tmp / "a", STAGE, *of(run))
    with pytest.raises(InputError, match="not a finished run"):
        open_corpus(tmp)
