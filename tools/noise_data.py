"""Training data of the noise model: gold pages, pages made from them, features, the lexicon.

Made pages teach two things that labelled pages seldom show: an article without any noise (its main
text alone), and one whose frame is gone but whose related-news teasers stayed (headline and first
sentence of other pages of the set, after or inside the text). All choices are seeded.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.noise.decision import rule_score
from cleaner.noise.evaluate import GoldPage, GoldPages, headlines, repeats
from cleaner.noise.features import Features, Lexicon, features, ngrams
from cleaner.noise.judge import Judge
from cleaner.noise.pack import load_packs

CLEAN_SHARE, TEASER_SHARE = 0.5, 0.35
"""Pages of which a version without noise, and one with teasers alone, is made."""
MIN_SITES = 3
"""A word of fewer sites is not in the lexicon."""
LEXICON_BITS = 16
MOST_WORDS = 36_000
"""Words and pairs in the lexicon before those of one slot meet; the strongest stay."""
HEADLINE_WINDOW = 60
_TITLE_END = re.compile(r" [|\-–—»·:] ")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def made_pages(pages: Sequence[GoldPage], seed: int) -> list[GoldPage]:
    """Pages without noise, and pages whose only noise are teasers of others of the same set."""
    rng = np.random.Generator(np.random.PCG64(seed))
    donors: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for page in pages:
        teaser = _teaser(page)
        if teaser is not None:
            donors[f"{page.set}/{page.lang}"].append(teaser)
    made = []
    for page in pages:
        main = [line for line, label in zip(page.lines, page.labels, strict=True) if label]
        draws = rng.random(2)
        if len(main) < 4 or sum(map(len, main)) < 500:
            continue
        if draws[0] < CLEAN_SHARE:
            made.append(_page(page, "clean", main, [True] * len(main)))
        others = donors[f"{page.set}/{page.lang}"]
        if draws[1] < TEASER_SHARE and len(others) > 8:
            made.append(_page(page, "teasers", *_with_teasers(main, others, rng)))
    return made


def _page(page: GoldPage, kind: str, lines: list[str], labels: list[bool]) -> GoldPage:
    """A made page; it keeps the site of the one it was made from."""
    own = replace(page, id=f"{page.id}+{kind}", lines=tuple(lines), labels=np.array(labels, bool))
    return replace(
        own, gold="\n".join(line for line, label in zip(lines, labels, strict=True) if label)
    )


def _teaser(page: GoldPage) -> tuple[str, str] | None:
    """Headline and first sentences of a page, as another page would announce it."""
    title = max(_TITLE_END.split(page.title), key=len).strip()
    for line, label in zip(page.lines, page.labels, strict=True):
        if label and len(line) >= 60 and line.strip() != title:
            cut = line[:260]
            end = max(cut.rfind(". "), cut.rfind("。"))
            first = cut[: end + 1] if end > 50 else cut.rsplit(" ", 1)[0]
            return (title, first.strip()) if 15 <= len(title) <= 120 else None
    return None


def _with_teasers(
    main: list[str], others: list[tuple[str, str]], rng: np.random.Generator
) -> tuple[list[str], list[bool]]:
    """A text with teasers after it and, more rarely, inside it."""
    lines, labels = list(main), [True] * len(main)
    block = _block(others, int(rng.integers(1, 5)), rng)
    lines += block
    labels += [False] * len(block)
    if rng.random() < 0.35:
        at = int(rng.integers(2, len(main)))
        block = _block(others, int(rng.integers(1, 3)), rng)
        lines[at:at] = block
        labels[at:at] = [False] * len(block)
    return lines, labels


def _block(others: list[tuple[str, str]], size: int, rng: np.random.Generator) -> list[str]:
    """Some teasers in one of four forms: title and text, glued, titles alone, texts alone."""
    chosen = [others[int(i)] for i in rng.choice(len(others), size, replace=False)]
    form = int(rng.choice(4, p=[0.55, 0.25, 0.15, 0.05]))
    if form == 0:
        return [part for teaser in chosen for part in teaser]
    if form == 1:
        return [title + text for title, text in chosen]
    return [teaser[0 if form == 2 else 1] for teaser in chosen]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Lines that are not blank, of gold pages and made pages, ready to learn from.

    Attributes:
        pages: the columns that they come from.
        features: with an empty lexicon.
        page: int64[lines]; site: int64[pages]; is_made: bool[pages].
        label: bool[lines]: to be kept, with the page's headline where the gold leaves it out.
        weight: float64[lines], of a page 100 in all, by the square root of the words.
    """

    pages: GoldPages
    features: Features
    page: NDArray[np.int64]
    site: NDArray[np.int64]
    is_made: NDArray[np.bool_]
    label: NDArray[np.bool_]
    headline: NDArray[np.bool_]
    weight: NDArray[np.float64]


