"""What the pages claim: commands run, cells run, tests and figures that are named are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks, fits, shell, steps, working_folder

DOCS = ROOT / "docs"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def page(name: str) -> str:
    """A page's text."""
    return (DOCS / name).read_text("utf-8")


def run_sessions(name: str, folder: Path) -> None:
    """Run the `console` blocks of a page, and compare what they print."""
    for block in blocks(page(name), "console"):
        for step in steps(block.text):
            done = shell(step.command, folder)
            assert done.returncode == 0, f"{step.command}\n{done.stdout}\n{done.stderr}"
            printed = [line.rstrip() for line in done.stdout.splitlines()]
            assert fits(step.shown, printed), f"{step.command}\n{done.stdout}"


@pytest.mark.slow
def test_the_promises_are_shown(tmp_path: Path) -> None:
    """Every command of the page prints what the page says."""
    run_sessions("promises.md", working_folder(tmp_path))


def test_the_tests_of_the_promises_are_there() -> None:
    """Each promise names at least one test; each that is named is a function of that file."""
    text = page("promises.md")
    for part in re.split(r"^## \d", text, flags=re.MULTILINE)[1:]:
        assert _TEST.search(part), part[:40]
    for path, name in _TEST.findall(text):
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), name


def test_promises_and_design_agree() -> None:
    """The page has as many promises as the list in design.md, which the README sums up."""
    listed = page("design.md").partition("## Promises")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\d\. \*\*", listed, re.MULTILINE)) == 7
    assert len(re.findall(r"^## \d\. ", page("promises.md"), re.MULTILINE)) == 7


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path) -> None:
    """The cells in their order, then the command."""
    folder = working_folder(tmp_path)
    cells = [block.text for block in blocks(page("notebook.md"), "python")]
    assert len(cells) >= 7
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(cells)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout
    for part in ("vi.lottery_teaser", "True False", "did you mean 'captions'?", "documents,"):
        assert part in said, said
    assert re.search(r"^[1-9]\d* characters more$", said, re.MULTILINE)
    assert said.rstrip().endswith("bytes True")
    run_sessions("notebook.md", folder)


FIGURES = {
    "limits.md": {
        "benchmarks.md": [
            "200,000",
            "2,000,000",
            "0.06 %",
            ".633",
            ".750",
            "0.843",
            "0.862",
            "Māori, Tsonga, Tswana",
        ],
        "unicode.md": [".081", "windows-1250"],
        "scale.md": ["1.22"],
        "../cleaner/noise/model/README.md": ["0.8 %", "0.657", "0.980", "0.857", "0.860"],
    },
    "comparison.md": {
        "benchmarks.md": [
            *(".9995", ".9930", ".9859", ".9937", ".9888", ".9870"),
            *("1,229", "1,211", "870", "793", "916", "778", "1.34", "3.2", "4.9"),
        ]
    },
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_those_of_their_source(name: str) -> None:
    """A figure that a page repeats stands where it was measured, too."""
    text = page(name)
    for source, figures in FIGURES[name].items():
        measured = page(source)
        for figure in figures:
            shown = figure if figure in text else figure.removeprefix("0")
            assert shown in text, f"{name} has no {figure}: update the list of this test"
            assert figure in measured, f"{source} has no {figure} any more: update {name}"


def test_links_of_all_pages_lead_somewhere() -> None:
    """Relative links, also in the reference; README's into docs/ are tested elsewhere."""
    for path in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:\s]+?)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
