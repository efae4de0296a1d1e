"""Wheel and sdist hold what they should, and the wheel works in an environment of its own."""

from __future__ import annotations

import ast
import email
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml

import cleaner

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHONS = [sys.executable, *os.environ.get("CLEANER_PYTHONS", "").split()]
"""This one, and those named: CLEANER_PYTHONS='python3.12 python3.13' pytest -m slow …"""
CONFIG = """\
input: [pages]
stages: [{use: unicode}, {use: noise}, {use: language}, {use: exact_duplicates}, {use: tidy}]
engine: inline
"""
PAGE = (
    "Home\nNews\nSport\n\nThe ferry left at nine with forty people, one goat and a letter.\n\n"
    "It came back at noon, and everybody on the quay had heard of the goat.\n\n"
    "Read more\nCookie policy\n© 2024 Harbour Post. All rights reserved.\n"
)
NO_INDEX = ("NewConnectionError", "name resolution", "Network is unreachable", "No matching dist")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was made from it."""
    if importlib.util.find_spec("build") is None:
        pytest.skip("needs the package build")
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    (found,) = built.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Every file of the package, its data included; no tests, no samples, no tools."""
    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"cleaner-{cleaner.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"cleaner", info}
    ours = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "cleaner").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith("cleaner/")} == ours
    assert len([name for name in names if name.startswith("cleaner/rules/")]) >= 16
    for needed in (
        "cleaner/py.typed",
        "cleaner/rules/vi.yaml",
        "cleaner/text/lost_letters.tsv",
        "cleaner/report/templates/report.html",
        f"{info}/licenses/LICENSE",
    ):
        assert needed in names
    assert any(name.startswith("cleaner/noise/model/") and name.endswith(".npz") for name in names)


@pytest.mark.slow
def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    """Version, licence, Pythons, extras and command are those of the project."""
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    about = email.message_from_bytes(archive.read(name))
    assert about["Version"] == cleaner.__version__
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Requires-Python"] == ">=3.11"
    assert set(about.get_all("Provides-Extra") or []) == set(PROJECT["optional-dependencies"])
    asked = {"ray", "html", "s3", "review", "docs", "bench"}
    assert asked <= set(PROJECT["optional-dependencies"])
    points = archive.read(name.replace("METADATA", "entry_points.txt")).decode()
    assert "cleaner = cleaner.cli:main" in points


@pytest.mark.slow
def test_the_sdist_is_the_project(built: Path) -> None:
    """Code, tests, samples and documentation; nothing of an environment or of a run."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("LICENSE", "CITATION.cff", "mkdocs.yml", "docs/tutorial.md", "seeds/README.md"):
        assert needed in names
    assert "tests/test_package.py" in names
    tops = {name.split("/")[0] for name in names}
    assert not tops & {".venv", "site", "dist", ".git", ".mypy_cache"}
    assert {name for name in names if name.startswith("out/")} <= {"out/.gitkeep"}


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS)
def test_the_wheel_works_in_an_environment_of_its_own(
    wheel: Path, tmp_path: Path, python: str
) -> None:
    """Install with what it needs, help, a run, verify; with no file of this folder in reach."""
    program = shutil.which(python)
    assert program is not None, f"there is no {python}"
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "NUMBA", "VIRTUAL"))
    }

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
        )

    assert run(program, "-m", "venv", "v").returncode == 0
    python_there = str(tmp_path / "v" / "bin" / "python")
    done = run(python_there, "-m", "pip", "install", "--quiet", str(wheel))
    if any(sign in done.stderr for sign in NO_INDEX):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    assert "No broken requirements" in run(python_there, "-m", "pip", "check").stdout
    command = str(tmp_path / "v" / "bin" / "cleaner")
    where = run(python_there, "-c", "import cleaner; print(cleaner.__file__)").stdout
    assert where.startswith(str(tmp_path / "v"))
    assert "Usage: cleaner" in run(command, "--help").stdout
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.txt").write_text(PAGE, "utf-8")
    (tmp_path / "c.yaml").write_text(CONFIG, "utf-8")
    for words in (("run", "c.yaml", "--quiet"), ("verify", "out/c"), ("rules", "test")):
        done = run(command, *words)
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "out" / "c" / "reports" / "report.html").is_file()


def test_the_extra_bench_has_what_the_benchmarks_import() -> None:
    """What a module of `benchmarks/` imports at once is in the core or the extra."""
    extras = PROJECT["optional-dependencies"]
    needed = [*PROJECT["dependencies"], *extras["bench"], *extras["html"], *extras["ray"]]
    known = {re.split(r"[^\w.-]", line)[0].lower() for line in needed}
    files = {path for path in (ROOT / "benchmarks").rglob("*.py") if "peers" not in path.parts}
    ours = {"cleaner", "benchmarks", "tests", *(path.stem for path in files)}
    found = set()
    for path in files:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).partition(".")[0])
    made_by = metadata.packages_distributions()
    foreign = found - ours - sys.stdlib_module_names
    assert {"psutil", "numpy"} <= foreign
    for name in foreign:
        assert known & {dist.lower() for dist in made_by[name]}, name


def test_the_citation_is_of_this_version() -> None:
    """The keys that the format (1.2.0) asks for; version and licence are those of the project."""
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= found.keys()
    assert found["cff-version"] == "1.2.0"
    assert found["type"] == "software"
    assert all(author.keys() & {"name", "family-names", "alias"} for author in found["authors"])
    assert found["version"] == cleaner.__version__
    assert found["license"] == PROJECT["license"]


def test_hooks_are_local_and_are_those_of_make_check() -> None:
    """Nothing is fetched, and each hook runs a tool of the environment."""
    found = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repo["repo"] for repo in found["repos"]] == ["local"]
    hooks = {hook["id"]: hook for hook in found["repos"][0]["hooks"]}
    assert {"ruff", "ruff-format", "mypy"} <= hooks.keys()
    for hook in hooks.values():
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")


def test_the_package_is_typed_and_every_extra_is_told() -> None:
    """`py.typed` is there; the start page of the documentation names each extra."""
    assert (ROOT / "cleaner" / "py.typed").is_file()
    start = (ROOT / "docs" / "index.md").read_text("utf-8")
    for extra in PROJECT["optional-dependencies"]:
        assert f"| `{extra}` |" in start, f"docs/index.md does not name the extra {extra}"
    for version in ("3.11", "3.12", "3.13"):
        assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
