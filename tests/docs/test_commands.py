"""Every command and every Python example that a page shows is run, or it is said why it cannot be.

What no other test runs with its page is run here as it stands, or on less (`ways.py`), so a command
that is added to a page is run from then on, and fails here if it does not run.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cleaner.cli import main
from tests.docs import ways, workshop
from tests.docs.inventory import (
    PAGES,
    Shown,
    commands_of,
    program,
    shown,
    strange_blocks,
    words,
)
from tests.docs.pages import ROOT, shell
from tests.test_package import PROJECT

EVERY = shown()
_SHELL = re.compile(r"[|<>&;$]")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")


def by_way(*wanted: str) -> dict[str, tuple[Shown, str]]:
    """Of some ways: what is tried → a place that shows it, and the way's second part."""
    found: dict[str, tuple[Shown, str]] = {}
    for one in EVERY:
        kind, what = ways.way(one)
        if kind in wanted and not is_mention(one):
            found.setdefault(what if kind == "run" else one.text, (one, what))
    return found


def command_of(command: str) -> tuple[click.Command, list[str]]:
    """The innermost command of `cleaner` that is named, and the arguments behind its name."""
    found: click.Command = main
    arguments = words(command)[1:]
    while isinstance(found, click.Group) and arguments and not arguments[0].startswith("-"):
        inner = found.get_command(click.Context(found), arguments[0])
        if inner is None and found is not main:  # `audit RUN` beside `audit score`
            break
        assert inner is not None, f"{command}: there is no command {arguments[0]!r}"
        found, arguments = inner, arguments[1:]
    return found, arguments


def is_mention(one: Shown) -> bool:
    """Whether a page but names a command of `cleaner`, and options of it, without its operands."""
    if one.form != "inline" or program(one.text) != "cleaner":
        return False
    command, arguments = command_of(one.text)
    if any(not word.startswith("-") for word in arguments) or "--help" in arguments:
        return False
    return isinstance(command, click.Group) or any(
        isinstance(p, click.Argument) and p.required for p in command.params
    )


RUN = by_way("run")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `workshop.py`, made by the first process of this session that needs it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "workshop"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            growing = folder.with_suffix(".part")
            growing.mkdir()
            before = Path.cwd()
            os.chdir(growing)
            try:
                workshop.make(growing)
            finally:
                os.chdir(before)
            growing.rename(folder)
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the working folder."""
    folder = tmp_path / "work"
    shutil.copytree(made, folder, symlinks=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", RUN, ids=lambda c: RUN[c][0].name)
def test_it_runs(place: Path, command: str) -> None:
    """Exit code 0, and nothing that looks like a fault; on less where `ways.py` says so."""
    one = RUN[command][0]
    if one.form == "python":
        code, said = ended([sys.executable, "-c", command], place)
    elif program(command) != "cleaner" or _SHELL.search(re.sub(r"'[^']*'|\"[^\"]*\"", "", command)):
        done = shell(re.sub(r"(?<= )(?=(?:benchmarks|tools)/\w+\.py)", f"{ROOT}/", command), place)
        code, said = done.returncode, done.stdout + done.stderr
    elif words(command)[1] == "review" and "--sheet" not in words(command):
        code, said = served(words(command)[1:])
    else:
        result = CliRunner().invoke(main, words(command)[1:])
        code, said = result.exit_code, result.output
    assert code == 0, f"{command}\n{said}"
    assert "Traceback" not in said


def ended(command: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and output of a process."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def served(arguments: list[str]) -> tuple[int, str]:
    """Start a server, wait for its address, end it by Ctrl-C; exit code and what it said."""
    command = [sys.executable, "-m", "cleaner", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        said = ""
        while "labels are saved at once" not in said:
            line = process.stdout.readline()
            if not line:
                break
            said += line
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    return process.returncode, said + rest


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cluster of one node on this machine, which `auto` finds; its address."""
    ray: Any = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    node = {"num_cpus": 2, "object_store_memory": 80 << 20, "include_dashboard": False}
    found = Cluster(initialize_head=True, head_node_args=node)
    monkeypatch.setenv("RAY_ADDRESS", found.address)
    yield found.address
    ray.shutdown()
    found.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Ray leaves files and sockets open
def test_commands_for_a_cluster_run_on_one(place: Path, cluster: str) -> None:
    """Each as it stands, but for the name of the head's host; the same corpus each time."""
    corpus = (place / "out/vi-news/corpus/part-00000.parquet").read_bytes()
    commands = by_way("ray")
    assert len(commands) >= 3
    for command in commands:
        shutil.rmtree(place / "out/vi-news")
        done = shell(command.replace("head:6379", cluster), place)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert (place / "out/vi-news/corpus/part-00000.parquet").read_bytes() == corpus


@pytest.mark.slow
def test_tests_that_pages_name_are_there() -> None:
    """Each `pytest …` collects some test. The suite itself runs them."""
    commands = [text for text in by_way("tool") if program(text) == "pytest"]
    assert len(commands) >= 4
    for command in commands:
        arguments = words(command)[words(command).index("pytest") + 1 :]
        line = [sys.executable, "-m", "pytest", *arguments, "--collect-only", "-q"]
        code, said = ended([*line, "-p", "no:cacheprovider"], ROOT)
        assert code == 0, f"{command}\n{said}"  # 5, if nothing is collected


