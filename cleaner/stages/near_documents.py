"""Near-duplicates of documents; the steps are named in `cleaner.stages.near_duplicates`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.batch import Batch
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
    return (
        Sketch(partial(_buckets, stage), "key", ("node",), BUCKETS),
        star_edges("node"),
        component_labels(_home, LABELS),
        Sketch(partial(_members, stage, members), "label", order, members),
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
    """Sets, keys and preferences of the documents that are in a component."""
    assert rows is not None
    if not rows.num_rows:
        return schema.empty_table()
    docs = np.searchsorted(batch.ordinals, rows.column("ordinal").to_numpy())
    index = pa.array(docs)
    sets, keys = sketch(stage, batch.text.take(index))
    label = rows.column("label").combine_chunks().to_numpy().astype(np.uint64)
    columns = {
        "label": pa.array(label),
        **rank_columns(batch, stage.keep, docs),
        "ordinal": rows.column("ordinal").combine_chunks(),
        "chars": batch.docs.column("raw_chars").take(index),
        "size": cluster_sizes(batch).take(index),
        "set": as_lists(sets),
        "keys": as_lists(
            Ragged(np.arange(len(docs) + 1, dtype=np.int64) * keys.shape[1], keys.reshape(-1))
        ),
    }
    if stage.guards_numbers:
        columns["label"] = pa.array(label ^ number_hash(batch.text.take(index)))
    return pa.table([columns[n] for n in schema.names], schema=schema)


def _verify(
    stage: NearDuplicates, stream: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch | Note]:
    """Greedy leaders of each component; verdicts on members and on leaders that others joined."""
    offered = OfferedPairs(stage.max_bucket) if stage.pairs == "all" else None
    watch = None if offered is None else offered.add
    for found in led(stream, stage.threshold, stage.max_leaders, stage.shape[0], SETTLED, watch):
        if isinstance(found, Note):
            yield found
        elif offered is None:
            yield from _settle(found)
        else:
            yield from widened(_settle(found))
            yield from offered.pairs()


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
