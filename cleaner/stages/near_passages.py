"""Near-duplicates of passages across documents; `near_duplicates` names the steps.

A passage's node is ordinal · 2^22 + number, so nodes sort as the corpus does. The keeper of a
passage lies in a document that stays: no stage that drops documents may follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.batch import Batch, Edit, Kept
from cleaner.dedup.keeper import KEPT, Leaders
from cleaner.stages.clusters import component_labels, groups, star_edges
from cleaner.stages.keep import rank_columns, rank_fields
from cleaner.stages.near_documents import as_lists, bucket_rows, from_lists, sketch
from cleaner.stages.near_duplicates import NearDuplicates
from cleaner.stages.numbers import number_hash
from cleaner.stages.steps import HOME, Apply, Merge, Sketch, Step
from cleaner.text.ragged import Ragged
from cleaner.text.words import count_words

NUMBER_BITS = 22
"""Passages beyond number 2^22 of a document are not compared."""

LABELS = pa.schema([("ordinal", pa.int64()), ("node", pa.int64()), ("label", pa.int64())])
VERDICTS = pa.schema(
    [
        ("ordinal", pa.int64()),
        ("number", pa.int32()),
        ("other", pa.int64()),
        ("other_start", pa.int64()),
        ("other_end", pa.int64()),
        ("similarity", pa.float64()),
        ("documents", pa.int64()),
        ("stays", pa.bool_()),
    ]
)
NEAR = pa.list_(
    pa.struct(
        [
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("other_ordinal", pa.int64()),
            ("other_start", pa.int32()),
            ("other_end", pa.int32()),
            ("similarity", pa.float64()),
        ]
    )
)
"""The annotation `near_duplicates` of documents: spans in the originals of both."""


def steps(stage: NearDuplicates) -> Sequence[Step]:
    """The steps for passages."""
    ranks = rank_fields(stage.keep)
    members = pa.schema(
        [
            ("label", pa.uint64()),
            *ranks,
            ("ordinal", pa.int64()),
            ("node", pa.int64()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("set", pa.list_(pa.uint64())),
            ("keys", pa.list_(pa.uint64())),
        ]
    )
    order = (*[f.name for f in ranks], "ordinal", "node")
    return (
        Sketch(
            partial(_buckets, stage),
            "key",
            ("node",),
            pa.schema([("key", pa.uint64()), ("node", pa.int64())]),
        ),
        star_edges("node"),
        component_labels(_home, LABELS),
        Sketch(partial(_members, stage, members), "label", order, members),
        Merge(partial(_verify, stage), HOME, (), VERDICTS),
        Apply(partial(_apply, stage)),
    )


def _buckets(stage: NearDuplicates, batch: Batch, _: pa.Table | None) -> pa.Table:
    """Band keys of the passages that are long enough."""
    numbers = batch.passages.column("number").to_numpy()
    long = np.flatnonzero(
        (count_words(batch.passage_text) >= stage.min_words) & (numbers < 1 << NUMBER_BITS)
    )
    nodes = (batch.ordinals[batch.doc_of[long]] << NUMBER_BITS) | numbers[long]
    _, keys = sketch(stage, batch.passage_text.take(pa.array(long)))
    return bucket_rows(keys, nodes)


def _home(nodes: NDArray[np.int64], labels: NDArray[np.int64]) -> pa.RecordBatch:
    columns = [pa.array(nodes >> NUMBER_BITS), pa.array(nodes), pa.array(labels)]
    return pa.RecordBatch.from_arrays(columns, schema=LABELS)


def _members(
    stage: NearDuplicates, schema: pa.Schema, batch: Batch, rows: pa.Table | None
) -> pa.Table:
    """Sets, keys and preferences of the passages that are in a component."""
    assert rows is not None
    if not rows.num_rows:
        return schema.empty_table()
    node = rows.column("node").combine_chunks().to_numpy()
    docs = np.searchsorted(batch.ordinals, node >> NUMBER_BITS)
    passages = batch.first[docs] + (node & (1 << NUMBER_BITS) - 1)
    text = batch.passage_text.take(pa.array(passages))
    sets, keys = sketch(stage, text)
    label = rows.column("label").combine_chunks().to_numpy().astype(np.uint64)
    if stage.guards_numbers:  # other numbers, another component: never compared
        label = label ^ number_hash(text)
    columns = {
        "label": pa.array(label),
        **{k: v.take(pa.array(docs)) for k, v in rank_columns(batch, stage.keep).items()},
        "ordinal": rows.column("ordinal").combine_chunks(),
        "node": pa.array(node),
        "start": pa.array(batch.start[passages]),
        "end": pa.array(batch.end[passages]),
        "set": as_lists(sets),
        "keys": as_lists(
            Ragged(np.arange(len(docs) + 1, dtype=np.int64) * keys.shape[1], keys.reshape(-1))
        ),
    }
    return pa.table([columns[n] for n in schema.names], schema=schema)


def _verify(stage: NearDuplicates, stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Greedy leaders of each component; verdicts on members and on leaders that others joined."""
    held: list[tuple[Any, ...]] = []
    leaders = None
    for rows, last in groups(stream):
        if rows.num_rows == 1 and last and leaders is None:
            continue
        if leaders is None:
            leaders = Leaders(stage.threshold, stage.max_leaders, stage.shape[0])
        nodes = rows.column("node").to_numpy()
        keys = from_lists(rows.column("keys"))
        table = keys.values[int(keys.offsets[0]) : int(keys.offsets[-1])].reshape(
            -1, stage.shape[0]
        )
        found = leaders.add(nodes, from_lists(rows.column("set")), table)
        spans = rows.column("start").to_numpy(), rows.column("end").to_numpy()
        held.append((nodes, found.leader, found.keeper, found.similarity, *spans))
        if last:
            yield from _settle(held)
            held, leaders = [], None


