"""Every command of docs/incremental.md runs, in a folder that holds configs/ and seeds/."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleaner.config.load import parse
from tests.docs.pages import ROOT, blocks, run_all, working_folder

PAGE = (ROOT / "docs" / "incremental.md").read_text("utf-8")


@pytest.mark.slow
def test_the_commands_run(tmp_path: Path) -> None:
    """In their order, by a shell; the second run knows what the first kept."""
    folder = working_folder(tmp_path)
    said = list(run_all(PAGE, folder).values())
    assert len(said) >= 10
    assert "duplicate of " in said[-1]
    report = (folder / "out" / "february" / "reports" / "report.json").read_text()
    assert "near_duplicates.known" in report


def test_the_yaml_is_valid() -> None:
    """The stage loads as it stands."""
    (block,) = blocks(PAGE, "yaml")
    config = parse(f"name: a\ninput: b\nstages:\n{block.text}", "incremental.md")
    assert config.stages[0].name == "near_documents"
