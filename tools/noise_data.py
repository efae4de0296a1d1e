"""Training data of the noise model: gold pages, pages made from them, features, the lexicon.

Made pages teach what labelled pages seldom show. Without a frame: `clean`, the main text alone;
`long`, the same with its paragraphs in one line; `teasers`, with headline and first sentence of
other pages of the set after or inside the text. In the page's own frame: `joined`, its paragraphs
in one line; `verses`, they are broken into short lines; `heads`, with sub-heads of a word or two;
`moved`, the text of a page of another site in place of its own.
All choices are seeded.
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
from cleaner.noise.evaluate import GoldPage, GoldPages, counts, headlines
from cleaner.noise.features import Features, Lexicon, features, ngrams
from cleaner.noise.judge import asking_judge
from cleaner.noise.pack import load_packs

SHARES = {
    "clean": 0.5,
    "long": 0.25,
    "teasers": 0.35,
    "joined": 0.2,
    "verses": 0.12,
    "heads": 0.12,
    "moved": 0.25,
}
"""Pages of which a version of each kind is made."""
INSIDE = 0.25
"""Pages with the text of another whose blocks inside the text move, too."""
AGAIN = 0.15
"""Clean pages that say their first lines again at their end."""
FRAMED = ("joined", "verses", "heads", "moved")
FRAMED_WEIGHT = 0.5
"""What a made page in its frame weighs beside a genuine one."""
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
    """Pages of the kinds that are named above, each from one page of the set."""
    rng = np.random.Generator(np.random.PCG64(seed))
    donors: dict[str, list[tuple[str, str]]] = defaultdict(list)
    labels: dict[str, list[str]] = defaultdict(list)
    texts: dict[str, list[GoldPage]] = defaultdict(list)
    for page in pages:
        if sum(page.labels) >= 4:
            texts[page.lang].append(page)
        group = f"{page.set}/{page.lang}"
        teaser = _teaser(page)
        if teaser is not None:
            donors[group].append(teaser)
        labels[group] += [line for line in _noise(page) if _is_label(line)][:20]
    made = []
    for page in pages:
        main = [line for line, label in zip(page.lines, page.labels, strict=True) if label]
        draws = dict(zip(SHARES, rng.random(len(SHARES)), strict=True))
        if len(main) < 4 or sum(map(len, main)) < 500:
            continue
        group = f"{page.set}/{page.lang}"
        wanted = {kind for kind, share in SHARES.items() if draws[kind] < share}
        if "clean" in wanted:
            lines = _once_more(main, rng)
            made.append(_page(page, "clean", lines, [True] * len(lines)))
        if "long" in wanted:
            lines = _in_one([(line, True) for line in main], rng)
            made.append(_page(page, "long", *_columns(lines)))
        if "teasers" in wanted and len(donors[group]) > 8:
            made.append(_page(page, "teasers", *_with_teasers(main, donors[group], rng)))
        framed = list(zip(page.lines, page.labels.tolist(), strict=True))
        if "joined" in wanted:
            made.append(_page(page, "joined", *_columns(_in_one(framed, rng))))
        if "verses" in wanted:
            made.append(_page(page, "verses", *_columns(_in_verses(framed, rng))))
        if "heads" in wanted and labels[group]:
            made.append(_page(page, "heads", *_columns(_with_heads(framed, labels[group], rng))))
        if "moved" in wanted:
            other = texts[page.lang][int(rng.integers(0, len(texts[page.lang])))]
            if other.site != page.site:
                moved = _page(page, "moved", *_columns(_with_text(framed, other, rng)))
                made.append(replace(moved, site=f"{page.site}+{other.site}"))
    return made


def _with_text(
    lines: list[tuple[str, bool]], other: GoldPage, rng: np.random.Generator
) -> list[tuple[str, bool]]:
    """The frame of a page around another page's text, and now and then its blocks inside it."""
    main = [at for at, (_, label) in enumerate(lines) if label]
    head, tail = lines[: main[0]], lines[main[-1] + 1 :]
    text = [(line, True) for line, label in zip(other.lines, other.labels, strict=True) if label]
    inside = [line for line in lines[main[0] : main[-1]] if not line[1]]
    if inside and rng.random() < INSIDE:
        at = int(rng.integers(1, len(text)))
        text[at:at] = inside
    return [*head, *text, *tail]


def _columns(lines: Sequence[tuple[str, bool]]) -> tuple[list[str], list[bool]]:
    return [line for line, _ in lines], [label for _, label in lines]


