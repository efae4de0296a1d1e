"""`pairs: all` of near_duplicates: besides the verdicts, every pair of documents of a bucket.

A pair goes home to its earlier document, beside the verdicts, and is told from them by `chars`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.batch import Batch
from cleaner.dedup.bucket import bucket_pairs
from cleaner.dedup.jaccard import pair_jaccard
from cleaner.stages.exact_duplicates import VERDICTS, apply_verdicts
from cleaner.stages.steps import Note
from cleaner.text.ragged import Ragged

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIRED = VERDICTS.append(pa.field("chars", pa.int64()))
"""Verdicts, their `chars` null; and pairs: `ordinal` and `kept`, the earlier and the later
document, with their lengths `chars` and `kept_chars`."""


class OfferedPairs:
    """Sets and keys of the members of components, batch by batch; all of them lie in memory."""

    def __init__(self, max_bucket: int) -> None:
        self._max_bucket = max_bucket
        self._parts: list[tuple[NDArray[np.int64], NDArray[np.int64], Ragged]] = []
        self._keys: list[NDArray[np.uint64]] = []

    def add(self, rows: pa.RecordBatch, sets: Ragged, keys: NDArray[np.uint64]) -> None:
        """Take the next members; see `cleaner.stages.clusters.Watch`."""
        self._parts.append(
            (rows.column("ordinal").to_numpy(), rows.column("chars").to_numpy(), sets)
        )
        self._keys.append(keys)

    def pairs(self) -> Iterator[pa.RecordBatch | Note]:
        """Rows of `PAIRED` for all pairs of a bucket, verified; then it is empty again."""
        if not self._parts:
            return
        ordinals, chars = (np.concatenate([part[i] for part in self._parts]) for i in (0, 1))
        sets = Ragged.concat([part[2] for part in self._parts])
        keys = np.concatenate(self._keys)
        self._parts, self._keys = [], []
        left, right, cut = bucket_pairs(keys, self._max_bucket)
        if cut:
            yield Note("large_buckets", cut)
        similarity = pair_jaccard(sets, left, right)
        swap = ordinals[left] > ordinals[right]
        first, second = np.where(swap, right, left), np.where(swap, left, right)
        columns = [
            ordinals[first], ordinals[second], chars[second], similarity,
            np.zeros(len(left), np.int64), chars[first],
        ]  # fmt: skip
        arrays = [pa.array(c, f.type) for c, f in zip(columns, PAIRED, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=PAIRED)


def widened(verdicts: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Verdicts as rows of `PAIRED`."""
    for rows in verdicts:
        empty = pa.nulls(rows.num_rows, pa.int64())
        yield pa.RecordBatch.from_arrays([*rows.columns, empty], schema=PAIRED)


def apply_without_pairs(rule: str, measure: str, batch: Batch, rows: pa.Table) -> Batch:
    """As `apply_verdicts`; the pairs are for `duplicates/` alone."""
    verdicts = rows.filter(pc.is_null(rows.column("chars"))).select(VERDICTS.names)
    return apply_verdicts(rule, measure, batch, verdicts)
