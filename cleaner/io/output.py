"""Rows of the output files from what a run holds: documents, ledger rows, pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cleaner.batch import CALLS_PER_STAGE, Batch
from cleaner.io.schema import CLUSTERS, CORPUS, LEDGER, PAIRS
from cleaner.text.words import count_words


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """Of some documents: their ids and sources (strings), and record numbers (int64)."""

    ids: pa.StringArray
    sources: pa.StringArray
    records: pa.Int64Array


Ids = Callable[[NDArray[np.int64]], Located]
"""Ordinals → ids, sources, records."""

UNIQUE = frozenset({"text", "doc_id", "content_hash", "before", "after", "passages", "meta"})
"""Columns whose values hardly repeat: a dictionary is tried in vain, and the text hashed for it."""

# pyarrow looks for a module that may be absent each time it finds out a scalar's type by itself
DROP, _REWRITE, _DOCUMENT, _PASSAGE, _NUL, _COLON = (
    pa.scalar(word, pa.string()) for word in ("drop", "rewrite", "document", "passage", "\0", ": ")
)
_ZERO, _ONE = (pa.scalar(number, pa.int64()) for number in (0, 1))
_EMPTY = pa.scalar(0, pa.int32())
_FALSE = pa.scalar(False, pa.bool_())

GROUP_BYTES = 64 << 20
"""Bytes of text after which a row group ends even if it has few documents."""


def corpus_rows(
    batch: Batch,
    originals: pa.RecordBatch,
    ledger: pa.Table,
    ids: Ids,
    extra: Mapping[str, pa.DataType],
) -> pa.Table:
    """The corpus rows of a batch.

    Args:
        batch: living documents.
        originals: their rows of the originals file, in the same order; the texts are not used.
        ledger: all ledger rows of these documents.
        ids: see `Ids`.
        extra: annotations of documents that stages publish as columns of their own.
    """
    docs = {name: batch.docs.column(name) for name in batch.docs.schema.names}
    n = batch.num_docs
    text = batch.text
    fixes, removed, removed_by = _ledger_columns(batch.ordinals, ledger)
    date = docs["date"]
    if "dateline" in docs:
        date = pc.coalesce(date, docs["dateline"])
    columns: dict[str, Any] = {
        "doc_id": ids(batch.ordinals).ids,
        "text": text,
        "date": date,
        "content_hash": _hex(originals.column("sha256")),
        "n_chars": pa.array(batch.chars),
        "n_words": count_words(text),
        "passages": _passages(batch),
        "fixes": fixes,
        "removed_chars": removed,
        "removed_by": removed_by,
        "cluster_id": _cluster_ids(docs, ids, n),
        "cluster_size": docs.get("cluster_size", pa.array([1] * n, pa.int64())),
        "near_duplicates": _near(docs.get("near_duplicates"), ids, n),
    }
    columns["encoding_evidence"] = originals.column("evidence")
    for name in ("raw_bytes", "encoding", "bad_bytes", "source_id", "meta"):
        columns[name] = originals.column(name)
    schema = corpus_schema(extra)
    arrays = []
    for column in schema:
        value = columns.get(column.name, docs.get(column.name))
        if value is None:
            value = pa.nulls(n, column.type)
        arrays.append(
            value.cast(column.type) if isinstance(value, pa.Array) else pa.array(value, column.type)
        )
    return pa.Table.from_arrays(arrays, schema=schema)


def corpus_schema(extra: Mapping[str, pa.DataType]) -> pa.Schema:
    """The corpus schema with the columns that stages publish."""
    schema = CORPUS
    for name, kind in extra.items():
        if name not in schema.names:
            schema = schema.append(
                pa.field(name, kind, metadata={"description": "annotated by a stage"})
            )
    return schema


def ledger_rows(
    ledger: pa.Table,
    ids: Ids,
    reasons: Mapping[tuple[str, str], str],
    dropped: Callable[[NDArray[np.int64]], pa.RecordBatch],
) -> pa.Table:
    """The published rows for these ledger rows, in order of document, step and place.

    Args:
        ledger: rows of the run, any order.
        ids: see `Ids`.
        reasons: (stage, rule) → reason in words.
        dropped: ordinals → rows of the originals file.
    """
    ledger = ledger.take(
        pc.sort_indices(ledger, sort_keys=[(k, "ascending") for k in ("ordinal", "step", "start")])
    ).combine_chunks()
    place = ids(ledger.column("ordinal").to_numpy())
    columns: dict[str, Any] = {
        "doc_id": place.ids,
        "source": place.sources,
        "record": place.records,
        "step": _steps(ledger),
        "reason": _reasons(ledger, reasons),
        "kept_doc_id": _translate(ledger.column("kept_ordinal"), ids),
    }
    drops = pc.equal(ledger.column("action"), DROP).to_numpy(zero_copy_only=False)
    where = np.flatnonzero(drops)
    rows = dropped(ledger.column("ordinal").to_numpy()[where])
    back = np.full(ledger.num_rows, -1, np.int64)
    back[where] = np.arange(len(where))
    index = pa.array(back, mask=back < 0)
    columns["content_hash"] = _hex(rows.column("sha256")).take(index)
    for name in ("encoding", "bad_bytes", "meta"):
        columns[name] = rows.column(name).take(index)
    arrays = []
    for column in LEDGER:
        value = (
            columns[column.name]
            if column.name in columns
            else ledger.column(column.name).combine_chunks()
        )
        arrays.append(value if isinstance(value, pa.Array) else pa.array(value, column.type))
    return pa.Table.from_arrays(arrays, schema=LEDGER)


def _reasons(ledger: pa.Table, reasons: Mapping[tuple[str, str], str]) -> pa.Array:
    """What the rule of each row is for, and what was seen: "reason: evidence", or one of them."""
    stage, rule, seen = (ledger.column(n).combine_chunks() for n in ("stage", "rule", "evidence"))
    pairs = pc.binary_join_element_wise(stage, rule, _NUL).dictionary_encode()
    known = {"\0".join(rule): words for rule, words in reasons.items()}
    found = [known.get(pair, "") for pair in pairs.dictionary.to_pylist()]
    words = pa.array(found, pa.string()).take(pairs.indices)
    has_words, has_seen = (pc.greater(pc.binary_length(c), _EMPTY) for c in (words, seen))
    both = pc.binary_join_element_wise(words, seen, _COLON)
    alone = pc.if_else(has_words, words, seen)
    return pc.if_else(pc.and_(has_words, pc.fill_null(has_seen, _FALSE)), both, alone)


def _hex(digests: pa.Array) -> pa.Array:
    """Digests (`binary(32)`, no nulls) as hexadecimal strings."""
    width, n = digests.type.byte_width, len(digests)
    start = digests.offset * width
    data = memoryview(digests.buffers()[1])[start : start + n * width] if n else b""
    ends = np.arange(n + 1, dtype=np.int32) * (2 * width)
    return pa.StringArray.from_buffers(n, pa.py_buffer(ends), pa.py_buffer(data.hex().encode()))


def _steps(ledger: pa.Table) -> pa.Array:
    """Steps counted anew per document and stage: a call that did nothing to it does not count.

    Else they would tell which other documents were in the same batch.
    """
    step = ledger.column("step").to_numpy()
    owner = ledger.column("ordinal").to_numpy()
    stage = step // CALLS_PER_STAGE
    begins = np.ones(len(step), bool)  # of a document's rows of a stage
    begins[1:] = (owner[1:] != owner[:-1]) | (stage[1:] != stage[:-1])
    calls = begins.copy()
    calls[1:] |= step[1:] != step[:-1]
    number = np.cumsum(calls)
    first = np.maximum.accumulate(np.where(begins, number, 0))
    return pa.array(stage * CALLS_PER_STAGE + number - first, pa.int32())


def pair_rows(ledger: pa.Table, marked: pa.Table | None, stage: str) -> pa.Table:
    """Verified pairs: copies that were dropped or cut (published rows), then marked passages."""
    copies = ledger.filter(pc.is_valid(ledger.column("kept_doc_id")))
    unit = pc.if_else(pc.equal(copies.column("action"), DROP), _DOCUMENT, _PASSAGE)
    columns = {"unit": unit, **{n: copies.column(n) for n in PAIRS.names if n != "unit"}}
    pairs = pa.table([columns[n].cast(PAIRS.field(n).type) for n in PAIRS.names], schema=PAIRS)
    if marked is None or not marked.num_rows:
        return pairs
    own = marked.column("doc_id").combine_chunks()
    lists = marked.column("near_duplicates").combine_chunks()
    flat = pc.list_flatten(lists)
    n = len(flat)
    near = pa.table(
        {
            "unit": pa.array(["passage"] * n, pa.string()),
            "stage": pa.array([stage] * n, pa.string()),
            "action": pa.array(["mark"] * n, pa.string()),
            "doc_id": own.take(pc.list_parent_indices(lists)),
            "start": flat.field("start").cast(pa.int64()),
            "end": flat.field("end").cast(pa.int64()),
            "kept_doc_id": flat.field("doc_id"),
            "kept_start": flat.field("other_start").cast(pa.int64()),
            "kept_end": flat.field("other_end").cast(pa.int64()),
            "similarity": flat.field("similarity"),
        }
    ).cast(PAIRS)
    return pa.concat_tables([pairs, near])


def found_pair_rows(found: pa.Table, ids: Ids, stage: str) -> pa.Table:
    """Pairs of documents that the bands of a stage offered, each verified; the spans are whole.

    Args:
        found: rows with `ordinal`, `kept`, `chars`, `kept_chars`, `similarity`.
        ids: see `Ids`.
        stage: its name.
    """
    n = found.num_rows
    zero = pa.array(np.zeros(n, np.int64))
    columns = {
        "unit": pa.array(["document"] * n, pa.string()),
        "stage": pa.array([stage] * n, pa.string()),
        "action": pa.array(["pair"] * n, pa.string()),
        "doc_id": _translate(found.column("kept"), ids),
        "start": zero,
        "end": found.column("kept_chars"),
        "kept_doc_id": _translate(found.column("ordinal"), ids),
        "kept_start": zero,
        "kept_end": found.column("chars"),
        "similarity": found.column("similarity"),
    }
    return pa.table([columns[name] for name in PAIRS.names], schema=PAIRS)


def contained_rows(batch: Batch, ids: Ids, stage: str) -> pa.Table:
    """Pairs of a document and another in which most of it stands, as the batch's notes tell."""
    if "contained" not in batch.docs.schema.names:
        return PAIRS.empty_table()
    flat: pa.StructArray = pc.list_flatten(batch.docs.column("contained"))
    n = len(flat)
    zero = pa.array(np.zeros(n, np.int64))
    columns = {
        "unit": pa.array(["document"] * n, pa.string()),
        "stage": pa.array([stage] * n, pa.string()),
        "action": pa.array(["contain"] * n, pa.string()),
        "doc_id": _translate(flat.field("inner"), ids),
        "start": zero,
        "end": flat.field("inner_chars"),
        "kept_doc_id": _translate(flat.field("outer"), ids),
        "kept_start": zero,
        "kept_end": flat.field("outer_chars"),
        "similarity": flat.field("share"),
    }
    return pa.table([columns[name] for name in PAIRS.names], schema=PAIRS)