def rows_of(pages: Sequence[GoldPage], made: Sequence[GoldPage], headline_weight: float) -> Rows:
    """Features, labels and weights of all lines."""
    gold = GoldPages.of([*pages, *made])
    host, corpus = _repeats(gold, len(pages))
    found = features(gold.text, gold.first, Lexicon.empty(), host, corpus, rule_scores(gold))
    lines = found.scan
    page = np.repeat(np.arange(len(gold.pages)), np.diff(lines.first))
    title = main_headlines(gold)[lines.where]
    weight = np.sqrt(lines.words.counts + 0.5)
    weight *= 100 / np.bincount(page, weight, len(gold.pages))[page]
    weight[title] *= headline_weight
    return Rows(
        gold,
        found,
        page,
        np.unique([p.site for p in gold.pages], return_inverse=True)[1],
        np.arange(len(gold.pages)) >= len(pages),
        gold.labels[lines.where] | title,
        title,
        weight,
    )


def _repeats(gold: GoldPages, genuine: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Repeats among the genuine pages; a line of a made page has the counts that it has there.

    Teasers have none, for they were cut out of longer lines.
    """
    host, corpus = repeats(GoldPages.of(gold.pages[:genuine]))
    known: dict[tuple[str, str, str], tuple[int, int]] = {}
    for page, low in zip(gold.pages[:genuine], gold.first.tolist(), strict=False):
        for at, line in enumerate(page.lines, start=low):
            known[page.set, page.id, line] = (int(host[at]), int(corpus[at]))
    made = []
    for page in gold.pages[genuine:]:
        source = page.id.rpartition("+")[0]
        least = min(known.get((page.set, source, line), (0, 0))[0] for line in page.lines)
        unseen = (-1 if least < 0 else 0, 0)
        made += [known.get((page.set, source, line), unseen) for line in page.lines]
    more = np.array(made, np.int32).reshape(-1, 2)
    return np.concatenate([host, more[:, 0]]), np.concatenate([corpus, more[:, 1]])


def main_headlines(gold: GoldPages) -> NDArray[np.bool_]:
    """The line of each page that is its headline, the last that says the title above the text.

    Some sets count it as main text, some do not; a corpus wants it. bool[lines].
    """
    named = headlines(gold)
    chosen = np.zeros(len(named), bool)
    for low, high in zip(gold.first[:-1].tolist(), gold.first[1:].tolist(), strict=True):
        main = np.flatnonzero(gold.labels[low:high])
        if not len(main):
            continue
        start = low + int(main[0])
        near = np.flatnonzero(named[max(low, start - HEADLINE_WINDOW) : min(start + 2, high)])
        if len(near):
            chosen[max(low, start - HEADLINE_WINDOW) + near[-1]] = True
    return chosen


def rule_scores(gold: GoldPages) -> NDArray[np.int32]:
    """Per mille of the rule that would cut each line, int32[lines]; see `features`."""
    judge = Judge(load_packs())
    scores = np.zeros(len(gold.text), np.int32)
    for page, low in zip(gold.pages, gold.first.tolist(), strict=False):
        verdicts = judge.judge(page.lines)
        scores[low : low + len(verdicts)] = [rule_score(v) for v in verdicts]
    return scores


class LexiconMaker:
    """Counts words and pairs of words once, and makes the lexicon of any set of sites."""

    def __init__(self, rows: Rows) -> None:
        lines = rows.features.scan
        genuine = ~rows.is_made[rows.page]
        line, hashes = ngrams(lines.words)
        line, hashes = line[genuine[line]], hashes[genuine[line]]
        self._words, which = np.unique(hashes, return_inverse=True)
        self._sites = int(rows.site.max()) + 1
        pair, index = np.unique(
            which.astype(np.int64) * self._sites + rows.site[rows.page[line]], return_inverse=True
        )
        main = np.bincount(index, rows.label[line]) / np.bincount(index)
        word, site = pair // self._sites, pair % self._sites
        common = (np.bincount(word) >= MIN_SITES)[word]
        self._word, self._site, self._main = word[common], site[common], main[common]

    def make(self, sites: NDArray[np.bool_]) -> Lexicon:
        """The lexicon of some sites, bool[sites]; each site has one vote a word.

        The value is the log odds that a line with the word is main text, less those of any word,
        smoothed by one vote; of words of one slot the one with the most votes stays.
        """
        mine = sites[self._site]
        size = len(self._words)
        main = np.bincount(self._word[mine], self._main[mine], size)
        votes = np.bincount(self._word[mine], minlength=size)
        base = main.sum() / max(votes.sum(), 1)
        odds = np.log((main + base) / (votes - main + 1 - base)) - np.log(base / (1 - base))
        value = np.clip(np.rint(odds * 1000), -8000, 8000).astype(np.int16)
        strength = np.abs(value.astype(np.int64)) * np.minimum(votes, 50)
        wanted = np.flatnonzero((votes >= MIN_SITES) & (np.abs(value) >= 300))
        wanted = wanted[np.lexsort((self._words[wanted], strength[wanted]))][-MOST_WORDS:]
        slot = (self._words[wanted] >> np.uint64(64 - LEXICON_BITS)).astype(np.int64)
        check, values = (
            np.zeros(1 << LEXICON_BITS, np.uint32),
            np.zeros(1 << LEXICON_BITS, np.int16),
        )
        check[slot] = (self._words[wanted] & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        values[slot] = value[wanted]
        return Lexicon(check, values)
