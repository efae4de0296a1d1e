"""How well lines are kept and cut, against pages with labels.

Word F1 is that of bags of words (`cleaner.text.words`: one Chinese, Japanese or Thai character is a
word), the mean over pages. Line figures weigh each line by its words, over all lines of a set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.errors import InputError
from cleaner.noise.counts import Counts
from cleaner.text.jit import column, kernel
from cleaner.text.ragged import Ragged
from cleaner.text.words import EMPTY_KEY, key_hash, word_hashes

HEADLINE_WORDS = 3
"""A shorter title names a section as often as an article."""
MOST_WORDS = 60
"""Longer lines are not counted as repeated, as in the stage `repeats`."""
_LEAD_LINES = 3
_TRAILING_NUMBER = re.compile(r"[-_ ]?\d+$")


@dataclass(frozen=True, slots=True, eq=False)
class GoldPage:
    """A page with a label for each line.

    `labels` bool[lines]: the line is main text. `site` is the registrable part of the host, or the
    page's own id where there is none.
    """

    set: str
    id: str
    site: str
    host: str
    lang: str
    page_type: str
    title: str
    lines: tuple[str, ...]
    labels: NDArray[np.bool_]
    gold: str


@dataclass(frozen=True, slots=True, eq=False)
class GoldPages:
    """Pages as columns, for kernels.

    `text` has the lines of all pages, `first` int64[pages + 1] says whose; `words`, `gold`,
    `titles`: word hashes of lines, of the gold texts and of the titles; `labels` bool[lines].
    """

    pages: tuple[GoldPage, ...]
    text: pa.StringArray
    first: NDArray[np.int64]
    labels: NDArray[np.bool_]
    words: Ragged
    gold: Ragged
    titles: Ragged

    @classmethod
    def of(cls, pages: Sequence[GoldPage]) -> GoldPages:
        """Put pages into columns."""
        first = np.zeros(len(pages) + 1, np.int64)
        np.cumsum([len(p.lines) for p in pages], out=first[1:])
        text = pa.array([line for p in pages for line in p.lines], pa.string())
        labels = np.concatenate([p.labels for p in pages]) if pages else np.zeros(0, bool)
        return cls(
            tuple(pages),
            text,
            first,
            labels,
            word_hashes(text),
            word_hashes(pa.array([p.gold for p in pages], pa.string())),
            word_hashes(pa.array([p.title for p in pages], pa.string())),
        )

    @property
    def page_of(self) -> NDArray[np.int64]:
        """int64[lines]: the page of each line."""
        return np.repeat(np.arange(len(self.pages)), np.diff(self.first))


def gold_page(record: Mapping[str, Any], name: str, number: int) -> GoldPage:
    """Read one record of a gold file; `name` is the set's, `number` the record's, from 0.

    Fields: `noisy_text`, `gold_text`, `line_labels` (one character a line, "1" for main text), and,
    where known, `id`, `url`, `lang`, `title`, `page_type`.

    Raises:
        InputError: a field is missing, or there is not one label per line.
    """
    where = f"{name}, record {number}"
    texts = {}
    for key in ("noisy_text", "gold_text", "line_labels"):
        value = record.get(key)
        if not isinstance(value, str):
            raise InputError(f"{where}: {key} must be a string")
        texts[key] = value
    lines = tuple(texts["noisy_text"].split("\n"))
    labels = texts["line_labels"]
    if len(labels) != len(lines) or not set(labels) <= {"0", "1"}:
        raise InputError(
            f"{where}: line_labels must have one character, 0 or 1, for each of the "
            f"{len(lines)} lines, but has {len(labels)}"
        )
    host = _host(record.get("url"))
    known = str(record.get("id") or f"{name}-{number}")
    return GoldPage(
        name,
        known,
        site_of(host) or f"{name}:{_TRAILING_NUMBER.sub('', known)}",
        host,
        str(record.get("lang") or "und"),
        str(record.get("page_type") or ""),
        str(record.get("title") or ""),
        lines,
        np.array([c == "1" for c in labels], bool),
        texts["gold_text"],
    )


def _host(url: object) -> str:
    """The host of a URL, in lower case; "" for none."""
    if not isinstance(url, str):
        return ""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def site_of(host: str) -> str:
    """The registrable part of a host, near enough to split by: `a.b.co.uk` is `b.co.uk`."""
    parts = host.split(".")
    if len(parts) <= 2 or parts[-1].isdigit():
        return host
    is_shared = len(parts[-1]) == 2 and len(parts[-2]) <= 3
    return ".".join(parts[-3:] if is_shared else parts[-2:])


def counts(pages: GoldPages) -> Counts:
    """What the stage `repeats` would note about the pages of each set."""
    hosts = np.unique([f"{p.set}\n{p.host}" for p in pages.pages], return_inverse=True)[1]
    totals = np.bincount(hosts)[hosts] if len(pages.pages) else np.zeros(0, np.int64)
    totals[[not p.host for p in pages.pages]] = 0
    exact, folded = (_counts(pages, hosts, totals, fold_digits=fold) for fold in (False, True))
    return Counts(pages.first, *exact, *folded, totals)


def _counts(
    pages: GoldPages, hosts: NDArray[np.int64], totals: NDArray[np.int64], *, fold_digits: bool
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pages of the host, and of the set, that have each line, int32[lines].

    A line that only one page has counts 0, and so does one of a page without a host on its host.
    """
    keys = key_hash(pages.text, fold_digits=fold_digits)
    page = pages.page_of
    sets = np.unique([p.set for p in pages.pages], return_inverse=True)[1]
    counted = (keys != EMPTY_KEY) & (pages.words.counts <= MOST_WORDS)
    on_host = np.where(counted & (totals > 0)[page], _pages_with(hosts[page], keys, page), 0)
    in_set = np.where(counted, _pages_with(sets[page], keys, page), 0)
    on_host, in_set = (np.where(n > 1, n, 0).astype(np.int32) for n in (on_host, in_set))
    return on_host, in_set


