"""From the `use:` of a config to the class of the stage; nothing is imported unasked.

A name is looked up in the table of built-ins, then among the entry points of the group
`cleaner.stages`; "module:Class" names a class directly. The latter two import code that is not
ours: a config that uses them is as trusted as a script, and `allow_plugins=False` refuses both.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Final

from cleaner.errors import ConfigError, Fault
from cleaner.stages.base import CorpusStage, MapStage, Stage

BUILT_IN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unicode": "cleaner.stages.unicode:Unicode",
        "repeats": "cleaner.stages.repeats:Repeats",
        "noise": "cleaner.stages.noise:Noise",
        "language": "cleaner.stages.language:Language",
        "repeated_passages": "cleaner.stages.repeated_passages:RepeatedPassages",
        "url": "cleaner.stages.url:Url",
        "quality": "cleaner.stages.quality:Quality",
        "decontaminate": "cleaner.stages.decontaminate:Decontaminate",
        "exact_duplicates": "cleaner.stages.exact_duplicates:ExactDuplicates",
        "near_duplicates": "cleaner.stages.near_duplicates:NearDuplicates",
        "sample": "cleaner.stages.sample:Sample",
        "tidy": "cleaner.stages.tidy:Tidy",
    }
)
GROUP: Final = "cleaner.stages"
_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def stage_class(use: str, *, allow_plugins: bool = True) -> type[Stage]:
    """The class that `use` names.

    Raises ConfigError, with one fault for the key `use`, if there is none, if it cannot be
    imported, or if it is a plugin and those are not allowed.
    """
    if use in BUILT_IN:
        return _import(use, BUILT_IN[use])
    points = _entry_points()
    if ":" not in use and use not in points:
        names = [*BUILT_IN, *points] if allow_plugins else [*BUILT_IN]
        raise _fault(f"there is no stage {_shown(use)}", _nearest(use, names))
    if not allow_plugins:
        raise _fault(
            f"{_shown(use)} is a plugin, and plugins are switched off (--no-plugins)",
            f"built-in stages: {', '.join(BUILT_IN)}",
        )
    if use in points:
        return _import(use, _only_target(use, points[use]))
    if not _TARGET.fullmatch(use):
        raise _fault(
            f"{_shown(use)} is not of the form module:Class", "such as my_pkg.tides:DropTides"
        )
    return _import(use, use)


def known(*, allow_plugins: bool = True) -> dict[str, str]:
    """Every short name and its "module:Class": the built-ins in their order, then plugins by name.

    An entry point that has the name of a built-in is left out, for it is never used.
    """
    names = dict(BUILT_IN)
    if allow_plugins:
        for name, targets in sorted(_entry_points().items()):
            names.setdefault(name, targets[0])
    return names


def nearest(word: str, names: Iterable[str]) -> str:
    """The name that was probably meant, or ''."""
    close = difflib.get_close_matches(word, sorted(set(names)), n=1, cutoff=0.6)
    return close[0] if close else ""


def _entry_points() -> dict[str, list[str]]:
    """Name → targets, sorted; a package that is on the path twice counts once."""
    found: dict[str, set[str]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, set()).add(f"{point.module}:{point.attr}")
    return {name: sorted(targets) for name, targets in found.items()}


def _only_target(use: str, targets: list[str]) -> str:
    if len(targets) > 1:
        raise _fault(
            f"{_shown(use)} is defined by more than one package: {', '.join(targets)}",
            "name the one you mean as module:Class",
        )
    return targets[0]


def _import(use: str, target: str) -> type[Stage]:
    module, _, name = target.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise _fault(
            f"{_shown(use)} cannot be imported: {error}",
            "install its package, or put its folder on PYTHONPATH",
        ) from error
    except AttributeError as error:
        raise _fault(f"{_shown(use)} cannot be imported: {error}") from error
    except Exception as error:  # importing runs code that is not ours
        reason = f"{type(error).__name__}: {error}"
        raise _fault(f"{_shown(use)} cannot be imported: {reason}") from error
    is_stage = isinstance(found, type) and issubclass(found, MapStage | CorpusStage)
    if not is_stage or found in (MapStage, CorpusStage):
        raise _fault(
            f"{_shown(use)} is not a stage",
            "a stage derives from cleaner.stages.base.MapStage or CorpusStage",
        )
    stage: type[Stage] = found
    return stage


def _nearest(use: str, names: list[str]) -> str:
    close = nearest(use, names)
    return f"did you mean {close!r}?" if close else f"known stages: {', '.join(names)}"


def _shown(use: str) -> str:
    return repr(use if len(use) <= 80 else use[:77] + "…")


def _fault(expected: str, hint: str = "") -> ConfigError:
    return ConfigError([Fault("stages", "use", expected, hint)])
