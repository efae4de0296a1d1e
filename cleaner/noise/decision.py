"""One decision on each line from rules and model: a certain rule decides, else the model does."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.noise.box import past_boxes
from cleaner.noise.counts import Counts
from cleaner.noise.judge import MODEL_RULE, Judge, Verdict
from cleaner.noise.model import NoiseModel, Scores
from cleaner.noise.near import Near, near
from cleaner.noise.page import Action
from cleaner.noise.suspects import judge_batch

CERTAIN = 0.95
"""A rule with this score cuts whatever the model says."""
STRONG, SUPPORTED = 850, 300
"""A rule of at least the first score, in thousandths, cuts where the model's score is above the
second. Rules below it look at the shape of the page, as the model does: they have that right on
labels of up to `LABEL` words, and cut nothing else that the model would keep."""
LABEL = 6
PLAIN = 860
"""The least limit, in thousandths, of a page where no such rule fits any line: perhaps it has no
frame at all, and little is to be won there."""
MOST = 850
"""The highest limit of a page with one, in thousandths."""
PARAGRAPH, HEADING, GAP = 10, 9, 12
"""Words of a paragraph, of a heading or a row of a table, and how many of these may stand between
two paragraphs."""
SURE, BELOW = 300, 700
"""A sentence right below one with a score under the first, in thousandths, goes above the second:
else the last paragraph of a text goes as a teaser would."""
_LEAST_RULE = 100
TRUSTED = frozenset({"noise.glued_teaser", "noise.tail_teaser"})
"""Rules on runs of lines that training pages have too seldom: on sites held out over nine tenths of
the words that they cut against the model are noise. They count as certain."""
ACTION_SCORES: Mapping[str, int] = MappingProxyType({"byline": 1, "date": 2, "caption": 0})
"""What the model is told of lines that rules name but do not count as noise."""


def rule_score(verdict: Verdict | None) -> int:
    """What the model is told of a rule's verdict: thousandths, 0 for none."""
    if verdict is None:
        return 0
    score = ACTION_SCORES.get(verdict.action, round(verdict.score * 1000))
    return max(score, round(CERTAIN * 1000)) if verdict.rule in TRUSTED else score


def is_cut(
    noise: NDArray[np.int16],
    rules: NDArray[np.int32],
    words: NDArray[np.int64],
    ended: NDArray[np.bool_],
    first: NDArray[np.int64],
    limit: int,
) -> NDArray[np.bool_]:
    """Whether each line goes, bool[lines], by the model's score, `rule_score` and its looks.

    Lines are those that are not blank; `first` int64[pages + 1] says whose. `ended`: whether they
    end as sentences do. `limit` is the score, in thousandths, above which a line goes that no rule
    names, on a page that is clear and has a frame.
    """
    found: NDArray[np.bool_] = noise > thresholds(noise, rules, words, ended, first, limit)
    return found | (rules >= round(CERTAIN * 1000))


def thresholds(
    noise: NDArray[np.int16],
    rules: NDArray[np.int32],
    words: NDArray[np.int64],
    ended: NDArray[np.bool_],
    first: NDArray[np.int64],
    limit: int,
) -> NDArray[np.int64]:
    """The score, in thousandths, above which each line goes, int64[lines]; as in `is_cut`."""
    limits = _line_limits(noise, rules, words, ended, first, limit)
    has_support = (rules >= STRONG) | ((rules >= _LEAST_RULE) & (words <= LABEL))
    found: NDArray[np.int64] = np.where(has_support, np.minimum(SUPPORTED, limits), limits)
    return found


def _line_limits(
    noise: NDArray[np.int16],
    rules: NDArray[np.int32],
    words: NDArray[np.int64],
    ended: NDArray[np.bool_],
    first: NDArray[np.int64],
    limit: int,
) -> NDArray[np.int64]:
    """Scores above which lines go that no rule names, int64[lines]; arguments as in `is_cut`."""
    page = np.repeat(np.arange(len(first) - 1), np.diff(first))
    of_page = page_limits(noise, words, first, limit)
    is_plain = np.bincount(page[rules >= STRONG], minlength=len(of_page)) == 0
    of_page[is_plain] = np.maximum(of_page[is_plain], PLAIN)
    limits = of_page[page]
    is_text = (rules < _LEAST_RULE) & (words >= PARAGRAPH)
    is_below = is_text & ended
    is_below[:1] = False
    is_below[1:] &= (is_text & ended & (noise < SURE))[:-1] & (page[1:] == page[:-1])
    limits[is_below] = np.maximum(limits[is_below], BELOW)
    is_other = (rules >= _LEAST_RULE) | (words > HEADING)
    is_between = _between(is_text & (noise < limits), is_other, page)
    limits[is_between] = np.maximum(limits[is_between], MOST)
    return limits


