"""The config and the commands of docs/pii.md run on the sample pages, and do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cleaner.config.load import parse
from cleaner.engine.driver import run
from cleaner.pii.bank import IBAN_LENGTHS
from cleaner.pii.hit import KINDS
from cleaner.pii.national_id import COUNTRIES
from cleaner.pii.phone import REGIONS
from tests.docs.pages import ROOT, blocks, run_all, working_folder
from tests.engine.runs import rows_of

PAGE = (ROOT / "docs" / "pii.md").read_text("utf-8")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the samples, to run commands in."""
    folder = working_folder(tmp_path)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.slow
def test_commands_run(place: Path) -> None:
    """Each ends with exit code 0."""
    assert len(run_all(PAGE, place)) >= 5


def test_the_config_of_the_page_masks(place: Path) -> None:
    """With the replacements that it names, and without what it keeps."""
    (place / "seeds" / "one.txt").write_text(
        "Gọi 0912 345 678 hoặc tổng đài 1800 1091, mã NV-123456, thư a@sub.example.gov.\n"
        "Bài này đủ dài để không bị coi là nhiễu, vì nó kể một câu chuyện có đầu có cuối.\n",
        "utf-8",
    )
    (text,) = (block.text for block in blocks(PAGE, "yaml"))
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
