"""The host of a stage: calls it on batches, counts what it did, and puts aside the documents that it fails on."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from cleaner.batch import Batch
from cleaner.engine import tally
from cleaner.engine.load import Loaded
from cleaner.errors import CleanerError
from cleaner.io.schema import QUARANTINE

T = TypeVar("T")
RAW_LIMIT = 64 << 10
"""Bytes of a failing document that its quarantine row holds."""


class Host:
    """Runs the ops of one map task. Keeps tallies, seconds and quarantine rows of the task."""

    def __init__(self) -> None:
        self.tallies: dict[str, dict[str, Any]] = {}
        self.seconds: dict[str, float] = {}
        self.quarantine: list[dict[str, Any]] = []
        self.bad: dict[str, int] = {}

    def run(
        self,
        name: str,
        number: int,
        function: Callable[[Batch], Batch],
        loaded: Loaded,
        batch: Batch,
    ) -> Batch:
        """A stage's function on a batch; what fails goes to quarantine, the rest goes on."""
        started = time.perf_counter()
        before = batch.for_stage(name, number)
        old = len(batch.ledger)
        parts, bad = self._guard(function, replace(before, ledger=()), loaded, name)
        after = _join(parts, before)
        new = after.ledger
        after = replace(after, ledger=(*batch.ledger[:old], *new))
        counts = tally.count(before, after, bad, new)
        tally.add(self.tallies.setdefault(name, tally.empty()), counts)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
        return after

    def sketch(
        self, name: str, function: Callable[[Batch], pa.Table], loaded: Loaded, batch: Batch
    ) -> tuple[Batch, list[pa.Table]]:
        """A stage's sketch of a batch, and the batch without the documents that it failed on."""
        started = time.perf_counter()
        bare = replace(batch, ledger=())
        parts, bad = self._guard(lambda b: (b, function(b)), bare, loaded, name)
        if bad[0]:
            rest = _join([b for b, _ in parts], bare)
            lost = {
                "docs_in": bad[0],
                "docs_quarantined": bad[0],
                "chars_in": bad[1],
                "chars_quarantined": bad[1],
            }
            tally.add(self.tallies.setdefault(name, tally.empty()), tally.empty() | lost)
            batch = replace(rest, ledger=batch.ledger)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
        return batch, [t for _, t in parts]

    def quarantine_batch(self) -> pa.RecordBatch:
        """The quarantine rows of the task."""
        return pa.RecordBatch.from_pylist(self.quarantine, QUARANTINE)

    def _guard(
        self, function: Callable[[Batch], T], batch: Batch, loaded: Loaded, name: str
    ) -> tuple[list[T], tuple[int, int]]:
        """Results of halves, quarters, … of the batch; a single document that fails is put aside."""
        try:
            return [function(batch)], (0, 0)
        except (CleanerError, MemoryError, OSError):
            raise  # ours, or the machine's: never the fault of a document
        except Exception as error:  # noqa: BLE001  whatever a rule raises on a document
            if batch.num_docs <= 1:
                return [], self._put_aside(batch, loaded, name, error)
        middle = batch.num_docs // 2
        rows = np.arange(batch.num_docs)
        left, lost = self._guard(function, batch.take(rows[:middle]), loaded, name)
        right, more = self._guard(function, batch.take(rows[middle:]), loaded, name)
        return left + right, (lost[0] + more[0], lost[1] + more[1])

    def _put_aside(
        self, batch: Batch, loaded: Loaded, name: str, error: Exception
    ) -> tuple[int, int]:
        if not batch.num_docs:
            raise error
        row = loaded.row(int(batch.ordinals[0]))
        raw = loaded.originals.column("text")[row].as_buffer().to_pybytes()
        frame = traceback.extract_tb(error.__traceback__)[-1]
        kept, rewritten, _ = batch.live_chars()
        self.quarantine.append(
            {
                "source": batch.docs.column("source")[0].as_py(),
                "record": batch.docs.column("record")[0].as_py(),
                "start": None,
                "end": None,
                "stage": name,
                "reason": "stage_error",
                "detail": f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"[
                    :500
                ],
                "raw": raw if len(raw) <= RAW_LIMIT else None,
                "raw_bytes": len(raw),
                "raw_chars": loaded.originals.column("raw_chars")[row].as_py(),
            }
        )
        self.bad["stage_error"] = self.bad.get("stage_error", 0) + 1
        return 1, kept + rewritten


def _join(parts: list[Batch], like: Batch) -> Batch:
    """Parts of one batch, put together again."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return replace(like.take(np.zeros(0, np.int64)), ledger=())
    shift, first = 0, [np.zeros(1, np.int64)]
    for part in parts:
        first.append(part.first[1:] + shift)
        shift += int(part.first[-1])
    names = parts[0].docs.schema.names
    notes = parts[0].passages.schema.names
    return replace(
        parts[0],
        docs=pa.concat_batches([p.docs.select(names) for p in parts]),
        passage_text=pa.concat_arrays([p.passage_text for p in parts]),
        first=np.concatenate(first),
        start=np.concatenate([p.start for p in parts]),
        end=np.concatenate([p.end for p in parts]),
        cut_chars=np.concatenate([p.cut_chars for p in parts]),
        rewritten_chars=np.concatenate([p.rewritten_chars for p in parts]),
        passages=pa.concat_batches([p.passages.select(notes) for p in parts]),
        marks={k: v for p in parts for k, v in p.marks.items()},
        ledger=tuple(rows for p in parts for rows in p.ledger),
        step=max(p.step for p in parts),
    )
