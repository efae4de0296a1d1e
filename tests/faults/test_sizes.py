"""Inputs of absurd shape: a line of a gigabyte, ten million lines with nothing in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cleaner.io.restore import restore
from tests.engine.runs import ROOT, rows_of

MB = 1 << 20
WATCHED = (
    "import resource, subprocess, sys;"
    "subprocess.run([sys.executable, *sys.argv[1:]], check=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)
"""A process between: Linux counts as a child's memory what its parent had when it was forked."""
CONFIG = """\
name: absurd
input: [in]
output: run
max_bad: 1.0
engine: inline
stages:
  - use: unicode
  - use: exact_duplicates
  - use: tidy
"""


def peak_of_a_run(folder: Path) -> int:
    """Run the job as a command; the most memory that it had, in bytes."""
    (folder / "absurd.yaml").write_text(CONFIG)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WATCHED, "-m", "cleaner", "run", "absurd.yaml", "--quiet"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1]) << 10


@pytest.mark.slow
@pytest.mark.parametrize("name", ["long.jsonl", "long.txt"])
def test_a_line_of_a_gigabyte(tmp: Path, name: str) -> None:
    """It is put aside without being held; what stands before and after it is kept."""
    place = tmp / "in"
    place.mkdir()
    with (place / name).open("wb") as file:
        file.write(b'{"text": "before"}\n{"text": "')
        for _ in range(1024):
            file.write(b"a" * MB)
        file.write(b'"}\n{"text": "after"}\n')
    (place / "other.txt").write_text("beside")
    assert peak_of_a_run(tmp) < 768 * MB
    [row] = rows_of(tmp / "run", "quarantine")
    assert row["reason"] == "too_large"
    assert row["raw_bytes"] > 1024 * MB
    found = {row["text"] for row in rows_of(tmp / "run", "corpus")}
    assert found == {"beside"} | ({"before", "after"} if name == "long.jsonl" else set())


@pytest.mark.slow
def test_ten_million_lines_without_a_record(tmp: Path) -> None:
    """They are read over, in bounded memory, and the record after them has its number."""
    (tmp / "in").mkdir()
    (tmp / "in" / "empty.jsonl").write_bytes(b"\n" * 10_000_000 + b'{"text": "one"}\n')
    assert peak_of_a_run(tmp) < 768 * MB
    [row] = rows_of(tmp / "run", "corpus")
    assert (row["text"], row["record"]) == ("one", 10_000_000)
    assert rows_of(tmp / "run", "quarantine") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["empty.txt", "empty.jsonl"])
@pytest.mark.parametrize("lines", [200_000, 10_000_000])
def test_many_empty_lines_of_a_document(tmp: Path, name: str, lines: int) -> None:
    """Each is a passage: up to `read.max_lines` it is kept, above it put aside."""
    text = "first\n" + "\n" * (lines - 1) + "last"
    (tmp / "in").mkdir()
    content = text if name == "empty.txt" else json.dumps({"text": text}) + "\n"
    (tmp / "in" / name).write_text(content)
    (tmp / "in" / "other.txt").write_text("beside")
    peak = peak_of_a_run(tmp)
    bad = rows_of(tmp / "run", "quarantine")
    assert peak < 768 * MB
    assert [row["reason"] for row in bad] == ["too_many_lines"] * (lines > 200_000)
    kept = {row["text"][:5]: row["doc_id"] for row in rows_of(tmp / "run", "corpus")}
    assert set(kept) == {"besid"} | ({"first"} if not bad else set())
    if not bad:
        assert restore(tmp / "run", kept["first"]) == text.encode()


@pytest.mark.slow
def test_many_documents_of_many_lines(tmp: Path) -> None:
    """They are no more at a time than one may have, though their texts are small together."""
    text = "first\n" + "\n" * 150_000 + "last"
    (tmp / "in").mkdir()
    (tmp / "in" / "a.jsonl").write_text((json.dumps({"text": text}) + "\n") * 50)
    assert peak_of_a_run(tmp) < 768 * MB
    assert rows_of(tmp / "run", "quarantine") == []
