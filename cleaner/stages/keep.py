"""Which copy stays: a keep policy as columns to sort by, the one to keep first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.batch import Batch
from cleaner.identity import doc_ids

Preference: TypeAlias = Literal["source", "cleanest", "longest", "earliest", "doc_id", "first"]
DEFAULT: tuple[Preference, ...] = ("source", "cleanest", "longest", "earliest", "doc_id")

_TYPES: dict[Preference, pa.DataType] = {
    "source": pa.int64(),
    "cleanest": pa.int64(),
    "longest": pa.int64(),
    "earliest": pa.string(),
    "doc_id": pa.string(),
    "first": pa.int64(),
}
_LAST = "\uffff"  # sorts after every date


def rank_fields(policy: Sequence[Preference]) -> list[pa.Field]:
    """One field a preference, in the order of the policy; `ordinal` breaks what ties remain."""
    return [pa.field(f"keep_{name}", _TYPES[name]) for name in policy]


def rank_columns(
    batch: Batch, policy: Sequence[Preference], rows: NDArray[np.int64] | None = None
) -> dict[str, pa.Array]:
    """The columns of `rank_fields` for these documents (None: all); the smallest is to be kept.

    source: the input's `priority`, higher first. cleanest: the smallest share of characters cut so
    far (in millionths). longest: the most characters left. earliest: the smallest date text; ISO
    dates sort rightly, none comes last.
    """
    if rows is None:
        rows = np.arange(batch.num_docs)
    docs = batch.docs.take(pa.array(rows))
    return {f"keep_{name}": _column(batch, docs, rows, name) for name in policy}


def _column(
    batch: Batch, docs: pa.RecordBatch, rows: NDArray[np.int64], name: Preference
) -> pa.Array:
    """One preference of the documents `rows` of a batch, which are the rows of `docs`."""
    if name == "source":
        return pc.negate(docs.column("priority"))
    if name == "cleanest":
        total = np.concatenate([np.zeros(1, np.int64), np.cumsum(batch.cut_chars)])
        cut = total[batch.first[rows + 1]] - total[batch.first[rows]]
        raw = docs.column("raw_chars").to_numpy()
        return pa.array(cut * 1_000_000 // np.maximum(raw, 1))
    if name == "longest":
        return pa.array(-batch.chars[rows])
    if name == "earliest":
        return pc.fill_null(docs.column("date"), _LAST)
    if name == "doc_id":
        sources, records = docs.column("source").to_pylist(), docs.column("record").to_pylist()
        return pa.array(doc_ids(sources, records), pa.string())
    return docs.column("ordinal")
