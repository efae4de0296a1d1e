"""docs/own-stage.md runs as it stands; the example package is installed by pip and works."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.runs import ROOT, bytes_of, rows_of

PAGE = (ROOT / "docs" / "own-stage.md").read_text("utf-8")
EXAMPLE = ROOT / "examples" / "cleaner-subtitles"
FILM = """\
1
00:00:01,000 --> 00:00:02,500
<i>The ferry leaves at eight.</i>

2
00:00:03,000 --> 00:00:05,000
Subtitles by  OPENFILMS

"""


def install(target: Path) -> None:
    """The example package, by pip and without a network, into a folder; the tree stays clean."""
    source = target.with_name(f"{target.name}-source")
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    options = ["--no-build-isolation", "--disable-pip-version-check", "--target", str(target)]
    subprocess.run([*pip, *options, str(source)], check=True, capture_output=True)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as pip leaves it."""
    target = tmp_path_factory.mktemp("installed") / "site"
    install(target)
    return target


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with some films."""
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "ferry.srt").write_text(FILM, "utf-8")
    (tmp_path / "films" / "broken.srt").write_bytes(b"no cue at all\n")
    for number in range(6):
        line = f"3\n00:01:00,000 --> 00:01:02,000\nPart {number}, scene {number * 7}.\n"
        (tmp_path / "films" / f"part-{number}.SRT").write_text(FILM + line, "utf-8")
    return tmp_path


def cleaner(place: Path, installed: Path, *words: str, **variables: str) -> Any:
    """The command, where the package is on the path."""
    path = os.pathsep.join(map(str, (installed, ROOT, place)))
    environment = {**os.environ, "PYTHONPATH": path, **variables}
    command = [sys.executable, "-m", "cleaner", *words]
    return subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, check=False
    )


def write_config(place: Path, **settings: Any) -> str:
    """A config that reads the films."""
    config = {
        "name": "films",
        "input": ["films"],
        "read": {"readers": ["srt"]},
        "stages": [{"use": "cut_lines", "lines": ["Subtitles by OpenFilms"]}, {"use": "tidy"}],
        "max_bad": 0.5,
        **settings,
    }
    (place / "films.yaml").write_text(json.dumps(config), "utf-8")
    return "films.yaml"


def succeed(done: Any) -> str:
    """What a command has said that has done its work."""
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.mark.slow
def test_the_tests_of_the_example_pass(installed: Path) -> None:
    """A package that is shown to be copied must be right."""
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])}
    done = subprocess.run(
        [*tests, str(EXAMPLE / "tests")],
        cwd=installed,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


@pytest.mark.slow
def test_the_package_works_from_end_to_end(place: Path, installed: Path) -> None:
    """Films become Parquet, with what was cut and why; processes change no byte; all comes back."""
    config = write_config(place)
    succeed(cleaner(place, installed, "run", config, "--quiet", "--engine", "inline"))
    first = bytes_of(place / "out/films")
    two = ("--output", "out/two", "--workers", "2", "--set", "engine.shard_bytes=64")
    succeed(cleaner(place, installed, "run", config, "--quiet", *two))
    assert bytes_of(place / "out/two") == first
    succeed(cleaner(place, installed, "verify", "out/two"))
    rows = {row["source"]: row for row in rows_of(place / "out/films", "corpus")}
    assert len(rows) == 7
    assert rows["films/ferry.srt"]["text"] == "The ferry leaves at eight.\n"
    assert json.loads(rows["films/part-3.SRT"]["meta"]) == {"cues": 3, "ends_at": "00:01:02,000"}
    [quarantined] = rows_of(place / "out/films", "quarantine")
    assert (quarantined["source"], quarantined["reason"]) == ("films/broken.srt", "no_cues")
    cut = [r for r in rows_of(place / "out/films", "ledger") if r["rule"] == "cut_lines.listed"]
    assert len(cut) == 7
    assert {r["before"] for r in cut} == {"Subtitles by  OPENFILMS\n"}
    said = succeed(cleaner(place, installed, "restore", "out/films", cut[0]["doc_id"]))
    assert said.startswith("The ferry leaves at eight.\nSubtitles by  OPENFILMS\n")


@pytest.mark.slow
def test_the_manifest_names_the_package_and_another_version_redoes_the_run(
    place: Path, installed: Path, tmp_path: Path
) -> None:
    """Version and source of each plugin are in the manifest and in the fingerprints."""
    own = tmp_path / "site"
    shutil.copytree(installed, own)
    config = write_config(place, engine="inline")
    succeed(cleaner(place, own, "run", config, "--quiet"))
    before = json.loads((place / "out/films/manifest.json").read_text())["plugins"]
    assert [(p["kind"], p["name"], p["package"], p["version"]) for p in before] == [
        ("stage", "cut_lines", "cleaner-subtitles", "0.1.0"),
        ("reader", "srt", "cleaner-subtitles", "0.1.0"),
    ]
    again = json.loads(succeed(cleaner(place, own, "plan", config, "--json")))
    assert again["output"]["state"] == "up_to_date"
    [about] = own.glob("*.dist-info")
    metadata = about / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 0.1.0", "Version: 0.2.0"))
    again = json.loads(succeed(cleaner(place, own, "plan", config, "--json")))
    assert again["output"]["state"] == "outdated"
    metadata.write_text(metadata.read_text().replace("Version: 0.2.0", "Version: 0.1.0"))
    source = own / "cleaner_subtitles" / "srt.py"
    source.write_text(source.read_text() + "\n# the same, but who knows?\n")
    again = json.loads(succeed(cleaner(place, own, "plan", config, "--json")))
    assert again["output"]["state"] == "outdated"
    succeed(cleaner(place, own, "run", config, "--quiet"))
    after = json.loads((place / "out/films/manifest.json").read_text())["plugins"]
    assert after[0] == before[0]
    assert after[1]["source_sha256"] != before[1]["source_sha256"]


@pytest.mark.parametrize(
    ("command", "way"),
    [("run", "option"), ("plan", "variable"), ("explain", "option"), ("run", "variable")],
)
def test_plugins_can_be_refused(place: Path, installed: Path, command: str, way: str) -> None:
    """The config is wrong then, at both places, and none of the package's code has run."""
    config = write_config(place)
    (place / "trap").mkdir()
    shutil.copytree(installed, place / "trap", dirs_exist_ok=True)
    (place / "trap" / "cleaner_subtitles" / "__init__.py").write_text("raise SystemExit('ran')\n")
    option, variables = ("--no-plugins",), {"CLEANER_NO_PLUGINS": "1"}
    words = (command, config, *(["films/ferry.srt"] if command == "explain" else []))
    done = (
        cleaner(place, place / "trap", *words, *option)
        if way == "option"
        else cleaner(place, place / "trap", *words, **variables)
    )
    assert done.returncode == 2
    off = "is a plugin, and plugins are switched off (--no-plugins)"
    assert f"stages.0.use: 'cut_lines' {off}" in done.stderr
    assert f"read.readers.0: 'srt' {off}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "out").exists()


