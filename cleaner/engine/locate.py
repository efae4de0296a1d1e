"""Where a document lies: ordinals to sources, records and ids, without reading a text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.engine.context import Context
from cleaner.engine.load import in_file, originals_path
from cleaner.identity import id_column
from cleaner.io.output import Located
from cleaner.io.sealed import Sealed

_PLACE = ("file", "record")
Places: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int64]]
"""Of a batch of originals: numbers of the files, records within the part of the file."""


class Locator:
    """Looks documents up in the memory-mapped originals."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._bases = context.bases
        self._shards: dict[int, tuple[NDArray[np.int64], list[Places]]] = {}

    def find(self, ordinals: NDArray[np.int64]) -> Located:
        """Ids, sources and record numbers of these documents."""
        if (np.diff(ordinals) > 0).all():
            return self._find(ordinals)
        wanted, place = np.unique(ordinals, return_inverse=True)
        found = self._find(wanted)
        index = pa.array(place)
        return Located(found.ids.take(index), found.sources.take(index), found.records.take(index))

    def _find(self, ordinals: NDArray[np.int64]) -> Located:
        """The same of ascending ordinals."""
        files, records = np.empty(len(ordinals), np.int32), np.empty(len(ordinals), np.int64)
        shard_of = np.searchsorted(self._bases, ordinals, side="right") - 1
        for low, high in _runs(shard_of):
            shard = int(shard_of[low])
            starts, batches = self._open(shard)
            batch_of = np.searchsorted(starts, ordinals[low:high], side="right") - 1
            for begin, end in _runs(batch_of):
                position, mine = int(batch_of[begin]), slice(low + begin, low + end)
                at = ordinals[mine] - starts[position]
                file, record = batches[position]
                files[mine], records[mine] = file[at], record[at]
            mine, chunk = slice(low, high), self._context.shards[shard].chunk
            records[mine] = in_file(self._context, chunk, files[mine], records[mine])
        numbers, which = np.unique(files, return_inverse=True)
        names = [self._context.files[f].source for f in numbers.tolist()]
        return Located(
            id_column(names, which, records),
            pa.array(names, pa.string()).take(pa.array(which)),
            pa.array(records),
        )

    def _open(self, shard: int) -> tuple[NDArray[np.int64], list[Places]]:
        if shard not in self._shards:
            spec = self._context.shards[shard]
            file = Sealed(originals_path(self._context, spec.chunk))
            read = [file.get_columns(i, _PLACE) for i in range(spec.first, spec.last)]
            batches = [tuple(column.to_numpy() for column in b.columns) for b in read]
            rows = np.array([b.num_rows for b in read], np.int64)
            starts = spec.base + np.concatenate([np.zeros(1, np.int64), np.cumsum(rows)[:-1]])
            self._shards[shard] = (starts, batches)
        return self._shards[shard]


def _runs(values: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of equal values of ascending ones."""
    if len(values):
        bounds = np.flatnonzero(np.diff(values)) + 1
        yield from pairwise([0, *bounds.tolist(), len(values)])
