"""The last word on each piece of a document: which of the ledger's rows lie outermost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Spanned(Protocol):
    """A row of the ledger: a span of the original, in code points, and the order of application."""

    @property
    def start(self) -> int:
        """First code point."""
        ...

    @property
    def end(self) -> int:
        """End, exclusive."""
        ...

    @property
    def step(self) -> int:
        """A later row has a higher one."""
        ...


S = TypeVar("S", bound=Spanned)


def outermost(rows: Iterable[S]) -> list[S]:
    """The rows that no later one contains, by place; disjoint.

    Rows of one document nest or are disjoint, an outer one being the later (`cleaner.text.pieces`).
    What stands in the text at the end is the original with each of these spans replaced by the
    `after` of its row.
    """
    found: list[S] = []
    for row in sorted(rows, key=lambda r: (r.start, -r.end, -r.step)):
        if not found or row.start >= found[-1].end:
            found.append(row)
    return found
