"""`cleaner run` and `cleaner report`: what stands on stdout, on stderr, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from cleaner.cli import main


def invoke(*args: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(args))


def test_progress_goes_to_stderr_and_the_summary_to_stdout(small: Path) -> None:
    """Without a terminal both are plain lines."""
    done = invoke("run", "small.yaml")
    assert done.exit_code == 0
    assert done.stderr.splitlines()[0] == "[1/3] read: 1 task"
    assert "[2/3] unicode, links, tidy: 1 task" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("small  4 of 8 documents kept, ")
    assert "quarantine  3 records, see out/small/quarantine" in lines
    assert "                 1  stage_error" in lines
    assert any(line.startswith("links.line") for line in lines)
    examples = {"    e.g. link three", "    e.g. link to there", "    e.g. link one"}
    assert examples & set(lines)
    assert any(line.startswith("next        cleaner restore out/small DOC_ID") for line in lines)
    assert "\x1b" not in done.output


def test_a_second_run_is_up_to_date(small: Path) -> None:
    """It does nothing, says so, and shows the figures of the first."""
    first = invoke("run", "small.yaml").stdout.splitlines()
    done = invoke("run", "small.yaml")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "up to date" in lines[0]
    assert lines[1:10] == first[1:10]


def test_quiet_prints_nothing(small: Path) -> None:
    """Not a byte, unless it fails."""
    done = invoke("run", "small.yaml", "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    done = invoke("run", "small.yaml", "--quiet", "--input", "nowhere")
    assert done.exit_code == 2
    assert "nowhere" in done.stderr


def test_json_is_one_document_on_stdout(small: Path) -> None:
    """The report with exact figures, the output folder and the times; `report` gives the same."""
    done = invoke("run", "small.yaml", "--json")
    found = json.loads(done.stdout)
    assert found["stages"][0]["docs_in"] == 8
    assert found["corpus"]["documents"] == 4
    assert found["output"] == "out/small"
    assert found["up_to_date"] is False
    assert found["timings"]["wall_seconds"] > 0
    assert [p["phase"] for p in found["timings"]["phases"]] == ["00-read", "01-map", "02-write"]
    again = json.loads(invoke("report", "out/small", "--json").stdout)
    assert again["stages"] == found["stages"]
    assert (
        invoke("report", "out/small")
        .stdout.splitlines()[0]
        .startswith("small  4 of 8 documents kept")
    )


def test_too_many_bad_records_are_exit_code_3(small: Path) -> None:
    """With the reasons and the first place; nothing is published."""
    done = invoke("run", "small.yaml", "--set", "max_bad=0")
    assert done.exit_code == 3
    assert "bad_json" in done.stderr
    assert done.stdout == ""
    assert not (small / "out" / "small" / "corpus").exists()
    failed = invoke("report", "out/small")
    assert failed.exit_code == 2
    assert "not a finished run" in failed.stderr


def test_a_limit_has_a_folder_of_its_own(small: Path) -> None:
    """So has a sample; the summary says what was left out, and where the corpus lies."""
    done = invoke("run", "small.yaml", "--limit", "1")
    assert done.exit_code == 0
    assert done.stdout.startswith("small  1 of ")
    assert "corpus      out/small-limit-1/corpus  1 document, 4 words" in done.stdout.splitlines()
    assert done.stderr.count("read: done") == 1
    done = invoke("run", "small.yaml", "--sample", "2")
    title = done.stdout.splitlines()[0]
    assert title.endswith(" kept, 4 left out by --limit or --sample")
    assert (small / "out" / "small-sample-2" / "corpus").is_dir()