def _between(
    is_paragraph: NDArray[np.bool_], is_other: NDArray[np.bool_], page: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Lines between two paragraphs of a page, with no more than `GAP` of them there: bool[lines].

    They are sub-heads, times, verses, rows of a table. On sites held out only those with a score
    above `MOST` are nine times in ten noise. Lines of any other kind end the gap.
    """
    size = len(page)
    at = np.arange(size)
    is_end = is_paragraph | is_other
    above = np.maximum.accumulate(np.where(is_end, at, -1))
    below = np.minimum.accumulate(np.where(is_end, at, size)[::-1])[::-1]
    found: NDArray[np.bool_] = ~is_end & (above >= 0) & (below < size)
    above, below = above[found], below[found]
    found[found] = (
        is_paragraph[above]
        & is_paragraph[below]
        & (page[above] == page[below])
        & (below - above <= GAP + 1)
    )
    return found


def page_limits(
    noise: NDArray[np.int16], words: NDArray[np.int64], first: NDArray[np.int64], limit: int
) -> NDArray[np.int64]:
    """The limit of each page, int64[pages], thousandths: `limit`, or more where it is unclear.

    The expected word F1 of a page is greatest if those lines stay whose chance to be main text is
    above half of that F1 (Lipton, Elkan and Naryanaswamy, "Optimal thresholding of classifiers to
    maximize F1 measure", 2014). So where no limit would part text and noise well, more stays.
    """
    page = np.repeat(np.arange(len(first) - 1), np.diff(first))
    order = np.lexsort((noise, page))
    size = words[order]
    hoped = size * (1000 - noise[order].astype(np.int64))
    full = np.flatnonzero(np.diff(first))
    starts, ends = first[full], first[full + 1]
    kept, main = (np.concatenate(([0], np.cumsum(n))) for n in (size, hoped))
    total = np.repeat(main[ends] - main[starts], ends - starts)
    kept, main = (n[1:] - np.repeat(n[starts], ends - starts) for n in (kept, main))
    found = np.full(len(first) - 1, limit, np.int64)
    if len(full):
        f1 = 2000 * main // np.maximum(1000 * kept + total, 1)
        best = np.maximum.reduceat(f1, starts)
        found[full] = np.maximum(np.minimum(1000 - best * (1000 - limit) // 1000, MOST), limit)
    return found


def decide(
    text: pa.StringArray,
    first: NDArray[np.int64],
    judge: Judge,
    model: NoiseModel | None,
    *,
    keep: Collection[Action] = (),
    counts: Counts | None = None,
    limit: int | None = None,
) -> dict[int, Verdict]:
    """Why lines of a batch go: the verdicts of `decide_near`, which has the arguments."""
    return decide_near(text, first, judge, model, keep=keep, counts=counts, limit=limit)[0]


def decide_near(
    text: pa.StringArray,
    first: NDArray[np.int64],
    judge: Judge,
    model: NoiseModel | None,
    *,
    keep: Collection[Action] = (),
    counts: Counts | None = None,
    limit: int | None = None,
) -> tuple[dict[int, Verdict], Near | None]:
    """Why lines of a batch go: line → verdict, in order of the lines; and which stay by a hair.

    Without a model no line has a score, and None is told of the latter.

    A certain rule cuts. Another pattern cuts where the model does not think that the line is text;
    else the model cuts above the page's limit. Without a model all rules cut.

    Args:
        text: lines of all pages in order, with or without their ends.
        first: int64[pages + 1], as in `Batch`.
        judge: the rules, by `judge.asking_judge`, which names what `keep` keeps.
        model: the model; None to decide by rules alone.
        keep: what stays although a rule names it: bylines, dates, captions.
        counts: how often corpus and host have the lines, where it is known.
        limit: thousandths, of a page that is clear (see `page_limits`); by default the model's own.

    Raises:
        ValueError: the arguments do not fit each other.
    """
    named: dict[int, Verdict] = {}
    known = (lambda _: None, None) if counts is None else (counts.of, counts.matter())
    for _, start, verdicts in judge_batch(judge, text, first, *known):
        named.update((at, v) for at, v in enumerate(verdicts, start) if v is not None)
    if model is None or MODEL_RULE in judge.options.off:
        return {at: v for at, v in named.items() if v.action not in keep}, None
    rules = np.zeros(len(text), np.int32)
    rules[list(named)] = [rule_score(verdict) for verdict in named.values()]
    limit = model.limit if limit is None else limit
    heads = np.zeros(len(text), bool)
    heads[[at for at, verdict in named.items() if verdict.rule in judge.heads]] = True
    scores = _scored(text, first, model, rules, heads, counts, limit)
    lines = scores.lines
    noise, goes = np.zeros(len(text), np.int16), np.zeros(len(text), bool)
    noise[scores.where] = scores.noise
    limits = thresholds(
        scores.noise,
        rules[scores.where],
        lines.words,
        lines.ended,
        lines.scan.first,
        limit,
    )
    goes[scores.where] = scores.noise > limits
    goes |= rules >= round(CERTAIN * 1000)
    goes[_alone(rules, scores.where, first)] = True
    found = dict(_by_rules(named, noise, goes, keep))
    stays = ~goes
    stays[[at for at, verdict in named.items() if verdict.action != "cut"]] = False
    goes[list(named)] = False
    found.update(_by_model(scores, np.searchsorted(scores.where, np.flatnonzero(goes))))
    return dict(sorted(found.items())), near(scores, limits, stays[scores.where])


def _scored(
    text: pa.StringArray,
    first: NDArray[np.int64],
    model: NoiseModel,
    rules: NDArray[np.int32],
    heads: NDArray[np.bool_],
    counts: Counts | None,
    limit: int,
) -> Scores:
    """What the model says of the lines, of those below a box in the text as if it were not there.

    Arguments as in `decide_near`; `rules` int32[len(text)] are `rule_score`, `heads`
    bool[len(text)] says which lines rules take for heads of lists of links.
    """
    host = None if counts is None else counts.host_share()
    corpus = None if counts is None else counts.other_pages()
    scores = model.score(text, first, host=host, corpus=corpus, rules=rules)
    where = scores.where

    def score(rows: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.int16]:
        at = where[rows]
        return model.score(
            text.take(pa.array(at)),
            firsts,
            host=None if host is None else host[at],
            corpus=None if corpus is None else corpus[at],
            rules=rules[at],
        ).noise

    named = rules[where]
    noise = past_boxes(
        scores.noise,
        scores.lines,
        heads[where],
        named >= STRONG,
        named >= _LEAST_RULE,
        limit,
        score,
    )
    return scores if noise is scores.noise else replace(scores, noise=noise)


def _alone(
    rules: NDArray[np.int32], where: NDArray[np.int64], first: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Lines, int64[], of pages on which rules that cut name every line that is not blank.

    The model was trained on pages with a text, and would look for one there.
    """
    ruled = rules[where] >= _LEAST_RULE
    page = np.searchsorted(first, where, side="right") - 1
    others = np.bincount(page[~ruled], minlength=len(first))
    found: NDArray[np.int64] = where[others[page] == 0]
    return found


def _by_rules(
    named: Mapping[int, Verdict],
    noise: NDArray[np.int16],
    goes: NDArray[np.bool_],
    keep: Collection[Action],
) -> Iterator[tuple[int, Verdict]]:
    """Rules' verdicts that hold, with the model's score as evidence."""
    for at, verdict in named.items():
        if verdict.action not in keep and (verdict.action != "cut" or goes[at]):
            seen = f"the model says {noise[at] / 1000:.3f}"
            yield at, verdict._replace(evidence=(*verdict.evidence, seen))


def _by_model(scores: Scores, rows: NDArray[np.int64]) -> Iterator[tuple[int, Verdict]]:
    """The model's own verdicts, on rows of its scores."""
    places, noise = scores.where[rows].tolist(), scores.noise[rows].tolist()
    for at, score, reasons in zip(places, noise, scores.reasons(rows), strict=True):
        yield at, Verdict(MODEL_RULE, score / 1000, reasons)
