"""Writing: a range of ordinals to one part of every output, each document proven to restore."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.batch import LEDGER as RUN_LEDGER
from cleaner.engine.context import Context
from cleaner.engine.found_pairs import found_pairs
from cleaner.engine.load import Loaded, load
from cleaner.engine.locate import Locator
from cleaner.engine.phases import Phase
from cleaner.engine.place_task import ROWS, Outgoing
from cleaner.errors import BalanceError
from cleaner.io import output
from cleaner.io.schema import CLUSTERS, LEDGER, PAIRS
from cleaner.io.state import read_ledger
from cleaner.io.store import Files
from cleaner.report.lengths import TOKEN_BOUNDS
from cleaner.text.pieces import restore

LENGTHS = [0, 1, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 102400]
"""Lower bounds of the classes of document length, in words."""
TOKENS = "n_tokens"
"""The column of the corpus whose numbers are tokens; a stage publishes it."""


def run_write(
    context: Context, phase: Phase, index: int, files: Files
) -> tuple[dict[str, Any], dict[str, float]]:
    """Write part `index`: documents of ordinals index·n up to (index+1)·n, n from the config."""
    started = time.perf_counter()
    settings = context.config.write
    low = index * settings.documents_per_part
    high = low + settings.documents_per_part
    extra = context.published
    reasons = {(s.name, rule): words for s in context.stages for rule, words in s.rules().items()}
    schema = output.corpus_schema(extra)
    size, level = settings.row_group_documents, settings.compression_level
    corpus = output.RowGroups(files.path("corpus.parquet"), schema, size, level, "text")
    ledger = output.RowGroups(files.path("ledger.parquet"), LEDGER, size * 10, level, "before")
    pairs = output.RowGroups(files.path("pairs.parquet"), PAIRS, size * 10, level, None)
    clusters = output.RowGroups(files.path("clusters.parquet"), CLUSTERS, size * 10, level, None)
    counts: dict[str, Any] = {
        "documents": 0,
        "chars": 0,
        "words": 0,
        "lengths": {},
        "langs": {},
        "proven": 0,
    }
    marks: list[pa.Table] = []
    inside: list[pa.Table] = []
    outgoing = Outgoing(context, files.path(ROWS), schema) if settings.is_placed else None
    locator = Locator(context)
    for loaded, rows in _range(context, phase, low, high):
        batch = loaded.batch
        facts = loaded.originals.drop_columns(["text"])
        originals = facts.take(pa.array(batch.ordinals - loaded.base))
        counts["proven"] += _prove(loaded, rows)
        kept = rows.filter(pc.is_in(rows.column("ordinal"), value_set=pa.array(batch.ordinals)))
        documents = output.corpus_rows(batch, originals, kept, locator.find, extra)
        booked = output.ledger_rows(rows, locator.find, reasons, partial(_take, loaded))
        corpus.write(documents)
        if outgoing is not None:
            outgoing.write(documents, pa.array(batch.ordinals))
        ledger.write(booked)
        marked = documents.filter(pc.is_valid(documents.column("near_duplicates")))
        pairs.write(output.pair_rows(booked, None, ""))
        marks.append(output.pair_rows(booked.slice(0, 0), marked, _marker(context)))
        inside.append(output.contained_rows(batch, locator.find, _marker(context)))
        clusters.write(output.cluster_rows(documents))
        _count(counts, documents)
    marks += [*inside, *found_pairs(context, low, high, locator.find)]
    if outgoing is not None:
        first = locator.find(np.array([low], np.int64))
        place = [first.sources[0].as_py(), first.records[0].as_py()]
        counts["placed"] = {**outgoing.close(), "first": place}
        if settings.split:
            counts["splits"] = outgoing.splits
    for rows in marks:  # after all copies of the part, however its documents were cut into batches
        pairs.write(rows)
    for part in (corpus, ledger, pairs, clusters):
        part.close()
    counts |= {"ledger": ledger.rows, "pairs": pairs.rows, "clusters": clusters.rows}
    return counts, {"write": time.perf_counter() - started}


def _marker(context: Context) -> str:
    """The stage whose marks stand in `near_duplicates`: the last one that adds them."""
    names = [s.name for s in context.stages if "near_duplicates" in s.adds]
    return names[-1] if names else ""


def _range(
    context: Context, phase: Phase, low: int, high: int
) -> Iterator[tuple[Loaded, pa.Table]]:
    """The living documents of a range of ordinals, batch by batch, and its ledger rows."""
    maps = [p for p in context.phases if p.kind == "map"]
    for index, shard in enumerate(context.shards):
        if shard.base >= high or shard.base + shard.documents <= low:
            continue
        for position, loaded in load(context, index, phase.state, low, high):
            end = loaded.base + loaded.originals.num_rows
            rows = pa.Table.from_batches(
                [read_ledger(context.folder(p.number), index, position) for p in maps], RUN_LEDGER
            )
            batch = loaded.batch
            if loaded.base < low or end > high:
                ordinals = batch.ordinals
                batch = batch.take(np.flatnonzero((ordinals >= low) & (ordinals < high)))
                mine = rows.column("ordinal").to_numpy()
                rows = rows.filter(pa.array((mine >= low) & (mine < high)))
            yield Loaded(batch, loaded.originals, loaded.base), rows


def _take(loaded: Loaded, ordinals: NDArray[np.int64]) -> pa.RecordBatch:
    return loaded.originals.take(pa.array(ordinals - loaded.base))


def _prove(loaded: Loaded, rows: pa.Table) -> int:
    """Check that every changed or dropped document comes back exactly; how many were checked.

    Raises:
        BalanceError: one does not.
    """
    proven, rows = _prove_drops(loaded, rows)
    if not rows.num_rows:
        return proven
    by_document: dict[int, list[tuple[int, int, int, str, str]]] = {}
    names = ("start", "end", "step", "before", "after")
    booked = zip(*(rows.column(n).to_pylist() for n in names), strict=True)
    for ordinal, values in zip(rows.column("ordinal").to_pylist(), booked, strict=True):
        by_document.setdefault(ordinal, []).append(values)
    dropped = set(
        rows.filter(pc.equal(rows.column("action"), output.DROP)).column("ordinal").to_pylist()
    )
    ordinals = sorted(by_document)
    text = loaded.batch.text
    place = {o: i for i, o in enumerate(loaded.batch.ordinals.tolist())}
    originals = _take(loaded, np.array(ordinals, np.int64)).column("text").to_pylist()
    quarantined = 0
    for ordinal, original in zip(ordinals, originals, strict=True):
        mine = by_document[ordinal]
        row = place.get(ordinal)
        if row is None and ordinal not in dropped:
            quarantined += 1  # put aside by a later stage; its rows tell what was done before
            continue
        if restore("" if row is None else text[row].as_py(), mine) != original:
            raise BalanceError(
                f"document {ordinal} does not restore from its ledger rows; nothing is published. "
                "This is a fault of cleaner: please report it with the config and this document"
            )
    return proven + len(ordinals) - quarantined


def _prove_drops(loaded: Loaded, rows: pa.Table) -> tuple[int, pa.Table]:
    """Check the documents with one row alone, that of their drop; how many, and the other rows.

    What differs is left among the others, whose check says so.
    """
    ordinals = rows.column("ordinal").to_numpy()
    _, place, counts = np.unique(ordinals, return_inverse=True, return_counts=True)
    action = rows.column("action").combine_chunks()
    is_drop = np.asarray(pc.equal(action, output.DROP))
    alone = np.flatnonzero((counts[place] == 1) & is_drop)
    before = rows.column("before").combine_chunks().take(pa.array(alone))
    original = loaded.originals.column("text").take(pa.array(ordinals[alone] - loaded.base))
    same = alone[np.asarray(pc.equal(before, original))]
    left = np.ones(len(ordinals), bool)
    left[same] = False
    return len(same), rows.filter(pa.array(left))


def _count(counts: dict[str, Any], documents: pa.Table) -> None:
    counts["documents"] += documents.num_rows
    counts["chars"] += pc.sum(documents.column("n_chars")).as_py() or 0
    words = documents.column("n_words").to_numpy()
    counts["words"] += int(words.sum())
    _count_classes(counts["lengths"], LENGTHS, words)
    for row in pc.value_counts(documents.column("lang")).to_pylist():
        key = row["values"] or ""
        counts["langs"][key] = counts["langs"].get(key, 0) + row["counts"]
    if TOKENS in documents.schema.names and pa.types.is_integer(documents.field(TOKENS).type):
        _count_tokens(counts, documents)


def _count_tokens(counts: dict[str, Any], documents: pa.Table) -> None:
    """The tokens of all documents, by language, and documents by class of tokens."""
    tokens = pc.fill_null(documents.column(TOKENS), 0).to_numpy()
    counts["tokens"] = counts.get("tokens", 0) + int(tokens.sum())
    _count_classes(counts.setdefault("token_lengths", {}), TOKEN_BOUNDS, tokens)
    by_lang = counts.setdefault("lang_tokens", {})
    grouped = documents.select(["lang", TOKENS]).group_by("lang").aggregate([(TOKENS, "sum")])
    for row in grouped.to_pylist():
        key = row["lang"] or ""
        by_lang[key] = by_lang.get(key, 0) + row[f"{TOKENS}_sum"]


def _count_classes(
    counts: dict[str, int], bounds: Sequence[int], values: NDArray[np.int64]
) -> None:
    """Add values to the counts of their classes, whose keys are the lower bounds."""
    classes = np.searchsorted(bounds, values, side="right") - 1
    for c, n in zip(*np.unique(classes, return_counts=True), strict=True):
        key = str(bounds[int(c)])
        counts[key] = counts.get(key, 0) + int(n)
