"""Pairs of web pages, told apart as copies or not: with and without the noise stage.

    python -m benchmarks.dedup.webpairs PAIRS.jsonl.zst

A line of the file has `id`, `label` (1: the same article), `variant` (what was changed), `domain`,
`noisy_a` and `noisy_b`. All pages are one corpus; a pair counts as found if both of its pages end
in one cluster. What is found by variant shows where cleaning first helps, and where it costs: a
page without its frame is short, so that an edit of its text weighs more.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from cleaner.config.load import parse
from cleaner.engine.driver import run

CLEAN = ["unicode", "repeats", "noise", "repeated_passages", "tidy"]
SIDES = ("a", "b")


def pairs_of(path: Path) -> list[dict[str, Any]]:
    """The pairs of a file."""
    with pa.input_stream(str(path), compression="detect") as stream:
        return [json.loads(line) for line in stream.read().decode().splitlines()]


def clusters(
    pairs: Sequence[dict[str, Any]], threshold: float, *, clean: bool, folder: Path
) -> list[str]:
    """For each page (a and b of the first pair, and so on) the document that stays for it."""
    with (folder / "pages.jsonl").open("w", encoding="utf-8") as file:
        for pair in pairs:
            for side in SIDES:
                url = f"https://{pair['domain']}.example/{pair['id']}/{side}"
                file.write(json.dumps({"text": pair[f"noisy_{side}"], "url": url}) + "\n")
    stages: list[dict[str, Any]] = [{"use": name} for name in (CLEAN if clean else [])]
    stages += [{"use": "exact_duplicates"}, {"use": "near_duplicates", "threshold": threshold}]
    output = folder / f"run-{clean}-{threshold}"
    config = {
        "name": "webpairs",
        "input": [str(folder / "pages.jsonl")],
        "output": str(output),
        "engine": "inline",
        "stages": stages,
    }
    run(parse(json.dumps(config), "webpairs"))  # JSON is YAML
    kept: dict[str, str] = {}
    names: dict[int, str] = {}
    ledger = ds.dataset(output / "ledger").to_table(filter=ds.field("action") == "drop")
    for row in ledger.select(["record", "doc_id", "kept_doc_id"]).to_pylist():
        names[row["record"]] = row["doc_id"]
        kept[row["doc_id"]] = row["kept_doc_id"]
    for row in ds.dataset(output / "corpus").to_table(columns=["record", "doc_id"]).to_pylist():
        names[row["record"]] = row["doc_id"]
    return [_stays(names[number], kept) for number in range(len(SIDES) * len(pairs))]


def _stays(name: str, kept: dict[str, str]) -> str:
    """Who stays for a document: the keeper of its keeper, and so on."""
    while kept.get(name):
        name = kept[name]
    return name


def score(pairs: Sequence[dict[str, Any]], stays: Sequence[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 of the pairs that are found."""
    found = [stays[2 * i] == stays[2 * i + 1] for i in range(len(pairs))]
    right = sum(f and p["label"] == 1 for f, p in zip(found, pairs, strict=True))
    true = sum(p["label"] == 1 for p in pairs)
    precision, recall = right / max(1, sum(found)), right / max(1, true)
    return precision, recall, 2 * right / max(1, sum(found) + true)


def main() -> None:
    """The command of the module's docstring."""
    parser = argparse.ArgumentParser(description="Copies among web pages, with and without noise.")
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.8, 0.7])
    options = parser.parse_args()
    pairs = pairs_of(options.pairs)
    variants = sorted({p["variant"] for p in pairs})
    print(f"| noise stage | threshold | precision | recall | F1 | {' | '.join(variants)} |")
    print(f"|---|--:|--:|--:|--:|{'--:|' * len(variants)}")
    with tempfile.TemporaryDirectory() as folder:
        for threshold in options.thresholds:
            for clean in (False, True):
                stays = clusters(pairs, threshold, clean=clean, folder=Path(folder))
                precision, recall, f1 = score(pairs, stays)
                together: Counter[str] = Counter()
                for i, pair in enumerate(pairs):
                    together[pair["variant"]] += stays[2 * i] == stays[2 * i + 1]
                cells = " | ".join(str(together[v]) for v in variants)
                start = f"| {'with' if clean else 'without'} | {threshold:g} "
                print(f"{start}| {precision:.3f} | {recall:.3f} | {f1:.3f} | {cells} |")


if __name__ == "__main__":
    main()
