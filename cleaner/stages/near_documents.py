"""Near-duplicates of documents; the steps are named in `cleaner.stages.near_duplicates`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.batch import Batch
from cleaner.dedup.band import band_keys
from cleaner.dedup.keeper import KEPT, Leaders
from cleaner.dedup.minhash import signatures
from cleaner.dedup.shingle import shingle_sets, shingles
from cleaner.stages.clusters import component_labels, groups, star_edges
from cleaner.stages.exact_duplicates import VERDICTS, apply_verdicts, cluster_sizes, verdicts
from cleaner.stages.keep import rank_columns, rank_fields
from cleaner.stages.near_duplicates import NearDuplicates
from cleaner.stages.near_pairs import PAIRED, Component, apply_without_pairs, widened
from cleaner.stages.numbers import number_hash
from cleaner.stages.steps import HOME, Apply, Merge, Sketch, Step
from cleaner.text.ragged import Ragged
from cleaner.text.words import EMPTY_KEY, key_hash, word_hashes

BUCKETS = pa.schema([("key", pa.uint64()), ("node", pa.int64())])
LABELS = pa.schema([("ordinal", pa.int64()), ("label", pa.int64())])
_SHORT = np.uint64(0xA5A5A5A5A5A5A5A5)


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
    """Sorted shingle sets, and band keys uint64[n, bands], of texts.

    A text with fewer words than a shingle has is compared as a whole: its set is the hash of its
    words, its keys are made from that. A text without words has an empty set and, in every band,
    the key 0.
    """
    words = word_hashes(text, fold_digits=stage.fold_digits)
    sets = shingle_sets(shingles(words, stage.words))
    bands, rows = stage.shape
    keys = band_keys(signatures(sets, stage.permutations, stage.seed), bands, rows)
    bare = np.flatnonzero(sets.counts == 0)
    if not len(bare):
        return sets, keys
    whole = key_hash(text.take(pa.array(bare)), fold_digits=stage.fold_digits)
    worded = whole != EMPTY_KEY
    keys[bare] = (whole ^ _SHORT)[:, None] + np.arange(bands, dtype=np.uint64)
    keys[bare[~worded]] = 0
    counts = sets.counts.copy()
    counts[bare[worded]] = 1
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    values = np.empty(int(offsets[-1]), np.uint64)
    at = np.repeat(offsets[:-1], sets.counts) + (
        np.arange(int(sets.counts.sum()))
        - np.repeat(sets.offsets[:-1] - sets.offsets[0], sets.counts)
    )
    values[at] = sets.values[int(sets.offsets[0]) : int(sets.offsets[-1])]
    values[offsets[bare[worded]]] = whole[worded]
    return Ragged(offsets, values), keys


def bucket_rows(keys: NDArray[np.uint64], nodes: NDArray[np.int64]) -> pa.Table:
    """Rows (key, node), one a band, of those that have keys."""
    there = keys[:, 0] != 0
    keys, nodes = keys[there], nodes[there]
    flat = pa.array(np.ascontiguousarray(keys).reshape(-1))
    return pa.table([flat, pa.array(np.repeat(nodes, keys.shape[1]))], schema=BUCKETS)


def _buckets(stage: NearDuplicates, batch: Batch, _: pa.Table | None) -> pa.Table:
    _, keys = sketch(stage, batch.text)
    return bucket_rows(keys, batch.ordinals)


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
        **{k: v.take(index) for k, v in rank_columns(batch, stage.keep).items()},
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


def _verify(stage: NearDuplicates, stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Greedy leaders of each component; verdicts on members and on leaders that others joined."""
    held: list[tuple[NDArray[np.int64], ...]] = []
    leaders = None
    component = Component(stage.max_bucket) if stage.pairs == "all" else None
    for rows, last in groups(stream):
        if rows.num_rows == 1 and last and leaders is None:
            continue
        if leaders is None:
            leaders = Leaders(stage.threshold, stage.max_leaders, stage.shape[0])
        ordinals = rows.column("ordinal").to_numpy()
        keys = from_lists(rows.column("keys"))
        table = keys.values[int(keys.offsets[0]) : int(keys.offsets[-1])].reshape(
            -1, stage.shape[0]
        )
        sets = from_lists(rows.column("set"))
        found = leaders.add(ordinals, sets, table)
        chars, sizes = rows.column("chars").to_numpy(), rows.column("size").to_numpy()
        assigned = found.leader, found.keeper, found.similarity
        held.append((ordinals, *assigned, chars, sizes))  # type: ignore[arg-type]  # similarity
        if component is not None:
            component.add(ordinals, chars, sets, table)
        if last:
            yield from _settle(held) if component is None else widened(_settle(held))
            held, leaders = [], None
            if component is not None:
                yield from component.pairs()


def _settle(held: Sequence[tuple[NDArray[np.int64], ...]]) -> Iterator[pa.RecordBatch]:
    ordinals, leader, keeper, similarity, chars, sizes = (
        np.concatenate(c) for c in zip(*held, strict=True)
    )
    joined = leader != KEPT
    if not joined.any():
        return
    place = {int(o): i for i, o in enumerate(ordinals)}
    at = np.array([place[int(k)] for k in keeper], np.int64)
    total = np.zeros(len(ordinals), np.int64)
    np.add.at(total, at, sizes)
    followed = np.zeros(len(ordinals), bool)
    followed[at[joined]] = True
    yield verdicts(ordinals[joined], keeper[joined], chars[at[joined]], similarity[joined], 0)
    own = ordinals[followed]
    yield verdicts(own, own, chars[followed], np.ones(len(own)), total[followed])


def as_lists(rows: Ragged) -> pa.ListArray:
    """A ragged array as an Arrow column."""
    low = int(rows.offsets[0])
    offsets = pa.array((rows.offsets - low).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(rows.values[low : int(rows.offsets[-1])]))


def from_lists(column: pa.ListArray) -> Ragged:
    """An Arrow column of lists as a ragged array."""
    offsets = column.offsets.to_numpy().astype(np.int64)
    return Ragged(offsets - offsets[0], column.flatten().to_numpy())