def cluster_rows(corpus: pa.Table) -> pa.Table:
    """Clusters of more than one document, from the corpus rows of the kept ones."""
    kept = corpus.filter(pc.greater(corpus.column("cluster_size"), _ONE))
    columns = [
        kept.column("doc_id"),
        kept.column("cluster_size"),
        kept.column("source"),
        kept.column("record"),
    ]
    return pa.table([c.combine_chunks() for c in columns], schema=CLUSTERS)


class RowGroups:
    """A Parquet file whose row groups depend on its rows alone, not on how they arrive."""

    def __init__(
        self, path: Path, schema: pa.Schema, documents: int, level: int, text: str | None
    ) -> None:
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=level,
            use_dictionary=[f.name for f in schema if f.name not in UNIQUE],
        )
        self._documents = documents
        self._text = text
        self._waiting: list[pa.Table] = []
        self.rows = 0

    def write(self, rows: pa.Table) -> None:
        """Append rows."""
        self.rows += rows.num_rows
        self._waiting.append(rows)
        while self._flush(final=False):
            pass

    def close(self) -> None:
        """Write the rest."""
        while self._flush(final=True):
            pass
        self._writer.close()

    def _flush(self, *, final: bool) -> bool:
        count = sum(t.num_rows for t in self._waiting)
        if not count:
            return False
        table = pa.concat_tables(self._waiting)
        size = self._group(table)
        if size is None and not final:
            self._waiting = [table]
            return False
        size = size or count
        self._writer.write_table(table.slice(0, size).combine_chunks(), row_group_size=max(size, 1))
        self._waiting = [table.slice(size)]
        return True

    def _group(self, table: pa.Table) -> int | None:
        """Rows of the next group, or None while it is not full."""
        size = self._documents if table.num_rows >= self._documents else None
        if self._text:
            lengths = pc.binary_length(
                table.column(self._text).slice(0, self._documents)
            ).to_numpy()
            full = np.flatnonzero(np.cumsum(np.nan_to_num(lengths)) >= GROUP_BYTES)
            if len(full):
                return int(full[0]) + 1
        return size


