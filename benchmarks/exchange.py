"""The exchange of near-duplicates at a size that nobody can run here: measured, then simulated.

    python -m benchmarks.dedup.corpus --out DIR --documents 500000 --short
    python -m benchmarks.exchange DIR/corpus.parquet --documents 10000000000

Measured on the corpus: rows for each document, how many share a key, how long the tail of the
clusters is, bytes of a member. Simulated, with a seed, for so many documents of the same kind: the
rows of every partition (small buckets by the normal law of large numbers, big clusters one by one,
each with all of its buckets, wherever they fall), ranges in which the fullest is sorted,
files that a merge opens, bytes that pass through the shared storage, rounds of the components, and
the largest component, whose leaders one task finds.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cleaner.dedup.component import components
from cleaner.engine import memory
from cleaner.io import exchange
from cleaner.stages.near_documents import BUCKETS
from cleaner.stages.near_duplicates import NearDuplicates

ROW = 16
"""Bytes of a row of a bucket, and of an edge."""
MEMBER = 64
"""Bytes of a member beside its set and its keys: component, preferences, ordinal, sizes."""
TAIL = 5
"""From so many members on a cluster counts for the exponent of the tail."""
DRAWN = 200_000
"""So many of the biggest clusters are drawn one by one."""
ROUND_ROWS = 3
"""Rows that two rounds, a small star and a large one, write for an edge: both ways, then one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a corpus says of its kind.

    Attributes:
        documents: of the corpus.
        bands: rows of the first exchange for each document.
        text: bytes of a document.
        shared: share of the rows whose key another document has.
        fullest: rows of the fullest bucket.
        edges: edges of a forest of the candidates, for each document.
        members: share of the documents that are in a component.
        clusters: components of at least `TAIL` members, for each document.
        largest: members of the largest component.
        exponent: of the tail: the share of clusters of s members or more falls as s to its minus.
        set_bytes: of a document's shingles.
        sketch_seconds: of CPU for each document.
    """

    documents: int
    bands: int
    text: float
    shared: float
    fullest: int
    edges: float
    members: float
    clusters: float
    largest: int
    exponent: float
    set_bytes: float
    sketch_seconds: float


def measure(path: Path, documents: int) -> Measured:
    """Look at the first documents of a file."""
    stage = NearDuplicates(use="near_duplicates")
    keys, values, size, started = [], 0, 0, time.process_time()
    for column in texts(path):
        text = column.slice(0, documents - sum(len(k) for k in keys))
        if not len(text):
            break
        sets, found = stage.sketcher.sketch(text)
        keys.append(found)
        values += len(sets.values)
        size += text.nbytes
    table = np.concatenate(keys)
    seconds = (time.process_time() - started) / len(table)
    n, bands = table.shape
    nodes = np.repeat(np.arange(n), bands)
    flat = table.reshape(-1)
    order = np.argsort(flat, kind="stable")
    flat, nodes = flat[order], nodes[order]
    begins = np.flatnonzero(np.append(True, flat[1:] != flat[:-1]))
    counts = np.diff(np.append(begins, len(flat)))
    hubs = np.repeat(nodes[begins], counts)
    apart = hubs != nodes
    found, labels = components(hubs[apart], nodes[apart])
    sizes = np.unique(labels, return_counts=True)[1]
    tail = sizes[sizes >= TAIL]
    return Measured(
        documents=n,
        bands=bands,
        text=size / n,
        shared=float(counts[counts > 1].sum() / len(flat)),
        fullest=int(counts.max()),
        edges=(len(found) - len(sizes)) / n,
        members=len(found) / n,
        clusters=len(tail) / n,
        largest=int(sizes.max()),
        exponent=exponent(tail),
        set_bytes=8 * values / n,
        sketch_seconds=seconds,
    )


def texts(path: Path) -> Iterator[pa.Array]:
    """The column `text` of a Parquet or JSON Lines file, in pieces."""
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches(20_000, columns=["text"]):
            yield batch.column(0)
        return
    compression = "zstd" if path.suffix == ".zst" else None
    options = pyarrow.json.ParseOptions(
        explicit_schema=pa.schema([("text", pa.string())]), unexpected_field_behavior="ignore"
    )
    with pa.input_stream(path, compression=compression) as stream:
        for batch in pyarrow.json.open_json(stream, parse_options=options):
            yield batch.column("text")


def exponent(sizes: NDArray[np.int64]) -> float:
    """The exponent of a tail from `TAIL` on (Hill 1975), sizes being whole numbers."""
    return float(len(sizes) / np.log(sizes / (TAIL - 0.5)).sum()) if len(sizes) else math.inf


@dataclass(frozen=True, slots=True)
class Simulated:
    """One exchange of bucket rows. Bytes of a partition are those of the fullest."""

    partitions: int
    shards: int
    fullest: float
    mean: float
    hot: float
    ranges: int
    batch: float
    overhead: float
    storage: float


def simulate(
    measured: Measured, documents: int, tail: float, partitions: int, shard_bytes: int, seed: int
) -> Simulated:
    """Draw the rows of every partition; `tail` is the exponent of the cluster sizes."""
    draw = np.random.default_rng(seed)
    sizes = biggest(measured, documents, tail, draw)
    rows = documents * measured.bands
    hot = np.zeros(partitions)
    for _ in range(
        measured.bands
    ):  # a big cluster has a bucket in each band, at worst of all of it
        np.add.at(hot, draw.integers(0, partitions, len(sizes)), sizes)
    rest = max(0.0, rows - hot.sum()) / partitions
    filled = draw.normal(rest, math.sqrt(rest), partitions) + hot
    shards = max(1, math.ceil(documents * measured.text / shard_bytes))
    overhead = batch_bytes(partitions) * partitions * shards
    fullest = float(filled.max()) * ROW
    return Simulated(
        partitions=partitions,
        shards=shards,
        fullest=fullest,
        mean=rows / partitions * ROW,
        hot=float(sizes.max()) * ROW if len(sizes) else 0.0,
        ranges=math.ceil(fullest / memory.SORT_MAX),
        batch=rows * ROW / partitions / shards,
        overhead=overhead,
        storage=rows * ROW + overhead,
    )


def biggest(
    measured: Measured, documents: int, tail: float, draw: np.random.Generator
) -> NDArray[np.float64]:
    """Sizes of the biggest clusters: a power law from `TAIL` on, as many as documents allow."""
    count = measured.clusters * documents
    if count < 1:
        return np.zeros(0)
    drawn = int(min(count, DRAWN))
    ranks = np.sort(draw.random(drawn)) * drawn / count  # the smallest of `count` even numbers
    sizes = TAIL * np.maximum(ranks, 1e-18) ** (-1 / tail)
    return np.minimum(sizes, documents * measured.members)


def batch_bytes(partitions: int) -> float:
    """Bytes of a partition without rows in a file of the exchange: header and footer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.arrow"
        table = BUCKETS.empty_table()
        some = min(partitions, 1024)
        exchange.write(path, table, np.zeros(0, np.int64), some, ("key", "node"))
        return path.stat().st_size / some


