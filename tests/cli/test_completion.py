"""Completion in the shell, as docs/shell-completion.md has it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "shell-completion.md").read_text("utf-8")


def cleaner(**variables: str) -> subprocess.CompletedProcess[str]:
    """Start the program as the shell does."""
    return subprocess.run(
        [sys.executable, "-m", "cleaner"],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_of_the_page_gives_a_script(shell: str) -> None:
    """The variable of the page is the one that the program looks at."""
    assert f"_CLEANER_COMPLETE={shell}_source cleaner" in PAGE
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("click asks bash for its version")
    done = cleaner(_CLEANER_COMPLETE=f"{shell}_source")
    assert done.returncode == 0, done.stderr
    assert f"_CLEANER_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("cleaner sh", {"show"}),
        ("cleaner re", {"report", "restore", "review"}),
        ("cleaner run --wor", {"--workers"}),
        ("cleaner show --format j", {"json"}),
    ],
)
def test_commands_and_options_are_completed(words: str, expected: set[str]) -> None:
    """What begins with the word that is being typed."""
    place = str(len(words.split()) - 1)
    done = cleaner(_CLEANER_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=place)
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"^\w+,(.*)$", done.stdout, re.MULTILINE)) == expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_takes_the_script(tmp_path: Path) -> None:
    """The script of the page's line defines a completion for `cleaner`."""
    program = tmp_path / "cleaner"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cleaner "$@"\n')
    program.chmod(0o755)
    line = next(line for line in PAGE.splitlines() if "bash_source" in line).partition("#")[0]
    done = subprocess.run(
        ["bash", "-c", f"{line}\ncomplete -p cleaner"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("cleaner\n")
