"""Sampling and mixing: shares, repeats and limits, drawn by a hash of the document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cleaner.config.load import parse
from cleaner.errors import CleanerError, ConfigError
from cleaner.io.restore import restore
from cleaner.io.verify import verify
from tests.engine.runs import bytes_of, make_run, rows_of, write_records


def write_input(tmp: Path, count: int = 300) -> None:
    """Three files with texts of their own, and a host each."""
    for label in ("news", "forum", "wiki"):
        texts = [f"{label} number {n} has words of its own {n * 7} {n * 31}" for n in range(count)]
        urls = [f"https://{label}.example/{n}" for n in range(count)]
        write_records(tmp / label / "a.jsonl", texts, url=urls)


def run_sample(tmp: Path, name: str = "run", **settings: Any) -> list[dict[str, Any]]:
    """The corpus of a run over those files with this stage alone."""
    if not (tmp / "news").exists():
        write_input(tmp)
    inputs = [str(tmp / label) for label in ("news", "forum", "wiki")]
    engine = settings.pop("engine", "inline")
    make_run(tmp, [{"use": "sample", **settings}], name=name, input=inputs, engine=engine)
    assert all(not check.faults for check in verify(tmp / name))
    return rows_of(tmp / name, "corpus")


def ids_of(rows: list[dict[str, Any]], label: str = "") -> set[str]:
    """Ids of the documents of an input, or of all."""
    return {row["doc_id"] for row in rows if row["source"].startswith(label)}


def test_weights_keep_their_share_and_book_the_rest(tmp_path: Path) -> None:
    """0.3 keeps about 30 %, 0 nothing, no weight all; each drop is in the ledger and comes back."""
    rows = run_sample(tmp_path, weights={"news": 0.3, "forum": 0})
    assert 60 <= len(ids_of(rows, "news/")) <= 120
    assert not ids_of(rows, "forum/")
    assert len(ids_of(rows, "wiki/")) == 300
    assert "sample_repeats" not in rows[0]
    drops = rows_of(tmp_path / "run", "ledger")
    assert len(drops) + len(rows) == 900
    assert {(d["action"], d["rule"]) for d in drops} == {("drop", "sample.weight")}
    assert "label 'forum', weight 0" in next(
        d["reason"] for d in drops if d["source"].startswith("forum")
    )
    assert restore(tmp_path / "run", drops[0]["doc_id"]) == drops[0]["before"].encode()
    report = json.loads((tmp_path / "run" / "reports" / "report.json").read_bytes())
    stage = report["stages"][1]
    assert (stage["docs_in"], stage["docs_out"]) == (900, len(rows))
    assert stage["docs_dropped"] == len(drops)


def test_a_smaller_share_is_part_of_a_larger_one(tmp_path: Path) -> None:
    """For weights and for limits; another seed draws others."""
    kept = [ids_of(run_sample(tmp_path, f"w{i}", other=w)) for i, w in enumerate((0.2, 0.5, 0.8))]
    assert kept[0] < kept[1] < kept[2]
    few = [ids_of(run_sample(tmp_path, f"m{n}", max_documents=n)) for n in (10, 40)]
    assert few[0] < few[1]
    assert few[0] < kept[0]
    assert ids_of(run_sample(tmp_path, "seed", other=0.2, seed=9)) != kept[0]


def test_weights_above_one_ask_for_repeats(tmp_path: Path) -> None:
    """Each document has one row; the column says how often to read it, by draw where it must."""
    rows = run_sample(tmp_path, weights={"wiki": 2.25, "n*": 3})
    times = {
        label: [r["sample_repeats"] for r in rows if r["source"].startswith(label)]
        for label in ("wiki", "news", "forum")
    }
    assert set(times["wiki"]) == {2, 3}
    assert 40 <= sum(t == 3 for t in times["wiki"]) <= 115
    assert set(times["news"]) == {3}
    assert set(times["forum"]) == {1}
    assert len(ids_of(rows)) == len(rows) == 900


def test_limits_hold_for_each_value(tmp_path: Path) -> None:
    """Documents, or words as often as they are read; both rules are named."""
    rows = run_sample(tmp_path, by="host", max_documents=25)
    assert [len(ids_of(rows, label)) for label in ("news", "forum", "wiki")] == [25, 25, 25]
    rows = run_sample(tmp_path, "words", weights={"wiki": 2}, max_words=1000, max_documents=70)
    words = {
        label: sum(
            r["n_words"] * r["sample_repeats"] for r in rows if r["source"].startswith(label)
        )
        for label in ("news", "wiki")
    }
    assert words["news"] == 700  # ten words each
    assert 960 < words["wiki"] <= 1000
    rules = {row["rule"] for row in rows_of(tmp_path / "words", "ledger")}
    assert rules <= {"sample.max_words", "sample.max_documents"}
    assert "sample.max_words" in rules


def test_bytes_do_not_depend_on_how_the_run_was_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that goes on over many batches is counted as one."""
    settings: dict[str, Any] = {"max_documents": 33, "max_words": 300, "other": 0.9}
    run_sample(tmp_path, **settings)
    monkeypatch.setattr("cleaner.io.exchange.ROWS_AT_ONCE", 7)
    monkeypatch.setattr("cleaner.engine.memory.sort_bytes", lambda _: 200)
    engine = {"kind": "inline", "shard_bytes": "3KB"}
    run_sample(tmp_path, "other", engine=engine, **settings)
    assert bytes_of(tmp_path / "run") == bytes_of(tmp_path / "other")


