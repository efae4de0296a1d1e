"""A whole run: the same bytes however it is cut, books that balance, mistakes of a stage."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleaner.engine import context as contexts
from cleaner.engine.driver import run
from cleaner.errors import CleanerError, EditError, InputError
from cleaner.io.restore import restore
from cleaner.report.stats import RunReport
from tests.engine.runs import (
    STAGES,
    article,
    bytes_of,
    make_config,
    make_corpus,
    make_run,
    rows_of,
    write_records,
    write_texts,
)
from tests.property.strategies import ALPHABET

MEND, NOTE, WORDS = f"{STAGES}Mend", f"{STAGES}Note", f"{STAGES}FirstWords"
ALL = [
    MEND,
    NOTE,
    {"use": f"{STAGES}CutNoted", "letter": "p"},
    "repeats",
    WORDS,
    f"{STAGES}Boom",
    "repeated_passages",
    "exact_duplicates",
    "near_duplicates",
    {"use": "near_duplicates", "id": "near_passages", "unit": "passage", "min_words": 5},
]
SMALL = {"documents_per_part": 7, "row_group_documents": 3}


def check_balance(report: RunReport) -> None:
    """What goes into a stage comes out, is dropped or put aside; and the next one gets it."""
    for stage in report.stages:
        c = stage.counts
        assert c["docs_in"] == c["docs_out"] + c["docs_dropped"] + c["docs_quarantined"], stage.name
        parts = ("kept", "rewritten", "cut", "dropped", "quarantined")
        assert c["chars_in"] == sum(c[f"chars_{p}"] for p in parts), stage.name
    for before, after in zip(report.stages, report.stages[1:], strict=False):
        lost = report.left_out if before.number == 0 else 0
        assert before.counts["docs_out"] - lost == after.counts["docs_in"]
    assert report.stages[-1].counts["docs_out"] == report.corpus["documents"]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with a corpus, and the bytes of a run over it in one piece."""
    tmp = tmp_path_factory.mktemp("reference")
    make_corpus(tmp / "in", 32)
    report = make_run(tmp, ALL, write=SMALL)
    check_balance(report)
    return tmp, bytes_of(tmp / "run")


def test_the_reference_run_does_something(reference: tuple[Path, dict[str, str]]) -> None:
    """Every stage drops, cuts, marks or quarantines: else equal bytes would prove little."""
    tmp, found = reference
    report = json.loads((tmp / "run" / "reports" / "report.json").read_bytes())
    rules = {rule for stage in report["stages"] for rule in stage["rules"]}
    assert rules >= {
        *("mend.word", "mend.menu", "mend.spam", "cut_noted.letter", "repeated_passages.near"),
        *("exact_duplicates.text", "near_duplicates.document", "near_duplicates.passage"),
    }
    assert report["quarantine"] == {"bad_json": 2, "stage_error": 3}
    assert sum(name.startswith("corpus/") for name in found) == 6
    assert {row["action"] for row in rows_of(tmp / "run", "duplicates/pairs")} >= {
        "drop",
        "cut",
        "mark",
    }
    assert {row["text"] == "" for row in rows_of(tmp / "run", "corpus")} == {True, False}


@pytest.mark.parametrize("size", ["1KB", pytest.param("5KB", marks=pytest.mark.slow), "32MiB"])
def test_the_shard_size_changes_no_byte(
    reference: tuple[Path, dict[str, str]], tmp: Path, size: str
) -> None:
    """From a document a shard to all of them in one, parts and row groups are the same."""
    corpus, expected = reference
    where: dict[str, Any] = {
        "input": [str(corpus / "in")],
        "engine": {"kind": "inline", "shard_bytes": size},
    }
    check_balance(make_run(tmp, ALL, write=SMALL, **where))
    assert bytes_of(tmp / "run") == expected


