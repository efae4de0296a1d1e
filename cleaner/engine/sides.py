"""Which folder each document of a corpus goes to, and which side of a split it is on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.config.model import Write
from cleaner.io.places import FOLDER_KEYS, TRAIN, escaped
from cleaner.text.draw import ranks


def keys_of(documents: pa.Table, write: Write, seed: int) -> list[str]:
    """The key of each document; `documents` are rows of the corpus."""
    if not (write.split or write.partition_by):
        return [""] * documents.num_rows
    columns = []
    names = write.partition_by
    for name in names if "split" in names or not write.split else ("split", *names):
        values: Sequence[str | None]
        if name == "split":
            values = sides(documents, write, seed)
        elif name == "source":
            values = [s.partition("/")[0] for s in documents.column("source").to_pylist()]
        else:
            values = documents.column(name).to_pylist()
        folders = {v: f"{FOLDER_KEYS[name]}={escaped(v)}" for v in set(values)}
        columns.append([folders[v] for v in values])
    return ["/".join(parts) for parts in zip(*columns, strict=True)]


def sides(documents: pa.Table, write: Write, seed: int) -> list[str]:
    """The split that each document is in: drawn for its group, whatever other documents there are.

    By cluster, a document that shares marked passages with another is in `train`, as is that one:
    so no passage that was found in two documents is on two sides.
    """
    own = documents.column("doc_id")
    shared = np.zeros(documents.num_rows, bool)
    if write.split_by == "cluster":
        groups = pc.coalesce(documents.column("cluster_id"), own)
        lists = pc.list_value_length(documents.column("near_duplicates"))
        shared = pc.fill_null(pc.greater(lists, 0), False).to_numpy()
    elif write.split_by == "host":
        groups = pc.coalesce(documents.column("host"), own)
    else:
        groups = documents.column("source")
    drawn = ranks(groups.to_pylist(), "split", seed)
    names, bounds, total = [], [], 0.0
    for name, share in write.split.items():
        total += share
        names.append(name)
        bounds.append(min(int(total * 2.0**64), (1 << 64) - 1))
    at = np.searchsorted(np.array(bounds, np.uint64), drawn, side="right")
    at[shared] = len(names)
    found = [*names, TRAIN]
    return [found[i] for i in at.tolist()]
