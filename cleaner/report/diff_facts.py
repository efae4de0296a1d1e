"""What the manifests and reports of two finished runs tell: settings, inputs, figures, rules.

Manifests and reports are as `cleaner.io.corpus` and `cleaner.report.stats` read them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cleaner.report.stats import RunReport

MOST = 200
"""Inputs of each kind that are named."""
_FIGURES = (
    ("documents", "documents"),
    ("characters", "chars"),
    ("words", "words"),
    ("tokens", "tokens"),
    ("rows of the ledger", "ledger"),
    ("verified pairs", "pairs"),
    ("clusters", "clusters"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A key that differs, as JSON; None where a run has no such key."""

    path: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of both runs."""

    name: str
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that did more or less: how often, and characters of the original that it removed."""

    stage: str
    rule: str
    action: str
    count_a: int
    count_b: int
    chars_a: int
    chars_b: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """Input files that one run lacks, or whose documents differ; all are counted, some named."""

    only_a: Sequence[str] = ()
    only_b: Sequence[str] = ()
    changed: Sequence[str] = ()
    only_a_count: int = 0
    only_b_count: int = 0
    changed_count: int = 0


def settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Setting]:
    """Keys of the configs that differ; stages by name, so that one more does not shift the rest."""
    found = _differences(_named_stages(a["config"]), _named_stages(b["config"]))
    for name in ("priorities", "selection"):
        found += _differences({name: a[name]}, {name: b[name]})
    return found


def _named_stages(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with its stages as a mapping, and their order as a list of names."""
    names = [stage.get("id") or stage["use"] for stage in config["stages"]]
    stages = dict(zip(names, config["stages"], strict=True))
    return {**config, "stages": stages, "order of stages": names}


def versions(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Setting]:
    """Versions of the program, the schema and the algorithms that differ."""
    names = ("cleaner", "schema", "algorithms")
    return _differences({n: a[n] for n in names}, {n: b[n] for n in names})


def _differences(a: Mapping[str, Any], b: Mapping[str, Any], path: str = "") -> list[Setting]:
    """Keys whose values differ, in the order of the first mapping, then of the second."""
    found: list[Setting] = []
    for name in dict.fromkeys([*a, *b]):
        here = f"{path}{name}"
        left, right = a.get(name), b.get(name)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            found += _differences(left, right, f"{here}.")
        elif name not in a or name not in b or left != right:
            found.append(Setting(here, _written(a, name), _written(b, name)))
    return found


def _written(mapping: Mapping[str, Any], name: str) -> str | None:
    return json.dumps(mapping[name], ensure_ascii=False) if name in mapping else None


def inputs(a: Mapping[str, Any], b: Mapping[str, Any]) -> Inputs:
    """Input files of one run alone, and those whose documents differ, by name."""
    ours, theirs = ({f["source"]: f["digest"] for f in m["inputs"]} for m in (a, b))
    only_a = sorted(ours.keys() - theirs.keys())
    only_b = sorted(theirs.keys() - ours.keys())
    changed = sorted(s for s in ours.keys() & theirs.keys() if ours[s] != theirs[s])
    return Inputs(
        only_a[:MOST], only_b[:MOST], changed[:MOST], len(only_a), len(only_b), len(changed)
    )


def figures(a: RunReport, b: RunReport) -> list[Figure]:
    """What came in, and what was left."""
    first = [report.stages[0].counts for report in (a, b)]
    found = [Figure("documents read", first[0]["docs_in"], first[1]["docs_in"])]
    known = [(name, k) for name, k in _FIGURES if k in a.corpus or k in b.corpus]
    found += [Figure(name, a.corpus.get(k, 0), b.corpus.get(k, 0)) for name, k in known]
    bad = Figure("records in quarantine", sum(a.quarantine.values()), sum(b.quarantine.values()))
    return [*found, bad]


def languages(a: RunReport, b: RunReport) -> list[Figure]:
    """Languages that more, or fewer, documents have; '' is not told."""
    ours, theirs = a.corpus.get("langs", {}), b.corpus.get("langs", {})
    found = [Figure(k, ours.get(k, 0), theirs.get(k, 0)) for k in sorted({*ours, *theirs})]
    return sorted((f for f in found if f.a != f.b), key=lambda f: -abs(f.a - f.b))


def rules(a: RunReport, b: RunReport) -> list[RuleChange]:
    """Rules that did more or less, those first whose characters differ most."""
    ours, theirs = (
        {(s.name, rule): facts for s in report.stages for rule, facts in s.rules.items()}
        for report in (a, b)
    )
    found = []
    for name in sorted({*ours, *theirs}):
        left, right = ours.get(name, _NOTHING), theirs.get(name, _NOTHING)
        if (left["count"], left["chars"]) != (right["count"], right["chars"]):
            found.append(
                RuleChange(
                    *name,
                    action=left["action"] or right["action"],
                    count_a=left["count"],
                    count_b=right["count"],
                    chars_a=left["chars"],
                    chars_b=right["chars"],
                )
            )
    return sorted(found, key=lambda r: (-abs(r.chars_a - r.chars_b), -abs(r.count_a - r.count_b)))


_NOTHING: Mapping[str, Any] = {"action": "", "count": 0, "chars": 0}
