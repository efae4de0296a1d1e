"""What was mined, ranked, with what speaks against calling it noise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cleaner.noise.events import (
    COPIED,
    DOCUMENTS,
    EXACT,
    FIRST,
    HEADS,
    HOST,
    INNER,
    LINE,
    TAIL,
    TAILS,
)
from cleaner.noise.frequent import Keys, find
from cleaner.noise.line import Kind, Line, look
from cleaner.noise.mine import HOSTS, Counted
from cleaner.noise.pack import Packs

Guard: TypeAlias = Literal[
    "", "sentence", "inside", "copies", "title", "name", "numbers", "unprintable"
]
"""Why a line that comes often may yet be text: it ends like a sentence, stands between paragraphs,
is of pages that are copies, begins pages, reads like a name, has no letters, or holds what nobody
sees. '' if nothing speaks against it."""

SITE = 20
"""Documents that a host, or the corpus, must have before a share of them says anything."""
FRAME_SHARE = 0.25
"""What a quarter of a site's pages print is its frame, whatever it looks like."""
FRAME_HOSTS = 10
"""Names and titles that stand alone on so many hosts are parts of menus."""
CONSIDERED = 20_000
"""Lines that are looked at: so many that most documents have, so many with the highest share."""
_MOSTLY, _HEAD, _TAIL = 0.5, 0.3, 0.7
_SAME = 0.9
"""A line has its own number if so much of what it is with any number has that one."""
_LONGER = 0.8
"""An end of pages is told with one more line if so many of the pages have that line, too."""
_NAME_WORDS = range(2, 5)


@dataclass(frozen=True, slots=True)
class Sample:
    """A spelling that was met: the text, the index of its file, the record in it."""

    text: str
    file: int
    record: int


@dataclass(frozen=True, slots=True)
class HostShare:
    """Documents of a host with a line, and all that it has."""

    host: str
    documents: int
    of: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.documents / self.of


@dataclass(frozen=True, slots=True)
class Repeat:
    """A line, or several that end pages, that many documents have.

    Attributes:
        lines: one; of an end of pages several.
        any_number: its numbers differ from page to page.
        documents: that have it.
        share: of all documents, or of those of the host of at least `SITE` that has it most often.
        hosts: how many; `hosts_exact` is False where that is an estimate.
        by_host: hosts with enough documents, those with the highest share first.
        head, tail: share of its documents in which it heads a list of links; in which nothing
            but links follows.
        guard: why it may be text.
        rule: the rule of the packs that finds it already, or ''.
    """

    lines: tuple[str, ...]
    samples: tuple[Sample, ...]
    any_number: bool
    documents: int
    share: float
    hosts: int
    hosts_exact: bool
    by_host: tuple[HostShare, ...]
    head: float
    tail: float
    guard: Guard
    rule: str

    @property
    def text(self) -> str:
        """The lines as one."""
        return " ⏎ ".join(self.lines)

    @property
    def is_head(self) -> bool:
        """It often stands before links that its other pages do not have."""
        return self.head >= _HEAD

    @property
    def is_tail(self) -> bool:
        """Mostly nothing but links follows."""
        return self.tail >= _TAIL


@dataclass(frozen=True, slots=True)
class Mined:
    """What a corpus repeats; most frequent first.

    `at_least`: documents that a line was needed in; higher than asked if there were too many.
    `stay`: rare lines inside of articles that no rule finds.
    """

    documents: int
    at_least: int
    lines: tuple[Repeat, ...]
    tails: tuple[Repeat, ...]
    stay: tuple[str, ...]


def rank(counted: Counted, packs: Packs, *, min_share: float = 0.0) -> Mined:
    """Look at what was counted; lines below `min_share` on every host are left out."""
    table = _Table(counted)
    lines = [
        repeat
        for row in table.chosen(_lines_of(table))
        if (repeat := table.repeat(row, packs)).share >= min_share
    ]
    tails = [
        repeat
        for row in table.chosen(_tails_of(table))
        if (repeat := table.repeat(row, packs)).share >= min_share
    ]
    return Mined(
        counted.documents,
        counted.at_least,
        tuple(sorted(lines, key=_by_documents)),
        tuple(sorted(tails, key=_by_documents)),
        tuple(text for text in counted.stay if not packs.find(look(text))),
    )


