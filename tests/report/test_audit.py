"""Audits: what is drawn of a run, and what a scored sheet puts into its report."""

from __future__ import annotations

import itertools
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.config.load import parse
from cleaner.engine.driver import run as run_config
from cleaner.errors import InputError, IntegrityError
from cleaner.identity import doc_id
from cleaner.io.verify import verify
from cleaner.report.audit import LINES, NEAR, OTHER, Row, _Kept, around, draw, shortened
from cleaner.report.audit_score import FILE, load, save, score
from cleaner.report.html import write_page
from cleaner.report.strata import Lowest, Stratum, allotted, bands_of, hashes_of

MENU = ["Trang chủ", "Thời sự", "Đọc thêm", "Email", "Gửi bình luận", "© 2024 Báo Bến Đá"]
PROSE = (
    "Sáng ngày {0}, xã thông xe cây cầu số {0} qua sông sau ba năm thi công với nhiều khó khăn, và "
    "người dân hai bờ đã ra đón những chuyến xe đầu tiên từ rất sớm, dù trời còn mưa nhẹ."
)


def write_pages(folder: Path, count: int = 40) -> None:
    """Pages with a frame, of one site."""
    folder.mkdir(parents=True)
    lines = []
    for number in range(count):
        text = "\n".join(
            [
                *MENU[:2], f"Thông xe cầu số {number} qua sông", PROSE.format(number), "",
                f"Ông Bảy nói cầu số {number} rất đẹp.", PROSE.format(number + 1000), *MENU[2:],
            ]
        )  # fmt: skip
        lines.append(json.dumps({"text": text, "url": f"https://bao.example/{number}"}))
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def make(folder: Path, to: str, **engine: Any) -> Path:
    """Run noise on the pages."""
    settings = {
        "name": "audited",
        "input": [str(folder / "in")],
        "output": str(folder / to),
        "stages": [{"use": "unicode"}, {"use": "repeats"}, {"use": "noise"}, {"use": "tidy"}],
        "engine": engine or {"kind": "inline"},
        "write": {"documents_per_part": 1000},
    }
    run_config(parse(json.dumps(settings), "a.yaml"))
    return folder / to


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("audit")
    write_pages(folder / "in")
    return make(folder, "run")


@pytest.fixture
def own(run: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(run, tmp_path / "run"))


def ledger(run: Path) -> list[dict[str, Any]]:
    """Cuts that took more than white space."""
    rows = pq.read_table(run / "ledger").to_pylist()
    return [row for row in rows if row["action"] == "cut" and row["before"].strip()]


def test_every_rule_is_drawn_from_with_true_weights(run: Path) -> None:
    """Sizes are those of the ledger; weights of a stratum add up to its size."""
    rows = draw(run, per_rule=4)
    cuts = [row for row in rows if row.action == "cut"]
    per_rule = Counter(row["rule"] for row in ledger(run))
    assert set(per_rule) == {row.rule for row in cuts}
    for rule, count in per_rule.items():
        mine = [row for row in cuts if row.rule == rule]
        assert len(mine) == min(4, count)
        assert sum({row.band: row.stratum_size for row in mine}.values()) == count
        for band in {row.band for row in mine}:
            of_band = [row for row in mine if row.band == band]
            assert sum(row.weight for row in of_band) == pytest.approx(of_band[0].stratum_size)
    booked = {(r["doc_id"], r["rule"], r["before"].strip()) for r in ledger(run)}
    assert {(row.doc_id, row.rule, row.text) for row in cuts} <= booked
    assert len({row.id for row in rows}) == len(rows)