def test_the_number_of_partitions_changes_no_byte(
    reference: tuple[Path, dict[str, str]], tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exchanges of many partitions, most of them empty, give what one partition gives."""
    corpus, expected = reference
    monkeypatch.setattr(contexts, "PARTITION_BYTES", 2000)
    where: dict[str, Any] = {
        "input": [str(corpus / "in")],
        "engine": {"kind": "inline", "shard_bytes": "9KB"},
    }
    make_run(tmp, ALL, write=SMALL, keep_work=True, **where)
    assert json.loads((tmp / "run" / "work" / "context.json").read_bytes())["partitions"] >= 8
    assert bytes_of(tmp / "run") == expected


def test_the_order_of_the_inputs_changes_no_byte(
    reference: tuple[Path, dict[str, str]], tmp: Path
) -> None:
    """Patterns are sorted before anything is read, and may overlap."""
    corpus, expected = reference
    folder = corpus / "in"
    patterns = [str(folder / p) for p in ("*.parquet", "t*.txt", "*.gz", "empty.txt", "*.jsonl")]
    patterns += [str(folder)]
    for name, places in (("a", patterns), ("b", patterns[::-1])):
        make_run(tmp, ALL, name=name, write=SMALL, input=places)
        assert bytes_of(tmp / name) == expected


@pytest.mark.parametrize("workers", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_the_number_of_workers_changes_no_byte(
    reference: tuple[Path, dict[str, str]], tmp: Path, workers: int
) -> None:
    """A pool of processes gives what one process gives."""
    corpus, expected = reference
    engine = {"kind": "local", "workers": workers, "shard_bytes": "12KB"}
    make_run(tmp, ALL, write=SMALL, input=[str(corpus / "in")], engine=engine)
    assert bytes_of(tmp / "run") == expected


def test_the_write_settings_cut_parts_by_ordinals(tmp: Path) -> None:
    """Documents 0-2 are part 0, 3-5 part 1, whatever was dropped; a part may be empty."""
    texts = [f"SPAM {i}" if 3 <= i < 6 else f"text {i}" for i in range(8)]
    write_records(tmp / "in" / "a.jsonl", texts)
    make_run(tmp, [MEND], write={"documents_per_part": 3, "row_group_documents": 2})
    parts = [pq.ParquetFile(p) for p in sorted((tmp / "run" / "corpus").iterdir())]
    assert [p.metadata.num_rows for p in parts] == [3, 0, 2]
    assert [p.metadata.num_row_groups for p in parts] == [2, 0, 1]
    ledger = [pq.read_table(p).num_rows for p in sorted((tmp / "run" / "ledger").iterdir())]
    assert ledger == [0, 3, 0]


def test_no_stages_at_all(tmp: Path) -> None:
    """An empty list of stages copies the input to a corpus."""
    write_texts(tmp / "in", {"a.txt": "one\r\ntwo", "b.txt": ""})
    report = make_run(tmp, [])
    check_balance(report)
    rows = rows_of(tmp / "run", "corpus")
    assert [(r["source"], r["text"], r["n_words"]) for r in rows] == [
        ("in/a.txt", "one\r\ntwo", 2),
        ("in/b.txt", "", 0),
    ]
    assert rows_of(tmp / "run", "ledger") == []
    assert not (tmp / "run" / "work").exists()


@pytest.mark.parametrize("stages", [[], ALL])
def test_an_input_without_documents_is_an_error(tmp: Path, stages: list[str]) -> None:
    """No document, no run; the message says what to look at."""
    write_records(tmp / "in" / "a.jsonl", [])
    with pytest.raises(InputError, match="holds no document"):
        make_run(tmp, stages)
    assert not (tmp / "run" / "manifest.json").exists()


def test_documents_without_text(tmp: Path) -> None:
    """Empty documents pass every stage, are no copies of each other, and come back."""
    write_records(tmp / "in" / "a.jsonl", ["", "", "", "\n", " \n \n"])
    report = make_run(tmp, ALL)
    check_balance(report)
    rows = rows_of(tmp / "run", "corpus")
    assert [r["text"] for r in rows] == ["", "", "", "\n", " \n \n"]
    assert restore(tmp / "run", rows[4]["doc_id"]) == b" \n \n"


def test_a_stage_may_empty_the_corpus(tmp: Path) -> None:
    """Stages after one that dropped everything get batches without documents."""
    write_records(tmp / "in" / "a.jsonl", ["SPAM a", "SPAM b"])
    report = make_run(tmp, ALL)
    check_balance(report)
    assert report.corpus["documents"] == 0
    assert [r["action"] for r in rows_of(tmp / "run", "ledger")] == ["drop", "drop"]


def test_ledger_steps_tell_nothing_about_other_documents(tmp: Path) -> None:
    """The step of a row counts the calls that changed its own document."""
    write_records(tmp / "in" / "a.jsonl", ["MENU x\nb\n", "colour\nMENU y\n", "SPAM colour"])
    make_run(tmp, [NOTE, MEND])
    steps = {(r["record"], r["rule"]): r["step"] for r in rows_of(tmp / "run", "ledger")}
    assert steps == {
        (0, "mend.menu"): 1000,
        (1, "mend.word"): 1000,
        (1, "mend.menu"): 1001,
        (2, "mend.word"): 1000,
        (2, "mend.spam"): 1001,
    }


def test_a_rule_that_does_two_things_is_counted_whole(tmp: Path) -> None:
    """Rewrites and cuts under one rule id add up, and the report names both."""
    write_records(tmp / "in" / "a.jsonl", ["abcdefghij klmnop\nqrs\n" * 4])
    stage = f"{STAGES}Chaos"
    report = make_run(tmp, [stage, {"use": stage, "id": "again", "seed": 5}])
    rows = rows_of(tmp / "run", "ledger")
    for number, name in ((1, "Chaos"), (2, "again")):
        rules = report.stages[number].rules
        assert rules
        for rule, facts in rules.items():
            mine = [r for r in rows if r["rule"] == rule and r["stage"] == name]
            assert facts["count"] == len(mine)
            assert facts["action"] == ", ".join(sorted({r["action"] for r in mine}))


def test_published_annotations_become_columns(tmp: Path) -> None:
    """What a stage publishes stands in the corpus; what it only annotates does not."""
    write_records(tmp / "in" / "a.jsonl", ["river one", "river two", "bridge"])
    make_run(tmp, [NOTE, WORDS])
    rows = rows_of(tmp / "run", "corpus")
    assert [(r["noted_chars"], r["first_word_documents"]) for r in rows] == [(9, 2), (9, 2), (6, 1)]
    assert "noted_letter" not in rows[0]


def test_a_first_sketch_gets_no_rows_of_another_stage(tmp: Path) -> None:
    """Two corpus stages in a row share a phase: the rows of one do not reach the other's sketch."""
    write_records(tmp / "in" / "a.jsonl", ["river one", "river two", "bridge"])
    report = make_run(tmp, [WORDS, {"use": WORDS, "id": "again", "annotation": "again"}])
    check_balance(report)
    rows = rows_of(tmp / "run", "corpus")
    assert [(r["first_word_documents"], r["again"]) for r in rows] == [(2, 2), (2, 2), (1, 1)]


def test_the_keep_policy_knows_the_priorities_of_the_inputs(tmp: Path) -> None:
    """`priority` reaches the stages, and a change of it alone changes the outcome."""
    write_texts(tmp / "a", {"x.txt": "the very same text"})
    write_texts(tmp / "b", {"x.txt": "the very same text"})
    for winner, loser in (("a", "b"), ("b", "a")):
        places = [{"path": str(tmp / winner), "priority": 1}, {"path": str(tmp / loser)}]
        make_run(tmp, ["exact_duplicates"], input=places, keep_work=True)
        assert [r["source"] for r in rows_of(tmp / "run", "corpus")] == [f"{winner}/x.txt"]


def test_inputs_of_one_label_have_one_priority(tmp: Path) -> None:
    """Else the order of the inputs would decide."""
    write_texts(tmp / "in", {"a.txt": "a", "b.txt": "b"})
    places = [
        {"path": str(tmp / "in" / "a.txt"), "priority": 1},
        {"path": str(tmp / "in" / "b.txt")},
    ]
    with pytest.raises(InputError, match="different priorities"):
        make_run(tmp, [], input=places)


@pytest.mark.parametrize(
    ("mistake", "error", "message"),
    [
        ("nothing", EditError, "stage Careless: returned NoneType, not a Batch"),
        ("types", EditError, "guessed .int64, then null."),
        ("given", EditError, "host is given"),
        ("open", CleanerError, "01-map.*LookupError: no such model"),
        ("overlap", EditError, "stage Careless, document 0, passage 0"),
        ("lost", CleanerError, "do not balance"),
    ],
)
def test_mistakes_of_a_stage_are_told(
    tmp: Path, mistake: str, error: type[CleanerError], message: str
) -> None:
    """A stage that breaks its contract stops the run with its name; nothing is published."""
    big = "x" * (5 << 20)
    write_records(tmp / "in" / "a.jsonl", ["some text\n", big, "and some", big])
    with pytest.raises(error, match=message):
        make_run(tmp, [{"use": f"{STAGES}Careless", "mistake": mistake}])
    assert not (tmp / "run" / "manifest.json").exists()
    assert "run_failed" in (tmp / "run" / "run.log").read_text()


def test_a_stage_must_take_a_batch_without_documents(tmp: Path) -> None:
    """If it does not, the run stops with a sentence, for such batches come and go with the cuts."""
    write_records(tmp / "in" / "a.jsonl", ["SPAM a", "SPAM b"])
    with pytest.raises(CleanerError, match="Careless fails on a batch without documents"):
        make_run(tmp, [MEND, {"use": f"{STAGES}Careless", "mistake": "empty"}])


@pytest.mark.parametrize("engine", ["inline", {"kind": "local", "workers": 2}])
def test_a_stage_that_cannot_open_is_told_by_every_engine(
    tmp: Path, engine: str | dict[str, object]
) -> None:
    """An error outside of any document comes through from a worker as it does inline."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    with pytest.raises(CleanerError, match=r"01-map.*LookupError: no such model .stages.py:"):
        make_run(tmp, [{"use": f"{STAGES}Careless", "mistake": "open"}], engine=engine)


texts = st.lists(st.text(ALPHABET, max_size=40), min_size=1, max_size=8)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts, st.lists(st.integers(0, 99), min_size=1, max_size=3), st.booleans())
def test_random_stages_balance_and_restore(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], seeds: list[int], fails: bool
) -> None:
    """Whatever stages do, the books balance, and every document comes back from the run alone."""
    tmp = tmp_path_factory.mktemp("chaos")
    write_records(tmp / "in" / "a.jsonl", texts)
    stages: list[dict[str, object]] = []
    for number, seed in enumerate(seeds):
        if number == 1:
            stages += [{"use": WORDS}]  # a barrier: state goes through files
        stages += [{"use": f"{STAGES}Chaos", "id": f"c{number}", "seed": seed, "fails": fails}]
    report = make_run(tmp, stages, engine={"kind": "inline", "shard_bytes": 60})
    check_balance(report)
    quarantined = {r["record"] for r in rows_of(tmp / "run", "quarantine")}
    rows = rows_of(tmp / "run", "corpus") + rows_of(tmp / "run", "ledger")
    ids = {r["record"]: r["doc_id"] for r in rows}
    assert set(range(len(texts))) - quarantined <= set(ids)
    for record, doc_id in ids.items():
        if record not in quarantined:
            assert restore(tmp / "run", doc_id) == texts[record].encode()


def test_every_document_of_every_kind_comes_back(tmp: Path) -> None:
    """Mixed line ends, NFD, astral planes, bad bytes, byte order marks, kept or dropped."""
    vietnamese = "Tiếng Việt không dấu\n"
    files = {
        "crlf.txt": b"MENU a\r\nlone\rcolour\nlast\xe2\x80\xa8more\xc2\x85",
        "nfd.txt": "e\u0301 colour a\u0323\u0302\nMENU".encode(),
        "astral.txt": "\U0001f389 colour \U00020000\nMENU \U0001f389\n".encode(),
        "bad.txt": b"colour " + b"x" * 300 + b"\xff colour\nMENU \xfe " + b"y" * 300,
        "bom8.txt": b"\xef\xbb\xbfMENU bom\ncolour",
        "bom16.txt": "\ufeffcolour of sixteen bits\nMENU\n".encode("utf-16-le"),
        "1258.txt": (vietnamese * 20).encode("cp1258", "ignore") + b"colour",
        "spam.txt": b"\xef\xbb\xbfSPAM" + b"",
        "spam2.txt": b"SPAM colour " + b"z" * 300 + b"\xff\r\n",
        "nul.txt": b"a\x00b colour",
        "empty.txt": b"",
    }
    write_texts(tmp / "in", files)
    report = make_run(tmp, [MEND, WORDS, {"use": f"{STAGES}Chaos", "seed": 3}])
    check_balance(report)
    rows = rows_of(tmp / "run", "corpus") + rows_of(tmp / "run", "ledger")
    ids = {r["source"].removeprefix("in/"): r["doc_id"] for r in rows}
    assert set(ids) == set(files)
    assert any(r["action"] == "drop" for r in rows_of(tmp / "run", "ledger"))
    for name, doc_id in ids.items():
        assert restore(tmp / "run", doc_id) == files[name], name


def test_a_pool_with_one_worker_is_the_inline_engine(tmp: Path) -> None:
    """One worker needs no second process, and gives the same bytes."""
    draw = random.Random(1)
    write_records(tmp / "in" / "a.jsonl", [article(draw) for _ in range(5)])
    config = make_config(tmp, [MEND], engine={"kind": "local", "workers": 1})
    run(config)
    make_run(tmp, [MEND], name="inline")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "inline")


def test_parquet_columns_are_described(tmp: Path) -> None:
    """Each published column carries its description and the schema its version."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    make_run(tmp, [NOTE])
    schema: pa.Schema = pq.read_schema(next((tmp / "run" / "corpus").iterdir()))
    assert all(f.metadata[b"description"] for f in schema)
    assert schema.metadata[b"cleaner.schema_version"] == b"1"
