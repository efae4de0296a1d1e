"""Packages that add stages and readers: found by entry point, imported when they are asked for.

Importing a plugin runs code that is not ours: a config that names one is as trusted as a script.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, entry_points
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

STAGES: Final = "cleaner.stages"
READERS: Final = "cleaner.readers"
OURS: Final = "cleaner"
Kind: TypeAlias = Literal["stage", "reader"]


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """An entry point: "module:attribute", and the package that has it, with its version."""

    target: str
    package: str
    version: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """A stage or reader of someone else's that a run uses, as the manifest names it.

    `package` and `version` are None for a module that belongs to no installed package; `source` is
    the sha256 of the file that defines it, '' where there is none.
    """

    kind: Kind
    name: str
    target: str
    package: str | None
    version: str | None
    source: str

    def to_json(self) -> dict[str, str | None]:
        """As plain data."""
        return {
            "kind": self.kind,
            "name": self.name,
            "target": self.target,
            "package": self.package,
            "version": self.version,
            "source_sha256": self.source,
        }


class Unimportable(Exception):  # noqa: N818  what the plugin is
    """A plugin cannot be imported; `hint` says what to do about it."""

    def __init__(self, why: str, hint: str) -> None:
        self.hint = hint
        super().__init__(why)


def points(group: str) -> Mapping[str, Sequence[Point]]:
    """Name → entry points of a group, sorted; a package that is on the path twice counts once."""
    found: dict[str, set[Point]] = {}
    for point in entry_points(group=group):
        about = [_said(point.dist, key) for key in ("Name", "Version")]
        found.setdefault(point.name, set()).add(Point(f"{point.module}:{point.attr}", *about))
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def load(target: str, package: str = "") -> Any:
    """What a "module:attribute" names; `package` is whom to blame.

    Raises:
        Unimportable: there is none, or importing it fails in any way.
    """
    module, _, name = target.partition(":")
    mend = f"mend or uninstall {package}" if package else ""
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        hint = "install its package, or put its folder on PYTHONPATH"
        raise Unimportable(str(error), f"reinstall {package}" if package else hint) from error
    except AttributeError as error:
        raise Unimportable(str(error), mend) from error
    except (Exception, SystemExit) as error:  # whatever code that is not ours does
        raise Unimportable(f"{type(error).__name__}: {error}", mend) from error


def is_ours(thing: Any) -> bool:
    """Whether a class or function is part of this program."""
    return str(getattr(thing, "__module__", "")).partition(".")[0] == OURS


@lru_cache(maxsize=256)
def describe(kind: Kind, name: str, group: str, thing: Any) -> Plugin:
    """Where a stage's class, or a reader's function, comes from; looked up once a process."""
    target = f"{thing.__module__}:{thing.__qualname__}"
    named = points(group).get(name, ())
    if named:
        point = named[0]
        return Plugin(kind, name, target, point.package, point.version, _source(thing))
    package, version = _package(thing.__module__.partition(".")[0])
    return Plugin(kind, name, target, package, version, _source(thing))


def _said(package: Distribution | None, key: str) -> str:
    """A field of a package's metadata, which may be damaged."""
    if package is None or key not in package.metadata:
        return ""
    return package.metadata[key]


def _package(module: str) -> tuple[str | None, str | None]:
    """The installed package that is named as its top module is, and its version."""
    try:
        found = distribution(module)
    except (PackageNotFoundError, ValueError):
        return None, None
    return found.name, found.version


def _source(thing: Any) -> str:
    """The sha256 of the file that defines a class or function."""
    module = sys.modules.get(thing.__module__)
    try:
        path = inspect.getsourcefile(module) if module is not None else None
        return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else ""
    except (OSError, TypeError):  # compiled, or inside a zip
        return ""
