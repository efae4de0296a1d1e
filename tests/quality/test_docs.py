"""The commands and configs of docs/quality.md, and the presets, run on the sample pages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.config.load import load, parse
from cleaner.engine.driver import run
from cleaner.quality.catalogue import RULES, SETS
from cleaner.quality.words import LANGUAGES
from tests.docs.pages import ROOT, blocks, run_all, working_folder
from tests.engine.runs import rows_of

PAGE = (ROOT / "docs" / "quality.md").read_text("utf-8")
PRESETS = ("fineweb2-like", "refinedweb-like")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the samples, to run commands in."""
    folder = working_folder(tmp_path)
    line = (ROOT / "seeds" / "news-en-01-ferry.txt").read_text("utf-8").splitlines()
    text = max(line, key=len)
    (folder / "held-out.jsonl").write_text(json.dumps({"question": text}) + "\n", "utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.slow
def test_commands_run(place: Path) -> None:
    """Each ends with exit code 0."""
    assert len(run_all(PAGE, place)) >= 2


@pytest.mark.parametrize("number", range(3))
def test_configs_of_the_page_run(place: Path, number: int) -> None:
    """They load, run on the samples, and do what the text beside them says."""
    text = blocks(PAGE, "yaml")[number].text + "engine: inline\nmax_bad: 0.2\nname: page\n"
    run(parse(text, "page.yaml"))
    corpus, ledger = rows_of(place / "out/page", "corpus"), rows_of(place / "out/page", "ledger")
    assert corpus
    rules = {row["rule"] for row in ledger}
    if number == 0:
        assert "fineweb_short_lines" in corpus[0]
        assert rules & {"quality.where", "quality.gopher_word_count"}
    elif number == 1:
        assert any(row["url_host"] for row in corpus)
    else:
        assert rules == {"decontaminate.passage"}
        assert any("held-out.jsonl record 0" in row["reason"] for row in ledger)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_can_be_planned(place: Path, name: str) -> None:
    """`cleaner plan` takes them, and names the stage."""
    said = CliRunner().invoke(main, ["plan", f"configs/{name}.yaml"])
    assert said.exit_code == 0, said.output
    assert "quality" in said.output


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_presets_run_on_the_samples(place: Path, name: str) -> None:
    """Something stays, something goes, and the books balance (or the run would fail)."""
    config = load(place / "configs" / f"{name}.yaml", overrides=["engine=inline"])
    run(config)
    corpus = rows_of(place / config.output, "corpus")
    stages = {row["stage"] for row in rows_of(place / config.output, "ledger")}
    assert corpus
    assert {"noise", "quality"} <= stages


def test_the_page_names_every_set_and_language() -> None:
    """What the code has is in the page."""
    named = set(re.findall(r"^\| `([a-z0-9_]+)` \|", PAGE, re.MULTILINE))
    assert named == {*SETS, *RULES}
    (listed,) = re.findall(r"function words are `([a-z ]+)`", PAGE)
    assert sorted(listed.split()) == sorted(LANGUAGES)


def test_the_page_has_every_rule_with_its_bounds() -> None:
    """The table of the page is the catalogue."""

    def shown(value: float | None) -> str:
        if value is None:
            return ""
        return f"{value:g}" if value < 10_000 else f"{value:,.0f}"

    for name, rule in RULES.items():
        size = "" if rule.size is None else f"{rule.size}: {rule.size_means}"
        cells = (f"`{name}`", rule.measure, shown(rule.min), shown(rule.max), size)
        assert f"| {' | '.join(cells)} |" in PAGE
