"""What of a finished run must not be shown, also where stages of plugins took it out.

Built-in stages are asked what they hide. A stage of a plugin is asked, too, if its code is there as
it was in the run: the file that defines it has the hash that the manifest names, and plugins are
not switched off (`CLEANER_NO_PLUGINS`). In any case the values that it took out are known by the
ledger, and these are hidden wherever they stand.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner import plugins
from cleaner.errors import ConfigError
from cleaner.pii.hit import VEIL
from cleaner.registry import BUILT_IN, plugins_of, stage_class
from cleaner.stages.base import Stage
from cleaner.stages.veil import HIDING_STAGES, Veil, veil_of

LEAST_VALUE = 4
"""Characters of a value that is hidden wherever it stands; a shorter one only where it was."""
_PREFIX = LEAST_VALUE
_OFF = ("", "0", "false", "no", "off")


def veil_of_run(run: Path, manifest: Mapping[str, Any]) -> Veil:
    """What hides the secrets of a finished run in all that is shown of it.

    Args:
        run: its folder, for the ledger.
        manifest: of the run.
    """
    built_in = veil_of(known_stage(one) for one in manifest["config"]["stages"])
    return built_in | veil_of_plugins(run, manifest)


def veil_of_plugins(run: Path, manifest: Mapping[str, Any]) -> Veil:
    """What hides the secrets of a run's stages that are not built in."""
    settings = [one for one in manifest["config"]["stages"] if one["use"] not in BUILT_IN]
    veil = veil_of(_stage_as_it_was(one, manifest) for one in settings)
    names = frozenset(manifest.get(HIDING_STAGES, ()))
    return veil | Veil(names, (hider(values_of(run, names)),)) if names else veil


def known_stage(settings: Mapping[str, Any]) -> Stage | None:
    """The built-in stage of these settings; None for another, whose code is not run for this."""
    try:
        return _made(settings, allow_plugins=False)
    except (ConfigError, ValueError):
        return None


def _made(settings: Mapping[str, Any], *, allow_plugins: bool) -> Stage:
    kind = stage_class(settings["use"], allow_plugins=allow_plugins)
    return kind.model_validate_json(json.dumps(settings))


def _stage_as_it_was(settings: Mapping[str, Any], manifest: Mapping[str, Any]) -> Stage | None:
    """A plugin's stage, if the code that is installed is the code of the run; else None."""
    if os.environ.get("CLEANER_NO_PLUGINS", "").lower() not in _OFF:
        return None
    known = {p["name"]: p for p in manifest.get("plugins", ()) if p["kind"] == "stage"}
    then = known.get(settings["use"])
    if then is None or not then["source_sha256"] or not _is_at_hand(settings["use"], then):
        return None
    try:
        stage = _made(settings, allow_plugins=True)
        (now,) = plugins_of([stage], ())
    except (ConfigError, ValueError):
        return None
    return stage if now.to_json() == then else None


def _is_at_hand(use: str, plugin: Mapping[str, Any]) -> bool:
    """Whether importing it runs what its owner wants: an installed plugin, or the run's own file.

    A module that a config names by itself could be any, so its file is looked at first.
    """
    if ":" not in use:
        points = plugins.points(plugins.STAGES).get(use, ())
        return any(point.package == plugin["package"] for point in points)
    path = _file_of(plugin["target"].partition(":")[0])
    try:
        return path is not None and sha256(path.read_bytes()).hexdigest() == plugin["source_sha256"]
    except OSError:
        return False


def _file_of(module: str) -> Path | None:
    """The file of a module; none of it, nor of the packages around it, is run to find it."""
    names = module.split(".")
    folders = None
    for at in range(1, len(names) + 1):
        spec = PathFinder.find_spec(".".join(names[:at]), folders)
        if spec is None or at == len(names):
            return Path(spec.origin) if spec and spec.has_location and spec.origin else None
        folders = list(spec.submodule_search_locations or ())
    return None


def values_of(run: Path, stages: frozenset[str]) -> Iterator[str]:
    """What stood where these stages rewrote or cut, by the ledger; a value may come twice."""
    names = pa.array(sorted(stages))
    for path in sorted((run / "ledger").glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["stage", "action", "before"]):
                is_theirs = pc.is_in(batch.column("stage"), value_set=names)
                is_edit = pc.not_equal(batch.column("action"), "drop")
                rows = batch.filter(pc.and_(is_theirs, is_edit))
                yield from pc.unique(rows.column("before")).to_pylist()


def hider(values: Iterator[str]) -> Callable[[str], str]:
    """What hides these values, longer ones first, wherever they stand in a text."""
    known: dict[str, set[str]] = {}
    for value in values:
        for line in (value or "").splitlines():
            bare = line.strip()
            if len(bare) >= LEAST_VALUE:
                known.setdefault(bare[:_PREFIX], set()).add(bare)
    ranked = {start: sorted(found, key=len, reverse=True) for start, found in known.items()}

    def hide(text: str) -> str:
        parts, done, at = [], 0, 0
        while at <= len(text) - LEAST_VALUE:
            likely = ranked.get(text[at : at + _PREFIX], ())
            found = next((value for value in likely if text.startswith(value, at)), "")
            if found:
                parts += [text[done:at], VEIL * len(found)]
                at = done = at + len(found)
            else:
                at += 1
        return "".join([*parts, text[done:]]) if parts else text

    return hide
