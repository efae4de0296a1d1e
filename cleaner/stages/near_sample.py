"""Near-duplicates of documents: the recall of the bands, measured on a sample of the run.

The sample's sets travel with the members of the components, under a label of their own, and are
compared all with all by the merge that gets them. It is the same sample however the run was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.dedup.sample import draws, measure
from cleaner.dedup.shingle import shingle_sets
from cleaner.stages.clusters import from_lists
from cleaner.stages.steps import Note
from cleaner.text.mix import splitmix
from cleaner.text.ragged import Ragged

SAMPLE = 1000
"""Documents of the sample, those with the lowest draws …"""
PER_DRAW = 8
"""… of those with one and the same draw so many: a large cluster is not the whole sample."""
LONGEST = 1 << 15
"""Shingles of a document that may come into it; one that has none is compared by its words."""
LABEL = np.uint64(0xFFFFFFFFFFFFFFFF)
"""Stands where members have their component, which is smaller."""
FIGURES = ("sampled", "sample_pairs", "sample_met", "sample_paired")
"""Notes for the report: documents compared all with all; pairs of copies among them; of these, such
as share a band; documents in a pair."""

_SPARE = 3
_ALL = 1 << 64


def eligible(
    drawn: NDArray[np.uint64], counts: NDArray[np.int64], ordinals: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rows of the documents that may be among the lowest draws of a run, whatever follows them.

    There are more documents than a document's ordinal says, and among n of them the lowest `SAMPLE`
    draws are below SAMPLE / n, three times that with some to spare. It is looked at document by
    document, so that it does not depend on how they are cut into batches.
    """
    chance = np.minimum(1.0, _SPARE * SAMPLE / (ordinals + 1.0))
    low = drawn.astype(np.float64) < chance * _ALL
    return np.flatnonzero(low & (counts > 0) & (counts <= LONGEST))


def lowest(table: pa.Table) -> pa.Table:
    """The rows of members, and of the sample's those with the lowest draws; associative."""
    is_sample = pc.equal(table.column("label"), pa.scalar(LABEL, pa.uint64()))
    members, sample = table.filter(pc.invert(is_sample)), table.filter(is_sample)
    if sample.num_rows <= PER_DRAW:
        return table
    return pa.concat_tables([members, sample.take(pa.array(_lowest(sample)))])


def _lowest(sample: pa.Table) -> NDArray[np.int64]:
    """Rows with the lowest draws, in the order of draw and ordinal."""
    drawn = draws(from_lists(sample.column("set").combine_chunks()))
    order = np.lexsort((sample.column("ordinal").to_numpy(), drawn))
    drawn = drawn[order]
    rank = np.arange(len(drawn)) - np.searchsorted(drawn, drawn)
    return order[rank < PER_DRAW][:SAMPLE]


def without_sample(
    stream: Iterable[pa.RecordBatch], sample: list[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The members of a sorted stream; the rows of the sample, its last, go to `sample`."""
    for batch in stream:
        split = int(np.searchsorted(batch.column("label").to_numpy(), LABEL))
        if split:
            yield batch.slice(0, split)
        if split < batch.num_rows:
            rows = pa.Table.from_batches([*sample, batch.slice(split)]).combine_chunks()
            sample[:] = rows.take(pa.array(_lowest(rows))).combine_chunks().to_batches()


def figures(sample: list[pa.RecordBatch], threshold: float) -> Iterator[Note]:
    """What `FIGURES` says, of a sample that is complete."""
    if not sample:
        return
    rows = pa.Table.from_batches(sample).combine_chunks()
    rows = rows.take(pa.array(_lowest(rows)))
    sets, keys = (from_lists(rows.column(name).combine_chunks()) for name in ("set", "keys"))
    table = keys.values[int(keys.offsets[0]) : int(keys.offsets[-1])].reshape(rows.num_rows, -1)
    numbers = rows.column("size").to_numpy().view(np.uint64)
    found = measure(_apart(sets, numbers) if numbers.any() else sets, table, threshold)
    for name, number in zip(FIGURES, found, strict=True):
        yield Note(name, number)


def _apart(sets: Ragged, numbers: NDArray[np.uint64]) -> Ragged:
    """The sets such that those of texts with different numbers share nothing, others as much."""
    owner = np.repeat(np.arange(len(sets)), sets.counts)
    values = sets.values[int(sets.offsets[0]) : int(sets.offsets[-1])]
    return shingle_sets(
        Ragged(sets.offsets - sets.offsets[0], splitmix(values ^ splitmix(numbers)[owner]))
    )
