"""The command line's frame: help that starts at once, errors as text, exit codes."""

from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import cleaner
from cleaner.cli import main
from cleaner.cli.explain import split_record
from cleaner.cli.frame import LazyGroup, readable
from cleaner.errors import ConfigError, Fault, TooManyBadRecords

ROOT = Path(__file__).parents[2]
HEAVY = ["pydantic", "yaml", "pyarrow", "numpy", "numba", "rich", "ftfy", "importlib.metadata"]
GOOD = "input: a\nstages: []\n"


@click.command()
@click.argument("how")
def fail(how: str) -> None:
    """Fail in one of the ways."""
    raise {
        "config": ConfigError([Fault("a:1:1", "x", "wrong"), Fault("a:2:1", "y", "\x1b[2J")]),
        "bad": TooManyBadRecords("5 of 9 records are bad"),
        "stop": KeyboardInterrupt(),
        "full": OSError(errno.ENOSPC, "No space left on device", "out/a"),
        "usage": click.UsageError("no"),
        "bug": ZeroDivisionError("ours"),
    }[how]


group = LazyGroup(name="t", lazy={"fail": (f"{__name__}:fail", "Fail in one of the ways.")})


def python(*args: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run Python as a user does."""
    return subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, cwd=cwd, check=False
    )


def test_help_lists_every_command_and_exit_code() -> None:
    """One look says what there is and what a script can rely on."""
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for word in [*main.lazy, "Exit codes:", "max_bad", "130"]:
        assert word in result.output


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"], ["explain", "-h"], ["--version"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    """Help and version are there at once: what costs is imported inside the commands."""
    code = f"""
import sys
from cleaner.cli import main
try:
    main({args!r})
except SystemExit as stop:
    assert stop.code == 0
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = python("-c", code)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.slow
def test_help_starts_within_a_third_of_a_second_of_python_itself() -> None:
    """Processor time, the least of five; `cleaner --help` takes about 0.05 s more than Python."""

    def seconds(*args: str) -> float:
        times = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            assert python(*args).returncode == 0
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            times.append(used)
        return min(times)

    assert seconds("-m", "cleaner", "--help") - seconds("-c", "pass") < 0.3


@pytest.mark.parametrize("name", main.lazy)
def test_each_command_has_the_line_that_the_list_shows(name: str) -> None:
    """The table's line is the first of the command's own help."""
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert (command.help or "").split("\n")[0] == main.lazy[name][1]
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    undescribed = [
        option.name
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert not undescribed


def test_an_unknown_command_gets_the_nearest_name() -> None:
    """Exit code 2, and a hint."""
    result = CliRunner().invoke(main, ["pln"])
    assert result.exit_code == 2
    assert "No such command 'pln'" in result.stderr
    assert result.stderr.count("plan") == 1


@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("config", 2, "a:1:1: x: wrong\na:2:1: y: \\x1b[2J\n2 faults; nothing was run\n"),
        ("bad", 3, "Error: 5 of 9 records are bad\n"),
        ("full", 1, "Error: No space left on device: out/a; free some space, then run the same"),
        ("usage", 2, "Usage: t"),
        ("stop", 130, "interrupted; run the same command again to go on\n"),
    ],
)
def test_errors_are_text_with_an_exit_code(how: str, code: int, message: str) -> None:
    """What a user can meet is a sentence on stderr, without a traceback, and stdout stays empty."""
    result = CliRunner().invoke(group, ["fail", how])
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.lstrip("\n").startswith(message)


def test_a_fault_of_ours_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no user can cause is told as such; the traceback lies in a file for the report."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = CliRunner().invoke(group, ["fail", "bug"])
    assert result.exit_code == 70
    (kept,) = tmp_path.glob("cleaner-fault-*.txt")
    assert "a fault of cleaner (ZeroDivisionError: ours)" in result.stderr
    assert str(kept) in result.stderr
    assert "Traceback" not in result.stderr
    assert "ZeroDivisionError: ours" in kept.read_text(encoding="utf-8")