def _by_documents(repeat: Repeat) -> tuple[int, tuple[str, ...]]:
    return -repeat.documents, repeat.lines


@dataclass(frozen=True, slots=True)
class Stands:
    """Shares of a line's documents: it stands between paragraphs, begins the page; are copies."""

    inner: float = 0.0
    first: float = 0.0
    copied: float = 0.0


def guard(line: Line, share: float, hosts: int, stands: Stands) -> Guard:
    """What speaks for a frequent line being text.

    Args:
        line: its look.
        share: of the documents of a large host, or of a large corpus.
        hosts: that have it.
        stands: where it does.
    """
    if not " ".join(line.text.split()).isprintable():
        return "unprintable"
    if line.kind is Kind.MARK:
        return "numbers"
    if share >= FRAME_SHARE:
        return ""
    if line.kind in (Kind.SENTENCE, Kind.PROSE):
        return "sentence"
    if stands.inner >= _MOSTLY:
        return "inside"
    if stands.copied >= _MOSTLY:
        return "copies"
    if hosts >= FRAME_HOSTS:
        return ""
    if stands.first >= _MOSTLY:
        return "title"
    return "name" if _is_name(line.text) else ""


def _is_name(text: str) -> bool:
    """Two to four words, each with a capital first and small letters after it."""
    words = text.split()
    return len(words) in _NAME_WORDS and all(w.istitle() and w[0].isalpha() for w in words)


