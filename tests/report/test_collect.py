"""What the page shows is what the folder holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.engine import tally
from cleaner.io.restore import restore
from cleaner.report import examples
from cleaner.report.collect import Findings, collect
from cleaner.report.heaviest import Heaviest
from cleaner.report.lengths import classes
from cleaner.report.texts import Texts
from cleaner.report.word_diff import MOST_SHOWN, NEAR, difference
from cleaner.stages.veil import Veil
from tests.engine.runs import rows_of
from tests.report.tiny_run import make_run

PART = "part-00000.parquet"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    return make_run(tmp_path_factory.mktemp("collect"))


@pytest.fixture(scope="module")
def findings(run: Path) -> Findings:
    """What is read from it."""
    return collect(run)


def test_lengths_are_those_of_all_documents(run: Path, findings: Findings) -> None:
    """Before: every document that was read; after: those of the corpus."""
    assert findings.lengths_before.sum() == findings.report.stages[0].counts["docs_out"]
    kept = np.array([row["n_chars"] for row in rows_of(run, "corpus")])
    assert findings.lengths_after.tolist() == classes(kept).tolist()


def test_classes_of_length() -> None:
    """0, 1, 2-3, 4-7, and so on; the last class is open."""
    found = classes(np.array([0, 1, 2, 3, 4, 7, 8, 1 << 60]))
    assert found[:5].tolist() == [1, 1, 2, 2, 1]
    assert found[-1] == 1


def test_hosts_and_inputs(run: Path, findings: Findings) -> None:
    """Hosts are counted in the corpus; inputs say what was read, kept and dropped."""
    hosts = Counter(row["host"] for row in rows_of(run, "corpus") if row["host"])
    assert {h.name: h.documents for h in findings.corpus.hosts} == dict(hosts)
    inputs = {s.name: (s.read, s.kept, s.dropped) for s in findings.sources}
    assert inputs == {"in/a.jsonl": (10, 7, 3), "in/b.txt": (1, 1, 0)}


def test_examples_stand_in_their_original(run: Path, findings: Findings) -> None:
    """What is shown on both sides of an example is what the original has there."""
    looked_up = [
        e for rule in findings.rules if rule.action != "drop" for e in rule.examples if e.left
    ]
    assert looked_up
    originals = [
        restore(run, doc_id).decode()
        for doc_id in {r["doc_id"] for f in ("corpus", "ledger") for r in rows_of(run, f)}
    ]
    for e in looked_up:
        place = e.left + e.before + e.right
        assert any(place in text for text in originals) or any(
            e.left in text and e.right in text for text in originals
        )


def test_examples_of_a_rule_are_of_different_places(findings: Findings) -> None:
    """Equal lines at equal places of several documents are shown with different documents."""
    (rule,) = [r for r in findings.rules if r.rule == "near_duplicates.passage"]
    assert rule.count == 3
    places = [(e.source, e.record) for e in rule.examples]
    assert len(set(places)) == 3


def test_rules_come_with_their_reason(findings: Findings) -> None:
    """A reason is the rule's alone, without the evidence of one example."""
    assert all(rule.reason for rule in findings.rules)
    assert not [rule for rule in findings.rules if "Jaccard 0." in rule.reason]


def test_a_sample_is_as_long_as_the_tally_cuts_it() -> None:
    """Else the page would not mark what goes on."""
    assert examples.SAMPLE == tally.SHOWN


def test_clusters_show_the_least_alike(run: Path, findings: Findings) -> None:
    """Of the dropped members the one of least similarity, with the texts side by side."""
    (cluster,) = findings.copies.clusters
    pairs = [r for r in rows_of(run, "duplicates/pairs") if r["action"] == "drop"]
    worst = min(pairs, key=lambda r: (r["similarity"], r["doc_id"]))
    assert cluster.size == 3
    assert cluster.other == worst["doc_id"]
    assert cluster.lowest == worst["similarity"] < cluster.highest == 1
    assert cluster.diff
    own = [
        [r.text.strip() for r in side if r.kind == "own"]
        for side in (cluster.diff.left, cluster.diff.right)
    ]
    assert sorted(own) == [["one"], ["two"]]


