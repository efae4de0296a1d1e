"""`cleaner audit`: a sheet, its score, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cleaner.cli import main


def invoke(*args: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(args))


@pytest.fixture
def finished(small: Path) -> Path:
    """A folder with a finished run, out/small, whose rule `links.line` cut lines."""
    assert invoke("run", "small.yaml", "--quiet").exit_code == 0
    return small


def judge(folder: Path, verdict: str) -> None:
    """Give all rows of sheet.jsonl one verdict."""
    path = folder / "sheet.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row | {"verdict": verdict}) + "\n" for row in rows))


def test_a_sheet_is_drawn_and_scored_into_the_report(finished: Path) -> None:
    """The first command says what the second is."""
    done = invoke("audit", "out/small", "--out", "sheet.jsonl")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "cleaner audit score sheet.jsonl --run out/small"
    judge(finished, "right")
    scored = invoke("audit", "score", "sheet.jsonl", "--run", "out/small")
    assert scored.exit_code == 0, scored.stderr
    assert "cuts that are right" in scored.stdout
    assert "links.line" in scored.stdout
    assert "100.0 %" in scored.stdout
    assert "in the report: out/small/reports/report.html#audit" in scored.stdout
    assert 'id="audit"' in (finished / "out/small/reports/report.html").read_text("utf-8")
    assert invoke("verify", "out/small").exit_code == 0
    again = invoke("run", "small.yaml")
    assert "up to date" in again.stdout
    assert (finished / "out/small/reports/audit.json").exists()


def test_options_may_stand_before_the_run(finished: Path) -> None:
    """`draw` need not be named; a name for it leads to a folder that is called `score`."""
    one = invoke("audit", "--seed", "3", "--out", "a.csv", "out/small")
    other = invoke("audit", "draw", "out/small", "--seed", "3", "--out", "b.csv")
    assert (one.exit_code, other.exit_code) == (0, 0)
    assert (finished / "a.csv").read_bytes() == (finished / "b.csv").read_bytes()


def test_figures_are_json(finished: Path) -> None:
    """With nulls where nothing was judged."""
    invoke("audit", "out/small", "--out", "sheet.jsonl")
    judge(finished, "unsure")
    done = invoke("audit", "score", "sheet.jsonl", "--json")
    found = json.loads(done.stdout)
    assert found["judged"] == 0
    assert found["unsure"] == found["rows"] > 0
    assert found["precision"]["value"] is None
    assert invoke("audit", "score", "sheet.jsonl").exit_code == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["audit", "nowhere", "--out", "a.csv"], "does not exist"),
        (["audit", "pages", "--out", "a.csv"], "is not a finished run"),
        (["audit", "small.yaml", "--out", "a.csv"], "is a file"),
        (["audit", "out/small"], "Missing option '--out'"),
        (["audit", "out/small", "--out", "a.xlsx"], "ends in .csv or .jsonl"),
        (["audit", "out/small", "--out", "no/a.csv"], "there is no folder no"),
        (["audit", "out/small", "--out", "records.jsonl.gz"], "ends in .csv or .jsonl"),
        (["audit", "out/small", "--out", "a.csv", "--seed", "-1"], "--seed"),
        (["audit", "score", "nowhere.csv"], "does not exist"),
        (["audit", "score", "small.yaml"], "a sheet comes from"),
        (["audit", "score", "empty.csv"], "no row has a verdict yet"),
        (["audit", "score", "rows.parquet"], "UTF-8"),
        (["audit", "score", "right.csv", "--run", "pages"], "is not a finished run"),
        (["audit", "score", "right.csv", "--run", "out/small"], "the sheet is of another run"),
    ],
)
def test_what_is_refused_says_why(finished: Path, args: list[str], words: str) -> None:
    """A sentence and exit code 2, no traceback, no file."""
    head = "id,verdict,action,rule,band,stratum_size,run\n"
    (finished / "empty.csv").write_text(f"{head}x,,cut,a,b,1,r1\n")
    (finished / "right.csv").write_text(f"{head}x,right,cut,a,b,1,r1\n")
    before = sorted(path.name for path in finished.rglob("*"))
    done = invoke(*args)
    assert done.exit_code == 2, done.output
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert sorted(path.name for path in finished.rglob("*")) == before


def test_a_sheet_is_never_written_over(finished: Path) -> None:
    """It may hold verdicts."""
    (finished / "a.csv").write_text("mine")
    done = invoke("audit", "out/small", "--out", "a.csv")
    assert done.exit_code == 2
    assert "perhaps with verdicts" in done.stderr
    assert (finished / "a.csv").read_text() == "mine"


def test_help_shows_both_commands() -> None:
    """With an example of each."""
    shown = invoke("audit", "--help").stdout
    assert "draw" in shown
    assert "cleaner audit score sheet.csv --run out/vi-news" in shown
    assert "--per-rule" in invoke("audit", "draw", "--help").stdout
    assert invoke("audit", "score", "-h").exit_code == 0
