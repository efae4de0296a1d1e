"""How well a deduplication did, against the exact truth.

    python -m benchmarks.dedup.score kept CORPUS_DIR KEPT.parquet
    python -m benchmarks.dedup.score run CORPUS_DIR|PAIRS.tsv.zst RUN [--texts FILE.jsonl.zst]

`kept` needs nothing but the ids that stayed, so it judges any program. `run` judges the pairs that
a run of cleaner wrote to `duplicates/`, and each document that it dropped.
"""

from __future__ import annotations

import argparse
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

LEVELS = (0.7, 0.8)
"""Similarities at which recall and precision are given."""


@dataclass(frozen=True, slots=True)
class Gold:
    """All pairs that are alike: rows left[i] < right[i] with their similarity."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    similarity: NDArray[np.float64]

    def at(self, least: float) -> Gold:
        """The pairs of at least this similarity."""
        alike = self.similarity >= least
        return Gold(self.left[alike], self.right[alike], self.similarity[alike])

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True, slots=True)
class Quality:
    """What the documents that stayed say.

    For each level: `recall`, the share of pairs of which at most one document stayed; `precision`,
    the share of removed documents that are alike to one that stayed; `lost`, how many are not:
    their text is gone.
    """

    documents: int
    removed: int
    recall: dict[float, float]
    precision: dict[float, float]
    lost: dict[float, int]


@dataclass(frozen=True, slots=True)
class Pairs:
    """What the pairs that were found say: shares of the true pairs and of the found ones."""

    found: int
    true: int
    recall: float
    precision: float


def read_gold(path: Path, measure: str = "jaccard") -> Gold:
    """The gold of a corpus made by `benchmarks.dedup.corpus`; `measure` names a column.

    Raises:
        KeyError, OSError: there is no such column, or no such file.
    """
    table = pq.read_table(path)
    columns = [table.column(name).to_numpy() for name in ("left", "right", measure)]
    return Gold(*columns)


def read_tsv_gold(path: Path, ids: list[str], measure: str = "jaccard5") -> Gold:
    """Pairs of ids in a table with a head line, as rows; a pair of unknown ids is a ValueError."""
    with pa.input_stream(str(path), compression="detect") as raw:
        head, *lines = io.TextIOWrapper(raw, encoding="utf-8").read().splitlines()
    names = head.split("\t")
    row = {name: number for number, name in enumerate(ids)}
    if len(row) < len(ids):
        raise ValueError("the ids of the texts are not unique")
    cells = [line.split("\t") for line in lines]
    try:
        ends = np.array([[row[a], row[b]] for a, b, *_ in cells], np.int64).reshape(-1, 2)
    except KeyError as error:
        raise ValueError(f"{path} names {error}, which no text has") from error
    similarity = np.array([float(c[names.index(measure)]) for c in cells], np.float64)
    ends.sort(axis=1)
    return Gold(ends[:, 0], ends[:, 1], similarity)


def read_ids(path: Path) -> list[str]:
    """The `id` of each record of a JSONL file."""
    with pa.input_stream(str(path), compression="detect") as raw:
        return [json.loads(line)["id"] for line in io.TextIOWrapper(raw, encoding="utf-8")]


def kept_rows(path: Path, documents: int) -> NDArray[np.bool_]:
    """Which rows a Parquet file of kept documents has, from ids such as d0000012.

    Files of cleaner have the input's id as `source_id`; others as `id`. A folder is read whole.

    Raises:
        ValueError: an id is none of the corpus, or comes twice.
    """
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    kept = np.zeros(documents, np.int64)
    for file in files:
        names = pq.read_schema(file).names
        name = "source_id" if "source_id" in names else "id"
        for value in pq.read_table(file, columns=[name]).column(0).to_pylist():
            if not (value[:1] == "d" and value[1:].isdecimal() and int(value[1:]) < documents):
                raise ValueError(f"{value!r} is no document of the corpus")
            kept[int(value[1:])] += 1
    if kept.max(initial=0) > 1:
        raise ValueError(f"d{int(kept.argmax()):07d} stands twice in {path}")
    once: NDArray[np.bool_] = kept == 1
    return once


def judge(gold: Gold, kept: NDArray[np.bool_], levels: tuple[float, ...] = LEVELS) -> Quality:
    """Judge by what stayed; `kept` bool[documents]."""
    removed = ~kept
    recall, precision, lost = {}, {}, {}
    for level in levels:
        alike = gold.at(level)
        both = kept[alike.left] & kept[alike.right]
        covered = np.zeros(len(kept), bool)
        covered[alike.left[kept[alike.right]]] = True
        covered[alike.right[kept[alike.left]]] = True
        gone = int((removed & ~covered).sum())
        recall[level] = 1 - _share(int(both.sum()), len(alike), empty=0.0)
        precision[level] = 1 - _share(gone, int(removed.sum()), empty=0.0)
        lost[level] = gone
    return Quality(len(kept), int(removed.sum()), recall, precision, lost)


def judge_pairs(
    gold: Gold, left: NDArray[np.int64], right: NDArray[np.int64], documents: int, least: float
) -> Pairs:
    """Judge found pairs against the true ones of at least `least`; order does not count."""
    alike = gold.at(least)
    true = np.unique(alike.left * np.int64(documents) + alike.right)
    found = np.unique(
        np.minimum(left, right) * np.int64(documents) + np.maximum(left, right)
    ).astype(np.int64)
    hits = len(np.intersect1d(true, found, assume_unique=True))
    return Pairs(len(found), len(true), _share(hits, len(true)), _share(hits, len(found)))


def run_pairs(
    run: Path, action: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of documents that a run of cleaner wrote, as records of its one input file.

    `action`: "drop", each dropped document with its keeper; "pair", what `pairs: all` wrote.

    Raises:
        ValueError: the run is not finished.
    """
    if not (run / "manifest.json").exists():
        raise ValueError(f"{run} is no finished run")
    record: dict[str, int] = {}
    for name in ("corpus", "ledger"):
        for file in sorted((run / name).glob("*.parquet")):
            table = pq.read_table(file, columns=["doc_id", "record"])
            record.update(zip(*(c.to_pylist() for c in table.columns), strict=True))
    files = sorted((run / "duplicates").glob("pairs-*.parquet"))
    tables = [pq.read_table(file) for file in files]
    if not tables:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)
    table = pa.concat_tables(tables)
    table = table.filter(pc.equal(table.column("action"), action))
    ends = [
        np.array([record[k] for k in table.column(name).to_pylist()], np.int64)
        for name in ("doc_id", "kept_doc_id")
    ]
    return ends[0], ends[1], table.column("similarity").to_numpy()


