"""YAML with positions: YAML 1.2 scalars, no duplicates, no tags, and bounds on everything."""

from __future__ import annotations

import math
import time
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cleaner.config.yaml_source import (
    Limits,
    Position,
    Value,
    dump,
    load_with_positions,
)
from cleaner.errors import ConfigError


def faults(text: str | bytes, limits: Limits | None = None) -> list[str]:
    """The messages of a text that is refused."""
    with pytest.raises(ConfigError) as error:
        load_with_positions(text, "f.yaml", limits=limits)
    return [str(fault) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("On", "On"),
        ("off", "off"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("1e-1", 0.1),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("1E3", 1000.0),
        ("-.INF", -math.inf),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("+12", 12),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
        ("=", "="),
        ("'1'", "1"),
        ('"true"', "true"),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: Value) -> None:
    """A plain scalar has the type that the core schema of YAML 1.2 gives it, in any place."""
    loaded = load_with_positions(f"key: {text}", "f.yaml").data
    assert loaded == {"key": value}
    assert isinstance(loaded, dict)
    assert type(loaded["key"]) is type(value)


def test_not_a_number_is_a_number() -> None:
    """`.nan` is the float."""
    loaded = load_with_positions("[.nan, .NaN]", "f.yaml").data
    assert isinstance(loaded, list)
    assert all(isinstance(item, float) and math.isnan(item) for item in loaded)


def test_keys_are_text_even_when_they_look_like_norwegian() -> None:
    """The language code of Norwegian is text as a key, too."""
    assert load_with_positions("no: 1\non: 2\n", "f.yaml").data == {"no": 1, "on": 2}


def test_values_and_keys_know_their_place() -> None:
    """Lines and columns count from 1; a missing value has the place of what is around it."""
    source = load_with_positions("a: 1\nstages:\n  - use: x\n    đ: [1, 22]\n", "f.yaml")
    assert source.position(("a",)) == Position(1, 4)
    assert source.position(("a",), of_key=True) == Position(1, 1)
    assert source.where(("stages", 0, "đ", 1)) == "f.yaml:4:12"
    assert source.where(("stages", 0, "đ"), of_key=True) == "f.yaml:4:5"
    assert source.where(("stages", 0, "missing", 3)) == "f.yaml:3:5"
    assert source.where(("nothing",)) == "f.yaml:1:1"


def test_duplicate_keys_give_both_places() -> None:
    """A repeated key is a fault that names the first place; all of them are reported."""
    assert faults("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n") == [
        "f.yaml:4:3: b.c: this key is there twice; first at line 3, column 3",
        "f.yaml:5:1: a: this key is there twice; first at line 1, column 1",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n\tb: 2\n", "f.yaml:2:1: a tab may not stand here; indent with spaces"),
        (b"a: 1\nb\xc3\xa9: \xff\n", "f.yaml:2:5: the byte 0xff is not UTF-8"),
        (b"\xff\xfea\x00", "f.yaml:1:1: the byte 0xff is not UTF-8"),
        ("a: 'x\0'", "f.yaml:1:6: the character U+0000 is not allowed in YAML"),
        ("a: !!python/object/apply:os.system [ls]", "f.yaml:1:4: the tag 'tag:yaml.org,2002:pyth"),
        ("a: !!str 1", "f.yaml:1:4: the tag 'tag:yaml.org,2002:str' is not allowed"),
        ("- a\n- ! b", "f.yaml:2:3: the tag '!' is not allowed"),
        ("<<: {a: 1}", "f.yaml:1:1: merge keys ('<<') are not YAML 1.2"),
        ("1: a", "f.yaml:1:1: a key must be text; put '1' in quotes"),
        ("? [a]\n: b", "f.yaml:1:3: a key must be text, not a list"),
        ("? {a: 1}\n: b", "f.yaml:1:3: a key must be text, not a mapping"),
        ('a: "\\ud83d"', "f.yaml:1:4: a: half a surrogate pair"),
        ("&a [*a]", "f.yaml:1:1: an anchor holds an alias of itself"),
        ("a: [1, 2", "f.yaml:1:9: not YAML: expected ',' or ']'"),
        ("a: *b", "f.yaml:1:4: not YAML: found undefined alias 'b'"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: not YAML: but found another document"),
        ("a: " + "9" * 401, "f.yaml:1:4: a: a number of 401 characters; at most 400"),
        ("[" * 5000, "f.yaml:1:65: nested more than 64 levels deep"),
        ("- " * 5000, "f.yaml:1:129: nested more than 64 levels deep"),
        ("#" * ((1 << 20) + 1), "f.yaml:1:1: 1,048,577 bytes; a config has at most 1,048,576"),
    ],
)
def test_what_is_refused_says_where(text: str | bytes, message: str) -> None:
    """Each refusal is one sentence with file, line and column."""
    found = faults(text)
    assert len(found) == 1
    assert found[0].startswith(message)


def test_aliases_unfold_to_data_of_their_own() -> None:
    """An alias gives an equal value that is not the same object, and the anchor's place."""
    source = load_with_positions("a: &x [1, {b: 2}]\nc: *x\n", "f.yaml")
    assert isinstance(source.data, dict)
    assert source.data["a"] == source.data["c"] == [1, {"b": 2}]
    assert source.data["a"] is not source.data["c"]
    assert source.where(("c", 1, "b")) == "f.yaml:1:15"


def test_a_billion_laughs_are_refused_at_once() -> None:
    """What aliases unfold to is bounded, in values and in characters."""
    lines = ["a0: &a0 [" + "x," * 10 + "]"]
    lines += [f"a{j}: &a{j} [{f'*a{i},' * 10}]" for i, j in pairwise(range(12))]
    started = time.process_time()
    assert "aliases unfold to more than a config may hold" in faults("\n".join(lines))[0]
    long = "a: &a " + "x" * 100_000 + "\nb: [" + "*a," * 1000 + "]"
    assert "aliases unfold to more than a config may hold" in faults(long)[0]
    assert time.process_time() - started < 10


def test_nesting_through_aliases_is_bounded() -> None:
    """Short nested pieces may not add up to a deep one."""
    lines = ["a0: &a0 [1]"] + [f"a{j}: &a{j} [[[[*a{i}]]]]" for i, j in pairwise(range(30))]
    assert "nested more than 64 levels deep" in faults("\n".join(lines))[0]


def test_the_number_of_values_is_bounded() -> None:
    """A long list is refused before it is read to its end."""
    assert "more than 100 values" in faults("[" + "1," * 200 + "]", Limits(max_nodes=100))[0]


def test_the_name_of_the_file_cannot_steer_a_terminal() -> None:
    """Unprintable characters of a file's name are escaped in messages."""
    with pytest.raises(ConfigError, match=r"^a\\x1b\[2J\.yaml:1:1: ") as error:
        load_with_positions("1: a", "a\x1b[2J.yaml")
    assert "\x1b" not in str(error.value)


def test_a_byte_order_mark_is_not_part_of_the_first_key() -> None:
    """Files saved with a mark read like those without."""
    assert load_with_positions(b"\xef\xbb\xbfa: 1", "f.yaml").data == {"a": 1}
    assert load_with_positions("\ufeffa: 1", "f.yaml").data == {"a": 1}


def test_empty_is_nothing() -> None:
    """A file of comments holds no value."""
    assert load_with_positions("# later\n", "f.yaml").data is None


TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["no", "0o10", "1e-1", "12:30", "2024-01-01", "0x1F", "~", "<<", "=", "- a", "a: b", "#", "\t"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_dumped_loads_back(value: Value) -> None:
    """`dump` writes text that our loader reads back, with the same types."""
    again = load_with_positions(dump({"key": value}), "f.yaml").data
    assert again == {"key": value}
    assert repr(again) == repr({"key": value})


@given(TEXTS)
def test_what_is_dumped_is_the_same_text_for_yaml_1_1(text: str) -> None:
    """Other readers take a dumped text for a text."""
    assert yaml.safe_load(dump([text])) == [text]


@given(st.binary(max_size=200))
def test_no_bytes_bring_anything_but_data_or_faults(data: bytes) -> None:
    """Whatever is in the file, the answer is data or a ConfigError."""
    try:
        source = load_with_positions(data, "f.yaml")
    except ConfigError as error:
        assert all(fault.where.startswith("f.yaml:") for fault in error.faults)  # noqa: PT017
    else:
        assert source.name == "f.yaml"


@given(st.text(st.sampled_from("ab:-?[]{},&*!|>'\"%@` \n\t#~1.<\\"), max_size=60))
def test_no_yaml_brings_anything_but_data_or_faults(text: str) -> None:
    """The same for text that is dense in YAML's own characters."""
    try:
        source = load_with_positions(text, "f.yaml")
    except ConfigError as error:
        assert error.faults  # noqa: PT017
    else:
        assert source.name == "f.yaml"
