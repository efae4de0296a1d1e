"""Numbers as they are written: runs of digits with spaces, dots and dashes between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MOST_DIGITS = 19
"""A card number of the longest kind."""
MOST_RUNS = 8
"""Runs that one number is written in at most (a French one in pairs has seven)."""
LEAST_NEIGHBOUR = 9
"""Digits of another number right behind a slash or dash: 0912345678/0987654321."""
_RUN = re.compile(r"[0-9]+")
_GAP = re.compile(r"[ .\-()/\t\u00a0\u2000-\u2013\u202f]{1,5}")
_AFTER_BRACKET = frozenset({") ", ").", ")-", ") -", ")\u00a0"})
_GROUPING = frozenset({" ", ".", "'", "\u00a0", "\u2009", "\u202f"})


class Run(NamedTuple):
    """Digits without anything between them."""

    start: int
    end: int
    digits: str


class Number(NamedTuple):
    """Consecutive runs, read as one number.

    Attributes:
        start, end: code points of the text.
        digits: all of them.
        sizes: digits of each run.
        gaps: what stands between the runs; one fewer.
    """

    start: int
    end: int
    digits: str
    sizes: tuple[int, ...]
    gaps: tuple[str, ...]

    @property
    def is_amount(self) -> bool:
        """Whether grouped by thousands, as amounts are: 1.500.000, 912 345 678."""
        first, rest = self.sizes[0], self.sizes[1:]
        return (
            bool(rest)
            and first <= 3
            and self.digits[0] != "0"
            and all(size == 3 for size in rest)
            and len(set(self.gaps)) == 1
            and self.gaps[0] in _GROUPING
        )

    @property
    def has_date(self) -> bool:
        """Whether a date stands in it: 02.09.1945, 2024-03-15, 07-08/06/2017."""
        parts, at = [], 0
        for size in self.sizes:
            parts.append(self.digits[at : at + size])
            at += size
        return any(map(_is_date, parts, parts[1:], parts[2:]))


def _is_date(first: str, second: str, third: str) -> bool:
    """Day, month and year, the year at either end."""
    if len(first) == 4:
        first, third = third, first
    if len(third) != 4 or max(len(first), len(second)) > 2:
        return False
    low, high = sorted((int(first), int(second)))
    return 1 <= low <= 12 and high <= 31 and 1000 <= int(third) <= 2199


def groups(text: str, least: int) -> Iterator[list[Run]]:
    """Runs of digits of a text, those with little between them together: `least` digits or more."""
    runs: list[Run] = []
    for found in _RUN.finditer(text):
        run = Run(found.start(), found.end(), found.group())
        if runs and not _GAP.fullmatch(text, runs[-1].end, run.start):
            if sum(len(r.digits) for r in runs) >= least:
                yield runs
            runs = []
        runs.append(run)
    if sum(len(r.digits) for r in runs) >= least:
        yield runs


def windows(text: str, runs: Sequence[Run], first: int, least: int) -> Iterator[tuple[Number, int]]:
    """Numbers that begin with run `first`, the longest first, and the run after each.

    A number ends where the writing changes: what stands beside it is not what stands inside of it.
    """
    total, last = 0, first
    most = MOST_RUNS if len(runs) <= 64 else 4  # a table of figures
    while last < len(runs) and last - first < most:
        if total + len(runs[last].digits) > MOST_DIGITS:
            break
        total += len(runs[last].digits)
        last += 1
    gaps = [
        text[a.end : b.start]
        for a, b in zip(runs[first:last], runs[first + 1 : last], strict=False)
    ]
    while last > first and total >= least:
        inner = gaps[: last - first - 1]
        mine = runs[first:last]
        is_one = _is_even(inner) and _is_break(text, runs, first, inner)
        if is_one and _is_break(text, runs, last, inner, ahead=True):
            yield (
                Number(
                    mine[0].start,
                    mine[-1].end,
                    "".join(run.digits for run in mine),
                    tuple(len(run.digits) for run in mine),
                    tuple(inner),
                ),
                last,
            )
        last -= 1
        total -= len(runs[last].digits)


def _is_even(gaps: Sequence[str]) -> bool:
    """Whether gaps can be those of one number: a wide one, such as " - ", parts two numbers."""
    if len(set(gaps)) == 1 and len(gaps) > 1:
        return True
    opened = inside = True  # maybe before the first run: (84-24) 3826 1234
    for at, gap in enumerate(gaps):
        if "(" in gap and not (at == 0 and ")" in "".join(gaps[1:2])):
            return False
        if ")" in gap and not (opened or inside):
            return False
        opened = "(" in gap
        inside = opened or (inside and gap == "-")
        if len(gap) > 1 and not opened and gap not in _AFTER_BRACKET and gap != ". ":
            return False
    return True


def _is_break(
    text: str, runs: Sequence[Run], at: int, inner: Sequence[str], *, ahead: bool = False
) -> bool:
    """Whether a number may begin before run `at`, or (`ahead`) end before it."""
    if at in (0, len(runs)):
        return True
    gap = text[runs[at - 1].end : runs[at].start]
    behind = runs[at]
    if ahead and len(behind.digits) < 3 and text[behind.end : behind.end + 2] in (". ", ") "):
        return True  # the number of an item of a list follows
    if gap in inner:
        return False
    if len(gap) > 1 or gap.isspace():
        return True
    if gap == "/" and behind.digits[0] == "0" and len(behind.digits) > 2:
        return True
    return gap in "/-" and len((behind if ahead else runs[at - 1]).digits) >= LEAST_NEIGHBOUR
