"""`cleaner review`: what it prints, what it writes, what it refuses."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

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


@contextmanager
def started(*args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the address that it printed."""
    command = [sys.executable, "-m", "cleaner", "review", *args]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        assert lines[2].startswith("labels are saved at once"), process.communicate()
        yield process, lines[1].strip()
        process.kill()


def post(url: str, path: str, value: object) -> int:
    """Ask the server at an address."""
    address = urlsplit(url)
    assert address.hostname == "127.0.0.1"
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    headers = {"X-Cleaner-Token": parse_qs(address.query)["token"][0]}
    headers |= {"Origin": f"http://{address.netloc}", "Content-Type": "application/json"}
    with closing(connection):
        connection.request("POST", path, json.dumps(value), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def rows_of(folder: Path) -> list[dict[str, str]]:
    """The rows that a review shows."""
    path = folder / "rows.jsonl"
    path.unlink(missing_ok=True)
    assert invoke("review", "out/small", "--sheet", str(path)).exit_code == 0
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_labels_are_kept_summed_up_and_gone_on_with(finished: Path) -> None:
    """Ctrl-C ends it with the figures; the next start has the labels; so has the sheet."""
    rows = rows_of(finished)
    cut = next(row for row in rows if row["action"] == "cut")
    with started("out/small") as (process, url):
        assert post(url, "/api/label", {"id": cut["id"], "value": "right"}) == 200
        second = invoke("review", "out/small")
        assert second.exit_code == 1
        assert f"is being reviewed by process {process.pid}" in second.stderr
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert "1 of" in said
    assert "links.line" in said
    assert errors == ""
    with started("out/small") as (process, url):
        kept = next(row for row in rows if row["action"] == "keep")
        assert post(url, "/api/label", {"id": kept["id"], "value": "wrong"}) == 200
        process.kill()
    verdicts = {row["id"]: row["verdict"] for row in rows_of(finished) if row["verdict"]}
    assert verdicts == {cut["id"]: "right", kept["id"]: "wrong"}
    scored = invoke("audit", "score", "rows.jsonl", "--run", "out/small")
    assert scored.exit_code == 0, scored.stderr
    assert invoke("verify", "out/small").exit_code == 0
    assert "up to date" in invoke("run", "small.yaml").stdout


def test_pages_that_are_done_become_gold(finished: Path) -> None:
    """The file is what `eval noise` reads; `--gold` writes it again, without a server."""
    import pyarrow.parquet as pq

    ids = pq.read_table("out/small/corpus").column("doc_id").to_pylist()
    with started("out/small", "--pages", "99") as (process, url):
        for own in ids:
            assert post(url, "/api/label", {"id": own, "value": "done"}) == 200
        assert post(url, "/api/finish", {}) == 200
        said, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert f"gold.jsonl: {len(ids)} pages done" in said
    done = invoke("review", "out/small", "--gold", "mine.jsonl")
    assert done.exit_code == 0, done.stderr
    gold = (finished / "mine.jsonl").read_bytes()
    assert gold == (finished / "out/small/review/gold.jsonl").read_bytes()
    assert len(gold.splitlines()) == len(ids)
    measured = invoke("eval", "noise", "mine.jsonl", "--samples", "10")
    assert measured.exit_code == 0, measured.output
    assert invoke("review", "out/small", "--gold", "mine.jsonl").exit_code == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nowhere"], "does not exist"),
        (["pages"], "is not a finished run"),
        (["small.yaml"], "is a file"),
        (["pages", "--pages", "3"], "is not a finished run"),
        (["pages", "--gold", "a.jsonl"], "is not a finished run"),
        (["out/small", "--gold", "a.jsonl"], "has no page that is done"),
        (["out/small", "--gold", "no/a.jsonl"], "there is no folder no"),
        (["out/small", "--gold", "small.yaml"], "is there already"),
        (["out/small", "--sheet", "a.xlsx"], "ends in .csv or .jsonl"),
        (["out/small", "--sheet", "small.yaml"], "is there already"),
        (["out/small", "--pages", "0"], "--pages"),
        (["out/small", "--port", "70000"], "--port"),
    ],
)
def test_what_is_refused_says_why(finished: Path, args: list[str], words: str) -> None:
    """A sentence and exit code 2, no traceback, no file."""
    before = sorted(path.name for path in finished.rglob("*"))
    done = invoke("review", *args)
    assert done.exit_code == 2, done.output
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert sorted(path.name for path in finished.rglob("*")) == before


def test_damaged_labels_are_not_lost(finished: Path) -> None:
    """A sentence names the file and the line."""
    rows_of(finished)
    folder = finished / "out/small/review"
    folder.mkdir()
    from cleaner.io.corpus import read_manifest
    from cleaner.report.audit import run_id

    name = run_id(read_manifest(finished / "out/small"))
    path = folder / f"labels-{name}.jsonl"
    path.write_text('{"version": 1, "run": "other"}\n')
    done = invoke("review", "out/small", "--sheet", "a.csv")
    assert done.exit_code == 1
    assert "line 1: is no label" in done.stderr
    assert path.read_text() == '{"version": 1, "run": "other"}\n'


def test_help_has_an_example_of_each() -> None:
    """And says that it works on this machine alone."""
    shown = invoke("review", "--help").stdout
    assert "cleaner review out/vi-news --pages 50" in shown
    assert "--gold my-gold.jsonl" in shown
    assert "on this machine alone" in " ".join(shown.split())
