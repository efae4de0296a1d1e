"""What was nearly cut: the same whatever the shards, and in the report with its scores."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.config.load import parse
from cleaner.engine import tally
from cleaner.engine.driver import run as run_config
from cleaner.noise.decision import decide, decide_near
from cleaner.noise.judge import asking_judge
from cleaner.noise.model import NoiseModel, built_in
from cleaner.noise.near import STEP, STEPS
from cleaner.noise.pack import load_packs
from cleaner.report.html import without_timings
from cleaner.report.stats import read_report
from tests.report.test_html import Elements
from tests.report.test_review_server import HOSTILE

ROOT = Path(__file__).parents[2]
PAGES = [
    "blog-en-03-allotment.txt", "news-en-04-football.txt", "news-vn-05-ca-kho.txt",
    "news-vn-08-bai-tho.txt", "news-vn-15-ho-chua-site-a.txt", "news-vn-16-ho-chua-site-b.txt",
    "news-vn-18-tau-trat-banh-a.txt", "news-vn-19-tau-trat-banh-b.txt",
    "news-vn-20-tau-trat-banh-c.txt",
]  # fmt: skip


@pytest.fixture(scope="module")
def model() -> NoiseModel:
    """The built-in one."""
    return built_in()


def seeds() -> tuple[pa.Array, np.ndarray[Any, np.dtype[np.int64]]]:
    """The lines of the sample pages, and whose they are."""
    pages = [p.read_bytes().decode("utf-8", "replace") for p in sorted(ROOT.glob("seeds/*.txt"))]
    lines = [page.splitlines(keepends=True) for page in pages]
    first = np.cumsum([0, *map(len, lines)])
    return pa.array([line for page in lines for line in page], pa.string()), first


def test_near_misses_stay_with_a_score_just_below_the_limit(model: NoiseModel) -> None:
    """None of them is cut; a lower limit cuts some of them."""
    text, first = seeds()
    judge = asking_judge(load_packs())
    verdicts, near = decide_near(text, first, judge, model)
    assert verdicts == decide(text, first, judge, model)
    assert near is not None
    assert len(near.where) == sum(near.counts()) > 0
    assert len(near.counts()) == STEPS
    assert not set(near.where.tolist()) & set(verdicts)
    gap = near.limit - near.noise
    assert ((gap >= 0) & (gap < STEP * STEPS)).all()
    reasons = near.reasons(range(len(near.where)))
    assert all(reasons)
    lower = decide(text, first, judge, model, limit=model.limit - STEP * STEPS)
    assert len(set(near.where.tolist()) & set(lower)) > 0


def test_rules_alone_tell_of_no_near_miss() -> None:
    """They have no score to be near to."""
    text, first = seeds()
    assert decide_near(text, first, asking_judge(load_packs()), None)[1] is None


SAMPLES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 99), st.sampled_from("abcde")),
    unique_by=lambda s: s[2],
    max_size=40,
)


@given(SAMPLES, st.lists(st.integers(0, 40), max_size=5), st.randoms())
def test_the_nearest_are_the_same_for_any_split(
    samples: list[tuple[int, int, int, str]], cuts: list[int], random: Any
) -> None:
    """Counts add up, and of each text the nearest is shown, in any order of the parts."""
    rows = [
        {"gap": gap, "rank": rank, "ordinal": ordinal, "text": text * (1 + ordinal % 5)}
        for gap, rank, ordinal, text in samples
    ]
    bounds = sorted({0, len(rows), *(min(c, len(rows)) for c in cuts)})
    parts = [rows[a:b] for a, b in pairwise(bounds)]
    random.shuffle(parts)
    whole, split = tally.empty(), tally.empty()
    part = {"step": 0.01, "counts": [len(rows)], "samples": rows}
    tally.add(whole, tally.empty() | {"near": part})
    for mine in parts:
        part = {"step": 0.01, "counts": [len(mine)], "samples": mine}
        tally.add(split, tally.empty() | {"near": part})
    if rows:
        assert whole == split
        shown = whole["near"]["samples"]
        assert len({s["text"] for s in shown}) == len(shown) <= 12


def make(folder: Path, to: str, **engine: Any) -> Path:
    """Run noise on some sample pages, one of them with text that would act if it could."""
    source = folder / "in"
    if not source.exists():
        source.mkdir()
        for name in PAGES:
            (source / name).write_bytes((ROOT / "seeds" / name).read_bytes())
        text = (ROOT / "seeds" / "news-vn-05-ca-kho.txt").read_text("utf-8")
        (source / "hostile.txt").write_text(text.replace("Đàm Khánh Ly", HOSTILE), "utf-8")
    settings = {
        "name": "near",
        "input": [str(source)],
        "output": str(folder / to),
        "stages": [
            {"use": "repeats"},
            {"use": "noise"},
            {"use": "near_duplicates", "id": "copies", "threshold": 0.7},
        ],
        "engine": engine,
        "write": {"documents_per_part": 1000},
        "max_bad": 1.0,
    }
    run_config(parse(json.dumps(settings), "near.yaml"))
    return folder / to


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same run in one shard, and in many."""
    folder = tmp_path_factory.mktemp("near")
    one = make(folder, "one", kind="inline")
    many = make(folder, "many", kind="inline", shard_bytes="8KiB")
    return [one, many]


def test_the_report_is_the_same_for_any_shards(runs: list[Path]) -> None:
    """Near misses included, in the JSON and on the page."""
    one, many = ((run / "reports" / "report.json").read_bytes() for run in runs)
    assert one == many
    assert b'"near"' in one
    pages = [(run / "reports" / "report.html").read_text("utf-8") for run in runs]
    assert without_timings(pages[0]) == without_timings(pages[1])


def test_near_misses_are_on_the_page_with_score_and_reasons(runs: list[Path]) -> None:
    """The nearest first, with the text around; what a document says is only text."""
    near = next(stage.near for stage in read_report(runs[0]).stages if stage.near)
    gaps = [sample["gap"] for sample in near["samples"]]
    assert gaps == sorted(gaps)
    assert len(near["samples"]) <= sum(near["counts"])
    page = (runs[0] / "reports" / "report.html").read_text("utf-8")
    parsed = Elements(page)
    text = "".join(parsed.text)
    assert "Nearly cut by noise" in text
    for sample in near["samples"]:
        assert sample["limit"] >= sample["score"] > sample["limit"] - STEP * STEPS / 1000
        assert f"score {sample['score']:.3f}, cut above {sample['limit']:.3f}" in text
        assert sample["source"] in text
        assert sample["evidence"]
    assert [tag for tag, _ in parsed.found].count("script") == 1
    assert "\u202e" not in page


def test_the_page_tells_what_cleaning_did_for_the_search(runs: list[Path]) -> None:
    """Copies whose originals are less alike than the threshold are there because of cleaning."""
    from cleaner.report.collect import collect

    findings = collect(runs[0])
    (effect,) = findings.effect
    assert (effect.stage, effect.threshold) == ("copies", 0.7)
    assert effect.copies == effect.looked_at == 2
    assert 0 < effect.hidden <= effect.looked_at
    assert effect.before < effect.after
    assert 0 <= effect.low <= effect.hidden / effect.looked_at <= effect.high <= 1
    for cluster in findings.copies.clusters:
        if cluster.compared > 1:
            assert cluster.bound is not None
            assert 0 <= cluster.bound <= cluster.lowest
    assert "What cleaning did for the search" in (
        (runs[0] / "reports" / "report.html").read_text("utf-8")
    )
