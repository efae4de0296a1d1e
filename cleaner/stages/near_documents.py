"""Near-duplicates of documents; the steps are named in `cleaner.stages.near_duplicates`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.batch import Batch
from cleaner.stages import near_sample
from cleaner.stages.clusters import Led, as_lists, led
from cleaner.stages.components import component_labels, star_edges
from cleaner.stages.exact_duplicates import VERDICTS, apply_verdicts, cluster_sizes, verdicts
from cleaner.stages.keep import rank_columns, rank_fields
from cleaner.stages.near_duplicates import NearDuplicates
from cleaner.stages.near_pairs import PAIRED, OfferedPairs, apply_without_pairs, widened
from cleaner.stages.numbers import number_hash
from cleaner.stages.steps import HOME, Apply, Merge, Note, Sketch, Step
from cleaner.text.ragged import Ragged

BUCKETS = pa.schema([("key", pa.uint64()), ("node", pa.int64())])
SETTLED = ("ordinal", "chars", "size")
"""What the verdicts need of a member."""
LABELS = pa.schema([("ordinal", pa.int64()), ("label", pa.int64())])


def steps(stage: NearDuplicates) -> Sequence[Step]:
    """The steps for documents."""
    ranks = rank_fields(stage.keep)
    members = pa.schema(
        [
            ("label", pa.uint64()),
            *ranks,
            ("ordinal", pa.int64()),
            ("chars", pa.int64()),
            ("size", pa.int64()),
            ("set", pa.list_(pa.uint64())),
            ("keys", pa.list_(pa.uint64())),
        ]
    )
    order = (*[f.name for f in ranks], "ordinal")
    every = stage.pairs == "all"
    apply = apply_without_pairs if every else apply_verdicts
    lowest = near_sample.lowest if stage.measure_recall else None
    return (
        Sketch(partial(_buckets, stage), "key", ("node",), BUCKETS),
        star_edges("node"),
        component_labels(_home, LABELS),
        Sketch(partial(_members, stage, members), "label", order, members, lowest),
        Merge(partial(_verify, stage), HOME, (), PAIRED if every else VERDICTS, pairs=every),
        Apply(partial(apply, "near_duplicates.document", "Jaccard")),
    )


def sketch(stage: NearDuplicates, text: pa.Array) -> tuple[Ragged, NDArray[np.uint64]]:
    """Sorted shingle sets, and band keys uint64[n, bands], of texts; see `cleaner.dedup.sketch`."""
    return stage.sketcher.sketch(text)


def bucket_rows(keys: NDArray[np.uint64], nodes: NDArray[np.int64]) -> pa.Table:
    """Rows (key, node), one a band, of those that have keys."""
    there = keys[:, 0] != 0
    keys, nodes = keys[there], nodes[there]
    flat = pa.array(np.ascontiguousarray(keys).reshape(-1))
    return pa.table([flat, pa.array(np.repeat(nodes, keys.shape[1]))], schema=BUCKETS)


def _buckets(stage: NearDuplicates, batch: Batch, _: pa.Table | None) -> pa.Table:
    return bucket_rows(stage.sketcher.keys(batch.text), batch.ordinals)


def _home(nodes: NDArray[np.int64], labels: NDArray[np.int64]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(nodes), pa.array(labels)], schema=LABELS)


def _members(
    stage: NearDuplicates, schema: pa.Schema, batch: Batch, rows: pa.Table | None
) -> pa.Table:
    """Sets, keys and preferences of the documents in a component, and of the sample's."""
    assert rows is not None
    docs = np.searchsorted(batch.ordinals, rows.column("ordinal").to_numpy())
    label = rows.column("label").combine_chunks().to_numpy().astype(np.uint64)
    members = _rows(stage, schema, batch, docs, label)
    if not stage.measure_recall:
        return members
    drawn, counts = stage.sketcher.draws(batch.text)
    sample = near_sample.eligible(drawn, counts, batch.ordinals)
    return pa.concat_tables([members, _rows(stage, schema, batch, sample, None)])


def _rows(
    stage: NearDuplicates,
    schema: pa.Schema,
    batch: Batch,
    docs: NDArray[np.int64],
    label: NDArray[np.uint64] | None,
) -> pa.Table:
    """Rows of `schema` about documents of components, or (None) of the sample.

    Those with different numbers are kept apart, where the stage says so: by their labels; in the
    sample by what then stands in `size`.
    """
    if not len(docs):
        return schema.empty_table()
    index = pa.array(docs)
    text = batch.text.take(index)
    sets, keys = sketch(stage, text)
    numbers = number_hash(text) if stage.guards_numbers else np.zeros(len(docs), np.uint64)
    if label is None:
        label, size = np.full(len(docs), near_sample.LABEL), pa.array(numbers.view(np.int64))
    else:
        label, size = label ^ numbers, cluster_sizes(batch).take(index)
    columns = {
        "label": pa.array(label),
        **rank_columns(batch, stage.keep, docs),
        "ordinal": pa.array(batch.ordinals[docs]),
        "chars": batch.docs.column("raw_chars").take(index),
        "size": size,
        "set": as_lists(sets),
        "keys": as_lists(
            Ragged(np.arange(len(docs) + 1, dtype=np.int64) * keys.shape[1], keys.reshape(-1))
        ),
    }
    return pa.table([columns[n] for n in schema.names], schema=schema)


def _verify(
    stage: NearDuplicates, stream: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch | Note]:
    """Greedy leaders of each component; verdicts on members and on leaders that others joined."""
    offered = OfferedPairs(stage.max_bucket) if stage.pairs == "all" else None
    watch = None if offered is None else offered.add
    sample: list[pa.RecordBatch] = []
    members = near_sample.without_sample(stream, sample)
    for found in led(members, stage.threshold, stage.max_leaders, stage.shape[0], SETTLED, watch):
        if isinstance(found, Note):
            yield found
        elif offered is None:
            yield from _settle(found)
        else:
            yield from widened(_settle(found))
            yield from offered.pairs()
    yield from near_sample.figures(sample, stage.threshold)


def _settle(found: Led) -> Iterator[pa.RecordBatch]:
    """Verdicts on those who joined, then on those whom they joined."""
    joined = found.joined
    if not len(joined):
        return
    ordinals, chars, sizes = (found.column(name) for name in ("ordinal", "chars", "size"))
    to, similarity = found.leader[joined], found.similarity[joined]
    yield verdicts(ordinals[joined], ordinals[to], chars[to], similarity, 0)
    followed = np.unique(to)
    total = sizes.copy()
    np.add.at(total, to, sizes[joined])
    own = ordinals[followed]
    yield verdicts(own, own, chars[followed], np.ones(len(own)), total[followed])
