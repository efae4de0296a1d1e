"""The decision on each line of a page: what to cut, by which rule, on what evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, NamedTuple, TypeAlias

from cleaner.errors import ConfigError, Fault
from cleaner.noise import frame, neighbour
from cleaner.noise.line import SCAN_CHARS, Kind, Line, fold, look, phrase_key
from cleaner.noise.pack import Packs
from cleaner.noise.page import Action, Hit, Mark, Page

VERSION = 3
"""Raised when the same page may get other verdicts from the same packs; for fingerprints."""
MAX_CACHE = 20_000
"""Lines whose look is remembered, some 20 MB. Menus come back on every page of a site."""

MIN_SITE, MIN_PAGES = 10, 4
"""Pages that a site must have, and a line must be on, before its frequency says anything."""

_ACTIONS: dict[str, Action] = {"byline": "byline", "dateline": "date", "caption": "caption"}
MODEL_RULE = "noise.model"
"""Named where `cleaner.noise.model` cuts a line and no rule does."""
_REPEATED = "noise.repeated_line"
_JOINED, _BREADCRUMB = "noise.joined_links", "noise.breadcrumb"
_JOINED_HIT = Hit(_JOINED, "nav", True, "outside", False)
_BREADCRUMB_HIT = Hit(_BREADCRUMB, "nav", True, "outside", False)
_CELLS = re.compile(r"\s*[|｜│︱•·¦]\s*|\s+(/)\s+|\s*([>›»→＞])\s*|\t+|\s{3,}|\s+([-–—])\s+")
REASONS = {
    **neighbour.REASONS,
    **frame.REASONS,
    _JOINED: "names of sections, buttons or footer links, joined on one line",
    _BREADCRUMB: "the path of the page's section: names with arrows between them",
    _REPEATED: "the same line on many pages of the site, outside the article",
    MODEL_RULE: "looks like noise by itself, its neighbours and its place on the page",
}


Look: TypeAlias = tuple[Line, tuple[Hit, ...]]
"""A line, and the rules of packs that fit it."""


class Verdict(NamedTuple):
    """Why one line goes. `score` is 0…1 in steps of 1/1000."""

    rule: str
    score: float
    evidence: tuple[str, ...]
    action: Action = "cut"


@dataclass(frozen=True, slots=True)
class NoiseOptions:
    """What to do with lines that are not the article's text, but belong to it."""

    captions: Literal["keep", "cut"] = "keep"
    bylines: Literal["keep", "cut"] = "cut"
    dates: Literal["keep", "cut"] = "cut"
    off: frozenset[str] = frozenset()
    """Ids of rules that do not act, of packs or of this package; or the model's."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many documents of the host, and of the corpus, hold each line of the page."""

    host_documents: Sequence[int]
    corpus_documents: Sequence[int]
    host_total: int
    """Documents of the host."""

    def matter(self) -> bool:
        """Whether a line may go because of its counts."""
        return self.host_total >= MIN_SITE and max(self.host_documents, default=0) >= MIN_PAGES


