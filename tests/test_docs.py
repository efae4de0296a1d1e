"""Every command and example of the README runs, in a folder that holds configs/ and seeds/."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder as a fresh clone has it."""
    for name in ("configs", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.slow
def test_commands_of_the_readme_run(folder: Path) -> None:
    """Each `cleaner …` line ends with exit code 0."""
    config = "configs/vi-news.yaml"
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    lines = [line for line in lines if not line.startswith("make ")]  # see test_commands.py
    assert len(lines) >= 20
    run = [sys.executable, "-m", "cleaner", "run", config, "--quiet", "--workers", "1"]
    subprocess.run(run, cwd=folder, check=True)  # what `make demo` did before
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        assert program == "cleaner", line
        done = subprocess.run(
            [sys.executable, "-m", "cleaner", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
def test_python_of_the_readme_runs(folder: Path) -> None:
    """The Python examples run as they stand."""
    (code,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "vi.lottery" in done.stdout


def test_the_config_of_the_readme_is_valid() -> None:
    """The YAML example loads."""
    from cleaner.config.load import parse

    (text,) = blocks("yaml")
    assert parse(text, "README.md").stages[0].name == "unicode"


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.name)
def test_configs_load(path: Path) -> None:
    """Every config that is shipped is valid."""
    from cleaner.config.load import load

    assert load(path).stages


def test_links_lead_somewhere() -> None:
    """Relative links of README and docs point at files that exist."""
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