def show_measured(sizes: Sequence[Measured]) -> None:
    """A line a figure, a column a size."""
    print(f"{'measured, documents':<46}" + "".join(f"{m.documents:>12,}" for m in sizes))
    lines: list[tuple[str, list[float], str]] = [
        ("bytes of text each", [m.text for m in sizes], ",.0f"),
        ("rows each (bands)", [m.bands for m in sizes], ",.0f"),
        ("share of rows whose key is shared", [m.shared for m in sizes], ".3f"),
        ("rows of the fullest bucket", [m.fullest for m in sizes], ",.0f"),
        ("forest edges each", [m.edges for m in sizes], ".3f"),
        ("share in a component", [m.members for m in sizes], ".3f"),
        (f"components of {TAIL} or more, each", [m.clusters for m in sizes], ".5f"),
        ("members of the largest component", [m.largest for m in sizes], ",.0f"),
        ("exponent of the tail", [m.exponent for m in sizes], ".2f"),
        ("bytes of shingles each", [m.set_bytes for m in sizes], ",.0f"),
        ("CPU seconds of sketching, a million", [1e6 * m.sketch_seconds for m in sizes], ",.0f"),
    ]
    for name, values, form in lines:
        print(f"  {name:<44}" + "".join(f"{format(v, form):>12}" for v in values))


