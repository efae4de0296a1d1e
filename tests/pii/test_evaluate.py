"""`cleaner eval pii`, and the figures of the labelled sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.pii.evaluate import evaluate
from cleaner.pii.find import Options, finder
from cleaner.pii.hit import KINDS
from tools.make_pii_gold import DEV, HELD, TIMES, rows_of_templates
from tools.make_pii_second import DRAWS, PARAGRAPHS, documents

GOLD = Path(__file__).parents[2] / "seeds" / "gold"
FILES = {"dev": DEV, "held": HELD}


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_what_the_tool_writes(name: str) -> None:
    """So that a template that is changed changes the file."""
    lines = (GOLD / f"pii-{name}.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows_of_templates(name, FILES[name])
    assert len(lines) == TIMES * len(FILES[name])


def test_the_second_set_is_what_its_tool_writes() -> None:
    """Every slot is filled, in several languages."""
    lines = (GOLD / "pii-second.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert rows == documents()
    assert len(rows) == DRAWS * sum(len(b.strip().split("\n\n")) for b in PARAGRAPHS.values())
    assert len({row["lang"] for row in rows}) >= 6
    for row in rows:
        assert not any("{" in row["text"][span["start"] : span["end"]] for span in row["spans"])


def test_the_second_set_is_read_nearly_right() -> None:
    """As docs/pii.md says; nothing is found that is nobody's."""
    lines = (GOLD / "pii-second.jsonl").read_text("utf-8").splitlines()
    scores = evaluate([json.loads(line) for line in lines], finder(Options()))
    every = scores.kinds["all"]
    assert (every.gold, every.found, every.right) == (338, 333, 333)
    assert scores.clean_hit == 0


def test_no_sentence_is_in_both() -> None:
    """Else the second were no test of the first."""
    assert not {text for _, text in DEV} & {text for _, text in HELD}


@pytest.mark.parametrize("name", FILES)
def test_labelled_sentences_are_read_right(name: str) -> None:
    """At least 97 % of what is there, and of what is found, in every kind."""
    lines = (GOLD / f"pii-{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    scores = evaluate(rows, finder(Options()))
    assert set(scores.kinds) == {*KINDS, "all"}
    for kind, score in scores.kinds.items():
        assert score.gold >= 8, kind
        assert (score.precision or 0) >= 0.97, (kind, scores.wrong)
        assert (score.recall or 0) >= 0.97, (kind, scores.missed)
    assert scores.clean >= 40


def test_figures_are_counted_as_they_say(tmp_path: Path) -> None:
    """One right but too long, one missed, one of another kind, one where nothing is."""
    rows = [
        {"text": "a@x.example b@x.example", "spans": [span(0, 5, "email"), span(12, 23, "email")]},
        {"text": "xem 12 34 nhé", "spans": [span(4, 9, "phone")]},
        {"text": "thư c@x.example", "spans": [span(4, 15, "phone")], "lang": "vi"},
        {"text": "thư d@x.example", "spans": []},
    ]
    file = tmp_path / "gold.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    done = CliRunner().invoke(main, ["eval", "pii", str(file), "--json"])
    found = json.loads(done.output)["gold.jsonl"]
    email, phone = found["kinds"]["email"], found["kinds"]["phone"]
    assert (email["gold"], email["found"], email["right"], email["exact"]) == (2, 4, 2, 1)
    assert (email["precision"], email["recall"]) == (0.5, 1.0)
    assert (phone["gold"], phone["found"], phone["precision"], phone["recall"]) == (2, 0, None, 0)
    assert (found["clean"], found["clean_hit"]) == (1, 1)
    assert found["langs"]["vi"]["gold"] == 1
    said = CliRunner().invoke(main, ["eval", "pii", str(file), "--show"]).output
    assert "wrong email: d@x.example" in said
    assert "missed phone: 12 34" in said


def span(start: int, end: int, kind: str) -> dict[str, object]:
    """A label."""
    return {"start": start, "end": end, "kind": kind}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "a"}', "expected an object with spans, text"),
        ('{"text": "a", "spans": [{"start": 0, "end": 9, "kind": "x"}]}', "lies outside"),
        ('{"text": "a", "spans": [{"start": 0}]}', "needs start, end and kind"),
        ('{"text": "a", "spans": 3}', "gold.jsonl"),
        ('{"text": 3, "spans": []}', "gold.jsonl"),
        ("{", "not JSON"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, line: str, said: str) -> None:
    """With the file and what was expected, without a traceback."""
    file = tmp_path / "gold.jsonl"
    file.write_text(line + "\n", "utf-8")
    done = CliRunner().invoke(main, ["eval", "pii", str(file)])
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output
