"""`cleaner index`: build, add, query, info, compact; and what it says when something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cleaner.cli import main
from tests.engine.runs import ROOT, make_run, rows_of, write_records
from tests.index.corpora import write_run
from tests.stages.copies import families

NEAR = {"use": "near_duplicates", "threshold": 0.6, "ngram": 3}


def call(*arguments: object, stdin: bytes = b"") -> Result:
    """`cleaner index …`; no traceback, whatever happens."""
    result = CliRunner().invoke(main, ["index", *map(str, arguments)], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def done(*arguments: object, stdin: bytes = b"") -> str:
    """What it prints when all is well."""
    result = call(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run of the whole engine."""
    write_records(tmp_path / "in" / "a.jsonl", families(1, count=3))
    make_run(tmp_path, [NEAR])
    return tmp_path / "run"


def test_build_add_and_info(tmp_path: Path, run: Path) -> None:
    """The figures are those of the runs; parameters are those of the run's stage."""
    index = tmp_path / "known"
    kept = json.loads((run / "manifest.json").read_text())["documents"]
    assert f"test: {kept} documents added\n" in done("build", index, run)
    write_run(tmp_path / "more", ["one text here", "another one"])
    said = call("add", index, tmp_path / "more", run)
    assert f"{run} is in {index} already; passed over\n" in said.stderr
    assert f"{index}: {kept + 2} documents of 2 runs" in said.stdout
    shown = json.loads(done("info", index, "--json", "--check"))
    assert shown["documents"] == kept + 2
    assert [r["name"] for r in shown["runs"]] == ["test", "more"]
    assert (shown["parameters"]["ngram"], shown["parameters"]["threshold"]) == (3, 0.6)
    assert shown["faults"] == []
    assert shown["bytes"] == sum(p.stat().st_size for p in index.glob("*.arrow"))
    text = done("info", index, "--check")
    assert "shingles of 3 words, 128 permutations of seed 1" in text
    assert "2 segments" in text
    assert "all files are as they were written" in text
    assert f"{index}: 1 segment (there were 2)\n" == done("compact", index)
    assert f"{index}: 1 segment\n" == done("compact", index)
    assert json.loads(done("info", index, "--json"))["documents"] == kept + 2


def test_query_answers_for_each_document(tmp_path: Path, run: Path) -> None:
    """In order, as text or as JSON; records that cannot be used are named."""
    index = tmp_path / "known"
    done("build", index, run)
    text = max((row["text"] for row in rows_of(run, "corpus")), key=len)
    other = " ".join(f"q{i}" for i in range(40))
    new = write_records(tmp_path / "new.jsonl", [text, other, f"{text} more"])
    with new.open("a") as file:
        file.write("{broken\n")
    result = call("query", index, new)
    first, second, third = result.stdout.splitlines()
    assert first.startswith(f"{tmp_path.name}/new.jsonl:0: duplicate of ")
    assert first.endswith(" (in/a.jsonl), similarity 1.00")
    assert second == f"{tmp_path.name}/new.jsonl:1: new"
    assert "similarity 0." in third
    assert f"cannot be used: {tmp_path.name}/new.jsonl:3: bad_json" in result.stderr
    assert "2 of 3 documents are copies of one in known; 1 records cannot be used" in result.stderr
    rows = [json.loads(line) for line in done("query", index, new, "--json").splitlines()]
    assert [row["record"] for row in rows] == [0, 1, 2]
    assert rows[0]["duplicate_of"]["similarity"] == 1.0
    assert rows[1]["duplicate_of"] is None
    assert rows[2]["duplicate_of"]["doc_id"] in third
    exact = done("query", index, new, "--threshold", "1", "--copies").splitlines()
    assert exact == [first]
    assert done("query", index, "-", stdin=text.encode()).startswith("-: duplicate of ")
    assert done("query", index, "-", stdin=other.encode()) == "-: new\n"


