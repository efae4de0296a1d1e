"""`cleaner eval noise`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleaner.cli import main
from tests.noise.test_model import BODY, HEADLINE, LINKS, MENU


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """Twelve pages in two languages, from three sites."""
    rows = []
    for number in range(12):
        lines = [*MENU, HEADLINE, *BODY[number % 3 :], *LINKS]
        main_text = [HEADLINE, *BODY[number % 3 :]]
        rows.append(
            {
                "id": f"page-{number}",
                "url": f"https://site{number % 3}.example/{number}",
                "lang": "en" if number % 2 else "cy",
                "title": HEADLINE,
                "noisy_text": "\n".join(lines),
                "gold_text": "\n".join(main_text),
                "line_labels": "".join(str(int(line in main_text)) for line in lines),
            }
        )
    path = tmp_path / "noise_lake.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    return path


def test_figures_are_printed_beside_those_of_others(gold: Path) -> None:
    """One line a method, one a language, one a rule."""
    result = CliRunner().invoke(main, ["eval", "noise", str(gold), "--samples", "20"])
    assert result.exit_code == 0, result.output
    for word in ["keep all", "C4", "jusText", "RefinedWeb", "rules", "model", "by language", "cy"]:
        assert word in result.output


def test_figures_as_json_are_right(gold: Path) -> None:
    """Keeping all has full recall; cleaner cuts the frame of these pages and nothing else."""
    command = ["eval", "noise", str(gold), "--samples", "20", "--json", "--no-repeats"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)[0]
    assert (found["file"], found["repeats"]) == ("noise_lake.jsonl.gz", False)
    assert found["methods"]["keep all"]["recall"] == 1.0
    assert found["methods"]["keep all"]["precision"] < 0.9
    assert found["methods"]["C4"]["headlines_kept"] == 0.0
    ours = found["methods"]["cleaner"]
    assert (ours["f1"]["value"], ours["headlines"], ours["headlines_kept"]) == (1.0, 12, 1.0)
    assert {k: v["pages"] for k, v in found["by"]["language"].items()} == {"cy": 6, "en": 6}
    assert sum(rule["lines"] for rule in found["rules"].values()) == 12 * len([*MENU, *LINKS])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no pages"),
        (b"{", "line 1: is no JSON"),
        (b"[1]", "line 1: is no JSON object"),
        (b"\xff", "cannot be read as UTF-8"),
        (b'{"noisy_text": "a", "gold_text": "a", "line_labels": "01"}', "each of the 1 lines"),
    ],
)
def test_files_that_are_no_gold_end_with_exit_code_two(
    tmp_path: Path, content: bytes, message: str
) -> None:
    """The message names the file and what is wrong."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    result = CliRunner().invoke(main, ["eval", "noise", str(path)])
    assert result.exit_code == 2
    assert message in result.output
