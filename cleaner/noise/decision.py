"""One decision on each line from rules and model: a certain rule decides, else the model does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.noise.judge import Judge, Repeats, Verdict
from cleaner.noise.model import LIMIT, NoiseModel

MODEL_RULE = "noise.model"
REASONS: Mapping[str, str] = MappingProxyType(
    {MODEL_RULE: "looks like noise by itself, its neighbours and its place on the page"}
)
CERTAIN = 0.95
"""A rule with this score cuts whatever the model says."""
SUPPORTED = 300
"""Any other rule cuts where the model's score, in thousandths, is above this."""
_LEAST_RULE = 100
TRUSTED = frozenset({"noise.glued_teaser", "noise.tail_teaser"})
"""Rules on runs of lines that training pages have too seldom: on sites held out over nine tenths of
the words that they cut against the model are noise. They count as certain."""
ACTION_SCORES: Mapping[str, int] = MappingProxyType({"byline": 1, "date": 2, "caption": 3})
"""What the model is told of lines that rules name but do not count as noise."""


def rule_score(verdict: Verdict | None) -> int:
    """What the model is told of a rule's verdict: thousandths, 0 for none."""
    if verdict is None:
        return 0
    score = ACTION_SCORES.get(verdict.action, round(verdict.score * 1000))
    return max(score, round(CERTAIN * 1000)) if verdict.rule in TRUSTED else score


def is_cut(noise: NDArray[np.int16], rules: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each line goes, by the model's score and `rule_score`, bool[lines]."""
    ruled = rules >= _LEAST_RULE
    found: NDArray[np.bool_] = (noise > np.where(ruled, SUPPORTED, LIMIT)) | (
        rules >= round(CERTAIN * 1000)
    )
    return found


def decide(
    text: pa.StringArray,
    first: NDArray[np.int64],
    lines: Sequence[str],
    judge: Judge,
    model: NoiseModel,
    *,
    repeats: Sequence[Repeats | None] | None = None,
    host: NDArray[np.int32] | None = None,
    corpus: NDArray[np.int32] | None = None,
) -> list[Verdict | None]:
    """Why each line of a batch is cut, or None to keep it.

    `text` and `first` as in `Batch`; `lines` are the same lines without their ends; `repeats` one
    entry a page; `host` and `corpus` as in `features`.

    Raises:
        ValueError: the arguments do not fit each other.
    """
    verdicts: list[Verdict | None] = []
    for page, (low, high) in enumerate(zip(first[:-1].tolist(), first[1:].tolist(), strict=True)):
        known = None if repeats is None else repeats[page]
        verdicts.extend(judge.judge(lines[low:high], repeats=known))
    rules = np.array([rule_score(v) for v in verdicts], np.int32)
    scores = model.score(text, first, host=host, corpus=corpus, rules=rules)
    cut = np.zeros(len(lines), bool)
    cut[scores.where] = is_cut(scores.noise, rules[scores.where])
    for row in np.flatnonzero(~cut).tolist():
        verdict = verdicts[row]
        if verdict is not None and verdict.action == "cut":
            verdicts[row] = None
    rows = [row for row, at in enumerate(scores.where.tolist()) if cut[at] and verdicts[at] is None]
    for row, reasons in zip(rows, scores.reasons(rows), strict=True):
        verdicts[scores.where[row]] = Verdict(MODEL_RULE, scores.noise[row] / 1000, reasons)
    return verdicts
