"""The corpus with planted duplicates: its gold is the whole truth, its scores are right."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.dedup.corpus import build, edited, write
from benchmarks.dedup.score import (
    Gold,
    judge,
    judge_pairs,
    kept_rows,
    read_gold,
    read_ids,
    read_tsv_gold,
)
from benchmarks.dedup.texts import generated, read_texts, recombined
from benchmarks.dedup.truth import RegexSets, all_pairs, jaccard, own_sets
from cleaner.text.ragged import Ragged


def grams(text: str) -> frozenset[tuple[str, ...]]:
    """The 5-grams of a text in plain Python."""
    words = re.findall(r"\w+", text.lower())
    return frozenset(tuple(words[k : k + 5]) for k in range(len(words) - 4))


def similarity(one: frozenset[object], other: frozenset[object]) -> float:
    """Jaccard of two sets."""
    return len(one & other) / len(one | other) if one or other else 0.0


@given(
    st.lists(st.sets(st.integers(0, 30), max_size=12), max_size=25),
    st.sampled_from([0.1, 0.15, 0.5, 0.7, 1.0]),
)
def test_all_pairs_are_found_and_no_other(sets: list[set[int]], least: float) -> None:
    """As comparing each with each; hot members and empty sets included."""
    rows = Ragged.of([sorted(s) for s in sets])
    left, right, found = all_pairs(rows, least)
    frozen = [frozenset[object](s) for s in sets]
    expected = {
        (i, k): similarity(frozen[i], frozen[k])
        for i, k in combinations(range(len(sets)), 2)
        if frozen[i] and frozen[k] and similarity(frozen[i], frozen[k]) >= least
    }
    assert dict(
        zip(zip(left.tolist(), right.tolist(), strict=True), found.tolist(), strict=True)
    ) == pytest.approx(expected)


def test_sets_have_the_similarity_of_plain_python() -> None:
    r"""Of `\w+`, lower-cased; of cleaner's own words where they are the same."""
    texts = ["Một hai BA bốn năm sáu.", "một, hai ba bốn năm sáu bảy", "một hai", "", "a_b c d e f"]
    left, right = (np.array(x, np.int64) for x in zip(*combinations(range(5), 2), strict=True))
    expected = [similarity(grams(texts[i]), grams(texts[k])) for i, k in combinations(range(5), 2)]
    assert jaccard(RegexSets().of(texts), left, right).tolist() == expected
    assert jaccard(own_sets(texts[:2]), left[:1], right[:1]).tolist() == expected[:1]
    assert expected[0] == 2 / 3


@pytest.mark.parametrize("short", [False, True])
def test_the_gold_has_every_pair_and_only_planted_ones(short: bool) -> None:
    """Compared with each pair in plain Python; pairs lie within clusters, and exact ones are 1."""
    corpus = build([], 160, short=short, seed=3)
    assert len(corpus.texts) == len(corpus.documents) == 160
    sets = [grams(text) for text in corpus.texts]
    expected = {}
    for i, k in combinations(range(160), 2):
        value = similarity(sets[i], sets[k])
        same = corpus.documents[i].cluster == corpus.documents[k].cluster >= 0
        assert same or value < 0.15
        if value >= 0.5:
            expected[i, k] = value
    rows = corpus.gold.to_pylist()
    assert {(r["left"], r["right"]): r["jaccard"] for r in rows} == pytest.approx(expected)
    assert len(expected) >= 15
    assert min(r["jaccard_own"] for r in rows) >= 0.49
    kinds = [d.kind for d in corpus.documents]
    assert kinds.count("exact") + len({d.cluster for d in corpus.documents}) > 5
    assert sum(d.cluster >= 0 for d in corpus.documents) == 38


