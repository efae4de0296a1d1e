"""Originals of a shard as batches: fresh, or in the state that an earlier phase left them in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner import batch as batches
from cleaner.batch import Batch
from cleaner.engine.context import Context, Shard
from cleaner.io.sealed import Sealed
from cleaner.io.state import resume

BASE_COLUMNS = ("ordinal", "source", "record", "host", "url", "date", "priority", "raw_chars")
"""What a batch knows of every document before any stage; `batch.GIVEN`, in order."""

_HOST = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(?P<host>\[[^\]/?#]*\]|[^/?#:]+)"


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """One batch of a shard: its documents now, and all its rows of the originals, in order."""

    batch: Batch
    originals: pa.RecordBatch
    base: int

    def row(self, ordinal: int) -> int:
        """The row of the originals that holds a document."""
        return ordinal - self.base


def originals_path(context: Context, chunk: int) -> Path:
    """The file of originals that a read task wrote."""
    return context.folder(0) / f"{chunk:05d}.originals.arrow"


def load(
    context: Context, index: int, state: int | None, low: int = 0, high: int | None = None
) -> Iterator[tuple[int, Loaded]]:
    """The batches of a shard with their numbers, in order, after phase `state` (None: untouched).

    Only batches that hold documents of the ordinals low:high are loaded.
    """
    shard = context.shards[index]
    base = shard.base
    reader = Sealed(originals_path(context, shard.chunk))
    for position in range(shard.last - shard.first):
        originals = reader.get_batch(shard.first + position)
        end = base + originals.num_rows
        if end <= low or (high is not None and base >= high):
            base = end
            continue
        fresh = batches.new(
            describe(context, shard, originals, base),
            originals.column("text"),
            context.config.read.segment,
        )
        if state is None:
            chosen = context.selection.chosen(fresh.ordinals)
            batch = fresh if chosen.all() else fresh.take(np.flatnonzero(chosen))
        else:
            batch = resume(fresh, context.folder(state), index, position)
        yield position, Loaded(batch, originals, base)
        base = end


def describe(
    context: Context, shard: Shard, originals: pa.RecordBatch, base: int
) -> pa.RecordBatch:
    """The base columns of a batch of originals."""
    n = originals.num_rows
    priorities = dict(context.priorities)
    numbers, row = np.unique(originals.column("file").to_numpy(), return_inverse=True)
    files = [context.files[f] for f in numbers.tolist()]
    place = pa.array(row)
    url = originals.column("url")
    columns = {
        "ordinal": pa.array(np.arange(base, base + n, dtype=np.int64)),
        "source": pa.array([f.source for f in files], pa.string()).take(place),
        "record": pa.array(records(context, shard.chunk, originals)),
        "host": host_names(url),
        "url": url,
        "date": originals.column("date"),
        "priority": pa.array([priorities.get(f.label, 0) for f in files], pa.int64()).take(place),
        "raw_chars": originals.column("raw_chars"),
    }
    return pa.record_batch([columns[c] for c in BASE_COLUMNS], names=list(BASE_COLUMNS))


def host_names(url: pa.Array) -> pa.Array:
    """The host of each URL in lower case; null where there is none."""
    return pc.utf8_lower(pc.struct_field(pc.extract_regex(url, _HOST), "host"))


def records(context: Context, chunk: int, originals: pa.RecordBatch) -> NDArray[np.int64]:
    """Record numbers within their file, from those within the chunk."""
    return in_file(
        context, chunk, originals.column("file").to_numpy(), originals.column("record").to_numpy()
    )


def in_file(
    context: Context, chunk: int, file: NDArray[np.int32], record: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The same of some documents of a chunk: `file` and `record` of each."""
    before = context.records[chunk]
    if not before:
        return record
    numbers, row = np.unique(file, return_inverse=True)
    shift = np.array([before.get(f, 0) for f in numbers.tolist()], np.int64)
    shifted: NDArray[np.int64] = record + shift[row]
    return shifted
