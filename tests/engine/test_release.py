"""Files that no later phase reads go while a run goes on, and come back where they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.engine import release
from cleaner.engine.driver import run
from tests.engine.runs import STAGES, bytes_of, make_config, make_corpus

PIPELINE = [
    {"use": "unicode"},
    {"use": "repeats"},
    {"use": "repeated_passages"},
    {"use": "exact_duplicates"},
    {"use": "near_duplicates", "threshold": 0.7, "pairs": "all"},
    {"use": "near_duplicates", "id": "passages", "unit": "passage", "min_words": 6},
]
SMALL = {"kind": "inline", "shard_bytes": 8000}
FAILS = {"use": STAGES + "Careless"}  # it returns nothing: the run stops


def files_of(work: Path) -> set[str]:
    """The data files of a run that was stopped, as `phase/kind`."""
    return {f"{p.parent.name}/{p.name.partition('.')[2]}" for p in work.glob("*/[0-9]*.arrow")}


def stopped(tmp: Path, stages: list[dict[str, object]], **settings: object) -> Path:
    """A run that stops at its last stage; its work folder."""
    from cleaner.errors import CleanerError

    settings.setdefault("engine", SMALL)
    with pytest.raises(CleanerError):
        run(make_config(tmp, [*stages, FAILS], **settings))
    return tmp / "run" / "work"


def test_what_no_phase_reads_any_more_is_gone(tmp_path: Path) -> None:
    """Of phases long past only originals, ledgers and the pairs for duplicates/ are left."""
    make_corpus(tmp_path / "in")
    work = stopped(tmp_path, PIPELINE)
    left = files_of(work)
    assert "00-read/originals.arrow" in left
    early = {name for name in left if name < "08"}
    assert {n.partition("/")[2] for n in early} <= {
        "originals.arrow", "quarantine.arrow", "ledger.arrow", "exchange.arrow",
    }  # fmt: skip
    kept = {n for n in left if n.endswith("exchange.arrow")}
    assert len(kept) <= 3
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "in").symlink_to(tmp_path / "in")
    assert files_of(stopped(tmp_path / "other", PIPELINE, keep_work=True)) > left


@pytest.mark.parametrize(
    "changed", [n if n == 3 else pytest.param(n, marks=pytest.mark.slow) for n in range(6)]
)
def test_a_change_makes_again_what_it_needs(tmp_path: Path, changed: int) -> None:
    """A run is stopped, a stage of it is changed: the output is that of a run from the start."""
    make_corpus(tmp_path / "in")
    stopped(tmp_path, PIPELINE)
    stages = [dict(stage) for stage in PIPELINE]
    stages[changed]["id"] = "renamed"
    run(make_config(tmp_path, stages, engine=SMALL))
    run(make_config(tmp_path, stages, name="fresh", engine=SMALL, keep_work=True))
    assert bytes_of(tmp_path / "run") == bytes_of(tmp_path / "fresh")


def test_a_run_goes_on_without_doing_anything_again(tmp_path: Path) -> None:
    """What was done before the stop is not done again, though much of it is deleted."""
    make_corpus(tmp_path / "in")
    work = stopped(tmp_path, PIPELINE)
    before = {p: p.stat().st_mtime_ns for p in work.glob("0*/[0-9]*.json")}
    assert stopped(tmp_path, PIPELINE) == work
    assert {p: p.stat().st_mtime_ns for p in before} == before


READ_BY = st.dictionaries(
    st.tuples(st.integers(0, 6), st.sampled_from(["a", "b"])),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    max_size=10,
)


@given(READ_BY, st.integers(1, 8), st.data())
def test_every_phase_that_runs_finds_its_files(
    read_by: dict[tuple[int, str], list[int]], front: int, data: st.DataObject
) -> None:
    """After `made_again` no phase that runs lacks a file, and none runs without a reason."""
    read_by = {k: [r for r in v if r > k[0]] for k, v in read_by.items()}
    gone = {
        phase: {k for p, k in read_by if p == phase and data.draw(st.booleans())}
        for phase in range(front)
    }
    again = release._made_again(read_by, gone, range(front, 10))
    runs = {*again, *range(front, 10)}
    for (phase, kind), readers in read_by.items():
        if runs & set(readers) and kind in gone.get(phase, ()):
            assert phase in again
    for phase in again:
        assert any(runs & set(read_by.get((phase, kind), ())) for kind in gone[phase])
