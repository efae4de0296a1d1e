"""The reference is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

import cleaner.io.schema as schemas
from cleaner.cli import main as group
from cleaner.config.model import Engine, Read, RunConfig, Write
from cleaner.noise.pack import load_packs
from cleaner.registry import BUILT_IN, stage_class
from tools import reference

PAGES = reference.pages()


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_are_what_the_code_says(name: str) -> None:
    """The files in docs/reference are those that the tool writes."""
    text = (reference.FOLDER / name).read_text("utf-8")
    assert text == PAGES[name], f"docs/reference/{name} is old: run `make reference`"


def test_no_page_is_left_of_what_is_gone() -> None:
    """The folder holds nothing else."""
    assert sorted(p.name for p in reference.FOLDER.iterdir()) == sorted(PAGES)


def test_every_key_is_there_with_a_description() -> None:
    """Of the config and its parts, and of each stage; every description is in the page."""
    for model in (RunConfig, Read, Write, Engine):
        for name, field in model.model_fields.items():
            assert f"| `{name}` |" in PAGES["config.md"]
            assert field.description
    for use in BUILT_IN:
        _, _, section = PAGES["stages.md"].partition(f"\n## {use}\n")
        section = section.partition("\n## ")[0]
        for name, field in stage_class(use).model_fields.items():
            if name not in ("use", "id"):
                assert f"| `{field.alias or name}` |" in section, (use, name)


def test_every_command_schema_and_rule_is_there() -> None:
    """Nothing that the code has is left out."""
    for name in group.lazy:
        assert f"\n## cleaner {name}\n\n```text\nUsage: cleaner {name}" in PAGES["commands.md"]
    for below in ("index build", "index query", "audit score", "eval noise"):
        assert f"\n### cleaner {below}\n" in PAGES["commands.md"]
    for schema in (schemas.CORPUS, schemas.LEDGER, schemas.PAIRS, schemas.QUARANTINE):
        for field in schema:
            assert f"| `{field.name}` |" in PAGES["output.md"]
    for rule in load_packs().all_rules():
        assert f"| `{rule.id}` |" in PAGES["rules.md"]
    for code in (0, 1, 2, 3, 70, 130):
        assert f"| `{code}` |" in PAGES["commands.md"]


@pytest.mark.parametrize("name", PAGES)
def test_tables_are_whole(name: str) -> None:
    """Every row has as many cells as its head: no bar in a description ends a cell."""
    width = 0
    for line in PAGES[name].splitlines():
        cells = line.replace("\\|", "").count("|") if line.startswith("| ") else 0
        if cells and width:
            assert cells == width, line
        width = cells


def test_check_names_what_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` writes nothing and says what to do; without it the folder is put right."""
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    (tmp_path / "gone.md").write_text("")
    assert reference.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert said.count("make reference") == len(PAGES) + 1
    assert [p.name for p in tmp_path.iterdir()] == ["gone.md"]
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(PAGES)
