"""The quality stage: rules and conditions through the engine, and its settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cleaner import batch as b
from cleaner.cli import main
from cleaner.config.load import parse, resolved_yaml
from cleaner.errors import ConfigError
from cleaner.quality.catalogue import RULES, SETS
from cleaner.registry import BUILT_IN, stage_class
from cleaner.stages.expression import MOST_CHARS, ExpressionError
from cleaner.stages.expression import parse as condition
from cleaner.stages.quality import Quality
from cleaner.stages.quality_settings import ANNOTATIONS, SetName, known_names
from cleaner.text.pieces import restore
from tests.engine.runs import bytes_of, make_config, make_run, rows_of, write_records

PROSE = (
    "The ferry left the harbour at nine, and it was late. People that had come with bags waited.\n"
    "Nobody knew what to do. A child asked its father for bread. He had none to give!\n"
    "Later a second boat arrived. It took all of them over the bay before the rain began.\n"
)
LINES = "SIGN IN\nRead more\nQuiet words stand on this line.\n12 34\n"


def make(texts: list[str], unit: Any = "line", **columns: list[Any]) -> b.Batch:
    """A batch of untouched documents."""
    column = pa.array(texts, pa.string())
    values = {
        "ordinal": pa.array(range(len(texts)), pa.int64()),
        "raw_chars": pc.utf8_length(column).cast(pa.int64()),
        **{name: pa.array(items) for name, items in columns.items()},
    }
    return b.new(pa.record_batch(values), column, unit).for_stage("quality", 1)


def judge(batch: b.Batch, **fields: Any) -> b.Batch:
    """The batch after the stage."""
    return Quality.model_validate({"use": "quality", **fields}).open()(batch)


def ledger(batch: b.Batch) -> list[dict[str, Any]]:
    """The ledger so far."""
    return [row for table in batch.ledger for row in table.to_pylist()]


def fault(**fields: Any) -> str:
    """The words for a config that is refused."""
    with pytest.raises(ConfigError) as error:
        make_config(Path("never_run"), [{"use": "quality", **fields}])
    return str(error.value)


def test_a_run_drops_annotates_and_cuts(tmp: Path) -> None:
    """The ledger names rule, value and bound; only annotated values are columns."""
    texts = [PROSE, "Too short.", PROSE + LINES, "x" * 200 + " " + PROSE]
    write_records(tmp / "in" / "a.jsonl", texts)
    stage = {
        "use": "quality",
        "sets": ["gopher_quality", "refinedweb_lines"],
        "rules": {
            "gopher_word_count": {"max": 500, "min": 10},
            "fineweb_short_lines": "annotate",
            "refinedweb_number_line": "off",
            "c4_long_word": {"action": "drop", "size": 150, "max": 0},
        },
    }
    make_run(tmp, [stage, "tidy"])
    rows = {row["record"]: row for row in rows_of(tmp / "run", "corpus")}
    assert sorted(rows) == [0, 2]
    assert rows[2]["text"] == PROSE + "Quiet words stand on this line.\n12 34\n"
    assert rows[0]["fineweb_short_lines"] == 0.0
    assert rows[2]["fineweb_short_lines"] == pytest.approx(3 / 7)
    assert not {"gopher_word_count", "c4_long_word"} & set(rows[0])
    booked = [r for r in rows_of(tmp / "run", "ledger") if r["stage"] == "quality"]
    drops = {r["record"]: r for r in booked if r["action"] == "drop"}
    assert drops[1]["rule"] == "quality.gopher_word_count"
    assert drops[1]["score"] == 2
    assert drops[1]["reason"].endswith(": number of words 2, at least 10")
    assert drops[3]["rule"] == "quality.c4_long_word"
    assert drops[3]["reason"].endswith("share of lines with an endless word 0.3333, at most 0")
    cuts = [(r["rule"], r["before"]) for r in booked if r["action"] == "cut"]
    assert cuts == [
        ("quality.refinedweb_upper_line", "SIGN IN\n"),
        ("quality.refinedweb_phrase_line", "Read more\n"),
    ]


def test_explain_and_restore_know_it(tmp: Path) -> None:
    """`cleaner explain` names the rule; `cleaner restore` gives a dropped text back."""
    path = write_records(tmp / "in" / "a.jsonl", [PROSE, "Too short."])
    config = make_config(tmp, [{"use": "quality", "sets": ["gopher"]}])
    (tmp / "config.yaml").write_text(resolved_yaml(config), "utf-8")
    make_run(tmp, [{"use": "quality", "sets": ["gopher"]}])
    said = CliRunner().invoke(main, ["explain", str(tmp / "config.yaml"), f"{path}:1"])
    assert said.exit_code == 0, said.output
    assert "gopher_word_count" in said.output
    assert "words 2, at least 50" in said.output
    (dropped,) = (r for r in rows_of(tmp / "run", "ledger") if r["record"] == 1)
    back = CliRunner().invoke(main, ["restore", str(tmp / "run"), dropped["doc_id"]])
    assert back.output == "Too short."


def test_the_same_bytes_for_any_cut(tmp: Path) -> None:
    """Shards of another size give the same run."""
    texts = [(PROSE + LINES) * (n % 3 + 1) + f"Number {n}.\n" for n in range(40)]
    write_records(tmp / "in" / "a.jsonl", texts, url=[f"https://s{n}.example/" for n in range(40)])
    stages = [
        {"use": "url", "deny": ["s3.example"]},
        {"use": "quality", "sets": ["gopher", "c4_lines"], "where": "n_lines < 21"},
    ]
    make_run(tmp, stages, "one")
    make_run(tmp, stages, "two", engine={"kind": "inline", "shard_bytes": 2000})
    one, two = bytes_of(tmp / "one"), bytes_of(tmp / "two")
    assert {k: v for k, v in one.items() if "corpus" in k or "ledger" in k} == {
        k: v for k, v in two.items() if "corpus" in k or "ledger" in k
    }
    assert rows_of(tmp / "one", "ledger")


@pytest.mark.parametrize("name", SETS)
def test_every_set_can_be_named(name: str) -> None:
    """Rules of a set drop documents, those about lines cut them."""
    stage = Quality.model_validate({"use": "quality", "sets": [name]})
    assert set(stage.rules()) == {f"quality.{rule.name}" for rule in SETS[name]}
    assert stage.can_drop() is not name.endswith("_lines")
    assert name in SetName.__args__


def test_without_settings_it_is_gopher() -> None:
    """A bare `use: quality` drops by Gopher's rules; with rules or a condition, by these alone."""
    plain = Quality(use="quality")
    assert set(plain.rules()) == {f"quality.{rule.name}" for rule in SETS["gopher"]}
    own = Quality.model_validate({"use": "quality", "rules": {"c4_sentences": "drop"}})
    assert set(own.rules()) == {"quality.c4_sentences"}
    assert set(Quality(use="quality", where="n_words > 1").rules()) == {"quality.where"}
    assert Quality(use="quality", sets=()).rules() == {}


