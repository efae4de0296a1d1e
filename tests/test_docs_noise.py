"""The commands and examples of docs/noise.md run as they stand, on the sample pages."""

from __future__ import annotations

import csv
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cleaner.config.load import parse
from cleaner.config.yaml_source import load_with_positions
from cleaner.noise.pack import Pack, Packs, load_packs

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "noise.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def judge(path: Path) -> None:
    """Fill the verdicts as a person would: all cuts and keeps are right."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    column = rows[0].index("verdict")
    for row in rows[1:]:
        row[column] = "right"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.slow
def test_commands_run(tmp_path: Path) -> None:
    """Each ends with exit code 0; the proposed pack cuts lines; the score reaches the report."""
    for name in ("configs", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("cleaner ")]
    assert len(commands) == len(lines) >= 5
    for line in commands:
        if line.startswith("cleaner audit score"):
            judge(tmp_path / "sheet.csv")
        done = subprocess.run(
            [sys.executable, "-m", "cleaner", *shlex.split(line)[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert load_packs([tmp_path / "my-rules.yaml"]).check_examples() == []
    assert "my_rules." in (tmp_path / "sheet.csv").read_text("utf-8")
    page = (tmp_path / "out" / "own" / "reports" / "report.html").read_text("utf-8")
    assert 'id="audit"' in page


def test_the_rule_of_the_page_does_what_its_examples_say() -> None:
    """The pack that is shown loads, and so does the config that names one."""
    rule, config = blocks("yaml")
    pack = Pack.model_validate(load_with_positions(rule, "noise.md").data)
    assert Packs((pack,)).check_examples() == []
    assert parse(config.replace(", my-rules.yaml", ""), "noise.md").stages[2].name == "noise"


def test_numbers_of_the_page_are_those_of_the_code() -> None:
    """What is missed, and from where on the threshold rises."""
    from cleaner.noise.line import SCAN_CHARS
    from cleaner.noise.mine import HOSTS, KEYS

    assert f"{KEYS:,} lines" in PAGE
    assert f"more than {HOSTS} hosts" in PAGE
    assert f"more than {SCAN_CHARS} characters" in PAGE
