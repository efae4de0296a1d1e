"""Loading a config: all faults at once with their places, overrides, the order of the stages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cleaner.config.load import load, parse, resolved_yaml
from cleaner.config.model import Engine, Input, RunConfig, Write
from cleaner.errors import ConfigError
from cleaner.registry import BUILT_IN
from cleaner.stages.base import CorpusStage, MapStage

HERE = "tests.config.test_load"


class Window(BaseModel):
    """Settings within settings."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    lines: int = 3
    languages: tuple[str, ...] = ()


class Tides(MapStage):
    """A stage with a field of every sort, as a user writes it."""

    drops: ClassVar[bool] = True
    min_rows: Annotated[int, Field(ge=1)] = 8
    share: float = 0.5
    is_strict: bool = True
    mode: Literal["fast", "thorough"] = "fast"
    limit: int | Literal["auto"] = "auto"
    packs: tuple[str, ...] = ("vi",)
    marks: frozenset[str] = frozenset({"b", "a"})
    weights: dict[str, float] = Field(default_factory=dict)
    window: Window = Window()
    folder: Path | None = None

    def can_drop(self) -> bool:
        """Only in a hurry."""
        return self.mode == "fast"


class Counts(MapStage):
    """Adds an annotation."""

    adds: ClassVar[frozenset[str]] = frozenset({"frequency"})


class Weighs(MapStage):
    """Needs that annotation."""

    reads: ClassVar[frozenset[str]] = frozenset({"frequency"})


class Copies(CorpusStage):
    """Keeps one of several copies."""

    drops: ClassVar[bool] = True
    keeps_one: ClassVar[bool] = True


class Fails(MapStage):
    """A stage whose own check has a fault."""

    @model_validator(mode="after")
    def _check(self) -> Fails:
        raise KeyError("lost")


def messages(text: str, *overrides: str, allow_plugins: bool = True) -> list[str]:
    """The faults of a config, one a line."""
    with pytest.raises(ConfigError) as error:
        parse(text, "run.yaml", overrides=overrides, allow_plugins=allow_plugins)
    return str(error.value).split("\n")


def config(*stages: str) -> str:
    """A good config with these stages, one a line from line 3."""
    items = "".join(f"  - {{use: {HERE}:{stage}}}\n" for stage in stages)
    return f"input: a\nstages:\n{items}" if items else "input: a\nstages: []\n"


def test_a_config_with_nothing_but_input_and_stages_is_complete(tmp_path: Path) -> None:
    """Everything else has a default; name and output come from the file's name."""
    path = tmp_path / "tin tức Đà Nẵng.yaml"
    path.write_text(config("Tides"), encoding="utf-8")
    loaded = load(path)
    assert loaded == RunConfig(
        name="tin-tuc-Da-Nang",
        input=(Input(path="a"),),
        stages=(Tides(use=f"{HERE}:Tides"),),
        output="out/tin-tuc-Da-Nang",
    )
    assert isinstance(loaded.stages[0], Tides)
    assert (loaded.engine.shard_bytes, loaded.write.documents_per_part) == (32 << 20, 25_000)


