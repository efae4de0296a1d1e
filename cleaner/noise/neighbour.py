"""Noise that shows in its neighbours: doubled titles, link lists under a head, teasers after the end.

Each rule takes the page and marks lines; none knows a language. Scores are thousandths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from cleaner.noise.line import Kind, Line
from cleaner.noise.page import ANCHORS, Mark, Page

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "noise.repeated_title": "a title printed twice in a row, as lists of links with pictures do",
        "noise.repeated_teaser": "the teaser under a title that is printed twice",
        "noise.after_head": "what follows the head of a list of links, until prose resumes",
        "noise.tail_teaser": "titles and teasers of other articles in turn after the article's end",
        "noise.glued_teaser": "a title and its teaser run together without a space, after the article's end",
        "noise.frame_head": "short lines among menus before the article",
        "noise.frame_tail": "short lines among links and footers after the article's end",
        "noise.link_run": "a long run of short lines outside the article",
        "noise.separator": "a separator or a number alone between noise",
    }
)

_HEAD = frozenset({"head"})
_ITEM = re.compile(r"\d{1,3} ?[.):/-]|[IVX]{1,4}[.)]")
_SCORE = re.compile(r"\b\d{1,3} ?[-–:] ?\d{1,3}\b")
_BODY_CHARS = 320
"""A teaser is shorter; prose that is longer has resumed."""


def mark_repeated_titles(page: Page) -> None:
    """Runs of title, the same title, teaser: the shape of a link list whose pictures are gone.

    Two or more such groups in a row are noise anywhere; one alone only after the article's end, for captions and
    refrains are printed twice as well.
    """
    lines = page.lines
    body_end = last_body(page)
    at = 0
    while at + 1 < len(lines):
        groups: list[tuple[int, int]] = []
        here = at
        while _is_doubled(page, here):
            stop = here + 2
            while stop < len(lines) and lines[stop].key == lines[here].key:
                stop += 1
            if stop < len(lines) and _is_teaser(lines[stop]) and not _is_doubled(page, stop):
                stop += 1
            groups.append((here, stop))
            here = stop
        if not groups:
            at += 1
            continue
        if _is_link_list(page, groups, body_end):
            for start, stop in groups:
                _mark_group(page, start, stop, len(groups))
        at = groups[-1][1]


def _is_doubled(page: Page, at: int) -> bool:
    """Whether a title stands here and once more right behind."""
    if at + 1 >= len(page.lines):
        return False
    line, twin = page.lines[at], page.lines[at + 1]
    return (
        line.kind is Kind.LINK
        and bool(line.key)
        and line.key == twin.key
        and (line.words >= 4 or line.chars >= 20)
    )


def _is_link_list(page: Page, groups: list[tuple[int, int]], body_end: int) -> bool:
    """Whether doubled titles are a list of links, not a refrain, a caption or the page's own title."""
    lines = page.lines
    taught = sum(
        1 for start, stop in groups if lines[stop - 1].key != lines[start].key
    )  # groups that have a teaser
    titles = {lines[start].key for start, _ in groups}
    if len(groups) >= 2:
        longer = sum(lines[stop - 1].chars >= 60 for _, stop in groups)
        return len(titles) * 2 > len(groups) and (longer * 2 >= len(groups) or not _sings(page))
    start, stop = groups[0]
    after = stop if not taught else stop - 1
    return page.has_article and start >= page.end - 3 and start > 0 and after >= body_end


def _sings(page: Page) -> bool:
    """Whether the page is made of short lines alone, as songs are."""
    return not page.has_article


def _mark_group(page: Page, start: int, stop: int, run: int) -> None:
    """Mark one title–title–teaser group."""
    key = page.lines[start].key
    for index in range(start, stop):
        is_title = page.lines[index].key == key
        rule = "noise.repeated_title" if is_title else "noise.repeated_teaser"
        seen = "the same title twice" if is_title else "under a doubled title"
        page.mark(index, Mark(rule, min(990, 900 + 30 * run), (seen, f"run of {run}")))


def last_body(page: Page) -> int:
    """The line after the last paragraph that is surely the article's.

    A long paragraph, or the second of two in a row; single short paragraphs after it may be teasers.
    """
    lines = page.lines
    for index in range(min(page.end, len(lines)) - 1, 0, -1):
        line = lines[index]
        if line.kind is not Kind.PROSE or page.marks[index] is not None:
            continue
        if line.chars > _BODY_CHARS or lines[index - 1].kind is Kind.PROSE:
            return index + 1
    return 1 if lines and lines[0].kind is Kind.PROSE else 0


