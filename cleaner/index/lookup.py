"""An open index: for each of some texts, the document that is most like it, by exact Jaccard.

Band keys name candidates; those that share the most bands come first, and `most` of them are
compared. Sets are read for candidates alone. What is found depends on the documents and their
order, not on how they were spread over segments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.dedup.jaccard import pair_jaccard
from cleaner.index.description import Description, Parameters, read_description
from cleaner.index.segment import Segment
from cleaner.text.ragged import Ragged

MOST_OF_A_KEY = 4096
"""Documents of one key that are looked at, the first; a template page may have the keys of many."""
CANDIDATES_AT_ONCE = 1 << 21
"""Candidates, before those of several bands are made one, that are held at a time, about."""
VALUES_AT_ONCE = 1 << 22
"""Shingles of candidates that are held at a time, about."""


class KnownDocument(NamedTuple):
    """A document of the index."""

    doc_id: str
    source: str
    record: int


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The most similar document of each text that has one; of several the first.

    Attributes:
        row: int64[n], ascending: the text.
        number: int64[n]: the document's number in the index.
        similarity: float64[n]: exact Jaccard.
    """

    row: NDArray[np.int64]
    number: NDArray[np.int64]
    similarity: NDArray[np.float64]


Sets = Callable[[NDArray[np.int64]], Ragged]
"""Rows (ascending) → their sorted shingle sets; asked for texts with candidates alone."""
Numbers = Callable[[NDArray[np.int64]], NDArray[np.uint64]]
"""Rows (ascending) → the hashes of their numbers."""


