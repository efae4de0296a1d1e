"""Near-copies of passages across documents: common ones are cut but for one, others are marked."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cleaner.io.restore import restore
from tests.engine.runs import STAGES, article, make_run, rows_of, sentence, write_records
from tests.stages.copies import jaccard, records_of, run_on, variant

PASSAGES = {"use": "near_duplicates", "unit": "passage", "min_words": 6}


def documents(seed: int, count: int = 14) -> list[str]:
    """Texts of lines of their own and of lines that two, or many, have in variants."""
    draw = random.Random(seed)
    common = [sentence(draw, 30) + f" c{draw.randrange(10**9)}c" for _ in range(3)]
    rare = [sentence(draw, 30) + f" r{draw.randrange(10**9)}r" for _ in range(4)]
    texts = []
    for number in range(count):
        lines = article(draw, 3).splitlines()
        lines += [variant(draw, common[number % 3], draw.choice([0, 0, 1, 4]))]
        if number % 4 == 1:
            lines.insert(0, variant(draw, rare[number // 8], draw.choice([0, 1])))
        if number % 5 == 2:
            lines += ["short line", lines[-1]]
        texts.append("\n".join(lines) + draw.choice(["", "\n", "\n\n"]))
    return [*texts, "", "short line", "\n"]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("threshold", [0.8, 0.6])
def test_promise_7_for_passages(tmp: Path, seed: int, threshold: float) -> None:
    """What is cut is truly like the passage that stays, which stands untouched in its document."""
    texts = documents(seed)
    run = run_on(tmp, texts, {**PASSAGES, "threshold": threshold})
    ids = records_of(run)
    corpus = {r["record"]: r for r in rows_of(run, "corpus")}
    cuts = rows_of(run, "ledger")
    assert len(cuts) >= 5
    for row in cuts:
        keeper = ids[row["kept_doc_id"]]
        copy = texts[row["record"]][row["start"] : row["end"]]
        kept = texts[keeper][row["kept_start"] : row["kept_end"]]
        true = jaccard(copy, kept, 3)
        assert true >= threshold
        assert row["similarity"] == pytest.approx(true, abs=1e-9)
        assert row["before"] == copy
        assert any(
            (p["raw_start"], p["raw_end"]) == (row["kept_start"], row["kept_end"])
            and corpus[keeper]["text"][p["start"] : p["end"]] == kept
            for p in corpus[keeper]["passages"]
        ), "the kept passage was changed"
        same = keeper == row["record"]
        assert row["rule"] == f"near_duplicates.{'same_document' if same else 'passage'}"
    for doc_id, record in ids.items():
        assert restore(run, doc_id) == texts[record].encode()


def test_what_many_have_is_cut_and_what_few_have_is_marked(tmp: Path) -> None:
    """`min_documents` decides; both sides of a marked pair name each other."""
    many = "this line stands in each of the many pages of the site"
    few = "only two of all the pages here have this one line"
    texts = [f"{many}\n{few}\n{i}" if i < 2 else f"{many}\n{i}" for i in range(4)]
    run = run_on(tmp, texts, PASSAGES)
    ids = records_of(run)
    rows = rows_of(run, "corpus")
    assert sum(many in r["text"] for r in rows) == 1
    assert sum(few in r["text"] for r in rows) == 2
    marks = {
        r["record"]: [(ids[m["doc_id"]], m["start"], m["end"]) for m in r["near_duplicates"]]
        for r in rows
        if r["near_duplicates"]
    }
    start, end = len(many) + 1, len(many) + 1 + len(few) + 1
    assert marks == {0: [(1, start, end)], 1: [(0, start, end)]}
    pairs = Counter(p["action"] for p in rows_of(run, "duplicates/pairs"))
    assert pairs == {"cut": 3, "mark": 2, "contain": 3}
    assert all("4 documents" in r["reason"] for r in rows_of(run, "ledger"))


def test_marks_name_another_document_also_where_the_own_has_a_copy(tmp: Path) -> None:
    """A copy in the same document is cut; the pair across documents is marked on both sides."""
    line = "two pages have this line and one of them has it twice"
    run = run_on(tmp, [f"{line}\n{line}\nx", f"{line}\ny"], {**PASSAGES, "keep": ["first"]})
    ids = records_of(run)
    rows = {r["record"]: r for r in rows_of(run, "corpus")}
    assert [r["rule"] for r in rows_of(run, "ledger")] == ["near_duplicates.same_document"]
    assert [ids[m["doc_id"]] for m in rows[0]["near_duplicates"]] == [1]
    assert [ids[m["doc_id"]] for m in rows[1]["near_duplicates"]] == [0]


def test_passages_in_a_row_are_one_span(tmp: Path) -> None:
    """Two documents share five lines in a row, blank ones between: one span on each side."""
    draw = random.Random(5)
    own = [article(draw, 4) for _ in range(2)]
    shared = [sentence(draw, 14) for _ in range(6)]
    part = "\n\n".join(shared[:5])
    texts = [f"{own[0]}\n{part}\n{own[0][::-1]}", f"{part}\n\n{own[1]}\n{shared[5]}"]
    texts[0] += f"\n{shared[5]}\n"
    run = run_on(tmp, texts, PASSAGES)
    rows = {r["record"]: r for r in rows_of(run, "corpus")}
    for number, other in ((0, 1), (1, 0)):
        spans = [
            (texts[number][m["start"] : m["end"]], texts[other][m["other_start"] : m["other_end"]])
            for m in rows[number]["near_duplicates"]
        ]
        assert sorted(map(len, spans)) == [2, 2]
        assert [(a.strip(), b.strip()) for a, b in spans] == [(part, part), (shared[5], shared[5])]


def test_marking_never_cuts(tmp: Path) -> None:
    """With `action: mark` the texts stay as they are."""
    texts = documents(4)
    run = run_on(tmp, texts, {**PASSAGES, "action": "mark"})
    assert [r["text"] for r in rows_of(run, "corpus")] == texts
    assert {p["action"] for p in rows_of(run, "duplicates/pairs")} == {"mark"}


@pytest.mark.parametrize(("guard", "kept"), [(True, 6), (False, 1)])
def test_lines_with_other_numbers_are_other_lines(tmp: Path, guard: bool, kept: int) -> None:
    """Rows of a table of prices are no copies of each other."""
    line = "the price of one kilo of rice on the market of the town was {} today again"
    texts = [line.format(i) for i in range(6)]
    stage = {**PASSAGES, "same_numbers": guard, "threshold": 0.5}
    run = run_on(tmp, texts, stage)
    assert sum(bool(r["text"]) for r in rows_of(run, "corpus")) == kept


def test_short_passages_are_not_looked_at(tmp: Path) -> None:
    """`min_words` spares headings and answers."""
    texts = ["one two three four five\n"] * 5
    assert rows_of(run_on(tmp, texts, PASSAGES), "ledger") == []


@pytest.mark.parametrize("size", [2500])
def test_shards_do_not_matter(tmp: Path, size: int) -> None:
    """Passages meet across shards, after stages that dropped and cut."""
    write_records(tmp / "in" / "a.jsonl", documents(7))
    stages: list[Any] = [f"{STAGES}Mend", "exact_duplicates", PASSAGES]
    make_run(tmp, stages, name="whole")
    make_run(tmp, stages, engine={"kind": "inline", "shard_bytes": size})
    for folder in ("corpus", "ledger", "duplicates/pairs"):
        assert rows_of(tmp / "whole", folder) == rows_of(tmp / "run", folder) != []


def test_the_keeper_lies_in_a_document_that_stays(tmp: Path) -> None:
    """After documents were dropped as copies, no passage points to one of them."""
    texts = documents(8)
    texts += [texts[0], texts[3] + "\nmore"]
    run = run_on(tmp, texts, "exact_duplicates", "near_duplicates", {**PASSAGES, "id": "p"})
    alive = {r["doc_id"] for r in rows_of(run, "corpus")}
    rows = rows_of(run, "ledger")
    assert {r["action"] for r in rows} == {"drop", "cut"}
    assert {r["kept_doc_id"] for r in rows if r["action"] == "cut"} <= alive


def test_a_brief_in_a_long_story_is_listed_as_contained(tmp: Path) -> None:
    """Whichever comes first; with the share of it that stands in the other, of the originals."""
    draw = random.Random(5)
    lines = [sentence(draw, 14 + n) for n in range(14)]
    more = [sentence(draw, 15) for _ in range(3)]
    story = "\n".join(lines)
    brief = "\n".join(lines[3:6])
    later = "\n".join([*lines[8:10], more[0]])  # some 70 % of it
    loose = "\n".join([lines[12], *more[1:]])  # a third
    texts = [brief, story, later, loose]
    for name, order in (("one", [0, 1, 2, 3]), ("two", [3, 2, 1, 0])):
        stage = {**PASSAGES, "containment": 0.5, "same_numbers": False}
        run = run_on(tmp / name, [texts[i] for i in order], stage)
        ids = {doc: order[record] for doc, record in records_of(run).items()}
        found = {
            (ids[r["doc_id"]], ids[r["kept_doc_id"]]): r
            for r in rows_of(run, "duplicates/pairs")
            if r["action"] == "contain"
        }
        assert set(found) == {(0, 1), (2, 1)}
        for (inner, outer), row in found.items():
            assert (row["unit"], row["start"], row["end"]) == ("document", 0, len(texts[inner]))
            assert (row["kept_start"], row["kept_end"]) == (0, len(texts[outer]))
        assert found[0, 1]["similarity"] == 1.0
        shared = len("\n".join(lines[8:10])) + 1
        assert found[2, 1]["similarity"] == pytest.approx(shared / len(later), abs=0.02)
        assert len(rows_of(run, "corpus")) == 4


def test_containment_is_the_same_for_any_shards(tmp: Path) -> None:
    """Rows of pairs, those of briefs included, byte for byte."""
    draw = random.Random(6)
    lines = [sentence(draw, 16) for _ in range(40)]
    texts = ["\n".join(lines[n : n + 4 + 9 * (n % 3)]) for n in range(0, 40, 2)]
    stage = {**PASSAGES, "min_documents": 9}
    one = run_on(tmp / "one", texts, stage)
    write_records(tmp / "many" / "in" / "a.jsonl", texts)
    make_run(tmp / "many", [stage], engine={"kind": "inline", "shard_bytes": 400})
    many = tmp / "many" / "run"
    files = [sorted((run / "duplicates").iterdir()) for run in (one, many)]
    assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]
    rows = rows_of(one, "duplicates/pairs")
    assert Counter(r["action"] for r in rows)["contain"] > 3
