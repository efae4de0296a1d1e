"""The finder: all kinds at once, each character in one find at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.pii import glance
from cleaner.pii.bank import bank_card, ibans
from cleaner.pii.hit import KINDS, VEIL, Hit
from cleaner.pii.national_id import COUNTRIES, lettered_ids, national_id
from cleaner.pii.net import emails, ips
from cleaner.pii.number import Number, groups, windows
from cleaner.pii.phone import REGIONS, phone
from cleaner.pii.secret import secrets
from cleaner.text.patterns import PatternSet, compile_pattern

_SHORTEST_HOTLINE = 8
_CHAIN = 16
"""Characters after a phone number in which another needs no word of its own."""
_NUMERIC = frozenset({"phone", "national_id", "bank_card"})
_RANK = {
    "url_secret": 0,
    "email": 1,
    "ip": 2,
    "iban": 3,
    "bank_card": 4,
    "national_id": 5,
    "phone": 6,
}


@dataclass(frozen=True, slots=True)
class Options:
    """What is looked for; a value that pickles.

    Attributes:
        kinds: of `KINDS`.
        patterns: (name, RE2 pattern) of one's own; they win over the kinds.
        regions: of national phone numbers.
        countries: of national ids.
        hotlines: whether phone numbers of public services count.
        private_ips: whether IP addresses of private and reserved nets count.
        keep_domains: e-mail addresses at these, and at domains below them, do not count.
        keep: values that do not count, as `plain` writes them.
    """

    kinds: frozenset[str] = frozenset(KINDS)
    patterns: tuple[tuple[str, str], ...] = ()
    regions: tuple[str, ...] = REGIONS
    countries: frozenset[str] = frozenset(COUNTRIES)
    hotlines: bool = False
    private_ips: bool = False
    keep_domains: frozenset[str] = frozenset()
    keep: frozenset[str] = field(default=frozenset())


def plain(value: str) -> str:
    """A value in one spelling: no spaces, dots, dashes, brackets between digits; folded."""
    folded = value.casefold().strip()
    if "@" in folded:
        return folded
    return "".join(c for c in folded if c.isalnum() or c in ":/=+_")


class Finder:
    """Finds personal data in texts; two finders of the same options find the same."""

    def __init__(self, options: Options) -> None:
        """Compile what the options ask for.

        Raises:
            PatternError: one of the patterns is wrong.
        """
        self.options = options
        self._own = [(name, compile_pattern(text)) for name, text in options.patterns]
        self._set = PatternSet([text for _, text in options.patterns])
        kinds = options.kinds
        wanted = {
            glance.AT: {"email", "url_secret"},
            glance.DIGITS: {"phone", "national_id", "bank_card", "iban"},
            glance.DOTTED: {"ip"},
            glance.COLONS: {"ip"},
            glance.MIXED: {"national_id", "iban"},
            glance.TOKEN: {"url_secret"},
        }
        self._mask = sum(flag for flag, found in wanted.items() if found & kinds)
        self._least = glance.LEAST_DIGITS if not options.hotlines else _SHORTEST_HOTLINE

    def flags(self, text: pa.StringArray) -> NDArray[np.uint8]:
        """uint8[len(text)]: what each string may hold (see `cleaner.pii.glance`); 0: nothing."""
        found = glance.glance(text) & np.uint8(self._mask)
        if self.options.hotlines and "phone" in self.options.kinds:
            found |= np.uint8(glance.DIGITS)  # eight digits are too many to look for by a glance
        if self._own:
            found |= np.uint8(64)
        return found

    def find(self, text: str, flags: int | None = None, *, eager: bool = False) -> list[Hit]:
        """All finds in a text, from the left, none over another.

        Args:
            text: a passage, or several lines: no find goes over a line's end.
            flags: as `flags` gives them for it; asked for if not given.
            eager: ask for no word beside a number. For what is shown: there too much may be hidden.
        """
        if flags is None:
            flags = int(self.flags(pa.array([text], pa.string()))[0])
        if not flags:
            return []
        kept = [hit for hit in self._all(text, flags, eager=eager) if not self._is_kept(text, hit)]
        return _disjoint(kept)

    def veiled(self, text: str) -> str:
        """The text with every character of a find replaced by `VEIL`; it is as long as before."""
        return covered(text, [(hit.start, hit.end) for hit in self.find(text, eager=True)])

    def _all(self, text: str, flags: int, *, eager: bool) -> Iterator[Hit]:
        kinds = self.options.kinds
        if self._own:
            for index in self._set.matches(text):
                name, pattern = self._own[index]
                yield from (Hit(a, b, name) for a, b in pattern.spans(text) if a < b)
        if "url_secret" in kinds and flags & (glance.TOKEN | glance.AT):
            yield from secrets(text)
        if "email" in kinds and flags & glance.AT:
            yield from emails(text)
        if "ip" in kinds and flags & (glance.DOTTED | glance.COLONS):
            yield from ips(text, own=self.options.private_ips, eager=eager)
        if "iban" in kinds and flags & (glance.DIGITS | glance.MIXED):
            yield from ibans(text)
        if "national_id" in kinds and flags & (glance.DIGITS | glance.MIXED):
            yield from lettered_ids(text, self.options.countries, eager=eager)
        if kinds & _NUMERIC and flags & glance.DIGITS:
            yield from self._numbers(text, eager=eager)

    def _numbers(self, text: str, *, eager: bool) -> Iterator[Hit]:
        """What the numbers of a text are."""
        last_phone = -_CHAIN
        for runs in groups(text, self._least):
            at = 0
            while at < len(runs):
                step = at + 1
                for number, after in windows(text, runs, at, self._least):
                    told = (
                        0 <= number.start - last_phone < _CHAIN
                        and "\n" not in (text[last_phone : number.start])
                    )
                    hit = self._number(text, number, told=told, eager=eager)
                    if hit:
                        if hit.kind == "phone":
                            last_phone = hit.end
                        yield hit
                        step = after
                        break
                at = step

    def _number(self, text: str, number: Number, *, told: bool, eager: bool) -> Hit | None:
        kinds, options = self.options.kinds, self.options
        hit = None
        if "national_id" in kinds:
            hit = national_id(text, number, options.countries, eager=eager)
        if hit is None and "bank_card" in kinds:
            hit = bank_card(text, number, eager=eager)
        if hit is None and "phone" in kinds:
            hit = phone(
                *(text, number, options.regions),
                hotlines=options.hotlines,
                told=told,
                eager=eager,
            )
        return hit

    def _is_kept(self, text: str, hit: Hit) -> bool:
        """Whether the owner of the corpus says that this value is public."""
        value = text[hit.start : hit.end]
        if self.options.keep and plain(value) in self.options.keep:
            return True
        if hit.kind != "email" or not self.options.keep_domains:
            return False
        domain = value.casefold().rpartition("@")[2]
        labels = domain.split(".")
        return any(".".join(labels[i:]) in self.options.keep_domains for i in range(len(labels)))


def covered(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with the characters of spans (ascending, disjoint) replaced by `VEIL`."""
    if not spans:
        return text
    parts, at = [], 0
    for start, end in spans:
        parts.append(text[at:start])
        parts.append("".join(c if c in "\r\n" else VEIL for c in text[start:end]))
        at = end
    parts.append(text[at:])
    return "".join(parts)


def _disjoint(hits: Sequence[Hit]) -> list[Hit]:
    """The finds that stay where some overlap: one's own first, then by kind, then the longer."""
    if len(hits) < 2:
        return list(hits)
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (_RANK.get(h.kind, -1), h.start - h.end, h.start)):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return sorted(kept)


@lru_cache(maxsize=8)
def finder(options: Options) -> Finder:
    """The finder of some options; kept for the next call."""
    return Finder(options)
