"""The models: sizes, short forms, and what they refuse."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from cleaner.config.model import (
    Engine,
    Input,
    Read,
    RunConfig,
    Write,
    expand_input,
)
from cleaner.config.values import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (1, 1),
        ("1", 1),
        ("512MB", 512_000_000),
        ("1GiB", 1 << 30),
        ("1.5 GiB", 3 << 29),
        ("0.1kb", 100),
        ("2tib", 2 << 40),
    ],
)
def test_sizes_are_read_in_both_systems(text: object, size: int) -> None:
    """MB is 10^6, MiB is 2^20; case and a space do not matter."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", [0, -1, "0", "0.1B", True, 1.5, "", "GiB", "1 G", "1e3", "9" * 19, "٣MB", None, [1]]
)
def test_what_is_no_size_is_refused(text: object) -> None:
    """Sizes of nothing, unknown units, and numbers that only look like some are refused."""
    with pytest.raises(ValueError, match="expected a size such as"):
        parse_size(text)


@given(st.integers(min_value=1, max_value=(1 << 62) - 1))
def test_a_size_is_written_so_that_it_reads_back(size: int) -> None:
    """Writing is exact."""
    assert parse_size(format_size(size)) == size


def test_a_size_is_written_in_its_largest_whole_unit() -> None:
    """People read 32MiB, not 33554432."""
    assert [format_size(n) for n in (32 << 20, 3 << 29, 1000, 1 << 40)] == [
        "32MiB",
        "1536MiB",
        1000,
        "1TiB",
    ]


def test_short_forms_stand_for_the_full_ones() -> None:
    """A bare path is an input; a bare kind is an engine."""
    short = RunConfig(name="a", input="x", stages=(), engine="inline")  # type: ignore[arg-type]
    full = RunConfig(
        name="a", input=(Input(path="x"),), stages=(), engine=Engine(kind="inline"), output="out/a"
    )
    assert short == full
    assert expand_input(["a", {"path": "b"}, 3]) == [{"path": "a"}, {"path": "b"}, 3]


def test_a_config_is_a_value() -> None:
    """It is frozen, comparable and pickled as plain data."""
    config = RunConfig(name="a", input=(Input(path="x"),), stages=())
    assert pickle.loads(pickle.dumps(config)) == config
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 3


@pytest.mark.parametrize("model", [RunConfig, Read, Write, Engine, Input])
def test_every_key_is_described(model: type[BaseModel]) -> None:
    """The reference is generated from the descriptions, so each field has a sentence."""
    missing = [
        name
        for name, field in model.model_fields.items()
        if not (field.description or "").endswith(".")
    ]
    assert not missing


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "a\\b", "", ".a", "-a", "a b", "a\n", "é"])
def test_a_name_is_safe_as_a_folder(name: str) -> None:
    """A run's name leads nowhere but to a folder of that name."""
    with pytest.raises(ValidationError):
        RunConfig(name=name, input=(Input(path="x"),), stages=())


@pytest.mark.parametrize("value", [0, 3, 0.0, 0.5, 1.0])
def test_max_bad_is_a_count_or_a_share(value: float) -> None:
    """A whole number counts records; a number with a point is a share; the type is kept."""
    kept = RunConfig(name="a", input=(Input(path="x"),), stages=(), max_bad=value).max_bad
    assert (kept, type(kept)) == (value, type(value))


@pytest.mark.parametrize("value", [-1, 1.5, -0.1, float("nan"), float("inf"), True])
def test_max_bad_refuses_the_rest(value: float) -> None:
    """A share above one, and what is no number, is refused."""
    with pytest.raises(ValidationError, match=r"a share from 0\.0 to 1\.0"):
        RunConfig(name="a", input=(Input(path="x"),), stages=(), max_bad=value)


@pytest.mark.parametrize("encoding", ["zlib", "no-such", "a\0b", "undefined"])
def test_an_encoding_is_one_that_text_can_have(encoding: str) -> None:
    """Codecs that are not for text are refused before a file is opened."""
    with pytest.raises(ValidationError, match="an encoding that Python knows"):
        Read(encoding=encoding)
    assert Read(encoding="windows-1258").encoding == "windows-1258"