def _noise(page: GoldPage) -> list[str]:
    return [line for line, label in zip(page.lines, page.labels, strict=True) if not label]


def _is_label(line: str) -> bool:
    """Whether a line is one or two words, such as stand over a box of links or over a chapter."""
    return len(line) <= 24 and 1 <= len(line.split()) <= 2 and line.replace(" ", "").isalpha()


def _once_more(main: list[str], rng: np.random.Generator) -> list[str]:
    """A text; now and then its first lines stand at its end again."""
    again = int(rng.integers(1, 4)) if rng.random() < AGAIN else 0
    return main + main[:again]


def _in_one(lines: list[tuple[str, bool]], rng: np.random.Generator) -> list[tuple[str, bool]]:
    """Neighbouring lines of main text in one, but for the first one or two of the page."""
    apart = int(rng.integers(1, 4))
    found: list[tuple[str, bool]] = []
    seen = 0
    for line, label in lines:
        seen += label
        if label and seen > apart and found and found[-1][1] and seen - 1 != apart:
            found[-1] = (f"{found[-1][0]} {line}", True)
        else:
            found.append((line, label))
    return found


def _in_verses(lines: list[tuple[str, bool]], rng: np.random.Generator) -> list[tuple[str, bool]]:
    """The page with its first paragraphs broken into short lines without an end mark."""
    found: list[tuple[str, bool]] = []
    most = int(rng.integers(6, 60))
    made = 0
    for line, label in lines:
        if not label:
            found.append((line, False))
            continue
        words = line.split()
        spaced = len(line) < 12 * len(words)
        parts = words if spaced else list(line)
        at = 0
        while at < len(parts) and made < most:
            size = int(rng.integers(2, 8)) * (1 if spaced else 2)
            verse = (" " if spaced else "").join(parts[at : at + size]).strip(" .,;:!?、。，")
            if verse:
                found.append((verse[0].upper() + verse[1:] if made % 2 else verse, True))
            made += 1
            at += size
    return found


def _with_heads(
    lines: list[tuple[str, bool]], labels: list[str], rng: np.random.Generator
) -> list[tuple[str, bool]]:
    """The page with sub-heads between long paragraphs: words of its own, or labels of others."""
    found: list[tuple[str, bool]] = []
    for line, label in lines:
        between = label and len(line) >= 100 and found and found[-1][1] and len(found[-1][0]) >= 100
        if between and rng.random() < 0.4:
            words = line.split()
            at = int(rng.integers(0, max(1, len(words) - 3)))
            own = " ".join(words[at : at + int(rng.integers(1, 4))]).strip(" .,;:!?")
            other = labels[int(rng.integers(0, len(labels)))]
            head = own if rng.random() < 0.5 and own else other
            found.append((head[:60], True))
        found.append((line, label))
    return found


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
        page: int64[lines]; is_made: bool[pages].
        site: int64[pages]; donor: int64[pages]: the site of the text, of most pages the same.
        label: bool[lines]: to be kept, with the page's headline where the gold leaves it out.
        weight: float64[lines], of a page 100 in all, by the square root of the words.
    """

    pages: GoldPages
    features: Features
    page: NDArray[np.int64]
    site: NDArray[np.int64]
    donor: NDArray[np.int64]
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
    is_framed = np.array([p.id.endswith(tuple(f"+{kind}" for kind in FRAMED)) for p in gold.pages])
    weight[is_framed[page]] *= FRAMED_WEIGHT
    weight[title] *= headline_weight
    return Rows(
        gold,
        found,
        page,
        *_sites(gold),
        np.arange(len(gold.pages)) >= len(pages),
        gold.labels[lines.where] | title,
        title,
        weight,
    )


def _sites(gold: GoldPages) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The site of each page and that of its text, as numbers, int64[pages] each."""
    named = [p.site.partition("+")[::2] for p in gold.pages]
    both = [site for site, _ in named] + [donor or site for site, donor in named]
    numbers = np.unique(both, return_inverse=True)[1]
    return numbers[: len(named)], numbers[len(named) :]


def _repeats(gold: GoldPages, genuine: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Repeats among the genuine pages; a line of a made page has the counts that it has there.

    Teasers have none, for they were cut out of longer lines.
    """
    seen = counts(GoldPages.of(gold.pages[:genuine]))
    host, corpus = seen.host_share(), seen.other_pages()
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
    judge = asking_judge(load_packs())
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
