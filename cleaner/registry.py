"""From the names in a config to stages and readers; nothing is imported unasked.

A `use:` is looked up in the table of built-ins, then among the entry points of the group
`cleaner.stages`; "module:Class" names a class directly. `read.readers` names entry points of the
group `cleaner.readers`. All but the table imports code that is not ours, see `cleaner.plugins`, and
`allow_plugins=False` refuses it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cleaner import plugins
from cleaner.errors import ConfigError, Fault
from cleaner.plugins import READERS, STAGES, Plugin, Point
from cleaner.stages.base import CorpusStage, MapStage, Stage

if TYPE_CHECKING:
    from cleaner.reader import Reader

BUILT_IN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unicode": "cleaner.stages.unicode:Unicode",
        "repeats": "cleaner.stages.repeats:Repeats",
        "noise": "cleaner.stages.noise:Noise",
        "language": "cleaner.stages.language:Language",
        "repeated_passages": "cleaner.stages.repeated_passages:RepeatedPassages",
        "url": "cleaner.stages.url:Url",
        "quality": "cleaner.stages.quality:Quality",
        "pii": "cleaner.stages.pii:Pii",
        "decontaminate": "cleaner.stages.decontaminate:Decontaminate",
        "tokens": "cleaner.stages.tokens:Tokens",
        "exact_duplicates": "cleaner.stages.exact_duplicates:ExactDuplicates",
        "near_duplicates": "cleaner.stages.near_duplicates:NearDuplicates",
        "sample": "cleaner.stages.sample:Sample",
        "tidy": "cleaner.stages.tidy:Tidy",
    }
)
BUILT_IN_SUFFIXES: Final = frozenset(
    {".txt", ".jsonl", ".ndjson", ".parquet", ".html", ".htm", ".xhtml", ".warc", ".wet"}
    | {".gz", ".zst"}
)
"""What a reader of a plugin may not take over."""
BUILT_IN_FORMATS: Final = frozenset({"txt", "jsonl", "parquet", "html", "warc"})
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_SUFFIX = re.compile(r"\.[a-z0-9_]{1,20}")
_OFF = "is a plugin, and plugins are switched off (--no-plugins)"
_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def stage_class(use: str, *, allow_plugins: bool = True) -> type[Stage]:
    """The class that `use` names.

    Raises ConfigError, with one fault for the key `use`, if there is none, if it cannot be
    imported, or if it is a plugin and those are not allowed.
    """
    if use in BUILT_IN:
        return _stage(use, BUILT_IN[use])
    points = plugins.points(STAGES)
    if ":" not in use and use not in points:
        names = [*BUILT_IN, *points] if allow_plugins else [*BUILT_IN]
        raise _fault(f"there is no stage {_shown(use)}", _nearest(use, names, "stages"))
    if not allow_plugins:
        raise _fault(f"{_shown(use)} {_OFF}", f"built-in stages: {', '.join(BUILT_IN)}")
    if use in points:
        point = _only(use, points[use], "name the one you mean as module:Class")
        return _stage(use, point.target, _named(point))
    if not _TARGET.fullmatch(use):
        raise _fault(
            f"{_shown(use)} is not of the form module:Class", "such as my_pkg.tides:DropTides"
        )
    return _stage(use, use)


def reader(name: str, *, allow_plugins: bool = True) -> Reader:
    """The reader of a plugin that `read.readers` names.

    Raises ConfigError, with one fault, if there is none, if it cannot be imported, if a suffix of
    it is taken, or if plugins are not allowed.
    """
    from cleaner.reader import Reader

    if not allow_plugins:
        raise _fault(f"{_shown(name)} {_OFF}")
    points = plugins.points(READERS)
    if name not in points:
        hint = _nearest(name, [*points], "readers") if points else "no installed package has any"
        raise _fault(f"there is no reader {_shown(name)}", hint)
    point = _only(name, points[name], "uninstall one of them")
    found = _load(name, point.target, _named(point))
    if not isinstance(found, Reader):
        raise _fault(f"{_shown(name)} is not a reader", "a reader is a cleaner.reader.Reader")
    if not _NAME.fullmatch(name) or name in BUILT_IN_FORMATS:
        raise _fault(
            f"{_shown(name)} ({_named(point)}) cannot be the name of a reader",
            "small letters, digits, - and _, and none of " + ", ".join(sorted(BUILT_IN_FORMATS)),
        )
    wrong = [s for s in found.suffixes if not (isinstance(s, str) and _SUFFIX.fullmatch(s))]
    if wrong or not found.suffixes:
        raise _fault(f"{_shown(name)} is for suffixes {found.suffixes!r}", "such as ('.srt',)")
    taken = sorted(BUILT_IN_SUFFIXES.intersection(found.suffixes))
    if taken:
        raise _fault(
            f"{_shown(name)} ({_named(point)}) is for {', '.join(taken)}, which is read already",
            "a plugin cannot take the place of what is built in",
        )
    return found


def readers(names: Sequence[str], *, allow_plugins: bool = True) -> dict[str, Reader]:
    """The readers that a config names, by name.

    Raises ConfigError, see `reader`; or two of them are for one suffix.
    """
    found = {name: reader(name, allow_plugins=allow_plugins) for name in names}
    owners: dict[str, str] = {}
    for name, one in found.items():
        for suffix in one.suffixes:
            other = owners.setdefault(suffix, name)
            if other != name:
                raise _fault(f"{_shown(other)} and {_shown(name)} are both for {suffix}")
    return found


def suffixes(names: Sequence[str]) -> dict[str, str]:
    """Suffix → name of the reader, of the readers that a config names; ConfigError as there."""
    return {s: name for name, one in readers(names).items() for s in one.suffixes}


def plugins_of(stages: Sequence[Stage], names: Sequence[str]) -> list[Plugin]:
    """The plugins among these stages and readers, each once, in their order."""
    kinds = {s.use: type(s) for s in stages}
    found = [plugins.describe("stage", use, STAGES, cls) for use, cls in kinds.items()
             if not plugins.is_ours(cls)]  # fmt: skip
    return found + [
        plugins.describe("reader", name, READERS, one.read) for name, one in readers(names).items()
    ]


def shadowed() -> list[str]:
    """Sentences about entry points that have the name of a built-in, and are never used."""
    return [
        f"{_named(point)} has a stage {_shown(name)}: that is built in, and its own is refused"
        for name, all_ in plugins.points(STAGES).items()
        if name in BUILT_IN
        for point in all_
    ]


def known(*, allow_plugins: bool = True) -> dict[str, str]:
    """Every short name and its "module:Class": the built-ins in their order, then plugins by name.

    An entry point that has the name of a built-in is left out, for it is never used.
    """
    names = dict(BUILT_IN)
    if allow_plugins:
        for name, points in plugins.points(STAGES).items():
            names.setdefault(name, points[0].target)
    return names


def known_readers() -> list[str]:
    """The names of the readers that installed packages have, sorted."""
    return [*plugins.points(READERS)]


def nearest(word: str, names: Iterable[str]) -> str:
    """The name that was probably meant, or ''."""
    close = difflib.get_close_matches(word, sorted(set(names)), n=1, cutoff=0.6)
    return close[0] if close else ""


def _named(point: Point) -> str:
    """The package of an entry point, for messages."""
    return f"{point.package} {point.version}".strip()


def _only(name: str, points: Sequence[Point], hint: str) -> Point:
    if len(points) > 1:
        targets = ", ".join(f"{point.target} ({_named(point)})" for point in points)
        raise _fault(f"{_shown(name)} is defined by more than one package: {targets}", hint)
    return points[0]


def _load(name: str, target: str, package: str) -> object:
    try:
        return plugins.load(target, package)
    except plugins.Unimportable as error:
        whose = f" of the package {package}" if package else ""
        raise _fault(f"{_shown(name)}{whose} cannot be imported: {error}", error.hint) from error


def _stage(use: str, target: str, package: str = "") -> type[Stage]:
    found: Any = _load(use, target, package)
    is_stage = isinstance(found, type) and issubclass(found, MapStage | CorpusStage)
    if not is_stage or found in (MapStage, CorpusStage):
        raise _fault(
            f"{_shown(use)} is not a stage",
            "a stage derives from cleaner.stages.base.MapStage or CorpusStage",
        )
    stage: type[Stage] = found
    return stage


def _nearest(name: str, names: list[str], what: str) -> str:
    close = nearest(name, names)
    return f"did you mean {close!r}?" if close else f"known {what}: {', '.join(names)}"


def _shown(use: str) -> str:
    return repr(use if len(use) <= 80 else use[:77] + "…")


def _fault(expected: str, hint: str = "") -> ConfigError:
    return ConfigError([Fault("stages", "use", expected, hint)])
