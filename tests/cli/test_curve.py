"""`cleaner curve`: what the bands of a config catch and miss."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleaner.cli import main

TWO = """\
input: a
stages:
  - {use: near_duplicates, id: pages, threshold: 0.7, bands: 20, rows: 5}
  - {use: tidy}
  - {use: near_duplicates, id: lines, unit: passage, threshold: 0.9}
"""


def run(folder: Path, text: str, *options: str) -> str:
    """The command's output for a config."""
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["curve", str(folder / "a.yaml"), *options])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_json_has_each_stage_with_its_bands_and_the_probability(tmp_path: Path) -> None:
    """A pair of similarity j is caught with 1 - (1 - j^rows)^bands."""
    pages, lines = json.loads(run(tmp_path, TWO, "--json"))
    assert (pages["stage"], pages["unit"], pages["bands"], pages["rows"]) == (
        "pages", "document", 20, 5,
    )  # fmt: skip
    assert (pages["ngram"], pages["num_perm"], pages["threshold"]) == (5, 128, 0.7)
    assert [point["similarity"] for point in pages["curve"]] == [
        0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95,
    ]  # fmt: skip
    for point in pages["curve"]:
        expected = 1 - (1 - point["similarity"] ** 5) ** 20
        assert point["caught"] == pytest.approx(expected, rel=1e-9)
    assert pages["caught_at_threshold"] == pytest.approx(1 - (1 - 0.7**5) ** 20)
    assert (lines["stage"], lines["unit"], lines["num_perm"]) == ("lines", "passage", 64)
    assert lines["bands"] * lines["rows"] <= 64


def test_text_says_in_numbers_what_is_missed(tmp_path: Path) -> None:
    """The count of missed pairs at the threshold is that of the curve; it ends at next to none."""
    output = run(tmp_path, TWO)
    first, second = output.strip().split("\n\n")
    assert first.splitlines()[0] == (
        "pages: documents, threshold 0.7, shingles of 5 words, 128 permutations"
    )
    assert "20 bands of 5 rows" in first
    found = re.findall(r"(\d[\d,]*|fewer than 1) at (0\.\d+)", first)
    by_similarity = {j: count for count, j in found}
    assert by_similarity["0.7"] == f"{10_000 * (1 - 0.7**5) ** 20:.0f}"
    assert by_similarity["0.8"] == f"{10_000 * (1 - 0.8**5) ** 20:.0f}"
    assert by_similarity["0.85"] == "fewer than 1"
    assert "0.9" not in by_similarity
    assert second.startswith("lines: passages, threshold 0.9, shingles of 3 words")


def test_options_change_the_config(tmp_path: Path) -> None:
    """--set shows what other bands would catch, before the config is changed."""
    pages, _ = json.loads(run(tmp_path, TWO, "--json", "--set", "stages.pages.rows=6"))
    assert pages["rows"] == 6


def test_a_config_without_the_stage_says_so(tmp_path: Path) -> None:
    """No curve is no error; as JSON it is an empty list."""
    assert run(tmp_path, "input: a\nstages: []\n") == (
        "The config has no near_duplicates stage: no pair is looked for.\n"
    )
    assert json.loads(run(tmp_path, "input: a\nstages: []\n", "--json")) == []
