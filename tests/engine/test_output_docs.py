"""Every command and example of docs/output.md runs, in a folder that holds configs/ and seeds/."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cleaner.config.load import parse
from cleaner.config.model import Write
from tests.engine.runs import ROOT

PAGE = (ROOT / "docs" / "output.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


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
    for text in blocks("yaml"):
        assert parse(text, "output.md").stages[-1].use == "sample"


@pytest.mark.slow
def test_the_commands_and_examples_run(tmp_path: Path) -> None:
    """In their order, by a shell; examples of libraries that are not here are passed over."""
    for name in ("configs", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for text in blocks("yaml"):
        (tmp_path / text.split()[1]).write_text(text)
    program = tmp_path / "bin" / "cleaner"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cleaner "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {
        **os.environ,
        "PATH": path,
        "PYTHONPATH": paths,
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "cache"),
    }
    lines = [["/bin/sh", "-c", line] for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) >= 10
    for code in blocks("python"):
        (library,) = re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)
        if importlib.util.find_spec(library) is not None:
            lines.append([sys.executable, "-c", code])
    said = {}
    for line in lines:
        done = subprocess.run(
            line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        said[line[-1]] = done.stdout
    assert (tmp_path / "published" / "vi-news" / "ledger").is_dir()
    (mixed,) = (out for line, out in said.items() if "sample_repeats" in line)
    assert re.search(r"vn/\S+\s+[23]\b", mixed)
