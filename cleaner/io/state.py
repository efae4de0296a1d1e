"""What one map phase hands to the next, per shard: what was done so far, never the originals again.

Three Arrow IPC files, their batch i belonging to batch i of the shard:

    docs        one row a living document: ordinal and the annotations of documents
    passages    one row a changed passage: its text now, and its marks
    notes       one row a passage of a living document: the annotations of passages

The rows of the ledger that a phase adds lie beside them (`ledger`) and are read at the end only.
All four are always written, so that none of an earlier run is ever taken for one of this run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from cleaner.batch import LEDGER, Batch, replace_text
from cleaner.errors import EditError
from cleaner.io.sealed import Sealed, SealedWriter
from cleaner.io.store import Files
from cleaner.text.pieces import Mark

_MARKS = pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("length", pa.int64())]))
_PASSAGES = pa.schema(
    [
        ("ordinal", pa.int64()),
        ("number", pa.int32()),
        ("text", pa.string()),
        ("cut_chars", pa.int64()),
        ("rewritten_chars", pa.int64()),
        ("marks", _MARKS),
    ]
)


class StateWriter:
    """Writes the state of one shard batch by batch."""

    def __init__(self, files: Files, base_docs: Sequence[str]) -> None:
        self._files = files
        self._base = set(base_docs) - {"ordinal"}
        self._writers: dict[str, SealedWriter] = {}
        self._schemas: dict[str, pa.Schema] = {}

    def write(self, batch: Batch) -> None:
        """Append what was done to a batch; its ledger holds the rows of this phase alone.

        Raises:
            EditError: annotations have not the same names and types in all batches.
        """
        columns = [c for c in batch.docs.schema.names if c not in self._base]
        self._append("docs", batch.docs.select(columns))
        self._append("passages", _changed(batch))
        self._append("notes", batch.passages.drop_columns(["number"]))
        rows = pa.Table.from_batches(batch.ledger, LEDGER).combine_chunks().to_batches()
        self._append("ledger", rows[0] if rows else pa.RecordBatch.from_pylist([], LEDGER))

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers.values():
            writer.close()

    def _append(self, name: str, rows: pa.RecordBatch) -> None:
        if name not in self._writers:
            self._writers[name] = SealedWriter(self._files.path(f"{name}.arrow"), rows.schema)
            self._schemas[name] = rows.schema
        if not rows.schema.equals(self._schemas[name]):
            raise EditError(_unlike(self._schemas[name], rows.schema))
        self._writers[name].write_batch(rows)


def _unlike(first: pa.Schema, other: pa.Schema) -> str:
    """What differs between the annotations of two batches, and what to do."""
    names = sorted({*first.names, *other.names})
    kinds = {
        n: [str(s.field(n).type) if n in s.names else "missing" for s in (first, other)]
        for n in names
    }
    shown = ", ".join(f"{n} ({a}, then {b})" for n, (a, b) in kinds.items() if a != b)
    return (
        f"annotations differ from batch to batch: {shown or 'their order'}; a stage must annotate "
        "every batch, also an empty one, with columns of one type (give pa.array its type)"
    )


def _changed(batch: Batch) -> pa.RecordBatch:
    """The changed passages, in order; those that were cut as a whole have no marks."""
    is_gone = batch.cut_chars == batch.end - batch.start
    gone = np.flatnonzero(is_gone)
    keys = np.array(sorted(batch.marks), np.int64).reshape(-1, 2)
    marked = batch.first[np.searchsorted(batch.ordinals, keys[:, 0])] + keys[:, 1]
    left = ~is_gone[marked]
    marked, lists = marked[left], [batch.marks[o, n] for o, n in keys[left].tolist()]
    rows = np.concatenate([gone, marked])
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    counts = np.concatenate([np.zeros(len(gone), np.int64), [len(m) for m in lists]]).astype(
        np.int64
    )
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(counts[order], out=offsets[1:])
    flat = np.array([m for marks in lists for m in marks], np.int64).reshape(-1, 3)
    values = pa.StructArray.from_arrays(
        [pa.array(flat[:, i].copy()) for i in range(3)], names=Mark._fields
    )
    docs = np.searchsorted(batch.first, rows, side="right") - 1
    return pa.RecordBatch.from_arrays(
        [
            pa.array(batch.ordinals[docs]),
            pa.array((rows - batch.first[docs]).astype(np.int32)),
            batch.passage_text.take(pa.array(rows)),
            pa.array(batch.cut_chars[rows]),
            pa.array(batch.rewritten_chars[rows]),
            pa.ListArray.from_arrays(pa.array(offsets), values),
        ],
        schema=_PASSAGES,
    )


def resume(batch: Batch, folder: Path, index: int, position: int) -> Batch:
    """An untouched batch of originals, brought to the state that an earlier phase left it in.

    Args:
        batch: the shard's batch number `position`, fresh.
        folder: of the earlier map phase.
        index: of the shard.
        position: of the batch in the shard.
    """
    stem = f"{index:05d}"
    docs = Sealed(folder / f"{stem}.docs.arrow").get_batch(position)
    alive = docs.column("ordinal").to_numpy()
    if len(alive) != batch.num_docs:
        batch = batch.take(np.searchsorted(batch.ordinals, alive))
    for name in docs.schema.names:
        if name != "ordinal":
            batch = batch.annotate(name, docs.column(name))
    batch = _apply(batch, Sealed(folder / f"{stem}.passages.arrow").get_batch(position))
    notes = Sealed(folder / f"{stem}.notes.arrow").get_batch(position)
    for name in notes.schema.names:
        batch = batch.annotate(name, notes.column(name), "passages")
    return batch


def read_ledger(folder: Path, index: int, position: int) -> pa.RecordBatch:
    """The ledger rows that a phase added to batch `position` of shard `index`."""
    return Sealed(folder / f"{index:05d}.ledger.arrow").get_batch(position)


def _apply(batch: Batch, changed: pa.RecordBatch) -> Batch:
    if not changed.num_rows:
        return batch
    ordinals = changed.column("ordinal").to_numpy()
    numbers = changed.column("number").to_numpy()
    rows = batch.first[np.searchsorted(batch.ordinals, ordinals)] + numbers
    cut, rewritten = batch.cut_chars.copy(), batch.rewritten_chars.copy()
    cut[rows] = changed.column("cut_chars").to_numpy()
    rewritten[rows] = changed.column("rewritten_chars").to_numpy()
    lists = changed.column("marks")
    bounds = lists.offsets.to_numpy()
    flat: pa.StructArray = lists.flatten()
    found = [Mark(*m) for m in zip(*(flat.field(n).to_pylist() for n in Mark._fields), strict=True)]
    bounds = bounds - bounds[0]
    marks = {
        (int(ordinals[row]), int(numbers[row])): found[bounds[row] : bounds[row + 1]]
        for row in np.flatnonzero(np.diff(bounds)).tolist()
    }
    return replace(
        batch,
        passage_text=replace_text(batch.passage_text, rows, changed.column("text")),
        cut_chars=cut,
        rewritten_chars=rewritten,
        marks=marks,
    )
