"""What the command line changes in a config, and the draft that knows each value's origin."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from cleaner.config.model import expand_engine, expand_input
from cleaner.config.yaml_source import KeyPath, Source, Value, dotted, load_with_positions
from cleaner.errors import ConfigError, Fault

Rank: TypeAlias = tuple[int, int, int]
"""Sorts faults: those of the file by line and column, then those of the command line."""


@dataclass(frozen=True, slots=True)
class Override:
    """A value from the command line; messages call it `label`: `--set stages.noise.min=3`."""

    path: tuple[str, ...]
    value: Value
    label: str


class Origin(NamedTuple):
    """The place of an override in the order of the command line, and what messages call it."""

    number: int
    label: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The data of a config before it is validated, and the origin of each value."""

    data: dict[str, Value]
    source: Source
    origins: Mapping[KeyPath, Origin]
    faults: tuple[tuple[Rank, Fault], ...] = ()
    """Of overrides that are not of the right form or have no place in this config."""

    def origin(self, path: KeyPath) -> Origin | None:
        """The option that set the value, or one around it; None if the file did."""
        prefixes = (path[:size] for size in range(len(path), 0, -1))
        return next((self.origins[prefix] for prefix in prefixes if prefix in self.origins), None)

    def where(self, path: KeyPath, *, of_key: bool = False) -> str:
        """`file:line:column`, or the option of the command line."""
        origin = self.origin(path)
        return origin.label if origin else self.source.where(path, of_key=of_key)

    def rank(self, path: KeyPath, *, of_key: bool = False) -> Rank:
        """The order in which a reader of file and command line meets the value."""
        origin = self.origin(path)
        if origin:
            return (1, origin.number, 0)
        return (0, *self.source.position(path, of_key=of_key))


def draft(source: Source, overrides: Sequence[str | Override]) -> Draft:
    """The source's data with short forms written out and the overrides set, in their order.

    Raises ConfigError if the source is not a mapping.
    """
    data = _mapping(source)
    origins: dict[KeyPath, Origin] = {}
    faults: list[tuple[Rank, Fault]] = []
    for number, item in enumerate(overrides):
        try:
            override = parse_override(item) if isinstance(item, str) else item
            _set(data, override, Origin(number, override.label), origins)
        except ConfigError as error:
            faults += [((1, number, 0), fault) for fault in error.faults]
    return Draft(data, source, origins, tuple(faults))


def parse_override(text: str) -> Override:
    """`stages.noise.min=3` as a path and a YAML value; ConfigError if it is not of that form."""
    key, equals, value = text.partition("=")
    path = tuple(key.strip().split("."))
    label = f"--set {text if text.isprintable() else repr(text)[1:-1]}"
    if not equals or not all(path):
        raise ConfigError([Fault(label, "", "expected KEY=VALUE, such as stages.noise.min=3")])
    try:
        return Override(path, load_with_positions(value, label).data, label)
    except ConfigError as error:
        faults = [Fault(label, dotted(path), fault.expected, fault.hint) for fault in error.faults]
        raise ConfigError(faults) from None


def _mapping(source: Source) -> dict[str, Value]:
    if source.data is None:
        raise ConfigError([Fault(source.where(()), "", "the config is empty")])
    if not isinstance(source.data, dict):
        expected = "expected a mapping with the keys name, input and stages"
        raise ConfigError([Fault(source.where(()), "", expected)])
    data = copy.deepcopy(source.data)
    return {key: _expanded((key,), value) for key, value in data.items()}


def _set(
    data: dict[str, Value], override: Override, origin: Origin, origins: dict[KeyPath, Origin]
) -> None:
    """Set one value in place; mappings that are missing on the way are made."""
    here: Any = data
    path: KeyPath = ()
    last = len(override.path) - 1
    for depth, name in enumerate(override.path):
        part = _part(here, path, name, override)
        path = (*path, part)
        if depth == last:
            here[part] = _expanded(path, override.value)
        else:
            if _is_absent(here, part):
                here[part] = {}
                origins[path] = origin
            here = here[part]
    for older in [known for known in origins if known[: len(path)] == path]:
        del origins[older]
    origins[path] = origin


def _is_absent(here: Any, part: str | int) -> bool:
    if isinstance(here, dict) and part not in here:
        return True
    return here[part] is None


def _expanded(path: KeyPath, value: Value) -> Value:
    """The short forms are as good on the command line as in a file."""
    if path == ("input",):
        return _plain(expand_input(value))
    return _plain(expand_engine(value)) if path == ("engine",) else value


def _plain(value: Any) -> Value:
    plain: Value = value
    return plain


def _part(here: Value, path: KeyPath, name: str, override: Override) -> str | int:
    if isinstance(here, dict):
        return name
    if not isinstance(here, list):
        expected = f"{dotted(path)} is a plain value and has no keys"
        raise ConfigError([Fault(override.label, dotted(override.path), expected)])
    if name.isascii() and name.isdigit() and len(name) < 10 and int(name) < len(here):
        return int(name)
    places = _named(here, name) if path == ("stages",) else []
    if len(places) == 1:
        return places[0]
    raise ConfigError([_no_place(here, path, name, places, override)])


def _named(stages: list[Value], name: str) -> list[int]:
    """The places of the stages of this `id`, or else of this `use`."""
    named = [i for i, stage in enumerate(stages) if isinstance(stage, dict) and _id(stage) == name]
    return named or [
        i for i, stage in enumerate(stages) if isinstance(stage, dict) and stage.get("use") == name
    ]


def _id(stage: dict[str, Value]) -> Value:
    use = stage.get("use")
    return stage.get("id") or (use.rpartition(":")[2] if isinstance(use, str) else use)


def _no_place(
    here: list[Value], path: KeyPath, name: str, places: list[int], override: Override
) -> Fault:
    key = dotted(override.path)
    if places:
        expected = f"more than one stage is named {name!r}"
        return Fault(override.label, key, expected, f"give its place: {places}")
    last = f"0 to {len(here) - 1}" if here else "none"
    expected = f"{dotted(path)} has nothing at {name!r}; places: {last}"
    names = (
        ", ".join(str(_id(s)) for s in here if isinstance(s, dict)) if path == ("stages",) else ""
    )
    return Fault(override.label, key, expected, f"stages: {names}" if names else "")
