"""From a YAML file and the command line to a `RunConfig`, with all mistakes at once, and back.

Each stage is validated by its own class, so users can add stages. Environment variables are never
read, and nothing is interpolated.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from cleaner import registry
from cleaner.config.faults import faults_of, shown
from cleaner.config.model import RunConfig
from cleaner.config.overrides import Draft, Override, Rank, draft
from cleaner.config.yaml_source import KeyPath, Limits, Value, dotted, dump, load_with_positions
from cleaner.errors import ConfigError, Fault
from cleaner.stages.base import Stage


def load(
    path: str | Path,
    *,
    overrides: Sequence[str | Override] = (),
    allow_plugins: bool = True,
) -> RunConfig:
    """Read a config; `overrides` are of the form `stages.noise.min=3`, set in their order.

    Raises ConfigError with every fault that can be told without data, in the file's order.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(Limits().max_bytes + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError([Fault(str(path), "", f"the config cannot be read: {reason}")]) from error
    return parse(text, str(path), overrides=overrides, allow_plugins=allow_plugins)


def parse(
    text: str | bytes,
    source_name: str,
    *,
    overrides: Sequence[str | Override] = (),
    allow_plugins: bool = True,
) -> RunConfig:
    """The same from text; `source_name` is what messages call it, and gives the default `name`."""
    found = draft(load_with_positions(text, source_name), overrides)
    faults = list(found.faults)
    stages = _stages(found, allow_plugins, faults)
    config = _settings(found, faults)
    if config is not None:
        faults += _reader_faults(config.read.readers, found, allow_plugins)
    if faults or config is None:
        raise ConfigError([fault for _, fault in sorted(faults, key=lambda item: item[0])])
    return config.model_copy(update={"stages": tuple(stages)})


def resolved_yaml(config: RunConfig) -> str:
    """The config with every default written out, in a fixed order; it loads back as the same."""
    data = {name: _plain(value) for name, value in config.model_dump(exclude={"stages"}).items()}
    stages = [_plain(stage.model_dump()) for stage in config.stages]
    for stage in stages:
        if stage["id"] is None:
            del stage["id"]
    return dump({name: data.get(name, stages) for name in RunConfig.model_fields})


def check_order(stages: Sequence[Stage]) -> list[tuple[int, str, str, str]]:
    """What is wrong with the order of the stages: (place, key, what is wrong, hint) of each fault.

    Names are unique; what a stage reads, an earlier one has added; after a stage that keeps one of
    several copies none may drop documents, or the last copy could go, but one that thins the corpus
    on purpose; after the last stage that measures the text none may change it.
    """
    return [
        *_repeated_names(stages),
        *_unmet_reads(stages),
        *_drops_after_copies(stages),
        *_edits_after_measures(stages),
    ]


def _settings(found: Draft, faults: list[tuple[Rank, Fault]]) -> RunConfig | None:
    """Everything but the stages, which are validated one by one."""
    data = dict(found.data)
    if isinstance(data.get("stages"), list):
        data["stages"] = []
    if "name" not in data:
        data["name"] = slug(found.source.name)
        if not data["name"]:
            expected = "this key is required, for the file's name gives none"
            faults.append((found.rank(()), Fault(found.where(()), "name", expected)))
            data["name"] = "run"
    try:
        return RunConfig.model_validate_json(json.dumps(data))
    except ValidationError as error:
        faults += faults_of(error, RunConfig, data, (), found)
        return None


def _stages(found: Draft, allow_plugins: bool, faults: list[tuple[Rank, Fault]]) -> list[Stage]:
    items = found.data.get("stages")
    if not isinstance(items, list):
        return []
    stages: list[Stage] = []
    for place, item in enumerate(items):
        try:
            stages.append(_stage(item, ("stages", place), found, allow_plugins))
        except _StageFaults as error:
            faults += error.faults
    if len(stages) == len(items):
        for place, key, expected, hint in check_order(stages):
            path = ("stages", place)
            fault = Fault(found.where(path), f"stages.{place}{key}", expected, hint)
            faults.append((found.rank(path), fault))
    return stages


def _stage(item: Value, path: KeyPath, found: Draft, allow_plugins: bool) -> Stage:
    if not isinstance(item, dict):
        hint = f"write `use: {item}`" if isinstance(item, str) and item.isprintable() else ""
        expected = f"expected a mapping with the key use, not {shown(item)}"
        raise _StageFaults([_at(found, path, Fault("", dotted(path), expected, hint))])
    use = item.get("use")
    use_path = (*path, "use")
    if not isinstance(use, str):
        expected = f"expected the name of a stage, not {shown(use)}"
        hint = f"known stages: {', '.join(registry.BUILT_IN)}"
        raise _StageFaults([_at(found, use_path, Fault("", dotted(use_path), expected, hint))])
    try:
        cls = registry.stage_class(use, allow_plugins=allow_plugins)
    except ConfigError as error:
        faults = [replace(fault, key=dotted(use_path)) for fault in error.faults]
        raise _StageFaults([_at(found, use_path, fault) for fault in faults]) from error
    return _validated(cls, item, path, found)


