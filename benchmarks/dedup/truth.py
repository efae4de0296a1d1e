"""The exact truth about a corpus: all pairs of documents whose sets of shingles are alike.

No hashing of documents, no sampling: pairs are found by the rarest shingles that they must share
(prefix filter: Bayardo, Ma and Srikant, "Scaling up all pairs similarity search", 2007), then
compared as sets. A shingle is known by 64 bits: two are taken for one by chance only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.dedup.shingle import shingle_sets, shingles
from cleaner.text.jit import column, kernel
from cleaner.text.mix import splitmix
from cleaner.text.ragged import Ragged
from cleaner.text.words import word_hashes

WORDS = 5
"""Words of a shingle."""

_WORD = re.compile(r"\w+")
_FACTOR = np.uint64(0xD1342543DE82EF95)  # of a linear congruential generator; odd
_SLACK = 1e-9  # a size that is a whole number but for rounding
_N1 = np.uint64(1)


class RegexSets:
    r"""Sets of 5-grams of `\w+` of the lower-cased text, as most programs make them.

    Words are numbered as they come, so sets of one object can be compared with each other only.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._next = count(1)

    def of(self, texts: Iterable[str]) -> Ragged:
        """The sets, sorted rows without repetitions; empty for texts of fewer than five words."""
        rows = [self._set(text) for text in texts]
        return Ragged.of(rows)

    def _set(self, text: str) -> NDArray[np.uint64]:
        numbers, following = self._numbers, self._next
        words = _WORD.findall(text.lower())
        ids = [numbers.get(w) or numbers.setdefault(w, next(following)) for w in words]
        if len(ids) < WORDS:
            return np.empty(0, np.uint64)
        mixed = splitmix(np.array(ids, np.uint64))
        grams = np.zeros(len(ids) - WORDS + 1, np.uint64)
        for place in range(WORDS):
            grams = grams * _FACTOR + mixed[place : place + len(grams)]
        return np.unique(splitmix(grams))


def own_sets(texts: Sequence[str]) -> Ragged:
    """Sets of 5-grams of cleaner's own words."""
    parts = [
        shingle_sets(shingles(word_hashes(pa.array(texts[low : low + 4096], pa.string())), WORDS))
        for low in range(0, len(texts), 4096)
    ]
    return joined(parts)


def joined(parts: Sequence[Ragged]) -> Ragged:
    """The rows of all parts, one after the other."""
    counts = [part.counts for part in parts]
    offsets = np.zeros(sum(map(len, counts)) + 1, np.int64)
    if not parts:
        return Ragged(offsets, np.empty(0, np.uint64))
    np.cumsum(np.concatenate(counts), out=offsets[1:])
    values = [part.values[part.offsets[0] : part.offsets[-1]] for part in parts]
    return Ragged(offsets, np.concatenate(values))


