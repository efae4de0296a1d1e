"""Near-copies of documents: each one that goes was verified against the very one that stays."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import ValidationError

from cleaner.report.stats import read_report
from cleaner.report.summary import remarks
from cleaner.stages.clusters import as_lists, from_lists
from cleaner.stages.near_documents import sketch
from cleaner.stages.near_duplicates import NearDuplicates
from tests.engine.runs import make_run, rows_of, write_records
from tests.stages.copies import chain, drops_of, families, jaccard, records_of, run_on

NEAR = "near_duplicates"


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("threshold", "ngram"), [(0.8, 5), (0.5, 3)])
def test_promise_7(tmp: Path, seed: int, threshold: float, ngram: int) -> None:
    """The true similarity to the kept one is at or above the threshold, and the kept one stays."""
    texts = families(seed)
    run = run_on(tmp, texts, {"use": NEAR, "threshold": threshold, "ngram": ngram})
    ids, drops = records_of(run), drops_of(run)
    kept = {r["record"]: r for r in rows_of(run, "corpus")}
    assert len(drops) >= 10
    assert kept.keys() | drops.keys() == set(range(len(texts)))
    for record, row in drops.items():
        keeper = ids[row["kept_doc_id"]]
        true = jaccard(texts[record], texts[keeper], ngram)
        assert keeper in kept, "the kept document was dropped itself"
        assert true >= threshold
        assert row["similarity"] == pytest.approx(true, abs=1e-9)
        assert f"Jaccard {true:.4f}" in row["reason"]
    assert sum(r["cluster_size"] for r in kept.values()) == len(texts)
    pairs = {(p["doc_id"], p["kept_doc_id"]) for p in rows_of(run, "duplicates/pairs")}
    assert pairs == {(r["doc_id"], r["kept_doc_id"]) for r in drops.values()}


@pytest.mark.parametrize("threshold", [0.8, 0.5])
def test_what_is_clearly_a_copy_goes(tmp: Path, threshold: float) -> None:
    """Of two documents that stay, few are above the threshold, and none is far above it."""
    texts = families(3)
    run = run_on(tmp, texts, {"use": NEAR, "threshold": threshold})
    kept = [texts[r["record"]] for r in rows_of(run, "corpus")]
    above = [jaccard(a, b, 5) for i, a in enumerate(kept) for b in kept[:i] if a.strip()]
    assert max(above) < threshold + 0.1
    assert sum(j >= threshold for j in above) <= 2


def test_chains_do_not_drift(tmp: Path) -> None:
    """Each link is like the next; the ends have nothing in common, and do not share a cluster."""
    texts = chain(random.Random(5), 30, 60, 3)
    run = run_on(tmp, texts, {"use": NEAR, "threshold": 0.75, "keep": ["first"]})
    ids = records_of(run)
    kept = [r["record"] for r in rows_of(run, "corpus")]
    assert 8 <= len(kept) < 30
    for record, row in drops_of(run).items():
        assert jaccard(texts[record], texts[ids[row["kept_doc_id"]]], 5) >= 0.75


def test_short_texts_are_compared_as_a_whole(tmp: Path) -> None:
    """With fewer words than a shingle has, only the same words are a copy; no words, no copy."""
    texts = ["two words", "Two, WORDS", "two word", "words two", "", "", "?!", "a b c d", "a b c e"]
    run = run_on(tmp, texts, NEAR)
    assert {r: records_of(run)[d["kept_doc_id"]] for r, d in drops_of(run).items()} in (
        {1: 0},
        {0: 1},
    )


def test_the_number_guard_keeps_bulletins_apart(tmp: Path) -> None:
    """Texts that differ in numbers alone are copies, unless they are told not to be."""
    text = " ".join(f"word{'abcdefghij'[i % 10] * (i // 10 + 1)}" for i in range(60))
    texts = [f"{text} 12 {text}", f"{text} 13 {text}", f"{text} 12 {text} more"]
    for guard, kept in ((False, 1), (True, 2)):
        folder = tmp / str(guard)
        run = run_on(folder, texts, {"use": NEAR, "same_numbers": guard})
        assert len(rows_of(run, "corpus")) == kept
    drops = drops_of(tmp / "True" / "run")
    ids = records_of(tmp / "True" / "run")
    assert {frozenset((r, ids[d["kept_doc_id"]])) for r, d in drops.items()} == {frozenset((0, 2))}


def test_digits_may_be_folded(tmp: Path) -> None:
    """Then all numbers are one."""
    texts = [" ".join(f"{n}{i} word" for i in range(40)) for n in (1, 2)]
    for fold, kept in ((False, 2), (True, 1)):
        run = run_on(tmp / str(fold), texts, {"use": NEAR, "fold_digits": fold})
        assert len(rows_of(run, "corpus")) == kept


def test_the_order_of_the_policy_decides_who_leads(tmp: Path) -> None:
    """The longest text is a leader; the shorter ones join it."""
    text = " ".join(f"word{i}" for i in range(100))
    texts = [text, text + " more", text + " more and more"]
    for keep, kept in (("longest", 2), ("first", 0)):
        run = run_on(tmp / keep, texts, {"use": NEAR, "keep": [keep]})
        assert [r["record"] for r in rows_of(run, "corpus")] == [kept]


def test_few_leaders_keep_more(tmp: Path) -> None:
    """A limit on comparisons never drops what was not compared."""
    texts = families(4)
    run = run_on(tmp, texts, {"use": NEAR, "max_leaders": 1, "threshold": 0.5})
    ids = records_of(run)
    for record, row in drops_of(run).items():
        assert jaccard(texts[record], texts[ids[row["kept_doc_id"]]], 5) >= 0.5
    report = json.loads((run / "reports" / "report.json").read_text(encoding="utf-8"))
    assert report["stages"][1]["notes"]["overflow"] > 0
    (words,) = remarks(read_report(run).stages[1], NearDuplicates(max_leaders=1))
    assert "documents stay though there were more kept documents" in words


@pytest.mark.parametrize("size", [2000])
def test_shards_do_not_matter(tmp: Path, size: int) -> None:
    """Copies that lie in different shards meet, and the same ones stay."""
    texts = families(6)
    write_records(tmp / "in" / "a.jsonl", texts)
    make_run(tmp, [NEAR], name="whole")
    make_run(tmp, [NEAR], engine={"kind": "inline", "shard_bytes": size})
    whole, parts = rows_of(tmp / "whole", "ledger"), rows_of(tmp / "run", "ledger")
    assert whole == parts != []


def test_a_sketch_of_any_column() -> None:
    """Empty columns, slices with an offset: the sets are those of the texts."""
    stage = NearDuplicates()
    texts = ["a b c d e f", "", "a b", "x y z x y z q", "!"]
    column = pa.array(["left out", *texts, "left out"]).slice(1, 5)
    sets, keys = sketch(stage, column)
    alone = [sketch(stage, pa.array([t])) for t in texts]
    assert sets.counts.tolist() == [2, 0, 1, 3, 0]
    for i, (own, own_keys) in enumerate(alone):
        assert sets[i].tolist() == own[0].tolist()
        assert keys[i].tolist() == own_keys[0].tolist()
    assert keys[1].tolist() == keys[4].tolist() == [0] * stage.shape[0]
    nothing, no_keys = sketch(stage, pa.array([], pa.string()))
    assert (len(nothing), no_keys.shape) == (0, (0, stage.shape[0]))
    lists = as_lists(sets)
    assert from_lists(lists.slice(2, 2)).counts.tolist() == [1, 3]
    assert from_lists(lists.slice(2, 2))[1].tolist() == sets[3].tolist()


@pytest.mark.parametrize(
    "settings",
    [{"bands": 4}, {"rows": 4}, {"bands": 40, "rows": 40}, {"threshold": 0.0}, {"keep": []}],
)
def test_settings_that_do_not_fit(settings: dict[str, object]) -> None:
    """Refused when the config is read."""
    with pytest.raises(ValidationError):
        NearDuplicates(**settings)  # type: ignore[arg-type]
