"""Which copy stays: a keep policy as columns to sort by, the one to keep first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.batch import Batch
from cleaner.identity import doc_id

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


def rank_columns(batch: Batch, policy: Sequence[Preference]) -> dict[str, pa.Array]:
    """The columns of `rank_fields` for a batch; the smallest is the one to keep.

    source: the input's `priority`, higher first. cleanest: the smallest share of characters cut so
    far (in millionths). longest: the most characters left. earliest: the smallest date text; ISO
    dates sort rightly, none comes last.
    """
    return {f"keep_{name}": _column(batch, name) for name in policy}


def _column(batch: Batch, name: Preference) -> pa.Array:
    if name == "source":
        return pc.negate(batch.docs.column("priority"))
    if name == "cleanest":
        total = np.concatenate([np.zeros(1, np.int64), np.cumsum(batch.cut_chars)])
        cut = total[batch.first[1:]] - total[batch.first[:-1]]
        raw = batch.docs.column("raw_chars").to_numpy()
        return pa.array(cut * 1_000_000 // np.maximum(raw, 1))
    if name == "longest":
        return pc.negate(pc.utf8_length(batch.text).cast(pa.int64()))
    if name == "earliest":
        return pc.fill_null(batch.docs.column("date"), _LAST)
    if name == "doc_id":
        places = zip(
            batch.docs.column("source").to_pylist(),
            batch.docs.column("record").to_pylist(),
            strict=True,
        )
        return pa.array([doc_id(source, record) for source, record in places], pa.string())
    return batch.docs.column("ordinal")