def _passages(batch: Batch) -> pa.ListArray:
    """Spans of the passages that still have text, in the original and in the text."""
    length = batch.lengths
    total = np.zeros(len(length) + 1, np.int64)
    np.cumsum(length, out=total[1:])
    begin = total[:-1] - np.repeat(total[batch.first[:-1]], np.diff(batch.first))
    there = length > 0
    kept = np.zeros(len(length) + 1, np.int64)
    np.cumsum(there, out=kept[1:])
    columns = [batch.start[there], batch.end[there], begin[there], (begin + length)[there]]
    names = ["raw_start", "raw_end", "start", "end"]
    values = pa.StructArray.from_arrays(
        [pa.array(c.astype(np.int32)) for c in columns], names=names
    )
    return pa.ListArray.from_arrays(pa.array(kept[batch.first].astype(np.int32)), values)


def _ledger_columns(
    ordinals: NDArray[np.int64], ledger: pa.Table
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Per document: rules that rewrote, characters removed, the same by rule."""
    grouped = ledger.group_by(["ordinal", "rule", "action"]).aggregate([("cut_chars", "sum")])
    keys = [("ordinal", "ascending"), ("rule", "ascending"), ("action", "ascending")]
    grouped = grouped.take(pc.sort_indices(grouped, sort_keys=keys)).combine_chunks()
    n = len(ordinals)
    fixes = grouped.filter(pc.equal(grouped.column("action"), _REWRITE))
    fixed = pa.ListArray.from_arrays(
        _offsets(ordinals, fixes.column("ordinal").to_numpy()),
        fixes.column("rule").combine_chunks(),
    )
    cuts = grouped.filter(pc.not_equal(grouped.column("cut_chars_sum"), _ZERO))
    owner, chars = cuts.column("ordinal").to_numpy(), cuts.column("cut_chars_sum").to_numpy()
    removed = np.zeros(n, np.int64)
    np.add.at(removed, np.searchsorted(ordinals, owner), chars)
    by_rule = pa.StructArray.from_arrays(
        [cuts.column("rule").combine_chunks(), pa.array(chars)], names=["rule", "chars"]
    )
    return fixed, pa.array(removed), pa.ListArray.from_arrays(_offsets(ordinals, owner), by_rule)


def _offsets(ordinals: NDArray[np.int64], owners: NDArray[np.int64]) -> pa.Array:
    """List offsets for rows sorted by owner; every owner is one of the ordinals."""
    low = np.searchsorted(owners, ordinals, side="left")
    return pa.array(np.append(low, len(owners)).astype(np.int32))


def _cluster_ids(docs: Mapping[str, pa.Array], ids: Ids, n: int) -> pa.Array:
    if "cluster_kept" not in docs:
        return pa.nulls(n, pa.string())
    return _translate(docs["cluster_kept"], ids)


def _translate(ordinals: pa.Array | pa.ChunkedArray, ids: Ids) -> pa.Array:
    """Doc ids of a column of ordinals with nulls."""
    if isinstance(ordinals, pa.ChunkedArray):
        ordinals = ordinals.combine_chunks()
    known = ordinals.drop_null()
    names = ids(known.to_numpy()).ids
    known_so_far = pc.cumulative_sum(pc.is_valid(ordinals).cast(pa.int64()))
    place = pc.subtract(known_so_far, _ONE)
    return names.take(pc.if_else(pc.is_valid(ordinals), place, pa.scalar(None, pa.int64())))


def _near(lists: pa.Array | None, ids: Ids, n: int) -> pa.Array:
    """The marked passages, other documents by id instead of ordinal."""
    kind = CORPUS.field("near_duplicates").type
    if lists is None:
        return pa.nulls(n, kind)
    flat: pa.StructArray = pc.list_flatten(lists)
    columns = {
        "start": flat.field("start"),
        "end": flat.field("end"),
        "doc_id": _translate(flat.field("other_ordinal"), ids),
        "other_start": flat.field("other_start"),
        "other_end": flat.field("other_end"),
        "similarity": flat.field("similarity"),
    }
    values = pa.StructArray.from_arrays(
        [c.cast(kind.value_type.field(k).type) for k, c in columns.items()], names=list(columns)
    )
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    offsets = np.zeros(n + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values)
