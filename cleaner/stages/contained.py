"""A brief that stands in a long story: containment, from the passages that two documents share.

Shares are of the characters of the originals, of those passages that have text when the stage
begins; a passage that matches several of the other document counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.batch import Batch

if TYPE_CHECKING:
    from cleaner.stages.near_duplicates import NearDuplicates

CONTAINED = pa.list_(
    pa.struct(
        [
            ("inner", pa.int64()),
            ("inner_chars", pa.int64()),
            ("outer", pa.int64()),
            ("outer_chars", pa.int64()),
            ("share", pa.float64()),
        ]
    )
)
"""The annotation `contained` of documents: of two, the ordinal and the characters of the one of
which more stands in the other, the same of the other, and how much."""


def living_chars(batch: Batch) -> NDArray[np.int64]:
    """int64[num_docs]: characters, in the originals, of the passages that have text."""
    spans = np.where(batch.lengths > 0, batch.end - batch.start, 0)
    total = np.zeros(len(spans) + 1, np.int64)
    np.cumsum(spans, out=total[1:])
    living: NDArray[np.int64] = total[batch.first[1:]] - total[batch.first[:-1]]
    return living


def contained(
    stage: NearDuplicates,
    batch: Batch,
    docs: NDArray[np.int64],
    passages: NDArray[np.int64],
    verdicts: dict[str, NDArray[Any]],
) -> pa.ListArray:
    """The pairs of each document whose share is at least `stage.containment`, null without any.

    Args:
        stage: its settings.
        batch: as the stage got it.
        docs: of each verdict, the document of the batch.
        passages: the passage of it.
        verdicts: columns of `near_passages.VERDICTS`; those on passages that stay say nothing that
            the other side does not say.
    """
    joined = ~verdicts["stays"] & (verdicts["ordinal"] != verdicts["other"])
    rows = np.flatnonzero(joined)
    rows = rows[np.lexsort((passages[rows], verdicts["other"][rows], docs[rows]))]
    mine, other = docs[rows], verdicts["other"][rows]
    begins = np.ones(len(rows), bool)
    begins[1:] = (mine[1:] != mine[:-1]) | (other[1:] != other[:-1])
    pair = np.cumsum(begins) - 1
    first = rows[begins]
    own_chars = batch.docs.column("raw_chars").to_numpy()[docs[first]]
    spans = batch.start[passages[rows]], batch.end[passages[rows]]
    other_spans = verdicts["other_start"][rows], verdicts["other_end"][rows]
    here = _shared(pair, *spans, len(first)) / np.maximum(living_chars(batch)[docs[first]], 1)
    there = _shared(pair, *other_spans, len(first)) / np.maximum(verdicts["other_live"][first], 1)
    is_inner = here >= there
    share = np.minimum(np.maximum(here, there), 1.0)
    own, others = verdicts["ordinal"][first], verdicts["other"][first]
    sizes = own_chars, verdicts["other_chars"][first]
    columns = {
        "inner": np.where(is_inner, own, others),
        "inner_chars": np.where(is_inner, *sizes),
        "outer": np.where(is_inner, others, own),
        "outer_chars": np.where(is_inner, sizes[1], sizes[0]),
        "share": share,
    }
    there_is = np.flatnonzero(share >= stage.containment)
    fields = CONTAINED.value_type
    values = pa.StructArray.from_arrays(
        [pa.array(columns[f.name][there_is], f.type) for f in fields], fields=list(fields)
    )
    counts = np.bincount(docs[first][there_is], minlength=batch.num_docs)
    offsets = np.zeros(batch.num_docs + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(counts == 0))


def _shared(
    pair: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], pairs: int
) -> NDArray[np.int64]:
    """Characters of the different spans of each pair; passages never overlap in part."""
    spans = np.unique(np.stack([pair, start, end], axis=1), axis=0)
    sums = np.zeros(pairs, np.int64)
    np.add.at(sums, spans[:, 0], spans[:, 2] - spans[:, 1])
    return sums