COPIES = [
    *[f"alone {n} with a text of its own that is {n * 13} long {n * 17}" for n in range(40)],
    *[f"copied {n // 4} is the same text four times over {n // 4 * 19}" for n in range(80)],
]


def test_clusters_are_rehydrated_by_their_size(tmp_path: Path) -> None:
    """After the search for copies; a kept one that was not drawn is no fault."""
    write_records(tmp_path / "in" / "a.jsonl", COPIES)
    sample = {"use": "sample", "by": "cluster_size", "weights": {"1": 0.5, "2-3": 9, "4+": 2}}
    make_run(tmp_path, ["exact_duplicates", sample])
    rows = rows_of(tmp_path / "run", "corpus")
    assert {(r["cluster_size"], r["sample_repeats"]) for r in rows} == {(1, 1), (4, 2)}
    assert sum(r["cluster_size"] == 4 for r in rows) == 20
    assert 8 <= sum(r["cluster_size"] == 1 for r in rows) <= 32
    make_run(tmp_path, ["exact_duplicates", {**sample, "weights": {"4": 0.3}}], name="thin")
    manifest = json.loads((tmp_path / "thin" / "manifest.json").read_bytes())
    assert manifest["thinning"] == ["sample"]
    drops = rows_of(tmp_path / "thin", "ledger")
    thinned = {d["doc_id"] for d in drops if d["stage"] == "sample"}
    assert thinned & {d["kept_doc_id"] for d in drops}
    assert all(not check.faults for check in verify(tmp_path / "thin"))


def test_a_kept_copy_that_nobody_drew_is_still_missed(tmp_path: Path) -> None:
    """Only a drop by a stage that thins explains that a kept document is not there."""
    write_records(tmp_path / "in" / "a.jsonl", COPIES)
    sample = {"use": "sample", "by": "cluster_size", "weights": {"1": 0.5}}
    make_run(tmp_path, ["exact_duplicates", sample])
    path = tmp_path / "run" / "corpus" / "part-00000.parquet"
    table = pq.read_table(path)
    pq.write_table(table.filter([size == 1 for size in table["cluster_size"].to_pylist()]), path)
    (copies,) = [check for check in verify(tmp_path / "run", every=0) if check.name == "copies"]
    assert "which is not in the corpus" in copies.faults[0]


CONFIG = "input: in\nstages:\n- use: exact_duplicates\n- use: sample\n"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("  by: lang\n", "reads 'lang', which no earlier stage adds"),
        ("  weights: {a: -1}\n", "expected weights of 0 to 1000000"),
        ("  by: cluster_size\n  weights: {'1-4': 1, '3+': 2}\n", "'1-4' and '3\\+' are not apart"),
        ("  max_documents: 0\n", "at least 1"),
        ("  wieghts: {a: 1}\n", "did you mean 'weights'"),
    ],
)
def test_mistakes_are_told_before_the_run(keys: str, words: str) -> None:
    """With the place in the config; after a search for copies the stage itself is welcome."""
    assert parse(CONFIG, "c.yaml").stages[1].use == "sample"
    with pytest.raises(ConfigError, match=words):
        parse(CONFIG + keys, "c.yaml")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"by": "raw_chars", "weights": {"short": 1.0}}, "'raw_chars' is a number, and 'short'"),
    ],
)
def test_weights_that_do_not_fit_the_column_stop_the_run(
    tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    """With a message that names both."""
    with pytest.raises(CleanerError, match=words):
        run_sample(tmp_path, **settings)


def test_other_stages_may_still_not_drop_a_kept_copy() -> None:
    """The rule of the order stands for stages that judge."""
    text = "input: in\nstages:\n- use: exact_duplicates\n- use: language\n  keep: [vi]\n"
    with pytest.raises(ConfigError, match="could drop the one copy that was kept"):
        parse(text, "c.yaml")