def judge_run(gold: Gold, run: Path, documents: int) -> dict[str, Any]:
    """What can be said of a run of cleaner: what stayed, the drops, and what `pairs: all` wrote."""
    left, right, similarity = run_pairs(run, "drop")
    kept = np.ones(documents, bool)
    kept[left] = False
    report: dict[str, Any] = asdict(judge(gold, kept))
    report["least_similarity_of_a_drop"] = float(similarity.min()) if len(left) else None
    left, right, similarity = run_pairs(run, "pair")
    if len(left):
        report["candidates"] = len(left)
        for level in LEVELS:
            chosen = similarity >= level
            pairs = judge_pairs(gold, left[chosen], right[chosen], documents, level)
            report[f"pairs at {level}"] = asdict(pairs)
            blind = judge_pairs(gold, left, right, documents, level)
            report[f"precision of candidates at {level}"] = blind.precision
    return report


def _share(part: int, whole: int, empty: float = 1.0) -> float:
    return part / whole if whole else empty


def main() -> None:
    """The command of the module's docstring."""
    parser = argparse.ArgumentParser(description="Judge a deduplication against the exact truth.")
    parser.add_argument("what", choices=["kept", "run"])
    parser.add_argument("gold", type=Path, help="a corpus folder, or a table of pairs")
    parser.add_argument("result", type=Path, help="kept documents, or the folder of a run")
    parser.add_argument("--texts", type=Path, help="the JSONL that a table of pairs is about")
    parser.add_argument("--measure", default="jaccard", help="jaccard (default) or jaccard_own")
    options = parser.parse_args()
    try:
        if options.gold.is_dir():
            gold = read_gold(options.gold / "gold.parquet", options.measure)
            documents = pq.read_metadata(options.gold / "corpus.parquet").num_rows
        elif options.texts:
            ids = read_ids(options.texts)
            gold, documents = read_tsv_gold(options.gold, ids), len(ids)
        else:
            parser.error("a table of pairs needs --texts")
        if options.what == "kept":
            report = asdict(judge(gold, kept_rows(options.result, documents)))
        else:
            report = judge_run(gold, options.result, documents)
    except (OSError, ValueError, KeyError) as error:
        raise SystemExit(f"Error: {error}") from error
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
