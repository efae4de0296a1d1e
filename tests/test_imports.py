"""Imports go one way; the pure parts know neither files nor settings. Read from the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cleaner"
MODULES = sorted(PACKAGE.rglob("*.py"))

BELOW = {
    "text": {"errors"},
    "dedup": {"errors", "text"},
    "noise": {"errors", "text", "dedup"},
    "quality": {"text"},
    "pii": {"text"},
    "batch": {"errors", "text", "dedup", "noise"},
    "index": {"errors", "identity", "text", "dedup", "io"},
    "stages": {"errors", "identity", "text", "dedup", "noise", "quality", "pii", "batch", "index"},
    "io": {"errors", "identity", "text", "dedup", "noise", "batch", "reader"},
    "reader": {"text"},
}
"""Part → the parts that it may import."""

USERS = {
    "io": {"index", "engine", "report", "cli", "api", "__init__"},
    "index": {"stages", "cli"},
    "engine": {"report", "cli", "api", "__init__"},
    "cli": {"__main__"},
}
"""Part → the parts that alone may import it, besides itself."""

IMPURE = {"logging", "os", "pathlib", "shutil", "subprocess", "socket", "tempfile", "sys", "yaml"}
"""What the pure parts do without: they get strings, integers and columns."""

EXCEPTIONS = {
    ("cleaner/text/profiles.py", "pathlib"): "the identifier's model, a file of the package",
    ("cleaner/text/blend.py", "pathlib"): "the letters' model, a file of the package",
    ("cleaner/noise/pack.py", "pathlib"): "rule packs are data of the package, or a path",
    ("cleaner/noise/pack.py", "cleaner.config.yaml_source"): "a pack's faults need their lines",
}
"""What is let through, and why; each must still be needed."""


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a source names in an import, wherever it stands in the file."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports are not used here"
            assert node.module is not None
            for alias in node.names:
                inner = PACKAGE.parent.joinpath(*node.module.split("."), alias.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
                yield f"{node.module}.{alias.name}" if is_module else node.module


def part_of(path: Path) -> str:
    """The part of the package that a source belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    """The path of a source, as the exceptions name it."""
    return path.relative_to(PACKAGE.parent).as_posix()


def faults() -> Iterator[tuple[str, str]]:
    """(source, import) of everything that is against the rules."""
    for path in MODULES:
        part = part_of(path)
        for module in imports_of(path):
            first, _, rest = module.partition(".")
            target = rest.split(".")[0]
            if first == "cleaner" and target and target != part:
                below = BELOW.get(part)
                if (below is not None and target not in below) or (
                    part not in USERS.get(target, {part})
                ):
                    yield name_of(path), module
            if part in {"text", "dedup", "noise", "quality", "pii"} and first in IMPURE:
                yield name_of(path), module


def test_imports_go_one_way() -> None:
    """text, dedup, noise ← batch ← stages ← engine ← cli; io for engine, report and cli alone."""
    assert [f for f in faults() if f not in EXCEPTIONS] == []


def test_every_exception_is_still_needed() -> None:
    """One that is not used any more is taken off the list."""
    assert set(EXCEPTIONS) - set(faults()) == set()


def test_the_package_is_read() -> None:
    """The rules are about parts that exist, and the reader sees imports inside of functions."""
    parts = {part_of(path) for path in MODULES}
    assert parts >= set(BELOW) | set(USERS)
    found = set(imports_of(PACKAGE / "stages" / "near_duplicates.py"))
    assert "cleaner.stages.near_documents" in found
    assert "cleaner.dedup.curve" in found


@pytest.mark.parametrize("part", ["text", "dedup", "noise", "quality", "pii"])
def test_the_pure_parts_open_no_files(part: str) -> None:
    """No call of `open` and no `print` in them."""
    for path in (PACKAGE / part).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"open", "print", "input"}, name_of(path)