@dataclass(slots=True)
class Judge:
    """Judges pages by rule packs, neighbours and, where known, frequency. Pure but for a cache."""

    packs: Packs
    options: NoiseOptions = NoiseOptions()
    heads: frozenset[str] = field(init=False, repr=False)
    """Ids of the packs' rules that name heads of lists of links."""
    _hits: tuple[Hit, ...] = field(init=False, repr=False)
    _cache: dict[str, Look] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_rule_ids(self.options.off, self.rules())
        self._cache = {}
        self.heads = frozenset(rule.id for rule in self.packs.rules if rule.kind == "head")
        self._hits = tuple(
            Hit(r.id, r.kind, r.severity == "certain", r.scope.where, r.scope.near_noise)
            for r in self.packs.rules
        )

    def rules(self) -> dict[str, str]:
        """Rule id → reason in words, of every rule that a verdict can name."""
        return {**REASONS, **{rule.id: rule.reason for rule in self.packs.rules}}

    def judge(
        self, lines: Sequence[str], *, repeats: Repeats | None = None
    ) -> list[Verdict | None]:
        """One entry per line: why to cut it, or None to keep it; blank lines are always None.

        `lines` are the lines of one page in order, blank ones too, without their ends.

        Raises:
            ValueError: `repeats` has another number of lines.
        """
        return self.judge_looks([self.look(raw) for raw in lines], repeats=repeats)

    def judge_looks(
        self, seen: Sequence[Look], *, repeats: Repeats | None = None
    ) -> list[Verdict | None]:
        """As `judge`, for lines that were looked at already.

        Raises:
            ValueError: `repeats` has another number of lines.
        """
        verdicts: list[Verdict | None] = [None] * len(seen)
        if repeats is not None:
            _check_lengths(repeats, len(seen))
        places = [place for place, (line, _) in enumerate(seen) if line.chars]
        looks = [seen[place][0] for place in places]
        hits = [seen[place][1] for place in places]
        if not looks or not _needs_a_look(looks, hits, repeats):
            return verdicts
        page = Page(looks, hits)
        self._mark(page, repeats, places)
        for index, mark in enumerate(page.marks):
            if mark is not None and self._is_wanted(mark):
                score = mark.score / 1000
                verdicts[places[index]] = Verdict(mark.rule, score, mark.evidence, mark.action)
        return verdicts

    def look(self, raw: str) -> Look:
        """The look of a line and the rules that fit it, remembered for short lines."""
        if len(raw) > SCAN_CHARS:
            return look(raw), ()
        known = self._cache.get(raw)
        if known is None:
            line = look(raw)
            hits = [self._hits[index] for index in self.packs.find(line)]
            if line.kind is Kind.LINK and (line.bars or ">" in line.text or "→" in line.text):
                hits.extend(_joined(self.packs, line))
            found = tuple(hit for hit in hits if hit.rule not in self.options.off)
            known = (line, found)
            if len(self._cache) >= MAX_CACHE:
                self._cache.clear()
            self._cache[raw] = known
        return known

    def _mark(self, page: Page, repeats: Repeats | None, places: Sequence[int]) -> None:
        """Run all rules, the sure ones first, so that the others can lean on them."""
        _mark_certain(page)
        self._run(page, neighbour.mark_repeated_titles)
        _mark_supported(page)
        self._run(page, neighbour.mark_after_heads)
        self._run(page, neighbour.mark_tail_teasers)
        self._run(page, neighbour.mark_glued_teasers)
        self._run(page, frame.mark_menu_column)
        self._run(page, frame.mark_frames)
        self._run(page, frame.mark_link_runs)
        if repeats is not None and _REPEATED not in self.options.off:
            _mark_repeated(page, repeats, places)
        _mark_supported(page)
        self._run(page, neighbour.mark_separators)

    def _run(self, page: Page, rule: Callable[[Page], None]) -> None:
        """Run one neighbour rule; marks of rules that are switched off are taken back at once."""
        if not self.options.off:
            rule(page)
            return
        before = list(page.marks)
        rule(page)
        for index, mark in enumerate(page.marks):
            if mark is not None and mark.rule in self.options.off:
                page.marks[index] = before[index]

    def _is_wanted(self, mark: Mark) -> bool:
        """Whether the options let the mark become a verdict."""
        options = self.options
        if mark.rule in options.off:
            return False
        if mark.action == "byline":
            return options.bylines == "cut"
        if mark.action == "date":
            return options.dates == "cut"
        return mark.action == "cut" or options.captions == "cut"


def asking_judge(packs: Packs, off: frozenset[str] = frozenset()) -> Judge:
    """A judge that names bylines, dates and captions, too, for those who see to what stays."""
    return Judge(packs, NoiseOptions(captions="cut", bylines="cut", dates="cut", off=off))


def _joined(packs: Packs, line: Line) -> Iterator[Hit]:
    """What a line of several cells is, if its cells are names that packs know from menus.

    Two thirds of up to five cells, a third of more, at least two of them; or, with arrows between
    the cells, the first one.
    """
    parts = _CELLS.split(line.text)
    cells = [phrase_key(fold(part)) for part in parts[:: 1 + _CELLS.groups] if part]
    cells = [cell for cell in cells if cell]
    if len(cells) < 2 or any(len(cell) > 40 for cell in cells):
        return
    marks = {mark for at, mark in enumerate(parts) if mark and at % (1 + _CELLS.groups)}
    known = [packs.is_menu_name(cell) for cell in cells]
    needed = 3 * sum(known) >= (2 if len(cells) <= 5 else 1) * len(cells)
    if marks & set(">›»→＞"):
        if known[0] and len(cells) <= 6:
            yield _BREADCRUMB_HIT
    elif sum(known) >= 2 and needed and (len(cells) >= 3 or not marks):
        yield _JOINED_HIT


