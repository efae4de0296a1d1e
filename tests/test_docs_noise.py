"""The commands and examples of docs/noise.md run as they stand, on the sample pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleaner.config.load import parse
from cleaner.config.yaml_source import load_with_positions
from cleaner.noise.pack import Pack, Packs, load_packs
from tests.docs.pages import ROOT, blocks, shell, working_folder
from tests.docs.workshop import judge

PAGE = (ROOT / "docs" / "noise.md").read_text("utf-8")


@pytest.mark.slow
def test_commands_run(tmp_path: Path) -> None:
    """Each ends with exit code 0; the proposed pack cuts lines; the score reaches the report."""
    folder = working_folder(tmp_path)
    lines = [line for block in blocks(PAGE, "sh") for line in block.text.splitlines()]
    assert len(lines) >= 5
    for line in lines:
        if line.startswith("cleaner audit score"):
            judge(folder / "sheet.csv")
        done = shell(line, folder)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert load_packs([folder / "my-rules.yaml"]).check_examples() == []
    assert "my_rules." in (folder / "sheet.csv").read_text("utf-8")
    page = (folder / "out" / "own" / "reports" / "report.html").read_text("utf-8")
    assert 'id="audit"' in page


def test_the_rule_of_the_page_does_what_its_examples_say() -> None:
    """The pack that is shown loads, and so does the config that names one."""
    rule, config = (block.text for block in blocks(PAGE, "yaml"))
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
