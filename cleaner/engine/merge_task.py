"""Merging: the rows of one partition, sorted, to the rows of the next step, cut by partition.

Neither what is read nor what is written lies in memory as a whole: rows are sorted in ranges, and
written in runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from cleaner.engine import memory
from cleaner.engine.context import Context
from cleaner.engine.layout import exchange_paths, partitions_of, step_of
from cleaner.engine.phases import Phase
from cleaner.io import exchange
from cleaner.io.sealed import SealedWriter, sealed_writer
from cleaner.io.store import Files
from cleaner.stages.steps import HOME, Merge, Note, Repeat, Sketch, Step


def run_merge(
    context: Context, phase: Phase, index: int, files: Files, *, reads: int = -1, number: int = -1
) -> tuple[dict[str, Any], dict[str, float]]:
    """Merge partition `index`; for round `number` of a merge that repeats, or of round `reads`.

    Counts: rows that were written, and the numbers that the step noted.
    """
    step = _step(context, phase, number)
    size = memory.sort_bytes(context.config.engine)
    notes: dict[str, int] = {}
    rows = held = 0
    parts: list[pa.RecordBatch] = []
    with sealed_writer(files.path("exchange.arrow"), step.schema) as out:

        def write() -> None:
            nonlocal held
            table = pa.Table.from_batches(parts, step.schema)
            scatter(context, phase, out, table, step.key, step.order)
            parts.clear()
            held = 0

        for part in step.rows(_stream(context, phase, index, reads, size)):
            if isinstance(part, Note):
                notes[part.name] = notes.get(part.name, 0) + part.number
                continue
            parts.append(part)
            rows += part.num_rows
            held += part.nbytes
            if held > size:
                write()
        if parts or not rows:
            write()
    return {"rows": rows, "notes": notes}, {}


def _step(context: Context, phase: Phase, number: int) -> Merge:
    """What a task of this phase does."""
    step = step_of(context, phase.ops[0])
    if isinstance(step, Repeat):
        if number >= 0:
            return step.rounds[number % len(step.rounds)]
        return step.settled if phase.number in context.spread else step.alone
    assert isinstance(step, Merge)
    return step


def _stream(
    context: Context, phase: Phase, index: int, reads: int, size: int
) -> Iterator[pa.RecordBatch]:
    """The sorted rows of a task: of its partition, or of all where it works alone."""
    assert phase.source is not None
    source = context.phases[phase.source]
    before: Step = step_of(context, source.ops[-1])
    paths = exchange_paths(context, source)
    if reads >= 0:
        before, paths = _step(context, phase, reads), exchange_paths(context, phase, reads)
    assert isinstance(before, Sketch | Merge)
    order = (before.key, *before.order)
    partitions = partitions_of(context, source)
    is_alone = phase.repeats and phase.number not in context.spread
    mine: Sequence[int] = range(partitions) if is_alone else [index]
    return chain.from_iterable(
        exchange.read(paths, p, order, bytes_at_once=size, partitions=partitions) for p in mine
    )


def scatter(
    context: Context,
    phase: Phase,
    out: SealedWriter,
    table: pa.Table,
    key: str,
    order: Sequence[str],
) -> None:
    """Write rows for the next phase as one run, each in its partition or its home."""
    keys = table.column(key).combine_chunks().to_numpy()
    if key == HOME:
        partitions = len(context.shards)
        target = exchange.by_home(keys, context.bases)
    else:  # also a round of a phase that goes home in the end
        partitions = 1 if phase.single else context.partitions
        target = exchange.by_hash(keys, partitions)
    exchange.write_run(out, table, target, partitions, (key, *order))