def _pages_with(
    group: NDArray[np.int64], keys: NDArray[np.uint64], page: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many pages of the line's group have its key, int64[lines]."""
    order = np.lexsort((page, keys, group))
    g, k, p = group[order], keys[order], page[order]
    is_new_key = np.ones(len(order), bool)
    is_new_key[1:] = (g[1:] != g[:-1]) | (k[1:] != k[:-1])
    is_new_page = is_new_key.copy()
    is_new_page[1:] |= p[1:] != p[:-1]
    which = np.cumsum(is_new_key) - 1
    counts = np.bincount(which, weights=is_new_page).astype(np.int64)
    found = np.empty(len(order), np.int64)
    found[order] = counts[which]
    return found


def headlines(pages: GoldPages) -> NDArray[np.bool_]:
    """Lines that say the page's title, or the half of it that names the article; bool[lines]."""
    found = np.zeros(len(pages.text), bool)
    _headlines(
        pages.first,
        pages.words.offsets,
        column(pages.words.values, np.uint64),
        pages.titles.offsets,
        column(pages.titles.values, np.uint64),
        found,
    )
    return found


@kernel
def _headlines(first: Any, ends: Any, words: Any, title_ends: Any, titles: Any, found: Any) -> None:
    """Mark lines whose words are a run of at least half of the title, or the reverse."""
    for page in range(first.size - 1):
        low, size = title_ends[page], title_ends[page + 1] - title_ends[page]
        if size < HEADLINE_WORDS:
            continue
        for row in range(first[page], first[page + 1]):
            start, n = ends[row], ends[row + 1] - ends[row]
            if n < HEADLINE_WORDS or n * 2 < size or n > size + 5:
                continue
            short, long = min(n, size), max(n, size)
            for shift in range(long - short + 1):
                same = True
                for at in range(short):
                    a = words[start + at + (shift if n > size else 0)]
                    b = titles[low + at + (0 if n > size else shift)]
                    if a != b:
                        same = False
                        break
                if same:
                    found[row] = True
                    break


def word_scores(pages: GoldPages, keep: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Precision, recall and F1 of the bag of words of each page, float64[pages, 3]."""
    counts = np.zeros((len(pages.pages), 3), np.int64)
    _bags(
        pages.first,
        pages.words.offsets,
        column(pages.words.values, np.uint64),
        pages.gold.offsets,
        column(pages.gold.values, np.uint64),
        np.asarray(keep, bool),
        counts,
    )
    both, kept, gold = (counts[:, i].astype(np.float64) for i in range(3))
    precision = np.where(kept > 0, both / np.maximum(kept, 1), gold == 0)
    recall = np.where(gold > 0, both / np.maximum(gold, 1), 1.0)
    f1 = np.where(kept + gold > 0, 2 * both / np.maximum(kept + gold, 1), 1.0)
    return np.stack([precision, recall, f1], axis=1)


@kernel
def _bags(
    first: Any, ends: Any, words: Any, gold_ends: Any, gold: Any, keep: Any, counts: Any
) -> None:
    """Words in both bags, kept words, gold words of each page."""
    for page in range(first.size - 1):
        mine = np.sort(gold[gold_ends[page] : gold_ends[page + 1]])
        used = np.zeros(mine.size + 1, np.int64)
        both, kept = 0, 0
        for row in range(first[page], first[page + 1]):
            if not keep[row]:
                continue
            for at in range(ends[row], ends[row + 1]):
                kept += 1
                place = np.searchsorted(mine, words[at])
                if place + used[place] < mine.size and mine[place + used[place]] == words[at]:
                    used[place] += 1
                    both += 1
        counts[page, 0], counts[page, 1], counts[page, 2] = both, kept, mine.size


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over pages with its interval of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one way to clean on some pages."""

    pages: int
    precision: float
    recall: float
    f1: Figure
    line_precision: float
    line_recall: float
    line_f1: float
    headlines: int
    headlines_kept: float | None


def measure(
    pages: GoldPages,
    keep: NDArray[np.bool_],
    groups: Mapping[str, NDArray[np.bool_]],
    *,
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, Measured]:
    """Measure the kept lines, bool[lines], of some groups of pages, bool[pages] each.

    The interval is a bootstrap over sites; where there are fewer than ten sites, over pages.
    """
    scores = word_scores(pages, keep)
    sites = np.unique([p.site for p in pages.pages], return_inverse=True)[1]
    there, kept = _headline_pages(pages, keep)
    found = {}
    for name, chosen in groups.items():
        weight = pages.words.counts * chosen[pages.page_of]
        both = float(weight[keep & pages.labels].sum())
        precision = both / max(float(weight[keep].sum()), 1.0)
        recall = both / max(float(weight[pages.labels].sum()), 1.0)
        titled = int((there & chosen).sum())
        means = scores[chosen].mean(axis=0) if chosen.any() else np.zeros(3)
        found[name] = Measured(
            int(chosen.sum()),
            float(means[0]),
            float(means[1]),
            bootstrap(scores[chosen, 2], sites[chosen], samples=samples, seed=seed),
            precision,
            recall,
            2 * precision * recall / max(precision + recall, 1e-12),
            titled,
            int((kept & chosen).sum()) / titled if titled else None,
        )
    return found


def _headline_pages(
    pages: GoldPages, keep: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pages whose main text begins with the headline, and those where the headline is kept.

    It stands among the first three lines of the main text; any line that says it will do.
    """
    named = headlines(pages)
    size = len(pages.pages)
    rank = np.cumsum(pages.labels)
    before = np.concatenate([[0], rank])[pages.first[:-1]]
    leads = pages.labels & (rank - before[pages.page_of] <= _LEAD_LINES)
    there = np.bincount(pages.page_of[named & leads], minlength=size) > 0
    kept = np.bincount(pages.page_of[named & keep], minlength=size) > 0
    return there, there & kept


def bootstrap(
    values: NDArray[np.float64], groups: NDArray[np.int64], *, samples: int, seed: int
) -> Figure:
    """The mean of the values and the interval of 95 % when whole groups are drawn again."""
    if not len(values):
        return Figure(0.0, 0.0, 0.0)
    index = np.unique(groups, return_inverse=True)[1]
    if index.max() < 9:
        index = np.arange(len(values))
    sums = np.bincount(index, weights=values)
    sizes = np.bincount(index)
    rng = np.random.Generator(np.random.PCG64(seed))
    means = np.empty(samples)
    for sample in range(samples):
        drawn = rng.integers(0, len(sums), len(sums))
        means[sample] = sums[drawn].sum() / sizes[drawn].sum()
    low, high = np.quantile(means, [0.025, 0.975])
    return Figure(float(values.mean()), float(low), float(high))


def kept_by(pages: GoldPages, rule: Callable[[Sequence[str]], list[bool]]) -> NDArray[np.bool_]:
    """The lines that a line rule keeps, bool[lines]."""
    kept = [np.array(rule(page.lines), bool) for page in pages.pages]
    return np.concatenate(kept) if kept else np.zeros(0, bool)
