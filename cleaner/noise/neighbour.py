"""Noise that shows in its neighbours: doubled titles, lists under a head, teasers at the end.

Each rule takes the page and marks lines; none knows a language. Scores are thousandths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cleaner.noise.line import TEASER_CHARS, Kind, Line, is_teaser
from cleaner.noise.page import Mark, Page

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "noise.repeated_title": "a title printed twice in a row, as link lists with pictures do",
        "noise.repeated_teaser": "the teaser under a title that is printed twice",
        "noise.after_head": "what follows the head of a list of links, until prose resumes",
        "noise.tail_teaser": "titles and teasers of other articles in turn after the article's end",
        "noise.glued_teaser": "a title and a teaser joined without a space, at the page's end",
        "noise.separator": "a separator or a number alone between noise",
    }
)

GLUED_CHARS = 420
"""A longer paragraph is no title with a teaser."""
_HEAD = frozenset({"head"})
_ASKED = ("?", "!", "？", "！", "؟")
_UNENDED = 20
"""Words from which a line without an end mark is a teaser rather than another title."""
_SUBHEAD_WORDS = 4
"""A line above a list with no more is the list's own head ("Ingredients")."""
_ITEM_WORDS = 12
"""A longer line with a number in front may be a headline of a list."""
_MOST_ABOVE = 12
"""Lines above a head that are compared with what follows it."""
_WORDS = re.compile(r"[^\W\d_]+(?:\s+[^\W\d_]+)*")
_FIGURES = re.compile(r"\d+")
_ITEM = re.compile(r"\d{1,3} ?[.):/、．-]|[IVX]{1,4}[.)]")


def mark_repeated_titles(page: Page) -> None:
    """Runs of title, the same title, teaser: the shape of a link list whose pictures are gone.

    Two or more such groups in a row are noise anywhere; one alone only after the article's end, for
    captions and refrains are printed twice as well.
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
            if stop < len(lines) and is_teaser(lines[stop]) and not _is_doubled(page, stop):
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
    is_title = line.kind is Kind.LINK or (line.kind is Kind.SENTENCE and line.text.endswith(_ASKED))
    return (
        is_title
        and bool(line.key)
        and line.key == twin.key
        and (line.words >= 4 or line.chars >= 20)
    )


def _is_link_list(page: Page, groups: list[tuple[int, int]], body_end: int) -> bool:
    """Whether doubled titles are a list of links, not a refrain, a caption or the headline."""
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

    A long paragraph, or the second of two in a row; single short paragraphs after it may be
    teasers.
    """
    lines = page.lines
    for index in range(min(page.end, len(lines)) - 1, 0, -1):
        line = lines[index]
        if line.kind is not Kind.PROSE or page.marks[index] is not None:
            continue
        if line.chars > TEASER_CHARS or lines[index - 1].kind is Kind.PROSE:
            return index + 1
    return 1 if lines and lines[0].kind is Kind.PROSE else 0


def mark_after_heads(page: Page) -> None:
    """What follows a head such as "read more": links, and teasers where the article is over."""
    body_end = last_body(page)
    kept = page.headline()
    for index in range(len(page.lines)):
        if not page.has(index, _HEAD) or not page.is_noise(index):
            continue
        stop = _followers(page, index + 1, body_end)
        stop = min(stop, _resumed(page, index, stop))
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
    if at - start >= 12 and (page.is_inside(at) or not page.has_article):
        return False
    return not (line.is_listed and line.words > 12 and page.is_inside(at))


def _is_teaser_here(page: Page, at: int, start: int) -> bool:
    """Whether a sentence in a list stands under a title and before another link."""
    line = page.lines[at]
    if not is_teaser(line):
        return False
    above = page.lines[at - 1]
    is_titled = at > start and above.kind is Kind.LINK and above.words >= 4
    is_last = at + 1 >= len(page.lines)
    if is_last and not line.is_cut_off and _links_alone(page, start, at):
        return False
    below_is_link = is_last or page.lines[at + 1].kind in (Kind.LINK, Kind.MARK)
    return (is_titled or line.is_cut_off) and below_is_link


def _links_alone(page: Page, start: int, stop: int) -> bool:
    """Whether two links or more stand there, none under another's teaser: a paragraph ends such."""
    lines = page.lines[start:stop]
    return len({line.key for line in lines}) >= 2 and all(line.kind is Kind.LINK for line in lines)


