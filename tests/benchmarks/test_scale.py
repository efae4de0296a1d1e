"""How growth is told: powers, lines, and engines that publish the same bytes."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks are programs: they import one another by their bare names."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))


def test_a_power_and_a_line_are_found_again() -> None:
    """Values that grow by a known law give its exponent, its start and its slope."""
    from benchmarks.scale import fit, power

    sizes = [100, 1000, 5000, 20_000]
    assert power(sizes, [3 * d**1.25 for d in sizes]) == pytest.approx(1.25)
    assert fit(sizes, [7 + 0.002 * d for d in sizes]) == pytest.approx((7, 0.002))


def test_engines_are_compared_file_by_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that one lacks, or has otherwise, is named; else the cost is told."""
    from benchmarks.scale import Result, compare

    files = {"corpus/part-0.parquet": "aa", "manifest.json": "bb"}
    local = Result(10, "local", 2.0, 1.0, {}, 0, 0, 0, {}, files)
    ray = replace(local, engine="ray", cpu=3.0, files=dict(files))
    assert compare(local, ray)
    assert "2 files of the same bytes; CPU 3.0 s and 2.0 s, 1.50 times" in capsys.readouterr().out
    assert not compare(local, replace(ray, files={**files, "manifest.json": "cc"}))
    assert "manifest.json differ" in capsys.readouterr().out
    assert not compare(local, replace(ray, files={"manifest.json": "bb"}))


def test_results_that_are_kept_come_back(tmp_path: Path) -> None:
    """A line a run; no file is no result."""
    from benchmarks.scale import Result, kept

    made = Result(10, "ray", 2.0, 1.0, {"00-read": 0.5}, 9, 8, 7, {"00-read": 8}, {"a": "b"})
    path = tmp_path / "results.jsonl"
    assert kept(path) == kept(None) == []
    path.write_text(json.dumps(asdict(made)) + "\n")
    assert kept(path) == [made]


@pytest.mark.slow
def test_a_small_run_is_measured(tmp_path: Path) -> None:
    """The command as it is given: its phases take processor time and memory, and publish files."""
    from benchmarks.scale import measure, phases

    pages = tmp_path / "pages.jsonl"
    pages.write_text("".join(json.dumps({"text": f"one more page {n}"}) + "\n" for n in range(40)))
    config = tmp_path / "config.yaml"
    config.write_text("name: small\ninput: [in]\nstages:\n  - use: exact_duplicates\n")
    result = measure(pages, tmp_path / "out", 1, "inline", 40, config)
    assert result.cpu > sum(result.phases.values()) > 0
    assert result.peak > result.anonymous > 10_000_000
    assert "corpus/part-00000.parquet" in result.files
    assert phases(tmp_path / "out", tmp_path / "out" / "work") == result.phases