def test_all_faults_come_at_once_in_the_order_of_the_file() -> None:
    """Each has its place, its key, what was expected in plain words, and what was meant."""
    text = f"""\
name: ../x
inptu: a
input: [a, {{path: b, prioriti: 2}}]
stages:
  - use: {HERE}:Tides
    min_rows: 0
    pakcs: [no, en]
    window: {{langauges: [vi]}}
  - use: {HERE}:Tides
    id: second
    packs: [no, 3]
    mode: fats
    limit: many
    is_strict: yes
    share: "1"
  - use: unicde
  - tidy
  - use: {HERE}:Missing
  - {{id: x}}
  - use: no_such_module:X
max_bad: 2.5
read: {{max_document_bytes: 3XB, segment: page}}
"""
    known = ", ".join(BUILT_IN)
    assert messages(text) == [
        (
            "run.yaml:1:7: name: expected up to 100 letters, digits, '.', '_' and '-', the first a"
            " letter or digit, not '../x'"
        ),
        "run.yaml:2:1: inptu: unknown key (did you mean 'input'?)",
        "run.yaml:3:22: input.1.prioriti: unknown key (did you mean 'priority'?)",
        "run.yaml:6:15: stages.0.min_rows: expected a number of at least 1, not 0",
        "run.yaml:7:5: stages.0.pakcs: unknown key (did you mean 'packs'?)",
        "run.yaml:8:14: stages.0.window.langauges: unknown key (did you mean 'languages'?)",
        "run.yaml:11:17: stages.1.packs.1: expected text, not 3",
        (
            "run.yaml:12:11: stages.1.mode: expected 'fast' or 'thorough', not 'fats'"
            " (did you mean 'fast'?)"
        ),
        "run.yaml:13:12: stages.1.limit: expected a whole number or 'auto', not 'many'",
        (
            "run.yaml:14:16: stages.1.is_strict: expected true or false, not 'yes'"
            " (in YAML 1.2 only true and false are booleans)"
        ),
        "run.yaml:15:12: stages.1.share: expected a number, not '1'",
        "run.yaml:16:10: stages.2.use: there is no stage 'unicde' (did you mean 'unicode'?)",
        (
            "run.yaml:17:5: stages.3: expected a mapping with the key use, not 'tidy'"
            " (write `use: tidy`)"
        ),
        (
            f"run.yaml:18:10: stages.4.use: '{HERE}:Missing' cannot be imported: module '{HERE}'"
            " has no attribute 'Missing'"
        ),
        (
            "run.yaml:19:5: stages.5.use: expected the name of a stage, not nothing"
            f" (known stages: {known})"
        ),
        (
            "run.yaml:20:10: stages.6.use: 'no_such_module:X' cannot be imported: No module named"
            " 'no_such_module' (install its package, or put its folder on PYTHONPATH)"
        ),
        (
            "run.yaml:21:10: max_bad: expected a share from 0.0 to 1.0, or a whole number of"
            " records, not 2.5"
        ),
        (
            "run.yaml:22:28: read.max_document_bytes: expected a size such as 33554432,"
            ' "512MB" or "1GiB", not \'3XB\''
        ),
        "run.yaml:22:42: read.segment: expected 'line', 'paragraph' or 'sentence', not 'page'",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "run.yaml:1:1: the config is empty"),
        ("- a", "run.yaml:1:1: expected a mapping with the keys name, input and stages"),
        ("stages: []", "run.yaml:1:1: input: this key is required"),
        ("input: a", "run.yaml:1:1: stages: this key is required"),
        ("input: a\nstages:", "run.yaml:2:8: stages: expected a list, not nothing"),
        ("input: []\nstages: []", "run.yaml:1:8: input: expected a list of at least 1, not an"),
        ("input: ' '\nstages: []", "run.yaml:1:8: input.0.path: expected a path, not empty text"),
        ("input: 3\nstages: []", "run.yaml:1:8: input: expected a list, not 3"),
        ("input: a\nstages: []\nengine: rays", "run.yaml:3:9: engine.kind: expected 'local', 'inl"),
        ("input: a\nstages: []\nseed: 1.5", "run.yaml:3:7: seed: expected a whole number, not 1.5"),
        (
            "input: a\nstages: []\nread: {max_ratio: .inf}",
            "run.yaml:3:19: read.max_ratio: expected",
        ),
    ],
)
def test_one_mistake_is_one_fault(text: str, message: str) -> None:
    """Nothing is said twice, whatever follows from a mistake."""
    found = messages(text)
    assert len(found) == 1
    assert found[0].startswith(message)


