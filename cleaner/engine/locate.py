"""Where a document lies: ordinals to sources, records and ids, without reading a text."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.engine.context import Context
from cleaner.engine.load import originals_path, records
from cleaner.identity import doc_id
from cleaner.io.store import ipc_reader


class Locator:
    """Looks documents up in the memory-mapped originals. Use it as a context manager."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._bases = context.bases
        self._stack = ExitStack()
        self._shards: dict[int, tuple[NDArray[np.int64], list[pa.RecordBatch]]] = {}
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
        for shard in np.unique(shard_of).tolist():
            starts, batches = self._open(shard)
            mine = ordinals[shard_of == shard]
            batch_of = np.searchsorted(starts, mine, side="right") - 1
            for position in np.unique(batch_of).tolist():
                rows = mine[batch_of == position]
                batch = batches[position]
                at = rows - starts[position]
                file = batch.column("file").to_numpy()[at].tolist()
                record = records(self._context, self._context.shards[shard].chunk, batch)[
                    at
                ].tolist()
                for o, f, r in zip(rows.tolist(), file, record, strict=True):
                    source = self._context.files[f].source
                    self._known[o] = (doc_id(source, r), source, r)

    def _open(self, shard: int) -> tuple[NDArray[np.int64], list[pa.RecordBatch]]:
        if shard not in self._shards:
            spec = self._context.shards[shard]
            reader = self._stack.enter_context(
                ipc_reader(originals_path(self._context, spec.chunk))
            )
            batches = [
                reader.get_batch(i).select(["file", "record"]) for i in range(spec.first, spec.last)
            ]
            rows = np.array([b.num_rows for b in batches], np.int64)
            starts = spec.base + np.concatenate([np.zeros(1, np.int64), np.cumsum(rows)[:-1]])
            self._shards[shard] = (starts, batches)
        return self._shards[shard]