class _Table:
    """What was counted, with the totals of the hosts beside it."""

    def __init__(self, counted: Counted) -> None:
        samples = counted.samples
        self.counted = counted
        key = samples.column("key").to_numpy()
        self._sample_low = np.searchsorted(key, counted.keys)
        self._sample_high = np.searchsorted(key, counted.keys, "right")
        there = self._sample_low < self._sample_high  # without exception; else it is not shown
        first = np.where(there, self._sample_low, 0)
        none = np.zeros(len(counted.keys), np.uint64)
        empty = not len(key)
        kind = none if empty else samples.column("kind").to_numpy()[first]
        self.kind = np.where(there, kind, HOST)
        self.of: Keys = none if empty else samples.column("of").to_numpy()[first]
        self.documents = counted.sums[:, DOCUMENTS]
        self._pair_low = np.searchsorted(counted.pairs[:, 0], counted.keys)
        self._pair_high = np.searchsorted(counted.pairs[:, 0], counted.keys, "right")
        host = find(counted.keys, counted.pairs[:, 1])
        self._pair_host = host  # row of the host; -1 if it has too few documents to say anything
        of = np.where(host >= 0, self.documents[host] if len(self.documents) else 0, 0)
        self._pair_of = of
        is_site = of >= SITE
        pair_share = np.divide(counted.pair_documents, of, out=np.zeros(len(of)), where=is_site)
        self.share = self.documents / max(counted.documents, 1)
        if len(pair_share):
            has = np.flatnonzero(self._pair_low < self._pair_high)
            most = np.maximum.reduceat(pair_share, self._pair_low[has])
            self.share[has] = np.maximum(self.share[has], most)

    def chosen(self, rows: NDArray[np.int64]) -> list[int]:
        """The rows that most documents have, and those with the highest share."""
        key = self.counted.keys[rows]
        by_documents = np.lexsort((key, -self.documents[rows]))[:CONSIDERED]
        by_share = np.lexsort((key, -self.documents[rows], -self.share[rows]))[:CONSIDERED]
        found: list[int] = rows[np.union1d(by_documents, by_share)].tolist()
        return found

    def repeat(self, row: int, packs: Packs) -> Repeat:
        """One row, with its samples and hosts."""
        sums = self.counted.sums[row]
        documents, share = int(sums[DOCUMENTS]), float(self.share[row])
        of_each = sums / documents
        is_tail = bool(self.kind[row] == TAIL)
        samples = self._samples(row)
        lines = self._tail(row) if is_tail else (samples[0].text,)
        looks = [look(line) for line in lines]
        inner, first, copied = (float(of_each[name]) for name in (INNER, FIRST, COPIED))
        stands = Stands(copied=copied) if is_tail else Stands(inner, first, copied)
        hosts, exact = self._hosts(row)
        of_frame = share if self.counted.documents >= SITE else 0.0
        guards = [guard(one, of_frame, hosts, stands) for one in looks]
        digits = any(c.isdigit() for c in lines[0])
        return Repeat(
            lines=lines,
            samples=samples,
            any_number=not is_tail and digits and bool(self.kind[row] == LINE),
            documents=documents,
            share=share,
            hosts=hosts,
            hosts_exact=exact,
            by_host=self._by_host(row),
            head=float(of_each[HEADS]),
            tail=float(of_each[TAILS]),
            guard=_heaviest(guards),
            rule=_known(packs, looks),
        )

    def _samples(self, row: int) -> tuple[Sample, ...]:
        low, high = int(self._sample_low[row]), int(self._sample_high[row])
        rows = self.counted.samples.slice(low, high - low).to_pylist()
        return tuple(Sample(r["text"].strip(), r["file"], r["record"]) for r in rows)

    def _tail(self, row: int) -> tuple[str, ...]:
        """The lines of an end of pages, each end being a line and a shorter end."""
        lines = []
        while row >= 0:
            lines.append(self._samples(row)[0].text)
            row = int(find(self.counted.keys, self.of[row : row + 1])[0])
        return tuple(lines)

    def _hosts(self, row: int) -> tuple[int, bool]:
        """Hosts that have it; an estimate if there are more than are counted."""
        low, high = int(self._pair_low[row]), int(self._pair_high[row])
        if high - low < HOSTS:
            return high - low, True
        highest = int(self.counted.pairs[high - 1, 1])
        estimate = round((HOSTS - 1) * 2**64 / max(highest, 1))
        return min(estimate, int(self.documents[row])), False

    def _by_host(self, row: int) -> tuple[HostShare, ...]:
        low, high = int(self._pair_low[row]), int(self._pair_high[row])
        found = [
            HostShare(
                self._samples(int(self._pair_host[at]))[0].text,
                int(self.counted.pair_documents[at]),
                int(self._pair_of[at]),
            )
            for at in range(low, high)
            if self._pair_host[at] >= 0
        ]
        return tuple(sorted(found, key=lambda h: (-h.share, -h.documents, h.host)))


def _lines_of(table: _Table) -> NDArray[np.int64]:
    """Rows of lines: with its own number where nearly all have that one, else with any."""
    exact = np.flatnonzero(table.kind == EXACT)
    whole = find(table.counted.keys, table.of[exact])
    is_all = (whole >= 0) & (table.documents[exact] >= _SAME * table.documents[whole])
    chosen = table.kind == LINE
    chosen[whole[is_all]] = False
    chosen[exact[is_all]] = True
    return np.flatnonzero(chosen)


def _tails_of(table: _Table) -> NDArray[np.int64]:
    """Rows of ends of pages: of two lines and more, and none that most pages have longer."""
    tails = np.flatnonzero(table.kind == TAIL)
    shorter = find(table.counted.keys, table.of[tails])
    has = shorter >= 0  # else it is a single line
    longest = np.zeros(len(table.kind), np.int64)
    np.maximum.at(longest, shorter[has], table.documents[tails[has]])
    is_whole = longest[tails] < _LONGER * table.documents[tails]
    return tails[has & is_whole]


def _heaviest(guards: Sequence[Guard]) -> Guard:
    """Of an end of pages: what speaks against half of its lines."""
    spoken = [one for one in guards if one]
    return spoken[0] if 2 * len(spoken) >= len(guards) and spoken else ""


def _known(packs: Packs, looks: Iterable[Line]) -> str:
    """The first rule that finds one of the lines."""
    for line in looks:
        for index in packs.find(line):
            return packs.rules[index].id
    return ""
