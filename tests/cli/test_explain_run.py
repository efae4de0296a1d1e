"""A document of a finished run, by its id: from the run's folder alone, with what it copies."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.identity import doc_id
from tests.engine.runs import make_run, rows_of, sentence, write_records

SHARED = "The harbour was closed for the whole of the winter, said the master of it at noon today."


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with near-copies, a passage that three have, a bad record and a masked address."""
    tmp = tmp_path_factory.mktemp("explained")
    draw = random.Random(4)
    text = sentence(draw, 80)
    texts = [
        f"{text} First \x1b[31mend.\n",
        f"{text} Second \x1b[32mend.\n",
        *(f"{sentence(draw, 40)}\n{SHARED}\nMail to ann{n}@mail.example\n" for n in range(3)),
    ]
    write_records(tmp / "in" / "a.jsonl", texts)
    with (tmp / "in" / "a.jsonl").open("a") as file:
        file.write("{not json\n")
    stages: list[Any] = [
        {"use": "pii", "action": "mask"},
        {"use": "near_duplicates", "id": "near_documents", "keep": ["first"]},
        {"use": "near_duplicates", "id": "near_passages", "unit": "passage"},
    ]
    make_run(tmp, stages, max_bad=0.9)
    shutil.rmtree(tmp / "in")  # the run's folder is enough
    return tmp / "run"


def said(run: Path, name: str, *options: str) -> str:
    """What the command prints."""
    result = CliRunner().invoke(main, ["explain", str(run), name, *options])
    assert result.exit_code == 0, result.output
    return result.output


def ids(run: Path) -> dict[int, str]:
    """Record → id."""
    rows = rows_of(run, "corpus") + rows_of(run, "ledger")
    return {row["record"]: row["doc_id"] for row in rows}


def test_a_copy_is_shown_beside_the_one_that_stays(run: Path) -> None:
    """Which one it is, how alike, and word by word what differs; nothing steers the terminal."""
    own = ids(run)
    text = said(run, own[1])
    assert "dropped by near_documents: near_duplicates.document" in text
    assert f"duplicate of in/a.jsonl, record 0  {own[0]}" in text
    (a,) = (line for line in text.splitlines() if line.startswith("A "))
    (b,) = (line for line in text.splitlines() if line.startswith("B "))
    assert "[-First " in a
    assert "{+Second " in b
    assert "\x1b" not in text
    found = json.loads(said(run, own[1][:8], "--json"))
    assert found["copy_of"]["doc_id"] == found["dropped"]["kept"]["doc_id"] == own[0]
    assert found["copy_of"]["fate"] == "kept"
    assert found["copy_of"]["similarity"] == found["dropped"]["kept"]["similarity"] >= 0.8


def test_a_kept_document_has_its_changes_and_where_the_copy_stays(run: Path) -> None:
    """The original comes back from the folder; a passage names the document that keeps it."""
    own = ids(run)
    cuts = [r for r in rows_of(run, "ledger") if r["rule"] == "near_duplicates.passage"]
    assert len(cuts) == 2
    for row in cuts:
        found = json.loads(said(run, row["doc_id"], "--json"))
        (kept,) = (r for r in rows_of(run, "corpus") if r["doc_id"] == row["doc_id"])
        assert found["text"] == kept["text"]
        assert SHARED in found["original"]
        assert SHARED not in kept["text"]
        assert found["copy_of"] is None
        (cut,) = (s for s in found["spans"] if s["rule"] == "near_duplicates.passage")
        assert found["original"][cut["start"] : cut["end"]].strip() == SHARED
        assert cut["kept"]["doc_id"] == row["kept_doc_id"]
        assert row["kept_doc_id"] in {own[n] for n in (2, 3, 4)} - {row["doc_id"]}
        lines = " ".join(line.lstrip(" │") for line in said(run, row["doc_id"]).splitlines())
        assert f"stays in {row['kept_doc_id']}" in lines


def test_what_is_masked_stays_hidden(run: Path) -> None:
    """Unless it is asked for."""
    own = ids(run)[2]
    for options in ((), ("--json",)):
        assert "ann0@" not in said(run, own, *options)
    assert "ann0@mail.example" in said(run, own, "--show-secrets")


def test_a_quarantined_record_says_why(run: Path) -> None:
    """It has an id, too."""
    (bad,) = rows_of(run, "quarantine")
    text = said(run, doc_id(bad["source"], bad["record"]))
    assert f"quarantined by read: {bad['reason']}" in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("zzzz", "holds no document zzzz"),
        ("../x", "is not a document id"),
        ("", "is not a document id"),
    ],
)
def test_a_wrong_id_is_told(run: Path, name: str, words: str) -> None:
    """Exit code 2, a sentence, no traceback."""
    result = CliRunner().invoke(main, ["explain", str(run), name])
    assert (result.exit_code, words in result.output) == (2, True)
    assert "Traceback" not in result.output


def test_a_wrong_folder_and_options_of_a_config_are_refused(run: Path, tmp_path: Path) -> None:
    """A folder without a manifest is no run; a run is not changed by `--set`."""
    result = CliRunner().invoke(main, ["explain", str(tmp_path), "abc"])
    assert result.exit_code == 2
    assert "is not a finished run" in result.output
    result = CliRunner().invoke(main, ["explain", str(run), ids(run)[0], "--workers", "2"])
    assert result.exit_code == 2
    assert "leave out the options that change a config" in result.output