def test_annotate_leaves_all_in_place() -> None:
    """With `on_fail: annotate` nothing goes; NaN is null."""
    batch = judge(
        make(["", PROSE, "吾輩は猫である。" * 20]),
        sets=["gopher", "c4", "c4_lines", "refinedweb", "refinedweb_lines", "fineweb"],
        where="n_words > 3",
        on_fail="annotate",
    )
    assert batch.num_docs == 3
    assert ledger(batch) == []
    assert set(RULES) | {"quality_where"} <= set(batch.docs.schema.names)
    assert batch.docs.column("quality_where").to_pylist() == [False, True, True]
    assert batch.docs.column("gopher_mean_word_length").to_pylist()[2] is None
    stage = Quality(use="quality", sets=("gopher",), on_fail="annotate")
    assert not stage.can_drop()
    assert set(stage.publishes()) == {rule.name for rule in SETS["gopher"]}


def test_the_first_rule_that_fails_is_booked() -> None:
    """One row a document, by the order of the catalogue."""
    batch = judge(make(["1 2 3"]), sets=["gopher", "fineweb"])
    assert [r["rule"] for r in ledger(batch)] == ["quality.gopher_word_count"]


def test_function_words_are_those_of_the_language() -> None:
    """The column `lang` decides, or the setting; without both the best list counts."""
    vi = "Đây là con đường của làng và của xã, không có xe."
    rules = {"gopher_stop_words": "drop"}
    assert judge(make([vi], lang=["vi"]), rules=rules).num_docs == 1
    assert judge(make([vi], lang=["en"]), rules=rules).num_docs == 0
    assert judge(make([vi]), rules=rules, language="en").num_docs == 0
    assert judge(make([vi]), rules=rules).num_docs == 1
    assert judge(make([vi], lang=["hu"]), rules=rules).num_docs == 1