def test_the_same_arguments_give_the_same_corpus(tmp_path: Path) -> None:
    """Byte by byte; another seed gives another one."""
    names = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        corpus = build([], 120, short=True, seed=seed)
        names.append(write(corpus, tmp_path / name, {"seed": seed})["sha256"])
    assert names[0] == names[1] != names[2]
    for file in ("corpus.parquet", "gold.parquet", "planted.parquet", "facts.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    table = pq.read_table(tmp_path / "a" / "corpus.parquet")
    lines = (tmp_path / "a" / "corpus.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == table.to_pylist()


def test_edits_change_about_the_share_that_they_are_given() -> None:
    """In rows or word by word; a rate of a tenth leaves nine tenths of the words."""
    text = "\n".join(" ".join(f"w{line}x{k}" for k in range(50)) for line in range(20))
    for spans in (False, True):
        copy = edited(text, 0.1, spans=spans, words=["new"], random=Random(5))
        left = len(set(copy.split()) & set(text.split()))
        assert 860 <= left <= 940
        assert copy.count("\n") >= 15
    near = similarity(
        grams(text), grams(edited(text, 0.1, spans=True, words=["n"], random=Random(1)))
    )
    far = similarity(
        grams(text), grams(edited(text, 0.1, spans=False, words=["n"], random=Random(1)))
    )
    assert far < 0.5
    assert near > 0.7


def test_texts_are_recombined_without_copies() -> None:
    """Sentences of few texts make many that are not alike; texts that are all alike are refused."""
    texts = list(generated(60, False, 7))
    made = list(recombined(texts, 90, True, 1))
    assert all(350 <= len(text.encode()) <= 1300 for text in made)
    assert len(all_pairs(RegexSets().of(made), 0.3)[0]) == 0
    corpus = build(texts, 200, short=True)
    assert len(corpus.texts) == 200
    with pytest.raises(ValueError, match="long enough and not alike"):
        build(["the same sentence of seven words again. "] * 30, 100)
    with pytest.raises(ValueError, match="no words"):
        build([" . "], 20)


def test_texts_are_read_from_plain_and_compressed_lines(tmp_path: Path) -> None:
    """Records without text are left out."""
    texts = {"x": "một", "y": " ", "z": "hai"}
    rows = [json.dumps({"id": k, "text": v}, ensure_ascii=False) + "\n" for k, v in texts.items()]
    lines = "".join(rows).encode()
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.zst"
    plain.write_bytes(lines)
    with pa.output_stream(str(packed), compression="zstd") as out:
        out.write(lines)
    assert read_texts([plain, packed]) == ["một", "hai"] * 2
    assert read_ids(packed) == ["x", "y", "z"]


def test_what_stayed_is_judged_by_the_pairs() -> None:
    """0-1-2 is a chain of 0.9 and 0.75, 3-4 a pair of 0.72; 1, 3 and the lone 5 were removed."""
    gold = Gold(np.array([0, 1, 3]), np.array([1, 2, 4]), np.array([0.9, 0.75, 0.72]))
    kept = np.array([True, False, True, False, True, False])
    quality = judge(gold, kept)
    assert quality.removed == 3
    assert quality.recall == {0.7: 1.0, 0.8: 1.0}
    assert quality.lost == {0.7: 1, 0.8: 2}
    assert quality.precision == {0.7: pytest.approx(2 / 3), 0.8: pytest.approx(1 / 3)}
    nothing = judge(gold, np.ones(6, bool))
    assert nothing.recall == {0.7: 0.0, 0.8: 0.0}
    assert nothing.precision == {0.7: 1.0, 0.8: 1.0}
    both = judge(gold, np.array([True, False, False, True, True, True]))
    assert both.lost == {0.7: 1, 0.8: 1}, "2 was like 1 only, and 1 is gone, too"


def test_found_pairs_are_judged_in_any_order() -> None:
    """(1, 0) is (0, 1), and twice is once."""
    gold = Gold(np.array([0, 1, 3]), np.array([1, 2, 4]), np.array([0.9, 0.75, 0.72]))
    pairs = judge_pairs(gold, np.array([1, 0, 5]), np.array([0, 1, 4]), 6, 0.7)
    assert (pairs.found, pairs.true) == (2, 3)
    assert (pairs.recall, pairs.precision) == (pytest.approx(1 / 3), 0.5)


def test_kept_documents_are_read_from_files_of_any_program(tmp_path: Path) -> None:
    """By `id`, or by `source_id` in a folder of cleaner; what is no document is an error."""
    pq.write_table(pa.table({"id": ["d0000002", "d0000000"]}), tmp_path / "a.parquet")
    assert kept_rows(tmp_path / "a.parquet", 4).tolist() == [True, False, True, False]
    (tmp_path / "corpus").mkdir()
    table = pa.table({"id": ["?"], "source_id": ["d0000003"]})
    pq.write_table(table, tmp_path / "corpus" / "part-0.parquet")
    assert kept_rows(tmp_path / "corpus", 4).tolist() == [False, False, False, True]
    for ids, message in ((["d0000009"], "no document"), (["d0000001"] * 2, "stands twice")):
        pq.write_table(pa.table({"id": ids}), tmp_path / "bad.parquet")
        with pytest.raises(ValueError, match=message):
            kept_rows(tmp_path / "bad.parquet", 4)


def test_gold_is_read_from_parquet_and_from_tables_of_ids(tmp_path: Path) -> None:
    """Rows in order, whichever id stands first; an unknown id is an error."""
    corpus = build([], 120, short=True)
    write(corpus, tmp_path, {})
    gold = read_gold(tmp_path / "gold.parquet", "jaccard_own")
    assert gold.similarity.tolist() == corpus.gold.column("jaccard_own").to_pylist()
    assert len(gold.at(1.0)) < len(gold.at(0.5))
    table = tmp_path / "pairs.tsv"
    table.write_text("a\tb\tjaccard5\nz\tx\t0.75\n")
    read = read_tsv_gold(table, ["x", "y", "z"])
    assert (read.left.tolist(), read.right.tolist(), read.similarity.tolist()) == ([0], [2], [0.75])
    with pytest.raises(ValueError, match="which no text has"):
        read_tsv_gold(table, ["x", "y"])
