"""Where a document lies: ordinals to sources, records and ids, without reading a text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from types import TracebackType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cleaner.engine.context import Context
from cleaner.engine.load import in_file, originals_path
from cleaner.identity import doc_ids
from cleaner.io.store import ipc_reader

Places: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int64]]
"""Of a batch of originals: numbers of the files, records within the part of the file."""


class Locator:
    """Looks documents up in the memory-mapped originals. Use it as a context manager."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._bases = context.bases
        self._stack = ExitStack()
        self._shards: dict[int, tuple[NDArray[np.int64], list[Places]]] = {}
        self._known: dict[int, tuple[str, str, int]] = {}

    def __enter__(self) -> Locator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._known.clear()
        self._shards.clear()
        self._stack.close()

    def ids(self, ordinals: NDArray[np.int64]) -> tuple[list[str], list[str], list[int]]:
        """Doc ids, sources and record numbers of these documents."""
        wanted = np.unique(ordinals)
        missing = [o for o in wanted.tolist() if o not in self._known]
        if len(self._known) > 1 << 18:
            self._known.clear()
            missing = wanted.tolist()
        self._look_up(np.array(missing, np.int64))
        found = [self._known[o] for o in ordinals.tolist()]
        return [f[0] for f in found], [f[1] for f in found], [f[2] for f in found]

    def _look_up(self, ordinals: NDArray[np.int64]) -> None:
        if not len(ordinals):
            return
        shard_of = np.searchsorted(self._bases, ordinals, side="right") - 1
        files, records = np.empty(len(ordinals), np.int64), np.empty(len(ordinals), np.int64)
        for low, high in _runs(shard_of):
            shard = int(shard_of[low])
            starts, batches = self._open(shard)
            batch_of = np.searchsorted(starts, ordinals[low:high], side="right") - 1
            for begin, end in _runs(batch_of):
                position, mine = int(batch_of[begin]), slice(low + begin, low + end)
                at = ordinals[mine] - starts[position]
                file, record = batches[position]
                files[mine] = file[at]
                chunk = self._context.shards[shard].chunk
                records[mine] = in_file(self._context, chunk, file[at], record[at])
        numbers, which = np.unique(files, return_inverse=True)
        names = [self._context.files[f].source for f in numbers.tolist()]
        sources, numbers_in_file = [names[i] for i in which.tolist()], records.tolist()
        found = zip(doc_ids(sources, numbers_in_file), sources, numbers_in_file, strict=True)
        self._known.update(zip(ordinals.tolist(), found, strict=True))

    def _open(self, shard: int) -> tuple[NDArray[np.int64], list[Places]]:
        if shard not in self._shards:
            spec = self._context.shards[shard]
            reader = self._stack.enter_context(
                ipc_reader(originals_path(self._context, spec.chunk))
            )
            read = [reader.get_batch(i) for i in range(spec.first, spec.last)]
            batches = [tuple(b.column(c).to_numpy() for c in ("file", "record")) for b in read]
            rows = np.array([b.num_rows for b in read], np.int64)
            starts = spec.base + np.concatenate([np.zeros(1, np.int64), np.cumsum(rows)[:-1]])
            self._shards[shard] = (starts, batches)
        return self._shards[shard]


def _runs(values: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of equal values of ascending ones."""
    bounds = np.flatnonzero(np.diff(values)) + 1
    yield from pairwise([0, *bounds.tolist(), len(values)])