def test_a_bad_config_stops_before_any_work(tmp_path: Path) -> None:
    """All faults are printed, those of the options by the option's name; nothing is written."""
    (tmp_path / "a.yaml").write_text("input: a\nstages: [{use: unicde}]\nsede: 1\n")
    done = python("-m", "cleaner", "run", "a.yaml", "--workers", "0", "--set", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "a.yaml:2:16: stages.0.use: there is no stage 'unicde' (did you mean 'unicode'?)\n"
        "a.yaml:3:1: sede: unknown key (did you mean 'seed'?)\n"
        "--set x: expected KEY=VALUE, such as stages.noise.min=3\n"
        '--workers 0: engine.workers: expected a whole number from 1 to 4096, or "auto", not 0\n'
        "4 faults; nothing was run\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_options_change_the_config(tmp_path: Path) -> None:
    """Paths on the command line are text, however they look to YAML; options win over --set."""
    config = tmp_path / "a.yaml"
    config.write_text(GOOD)
    options = "--input no --input 1e3 --output 2024 --workers 3 --seed 7 --set seed=1 --set name=b"
    result = CliRunner().invoke(main, ["plan", str(config), "--resolved", *options.split()])
    assert result.exit_code == 0, result.stderr
    loaded = cleaner.load_config(_written(tmp_path, result.stdout))
    assert [place.path for place in loaded.input] == ["no", "1e3"]
    assert (loaded.output, loaded.name, loaded.seed, loaded.engine.workers) == ("2024", "b", 7, 3)


def test_plugins_can_be_switched_off(tmp_path: Path) -> None:
    """--no-plugins refuses what is not built in."""
    config = tmp_path / "a.yaml"
    config.write_text("input: a\nstages: [{use: 'tests.test_registry:DropTides'}]\n")
    assert CliRunner().invoke(main, ["plan", str(config), "--resolved"]).exit_code == 0
    refused = CliRunner().invoke(main, ["plan", str(config), "--resolved", "--no-plugins"])
    assert refused.exit_code == 2
    assert "plugins are switched off (--no-plugins)" in refused.stderr


def test_a_reader_that_goes_away_is_met_with_silence(tmp_path: Path) -> None:
    """`cleaner … | head` prints no traceback."""
    (tmp_path / "a.yaml").write_text(GOOD)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "cleaner", "plan", "a.yaml", "--resolved"]
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path, text=True, check=False
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    """It says what happened and what to do next."""
    (tmp_path / "a.yaml").write_text(GOOD)
    command = [sys.executable, "-m", "cleaner", "plan", "a.yaml", "--resolved"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == (
        "Error: No space left on device; free some space, then run the same command again"
        " to go on\n"
    )


def test_the_keys_of_a_users_stage_are_listed() -> None:
    """`cleaner stages module:Class` shows each key with its default."""
    use = "tests.config.test_load:Tides"
    result = CliRunner().invoke(main, ["stages", use])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:4] == [use, "  id: null", "  min_rows: 8", "  share: 0.5"]
    (described,) = json.loads(CliRunner().invoke(main, ["stages", use, "--json"]).stdout)
    assert described["keys"][1] == {
        "key": "min_rows",
        "default": 8,
        "required": False,
        "description": "",
    }
    schema = json.loads(CliRunner().invoke(main, ["stages", use, "--schema"]).stdout)
    assert schema["properties"]["stages"]["items"]["allOf"][0]["then"] == {"$ref": "#/$defs/Tides"}


def test_a_record_is_told_from_a_file_name(tmp_path: Path) -> None:
    """The number after the last colon is the record, unless the file is really named so."""
    named = tmp_path / "a:3"
    named.write_text("")
    assert split_record("dir/news.jsonl:12") == (Path("dir/news.jsonl"), 12)
    assert split_record("news.txt") == (Path("news.txt"), None)
    assert split_record("c:news") == (Path("c:news"), None)
    assert split_record(":3") == (Path(":3"), None)
    assert split_record(str(named)) == (named, None)
    assert split_record(f"{named}:4") == (named, 4)


def test_messages_cannot_steer_a_terminal() -> None:
    """Escapes, half surrogates and bidi controls are spelled out; line ends and letters stay."""
    assert readable("đ 漢\n") == "đ 漢\n"
    assert readable("a\x1b[2J\udc80\u202e\r") == "a\\x1b[2J\\udc80\\u202e\\r"


def test_the_version_is_that_of_the_project() -> None:
    """The package and its project file cannot differ."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["project"].get("version")
    if declared is None:
        assert project["tool"]["hatch"]["version"]["path"] == "cleaner/__init__.py"
    else:
        assert declared == cleaner.__version__
    shown = CliRunner().invoke(main, ["--version"]).stdout
    assert shown == f"cleaner, version {cleaner.__version__}\n"


def test_public_names_are_listed_and_others_are_refused() -> None:
    """`dir(cleaner)` has what can be imported; a wrong name is an AttributeError."""
    assert set(cleaner.__all__) <= set(dir(cleaner))
    with pytest.raises(AttributeError, match="no attribute 'celan'"):
        _ = cleaner.celan


@pytest.mark.parametrize("name", cleaner.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    """What the package promises is there."""
    assert getattr(cleaner, name) is not None


def _written(folder: Path, text: str) -> Path:
    path = folder / "resolved.yaml"
    path.write_text(text, encoding="utf-8")
    return path