def test_a_check_of_a_stage_that_fails_is_a_fault_of_the_config() -> None:
    """Any exception of a user's class is reported with the place of the stage."""
    assert messages(config("Fails")) == [
        "run.yaml:3:5: stages.0: Fails failed on its settings: KeyError: 'lost'"
    ]


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """A missing config and a folder are named with the reason."""
    with pytest.raises(ConfigError, match=r"none\.yaml: the config cannot be read: No such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="the config cannot be read: Is a directory"):
        load(tmp_path)


def test_a_name_that_cannot_be_made_is_asked_for() -> None:
    """Two files in another script may not share one default folder."""
    with pytest.raises(ConfigError, match="name: this key is required, for the file's name gives"):
        parse(config("Counts"), "新聞.yaml")


def test_plugins_can_be_refused() -> None:
    """Without plugins nothing outside the table of built-ins is imported."""
    found = messages(config("Tides"), allow_plugins=False)
    assert found[0].startswith(
        f"run.yaml:3:11: stages.0.use: '{HERE}:Tides' is a plugin, and plugins are switched off"
    )


def test_names_of_stages_are_unique() -> None:
    """The ledger names a stage; a second of its kind needs an id."""
    assert messages(config("Counts", "Weighs", "Counts")) == [
        (
            "run.yaml:5:5: stages.2: stages.0 is named 'Counts', too"
            " (give one of them an id of its own: `id: second_pass`)"
        )
    ]


def test_a_stage_comes_after_what_it_reads() -> None:
    """An annotation must have been added by an earlier stage; the hint says which one adds it."""
    assert messages(config("Weighs", "Counts")) == [
        (
            "run.yaml:3:5: stages.0: 'Weighs' reads 'frequency', which no earlier stage adds"
            " (move 'Counts' before it)"
        )
    ]
    assert len(parse(config("Counts", "Weighs"), "run.yaml").stages) == 2


def test_nothing_drops_documents_after_copies_are_gone() -> None:
    """A stage that can drop may not follow one that keeps one copy, unless it is such a one."""
    found = messages(config("Copies", "Tides"))
    assert len(found) == 1
    assert found[0].startswith("run.yaml:4:5: stages.1: 'Tides' can drop documents, but stands")
    assert found[0].endswith("(move it before 'Copies')")
    assert len(parse(config("Tides", "Copies"), "run.yaml").stages) == 2
    harmless = config("Copies", "Tides").replace("Tides}", "Tides, mode: thorough}")
    assert len(parse(harmless, "run.yaml").stages) == 2
    twice = config("Copies", "Copies").replace("Copies}", "Copies, id: again}", 1)
    assert len(parse(twice, "run.yaml").stages) == 2


def test_overrides_reach_every_value() -> None:
    """By key, by place, by the name or id of a stage; values are YAML; later ones win."""
    text = config("Tides", "Counts").replace("Counts}", "Counts, id: counted}")
    loaded = parse(
        text,
        "run.yaml",
        overrides=[
            "stages.Tides.min_rows=5",
            "stages.0.packs=[no, en]",
            "stages.0.window.lines=9",
            "stages.counted.id=renamed",
            "name=no",
            "write.compression_level=19",
            "engine=inline",
            "engine.workers=3",
            "engine.memory_budget=2GB",
            "input=[b, {path: c, priority: 2}]",
            "input.0.label=first",
            "max_bad=1.0",
            "seed=1",
            "seed=2",
        ],
    )
    assert loaded == RunConfig(
        name="no",
        output="out/no",
        input=(Input(path="b", label="first"), Input(path="c", priority=2)),
        stages=(
            Tides(use=f"{HERE}:Tides", min_rows=5, packs=("no", "en"), window=Window(lines=9)),
            Counts(use=f"{HERE}:Counts", id="renamed"),
        ),
        write=Write(compression_level=19),
        engine=Engine(kind="inline", workers=3, memory_budget=2_000_000_000),
        max_bad=1.0,
        seed=2,
    )


def test_faults_of_overrides_name_the_option() -> None:
    """They come after those of the file, in the order of the command line."""
    found = messages(
        config("Tides") + "zeal: 1\nname: a\n",
        "stages.Tides.min_rows=x",
        "wirte.level=1",
        "engine.workers=0",
        "name",
        "input.3.path=x",
        "stages.Tide.share=1",
        "seed.x=1",
        "read=[1",
        "name.x=1",
    )
    assert found == [
        f"run.yaml:4:1: zeal: unknown key (known keys: {', '.join(RunConfig.model_fields)})",
        "--set stages.Tides.min_rows=x: stages.0.min_rows: expected a whole number, not 'x'",
        "--set wirte.level=1: wirte: unknown key (did you mean 'write'?)",
        (
            "--set engine.workers=0: engine.workers: expected a whole number from 1 to 4096,"
            ' or "auto", not 0'
        ),
        "--set name: expected KEY=VALUE, such as stages.noise.min=3",
        "--set input.3.path=x: input.3.path: input has nothing at '3'; places: 0 to 0",
        (
            "--set stages.Tide.share=1: stages.Tide.share: stages has nothing at 'Tide';"
            " places: 0 to 0 (stages: Tides)"
        ),
        "--set seed.x=1: seed: expected a whole number, not a mapping",
        (
            "--set read=[1: read: not YAML: expected ',' or ']', but got '<stream end>',"
            " while parsing a flow sequence that begins at line 1"
        ),
        "--set name.x=1: name.x: name is a plain value and has no keys",
    ]


def test_a_stage_name_that_fits_two_stages_is_refused() -> None:
    """The place says which one is meant."""
    text = config("Tides", "Tides")
    assert any(
        "more than one stage is named 'Tides' (give its place: [0, 1])" in message
        for message in messages(text, "stages.Tides.share=1")
    )
    assert parse(text, "run.yaml", overrides=["stages.1.id=b", "stages.b.share=0.25"])


def test_the_environment_is_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks like a variable is text."""
    monkeypatch.setenv("CORPUS", "secret")
    loaded = parse("input: ${CORPUS}/$CORPUS\nstages: []\n", "run.yaml")
    assert loaded.input[0].path == "${CORPUS}/$CORPUS"


def test_the_resolved_config_lists_every_default_and_loads_back() -> None:
    """It has every key of every model, sets sorted, and gives the same config."""
    loaded = parse(config("Tides", "Copies"), "run.yaml", overrides=["stages.0.folder=a/b"])
    text = resolved_yaml(loaded)
    assert parse(text, "elsewhere.yaml") == loaded
    assert resolved_yaml(parse(text, "elsewhere.yaml")) == text
    keys = [line.split(":")[0] for line in text.splitlines() if line[0] not in " -"]
    assert keys == list(RunConfig.model_fields)
    assert "  shard_bytes: 32MiB\n" in text
    assert "  marks:\n  - a\n  - b\n" in text
    assert "  folder: a/b\n" in text


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.builds(
        Tides,
        use=st.just(f"{HERE}:Tides"),
        id=st.none() | st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
        min_rows=st.integers(min_value=1),
        share=st.floats(allow_nan=False),
        packs=st.lists(TEXT, max_size=3).map(tuple),
        marks=st.frozensets(TEXT, max_size=3),
        weights=st.dictionaries(TEXT, st.floats(allow_nan=False), max_size=3),
    ),
    st.sampled_from([0, 7, 0.0, 0.25, 1.0]),
)
def test_any_config_survives_being_written_and_read(stage: Tides, max_bad: float) -> None:
    """Writing and reading changes no value and no type."""
    original = RunConfig(name="a", input=(Input(path="x"),), stages=(stage,), max_bad=max_bad)
    again = parse(resolved_yaml(original), "run.yaml")
    assert again == original
    assert type(again.max_bad) is type(max_bad)