def test_repeated_passages(findings: Findings) -> None:
    """The note of the four park articles is cut three times."""
    (passage,) = findings.copies.passages
    assert passage.times == 3
    assert passage.text.startswith("This article may be printed")


def test_bad_records(findings: Findings) -> None:
    """Each reason with its place and the beginning of the record."""
    found = {reason.reason: reason for reason in findings.quarantine}
    assert {name: reason.count for name, reason in found.items()} == findings.report.quarantine
    (bad,) = found["bad_json"].examples
    assert (bad.source, bad.stage) == ("in/a.jsonl", "read")
    assert bad.raw.startswith('{"text": "<b>')


def test_documents_are_found_by_part_and_id(run: Path) -> None:
    """Kept, dropped, and not there."""
    texts = Texts(run, Veil())
    dropped = next(
        r for r in rows_of(run, "ledger") if r["action"] == "drop" and r["before"].strip()
    )
    document = texts.find(PART, dropped["doc_id"])
    assert document
    assert document.text is None
    assert document.dropped == dropped["before"]
    assert document.original == restore(run, dropped["doc_id"]).decode()
    kept = rows_of(run, "corpus")[0]
    found = texts.find(PART, kept["doc_id"])
    assert found
    assert found.text == kept["text"]
    assert texts.find(PART, "0" * 24) is None
    assert texts.find("part-00099.parquet", kept["doc_id"]) is None


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 9)), min_size=1, max_size=60))
def test_sums_are_exact_while_the_keys_fit(rows: list[tuple[str, int]]) -> None:
    """However the rows arrive: the sums by key, heaviest first."""
    heaviest = Heaviest(["key"], ["weight"], limit=8)
    expected: Counter[str] = Counter()
    for key, weight in rows:
        expected[key] += weight
        heaviest.add(pa.table({"key": [key], "weight": [weight]}))
    ranked = sorted(expected.items(), key=lambda item: (-item[1], item[0]))
    assert [(r["key"], r["weight"]) for r in heaviest.top(99)] == ranked
    assert heaviest.is_exact


def test_the_lightest_keys_are_forgotten() -> None:
    """Memory is bounded, the heavy keys stay, and it is said that figures may be too low."""
    heaviest = Heaviest(["key"], ["weight"], limit=10)
    for start in range(0, 1000, 10):
        keys = [*range(start, start + 10), -1]
        heaviest.add(pa.table({"key": keys, "weight": [1] * 10 + [5]}))
    assert heaviest.top(1) == [{"key": -1, "weight": 500}]
    assert len(heaviest) == 10
    assert not heaviest.is_exact


words = st.lists(st.sampled_from(["sea", "boat", "tide", "日", "ไทย", "a,"]), max_size=30).map(
    " ".join
)


@given(words, words)
def test_a_difference_shows_both_texts(left: str, right: str) -> None:
    """Short texts are shown whole; what is not marked as own is the same on both sides."""
    found = difference(left, right)
    for side, text in ((found.left, left), (found.right, right)):
        if not any(run.kind == "gap" for run in side):
            assert "".join(run.text for run in side) == text
    same = [
        "".join(r.text for r in side if r.kind == "same").split()
        for side in (found.left, found.right)
    ]
    assert same[0] == same[1]
    assert found.is_same == (left.split() == right.split())


def test_a_difference_leaves_out_what_is_equal() -> None:
    """Words near a difference are shown, the others counted."""
    numbers = [str(n) for n in range(200)]
    found = difference(" ".join(numbers), " ".join([*numbers[:100], "x", *numbers[101:]]))
    assert [run.kind for run in found.left] == ["gap", "same", "own", "same", "gap"]
    assert found.left[0].words == 100 - NEAR
    assert found.left[1].text.split() == numbers[100 - NEAR : 100]
    assert found.left[-1].words == 99 - NEAR
    assert found.right[2].text.strip() == "x"


def test_long_texts_are_compared_in_part() -> None:
    """A bound on work and on what is shown, and a flag that says so."""
    found = difference("a b " * 5000, "b a " * 5000)
    assert found.is_cut
    assert not found.is_same
    one = difference("x" * 100_000, "y" * 100_000)
    assert len(one.left[0].text) <= MOST_SHOWN + 1