def _resumed(page: Page, head: int, stop: int) -> int:
    """Where short lines of the text itself go on within the list that ends at `stop`.

    A box may stand in the midst of verses, of a table, or before a list. What follows it is then
    the text again: a line like the ones right above the head, a line that ends in a colon, or a row
    of items where the first line after the head is none. A row whose figures stand as in the two
    above the head is the same table's wherever the box is.
    """
    lines = page.lines
    above = _short_above(page, head)
    if not _is_amid_text(page, head, stop, above):
        return _next_row(page, head, stop, above)
    linked = _linked_elsewhere(page, head, stop)
    for at in range(head + 1, stop):
        line = lines[at]
        if page.hits[at]:
            continue
        if above and line.key not in linked and _goes_on(line, above):
            return at
        if line.is_ended and line.text.endswith((":", "：")):
            return at
        if _begins_items(page, at, stop) and not lines[head + 1].is_listed:
            has_head = at > head + 1 and lines[at - 1].words <= _SUBHEAD_WORDS
            return at - 1 if has_head else at
    return stop


def _next_row(page: Page, head: int, stop: int, above: Sequence[Line]) -> int:
    """The first line of a list whose figures stand as in both lines above its head, or `stop`."""
    shapes = {_row_shape(line) for line in above[:2]}
    if len(shapes) != 1 or not {"a", "0"} <= set(*shapes):
        return stop
    rows = (at for at in range(head + 1, stop) if not page.hits[at])
    return next((at for at in rows if _row_shape(page.lines[at]) in shapes), stop)


def _row_shape(line: Line) -> str:
    """How figures stand among words: "Carrow Haven 3-1 Port" is "a 0-0 a"."""
    return _FIGURES.sub("0", _WORDS.sub("a", line.folded))


def _is_amid_text(page: Page, head: int, stop: int, above: Sequence[Line]) -> bool:
    """Whether the article goes on behind a list: in its zone, or with paragraphs on both sides.

    Many short lines, such as a long poem, can end the zone.
    """
    lines = page.lines
    last = min(len(lines), stop + _MOST_ABOVE)
    at = stop
    while at < last and lines[at].kind in (Kind.LINK, Kind.MARK) and not page.hits[at]:
        at += 1
    if at >= last or page.hits[at]:
        return False
    if page.is_inside(head) and at < page.end:
        return True
    top = head - 1 - len(above)
    is_under_prose = bool(above) and top >= 0 and lines[top].kind is Kind.PROSE
    ahead = [line.kind for line in lines[at : at + 2]]
    return is_under_prose and ahead == [Kind.PROSE, Kind.PROSE]


def _goes_on(line: Line, above: Sequence[Line]) -> bool:
    """Whether a line has the shape of the nearest one above the head, or of the run of them."""
    alike = [_is_alike(line, other) for other in above]
    if alike[0] or sum(alike) * 2 > len(alike):
        return True
    sizes = [other.chars for other in above if _has_figure(other) == _has_figure(line)]
    is_run = len(sizes) >= 3 and not any(other.is_listed for other in (line, *above))
    return is_run and min(sizes) <= line.chars <= max(sizes)


def _short_above(page: Page, head: int) -> list[Line]:
    """The short lines of the text right above a head, the nearest first; fewer than two: none."""
    found: list[Line] = []
    at = head - 1
    while at >= 0 and len(found) < _MOST_ABOVE:
        line = page.lines[at]
        if line.kind is Kind.PROSE or page.is_noise(at) or page.hits[at]:
            break
        found.append(line)
        at -= 1
    return found if len(found) >= 2 else []


def _linked_elsewhere(page: Page, head: int, stop: int) -> frozenset[str]:
    """Keys of lines far from this list and the article: a title that stands there is a link."""
    near = range(head - _MOST_ABOVE, stop + _MOST_ABOVE)
    keys = (
        line.key
        for at, line in enumerate(page.lines)
        if at not in near and not page.is_inside(at) and line.words >= 4
    )
    return frozenset(keys)