@given(st.lists(st.sampled_from(LINES.splitlines(keepends=True)), max_size=8), st.data())
def test_cut_lines_come_back(lines: list[str], data: st.DataObject) -> None:
    """Whatever an earlier stage cut, and whatever passages are, the original is restored."""
    text = "".join(lines)
    unit = data.draw(st.sampled_from(["line", "paragraph"]))
    start = make([text, "Quiet words."], unit)
    edits = []
    if start.num_passages and len(start.passage_text[0].as_py()) > 2:
        low = data.draw(st.integers(0, len(start.passage_text[0].as_py()) - 1))
        edits = [b.Edit(0, low, low + 1, "r")]
    batch = judge(start.cut(edits).for_stage("quality", 2), sets=["refinedweb_lines", "c4_lines"])
    now = batch.text.to_pylist()
    book = [
        (r["start"], r["end"], r["step"], r["before"], r["after"])
        for r in ledger(batch)
        if r["ordinal"] == 0
    ]
    assert restore(now[0], book) == text
    if not edits:
        assert now[0] == "".join(line for line in lines if line.startswith("Quiet"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("n_words > 5", [1, 2]),
        ("n_words > 5 and lang in ['vi', 'en'] and mean_word_length < 10", [1, 2]),
        ("lang == 'en' or n_chars < 3", [0, 1]),
        ("not (lang == 'en')", [2]),
        ("lang is None", [0]),
        ("lang is not None and lang not in ('en',)", [2]),
        ("3 < n_words <= 100", [1, 2]),
        ("n_chars / n_words > 4.5", [1]),
        ("n_words * 2 - 1 >= -1 + 30", [1]),
        ("'ovet' in host", [2]),
        ("c4_sentences >= 5 and gopher_stop_words > 1", [1]),
        ("raw_chars > 1 and True", [1, 2]),
    ],
)
def test_conditions(text: str, kept: list[int]) -> None:
    """Columns, measured values and constants; what is unknown is not met."""
    batch = make(
        ["a", PROSE, "Đây là con đường của làng và của xã khác."],
        lang=[None, "en", "vi"],
        host=["a.example", "b.example", "sovet.example"],
    )
    assert judge(batch, where=text).ordinals.tolist() == kept


