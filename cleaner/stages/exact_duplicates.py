"""Exact duplicates: documents of one URL, or of one text, of which one stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray
from pydantic import Field

from cleaner.batch import Batch, Drop, Kept
from cleaner.stages.base import CorpusStage
from cleaner.stages.clusters import groups
from cleaner.stages.keep import DEFAULT, Preference, rank_columns, rank_fields
from cleaner.stages.steps import HOME, Apply, Merge, Sketch, Step
from cleaner.text.urls import normal_url
from cleaner.text.words import EMPTY_KEY, key_hash128

VERDICTS = pa.schema(
    [
        ("ordinal", pa.int64()),
        ("kept", pa.int64()),
        ("kept_chars", pa.int64()),
        ("similarity", pa.float64()),
        ("size", pa.int64()),
    ]
)
"""What comes home to a document of a cluster: the kept one; to that one the cluster's size."""


class ExactDuplicates(CorpusStage):
    """Drops all but one of the documents that share a URL, or a text."""

    version: ClassVar[int] = 2
    summary: ClassVar[str] = "drops copies of a text, or of a URL, but one"
    adds: ClassVar[frozenset[str]] = frozenset({"cluster_kept", "cluster_size"})
    drops: ClassVar[bool] = True
    keeps_one: ClassVar[bool] = True

    use: Literal["exact_duplicates"] = "exact_duplicates"
    by: Literal["text", "url"] = Field(
        default="text",
        description="What copies share: the cleaned text (case, white space, punctuation and tone"
        " placement do not count), or the URL without scheme, fragment, trailing slash and tracking"
        " parameters.",
    )
    keep: tuple[Preference, ...] = Field(
        default=DEFAULT,
        strict=False,
        min_length=1,
        description="Which copy stays: preferences, the first counts most.",
    )

    def can_edit(self) -> bool:
        """It drops."""
        return False

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        return {
            "exact_duplicates.text": "another document has the same text",
            "exact_duplicates.url": "another document has the same URL (the texts may differ)",
        }

    def steps(self) -> Sequence[Step]:
        """See `CorpusStage.steps`."""
        ranks = rank_fields(self.keep)
        schema = pa.schema(
            [
                *(("key", pa.uint64()), ("check", pa.uint64())),
                *ranks,
                *(("ordinal", pa.int64()), ("chars", pa.int64()), ("size", pa.int64())),
            ]
        )
        order = ("check", *[f.name for f in ranks], "ordinal")
        return (
            Sketch(partial(_sketch, self, schema), "key", order, schema),
            Merge(_choose, HOME, (), VERDICTS),
            Apply(partial(apply_verdicts, f"exact_duplicates.{self.by}", "")),
        )


def _sketch(
    stage: ExactDuplicates, schema: pa.Schema, batch: Batch, _: pa.Table | None
) -> pa.Table:
    """One row a document that has a key: 128 bits of it, the preferences, the ordinal."""
    if stage.by == "url":
        urls = [normal_url(u) if u else "" for u in batch.docs.column("url").to_pylist()]
        digests = [xxhash.xxh3_128_intdigest(u.encode("utf-8", "surrogatepass")) for u in urls]
        keys = np.array([[d >> 64, d & (1 << 64) - 1] for d in digests], np.uint64).reshape(-1, 2)
        there = np.array([bool(u) for u in urls], bool)
    else:
        keys = key_hash128(batch.text)
        there = keys[:, 0] != EMPTY_KEY
    columns = {
        "key": pa.array(np.ascontiguousarray(keys[:, 0])),
        "check": pa.array(np.ascontiguousarray(keys[:, 1])),
        **rank_columns(batch, stage.keep),
        "ordinal": batch.docs.column("ordinal"),
        "chars": batch.docs.column("raw_chars"),
        "size": cluster_sizes(batch),
    }
    return pa.table([columns[n] for n in schema.names], schema=schema).filter(pa.array(there))


def _choose(stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The first of each key stays; verdicts on all of a key that has more than one."""
    kept: dict[str, int] | None = None
    for rows, last in groups(stream):
        if rows.num_rows == 1 and last and kept is None:
            continue
        check = rows.column("check").to_numpy()
        bounds = [0, *(np.flatnonzero(check[1:] != check[:-1]) + 1).tolist(), len(check)]
        for low, high in pairwise(bounds):
            part = rows.slice(low, high - low)
            if kept is not None and kept["check"] != int(check[low]):
                yield from _close(kept)
                kept = None
            begin = 0
            if kept is None:
                first = part.slice(0, 1).to_pylist()[0]
                kept = {k: first[k] for k in ("check", "ordinal", "chars", "size")} | {"members": 1}
                begin = 1
            members = part.column("ordinal").to_numpy()[begin:]
            if len(members):
                kept["members"] += len(members)
                kept["size"] += int(part.column("size").to_numpy()[begin:].sum())
                yield verdicts(members, kept["ordinal"], kept["chars"], np.ones(len(members)), 0)
        if last and kept is not None:
            yield from _close(kept)
            kept = None


def _close(kept: dict[str, int]) -> Iterator[pa.RecordBatch]:
    if kept["members"] > 1:
        own = np.array([kept["ordinal"]], np.int64)
        yield verdicts(own, kept["ordinal"], kept["chars"], np.ones(1), kept["size"])


def verdicts(
    members: NDArray[np.int64], kept: int | NDArray[np.int64], chars: int | NDArray[np.int64],
    similarity: NDArray[np.float64], size: int | NDArray[np.int64],
) -> pa.RecordBatch:  # fmt: skip
    """Rows of `VERDICTS`; single values stand for all members."""
    n = len(members)
    columns = [
        members,
        np.broadcast_to(kept, n),
        np.broadcast_to(chars, n),
        similarity,
        np.broadcast_to(size, n),
    ]
    return pa.RecordBatch.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, VERDICTS, strict=True)], schema=VERDICTS
    )


def cluster_sizes(batch: Batch) -> pa.Array:
    """How many documents each stands for: itself, and the copies that earlier stages dropped."""
    if "cluster_size" in batch.docs.schema.names:
        return batch.docs.column("cluster_size")
    return pa.array(np.ones(batch.num_docs, np.int64))


def apply_verdicts(rule: str, measure: str, batch: Batch, rows: pa.Table) -> Batch:
    """Drop the copies; note on the kept ones how many documents they stand for."""
    ordinals, kept, chars, similarities, new_sizes = (
        rows.column(name).to_numpy() for name in VERDICTS.names
    )
    docs = np.searchsorted(batch.ordinals, ordinals)
    sizes = cluster_sizes(batch).to_numpy().copy()
    kept_by = np.full(batch.num_docs, -1, np.int64)
    if "cluster_kept" in batch.docs.schema.names:
        kept_by[:] = batch.docs.column("cluster_kept").fill_null(-1).to_numpy()
    stay = ordinals == kept
    kept_by[docs[stay]] = kept[stay]
    sizes[docs[stay]] = new_sizes[stay]
    drops = []
    gone = (values[~stay].tolist() for values in (docs, kept, chars, similarities))
    for doc, keeper, length, similarity in zip(*gone, strict=True):
        evidence = f"{measure} {similarity:.4f}" if measure else ""
        kept_one = Kept(keeper, 0, length, similarity)
        drops.append(Drop(doc, rule, score=round(similarity, 4), evidence=evidence, kept=kept_one))
    batch = batch.annotate("cluster_kept", pa.array(kept_by, mask=kept_by < 0))
    return batch.annotate("cluster_size", pa.array(sizes)).drop(drops)
