"""How often the corpus, and its host, has each passage: counted and noted, decided by others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray
from pydantic import Field

from cleaner.batch import Batch
from cleaner.dedup.family import families
from cleaner.stages.base import CorpusStage
from cleaner.stages.steps import HOME, Apply, Merge, Sketch, Step
from cleaner.text.words import EMPTY_KEY, key_hash

COLUMNS = ("repeats_corpus", "repeats_host", "repeats_folded_corpus", "repeats_folded_host")
"""Annotations of passages, int32: documents of the corpus, and of the host, that have the passage;
then the same with all numbers taken as equal. 0 where fewer than `min_documents` have it. Documents
that are near-copies count as one: their text comes often, but it is no frame of a site."""

ROWS = pa.schema(
    [
        ("key", pa.uint64()),
        ("folded", pa.bool_()),
        ("host", pa.uint64()),
        ("family", pa.uint64()),
        ("ordinal", pa.int64()),
        ("number", pa.int32()),
    ]
)
COUNTS = pa.schema(
    [
        ("ordinal", pa.int64()),
        ("number", pa.int32()),
        ("folded", pa.bool_()),
        ("corpus", pa.int32()),
        ("host", pa.int32()),
    ]
)
HOST_DOCUMENTS = "host_documents"
"""Annotation of documents, int32: documents of the same host, near-copies as one; 0 without one."""
_NO_HOST = np.uint64(0)
_WHOLE = -1  # the "passage number" of the row that counts a host's documents


class Repeats(CorpusStage):
    """Counts passages across the corpus and per host."""

    version: ClassVar[int] = 2
    summary: ClassVar[str] = "counts how many documents have each passage"
    adds: ClassVar[frozenset[str]] = frozenset({*COLUMNS, HOST_DOCUMENTS})

    use: Literal["repeats"] = "repeats"
    min_documents: int = Field(
        default=2, ge=2, description="Passages of fewer documents are not noted."
    )
    max_words: int = Field(
        default=60,
        ge=1,
        description="Longer passages are not counted: near_duplicates sees to them.",
    )

    def can_edit(self) -> bool:
        """It annotates."""
        return False

    def steps(self) -> Sequence[Step]:
        """See `CorpusStage.steps`."""
        return (
            Sketch(partial(_sketch, self), "key", ("host", "family", "ordinal", "number"), ROWS),
            Merge(partial(_count, self), HOME, ("number",), COUNTS),
            Apply(_note),
        )


def _sketch(stage: Repeats, batch: Batch, _: pa.Table | None) -> pa.Table:
    """Two rows a passage that has words: its exact key, and that with numbers folded."""
    from cleaner.text.words import count_words

    words = count_words(batch.passage_text)
    which = np.flatnonzero((words > 0) & (words <= stage.max_words))
    docs = batch.doc_of[which]
    text = batch.passage_text.take(pa.array(which))
    host_of = _host_hashes(batch)
    family_of = families(batch.passage_text, batch.first, batch.ordinals)
    hosts, family = host_of[docs], family_of[docs]
    numbers = batch.passages.column("number").to_numpy()[which]
    tables = []
    for folded in (False, True):
        keys = key_hash(text, fold_digits=folded)
        there = keys != EMPTY_KEY
        columns = [
            keys[there] ^ np.uint64(folded),
            np.full(int(there.sum()), folded),
            hosts[there],
            family[there],
            batch.ordinals[docs[there]],
            numbers[there],
        ]
        tables.append(
            pa.table([pa.array(c, f.type) for c, f in zip(columns, ROWS, strict=True)], schema=ROWS)
        )
    known = np.flatnonzero(host_of != _NO_HOST)
    own = host_of[known]
    zeros = np.zeros(len(known), bool)
    numbers = np.full(len(known), _WHOLE, np.int32)
    columns = [~own, zeros, own, family_of[known], batch.ordinals[known], numbers]
    tables.append(
        pa.table([pa.array(c, f.type) for c, f in zip(columns, ROWS, strict=True)], schema=ROWS)
    )
    return pa.concat_tables(tables)


def _host_hashes(batch: Batch) -> NDArray[np.uint64]:
    """A number per document's host; 0 for none."""
    known: dict[str | None, int] = {None: int(_NO_HOST)}
    hashes = []
    for host in batch.docs.column("host").to_pylist():
        if host not in known:
            known[host] = xxhash.xxh3_64_intdigest(host.encode("utf-8", "surrogatepass")) or 1
        hashes.append(known[host])
    return np.array(hashes, np.uint64)


def _count(stage: Repeats, stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Documents per key, and per key and host, to every passage that has it."""
    held: list[pa.RecordBatch] = []  # rows of one key, which may go on in the next batch
    for batch in stream:
        keys = batch.column("key").to_numpy()
        last = int(np.searchsorted(keys, keys[-1]))
        if held and held[0].column("key")[0].as_py() != int(keys[0]):
            yield _counted(stage, held)
            held = []
        if last:
            yield _counted(stage, [*held, batch.slice(0, last)])
            held = []
        held.append(batch.slice(last))
    if held:
        yield _counted(stage, held)


def _counted(stage: Repeats, batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """The counts of rows of whole keys, sorted by key, host and family; rare keys are left out."""
    rows = pa.Table.from_batches(batches).combine_chunks()
    keys, hosts, family = (rows.column(c).to_numpy() for c in ("key", "host", "family"))
    key_begins = _changes(keys)
    host_begins = key_begins | _changes(hosts)
    family_begins = host_begins | _changes(family)
    documents = _per_group(key_begins, family_begins)
    per_host = _per_group(host_begins, family_begins)
    per_host[hosts == _NO_HOST] = 0
    often = np.flatnonzero(documents >= stage.min_documents)
    kept = rows.take(pa.array(often))
    columns = [
        *(kept.column(c).combine_chunks() for c in ("ordinal", "number", "folded")),
        pa.array(documents[often].astype(np.int32)),
        pa.array(per_host[often].astype(np.int32)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=COUNTS)


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value differs from the one before; True at the first."""
    return np.concatenate([np.ones(1, bool), values[1:] != values[:-1]])


def _per_group(begins: NDArray[np.bool_], counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each row, how many rows of its group are counted; a group begins where `begins` says."""
    starts = np.flatnonzero(begins)
    sums = np.add.reduceat(counted.astype(np.int64), starts)
    return np.repeat(sums, np.diff(np.append(starts, len(begins))))


def _note(batch: Batch, rows: pa.Table) -> Batch:
    """Annotate the passages."""
    ordinals, numbers = rows.column("ordinal").to_numpy(), rows.column("number").to_numpy()
    whole = numbers == _WHOLE
    totals = np.zeros(batch.num_docs, np.int32)
    totals[np.searchsorted(batch.ordinals, ordinals[whole])] = rows.column("host").to_numpy()[whole]
    batch = batch.annotate(HOST_DOCUMENTS, pa.array(totals))
    rows = rows.filter(pa.array(~whole))
    ordinals, numbers = ordinals[~whole], numbers[~whole]
    passages = batch.first[np.searchsorted(batch.ordinals, ordinals)] + numbers
    folded = rows.column("folded").combine_chunks().to_numpy(zero_copy_only=False)
    for name, is_folded, source in zip(
        COLUMNS, (False, False, True, True), ("corpus", "host") * 2, strict=True
    ):
        values = np.zeros(batch.num_passages, np.int32)
        mine = folded == is_folded
        values[passages[mine]] = rows.column(source).to_numpy()[mine]
        batch = batch.annotate(name, pa.array(values), "passages")
    return batch
