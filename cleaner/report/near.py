"""What stages nearly cut: how many lines, how far from it, and the nearest in the text around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from cleaner.identity import doc_id
from cleaner.report.examples import SAMPLE, context
from cleaner.report.stats import RunReport
from cleaner.report.texts import Texts

WITHIN = (1, 2, 5, 10)
"""Distances that are told, in steps of the stage."""


@dataclass(frozen=True, slots=True)
class NearExample:
    """A line that stays, its score and the one above which it would have gone, 0 to 1.

    `left` and `right` are the original on both sides of it; `is_cut`: the text is longer.
    """

    text: str
    score: float
    limit: float
    evidence: str
    source: str
    record: int
    is_cut: bool = False
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class StageNear:
    """The near misses of a stage. `within`: (distance in scores, lines at most so far off)."""

    stage: str
    within: tuple[tuple[float, int], ...]
    examples: tuple[NearExample, ...]


def collect_near(report: RunReport, texts: Texts, per_part: int) -> list[StageNear]:
    """The near misses of all stages that tell of some; `per_part` as in `collect_rules`."""
    return [_of_stage(s.name, s.near, texts, per_part) for s in report.stages if s.near]


def _of_stage(name: str, near: Mapping[str, Any], texts: Texts, per_part: int) -> StageNear:
    sums = [0, *accumulate(near["counts"])]
    within = tuple((most * near["step"], sums[min(most, len(sums) - 1)]) for most in WITHIN)
    samples = list(enumerate(near["samples"]))
    found: dict[int, NearExample] = {}
    for place, sample in sorted(samples, key=lambda s: s[1]["ordinal"]):  # in order of the parts
        found[place] = _looked_up(sample, texts, per_part)
    return StageNear(name, within, tuple(found[place] for place, _ in samples))


def _looked_up(sample: Mapping[str, Any], texts: Texts, per_part: int) -> NearExample:
    """A sample with the text around it; without, if its document is in quarantine."""
    names = ("text", "score", "limit", "evidence", "source", "record")
    is_cut = len(sample["text"]) >= SAMPLE
    example = NearExample(**{name: sample[name] for name in names}, is_cut=is_cut)
    part = f"part-{sample['ordinal'] // per_part:05d}.parquet"
    document = texts.find(part, doc_id(sample["source"], sample["record"]))
    original = None if document is None else document.original
    if original is None:
        return example
    left, right = context(original, sample["start"], sample["end"])
    return replace(example, left=left.rstrip("\r\n"), right=right.lstrip("\r\n"))