def test_tools_know_what_they_are_asked_for() -> None:
    """`make` has the target, `pip` is asked for this project or an extra of it, files are there.

    That an installation works is shown by `tests/test_package.py`, the targets by each build.
    """
    extras = set(PROJECT["optional-dependencies"])
    for command in by_way("tool"):
        name, rest = program(command), [w for w in words(command)[1:] if not w.startswith("-")]
        if name == "make":
            code, said = ended(["make", "-n", *rest], ROOT)
            assert code == 0, f"{command}\n{said}"
        elif name == "pip":
            assert rest[0] == "install", command
            wanted = re.fullmatch(r"(?:cleaner|\.)(?:\[([a-z0-9,]+)\])?", rest[1])
            if wanted is None:
                assert rest[1] == "trafilatura" or (ROOT / rest[1] / "pyproject.toml").is_file()
            elif wanted[1]:
                assert set(wanted[1].split(",")) <= extras, command
        elif name in ("venv", "source"):
            assert rest[-1].startswith(".venv"), command
        elif name == "pre-commit":
            assert (ROOT / ".pre-commit-config.yaml").is_file()
        else:
            assert name == "pytest", command


class TakenError(Exception):
    """The argument parser took a command."""


def test_what_cannot_be_run_is_taken_by_its_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of programs in Python by theirs, of `cleaner` by click; neither goes on to do anything."""
    parse = argparse.ArgumentParser.parse_args

    def parsed(self: argparse.ArgumentParser, *given: Any, **named: Any) -> Any:
        parse(self, *given, **named)
        raise TakenError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parsed)
    for folder in (ROOT, ROOT / "benchmarks"):  # as Python does for the script that it runs
        monkeypatch.syspath_prepend(str(folder))
    commands = by_way("parsed")
    assert len(commands) >= len(ways.PARSED)
    for command in commands:
        if program(command) == "cleaner":
            found, arguments = command_of(command.replace("out/vi-news", str(ROOT)))
            assert found.make_context(found.name, arguments).params
            continue
        name, *rest = [w for w in words(command)[1:] if w not in ("-m", "…")]
        monkeypatch.setattr(sys, "argv", [name, *rest])
        file = name if name.endswith(".py") else f"{name.replace('.', '/')}.py"
        with pytest.raises(TakenError):
            runpy.run_path(str(ROOT / file), run_name="__main__")


@pytest.mark.parametrize("one", [s for s in EVERY if is_mention(s)], ids=lambda s: s.name)
def test_what_is_but_named_exists(one: Shown) -> None:
    """The command, and every option that stands behind it."""
    command, arguments = command_of(one.text)
    known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
    assert set(arguments) <= known


def test_stand_ins_are_the_same_command() -> None:
    """The same program and subcommand, with every option of the page; they may add some."""
    for one in EVERY:
        if one.form == "python" or ways.way(one)[0] != "run":
            continue
        instead = ways.stand_in(one.text)
        assert set(ways.options(one.text)) <= set(ways.options(instead)), one.name
        if program(one.text) == "cleaner":
            assert command_of(one.text)[0] is command_of(instead)[0], one.name
        else:
            head = 3 if "-m" in words(one.text) else 2
            assert words(one.text)[:head] == words(instead)[:head], one.name


def test_tests_that_run_pages_are_there() -> None:
    """Each that `ways.py` names; one that stands for a command uses its options."""
    for name in {*ways.PAGES_RUN.values(), *ways.ELSEWHERE.values()}:
        assert source_of(name)
    for command, name in ways.ELSEWHERE.items():
        body = source_of(name)
        for word in (words(command)[1], *ways.options(command)):
            assert f'"{word}"' in body, (command, name)


def source_of(name: str) -> str:
    """The text of a test function; '' if there is none."""
    found = _TEST.fullmatch(name)
    assert found, name
    text = (ROOT / found[1]).read_text("utf-8")
    _, _, rest = text.partition(f"\ndef {found[2]}(")
    return re.split(r"\n(?=def |class |@|\w)", rest)[0]


def test_no_command_hides_from_these_tests() -> None:
    """Blocks have a language that is looked at; no entry of `ways.py` is left of what is gone."""
    for page in PAGES:
        assert strange_blocks((ROOT / page).read_text("utf-8")) == [], page
    assert ways.stale() == []


def test_commands_are_found_in_every_form() -> None:
    """Fenced, indented, in back quotes, in the comment of a block; and no mention of a word."""
    page = (
        "```sh\ncleaner one a   # or `cleaner two b`\nX=1 ls \\\n  -l\n```\n"
        "```console\n$ cleaner three\nprinted\n```\n"
        "```python\nprint(1)\n```\n"
        "text `cleaner four c` of `cleaner` and `cleaner.five(x)`:\n\n    python six.py # why\n\n"
        "| `pytest -m seven` |\n\n```yaml\na: 1  # `cleaner eight d`\n```\n"
    )
    assert [(s.form, s.text) for s in commands_of("page.md", page)] == [
        *(("sh", "cleaner one a"), ("sh", "X=1 ls   -l"), ("console", "cleaner three")),
        *(("python", "print(1)\n"), ("indented", "python six.py")),
        *(("inline", "cleaner two b"), ("inline", "cleaner four c"), ("inline", "pytest -m seven")),
    ]
    assert strange_blocks("```shell\ncleaner run a\n```\n") != []
    assert strange_blocks("```\n  cleaner run a\n```\n") != []
    assert strange_blocks("```\n$ x\n```\n```sh\ncleaner run a\n```\n") == []


def test_a_new_command_is_run() -> None:
    """One that no table names is tried as it stands, on a page that no other test runs."""
    for text in ("cleaner new thing", "python benchmarks/new.py --documents 5"):
        assert ways.way(Shown("docs/new.md", "sh", text)) == ("run", text)
        assert ways.way(Shown("docs/scale.md", "inline", text)) == ("run", text)
    assert ways.way(Shown("docs/new.md", "python", "print(1)"))[0] == "run"
