"""Every command of docs/incremental.md runs, in a folder that holds configs/ and seeds/."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cleaner.config.load import parse
from tests.engine.runs import ROOT

PAGE = (ROOT / "docs" / "incremental.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_commands_run(tmp_path: Path) -> None:
    """In their order, by a shell; the second run knows what the first kept."""
    for name in ("configs", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    program = tmp_path / "bin" / "cleaner"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cleaner "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) >= 10
    said: dict[str, str] = {}
    for line in lines:
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        said[line] = done.stdout
    assert "duplicate of " in said[lines[-1]]
    report = (tmp_path / "out" / "february" / "reports" / "report.json").read_text()
    assert "near_duplicates.known" in report


def test_the_yaml_is_valid() -> None:
    """The stage loads as it stands."""
    (text,) = blocks("yaml")
    config = parse(f"name: a\ninput: b\nstages:\n{text}", "incremental.md")
    assert config.stages[0].name == "near_documents"