def show(runs: Sequence[Simulated]) -> None:
    """A line a figure, a column a way to cut."""
    lines: list[tuple[str, list[str]]] = [
        ("partitions", [f"{r.partitions:,}" for r in runs]),
        ("shards: files that a merge opens", [f"{r.shards:,}" for r in runs]),
        ("a partition, GB: mean", [f"{r.mean / 1e9:,.2f}" for r in runs]),
        ("a partition, GB: fullest", [f"{r.fullest / 1e9:,.2f}" for r in runs]),
        ("fullest to mean", [f"{r.fullest / r.mean:.2f}" for r in runs]),
        ("the hottest key, GB", [f"{r.hot / 1e9:,.3f}" for r in runs]),
        ("ranges that the fullest is sorted in", [f"{r.ranges:,}" for r in runs]),
        ("rows of a partition in a shard, bytes", [f"{r.batch:,.0f}" for r in runs]),
        ("headers and footers, TB", [f"{r.overhead / 1e12:,.1f}" for r in runs]),
        ("through the storage, TB written", [f"{r.storage / 1e12:,.1f}" for r in runs]),
    ]
    for name, values in lines:
        print(f"  {name:<44}" + "".join(f"{v:>12}" for v in values))


def show_rest(measured: Measured, documents: int, tail: float, seed: int) -> None:
    """What follows the first exchange: components, members, the largest of them."""
    edges = measured.edges * documents
    sizes = biggest(measured, documents, tail, np.random.default_rng(seed))
    largest = float(sizes.max()) if len(sizes) else 0.0
    member = measured.set_bytes + 8 * measured.bands + MEMBER
    lines = [
        ("forest edges, billions", edges / 1e9),
        ("in one task, GB of memory", edges * 144 / 1e9),
        ("in rounds, TB written by a small and a large star", edges * ROUND_ROWS * ROW / 1e12),
        ("members with their sets, TB", measured.members * documents * member / 1e12),
        ("largest component, millions of members", largest / 1e6),
        ("  its rows in one partition, GB", largest * member / 1e9),
        ("  its members in memory, GB (60 bytes each)", largest * 60 / 1e9),
        (
            "  with the sets of all, if none joined another, GB",
            largest * (member + 96 * measured.bands) / 1e9,
        ),
    ]
    for name, value in lines:
        print(f"  {name:<56}{value:>12,.2f}")


def main() -> None:
    """Measure a corpus, then simulate a bigger one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", type=Path, help="Parquet, .jsonl or .jsonl.zst with `text`")
    parser.add_argument("--measure", type=int, nargs="+", default=[30_000, 100_000, 300_000])
    parser.add_argument("--documents", type=int, default=10**10)
    parser.add_argument("--tail", type=float, nargs="+", help="exponents in place of the measured")
    parser.add_argument("--partitions", type=int, nargs="+", default=[1024, 4096, 16_384])
    parser.add_argument("--shard-mib", type=int, nargs="+", default=[1024, 1024, 4096])
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sizes = [measure(args.corpus, n) for n in args.measure]
    show_measured(sizes)
    last = sizes[-1]
    for tail in args.tail or [last.exponent]:
        print(f"simulated, {args.documents:,} documents, exponent {tail:.2f}, seed {args.seed}")
        cuts = zip(args.partitions, args.shard_mib, strict=True)
        show([simulate(last, args.documents, tail, p, s << 20, args.seed) for p, s in cuts])
        show_rest(last, args.documents, tail, args.seed)


if __name__ == "__main__":
    main()