def test_kept_lines_lie_in_the_corpus_beside_the_cuts_of_their_rule(run: Path) -> None:
    """By brute force: the next kept passage above or below a cut of that rule."""
    rows = [row for row in draw(run, per_rule=400, keeps=1000) if row.action == "keep"]
    beside: dict[tuple[str, str], set[str]] = {}
    total = 0
    for document in pq.read_table(run / "corpus").to_pylist():
        kept = [p for p in document["passages"] if p["end"] - p["start"] >= 3]
        total += len(kept)
        for cut in ledger(run):
            if cut["doc_id"] != document["doc_id"]:
                continue
            above = [p for p in kept if p["raw_end"] <= cut["start"]][-1:]
            below = [p for p in kept if p["raw_start"] >= cut["end"]][:1]
            for one in above + below:
                text = document["text"][one["start"] : one["end"]].strip()
                beside.setdefault((document["doc_id"], text), set()).add(cut["rule"])
    near = {(row.doc_id, row.text): row.rule for row in rows if row.band == NEAR}
    assert near.keys() == beside.keys()
    assert all(near[key] in rules for key, rules in beside.items())
    other = [row for row in rows if row.band == OTHER]
    assert {row.rule for row in other} == {""}
    assert len(near) + len(other) == total
    assert any(row.text.startswith("Sáng ngày") for row in other)


def test_the_nearest_cut_names_the_rule() -> None:
    """Above a block of cuts it is the block's first, below it the last."""
    spans = [{"raw_start": s, "raw_end": e, "start": s, "end": e} for s, e in ((0, 9), (50, 60))]
    lists = pa.array([spans, spans])
    kept = _Kept.of(pa.table({"doc_id": pa.array(["aa", "bb"]), "passages": lists}))
    cuts = pa.table(
        {
            "doc_id": ["bb", "bb", "bb", "cc"],
            "rule": ["x.first", "x.middle", "x.last", "x.other"],
            "start": [10, 20, 40, 10],
            "end": [20, 40, 50, 20],
        }
    )
    found = kept.beside(pa.chunked_array([["aa", "bb"]]), cuts)
    assert found.tolist() == [-1, -1, 0, 2]


@pytest.mark.slow
def test_the_same_seed_draws_the_same_everywhere(run: Path, tmp_path: Path) -> None:
    """From a run of other workers and shards, too; another seed draws others."""
    shutil.copytree(run.parent / "in", tmp_path / "in")
    again = make(tmp_path, "elsewhere", kind="local", workers=2, shard_bytes="4KiB")
    rows = draw(run, per_rule=3, keeps=10, seed=5)
    assert draw(again, per_rule=3, keeps=10, seed=5) == rows
    assert {r.id for r in draw(run, per_rule=3, keeps=10, seed=6)} != {r.id for r in rows}
    assert [row.id for row in rows][:2] == [
        row.id for row in draw(run, per_rule=3, keeps=10, seed=5)
    ][:2]


def test_a_draw_is_fair() -> None:
    """Over many seeds every row of a stratum comes about as often."""
    counts = np.zeros(50)
    ids = pa.array([doc_id("in/a.jsonl", n) for n in range(50)])
    zeros = np.zeros(50, np.int64)
    for seed in range(800):
        drawn = Lowest()
        drawn.expect(Stratum("x.a", "cut", "none"), 10)
        hashes = hashes_of(np.uint64(1), seed, ids, zeros, zeros, zeros)
        drawn.add(zeros[:30], hashes[:30], 0, np.arange(30))
        drawn.add(zeros[:20], hashes[30:], 1, np.arange(30, 50))
        rows = drawn.of_part(0) + drawn.of_part(1)
        assert len(rows) == 10
        assert {(size, weight) for _, _, size, weight in rows} == {(50, 5.0)}
        counts[[row for row, *_ in rows]] += 1
    assert counts.min() > 110
    assert counts.max() < 210