def jaccard(sets: Ragged, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
    """|A ∩ B| / |A ∪ B| of rows left[i] and right[i], float64[pairs]; 0 for two empty ones."""
    out = np.zeros(len(left), np.float64)
    offsets, values = column(sets.offsets, np.int64), column(sets.values, np.uint64)
    _compare(offsets, values, column(left, np.int64), column(right, np.int64), out)
    return out


def all_pairs(
    sets: Ragged, least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """All pairs of rows left < right with a Jaccard similarity of at least `least`, sorted.

    Returns int64[pairs], int64[pairs], float64[pairs]. Rows must be sorted and without repetitions;
    an empty row is like no other.

    Raises:
        ValueError: least is not above 0 and at most 1.
    """
    if not 0 < least <= 1:
        raise ValueError(f"least must be above 0 and at most 1, not {least}")
    documents, keys = _prefixes(sets, least)
    if not len(documents):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)
    begins = np.searchsorted(documents, np.arange(len(sets) + 1)).astype(np.int64)
    room = np.zeros(int(keys.max()) + 2, np.int64)
    np.cumsum(np.bincount(keys), out=room[1:])
    left, right = _candidates(
        begins, column(keys, np.int64), room, column(sets.counts, np.int64), float(least)
    )
    similarity = jaccard(sets, left, right)
    alike = similarity >= least
    left, right, similarity = left[alike], right[alike], similarity[alike]
    order = np.lexsort((right, left))
    return left[order], right[order], similarity[order]


def _prefixes(sets: Ragged, least: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(document, key) of the shingles by which a pair must be found, sorted by document.

    Two sets that are alike share at least ceil(least·n) of the n shingles of either; in one order
    of all shingles, the rarest first, the first n - ceil(least·n) + 1 of each cannot all differ.
    A key numbers a shingle of that order; shingles that only one document has are left out.
    """
    low = int(sets.offsets[0])
    values = sets.values[low : int(sets.offsets[-1])]
    ordered = np.sort(values)
    starts = np.flatnonzero(np.concatenate([np.ones(1, bool), ordered[1:] != ordered[:-1]]))
    counts = np.diff(np.append(starts, len(ordered)))
    several = counts > 1
    known, counts = ordered[starts[several]], counts[several]
    del ordered, starts
    if not len(known):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rank = np.empty(len(known), np.int64)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(known))
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    shared = known[place] == values
    documents = np.repeat(np.arange(len(sets)), sets.counts)[shared]
    packed = np.sort((documents << 32) | rank[place[shared]])
    documents, keys = packed >> 32, packed & 0xFFFFFFFF
    sizes = sets.counts
    per_document = np.bincount(documents, minlength=len(sets))
    begin = np.cumsum(per_document) - per_document
    nth = np.arange(len(documents)) - begin[documents]
    alone = sizes - per_document  # those come first in the order
    length = sizes - np.ceil(least * sizes - _SLACK).astype(np.int64) + 1
    chosen = nth + alone[documents] < length[documents]
    return documents[chosen], keys[chosen]


@kernel
def _candidates(
    begins: NDArray[np.int64],
    keys: NDArray[np.int64],
    room: NDArray[np.int64],
    sizes: NDArray[np.int64],
    least: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs that share a key of their prefixes and whose sizes allow the similarity."""
    filled = room[:-1].copy()
    posting = np.empty(room[-1], np.int64)
    seen = np.full(len(sizes), -1, np.int64)
    left = np.empty(1024, np.int64)
    right = np.empty(1024, np.int64)
    found = np.uint64(0)
    for document in range(np.uint64(len(sizes))):
        own = np.int64(document)
        size = float(sizes[document])
        for at in range(np.uint64(begins[document]), np.uint64(begins[document + _N1])):
            key = np.uint64(keys[at])
            for place in range(np.uint64(room[key]), np.uint64(filled[key])):
                other = posting[place]
                if seen[np.uint64(other)] == own:
                    continue
                seen[np.uint64(other)] = own
                theirs = float(sizes[np.uint64(other)])
                if min(size, theirs) < least * max(size, theirs):
                    continue
                if found == np.uint64(len(left)):
                    left = np.append(left, np.empty(len(left), np.int64))
                    right = np.append(right, np.empty(len(right), np.int64))
                left[found] = other
                right[found] = own
                found += _N1
            posting[np.uint64(filled[key])] = own
            filled[key] += 1
    return left[:found], right[:found]


@kernel
def _compare(
    offsets: NDArray[np.int64],
    values: NDArray[np.uint64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Fill `out` with the similarity of each pair."""
    for pair in range(np.uint64(len(left))):
        i, k = np.uint64(left[pair]), np.uint64(right[pair])
        a, a_end = np.uint64(offsets[i]), np.uint64(offsets[i + _N1])
        b, b_end = np.uint64(offsets[k]), np.uint64(offsets[k + _N1])
        sizes = (a_end - a) + (b_end - b)
        shared = np.uint64(0)
        while a < a_end and b < b_end:
            x, y = values[a], values[b]
            shared += np.uint64(x == y)
            a += np.uint64(x <= y)
            b += np.uint64(y <= x)
        if sizes:
            out[pair] = float(shared) / float(sizes - shared)