class Index:
    """An index as it was when it was opened; what is added later is not seen."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            InputError: there is none, or this program may not use it.
            IntegrityError: it is damaged.
        """
        self.path = path
        self.description: Description = read_description(path)
        self._segments = [Segment(path, entry) for entry in self.description.segments]
        counts = [entry.documents for entry in self.description.segments]
        self._bases = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])

    def __reduce__(self) -> tuple[type[Index], tuple[Path]]:
        return type(self), (self.path,)

    @property
    def name(self) -> str:
        """What reports call it: the name of its folder."""
        return self.path.resolve().name

    @property
    def parameters(self) -> Parameters:
        """How its texts were sketched."""
        return self.description.parameters

    def most_similar(
        self,
        keys: NDArray[np.uint64],
        sets: Sets,
        threshold: float,
        most: int,
        numbers: Numbers | None = None,
    ) -> Matches:
        """The most similar document of each text, where its similarity reaches the threshold.

        Args:
            keys: band keys uint64[texts, bands], made with the index's parameters; a row whose
                first key is 0 has none.
            sets: see `Sets`.
            threshold: Jaccard similarity.
            most: with so many documents a text is compared at most.
            numbers: see `Numbers`; given if documents with other numbers are no copies.
        """
        found = [Matches(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        for rows, docs, shared in self._candidates(keys):
            own, mine = np.unique(rows, return_inverse=True)
            own_sets = sets(own)
            sizes = self._gather(docs, Segment.sizes)
            keep = _may_reach(own_sets.counts[mine], sizes, threshold)
            if numbers is not None:
                keep &= self._gather(docs, Segment.numbers) == numbers(own)[mine]
            where = np.flatnonzero(keep)
            where = where[_first_of_each(rows[where], shared[where], docs[where], most)]
            similarity = self._compare(own_sets, mine[where], docs[where], sizes[where])
            found.append(_best(rows[where], docs[where], similarity, threshold))
        return Matches(
            np.concatenate([m.row for m in found]),
            np.concatenate([m.number for m in found]),
            np.concatenate([m.similarity for m in found]),
        )

    def documents(self, numbers: NDArray[np.int64]) -> list[KnownDocument]:
        """The documents of these numbers."""
        wanted, place = np.unique(numbers, return_inverse=True)
        found: list[KnownDocument] = []
        for segment, docs in self._by_segment(wanted):
            found += [KnownDocument(*names) for names in segment.names(docs)]
        return [found[i] for i in place.tolist()]

    def _candidates(
        self, keys: NDArray[np.uint64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """Pairs (text, document) and how many bands they share, sorted; some texts at a time."""
        texts = np.flatnonzero(keys[:, 0] != 0)
        if not len(texts) or not self._segments:
            return
        bands = keys.shape[1]
        flat = keys[texts].reshape(-1)
        hits = [segment.find(flat) for segment in self._segments]
        room = np.full(len(flat), MOST_OF_A_KEY, np.int64)
        for hit in hits:
            np.minimum(hit.count, room, out=hit.count)
            room -= hit.count
        counts = (MOST_OF_A_KEY - room).reshape(-1, bands).sum(axis=1)
        for low, high in _ranges(counts, CANDIDATES_AT_ONCE):
            rows, docs = [], []
            for base, segment, hit in zip(self._bases.tolist(), self._segments, hits, strict=False):
                which = low * bands + np.flatnonzero(hit.count[low * bands : high * bands])
                docs.append(segment.docs(hit, which) + base)
                rows.append(np.repeat(texts[which // bands], hit.count[which]))
            pair, doc = np.concatenate(rows), np.concatenate(docs)
            if not len(pair):
                continue
            order = np.lexsort((doc, pair))
            pair, doc = pair[order], doc[order]
            differs = (pair[1:] != pair[:-1]) | (doc[1:] != doc[:-1])
            begins = np.flatnonzero(np.concatenate([np.ones(1, bool), differs]))
            yield pair[begins], doc[begins], np.diff(np.append(begins, len(pair)))

    def _compare(
        self,
        own: Ragged,
        mine: NDArray[np.int64],
        docs: NDArray[np.int64],
        sizes: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """Exact similarity of the sets own[mine[i]] with those of the documents docs[i]."""
        similarity = np.empty(len(docs))
        for low, high in _ranges(sizes, VALUES_AT_ONCE):
            rows, left = np.unique(mine[low:high], return_inverse=True)
            wanted, right = np.unique(docs[low:high], return_inverse=True)
            theirs = [segment.sets(part) for segment, part in self._by_segment(wanted)]
            both = Ragged.concat([own.take(rows), *theirs])
            similarity[low:high] = pair_jaccard(both, left, right + len(rows))
        return similarity

    def _gather(
        self, docs: NDArray[np.int64], column: Callable[[Segment, NDArray[np.int64]], NDArray[Any]]
    ) -> NDArray[Any]:
        """A number of each document; there is one at least."""
        wanted, place = np.unique(docs, return_inverse=True)
        values = np.concatenate([column(segment, d) for segment, d in self._by_segment(wanted)])
        return values[place]

    def _by_segment(
        self, numbers: NDArray[np.int64]
    ) -> Iterator[tuple[Segment, NDArray[np.int64]]]:
        """Ascending numbers, by segment, as rows of it."""
        bounds = np.searchsorted(numbers, self._bases).tolist()
        for segment, base, (low, high) in zip(
            self._segments, self._bases.tolist(), pairwise(bounds), strict=False
        ):
            if high > low:
                yield segment, numbers[low:high] - base


def _may_reach(
    one: NDArray[np.int64], other: NDArray[np.int64], threshold: float
) -> NDArray[np.bool_]:
    """Whether sets of these sizes can be so similar; rounded as the similarity itself is."""
    reach: NDArray[np.bool_] = np.minimum(one, other) / np.maximum(one, other) >= threshold
    return reach


def _first_of_each(
    rows: NDArray[np.int64], shared: NDArray[np.int64], docs: NDArray[np.int64], most: int
) -> NDArray[np.int64]:
    """Places of the candidates of each text that share the most bands; of equal ones the first."""
    order = np.lexsort((docs, -shared, rows))
    sorted_rows = rows[order]
    place = np.arange(len(order)) - np.searchsorted(sorted_rows, sorted_rows)
    first: NDArray[np.int64] = order[place < most]
    return first


def _best(
    rows: NDArray[np.int64],
    docs: NDArray[np.int64],
    similarity: NDArray[np.float64],
    threshold: float,
) -> Matches:
    """The most similar of each text; of equal ones the first."""
    enough = np.flatnonzero(similarity >= threshold)
    order = enough[np.lexsort((docs[enough], -similarity[enough], rows[enough]))]
    sorted_rows = rows[order]
    first = order[np.searchsorted(sorted_rows, sorted_rows) == np.arange(len(order))]
    return Matches(rows[first], docs[first], similarity[first])


def _ranges(sizes: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Ranges whose sizes add up to `most` at the most, or of one."""
    ends = np.cumsum(sizes)
    low = 0
    while low < len(ends):
        before = int(ends[low - 1]) if low else 0
        high = max(low + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield low, high
        low = high