@pytest.mark.slow
def test_other_commands_that_read_configs_refuse_plugins_too(place: Path, installed: Path) -> None:
    """A run's own config, one that is given to an index, and what is listed."""
    config = write_config(place, engine="inline")
    succeed(cleaner(place, installed, "run", config, "--quiet"))
    doc_id = rows_of(place / "out/films", "corpus")[0]["doc_id"]
    raw = ("restore", "out/films", doc_id, "--raw")
    index = ("index", "build", "out/known", "out/films", "--config", config)
    for words, otherwise in ((raw, "was not extracted from HTML"), (index, "no near_duplicates")):
        allowed = cleaner(place, installed, *words)
        assert (allowed.returncode, otherwise in allowed.stderr) == (2, True), allowed.stderr
        refused = cleaner(place, installed, *words, "--no-plugins")
        assert refused.returncode == 2
        assert "plugins are switched off" in refused.stderr
    listed = succeed(cleaner(place, installed, "stages", CLEANER_NO_PLUGINS="1"))
    assert "tidy" in listed
    assert "cut_lines" not in listed
    assert "srt" not in listed
    code = f"import cleaner; cleaner.run({config!r}, quiet=True, plugins=False)"
    path = os.pathsep.join(map(str, (installed, ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "plugins are switched off" in done.stderr


def test_a_package_that_cannot_be_imported_is_named(place: Path, installed: Path) -> None:
    """One sentence for each place that names it; the list of stages goes on without it."""
    config = write_config(place)
    shutil.copytree(installed, place / "trap")
    (place / "trap" / "cleaner_subtitles" / "__init__.py").write_text("raise OSError('no \x1b')\n")
    done = cleaner(place, place / "trap", "run", config)
    assert done.returncode == 2
    for name in ("cut_lines", "srt"):
        sentence = f"'{name}' of the package cleaner-subtitles 0.1.0 cannot be imported: OSError"
        assert sentence in done.stderr
    assert "\x1b" not in done.stderr
    listed = cleaner(place, place / "trap", "stages")
    assert "near_duplicates" in succeed(listed)
    assert "'cut_lines' of the package cleaner-subtitles 0.1.0" in listed.stderr
    assert "cut_lines" not in listed.stdout


@pytest.mark.slow
def test_one_film_is_explained(place: Path, installed: Path) -> None:
    """`explain` takes a record of a plugin's file through the stages."""
    config = write_config(place)
    done = cleaner(place, installed, "explain", config, "films/ferry.srt", "--json")
    explained = json.loads(succeed(done))
    assert [span["rule"] for span in explained["spans"]] == ["cut_lines.listed"]
    missing = cleaner(place, installed, "explain", config, "films/ferry.srt:1")
    assert missing.returncode == 2
    assert "has no record 1; its last record is 0" in missing.stderr
    broken = cleaner(place, installed, "explain", config, "films/broken.srt")
    assert "no_cues" in broken.stdout + broken.stderr


def blocks(language: str) -> list[str]:
    """The fenced code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_page_runs(place: Path, installed: Path) -> None:
    """Its code and configs are written to the files that they name, its commands end well."""
    shutil.copytree(ROOT / "seeds", place / "seeds")
    loud = "A quiet line with some words!!!\nCOME AND SEE, ALL OF YOU\n"
    (place / "seeds" / "loud.txt").write_text(loud)
    (place / "seeds" / "louder.txt").write_text("EVERYTHING MUST GO!!!\nTODAY\n")
    files = {}
    for text in [*blocks("python"), *blocks("yaml")]:
        name = text.split("\n", 1)[0].removeprefix("# ")
        files[name] = text
        if "/" not in name:
            (place / name).write_text(text, "utf-8")
    assert {"my_stages.py", "own.yaml", "films.yaml"} <= set(files)
    films = files["films.yaml"] + "max_bad: 0.5\n"  # one of ours is broken
    (place / "films.yaml").write_text(films, "utf-8")
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) >= 7
    said = {}
    for line in commands:
        words = shlex.split(line)
        if words[0] == "pip":
            assert (ROOT / words[2]).resolve() == EXAMPLE.resolve()
            continue
        assert words[0] == "cleaner", line
        said[line] = succeed(cleaner(place, installed, *words[1:]))
    assert "max_capitals: 0.7" in said["cleaner stages my_stages:Hush"]
    assert "readers of plugins, for read.readers:\nsrt " in said["cleaner stages"]
    rows = {row["source"]: row for row in rows_of(place / "out/own", "corpus")}
    assert rows["seeds/loud.txt"]["text"] == "A quiet line with some words!\n"
    assert 0.4 < rows["seeds/loud.txt"]["loudness"] < 0.6
    assert "seeds/louder.txt" not in rows
    ledger = rows_of(place / "out/own", "ledger")
    assert {"hush.marks", "hush.line", "hush.document"} <= {row["rule"] for row in ledger}
    reasons = {row["reason"] for row in ledger if row["rule"] == "hush.line"}
    assert reasons == {"the line is in capitals"}
    assert len(rows_of(place / "out/films", "corpus")) == 7


def test_the_reader_of_the_page_reads(place: Path) -> None:
    """The short one, too: numbers and times are left out, a film without words is unusable."""
    import io

    from cleaner.io.records import ReadOptions
    from cleaner.reader import Unusable

    (code,) = (text for text in blocks("python") if "READER" in text)
    scope: dict[str, Any] = {}
    exec(code, scope)
    read = scope["READER"].read
    [record] = read(io.BytesIO(FILM.encode()), ReadOptions())
    assert record.text == "<i>The ferry leaves at eight.</i>\nSubtitles by  OPENFILMS\n"
    with pytest.raises(Unusable, match="no_cues"):
        list(read(io.BytesIO(b"1\n"), ReadOptions()))


@pytest.mark.slow
def test_plugins_work_on_ray(place: Path, installed: Path) -> None:
    """Workers that Ray starts find stage and reader, and the bytes are the same."""
    pytest.importorskip("ray")
    config = write_config(place)
    succeed(cleaner(place, installed, "run", config, "--quiet", "--engine", "inline"))
    ray = ("--output", "out/ray", "--engine", "ray", "--workers", "2")
    succeed(cleaner(place, installed, "run", config, "--quiet", *ray))
    assert bytes_of(place / "out/ray") == bytes_of(place / "out/films")
