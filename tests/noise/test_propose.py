"""A proposed pack loads, does what its examples say, and finds what was mined."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleaner.config.yaml_source import load_with_positions
from cleaner.errors import InputError
from cleaner.noise.line import look
from cleaner.noise.mined import Guard, Mined, Repeat, Sample
from cleaner.noise.pack import MIN_EXAMPLES, Pack, Packs, load_packs
from cleaner.noise.propose import propose, quoted

STAY = (
    "She wrote about the cookies that her mother made.",
    "Nobody read more than the first page of it.",
    "The tide was high at noon, and they waited.",
)


def repeat(text: str, number: int = 9, **changes: object) -> Repeat:
    """A mined line."""
    samples = tuple(Sample(one, 0, n) for n, one in enumerate([text, *changes.pop("also", [])]))  # type: ignore[misc]
    facts: dict[str, object] = {
        "lines": (text,), "samples": samples, "any_number": False, "documents": number,
        "share": 0.1, "hosts": 2, "hosts_exact": True, "by_host": (), "head": 0.0, "tail": 0.0,
        "guard": "", "rule": "",
    }  # fmt: skip
    return Repeat(**{**facts, **changes})  # type: ignore[arg-type]


def of(*lines: Repeat, stay: tuple[str, ...] = STAY) -> Mined:
    """Mined lines with lines that stay."""
    return Mined(1234, 5, lines, (), stay)


def loaded(text: str, folder: Path) -> Packs:
    """The pack as a run loads it."""
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_packs([path])


def test_lines_go_to_rules_by_their_place(tmp_path: Path) -> None:
    """Heads, ends of pages, lines with any number, and the others."""
    heads = [repeat(f"Read more {x}", head=0.9) for x in ("here", "now", "today")]
    ends = [repeat(f"Terms of {x}", tail=1.0) for x in ("use", "sale", "trade")]
    lines = [repeat(f"Box of {x}") for x in ("tides", "winds", "birds")]
    pager = repeat("Page 3 of 40", any_number=True, also=["Page 1 of 7", "page 12 of 12"])
    found = propose(of(*heads, *ends, *lines, pager), name="mine", most=99)
    assert found.lines == 10
    packs = loaded(found.yaml, tmp_path)
    assert packs.check_examples() == []
    facts = {rule.id: (rule.kind, rule.scope.where, rule.severity) for rule in packs.rules}
    assert facts == {
        "mine.mined_head": ("head", "outside", "likely"),
        "mine.mined_end": ("footer", "tail", "likely"),
        "mine.mined_line": ("line", "outside", "likely"),
        "mine.mined_number": ("line", "outside", "likely"),
    }

    def ids(text: str) -> list[str]:
        return [packs.rules[index].id for index in packs.find(look(text))]

    assert ids("READ MORE HERE:") == ["mine.mined_head"]
    assert ids("» Terms of use") == ["mine.mined_end"]
    assert ids("Page 7 of 1.234") == []
    assert ids("Page 7 of 1234 »") == ["mine.mined_number"]
    assert ids("Box of tides was empty") == []


def test_the_file_says_how_often_each_line_was_seen(tmp_path: Path) -> None:
    """Counts stand beside the phrases as comments, most frequent first."""
    lines = [repeat("What's on", 5120), repeat("Box: tides #1", 80), repeat("Jobs", 7, hosts=0)]
    found = propose(of(*lines), name="mine", most=99)
    assert "      - 'what''s on'  # 5,120 documents, 2 hosts\n" in found.yaml
    assert "      - 'jobs'  # 7 documents\n" in found.yaml
    (rule,) = loaded(found.yaml, tmp_path).rules
    assert rule.phrases == ("what's on", "box: tides #1", "jobs")
    assert set(rule.examples.no_match) <= set(STAY)


def test_known_lines_and_those_that_may_be_text_are_left_out() -> None:
    """Unless known ones are asked for."""
    free = [repeat(f"Box of {x}") for x in ("tides", "winds", "birds")]
    known = repeat("Home", rule="en.site_links")
    named = repeat("Anna Berg", guard="name")
    found = propose(of(known, named, *free), name="mine", most=99)
    assert found.pack.rules[0].phrases == ("box of tides", "box of winds", "box of birds")
    alone = propose(of(known, named, *free), name="mine", most=3, known=True)
    assert alone.pack.rules[0].phrases == ("home", "box of tides", "box of winds")


def test_counter_examples_are_the_nearest_lines_that_stay() -> None:
    """Guarded lines of the corpus and rare ones, by the words that they share."""
    lines = [repeat(f"Weather of the {x}") for x in ("day", "week", "month")]
    guarded = repeat("The weather of the day was wet.", guard="sentence")
    found = propose(of(*lines, guarded), name="mine", most=99)
    assert found.pack.rules[0].examples.no_match[0] == "The weather of the day was wet."


def test_a_small_group_joins_the_others() -> None:
    """One head alone has too few examples for a rule of its own."""
    lines = [repeat("Read more", head=0.9), repeat("Box of tides"), repeat("Box of winds")]
    (rule,) = propose(of(*lines), name="mine", most=99).pack.rules
    assert rule.id == "mine.mined_line"


@pytest.mark.parametrize(
    ("lines", "stay", "words"),
    [
        ([repeat("Box of tides")], STAY, "1 are left"),
        ([repeat(f"Box {x}") for x in "abcd"], STAY[:2], "2 lines stay"),
        ([repeat(f"Box {x}", rule="en.nav") for x in "abcd"], STAY, "4 are found by rules already"),
        ([repeat("12/3", any_number=True, also=["1/2", "2/2"])], STAY, "nothing to propose"),
        ([], (), "nothing to propose"),
    ],
)
def test_too_little_is_refused_with_what_to_do(
    lines: list[Repeat], stay: tuple[str, ...], words: str
) -> None:
    """A rule needs its examples; none is invented."""
    with pytest.raises(InputError, match=words) as refused:
        propose(of(*lines, stay=stay), name="mine", most=99)
    assert "--min-documents" in str(refused.value)


printable = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)
marked = st.lists(
    st.sampled_from(
        ["'", '"', "#", ": ", "- ", "{", "\\d+", "%", "&", "*", "|", "(12)", "ß", "hoà", "9"]
    )
    | printable,
    min_size=1,
    max_size=5,
).map(" ".join)


@settings(max_examples=40)
@given(st.lists(st.tuples(marked, st.booleans()), min_size=3, max_size=12))
@example([("'", False), ("'", False), ("(12) (12)", False)])
def test_any_printable_lines_make_a_pack_that_loads(lines: list[tuple[str, bool]]) -> None:
    """Marks of YAML and of patterns are text in it; its examples do what they say."""
    repeats = [repeat(text, any_number=number) for text, number in lines]
    try:
        found = propose(of(*repeats), name="mine", most=99)
    except InputError:
        return
    pack = Pack.model_validate(load_with_positions(found.yaml, "mine.yaml").data)
    assert pack == found.pack
    assert Packs((pack,)).check_examples() == []
    assert all(len(rule.examples.match) >= MIN_EXAMPLES for rule in pack.rules)


@given(marked)
def test_a_quoted_text_reads_back(text: str) -> None:
    """As a string, whatever it looks like."""
    assert load_with_positions(f"a: {quoted(text)}", "a.yaml").data == {"a": text}


def test_guards_are_known_words() -> None:
    """The table on a terminal has words for each."""
    from typing import get_args

    from cleaner.cli.mine_tables import _GUARDS

    assert set(_GUARDS) == set(get_args(Guard)) - {""}