@given(st.dictionaries(st.integers(0, 1000), st.integers(1, 50), min_size=1, max_size=30))
def test_bands_hold_about_a_quarter_each(counts: dict[int, int]) -> None:
    """A score is never split; bands do not overlap; none is heavier than a quarter and a score."""
    names = bands_of(Counter(counts))
    total, heaviest = sum(counts.values()), max(counts.values())
    sizes = Counter[str]()
    for value, count in counts.items():
        sizes[names[value]] += count
    assert len(sizes) <= 4
    assert max(sizes.values()) <= total / 4 + heaviest
    order = [names[value] for value in sorted(counts)]
    assert len([1 for a, b in itertools.pairwise(order) if a != b]) == len(sizes) - 1
    assert bands_of({-1: 4}) == {-1: "none"}


@given(
    st.dictionaries(st.text("abcd", min_size=1, max_size=2), st.integers(1, 40), max_size=4),
    st.integers(1, 60),
)
def test_what_a_band_lacks_goes_to_the_others(sizes: dict[str, int], number: int) -> None:
    """All that is wanted is drawn, where there is as much, in numbers as equal as can be."""
    found = allotted(sizes, number)
    assert sum(found.values()) == min(number, sum(sizes.values()))
    short = [found[band] for band in sizes if found[band] < sizes[band]]
    assert max(short, default=0) - min(short, default=0) <= 1
    assert all(found[band] <= size for band, size in sizes.items())


def test_context_is_the_lines_around() -> None:
    """Of the original, without blank ones; '' where it is not known."""
    text = "one\n\ntwo\nthree\nTHIS\nfour\n \nfive\nsix"
    start = text.index("THIS")
    assert around(text, start, start + 5) == ("two\nthree", "four\nfive")
    assert LINES == 2
    assert around(text, 0, 3) == ("", "two\nthree")
    assert around(None, 0, 3) == ("", "")
    assert len(shortened("a" * 9000)) == 2000


def judged(run: Path) -> list[Row]:
    """A sheet of a run, all right but the first."""
    rows = draw(run, per_rule=3, keeps=5)
    first, *rest = [replace(one, verdict="right") for one in rows]
    return [replace(first, verdict="wrong"), *rest]


def test_a_result_is_kept_with_its_run(own: Path) -> None:
    """The page shows it, and the run is still as its manifest says."""
    page = write_page(own).read_text(encoding="utf-8")
    assert 'id="audit"' not in page
    assert load(own) is None
    result = score(judged(own))
    save(own, result)
    assert load(own) == result
    shown = write_page(own).read_text(encoding="utf-8")
    assert 'id="audit"' in shown
    assert '<a href="#audit">Audit</a>' in shown
    assert all(rule.rule in shown for rule in result.rules)
    assert [fault for check in verify(own) for fault in check.faults] == []
    (own / "reports" / FILE).unlink()
    assert write_page(own).read_text(encoding="utf-8") == page


def test_rules_cannot_act_in_the_page(own: Path) -> None:
    """Names come from a sheet, which anybody may have edited."""
    rows = [replace(one, rule="<img src=x>\u202e", band="<b>") for one in judged(own)]
    save(own, score([one for one in rows if one.action == "cut"]))
    page = write_page(own).read_text(encoding="utf-8")
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;\\u202e" in page


def test_a_sheet_of_another_run_is_refused(own: Path) -> None:
    """Its figures would be of other lines."""
    result = replace(score(judged(own)), run="r0")
    with pytest.raises(InputError, match="the sheet is of another run"):
        save(own, result)
    assert not (own / "reports" / FILE).exists()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"version": 9}', '{"version": 1, "run": "r"}'])
def test_a_damaged_result_is_told(own: Path, text: str) -> None:
    """With the file and what to do."""
    (own / "reports" / FILE).write_text(text)
    with pytest.raises(IntegrityError, match="score the sheet again, or remove the file"):
        write_page(own)


def test_what_is_no_run_or_damaged_is_told(own: Path, tmp_path: Path) -> None:
    """A folder without a manifest, and a ledger that was cut short."""
    with pytest.raises(InputError, match="is not a finished run"):
        draw(tmp_path)
    part = next((own / "ledger").glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:200])
    with pytest.raises(IntegrityError, match="cannot be read"):
        draw(own)
