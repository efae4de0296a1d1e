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
from cleaner.dedup.keeper import KEPT
from cleaner.stages.clusters import Led, as_lists, led
from cleaner.stages.components import component_labels, star_edges
from cleaner.stages.contained import contained, living_chars
from cleaner.stages.keep import rank_columns, rank_fields
from cleaner.stages.near_documents import bucket_rows
from cleaner.stages.near_duplicates import NearDuplicates
from cleaner.stages.numbers import number_hash
from cleaner.stages.steps import HOME, Apply, Merge, Note, Sketch, Step
from cleaner.text.ragged import Ragged
from cleaner.text.words import count_words

NUMBER_BITS = 22
"""Passages beyond number 2^22 of a document are not compared."""

SETTLED = ("ordinal", "node", "place", "start", "end", "chars", "live")
"""What the verdicts need of a member."""
LABELS = pa.schema([("ordinal", pa.int64()), ("node", pa.int64()), ("label", pa.int64())])
VERDICTS = pa.schema(
    [
        ("ordinal", pa.int64()),
        ("number", pa.int32()),
        ("place", pa.int64()),
        ("other", pa.int64()),
        ("other_place", pa.int64()),
        ("other_start", pa.int64()),
        ("other_end", pa.int64()),
        ("other_chars", pa.int64()),
        ("other_live", pa.int64()),
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
"""The annotation `near_duplicates` of documents: spans in the originals of both. Passages in a row
that match passages in a row of the same document are one span; `similarity` is their least."""


def steps(stage: NearDuplicates) -> Sequence[Step]:
    """The steps for passages."""
    ranks = rank_fields(stage.keep)
    members = pa.schema(
        [
            ("label", pa.uint64()),
            *ranks,
            ("ordinal", pa.int64()),
            ("node", pa.int64()),
            ("place", pa.int64()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("chars", pa.int64()),
            ("live", pa.int64()),
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


def _compared(stage: NearDuplicates, batch: Batch) -> NDArray[np.int64]:
    """The passages that are long enough to be compared."""
    numbers = batch.passages.column("number").to_numpy()
    long = count_words(batch.passage_text) >= stage.min_words
    return np.flatnonzero(long & (numbers < 1 << NUMBER_BITS))


def _buckets(stage: NearDuplicates, batch: Batch, _: pa.Table | None) -> pa.Table:
    """Band keys of the passages that are long enough."""
    long = _compared(stage, batch)
    numbers = batch.passages.column("number").to_numpy()
    nodes = (batch.ordinals[batch.doc_of[long]] << NUMBER_BITS) | numbers[long]
    return bucket_rows(stage.sketcher.keys(batch.passage_text.take(pa.array(long))), nodes)


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
    sets, keys = stage.sketcher.sketch(text)
    label = rows.column("label").combine_chunks().to_numpy().astype(np.uint64)
    if stage.guards_numbers:  # other numbers, another component: never compared
        label = label ^ number_hash(text)
    columns = {
        "label": pa.array(label),
        **rank_columns(batch, stage.keep, docs),
        "ordinal": rows.column("ordinal").combine_chunks(),
        "node": pa.array(node),
        "place": pa.array(np.searchsorted(_compared(stage, batch), passages)),
        "start": pa.array(batch.start[passages]),
        "end": pa.array(batch.end[passages]),
        "chars": batch.docs.column("raw_chars").take(pa.array(docs)),
        "live": pa.array(living_chars(batch)[docs]),
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
    for found in led(stream, stage.threshold, stage.max_leaders, stage.shape[0], SETTLED):
        if isinstance(found, Note):
            yield found
        else:
            yield from _settle(found)


def _settle(found: Led) -> Iterator[pa.RecordBatch]:
    """Verdicts on those who joined, then on those whom they joined."""
    joined = found.joined
    if not len(joined):
        return
    ordinals, to = found.column("ordinal"), found.leader[joined]
    at = found.leader.copy()
    at[at == KEPT] = np.flatnonzero(at == KEPT)
    pairs = np.unique(np.stack([at, ordinals], axis=1), axis=0)
    documents = np.bincount(pairs[:, 0], minlength=len(at))
    similarity = found.similarity[joined]
    yield _verdicts(found, joined, to, similarity, documents[to], stays=False)
    same = ordinals[joined] == ordinals[to]
    # the first that joined it, in the order of the policy; from another document, if there is one
    ranked = np.lexsort((joined, same, to))
    followed, index = np.unique(to[ranked], return_index=True)
    first = ranked[index]
    yield _verdicts(
        found, followed, joined[first], similarity[first], documents[followed], stays=True
    )


def _verdicts(
    found: Led,
    mine: NDArray[np.int64],
    other: NDArray[np.int64],
    similarity: NDArray[np.float64],
    documents: NDArray[np.int64],
    *,
    stays: bool,
) -> pa.RecordBatch:
    """Rows of `VERDICTS` on some members, each with its other one."""
    nodes = found.column("node")
    columns = {
        "ordinal": nodes[mine] >> NUMBER_BITS,
        "number": nodes[mine] & (1 << NUMBER_BITS) - 1,
        "place": found.column("place")[mine],
        "other": nodes[other] >> NUMBER_BITS,
        "other_place": found.column("place")[other],
        "other_start": found.column("start")[other],
        "other_end": found.column("end")[other],
        "other_chars": found.column("chars")[other],
        "other_live": found.column("live")[other],
        "similarity": similarity,
        "documents": documents,
        "stays": np.full(len(mine), stays),
    }
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in VERDICTS]
    return pa.RecordBatch.from_arrays(arrays, schema=VERDICTS)


def _apply(stage: NearDuplicates, batch: Batch, rows: pa.Table) -> Batch:
    """Cut what enough documents have, mark the rest on both sides."""
    columns = {name: rows.column(name).to_numpy() for name in VERDICTS.names}
    docs = np.searchsorted(batch.ordinals, columns["ordinal"])
    passages = batch.first[docs] + columns["number"]
    same = columns["ordinal"] == columns["other"]
    common = same | (columns["documents"] >= stage.min_documents)
    is_cut = common & (stage.action == "cut")
    cut = np.flatnonzero(is_cut & ~columns["stays"])
    lengths = batch.lengths[passages[cut]].tolist()
    cuts = []
    for row, length in zip(cut.tolist(), lengths, strict=True):
        similarity = float(columns["similarity"][row])
        evidence = f"Jaccard {similarity:.4f}"
        rule = "near_duplicates.same_document"
        if not same[row]:
            evidence += f", {columns['documents'][row]} documents"
            rule = "near_duplicates.passage"
        other, start, end = (int(columns[n][row]) for n in ("other", "other_start", "other_end"))
        kept = Kept(other, start, end, similarity)
        edit = Edit(int(passages[row]), 0, length, rule, "", round(similarity, 4), evidence, kept)
        cuts.append(edit)
    marked = np.flatnonzero(~is_cut & ~same)
    spans = batch.start[passages[marked]], batch.end[passages[marked]]
    near = _marks(batch.num_docs, docs[marked], spans, {k: c[marked] for k, c in columns.items()})
    batch = batch.annotate("near_duplicates", near)
    return batch.annotate("contained", contained(stage, batch, docs, passages, columns)).cut(cuts)


def _marks(
    size: int,
    docs: NDArray[np.int64],
    spans: tuple[NDArray[np.int64], NDArray[np.int64]],
    columns: dict[str, NDArray[Any]],
) -> pa.ListArray:
    """The marks of each document, null without any; matches that go on are one span."""
    start, end = spans
    order = np.lexsort((columns["other_place"], columns["place"], columns["other"], docs))
    docs, start, end = docs[order], start[order], end[order]
    columns = {name: values[order] for name, values in columns.items()}
    begins = np.ones(len(docs), bool)
    begins[1:] = docs[1:] != docs[:-1]
    begins[1:] |= columns["other"][1:] != columns["other"][:-1]
    for place in ("place", "other_place"):
        begins[1:] |= np.diff(columns[place]) != 1
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(docs)) - 1 if len(docs) else first
    least = np.minimum.reduceat(columns["similarity"], first) if len(docs) else np.empty(0)
    values = {
        "start": start[first],
        "end": end[last],
        "other_ordinal": columns["other"][first],
        "other_start": columns["other_start"][first],
        "other_end": columns["other_end"][last],
        "similarity": least,
    }
    rank = np.lexsort((values["other_ordinal"], values["start"], docs[first]))
    fields = NEAR.value_type
    structs = pa.StructArray.from_arrays(
        [pa.array(v[rank]).cast(fields.field(k).type) for k, v in values.items()],
        fields=[fields.field(k) for k in values],
    )
    counts = np.bincount(docs[first], minlength=size)
    offsets = np.zeros(size + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), structs, mask=pa.array(counts == 0))
