"""Every command and example of docs/output.md runs, in a folder that holds configs/ and seeds/."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from cleaner.config.load import parse
from cleaner.config.model import Write
from tests.docs.pages import ROOT, blocks, run_all, shell, working_folder

PAGE = (ROOT / "docs" / "output.md").read_text("utf-8")


def test_the_table_names_keys_that_there_are() -> None:
    """With values that are valid."""
    rows = re.findall(r"^\| `([a-z_]+): (.+?)` \|", PAGE, re.MULTILINE)
    assert {key for key, _ in rows} == set(Write.model_fields) - {
        "compression",
        "compression_level",
    }
    for key, value in rows:
        parse(f"input: a\nstages: []\nwrite:\n  {key}: {value}\n", "output.md")


def test_the_configs_are_valid() -> None:
    """Each loads as it stands."""
    for block in blocks(PAGE, "yaml"):
        assert parse(block.text, "output.md").stages[-1].use == "sample"


@pytest.mark.slow
def test_the_commands_and_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order, by a shell; examples of libraries that are not here are passed over."""
    folder = working_folder(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    for block in blocks(PAGE, "yaml"):
        (folder / block.text.split()[1]).write_text(block.text)
    said = run_all(PAGE, folder)
    assert len(said) >= 10
    for block in blocks(PAGE, "python"):
        (library,) = re.findall(r"^(?:import|from) (\w+)", block.text, re.MULTILINE)
        if importlib.util.find_spec(library) is not None:
            done = shell(f"python -c {shlex.quote(block.text)}", folder)
            assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
    assert (folder / "published" / "vi-news" / "ledger").is_dir()
    (mixed,) = (out for line, out in said.items() if "sample_repeats" in line)
    assert re.search(r"vn/\S+\s+[23]\b", mixed)