def test_records_are_numbered_over_the_parts_of_a_file(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a file is cut for reading."""
    from cleaner.index import texts

    done("build", tmp_path / "known", run)
    new = write_records(tmp_path / "new.jsonl", [f"text number {i}" for i in range(40)])
    with new.open("a") as file:
        file.write("{broken\n")
    monkeypatch.setattr(texts, "_CHUNK_BYTES", 100)
    result = call("query", tmp_path / "known", new, "--json")
    assert [json.loads(line)["record"] for line in result.stdout.splitlines()] == [*range(40)]
    assert "new.jsonl:40: bad_json" in result.stderr


def test_a_config_or_keys_say_how_to_sketch(tmp_path: Path, run: Path) -> None:
    """A run without the stage needs one of them; they are checked as a config is."""
    bare = tmp_path / "bare"
    write_run(bare, ["a text"], stages=[{"use": "tidy"}])
    wrong = call("build", tmp_path / "i", bare)
    assert wrong.exit_code == 2
    assert "the config of the runs has no near_duplicates stage for documents" in wrong.stderr
    assert "give --config FILE with one, or its keys, such as --stage threshold=0.8" in wrong.stderr
    done("build", tmp_path / "a", bare, "--stage", "threshold=0.7", "--stage", "seed=5")
    assert parameters(tmp_path / "a")["seed"] == 5
    config = tmp_path / "c.yaml"
    config.write_text("input: x\nstages: [{use: near_duplicates, ngram: 7, against: gone}]\n")
    done("build", tmp_path / "b", bare, "--config", config)
    assert parameters(tmp_path / "b")["ngram"] == 7
    done("build", tmp_path / "c", bare, run, "--config", config, "--stage", "ngram=2")
    assert parameters(tmp_path / "c")["ngram"] == 2
    for setting, words in (
        ("ngrams=2", "--stage ngrams=2: stages.0.ngrams: unknown key (did you mean 'ngram'?)"),
        ("ngram=0", "--stage ngram=0: stages.0.ngram: expected a number of at least 1, not 0"),
        ("ngram", "--stage ngram: expected KEY=VALUE"),
        ("unit=passage", "an index is of documents"),
    ):
        refused = call("build", tmp_path / "d", bare, run, "--stage", setting)
        assert refused.exit_code == 2
        assert words in refused.stderr
    assert not (tmp_path / "d").exists()


def parameters(index: Path) -> Any:
    """How an index was made."""
    return json.loads(done("info", index, "--json"))["parameters"]


def test_runs_that_differ_need_a_choice(tmp_path: Path, run: Path) -> None:
    """Two ways to sketch are no way; a key decides."""
    other = tmp_path / "other"
    write_run(other, ["a text"], stages=[NEAR | {"ngram": 4}])
    refused = call("build", tmp_path / "i", run, other)
    assert refused.exit_code == 2
    assert "there are 2 ways to sketch: shingles of 3 words" in refused.stderr
    done("build", tmp_path / "i", run, other, "--stage", "ngram=4")
    assert parameters(tmp_path / "i")["ngram"] == 4


def test_wrong_folders_are_sentences(tmp_path: Path, run: Path) -> None:
    """Exit code 2 and what to do; control characters of a name are escaped."""
    index, odd = tmp_path / "known", tmp_path / "odd\x1b[2J"
    done("build", index, run)
    for arguments, words in (
        (("build", tmp_path / "i", tmp_path / "nothing"), "is not a finished run"),
        (("build", index, run), "is an index already"),
        (("build", run, run), "holds files that are not of an index"),
        (
            ("add", tmp_path, run),
            "is not an index (no index.json in it); make one of finished runs",
        ),
        (("add", index, tmp_path), "is not a finished run"),
        (("info", odd), "odd\\x1b[2J is not an index"),
        (("compact", tmp_path / "nothing"), "is not an index"),
        (("query", run, run), "is not an index"),
        (("query", index, tmp_path / "nothing.txt"), "nothing.txt"),
        (("query", index, "-"), "new"),
    ):
        result = call(*arguments)
        assert words in result.stderr + result.stdout
        assert result.exit_code == (0 if arguments[-1] == "-" else 2)
    empty = write_records(tmp_path / "empty.jsonl", [])
    assert "holds no document that can be read" in call("query", index, empty).stderr
    assert call("query", index, "-", stdin=b"%PDF-1.7\0\x01\x02\xff" * 9).exit_code == 2


def test_a_damaged_index_is_told(tmp_path: Path, run: Path) -> None:
    """`info --check` ends with 1 and names the file."""
    index = tmp_path / "known"
    done("build", index, run)
    path = next(index.glob("*.keys.arrow"))
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(bytes(data))
    found = call("info", index, "--check")
    assert found.exit_code == 1
    assert f"WRONG: {path.name} was changed (its hash differs)" in found.stderr
    assert "cleaner index build --replace" in found.stderr
    path.write_bytes(bytes(data[:-9]))
    cut = call("query", index, "-", stdin=b"text")
    assert cut.exit_code == 1
    assert f"{index} is damaged: {path.name} has" in cut.stderr


@pytest.mark.slow
def test_the_commands_work_from_a_shell(tmp_path: Path, run: Path) -> None:
    """As a user calls them, with standard input."""

    def cleaner(*arguments: object, stdin: str = "") -> str:
        command = [sys.executable, "-m", "cleaner", "index", *map(str, arguments)]
        found = subprocess.run(
            command, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stderr
        return found.stdout

    cleaner("build", tmp_path / "known", run)
    assert cleaner("query", tmp_path / "known", "-", stdin="nothing like it") == "-: new\n"


@pytest.mark.parametrize("name", ["build", "add", "query", "info", "compact"])
def test_each_command_shows_an_example(name: str) -> None:
    """And every option is described."""
    text = " ".join(done(name, "--help").split())
    assert f"`cleaner index {name} " in text
