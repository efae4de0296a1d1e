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
from cleaner.noise.page import Mark, Page

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "noise.frame_head": "short lines among menus before the article",
        "noise.frame_tail": "short lines among links and footers after the article's end",
        "noise.menu_column": "a column of single words at the top of the page, above the headline",
        "noise.link_run": "a long run of short lines outside the article",
    }
)

_RUN_LINES = 12
"""A shorter run without known noise may be a list or a table of the article."""
_MIN_ARTICLE_WORDS = 80
"""With less prose than that the page may be a list itself."""
_GAP_LINES, _GAP_ANCHORS = 12, 8
"""More lines between two anchors are frame only on a page that has that many known lines."""
_MIN_COLUMN, _COLUMN_LINES = 5, 60
"""A shorter column may be a headline in pieces; a longer one is a list that the page is about."""
_FOOTNOTE = ("↩", "↩︎", "↑")
_MAYBE_DIGIT = re.compile(
    r"[\d\u00b2-\u00b9\u1369-\u1371\u19da\u2070-\u2089\u2460-\u2792\U00010a40-\U0001f10a]"
)
"""All that `str.isdigit` takes for a digit, and some more: asked first, for it is much faster."""
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
    return page.is_noise(at) or at in page.known


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
    mark = Mark(rule, 800, evidence)
    for low, high in pairwise(anchors):
        for at in _frame_part(page, low + 1, high):
            if at not in kept and _is_frame_line(page, at, high):
                page.mark(at, mark)
        if high not in kept:
            page.mark(high, mark)


def _frame_part(page: Page, start: int, stop: int) -> list[int]:
    """The lines of a gap between two anchors that can be frame.

    From both sides up to where prose resumes, without the line above it, which may be its head;
    nothing of a gap that looks like a program or a table.
    """
    lines = page.lines
    if start >= stop or _is_broken_prose(lines[start:stop]) or _is_table(lines[start:stop]):
        return []
    if stop - start > _GAP_LINES and len(page.known) < _GAP_ANCHORS:
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
    if _MAYBE_DIGIT.search(line.text) is None:
        return False
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


def mark_menu_column(page: Page) -> None:
    """Single words from the top of the page down to the headline: a menu in any language.

    Not where there is no article under it, where words come again (a chorus), or where numbers or
    full stops stand among them.
    """
    stop = 0
    while stop < min(page.start, _COLUMN_LINES) and _is_menu_word(page, stop):
        stop += 1
    lines = page.lines
    if stop < _MIN_COLUMN or stop >= page.start or lines[stop].words < 4:
        return
    free = [at for at in range(stop) if not page.is_noise(at)]
    if len({lines[at].key for at in free}) < len(free):
        return
    if sum(lines[at].words for at in free) > 2 * len(free):
        return
    evidence = (f"{stop} single words above the headline",)
    for at in free:
        page.mark(at, Mark("noise.menu_column", 820, evidence))


def _is_menu_word(page: Page, at: int) -> bool:
    """Whether a line is noise already, or one to three words without a number or an end mark."""
    line = page.lines[at]
    if page.is_noise(at):
        return True
    is_word = line.kind is Kind.LINK and line.words <= 3 and line.chars <= 30
    if not is_word or line.is_ended or line.is_code or line.is_listed:
        return False
    return line.text[-1] not in ",;-–—…" and not _has_digit(line.text)


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
            if not _is_menu_like(page, low, high):
                continue
            evidence = (f"a run of {high - low} short lines",)
            first, last = _without_margin(page, low, high)
            for at in range(first, last):
                if at not in kept and not page.lines[at].is_code:
                    page.mark(at, Mark("noise.link_run", 750, evidence))


def _is_menu_like(page: Page, low: int, high: int) -> bool:
    """Whether packs know lines of a run, or of the page, or it is a column of words at the top.

    A list of tools, a glossary or the cast of a play are long runs of short lines, too.
    """
    size = high - low
    known = sum(at in page.known for at in range(low, high))
    if (known >= 2 and known * 8 >= size) or (known >= 4 and known * 40 >= size):
        return True
    if len(page.known) >= 6 and (known or size >= 2 * _RUN_LINES):
        return True
    brief = sum(page.lines[at].words <= 3 for at in range(low, high))
    return high <= page.start and size >= 20 and brief * 5 >= 4 * size


def _is_listing(run: Sequence[Line]) -> bool:
    """Whether a run looks like a table, code, or a numbered list."""
    listed = sum(line.is_listed and line.text[0] not in "•·●▪■" for line in run)
    notes = sum(line.text.endswith(_FOOTNOTE) for line in run)
    return (listed + notes) * 4 > len(run) or _is_broken_prose(run) or _is_table(run)


def _is_broken_prose(run: Sequence[Line]) -> bool:
    """Whether lines are sentences that were broken where links or bold words stood."""
    pieces = sum(line.text[:1].islower() or line.text[:1] in ",.;:)、，。" for line in run)
    return len(run) >= 4 and 20 * pieces >= 3 * len(run) and 20 * pieces <= 17 * len(run)


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
    numbered = sum(_has_digit(line.text) for line in lines)
    return len(lines) <= 10 or numbered * 10 >= 3 * len(lines)


def _has_digit(text: str) -> bool:
    """Whether one of the characters is a digit."""
    return _MAYBE_DIGIT.search(text) is not None and any(map(str.isdigit, text))


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
    line = page.lines[at]
    if line.is_code or line.text.endswith(_FOOTNOTE):
        return False
    return _is_short(page, at) or _is_between(page, at, limit)


def _is_short(page: Page, at: int) -> bool:
    """Whether a line is a link, a mark, or one short sentence."""
    return page.lines[at].kind is not Kind.PROSE


def _is_between(page: Page, at: int, limit: int) -> bool:
    """Whether a sentence is a teaser or a label alone among short lines."""
    line = page.lines[at]
    if not is_teaser(line):
        return False
    return (at == 0 or _is_short(page, at - 1)) and (at + 1 >= limit or _is_short(page, at + 1))
