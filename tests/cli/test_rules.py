import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cleaner.cli.rules import MIN_REASON, rules, table


def run(*arguments: str) -> Result:
    """`cleaner rules` with these arguments."""
    return CliRunner().invoke(rules, arguments)


def test_the_list_names_every_rule_once() -> None:
    """Id, severity and reason, one line a rule where the output is no terminal."""
    lines = run().output.splitlines()
    ids = [line.split()[0] for line in lines]
    assert len(ids) == len(set(ids))
    assert {"vi.lottery_teaser", "zh.copyright", "noise.after_head"} <= set(ids)
    row = next(line for line in lines if line.startswith("en.tags "))
    assert row.split(maxsplit=2)[1:] == ["likely", "a list of tags or categories"]


def test_a_table_is_wrapped_to_the_terminal() -> None:
    """No line is wider than the terminal, and the reasons stand under each other."""
    rows = [("a.b", "certain", "word " * 20), ("a.longer_name", "likely", "short")]
    lines = list(table(rows, 60))
    assert max(map(len, lines)) <= 60
    assert lines[0].index("word") == lines[1].index("word") == lines[-1].index("short") == 24
    assert [" ".join(part.split()) for part in table(rows, None)] == [
        "a.b certain " + " ".join(["word"] * 20),
        "a.longer_name likely short",
    ]


def test_a_narrow_terminal_leaves_room_for_words() -> None:
    """A reason keeps some columns however narrow the terminal is."""
    lines = list(table([("id", "certain", "some words that are longer than that")], 10))
    assert lines[0].endswith("some words that are")
    assert max(map(len, lines)) <= len("id  certain  ") + MIN_REASON


def test_one_rule_is_shown_with_all_it_has() -> None:
    """Reason, scope, phrases, patterns and examples of both sides."""
    output = run("vi.tags").output
    for part in ("a list of tags", "scope:", "whole lines:", "any of the patterns:", "từ khóa"):
        assert part in output
    assert output.index("must match:") < output.index("must not match:")


def test_one_rule_as_json() -> None:
    """The same as data, with the keys of the pack's file."""
    rule = json.loads(run("vi.tags", "--json").output)
    assert rule["id"] == "vi.tags"
    assert {"any", "phrases", "scope", "examples"} <= rule.keys()


def test_rules_of_shape_have_a_reason() -> None:
    """Rules of no pack are explained, too."""
    assert "a title printed twice in a row" in run("noise.repeated_title").output
    assert json.loads(run("noise.repeated_title", "--json").output)["severity"] == "shape"


@pytest.mark.parametrize(
    ("wrong", "near"), [("vi.tag", "vi.tags"), ("noise.afterhead", "noise.after_head")]
)
def test_an_unknown_rule_gets_the_nearest_name(wrong: str, near: str) -> None:
    """A misspelt id is refused with a hint."""
    result = run(wrong)
    assert result.exit_code == 2
    assert f"Did you mean '{near}'?" in result.output


def test_the_examples_of_all_packs_hold() -> None:
    """`test` counts the rules, and fails for none."""
    result = run("test")
    assert result.exit_code == 0
    assert "0 failures" in result.output
    assert json.loads(run("test", "--json").output) == []


OWN = """\
pack: harbour
language: any
version: 1
rules:
  - id: harbour.tides
    kind: widget
    severity: likely
    reason: the box with the tides
    phrases: [tides today]
    examples:
      match: [Tides today, TIDES TODAY, tides today]
      no_match: [The tides today are low., Tides, EXTRA]
"""


def test_packs_of_the_user_are_listed_and_tested(tmp_path: Path) -> None:
    """`--pack` puts the rules of a file beside the built-in ones."""
    pack = tmp_path / "own.yaml"
    pack.write_text(OWN.replace("EXTRA", "Today"), encoding="utf-8")
    assert "harbour.tides" in run("--pack", str(pack)).output
    assert run("test", "--pack", str(pack)).exit_code == 0
    pack.write_text(OWN.replace("EXTRA", "Tides today"), encoding="utf-8")
    failed = run("test", "--pack", str(pack))
    assert failed.exit_code == 1
    assert "harbour.tides" in failed.output


def test_a_wrong_pack_is_refused_with_its_place(tmp_path: Path) -> None:
    """What is missing, in words; a file that is not there is a usage error."""
    pack = tmp_path / "own.yaml"
    pack.write_text(OWN.replace(", EXTRA", ""), encoding="utf-8")
    result = run("test", "--pack", str(pack))
    assert str(result.exception).endswith(
        "own.yaml:12:17: rules.0.examples.no_match: at least 3 entries, not 2"
    )
    assert run("--pack", str(tmp_path / "none.yaml")).exit_code == 2
