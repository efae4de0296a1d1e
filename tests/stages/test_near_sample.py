"""The recall that a run measures: on a sample of its own documents, compared all with all."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cleaner.report.stats import read_report
from cleaner.report.summary import remarks
from cleaner.stages import near_sample
from cleaner.stages.near_duplicates import NearDuplicates
from cleaner.stages.near_sample import FIGURES, LABEL, PER_DRAW, SAMPLE
from tests.engine.runs import PAGE
from tests.stages.copies import families, jaccard, run_on, shingle_set, variant

NEAR = {"use": "near_duplicates", "threshold": 0.6, "ngram": 3, "measure_recall": True}


def notes_of(run: Path) -> dict[str, int]:
    """What the stage noted."""
    report = json.loads((run / "reports" / "report.json").read_text(encoding="utf-8"))
    notes: dict[str, int] = report["stages"][1]["notes"]
    return notes


def by_hand(texts: list[str], threshold: float) -> list[tuple[int, int]]:
    """Pairs of texts that have shingles and are alike, by the definition."""
    long = [i for i, t in enumerate(texts) if any(len(s) == 3 for s in shingle_set(t, 3))]
    return [
        (i, k) for i in long for k in long if k < i and jaccard(texts[i], texts[k], 3) >= threshold
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_run_is_measured_as_a_whole(tmp: Path, seed: int) -> None:
    """Every pair of copies is counted; the number is no warning."""
    texts = [text for text in families(seed) if not text.startswith("x")]  # chains are too long
    run = run_on(tmp, texts, NEAR)
    notes, pairs = notes_of(run), by_hand(texts, 0.6)
    assert notes["sampled"] == sum(any(len(s) == 3 for s in shingle_set(t, 3)) for t in texts)
    assert notes["sample_pairs"] == len(pairs) > 20
    assert notes["sample_paired"] == len({i for pair in pairs for i in pair})
    assert 0.9 * len(pairs) <= notes["sample_met"] <= len(pairs)
    assert remarks(read_report(run).stages[1], NearDuplicates()) == []


def test_the_measure_sees_bands_that_miss(tmp: Path) -> None:
    """With bands that find next to nothing, the report says that they do."""
    draw = random.Random(3)
    texts = [
        t for text in families(3, 40) if len(text) > 99 for t in (text, variant(draw, text, 2))
    ]
    run = run_on(tmp, texts, {**NEAR, "bands": 1, "rows": 64})
    notes = notes_of(run)
    assert notes["sample_pairs"] > 50
    assert notes["sample_met"] < 0.5 * notes["sample_pairs"]
    page = (run / PAGE).read_text(encoding="utf-8")
    percent = f"{100 * notes['sample_met'] / notes['sample_pairs']:.1f} %".replace(".0 %", " %")
    assert f"<b>Measured recall: {percent}</b>" in page


def test_without_copies_there_is_no_recall(tmp: Path) -> None:
    """The report says that nothing could be measured, not that all was found."""
    run = run_on(tmp, ["one text with a few words", "and another that has its own"], NEAR)
    assert [notes_of(run)[name] for name in FIGURES] == [2, 0, 0, 0]
    assert "No recall to measure: of 2 documents" in (run / PAGE).read_text(encoding="utf-8")


def test_numbers_keep_pairs_of_the_sample_apart(tmp: Path) -> None:
    """Where texts with other numbers are no copies, they are none of the sample's pairs."""
    text = " ".join(f"word{'abcdefghij'[i % 10] * (i // 10 + 1)}" for i in range(60))
    texts = [f"{text} 12 {text}", f"{text} 13 {text}", f"{text} 12 {text} more"]
    for guard, pairs in ((False, 3), (True, 1)):
        run = run_on(tmp / str(guard), texts, {**NEAR, "same_numbers": guard})
        assert notes_of(run)["sample_pairs"] == notes_of(run)["sample_met"] == pairs


def rows(sets: list[list[int]], labels: list[int], first: int = 0) -> pa.Table:
    """Rows as the merge gets them, as far as the sample looks at them."""
    ordinals = range(first, first + len(sets))
    schema: Any = {"label": pa.uint64(), "ordinal": pa.int64(), "set": pa.list_(pa.uint64())}
    return pa.table([labels, list(ordinals), sets], schema=pa.schema(list(schema.items())))


def test_the_lowest_draws_are_the_same_however_they_are_cut() -> None:
    """Of all rows at once or part by part; members stay, a large cluster is taken in part."""
    draw = random.Random(1)
    sets = [sorted({draw.randrange(10**6) for _ in range(5)}) for _ in range(2 * SAMPLE)]
    sets[100:200] = [sets[100]] * 100
    labels = [int(LABEL) if i % 10 else i for i in range(len(sets))]
    whole = near_sample.lowest(rows(sets, labels))
    parts = [
        near_sample.lowest(rows(sets[i : i + 300], labels[i : i + 300], i))
        for i in range(0, len(sets), 300)
    ]
    again = near_sample.lowest(pa.concat_tables(parts))
    assert whole.sort_by("ordinal").equals(again.sort_by("ordinal").combine_chunks())
    is_sample = np.array(whole.column("label").to_pylist(), np.uint64) == LABEL
    assert is_sample.sum() == SAMPLE
    assert (~is_sample).sum() == len(sets) // 10
    same = [s for s, mine in zip(whole.column("set").to_pylist(), is_sample, strict=True) if mine]
    assert same.count(sets[100]) in (0, PER_DRAW)


def test_what_may_be_drawn_holds_all_of_the_lowest() -> None:
    """Each document is looked at by itself, and none of the lowest draws of the run is left out."""
    count = 50_000
    drawn = np.random.default_rng(1).integers(0, 2**64 - 1, count, np.uint64)
    ordinals, counts = np.arange(count), np.ones(count, np.int64)
    found = near_sample.eligible(drawn, counts, ordinals)
    assert set(np.argsort(drawn)[:SAMPLE].tolist()) <= set(found.tolist())
    assert len(found) < count // 2
    halves = [
        near_sample.eligible(drawn[i], counts[i], ordinals[i]) + b
        for i, b in ((slice(0, 777), 0), (slice(777, None), 777))
    ]
    assert np.concatenate(halves).tolist() == found.tolist()
    counts[found[:5]] = [0, near_sample.LONGEST + 1, 0, 0, 0]
    assert near_sample.eligible(drawn, counts, ordinals).tolist() == found[5:].tolist()
