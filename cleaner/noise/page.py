"""A page as the rules see it: its lines that are not blank, what packs found, its zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from cleaner.noise.line import Kind, Line

Action: TypeAlias = Literal["cut", "byline", "date", "caption"]

MIN_ZONE = 24
"""Weight of the smallest article: two or three sentences."""
ANCHORS = frozenset({"head", "form_field", "widget", "share", "nav", "footer"})
"""Kinds of rules that show a page's frame; what lies among them is frame, too."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule of a pack fits a line."""

    rule: str
    kind: str
    is_certain: bool
    where: str
    near_noise: bool


class Mark(NamedTuple):
    """Why a line is to be cut; `score` in thousandths."""

    rule: str
    score: int
    evidence: tuple[str, ...]
    action: Action = "cut"


@dataclass(slots=True)
class Page:
    """Lines without the blank ones, in order; rules add to `marks`, one place a line."""

    lines: Sequence[Line]
    hits: Sequence[tuple[Hit, ...]]
    marks: list[Mark | None] = field(init=False)
    interleaved: frozenset[str] = field(init=False)
    """Keys of known lines that come again and again, such as a "show less" in a ticker."""
    known: frozenset[int] = field(init=False)
    """Lines that a rule of a frame's kind fits, by their text; if it is likely, two in a row."""
    start: int = field(init=False)
    """First line of the article's zone."""
    end: int = field(init=False)
    """The line after the zone's last; equal to `start` where no zone was found."""

    def __post_init__(self) -> None:
        self.marks = [None] * len(self.lines)
        self.interleaved = _interleaved(self.lines, self.hits)
        self.known = _known(self.lines, self.hits, self.interleaved)
        self.start, self.end = article_zone(self.lines, self.hits, self.interleaved)

    @property
    def has_article(self) -> bool:
        """Whether the page has a zone of prose."""
        return self.end > self.start

    def mark(self, index: int, mark: Mark) -> None:
        """Mark a line, unless it is marked already with at least that score."""
        old = self.marks[index]
        if old is None or old.score < mark.score:
            self.marks[index] = mark

    def is_noise(self, index: int) -> bool:
        """Whether the line exists and is marked to be cut."""
        if not 0 <= index < len(self.marks):
            return False
        mark = self.marks[index]
        return mark is not None and mark.action == "cut"

    def has(self, index: int, kinds: frozenset[str]) -> bool:
        """Whether a certain rule of one of these kinds fits the line."""
        return any(hit.is_certain and hit.kind in kinds for hit in self.hits[index])

    def headline(self) -> frozenset[int]:
        """Lines that may be headline or standfirst: the longest of the twelve above the text."""
        free = [
            at
            for at in range(max(0, self.start - 12), self.start)
            if not self.hits[at] and self.lines[at].words >= 4 and self.lines[at].bars < 3
        ]
        longest = max((self.lines[at].words for at in free), default=0)
        return frozenset(at for at in free if self.lines[at].words * 2 >= longest)

    def is_inside(self, index: int) -> bool:
        """Whether the line lies in the article's zone."""
        return self.start <= index < self.end


def _interleaved(lines: Sequence[Line], hits: Sequence[tuple[Hit, ...]]) -> frozenset[str]:
    """Keys of lines that rules name and that stand at least four times on the page."""
    counts = Counter(line.key for line, found in zip(lines, hits, strict=True) if found)
    return frozenset(key for key, count in counts.items() if count >= 4)


def _known(
    lines: Sequence[Line], hits: Sequence[tuple[Hit, ...]], interleaved: frozenset[str]
) -> frozenset[int]:
    """See `Page.known`: "Photo" alone is a word, "Photo" over "Video" is a menu."""
    anchors: dict[int, bool] = {}
    for at, found in enumerate(hits):
        kinds = [hit.is_certain for hit in found if hit.kind in ANCHORS]
        if kinds and lines[at].key not in interleaved:
            anchors[at] = any(kinds)
    return frozenset(
        at for at, sure in anchors.items() if sure or at - 1 in anchors or at + 1 in anchors
    )


def article_zone(
    lines: Sequence[Line],
    hits: Sequence[tuple[Hit, ...]],
    interleaved: frozenset[str] = frozenset(),
) -> tuple[int, int]:
    """The run of lines with the most prose and the fewest links: [start, end), or (0, 0).

    Prose counts for its words, links and known noise against; the best run by Kadane's algorithm,
    as in Finn, Kushmerick and Smyth, "Fact or fiction" (2001), with lines instead of tags.
    """
    best, best_start, best_end = 0, 0, 0
    total, start = 0, 0
    for index, line in enumerate(lines):
        if total <= 0:
            total, start = 0, index
        total += _weight(line, () if line.key in interleaved else hits[index])
        if total > best:
            best, best_start, best_end = total, start, index + 1
    return (best_start, best_end) if best >= MIN_ZONE else (0, 0)


def _weight(line: Line, hits: tuple[Hit, ...]) -> int:
    """What a line says for (above 0) or against the article being here."""
    kind = line.kind
    for hit in hits:
        if hit.is_certain and hit.kind in ANCHORS:
            return -14
        if hit.kind == "teaser":
            return -5
    if kind is Kind.PROSE:
        return min(line.words, 50)
    if kind is Kind.SENTENCE:
        return min(line.words, 12)
    if kind is Kind.MARK:
        return -2
    if line.bars >= 3:
        return -8
    return -2 if line.is_listed else -5