def check_rule_ids(ids: Collection[str], known: Collection[str]) -> None:
    """Refuse ids of rules that do not exist.

    Raises:
        ConfigError: one fault for each, with the nearest name.
    """
    faults = []
    for rule_id in sorted(set(ids) - set(known)):
        near = get_close_matches(rule_id, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else ""
        faults.append(Fault("off", rule_id, "the id of a noise rule", hint))
    if faults:
        raise ConfigError(faults)


def _check_lengths(repeats: Repeats, size: int) -> None:
    """Refuse counts that are not one per line."""
    if len(repeats.host_documents) != size or len(repeats.corpus_documents) != size:
        raise ValueError(f"repeats must have one count per line ({size})")


def _needs_a_look(
    looks: Sequence[Line], hits: Sequence[tuple[Hit, ...]], repeats: Repeats | None
) -> bool:
    """Whether anything on the page can be noise: a page of plain paragraphs is done at once."""
    if any(hits) or sum(line.kind is not Kind.PROSE for line in looks) >= 2:
        return True
    return (repeats is not None and repeats.matter()) or neighbour.glue(looks[-1]) > 0


def _action(hit: Hit) -> Action:
    return _ACTIONS.get(hit.kind, "cut")


def _is_in_scope(page: Page, at: int, hit: Hit) -> bool:
    """Whether the line's place on the page is one where the rule may act."""
    if hit.near_noise and not (page.is_noise(at - 1) or page.is_noise(at + 1)):
        return False
    if hit.where == "anywhere":
        return True
    if not page.has_article:
        return hit.where == "outside" or (hit.where == "head") == (at * 2 < len(page.lines))
    if hit.where == "outside":
        return not page.is_inside(at) or at == page.end - 1
    return at < page.start + 2 if hit.where == "head" else at >= page.end - 1


def _mark_certain(page: Page) -> None:
    """Lines that a certain rule names, in its scope."""
    for at, hits in enumerate(page.hits):
        for hit in hits:
            if hit.is_certain and _is_in_scope(page, at, hit):
                page.mark(at, Mark(hit.rule, 980, ("pattern",), _action(hit)))
                break


def _mark_supported(page: Page) -> None:
    """Lines that a likely rule names and that noise, or another such line, supports."""
    for order in (range(len(page.lines)), range(len(page.lines) - 1, -1, -1)):
        for at in order:
            if page.marks[at] is not None:
                continue
            for hit in page.hits[at]:
                if hit.is_certain or not _is_in_scope(page, at, hit):
                    continue
                support = _support(page, at, hit)
                if support:
                    page.mark(at, Mark(hit.rule, 900, ("pattern", support), _action(hit)))
                    break


def _support(page: Page, at: int, hit: Hit) -> str:
    """What beside or around a line speaks for a likely rule, in a few words; "" if nothing does.

    A page about lottery results or horoscopes is headed like a teaser; so above the article, or
    where there is none, two such lines do not support each other.
    """
    for step in (-1, 1, -2, 2):
        if page.is_noise(at + step) and _is_near(page, at, at + step):
            return "beside noise"
    may_pair = hit.kind != "teaser" or (page.has_article and at >= page.start)
    for other in (at - 1, at + 1):
        if may_pair and 0 <= other < len(page.lines) and _is_likely_noise(page, other):
            return "beside another such line"
    if page.has_article and at >= page.end:
        return "after the article's end"
    return ""


def _is_near(page: Page, at: int, other: int) -> bool:
    """Whether no prose lies between two lines."""
    low, high = min(at, other), max(at, other)
    return all(page.lines[i].kind in (Kind.LINK, Kind.MARK) for i in range(low + 1, high))


def _is_likely_noise(page: Page, at: int) -> bool:
    """Whether a likely rule that cuts names the line."""
    return any(_action(hit) == "cut" for hit in page.hits[at])


def _mark_repeated(page: Page, repeats: Repeats, places: Sequence[int]) -> None:
    """Lines that many pages of the site have. What real articles repeat is guarded.

    Articles share bylines, sub-heads ("Ingredients"), datelines and quotes; so inside the article
    only a line that half of the site has counts, and a paragraph only where nearly all pages have
    it.
    """
    total = repeats.host_total
    if total < MIN_SITE:
        return
    for index, place in enumerate(places):
        count = repeats.host_documents[place]
        if count < MIN_PAGES or page.marks[index] is not None:
            continue
        share = count * 1000 // total
        if share >= _needed_share(page, index):
            seen = f"on {count} of {total} pages of the site"
            spread = repeats.corpus_documents[place]
            evidence = (seen, f"on {spread} of the corpus") if spread > count else (seen,)
            page.mark(index, Mark(_REPEATED, min(990, 800 + share // 5), evidence))


def _needed_share(page: Page, at: int) -> int:
    """Thousandths of the site's pages that must have a line before it counts as frame."""
    line = page.lines[at]
    is_beside = page.is_noise(at - 1) or page.is_noise(at + 1)
    if line.kind in (Kind.LINK, Kind.MARK):
        if page.is_inside(at):
            return 300 if is_beside else 700
        return 50 if is_beside else 200
    if page.is_inside(at) and not is_beside:
        return 800
    return 150 if is_beside else 300
