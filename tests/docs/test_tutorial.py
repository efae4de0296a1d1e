"""The tutorial is run as it stands, and prints what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks, fits, renewed, shell, steps, working_folder

TUTORIAL = ROOT / "docs" / "tutorial.md"


@pytest.mark.slow
def test_the_tutorial_prints_what_it_shows(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Every command, in its order, in one folder; `--golden=write` renews what the page shows."""
    page = TUTORIAL.read_text("utf-8")
    folder = working_folder(tmp_path)
    found = [b for b in blocks(page) if b.title or b.language == "console"]
    wrong: list[str] = []
    texts = [_done(block, folder, wrong) for block in found]
    if request.config.getoption("--golden") == "write":
        for block, text in reversed(list(zip(found, texts, strict=True))):
            page = page[: block.start] + text + page[block.start + len(block.text) :]
        TUTORIAL.write_text(page, "utf-8")
        return
    again = "pytest -n 0 -m slow tests/docs/test_tutorial.py --golden=write"
    assert not wrong, f"{wrong[0]}\n\nIf this is meant: {again}"


def _done(block: Block, folder: Path, wrong: list[str]) -> str:
    """A file is written, commands are run; the block as it should be."""
    if block.title:
        (folder / block.title).write_text(block.text, "utf-8")
        return block.text
    text = ""
    for step in steps(block.text):
        done = shell(step.command, folder)
        assert done.returncode == 0, f"{step.command}\n{done.stdout}\n{done.stderr}"
        printed = [line.rstrip() for line in done.stdout.splitlines()]
        if not fits(step.shown, printed):
            wrong.append(f"$ {step.command}\n{done.stdout}")
            shown = renewed(step.shown, printed)
        else:
            shown = list(step.shown)
        text += "\n".join([f"$ {step.command}", *shown]) + "\n"
    return text


def test_the_path_is_whole() -> None:
    """init, plan, run, explain, an own rule, diff: in this order, on one page."""
    page = TUTORIAL.read_text("utf-8")
    commands = [s.command.split()[1] for b in blocks(page, "console") for s in steps(b.text)
                if s.command.startswith("cleaner ")]  # fmt: skip
    assert commands == [
        *("init", "plan", "run", "explain", "rules", "explain", "restore"),
        *("rules", "run", "diff", "verify"),
    ]
    assert [b.title for b in blocks(page) if b.title] == ["my-rules.yaml"]


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["a", "b", "c"], False),
        (["a", "[…]"], ["a", "b", "c"], True),
        (["a", "[…]", "c"], ["a", "b", "c"], True),
        (["a", "[…]", "b"], ["a", "b", "c"], False),
        (["[…]", "b", "[…]"], ["a", "b", "c"], True),
        (["[…]", "d", "[…]"], ["a", "b", "c"], False),
        (["b", "[…]"], ["a", "b"], False),
        (["a", "[…]", "a"], ["a"], False),
        (["time  1.2 s, 3 MB/s"], ["time  77 s, 0.01 MB/s"], True),
        (["time  1.2 s"], ["rime  77 s"], False),
    ],
)
def test_what_is_shown_is_told_from_what_is_not(
    shown: list[str], printed: list[str], expected: bool
) -> None:
    """Lines may be left out where the page says so, and nowhere else; times are masked."""
    assert fits(shown, printed) is expected


def test_what_is_shown_can_be_renewed() -> None:
    """The lines that are most like those shown before, with the same gaps."""
    printed = ["pages 23 kept", "x", "noise 4", "y", "corpus 9", "z"]
    assert renewed(["pages 22 kept", "[…]", "noise 3", "[…]", "corpus 8", "[…]"], printed) == [
        *("pages 23 kept", "[…]", "noise 4", "[…]", "corpus 9", "[…]")
    ]
    assert renewed(["a", "[…]", "y"], printed) == ["pages 23 kept", "[…]", "z"]
    assert renewed(["a"], printed) == printed
