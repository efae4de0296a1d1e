"""What an index finds: what comparing each with each finds among those that share a band."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleaner.index import lookup
from cleaner.index import segment as segments
from cleaner.index.store import compact
from cleaner.stages.known import sketch_texts
from cleaner.stages.near_duplicates import NearDuplicates
from tests.index.corpora import add, answers, build, named, plain_answers, write_run
from tests.stages.copies import families

STAGES = [
    NearDuplicates(threshold=0.5, ngram=2, num_perm=16, bands=8, rows=2),
    NearDuplicates(threshold=0.7, ngram=3, num_perm=32, seed=7, fold_digits=True),
    NearDuplicates(threshold=0.4, ngram=1, num_perm=8, bands=8, rows=1, same_numbers=True),
]
WORDS = st.lists(
    st.sampled_from(["one", "two", "three", "four", "five", "six", "7", "8", "đỏ", "cây"]),
    max_size=14,
)
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
TEXTS = st.lists(WORDS.map(" ".join), max_size=14)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(known=TEXTS, new=TEXTS, cut=st.integers(0, 14), which=st.sampled_from(range(len(STAGES))))
def test_it_finds_what_comparing_each_with_each_finds(
    known: list[str], new: list[str], cut: int, which: int
) -> None:
    """Same copies and similarities: built at once, added in two steps, or made one segment."""
    stage = STAGES[which]
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        tmp = Path(folder)
        parts = known[:cut], known[cut:]
        first, second = (write_run(tmp / f"r{i}", texts) for i, texts in enumerate(parts))
        build(tmp / "once", stage, first, second)
        build(tmp / "twice", stage, first)
        add(tmp / "twice", stage, second)
        pool = named(first, parts[0]) + named(second, parts[1])
        expected = plain_answers(stage, pool, new)
        assert answers(tmp / "once", stage, new) == expected
        assert answers(tmp / "twice", stage, new) == expected
        compact(tmp / "twice")
        assert answers(tmp / "twice", stage, new) == expected


@pytest.mark.parametrize("limit", [1, 7, 1 << 20])
def test_the_parts_that_work_is_cut_into_do_not_show(
    tmp: Path, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same answers and bytes of files, however little memory a step may take."""
    stage = NearDuplicates(threshold=0.6, ngram=3)
    known, new = families(11), families(11)[::-1] + families(12)
    corpus = write_run(tmp / "run", known)
    build(tmp / "plain", stage, corpus)
    expected = plain_answers(stage, named(corpus, known), new)
    assert len(expected) > 30
    assert answers(tmp / "plain", stage, new) == expected
    monkeypatch.setattr(lookup, "CANDIDATES_AT_ONCE", limit)
    monkeypatch.setattr(lookup, "VALUES_AT_ONCE", limit)
    assert answers(tmp / "plain", stage, new) == expected
    monkeypatch.setattr(segments, "KEYS_AT_ONCE", limit)
    build(tmp / "small", stage, corpus)
    for name in ("00000.documents.arrow", "00000.keys.arrow", "index.json"):
        assert (tmp / "small" / name).read_bytes() == (tmp / "plain" / name).read_bytes()


@pytest.mark.parametrize("keys_in_partition", [1, 40, 1 << 20])
def test_partitions_do_not_show(
    tmp: Path, keys_in_partition: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same answers with one partition of keys, or with hundreds, most of them empty."""
    stage = NearDuplicates(threshold=0.6, ngram=3)
    known, new = families(13), families(13)
    corpus = write_run(tmp / "run", known)
    monkeypatch.setattr(segments, "KEYS_IN_PARTITION", keys_in_partition)
    monkeypatch.setattr(segments, "BATCH_BYTES", 1000)
    build(tmp / "index", stage, corpus)
    expected = plain_answers(stage, named(corpus, known), new)
    assert answers(tmp / "index", stage, new) == expected
    assert len(answers(tmp / "index", stage, new)) == sum(any(c.isalnum() for c in t) for t in new)


def test_texts_shorter_than_a_shingle_are_found_as_a_whole(tmp: Path) -> None:
    """The same words are a copy of similarity 1; no words are a copy of nothing."""
    stage = NearDuplicates()
    known = ["two words", "", "?!", "a b c d"]
    corpus = write_run(tmp / "run", known)
    build(tmp / "index", stage, corpus)
    found = answers(tmp / "index", stage, ["Two, WORDS", "two", "", "...", "a b c d", "a b c"])
    ids = [name for name, _ in named(corpus, known)]
    assert found == {0: (ids[0], 1.0), 4: (ids[3], 1.0)}


def test_of_equal_copies_the_first_is_named(tmp: Path) -> None:
    """The order is that of the runs, and of the documents in them."""
    stage = NearDuplicates()
    text = " ".join(f"word{i}" for i in range(30))
    first = write_run(tmp / "a", ["other text", text, text])
    second = write_run(tmp / "b", [text])
    build(tmp / "index", stage, second)
    add(tmp / "index", stage, first)
    assert answers(tmp / "index", stage, [text]) == {0: (named(second, [text])[0][0], 1.0)}


def test_a_key_that_all_have_costs_a_bounded_look(
    tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many documents with one key the first are looked at, over all segments together."""
    stage = NearDuplicates(threshold=0.9, ngram=1, num_perm=4, bands=4, rows=1, max_leaders=3)
    frame = " ".join(f"menu{i}" for i in range(40))
    pages = [f"{frame} page{i} says{i}" for i in range(12)]
    monkeypatch.setattr(lookup, "MOST_OF_A_KEY", 5)
    runs = [write_run(tmp / f"r{i}", pages[i::2]) for i in (0, 1)]
    build(tmp / "once", stage, *runs)
    build(tmp / "twice", stage, runs[0])
    add(tmp / "twice", stage, runs[1])
    found = answers(tmp / "once", stage, pages)
    assert found == answers(tmp / "twice", stage, pages)
    assert set(found) == set(range(12))
    assert {name for name, _ in found.values()} <= {
        name for name, _ in named(runs[0], pages[0::2])[:5]
    }


def test_an_index_of_nothing_finds_nothing(tmp: Path) -> None:
    """A run may have kept no document."""
    stage = NearDuplicates()
    build(tmp / "index", stage, write_run(tmp / "run", []))
    assert answers(tmp / "index", stage, families(1)) == {}
    assert answers(tmp / "index", stage, []) == {}


def test_what_an_index_keeps_is_pinned() -> None:
    """Sets and keys of whole texts, which no version of the parts covers; see `SKETCH`."""
    stage = NearDuplicates(bands=2, rows=2, same_numbers=True)
    found = sketch_texts(stage, pa.array(["Two, WORDS 1", "", "một hai ba bốn năm sáu 12"]))
    assert [s.tolist() for s in found.sets] == PINNED_SETS, "raise cleaner.index.description.SKETCH"
    assert found.keys.tolist() == PINNED_KEYS, "raise cleaner.index.description.SKETCH"
    assert found.numbers.tolist() == PINNED_NUMBERS, "raise cleaner.index.description.SKETCH"


PINNED_SETS = [
    [3811836605682759368],
    [],
    [3351226980623684641, 9557989847566952113, 16606963847343248989],
]
PINNED_KEYS = [
    [10467483289620353901, 10467483289620353902],
    [0, 0],
    [316598380089160830, 2356682044715301937],
]
PINNED_NUMBERS = [9621209574719105971, 0, 11213074917539211493]
