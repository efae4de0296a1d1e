"""Pairs of real texts that are found, beside datasketch on the same file: recall and precision.

    python -m benchmarks.dedup.realtext TEXTS.jsonl.zst PAIRS.tsv.zst --thresholds 0.5,0.8

The pairs (`a`, `b`, `jaccard5`) are all that are alike, counted on sets of word 5-grams. Exact
copies, by text in lower case with single spaces, are left out first, for they swamp every score.
cleaner runs with `pairs: all`, datasketch with 128 permutations and its own choice of bands, for
each threshold; datasketch's pairs are those that its index returns, and, in a second row, those
whose estimated Jaccard is at or above the threshold.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from numpy.typing import NDArray

from benchmarks.dedup.score import Gold, Pairs, judge_pairs, read_tsv_gold, run_pairs
from cleaner.config.load import parse
from cleaner.engine.driver import run

PERMUTATIONS, WORDS, AT_ONCE = 128, 5, 2000
_WORD = re.compile(r"\w+")


def texts_of(path: Path) -> tuple[list[str], list[str]]:
    """Ids and texts of a JSONL file."""
    with pa.input_stream(str(path), compression="detect") as stream:
        rows = [json.loads(line) for line in stream.read().decode().splitlines()]
    return [row["id"] for row in rows], [row["text"] for row in rows]


def without_copies(texts: list[str]) -> NDArray[np.int64]:
    """The first of each text, as row numbers."""
    seen: dict[str, int] = {}
    for row, text in enumerate(texts):
        seen.setdefault(" ".join(text.lower().split()), row)
    return np.array(sorted(seen.values()), np.int64)


def among(gold: Gold, rows: NDArray[np.int64]) -> Gold:
    """The pairs whose both ends are among some rows, numbered within these."""
    both = np.isin(gold.left, rows) & np.isin(gold.right, rows)
    ends = [np.searchsorted(rows, side[both]) for side in (gold.left, gold.right)]
    return Gold(ends[0], ends[1], gold.similarity[both])


def by_cleaner(
    ids: list[str], texts: list[str], threshold: float, folder: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Verified pairs at or above the threshold."""
    source = folder / "texts.parquet"
    pq.write_table(pa.table({"id": ids, "text": texts}), source)
    config: dict[str, Any] = {
        "name": "realtext",
        "input": [str(source)],
        "output": str(folder / f"run-{threshold}"),
        "read": {"id_column": "id"},
        "engine": {"kind": "local", "workers": 1},
        "stages": [{"use": "near_duplicates", "threshold": threshold, "pairs": "all"}],
    }
    run(parse(json.dumps(config), "realtext"))
    left, right, similarity = run_pairs(Path(config["output"]), "pair")
    alike = similarity >= threshold
    return left[alike], right[alike]


def by_datasketch(texts: list[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """Pairs that the index returns, with their estimated Jaccard."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    signatures: list[Any] = []
    for low in range(0, len(texts), AT_ONCE):
        words = [_WORD.findall(text.lower()) for text in texts[low : low + AT_ONCE]]
        sets = [
            [" ".join(w[k : k + WORDS]).encode() for k in range(len(w) - WORDS + 1)] for w in words
        ]
        signed = MinHash.bulk(sets, num_perm=PERMUTATIONS, seed=42, hashfunc=xxhash.xxh32_intdigest)
        for row, signature in enumerate(signed, start=low):
            for other in index.query(signature):
                yield other, row, signatures[other].jaccard(signature)
            index.insert(row, signature, check_duplication=False)
            signatures.append(signature)


def main() -> None:
    """The command of the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("texts", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--thresholds", default="0.5,0.8")
    options = parser.parse_args()
    ids, texts = texts_of(options.texts)
    rows = without_copies(texts)
    gold = among(read_tsv_gold(options.pairs, ids), rows)
    ids, texts = [ids[row] for row in rows.tolist()], [texts[row] for row in rows.tolist()]
    print(f"{options.texts.name}: {len(texts):,} texts without exact copies")
    print("| threshold | program | pairs alike | found | recall | precision |")
    print("|--:|---|--:|--:|--:|--:|")
    for threshold in map(float, options.thresholds.split(",")):
        with tempfile.TemporaryDirectory(prefix="cleaner-realtext-") as folder:
            own = by_cleaner(ids, texts, threshold, Path(folder))
        found = np.array(list(by_datasketch(texts, threshold)), np.float64).reshape(-1, 3)
        sure = found[found[:, 2] >= threshold]
        for name, (left, right) in (
            ("cleaner", own),
            ("datasketch", (found[:, 0], found[:, 1])),
            ("datasketch, estimate checked", (sure[:, 0], sure[:, 1])),
        ):
            ends = left.astype(np.int64), right.astype(np.int64)
            _row(threshold, name, judge_pairs(gold, *ends, len(texts), threshold))


def _row(threshold: float, name: str, pairs: Pairs) -> None:
    print(f"| {threshold} | {name} | {pairs.true:,} | {pairs.found:,} "
          f"| {pairs.recall:.3f} | {pairs.precision:.3f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