def mark_after_heads(page: Page) -> None:
    """What follows a head such as "read more": links, and teasers where the article is over."""
    body_end = last_body(page)
    kept = _headline(page)
    for index in range(len(page.lines)):
        if not page.has(index, _HEAD) or not page.is_noise(index):
            continue
        stop = _followers(page, index + 1, body_end)
        seen = f"after {page.lines[index].text[:40]!r}"
        for at in range(index + 1, stop):
            if at not in kept:
                place = f"line {at - index} of {stop - index - 1}"
                page.mark(at, Mark("noise.after_head", 900, (seen, place)))


def _followers(page: Page, start: int, body_end: int) -> int:
    """The end of the list that begins at `start`."""
    lines = page.lines
    at = start
    while at < len(lines) and at - start < 200:
        line = lines[at]
        if line.kind in (Kind.LINK, Kind.MARK):
            if not _may_follow(page, at, start):
                break
        elif not (at >= body_end or line.is_cut_off) or not _is_teaser_here(page, at, start):
            break
        at += 1
    if at < len(lines) and start < at < page.end and page.is_inside(at):
        at = _without_subhead(page, start, at)
    return at


def _may_follow(page: Page, at: int, start: int) -> bool:
    """Whether a short line still belongs to the list."""
    line = page.lines[at]
    if page.is_inside(at) and at - start >= 12:
        return False
    return not (line.is_listed and line.words > 12 and page.is_inside(at))


def _is_teaser_here(page: Page, at: int, start: int) -> bool:
    """Whether a sentence in a list stands under a title and before another link."""
    line = page.lines[at]
    if not _is_teaser(line):
        return False
    above = page.lines[at - 1]
    is_titled = at > start and above.kind is Kind.LINK and above.words >= 4
    is_last = at + 1 >= len(page.lines)
    below_is_link = is_last or page.lines[at + 1].kind in (Kind.LINK, Kind.MARK)
    return (is_titled or line.is_cut_off) and below_is_link