def _settle(held: Sequence[tuple[Any, ...]]) -> Iterator[pa.RecordBatch]:
    nodes, leader, keeper, similarity, start, end = (
        np.concatenate(c) for c in zip(*held, strict=True)
    )
    joined = np.flatnonzero(leader != KEPT)
    if not len(joined):
        return
    place = {int(n): i for i, n in enumerate(nodes)}
    at = np.array([place[int(k)] for k in keeper], np.int64)
    ordinals = nodes >> NUMBER_BITS
    pairs = np.unique(np.stack([at, ordinals], axis=1), axis=0)
    documents = np.bincount(pairs[:, 0], minlength=len(nodes))
    to = at[joined]
    yield _verdicts(
        *(nodes[joined], nodes[to], start[to], end[to], similarity[joined], documents[to]),
        stays=False,
    )
    same = ordinals[joined] == ordinals[at[joined]]
    # the first that joined it, in the order of the policy; from another document, if there is one
    ranked = joined[np.lexsort((joined, same, at[joined]))]
    followed, index = np.unique(at[ranked], return_index=True)
    first = ranked[index]
    yield _verdicts(
        *(nodes[followed], nodes[first], start[first], end[first], similarity[first]),
        documents[followed],
        stays=True,
    )


def _verdicts(
    nodes: Any, other: Any, start: Any, end: Any, similarity: Any, documents: Any, *, stays: bool
) -> pa.RecordBatch:
    numbers = (nodes & (1 << NUMBER_BITS) - 1).astype(np.int32)
    columns = [
        nodes >> NUMBER_BITS,
        numbers,
        other >> NUMBER_BITS,
        start,
        end,
        similarity,
        documents,
        np.full(len(nodes), stays),
    ]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, VERDICTS, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=VERDICTS)


def _apply(stage: NearDuplicates, batch: Batch, rows: pa.Table) -> Batch:
    """Cut what enough documents have, mark the rest on both sides."""
    cuts: list[Edit] = []
    marks: dict[int, list[dict[str, Any]]] = {}
    lengths = None
    for row in rows.to_pylist():
        doc = int(np.searchsorted(batch.ordinals, row["ordinal"]))
        passage = int(batch.first[doc]) + row["number"]
        same = row["ordinal"] == row["other"]
        common = same or row["documents"] >= stage.min_documents
        if common and stage.action == "cut":
            if row["stays"]:
                continue
            if lengths is None:
                import pyarrow.compute as pc

                lengths = pc.utf8_length(batch.passage_text).to_numpy()
            similarity = row["similarity"]
            evidence = f"Jaccard {similarity:.4f}" + (
                "" if same else f", {row['documents']} documents"
            )
            rule = "near_duplicates.same_document" if same else "near_duplicates.passage"
            kept = Kept(row["other"], row["other_start"], row["other_end"], similarity)
            cuts.append(
                Edit(
                    passage,
                    0,
                    int(lengths[passage]),
                    rule,
                    "",
                    round(similarity, 4),
                    evidence,
                    kept,
                )
            )
        elif not same:
            marks.setdefault(doc, []).append(
                {
                    "start": int(batch.start[passage]),
                    "end": int(batch.end[passage]),
                    "other_ordinal": row["other"],
                    "other_start": row["other_start"],
                    "other_end": row["other_end"],
                    "similarity": row["similarity"],
                }
            )
    near = [
        sorted(marks[d], key=lambda m: m["start"]) if d in marks else None
        for d in range(batch.num_docs)
    ]
    return batch.annotate("near_duplicates", pa.array(near, NEAR)).cut(cuts)
