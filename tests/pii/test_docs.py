"""The config and the commands of docs/pii.md run on the sample pages, and do what the page says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cleaner.config.load import parse
from cleaner.engine.driver import run
from cleaner.pii.bank import IBAN_LENGTHS
from cleaner.pii.hit import KINDS
from cleaner.pii.national_id import COUNTRIES
from cleaner.pii.phone import REGIONS
from tests.engine.runs import rows_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pii.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the samples, to run commands in."""
    for name in ("configs", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_commands_run(place: Path) -> None:
    """Each ends with exit code 0."""
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) >= 5
    for line in commands:
        done = subprocess.run(
            [sys.executable, "-m", "cleaner", *shlex.split(line)[1:]],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def test_the_config_of_the_page_masks(place: Path) -> None:
    """With the replacements that it names, and without what it keeps."""
    (place / "seeds" / "one.txt").write_text(
        "Gọi 0912 345 678 hoặc tổng đài 1800 1091, mã NV-123456, thư a@sub.example.gov.\n"
        "Bài này đủ dài để không bị coi là nhiễu, vì nó kể một câu chuyện có đầu có cuối.\n",
        "utf-8",
    )
    (text,) = blocks("yaml")
    run(parse(text + "engine: inline\nmax_bad: 0.2\n", "page.yaml"))
    one = next(
        r for r in rows_of(place / "out/masked", "corpus") if r["source"].endswith("one.txt")
    )
    first = one["text"].splitlines()[0]
    assert first == "Gọi <phone> hoặc tổng đài 1800 1091, mã [STAFF], thư a@sub.example.gov."


def test_the_page_counts_what_there_is() -> None:
    """Kinds, countries and lengths."""
    first = PAGE.partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", first, re.MULTILINE) == list(KINDS)
    assert f"national ones of {len(REGIONS)} countries" in PAGE
    assert f"ids of {len(COUNTRIES)} countries" in PAGE
    assert f"| `iban` | {len(IBAN_LENGTHS)} countries" in PAGE
