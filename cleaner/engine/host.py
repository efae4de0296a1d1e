"""The host of a stage: calls it, counts what it did, and puts aside what it fails on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from cleaner.batch import Batch
from cleaner.engine import tally
from cleaner.engine.breadcrumbs import ALONE, Reason, Trail
from cleaner.engine.load import Loaded
from cleaner.errors import CleanerError, EditError, describe
from cleaner.io.limit import TooSlow
from cleaner.io.schema import QUARANTINE
from cleaner.stages.veil import Veil
from cleaner.text.decode import encode

T = TypeVar("T")
RAW_LIMIT = 64 << 10
"""Bytes of a failing document that its quarantine row holds."""


class Host:
    """Runs the ops of one map task. Keeps tallies, seconds and quarantine rows of the task."""

    def __init__(self, trail: Trail, seconds: float, veil: Veil) -> None:
        """`trail` guards the calls; `seconds` is what one document may take, for the record.

        `veil` hides in examples what must not be shown.
        """
        self._trail = trail
        self._veil = veil
        self._seconds = seconds
        self.tallies: dict[str, dict[str, Any]] = {}
        self.seconds: dict[str, float] = {}
        self.bad: dict[str, int] = {}
        self._quarantine: list[tuple[int, dict[str, Any]]] = []

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
        parts, bad = self._guard(function, replace(before, ledger=()), loaded, name)
        for part in parts:
            if not isinstance(part, Batch):
                raise EditError(f"stage {name}: returned {type(part).__name__}, not a Batch")
        after = _join(parts, before)
        new = after.ledger
        after = replace(after, ledger=(*batch.ledger, *new))
        counts = tally.count(before, after, bad, new, self._veil)
        after = replace(after, spared=())
        tally.add(self.tallies.setdefault(name, tally.empty()), counts)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
        return after

    def sketch(
        self,
        name: str,
        number: int,
        function: Callable[[Batch], Any],
        loaded: Loaded,
        batch: Batch,
        *,
        edits: bool,
    ) -> tuple[Batch, list[pa.Table]]:
        """A stage's sketch of a batch, and the batch without the documents that it failed on.

        With `edits` the function gives a batch, too: what it dropped is booked and counted here,
        the rest when the stage's last step has seen it.
        """
        started = time.perf_counter()
        before = replace(batch.for_stage(name, number), ledger=())
        look = function if edits else lambda b: (b, function(b))
        parts, bad = self._guard(look, before, loaded, name)
        if bad[0] or edits:
            after = _join([b for b, _ in parts], before)
            found = tally.count(before, after, bad, after.ledger, self._veil)
            counts = tally.of_those_gone(found)
            tally.add(self.tallies.setdefault(name, tally.empty()), counts)
            batch = replace(after, ledger=(*batch.ledger, *after.ledger), spared=())
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
        return batch, [t for _, t in parts]

    def take_quarantine(self) -> pa.RecordBatch:
        """The quarantine rows since the last call, in the order of their documents."""
        rows = [row for _, row in sorted(self._quarantine, key=lambda r: r[0])]
        self._quarantine = []
        return pa.RecordBatch.from_pylist(rows, QUARANTINE)

    def _guard(
        self, function: Callable[[Batch], T], batch: Batch, loaded: Loaded, name: str
    ) -> tuple[list[T], tuple[int, int]]:
        """Results of the batch, or of its pieces; what the stage cannot bear is put aside."""
        poisoned = self._trail.poisoned(name)
        results: list[T] = []
        docs = chars = 0
        for piece in self._trail.pieces(batch, name):
            reason = poisoned.get(int(piece.ordinals[0])) if piece.num_docs == 1 else None
            if reason is None:
                parts, lost = self._halve(function, piece, loaded, name)
            else:
                parts, lost = [], self._put_aside(piece, loaded, name, reason, self._words(reason))
            results += parts
            docs, chars = docs + lost[0], chars + lost[1]
        return results, (docs, chars)

    def _halve(
        self,
        function: Callable[[Batch], T],
        batch: Batch,
        loaded: Loaded,
        name: str,
        *,
        tries: int = ALONE,
    ) -> tuple[list[T], tuple[int, int]]:
        """Results of the batch, or of halves, quarters, …; a document that fails is put aside."""
        try:
            return [self._trail.call(function, batch, name)], (0, 0)
        except TooSlow:
            if batch.num_docs == 1 and tries > 1:
                return self._halve(function, batch, loaded, name, tries=tries - 1)
            if batch.num_docs == 1:
                return [], self._put_aside(batch, loaded, name, "timeout", self._words("timeout"))
        except MemoryError:
            if batch.num_docs <= 1:
                raise  # the machine's fault, or the document's: a fresh process will tell
        except (CleanerError, OSError):
            raise  # ours, or the machine's: never the fault of a document
        except Exception as error:  # whatever a rule raises on a document
            if not batch.num_docs:
                raise CleanerError(
                    f"stage {name} fails on a batch without documents, which every stage must "
                    f"take: {describe(error)}"
                ) from error
            if batch.num_docs == 1:
                return [], self._put_aside(batch, loaded, name, "stage_error", describe(error))
        middle = batch.num_docs // 2
        rows = np.arange(batch.num_docs)
        left, lost = self._halve(function, batch.take(rows[:middle]), loaded, name)
        right, more = self._halve(function, batch.take(rows[middle:]), loaded, name)
        return left + right, (lost[0] + more[0], lost[1] + more[1])

    def _words(self, reason: Reason) -> str:
        """The detail of a quarantine row for what was not an error; the same on every machine."""
        if reason == "timeout":
            return f"took longer than engine.document_seconds ({self._seconds:g}), {ALONE} times"
        return f"the process died on this document, {ALONE} times with nothing else in hand"

    def _put_aside(
        self, batch: Batch, loaded: Loaded, name: str, reason: str, detail: str
    ) -> tuple[int, int]:
        ordinal = int(batch.ordinals[0])
        original = loaded.originals.slice(loaded.row(ordinal), 1).to_pylist()[0]
        raw = None
        if original["raw_bytes"] <= RAW_LIMIT:
            raw = encode(original["text"], original["encoding"], original["bad_bytes"] or [])
        kept, rewritten, _ = batch.live_chars()
        row = {
            "source": batch.docs.column("source")[0].as_py(),
            "record": batch.docs.column("record")[0].as_py(),
            "start": None,
            "end": None,
            "stage": name,
            "reason": reason,
            "detail": detail,
            "raw": raw,
            "raw_bytes": original["raw_bytes"],
            "raw_chars": original["raw_chars"],
        }
        self._quarantine.append((ordinal, row))
        self.bad[reason] = self.bad.get(reason, 0) + 1
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
        spared=tuple(misses for p in parts for misses in p.spared),
        step=max(p.step for p in parts),
    )