def _without_subhead(page: Page, start: int, stop: int) -> int:
    """Give the last line back where prose resumes and the line may be its sub-head.

    One link alone is the link; of several, a last one that is clearly shorter than the others is a sub-head.
    """
    if stop - start < 2 or page.lines[stop].kind is not Kind.PROSE:
        return stop
    last = page.lines[stop - 1]
    others = [page.lines[i].words for i in range(start, stop - 1) if page.lines[i].kind is Kind.LINK]
    if page.hits[stop - 1] or not others:
        return stop
    return stop - 1 if last.words * 3 < 2 * (sum(others) // len(others)) else stop


def mark_tail_teasers(page: Page) -> None:
    """After the last paragraphs of the article: title, teaser, title, teaser, to the end of the page.

    Not where the article itself goes on in that way (sub-heads with one paragraph each), and not where most
    titles are questions (answers follow those).
    """
    if not page.has_article:
        return
    lines = page.lines
    stop = len(lines)
    while stop > 0 and (page.is_noise(stop - 1) or lines[stop - 1].kind is Kind.MARK):
        stop -= 1
    at = stop
    while at >= 2 and _is_pair(page, at - 2):
        at -= 2
    pairs = (stop - at) // 2
    asked = sum(lines[index].text.endswith("?") for index in range(at, stop, 2))
    if pairs < 2 or asked * 2 > pairs or not _is_plain_body(page, at):
        return
    score = 800 + 40 * min(pairs, 4)
    for index in range(at, stop):
        page.mark(index, Mark("noise.tail_teaser", score, (f"{pairs} titles with teasers",)))


def _is_pair(page: Page, at: int) -> bool:
    """Whether a headline and one short paragraph stand here."""
    title, teaser = page.lines[at], page.lines[at + 1]
    return (
        title.kind is not Kind.MARK
        and title.words >= 6
        and 24 <= title.chars <= 130
        and _may_be_headline(title)
        and title.bars <= 1
        and teaser.kind in (Kind.PROSE, Kind.SENTENCE)
        and title.chars < teaser.chars <= _BODY_CHARS
        and teaser.words <= 75
        and not teaser.is_listed
        and not page.is_noise(at)
    )


def _may_be_headline(line: Line) -> bool:
    """Whether a line ends and begins as headlines do: no full stop, no list mark, not one whole quotation."""
    if line.is_ended and not line.text.endswith(("?", "!", "？", "！")):
        return False
    return not line.text.endswith((",", ";", "…")) and not _is_numbered(line)


def _is_numbered(line: Line) -> bool:
    """Whether a line starts with a list mark; a headline may start with a plain number."""
    return line.is_listed and not line.text[:1].isdigit() or _ITEM.match(line.text) is not None


def _is_plain_body(page: Page, stop: int) -> bool:
    """Whether the text before `stop` has paragraphs in a row, and hardly any with a title over it."""
    lines = page.lines
    in_row = titled = 0
    for at in range(1, stop):
        if lines[at].kind is not Kind.PROSE:
            continue
        if lines[at - 1].kind is Kind.PROSE:
            in_row += 1
        elif at >= 2 and lines[at - 1].kind is Kind.LINK and 3 <= lines[at - 1].words <= 20:
            titled += at > page.start + 1
    return in_row >= 2 and titled * 2 <= in_row


def mark_glued_teasers(page: Page) -> None:
    """The last paragraphs of a page whose title and teaser were joined without a space."""
    if not page.has_article or len(page.lines) < 4:
        return
    index = len(page.lines) - 1
    while index > 2 and page.is_noise(index):
        index -= 1
    found: list[int] = []
    while index > 2 and len(found) < 6 and glue(page.lines[index]) > 0:
        found.append(index)
        index -= 1
    for at in found:
        joint = glue(page.lines[at])
        text = page.lines[at].text
        seen = f"joint …{text[max(0, joint - 8) : joint + 8]}…"
        page.mark(at, Mark("noise.glued_teaser", 850, (seen,)))


def glue(line: Line) -> int:
    """Where a title and a sentence were joined ("…titleSentence…"), or 0."""
    text = line.text
    if line.kind is not Kind.PROSE or not 80 <= line.chars <= 420:
        return 0
    for at in range(25, min(line.chars - 30, 160)):
        left, right = text[at - 1], text[at]
        if not right.isupper() or left.isspace() or left.isupper():
            continue
        if not (left.islower() or left in "?!'\"”’)" or left.isdigit()):
            continue
        ahead = text[at + 1 : at + 2]
        head = text[:at]
        joined = text[max(0, text.rfind(" ", 0, at)) + 1 : at]
        if (
            (ahead.islower() or ahead == " ")
            and (left in "?!" or (len(joined) >= 2 and joined[0].islower()))
            and ". " not in head
            and len(head.split()) >= 6
        ):
            return at
        return 0
    return 0


def mark_frames(page: Page) -> None:
    """Short lines before the article and after it, where known noise shows that a frame is there."""
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
    kept = _headline(page)
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

    From both sides up to where prose resumes, without the line above it, which may be its head; nothing of a
    gap that looks like a program or a table.
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
    if lines[at].chars > _BODY_CHARS:
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


def _headline(page: Page) -> frozenset[int]:
    """Lines above the article that may be its headline or standfirst: the longest of the last twelve."""
    first = max(0, page.start - 12)
    open_ = [
        at
        for at in range(first, page.start)
        if not page.hits[at] and page.lines[at].words >= 4 and page.lines[at].bars < 3
    ]
    if not open_:
        return frozenset()
    longest = max(page.lines[at].words for at in open_)
    return frozenset(at for at in open_ if page.lines[at].words * 2 >= longest)


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

    Not where there is little article, nor where the lines hold numbers, code or list marks: tables, tickers,
    recipes and listings are long runs as well.
    """
    prose = sum(page.lines[at].words for at in range(page.start, page.end))
    if prose < 80:
        return
    kept = _headline(page)
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

    A margin of up to ten lines is left (credits, a table, the page's own head), a longer one only where its
    lines hold numbers.
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


_RUN_LINES = 12


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
    if not _is_teaser(line):
        return False
    return (at == 0 or _is_short(page, at - 1)) and (at + 1 >= limit or _is_short(page, at + 1))


def _is_teaser(line: Line) -> bool:
    """Whether a line has the size of a teaser."""
    return line.kind is not Kind.MARK and line.chars <= _BODY_CHARS


def mark_separators(page: Page) -> None:
    """A `/`, a `|` or a number alone, with noise on both sides, or noise above and nothing below."""
    last = len(page.lines) - 1
    for at, line in enumerate(page.lines):
        if line.kind is not Kind.MARK or page.marks[at] is not None or line.chars > 24:
            continue
        above = at > 0 and page.is_noise(at - 1)
        below = at == last or page.is_noise(at + 1)
        if (above and below) or (at == 0 and last > 0 and page.is_noise(1)):
            page.mark(at, Mark("noise.separator", 850, ("between noise",)))
