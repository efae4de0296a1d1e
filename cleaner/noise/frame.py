"""The frame around an article: menus above it, link lists and footers below it.

Known noise (anchors) shows where a frame lies; what stands between two anchors goes with them, as
far as it is short and neither a table nor code nor a text of its own. Long runs of short lines are
frames without anchors, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from cleaner.noise.line import TEASER_CHARS, Kind, Line, is_teaser
from cleaner.noise.page import ANCHORS, Mark, Page

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "noise.frame_head": "short lines among menus before the article",
        "noise.frame_tail": "short lines among links and footers after the article's end",
        "noise.link_run": "a long run of short lines outside the article",
    }
)

_RUN_LINES = 12
"""A shorter run without known noise may be a list or a table of the article."""
_MIN_ARTICLE_WORDS = 80
"""With less prose than that the page may be a list itself."""
_SCORE = re.compile(r"\b\d{1,3} ?[-–:] ?\d{1,3}\b")


def mark_frames(page: Page) -> None:
    """Short lines before and after the article, where known noise shows a frame."""
    if page.has_article:
        _mark_head_frame(page)
        _mark_tail_frame(page)


def _is_anchor(page: Page, at: int) -> bool:
    """Whether a line shows that it lies in a page's frame."""
    if page.lines[at].key in page.interleaved:
        return False
    return page.is_noise(at) or any(hit.kind in ANCHORS for hit in page.hits[at])


def _mark_head_frame(page: Page) -> None:
    """Menus above the article: known menu lines, and short lines in the gaps between them."""
    anchors = [at for at in range(page.start) if _is_anchor(page, at)]
    if len(anchors) < 3:
        return
    kept = page.headline()
    evidence = (f"{len(anchors)} menu lines above the article",)
    _mark_between(page, "noise.frame_head", [-1, *anchors], kept, evidence)


def _mark_between(
    page: Page, rule: str, anchors: list[int], kept: frozenset[int], evidence: tuple[str, ...]
) -> None:
    """Mark anchors, and what lies between two of them as far as no text resumes."""
    for low, high in pairwise(anchors):
        for at in _frame_part(page, low + 1, high):
            if at not in kept and _is_frame_line(page, at, high):
                page.mark(at, Mark(rule, 800, evidence))
        if high not in kept:
            page.mark(high, Mark(rule, 800, evidence))


def _frame_part(page: Page, start: int, stop: int) -> list[int]:
    """The lines of a gap between two anchors that can be frame.

    From both sides up to where prose resumes, without the line above it, which may be its head;
    nothing of a gap that looks like a program or a table.
    """
    lines = page.lines
    if start >= stop or _is_table(lines[start:stop]):
        return []
    resumed = [at for at in range(start, stop) if _resumes(page, at, stop)]
    if not resumed:
        return list(range(start, stop))
    return [*range(start, resumed[0] - 1), *range(resumed[-1] + 1, stop)]


def _resumes(page: Page, at: int, stop: int) -> bool:
    """Whether a text goes on here: a long paragraph, or one of two in a row."""
    lines = page.lines
    if lines[at].kind is not Kind.PROSE:
        return False
    if lines[at].chars > TEASER_CHARS:
        return True
    above = at > 0 and lines[at - 1].kind is Kind.PROSE
    return above or (at + 1 < stop and lines[at + 1].kind is Kind.PROSE)


def _is_table(gap: Sequence[Line]) -> bool:
    """Whether lines look like code, or like the rows of a table or a ticker (numbers in many)."""
    if sum(line.is_code for line in gap) * 8 >= len(gap):
        return True
    if len(gap) < 6:
        return False
    return sum(map(_is_figures, gap)) * 10 >= 4 * len(gap)


def _is_figures(line: Line) -> bool:
    """Whether a line is a number or a clock, or holds a score, or is an eighth digits."""
    if line.kind is Kind.MARK:
        return True
    digits = sum(map(str.isdigit, line.text))
    return digits > 0 and (digits * 8 >= line.chars or _SCORE.search(line.text) is not None)


