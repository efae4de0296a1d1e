"""What a corpus stage is made of.

Between a step and the next lies a barrier: all of the first, then the next.

    Sketch   map side    documents → small rows, met again by `key`
    Merge    per key     the rows of one key side by side, sorted → rows, met again by another key,
                         or sent home
    Repeat   per key     merges over and over, until a round of them settles; then sent home
    Apply    map side    documents + the rows that came home to them → edited documents

A `Sketch` that follows a `Merge` gets what came home, too: a second look at the documents that the
merge chose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    from cleaner.batch import Batch

HOME = "ordinal"
"""The key that takes rows back to the documents they are about."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A batch to small rows. `key` names a uint64 column; rows of equal key meet in one merge.

    `rows` gets the batch and the rows that came home to it (None in a first step) and returns a
    table that has `key` and all of `order`. `combine`, where given, shrinks the rows of one task
    before they are written; it must be associative.

    With `edits` it returns (batch, table): it may drop documents that need not meet, and annotate.
    """

    rows: Callable[[Batch, pa.Table | None], pa.Table | tuple[Batch, pa.Table]]
    key: str
    order: tuple[str, ...]
    schema: pa.Schema
    combine: Callable[[pa.Table], pa.Table] | None = None
    edits: bool = False


class Note(NamedTuple):
    """Something that a merge counted for the report; the counts of all tasks are added up."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Merge:
    """Batches of rows, sorted by (key, *order of the step before), to rows for the next step.

    A key may span several batches of the stream: a hot key never lies in memory as a whole.
    The result is met again by `key`; `HOME` sends each row to the batch that holds document
    `ordinal`. With `single` one task sees all rows (whatever their key); for state that cannot be
    cut, such as components.
    With `pairs` the rows with a value in `chars` are verified pairs of documents for `duplicates/`
    (`ordinal`, `kept`, their lengths `chars`, `kept_chars`, `similarity`); they touch no document.
    A `Note` among the rows is a number for the report; `Stage.notes` says in words what it counts.
    """

    rows: Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch | Note]]
    key: str
    order: tuple[str, ...]
    schema: pa.Schema
    single: bool = False
    pairs: bool = False


UNSETTLED = "unsettled"
"""The name of a `Note`: how much is left to do after a round."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """What one merge does with all rows in memory, or merges do in rounds where those do not fit.

    `alone` is the one; it is taken if the rows, of `row_bytes` each in its memory, fit the budget.
    Else the merges of `rounds` take turns, each over what the one before wrote, until the last of
    them notes nothing `UNSETTLED`; what that one wrote goes through `settled`. Both ways must give
    the same rows: `alone` and `settled` have one key, order and schema.
    """

    alone: Merge
    rounds: tuple[Merge, ...]
    settled: Merge
    row_bytes: int

    @property
    def key(self) -> str:
        """Where the rows go."""
        return self.alone.key

    @property
    def order(self) -> tuple[str, ...]:
        """How they are sorted there."""
        return self.alone.order


@dataclass(frozen=True, slots=True)
class Apply:
    """A batch, and the rows that came home to its documents, to an edited batch."""

    batch: Callable[[Batch, pa.Table], Batch]


Step: TypeAlias = Sketch | Merge | Repeat | Apply
