"""A part of the corpus: the first documents, or a seeded sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cleaner.engine.context import Selection, draw
from cleaner.errors import CleanerError
from cleaner.io.restore import restore
from tests.engine.runs import (
    PAGE,
    STAGES,
    bytes_of,
    make_corpus,
    make_run,
    rows_of,
    write_records,
    write_texts,
)
from tests.engine.test_run import check_balance

MEND, NOTE, WORDS = f"{STAGES}Mend", f"{STAGES}Note", f"{STAGES}FirstWords"
CUT = {"use": f"{STAGES}CutNoted", "letter": "r"}
STAGE_LIST: list[Any] = [MEND, NOTE, WORDS, CUT, "exact_duplicates", {"use": NOTE, "id": "again"}]
SIZES = [300, "32MiB"]


@pytest.mark.parametrize("how", [{"limit": 9}, {"sample": 9}])
def test_a_selection_is_the_same_for_every_shard_size(tmp: Path, how: dict[str, int]) -> None:
    """The counts, too: how much was read beyond the first documents must not show."""
    make_corpus(tmp / "in", 24)
    found = []
    for size in SIZES:
        engine = {"kind": "inline", "shard_bytes": size}
        report = make_run(tmp, STAGE_LIST, name=f"s{size}", engine=engine, **how)
        check_balance(report)
        assert report.stages[1].counts["docs_in"] == 9
        [(name, number)] = how.items()
        found.append(bytes_of(tmp / f"s{size}-{name}-{number}"))
    assert found[0] == found[1]


def test_a_limit_takes_the_first_documents(tmp: Path) -> None:
    """In the order of the input; bad records after the last one are not counted."""
    path = write_records(tmp / "in" / "a.jsonl", ["one", "two", "three", "four"])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "{bad", *lines[1:3], "{bad", lines[3], "{bad"]))
    write_texts(tmp / "in", {"z.txt": "never read"})
    report = make_run(tmp, [NOTE], limit=3)
    assert report.output == tmp / "run-limit-3"
    assert report.quarantine == {"bad_json": 1}
    assert report.left_out == 0
    rows = rows_of(tmp / "run-limit-3", "corpus")
    assert [(r["record"], r["text"]) for r in rows] == [(0, "one"), (2, "two"), (3, "three")]
    assert not (tmp / "run").exists()
    assert restore(tmp / "run-limit-3", rows[2]["doc_id"]) == b"three"


def test_a_limit_above_the_corpus_takes_all(tmp: Path) -> None:
    """The bytes of the corpus are those of a run without a limit."""
    make_corpus(tmp / "in", 8)
    make_run(tmp, STAGE_LIST, limit=1000)
    make_run(tmp, STAGE_LIST)
    ours, all_ = bytes_of(tmp / "run-limit-1000"), bytes_of(tmp / "run")
    assert {n for n in ours if ours[n] != all_[n]} <= {"manifest.json", PAGE}


def test_a_limit_reads_no_more_chunks_than_it_takes(tmp: Path) -> None:
    """A look at a large corpus is quick."""
    write_records(tmp / "in" / "a.jsonl", [f"text {i}" for i in range(50)])
    engine = {"kind": "inline", "shard_bytes": 100}
    make_run(tmp, [NOTE], limit=12, engine=engine, keep_work=True)
    tasks = list((tmp / "run-limit-12" / "work" / "00-read").glob("0*.json"))
    assert 2 <= len(tasks) <= 4


def test_a_larger_limit_begins_with_the_smaller_one(tmp: Path) -> None:
    """Rows of the first documents do not depend on how many follow, map stages given."""
    make_corpus(tmp / "in", 12)
    for limit in (5, 9):
        make_run(tmp, [MEND, NOTE], limit=limit)
    small, large = (rows_of(tmp / f"run-limit-{n}", "corpus") for n in (5, 9))
    assert small == large[: len(small)]


def test_a_sample_is_chosen_by_the_seed(tmp: Path) -> None:
    """Its size is exact; the same seed gives the same documents, another seed others."""
    write_records(tmp / "in" / "a.jsonl", [f"text {i}" for i in range(60)])
    chosen = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        report = make_run(tmp, [NOTE, WORDS], name=name, sample=20, seed=seed)
        check_balance(report)
        assert report.left_out == 40
        chosen.append([r["record"] for r in rows_of(tmp / f"{name}-sample-20", "corpus")])
    assert chosen[0] == chosen[1] != chosen[2]
    assert len(chosen[0]) == len(chosen[2]) == 20


def test_a_small_sample_is_part_of_a_larger_one(tmp: Path) -> None:
    """The n documents of the smallest draws: growing a sample keeps what was looked at."""
    ordinals = np.arange(1000, dtype=np.int64)
    draws = np.sort(draw(ordinals, 7))
    small, large = (Selection(None, int(draws[n - 1]), 7).chosen(ordinals) for n in (50, 200))
    assert (small.sum(), large.sum()) == (50, 200)
    assert not (small & ~large).any()


@pytest.mark.parametrize("how", [{"limit": 0}, {"sample": -1}, {"limit": 1, "sample": 1}])
def test_selections_that_make_no_sense(tmp: Path, how: dict[str, int]) -> None:
    """Refused before anything is read."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    with pytest.raises(CleanerError, match=r"at least 1|not both"):
        make_run(tmp, [], **how)  # type: ignore[arg-type]
    assert [p.name for p in tmp.iterdir()] == ["in"]