def _is_alike(line: Line, other: Line) -> bool:
    """Whether two short lines have one shape: items, or as long, with figures or without."""
    if line.is_listed or other.is_listed:
        return line.is_listed and other.is_listed and line.words <= _ITEM_WORDS
    low, high = sorted((line.chars, other.chars))
    return _has_figure(line) == _has_figure(other) and high * 3 <= low * 4


def _has_figure(line: Line) -> bool:
    return any(map(str.isdigit, line.text))


def _begins_items(page: Page, at: int, stop: int) -> bool:
    """Whether at least two items of a list begin here: with a number, an amount or a bullet."""
    return at + 1 < stop and all(page.lines[n].is_listed for n in (at, at + 1))


def _without_subhead(page: Page, start: int, stop: int) -> int:
    """Give the last line back where prose resumes and the line may be its sub-head.

    One link alone is the link; of several, a last one that is clearly shorter than the others is a
    sub-head.
    """
    if stop - start < 2 or page.lines[stop].kind is not Kind.PROSE:
        return stop
    last = page.lines[stop - 1]
    others = [
        page.lines[i].words for i in range(start, stop - 1) if page.lines[i].kind is Kind.LINK
    ]
    if page.hits[stop - 1] or not others:
        return stop
    return stop - 1 if last.words * 3 < 2 * (sum(others) // len(others)) else stop


def mark_tail_teasers(page: Page) -> None:
    """After the article's last paragraphs: title, teaser, title, teaser, to the end of the page.

    Not where the article itself goes on in that way (sub-heads with one paragraph each), and not
    where most titles are questions (answers follow those).
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
        and title.bars <= 2
        and (teaser.kind in (Kind.PROSE, Kind.SENTENCE) or teaser.words >= _UNENDED)
        and title.chars < teaser.chars <= TEASER_CHARS
        and teaser.words <= 75
        and not _is_numbered(teaser)
        and not page.is_noise(at)
    )


def _may_be_headline(line: Line) -> bool:
    """Whether a line begins and ends as headlines do: no list mark, no full stop."""
    if line.is_ended and not line.text.endswith(_ASKED):
        return False
    return not line.text.endswith((",", ";", "…")) and not _is_numbered(line)


def _is_numbered(line: Line) -> bool:
    """Whether a line starts with a list mark; a headline may start with a plain number."""
    return (line.is_listed and not line.text[:1].isdigit()) or _ITEM.match(line.text) is not None


def _is_plain_body(page: Page, stop: int) -> bool:
    """Whether the text before `stop` has paragraphs in a row, and few with a title over them.

    A longer line over one is a caption rather than a sub-head.
    """
    lines = page.lines
    in_row = titled = 0
    for at in range(1, stop):
        if lines[at].kind is not Kind.PROSE:
            continue
        if lines[at - 1].kind is Kind.PROSE:
            in_row += 1
        elif at >= 2 and lines[at - 1].kind is Kind.LINK and 3 <= lines[at - 1].words <= 12:
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
    if line.kind is not Kind.PROSE or not 80 <= line.chars <= GLUED_CHARS:
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
            (ahead.islower() or ahead == " " or _is_place(text[at:]))
            and (left in "?!" or _is_joint(joined, text[at:].split(None, 1)[0]))
            and ". " not in head
            and len(head.split()) >= 6
        ):
            return at
        return 0
    return 0


def _is_joint(left: str, right: str) -> bool:
    """Whether two halves of a word are two words; names such as YouTube or McDonald are one."""
    if len(left) < 2 or not left[-1].islower():
        return len(left) >= 2 and left[0].islower()
    return left[0].islower() or (left.isalpha() and not (left + right).isascii())


def _is_place(text: str) -> bool:
    """Whether a text begins with a place in capitals and a dash, as a dispatch does."""
    name, dash, _ = text[:40].partition(" - ")
    return bool(dash) and len(name) >= 3 and name.isupper()


def mark_separators(page: Page) -> None:
    """A `/`, a `|` or a number alone between noise, or between noise and the page's end."""
    last = len(page.lines) - 1
    for at, line in enumerate(page.lines):
        if line.kind is not Kind.MARK or page.marks[at] is not None or line.chars > 24:
            continue
        above = at > 0 and page.is_noise(at - 1)
        below = at == last or page.is_noise(at + 1)
        if (above and below) or (at == 0 and last > 0 and page.is_noise(1)):
            page.mark(at, Mark("noise.separator", 850, ("between noise",)))
