"""The comparison of near-duplicate removal, with the programs that are in this environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.dedup.corpus import build, write
from benchmarks.dedup.programs import OWN
from benchmarks.dedup.run import Bench, compare, markdown
from benchmarks.dedup.score import read_gold

pytest.importorskip("datasketch")
pytest.importorskip("psutil")


@pytest.mark.slow
def test_programs_are_run_in_turn_and_judged(tmp_path: Path) -> None:
    """What `python -m benchmarks.dedup.run` does once each program has an environment."""
    folder, scratch = tmp_path / "corpus", tmp_path / "scratch"
    scratch.mkdir()
    facts = write(build([], 300, short=True), folder, {"documents": 300})
    bench = Bench(folder, 0.7, 300.0, scratch, read_gold(folder / "gold.parquet"), 300)
    here = Path(sys.executable)
    programs = {OWN: here, "datasketch": here, "rensa": tmp_path / "no-python"}
    results = list(compare(bench, programs, [1], 1))
    failed, *good = results
    assert failed.program == "rensa"
    assert "no-python" in failed.failure
    assert [result.program for result in good] == [OWN, "datasketch"]
    for result in good:
        assert result.failure == ""
        assert result.cost is not None
        assert result.cost.cpu > 0.2
        assert result.quality is not None
        assert result.quality.removed > 10
    assert good[0].quality is not None
    assert good[0].quality.lost[0.7] == 0
    assert good[0].quality.recall[0.8] == 1.0
    table = markdown(results, bench, facts)
    assert f"| {OWN} | 1 |" in table
    assert "- rensa on 1: " in table
    assert list(scratch.glob("*-*")) == [], "what a run wrote is gone"