def _mark_tail_frame(page: Page) -> None:
    """Links and footers below the article: from the first line that is surely noise to the end."""
    lines = page.lines
    anchors = [at for at in range(page.end, len(lines)) if _is_anchor(page, at)]
    if len(anchors) < 2:
        return
    evidence = (f"{len(anchors)} frame lines below the article",)
    _mark_between(page, "noise.frame_tail", [anchors[0] - 1, *anchors], frozenset(), evidence)
    for at in _frame_part(page, anchors[-1] + 1, len(lines)):
        if _is_frame_line(page, at, len(lines)):
            page.mark(at, Mark("noise.frame_tail", 800, evidence))


def mark_link_runs(page: Page) -> None:
    """Long runs of short lines outside the article: menus and link lists that no pack knows.

    Not where there is little article, nor where the lines hold numbers, code or list marks: tables,
    tickers, recipes and listings are long runs as well.
    """
    prose = sum(page.lines[at].words for at in range(page.start, page.end))
    if prose < _MIN_ARTICLE_WORDS:
        return
    kept = page.headline()
    for start, stop in ((0, page.start), (page.end, len(page.lines))):
        for low, high in _runs(page, start, stop):
            if high - low < _RUN_LINES or _is_listing(page.lines[low:high]):
                continue
            evidence = (f"a run of {high - low} short lines",)
            first, last = _without_margin(page, low, high)
            for at in range(first, last):
                if at not in kept and not page.lines[at].is_code:
                    page.mark(at, Mark("noise.link_run", 750, evidence))


def _is_listing(run: Sequence[Line]) -> bool:
    """Whether a run looks like a table, code, or a numbered list."""
    listed = sum(line.is_listed and line.text[0] not in "•·●▪■" for line in run)
    return listed * 4 > len(run) or _is_table(run)


def _without_margin(page: Page, low: int, high: int) -> tuple[int, int]:
    """The run without what may still be the article's, between its text and the first known noise.

    A margin of up to ten lines is left (credits, a table, the page's own head), a longer one only
    where its lines hold numbers.
    """
    anchors = [at for at in range(low, high) if _is_anchor(page, at)]
    if not anchors:
        return low, high
    if low == page.end and _is_margin(page.lines[low : anchors[0]]):
        low = anchors[0]
    if high == page.start and _is_margin(page.lines[anchors[-1] + 1 : high]):
        high = anchors[-1] + 1
    return low, high


def _is_margin(lines: Sequence[Line]) -> bool:
    """Whether lines between the article and known noise may belong to the article."""
    numbered = sum(any(map(str.isdigit, line.text)) for line in lines)
    return len(lines) <= 10 or numbered * 10 >= 3 * len(lines)


def _runs(page: Page, start: int, stop: int) -> list[tuple[int, int]]:
    """Runs of short lines in [start, stop)."""
    runs: list[tuple[int, int]] = []
    low = start
    for at in range(start, stop + 1):
        if at < stop and (_is_short(page, at) or _is_between(page, at, stop)):
            continue
        if at > low:
            runs.append((low, at))
        low = at + 1
    return runs


def _is_frame_line(page: Page, at: int, limit: int) -> bool:
    """Whether a line among anchors is frame: short, or a teaser between short lines; never code."""
    return not page.lines[at].is_code and (_is_short(page, at) or _is_between(page, at, limit))


def _is_short(page: Page, at: int) -> bool:
    """Whether a line is a link, a mark, or one short sentence."""
    return page.lines[at].kind is not Kind.PROSE


def _is_between(page: Page, at: int, limit: int) -> bool:
    """Whether a sentence is a teaser or a label alone among short lines."""
    line = page.lines[at]
    if not is_teaser(line):
        return False
    return (at == 0 or _is_short(page, at - 1)) and (at + 1 >= limit or _is_short(page, at + 1))