def _validated(cls: type[Stage], item: dict[str, Value], path: KeyPath, found: Draft) -> Stage:
    try:
        return cls.model_validate_json(json.dumps(item))
    except ValidationError as error:
        raise _StageFaults(list(faults_of(error, cls, item, path, found))) from error
    except Exception as error:  # the class's own validators are not ours
        expected = f"{cls.__name__} failed on its settings: {type(error).__name__}: {error}"
        raise _StageFaults([_at(found, path, Fault("", dotted(path), expected))]) from error


def _reader_faults(
    names: Sequence[str], found: Draft, allow_plugins: bool
) -> list[tuple[Rank, Fault]]:
    """What is wrong with the readers of plugins: of each by itself, or else of all together."""
    path: KeyPath = ("read", "readers")
    faults: list[tuple[Rank, Fault]] = []
    for place, name in enumerate(names):
        try:
            registry.reader(name, allow_plugins=allow_plugins)
        except ConfigError as error:
            here = (*path, place)
            faults += [_at(found, here, replace(f, key=dotted(here))) for f in error.faults]
    if names and not faults:
        try:
            registry.readers(names, allow_plugins=allow_plugins)
        except ConfigError as error:
            faults += [_at(found, path, replace(f, key=dotted(path))) for f in error.faults]
    return faults


class _StageFaults(Exception):  # noqa: N818  carries the faults of one stage to the list of all
    def __init__(self, faults: list[tuple[Rank, Fault]]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


def _at(found: Draft, path: KeyPath, fault: Fault) -> tuple[Rank, Fault]:
    return found.rank(path), replace(fault, where=found.where(path))


def _repeated_names(stages: Sequence[Stage]) -> Iterable[tuple[int, str, str, str]]:
    first: dict[str, int] = {}
    for place, stage in enumerate(stages):
        if first.setdefault(stage.name, place) != place:
            expected = f"stages.{first[stage.name]} is named {stage.name!r}, too"
            yield place, "", expected, "give one of them an id of its own: `id: second_pass`"


def _unmet_reads(stages: Sequence[Stage]) -> Iterable[tuple[int, str, str, str]]:
    added: set[str] = set()
    for place, stage in enumerate(stages):
        for name in sorted(stage.needs() - added):
            later = [s.name for s in stages[place + 1 :] if name in s.adds]
            hint = f"move {later[0]!r} before it" if later else _adder(name)
            yield place, "", f"{stage.name!r} reads {name!r}, which no earlier stage adds", hint
        added |= stage.adds


def _adder(annotation: str) -> str:
    """The built-in stage that adds an annotation, as a hint."""
    for use in registry.BUILT_IN:
        try:
            adds = registry.stage_class(use).adds
        except ConfigError:  # its optional packages are not there
            continue
        if annotation in adds:
            return f"put `use: {use}` before it"
    return ""


def _drops_after_copies(stages: Sequence[Stage]) -> Iterable[tuple[int, str, str, str]]:
    keeper = passages = ""
    for place, stage in enumerate(stages):
        if keeper and stage.can_drop() and not (stage.keeps_one or stage.thins):
            expected = (
                f"{stage.name!r} can drop documents, but stands after {keeper!r}: it could drop the"
                " one copy that was kept, after the others are gone"
            )
            yield place, "", expected, f"move it before {keeper!r}"
        if passages and stage.can_drop() and stage.keeps_one:
            expected = (
                f"{stage.name!r} can drop documents, but stands after {passages!r}: it could drop a"
                " document that holds the one copy of a passage"
            )
            yield place, "", expected, f"move it before {passages!r}"
        keeper = keeper or (stage.name if stage.keeps_one else "")
        passages = passages or (stage.name if stage.keeps_passages() else "")


def _edits_after_measures(stages: Sequence[Stage]) -> Iterable[tuple[int, str, str, str]]:
    last = {stage.use: place for place, stage in enumerate(stages) if stage.measures}
    for place in sorted(last.values()):
        later = [stage.name for stage in stages[place + 1 :] if stage.can_edit()]
        if later:
            expected = (
                f"{stages[place].name!r} measures the text, but {later[-1]!r}, which can change it,"
                " comes later"
            )
            yield place, "", expected, f"move it behind {later[-1]!r}"


def slug(source_name: str) -> str:
    """A run's name from a file's: `Tin tức 2024.yaml` → `Tin-tuc-2024`; '' if nothing is left."""
    stem = PurePath(source_name).name.removesuffix(".yaml").removesuffix(".yml")
    marked = unicodedata.normalize("NFKD", stem.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(char for char in marked if not unicodedata.combining(char))
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")[:100]


def _plain(value: Any) -> Any:
    """Python's own types only; sets are sorted, for their order differs between processes."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(
            (_plain(item) for item in value), key=lambda item: (str(type(item)), str(item))
        )
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return to_jsonable_python(value)
