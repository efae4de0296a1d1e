"""The decontaminate stage: text of benchmark files is found, whatever hides it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import batch as b
from cleaner import clean
from cleaner.dedup.shingle import shingles
from cleaner.engine.phases import compile_phases
from cleaner.errors import ConfigError, InputError
from cleaner.index.benchmarks import _sorted, find_files, read_benchmarks
from cleaner.io.verify import verify
from cleaner.stages.decontaminate import Decontaminate
from cleaner.stages.standing_phrases import SEEN, frequent
from cleaner.stages.steps import Note
from cleaner.text.ragged import Ragged
from tests.engine.runs import bytes_of, make_config, make_run, rows_of, write_records

QUESTION = (
    "A train leaves the old station at nine and meets another train that left the new station an "
    "hour before; how far apart were the two stations in the morning?"
)
ANSWER = "the stations were four hundred and twenty miles apart"
NEEDLE = QUESTION.upper().replace(" ", "  ").replace(";", " --")


def filler(seed: int, words: int = 40) -> str:
    """Words that no benchmark has."""
    draw = random.Random(seed)
    return " ".join(f"w{draw.randrange(10**6)}" for _ in range(words))


TEXTS = [
    f"{filler(1)}\n{NEEDLE}\n{filler(2)}\n",
    f"{filler(3)}\n",
    f"{filler(4)}\nHe said: {ANSWER}.\n",
    f"{filler(5)}\n{' '.join(QUESTION.split()[:12])} {filler(6)}\n",
    "",
]


@pytest.fixture
def bench(tmp: Path) -> Path:
    """Benchmark files of all formats."""
    folder = tmp / "bench"
    folder.mkdir()
    rows = [{"question": "short one", "answer": "no"}, {"question": QUESTION, "answer": ANSWER}]
    (folder / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.table({"question": [filler(90), None]}), folder / "p.parquet")
    (folder / "t.txt").write_text(filler(91))
    return folder


def run(tmp: Path, bench: Path, name: str = "run", **fields: Any) -> dict[int, dict[str, Any]]:
    """The drops and cuts of a run over `TEXTS`, by record."""
    write_records(tmp / "in" / "a.jsonl", TEXTS)
    stage = {"use": "decontaminate", "against": [str(bench)], "fields": ["question", "answer"]}
    make_run(tmp, [{**stage, **fields}], name)
    return {row["record"]: row for row in rows_of(tmp / name, "ledger")}


def test_documents_with_text_of_a_benchmark_are_dropped(tmp: Path, bench: Path) -> None:
    """Case, spaces and punctuation hide nothing; the ledger names file, record, place, words."""
    found = run(tmp, bench)
    assert sorted(found) == [0, 2]
    n = len(QUESTION.split()) - 12
    assert found[0]["rule"] == "decontaminate.document"
    assert found[0]["score"] == n
    reason = found[0]["reason"]
    start = len(filler(1)) + 1
    assert f"{n} matching n-grams" in reason
    assert "“a train leaves the old station at nine and meets another train that”" in reason
    assert f"{start}:{start + len(NEEDLE) + 1} bench/q.jsonl record 1" in reason
    assert "“the stations were four hundred and twenty miles apart”" in found[2]["reason"]


def test_fewer_words_are_no_match(tmp: Path, bench: Path) -> None:
    """Twelve words of thirteen are left alone; with `ngram: 12` they are found."""
    assert 3 not in run(tmp, bench)
    assert 3 in run(tmp, bench, "twelve", ngram=12)
    assert 2 not in run(tmp, bench, "ten", shortest=10)


def test_count_and_share_decide(tmp: Path, bench: Path) -> None:
    """Both must be reached."""
    assert sorted(run(tmp, bench, "count", min_count=2)) == [0]
    assert sorted(run(tmp, bench, "share", min_share=0.5)) == []
    assert sorted(run(tmp, bench, "small", min_share=0.1)) == [0]


def test_passages_are_cut(tmp: Path, bench: Path) -> None:
    """The passages with matches go, the others stay."""
    found = run(tmp, bench, action="cut")
    assert found[0]["rule"] == "decontaminate.passage"
    assert found[0]["before"] == NEEDLE + "\n"
    assert found[0]["reason"].endswith("n-grams of bench/q.jsonl record 1")
    corpus = {row["record"]: row["text"] for row in rows_of(tmp / "run", "corpus")}
    assert corpus[0] == f"{filler(1)}\n{filler(2)}\n"
    assert sorted(corpus) == [0, 1, 2, 3, 4]
    assert not Decontaminate(use="decontaminate", action="cut").can_drop()


def test_passages_are_marked(tmp: Path, bench: Path) -> None:
    """The column has span, source and record; nothing is changed."""
    assert run(tmp, bench, action="mark") == {}
    corpus = {row["record"]: row for row in rows_of(tmp / "run", "corpus")}
    (mark,) = corpus[0]["contamination"]
    assert TEXTS[0][mark["start"] : mark["end"]] == NEEDLE + "\n"
    assert (mark["source"], mark["record"]) == ("bench/q.jsonl", 1)
    assert corpus[1]["contamination"] is None


def test_a_match_over_a_line_break_is_found(tmp: Path, bench: Path) -> None:
    """Both passages are named."""
    broken = QUESTION.replace(" meets ", " meets\n")
    write_records(tmp / "in" / "a.jsonl", [f"{filler(7)}\n{broken}\n{filler(8)}"])
    stage = {"use": "decontaminate", "against": [str(bench)], "fields": ["question"]}
    make_run(tmp, [{**stage, "action": "cut"}])
    cut = [row["before"] for row in rows_of(tmp / "run", "ledger")]
    assert "".join(cut) == broken + "\n"
    assert len(cut) == 2


def test_all_formats_are_read(bench: Path) -> None:
    """Text files, JSONL and Parquet; records that are too short are counted."""
    found = read_benchmarks(find_files([str(bench)]), ["question", "answer"], 13, 8)
    assert set(found.records) == {
        ("bench/p.parquet", 0),
        ("bench/q.jsonl", 0),
        ("bench/q.jsonl", 1),
        ("bench/t.txt", 0),
    }
    assert found.short == 2
    sizes = {grams.n: len(grams.hashes) for grams in found.grams}
    assert sizes == {13: 28 + 28 + len(QUESTION.split()) - 12, 9: 1}


def test_the_same_bytes_for_any_cut(tmp: Path, bench: Path) -> None:
    """Shards of another size give the same corpus and ledger."""
    run(tmp, bench, "one")
    write_records(tmp / "in" / "a.jsonl", TEXTS)
    stage = {"use": "decontaminate", "against": [str(bench)], "fields": ["question", "answer"]}
    make_run(tmp, [stage], "two", engine={"kind": "inline", "shard_bytes": 300})
    one, two = bytes_of(tmp / "one"), bytes_of(tmp / "two")
    names = [name for name in one if name.startswith(("corpus", "ledger"))]
    assert names
    assert [one[n] for n in names] == [two[n] for n in names]


def test_wrong_files_are_named(tmp: Path, bench: Path) -> None:
    """No file, a missing one, and one without the field: what to do next is said."""
    with pytest.raises(ConfigError, match="against: expected benchmark files"):
        Decontaminate(use="decontaminate").open()
    with pytest.raises(ConfigError, match=r"against: .*does not exist"):
        Decontaminate(use="decontaminate", against=(str(tmp / "none.jsonl"),)).open()
    with pytest.raises(InputError, match=r"has no text in prompt; .*fields: \[question, answer\]"):
        Decontaminate(
            use="decontaminate", against=(str(bench / "q.jsonl"),), fields=("prompt",)
        ).open()
    with pytest.raises(ValueError, match="`shortest` to be at most `ngram`"):
        Decontaminate(use="decontaminate", ngram=5)


def test_the_digest_follows_the_files(bench: Path) -> None:
    """Other contents are another stage: its phases are redone."""
    stage = Decontaminate(use="decontaminate", against=(str(bench),))
    before = stage.digest()
    (bench / "t.txt").write_text(filler(92))
    assert stage.digest() != before


PHRASE = "which of the following is the best description of what the word in bold means here"
LEAK = f"{PHRASE} {filler(50, 12)}"


def standing(tmp: Path, name: str, copies: int = 1, **fields: Any) -> dict[int, dict[str, Any]]:
    """The ledger of a corpus of which 30 documents have a phrase, some a whole record with it."""
    texts = [f"{filler(n)}\n{PHRASE} {filler(n + 1000)}\n" for n in range(30)]
    page = f"{filler(99, 60)}\n{LEAK}\n{filler(98, 60)}\n"
    texts += [f"{page}{filler(n, 3)}\n" for n in range(200, 200 + copies)]
    write_records(tmp / "in" / "a.jsonl", texts)
    (tmp / "bench.jsonl").write_text(json.dumps({"text": LEAK}) + "\n")
    stage = {"use": "decontaminate", "against": [str(tmp / "bench.jsonl")]}
    make_run(tmp, [{**stage, **fields}], name)
    return {row["record"]: row for row in rows_of(tmp / name, "ledger")}


def test_standing_phrases_are_let_off_if_asked_for(tmp: Path) -> None:
    """By default each document with the phrase goes; with a limit, only that with more of it."""
    assert sorted(standing(tmp, "all")) == list(range(31))
    found = standing(tmp, "few", max_corpus_count=10)
    assert sorted(found) == [30]
    phrase, words = len(PHRASE.split()), len(LEAK.split())
    assert found[30]["score"] == words - phrase  # all n-grams but those of the phrase alone
    assert sorted(standing(tmp, "many", max_corpus_count=31)) == list(range(31))
    assert sorted(standing(tmp, "cut", max_corpus_count=10, action="cut")) == [30]
    assert standing(tmp, "mark", max_corpus_count=10, action="mark") == {}
    marked = [row["record"] for row in rows_of(tmp / "mark", "corpus") if row["contamination"]]
    assert marked == [30]


def test_near_copies_of_a_page_count_once(tmp: Path) -> None:
    """A page with a test question is not let off because it was copied."""
    found = standing(tmp, "copied", copies=20, max_corpus_count=10)
    assert sorted(found) == list(range(30, 50))


def test_what_is_let_off_is_counted_for_the_report(tmp: Path) -> None:
    """In the notes of the stage, in words."""
    standing(tmp, "noted", max_corpus_count=10)
    report = json.loads((tmp / "noted/reports/report.json").read_text())
    (stage,) = (s for s in report["stages"] if s["use"] == "decontaminate")
    count = len(PHRASE.split()) - 12
    assert stage["notes"] == {"standing_phrases": count}
    known = Decontaminate(use="decontaminate", max_corpus_count=10)
    assert "more than 10 documents" in known.notes()["standing_phrases"]
    assert verified(tmp / "noted") == []


def verified(run_: Path) -> list[str]:
    """The faults of a run."""
    return [fault for check in verify(run_) for fault in check.faults]


@pytest.mark.slow
def test_counting_gives_the_same_bytes_for_any_cut(tmp: Path) -> None:
    """Shards and processes change nothing, though the documents are far apart."""
    standing(tmp, "one", copies=3, max_corpus_count=5)
    engine = {"kind": "local", "workers": 2, "shard_bytes": 700}
    texts = {"use": "decontaminate", "against": [str(tmp / "bench.jsonl")], "max_corpus_count": 5}
    make_run(tmp, [texts], "two", engine=engine)
    assert bytes_of(tmp / "one") == bytes_of(tmp / "two")


def test_without_a_limit_it_is_one_pass(tmp: Path) -> None:
    """The corpus is looked at twice only where that is asked for; clean() cannot."""
    stage = {"use": "decontaminate", "against": ["x.jsonl"]}
    one = compile_phases(make_config(tmp, [stage]).stages)
    two = compile_phases(make_config(tmp, [{**stage, "max_corpus_count": 3}]).stages)
    assert [phase.kind for phase in one] == ["read", "map", "write"]
    assert [phase.kind for phase in two] == ["read", "map", "merge", "map", "write"]
    options = {"decontaminate": {"against": ["x.jsonl"], "max_corpus_count": 3}}
    with pytest.raises(ConfigError, match="needs the whole corpus"):
        clean("text", stages=["decontaminate"], options=options)


rows_seen = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 9)), max_size=60, unique=True
)


@given(rows_seen, st.integers(1, 4), st.integers(1, 7))
def test_frequent_ngrams_are_those_of_many_families(
    seen: list[tuple[int, int, int]], most: int, size: int
) -> None:
    """However the sorted rows are cut into batches."""
    rows = sorted(seen)
    batches = [
        pa.RecordBatch.from_pylist(
            [dict(zip(SEEN.names, row, strict=True)) for row in rows[low : low + size]], SEEN
        )
        for low in range(0, len(rows), size)
    ]
    found: list[tuple[int, int]] = []
    noted = 0
    for part in frequent(most, batches):
        if isinstance(part, Note):
            noted += part.number
        else:
            found += [(row["gram"], row["ordinal"]) for row in part.to_pylist()]
    families = {gram: {f for g, f, _ in rows if g == gram} for gram, _, _ in rows}
    many = {gram for gram, known in families.items() if len(known) > most}
    assert sorted(found) == sorted((g, o) for g, _, o in rows if g in many)
    assert noted == len(many)


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40),
    st.lists(st.integers(0, 2**64 - 1), max_size=20),
)
def test_the_table_finds_what_is_in_it(known: list[int], others: list[int]) -> None:
    """Each value gives the first record that has it; others give -1."""
    owners = np.arange(len(known), dtype=np.int32)
    table = _sorted(3, [np.array(known, np.uint64)], [owners])
    asked = [*known, *others]
    found = table.find(Ragged.of([asked])).tolist()
    assert found == [known.index(v) if v in known else -1 for v in asked]


def test_ngrams_are_those_of_the_shingles() -> None:
    """Documents and benchmarks are hashed alike."""
    words = Ragged.of([list(range(20))])
    table = _sorted(13, [shingles(words, 13).values], [np.zeros(8, np.int32)])
    assert table.find(shingles(words, 13)).tolist() == [0] * 8


def test_a_batch_without_documents_is_taken(bench: Path) -> None:
    """Every stage must take one."""
    docs = pa.record_batch({"ordinal": pa.array([0]), "raw_chars": pa.array([1])})
    batch = b.new(docs, pa.array(["a"])).take(np.zeros(0, np.int64)).for_stage("d", 1)
    for action in ("drop", "cut", "mark"):
        stage = Decontaminate(use="decontaminate", against=(str(bench / "t.txt"),), action=action)
        assert stage.open()(batch).num_docs == 0