def test_a_condition_says_what_it_saw() -> None:
    """The ledger has the values that the condition names."""
    (row,) = ledger(judge(make(["a b"], lang=["en"]), where="n_words > 5 or lang == 'vi'"))
    assert (row["rule"], row["evidence"]) == ("quality.where", "lang 'en', n_words 2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a condition"),
        ("n_words >", "expected a condition: invalid syntax"),
        ("1 < 2", "that names a column"),
        ("__import__('os').system('x')", "is not known here"),
        ("n_words.real", "is not known here"),
        ("[x for x in y]", "is not known here"),
        ("lambda: n_words", "is not known here"),
        ("n_words ** 9", "is not known here"),
        ("n_words if lang else 1", "is not known here"),
        ("f'{n_words}'", "is not known here"),
        ("(n := n_words)", "is not known here"),
        ("n_words > 99999999999999999999", "is not known here"),
        ("n_words > 1e999", "is not known here"),
        ("lang == b'vi'", "is not known here"),
        ("lang in [n_words]", "expected numbers or quoted texts"),
        ("lang in host", "after `in`"),
        ("lang is 'vi'", "expected None after `is`"),
        ("not " * 40 + "n_words", "at most 24 deep"),
        ("(" * 300 + "n_words" + ")" * 300, "expected a condition"),
        ("n_words > 1 " + " " * MOST_CHARS, f"at most {MOST_CHARS} characters"),
        ("n_words > 1\0", "expected a condition"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, message: str) -> None:
    """Nothing but the small language is read; nothing is run."""
    with pytest.raises(ExpressionError, match=r"(?s).*") as error:
        condition(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lang > 5", "does not fit its columns (lang is string)"),
        ("n_words and lang == 'vi'", "'n_words' is int64, not true or false"),
        ("lang + 1 > 2", "'lang' is string, not a number"),
        ("'x' in n_words", "does not fit its columns (n_words is int64)"),
    ],
)
def test_a_condition_that_does_not_fit_stops_the_run(text: str, message: str) -> None:
    """The error names the column and its type."""
    with pytest.raises(ConfigError) as error:
        judge(make(["a"], lang=["vi"]), where=text)
    assert message in str(error.value)


def test_a_typo_in_the_settings_is_named() -> None:
    """The nearest rule, key, action, set or column is proposed, before any work."""
    assert "did you mean 'gopher_word_count'" in fault(rules={"gopher_wordcount": "drop"})
    assert "did you mean 'drop'" in fault(rules={"gopher_word_count": "dropp"})
    assert "rules.gopher_word_count" in fault(rules={"gopher_word_count": {"mini": 3}})
    assert "did you mean 'gopher'" in fault(sets=["gofer"])
    assert "expected of the rule gopher_alpha_words only: min" in fault(
        rules={"gopher_alpha_words": {"max": 1.0}}
    )
    assert "c4_sentences is not about lines" in fault(rules={"c4_sentences": "cut"})
    assert "did you mean 'n_words'" in fault(where="n_wrods > 3")
    assert "put `use: language` before it" in fault(where="lang == 'vi'")
    assert "'quality' reads 'shoe_size', which no earlier stage adds" in fault(
        where="shoe_size > 3"
    )


def test_conditions_know_what_other_stages_add() -> None:
    """No column of a built-in stage is taken for a typo of another."""
    added = {name for use in BUILT_IN for name in stage_class(use).adds}
    assert added.issuperset(ANNOTATIONS)
    for name in added:
        assert known_names(f"{name} is None") == f"{name} is None"


def test_the_resolved_config_loads_back(tmp: Path) -> None:
    """With all its defaults written out it is the same."""
    rules = {"gopher_word_count": {"min": 3}, "c4_policy": "cut"}
    config = make_config(tmp, [{"use": "quality", "sets": ["c4"], "rules": rules}])
    assert parse(resolved_yaml(config), "again.yaml").stages == config.stages


def test_it_may_not_follow_duplicates() -> None:
    """It could drop the copy that was kept; annotating is allowed."""
    with pytest.raises(ConfigError, match="can drop documents, but stands after"):
        make_config(Path("never_run"), ["exact_duplicates", "quality"])
    make_config(Path("never_run"), ["exact_duplicates", {"use": "quality", "on_fail": "annotate"}])


def test_the_command_line_lists_it() -> None:
    """`cleaner stages quality` shows its keys."""
    said = CliRunner().invoke(main, ["stages", "quality"])
    assert said.exit_code == 0, said.output
    assert all(f"  {key}: " in said.output for key in ("sets", "rules", "where", "on_fail"))


def test_a_batch_without_documents_is_taken() -> None:
    """Every stage must take one."""
    batch = make([PROSE]).take(np.zeros(0, np.int64))
    found = judge(batch, sets=["gopher", "c4", "c4_lines", "refinedweb"], where="n_words > 1")
    assert found.num_docs == 0
    assert judge(batch, sets=["gopher"], on_fail="annotate").num_docs == 0
