"""Standing phrases against leaks: what `decontaminate` finds with which of its keys.

    python -m benchmarks.decontaminate DOCS.jsonl.zst [--ngram 13] [--most 20000] [--records 240]

DOCS is JSON lines with `text`: articles of one kind, which have phrases in common. A few of them
are taken out; a paragraph of each is a record of the benchmark. A third of the records leaks: the
paragraph is put into 1, 5, 20 or 100 other documents, into every second one with another word in
one place. Printed are the share of the leaked copies that is dropped, and the documents
without any leak that are dropped too, of which those are told apart that hold half of a record's
n-grams or more: these have the text by themselves.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.config.load import parse
from cleaner.engine.driver import run

COPIES = (1, 5, 20, 100)
WAYS: tuple[dict[str, Any], ...] = (
    {},
    *({"min_count": count} for count in (3, 5, 10)),
    *({"max_corpus_count": limit} for limit in (3, 10, 30, 100)),
)
LEAST_WORDS = 40


def texts_of(path: Path, most: int) -> list[str]:
    """The first texts of JSON lines, plain or compressed."""
    if path.suffix == ".zst":
        raw = bytes(pa.input_stream(str(path), compression="zstd").read())
    else:
        raw = path.read_bytes()
    return [json.loads(line)["text"] for line in raw.splitlines()[:most]]


def paragraph(text: str) -> str | None:
    """Words in a row from the middle of a text; None if it is short."""
    words = text.split()
    if len(words) < 2 * LEAST_WORDS:
        return None
    start = len(words) // 2 - LEAST_WORDS // 2
    return " ".join(words[start : start + LEAST_WORDS])


def changed(record: str, draw: random.Random) -> str:
    """The record with another word in one place of its second half."""
    words = record.split()
    words[draw.randrange(len(words) // 2, len(words))] = f"changed{draw.randrange(10**6)}"
    return " ".join(words)


def make(texts: list[str], folder: Path, seed: int, records_wanted: int) -> dict[int, int]:
    """Write benchmark and corpus; document → in how many the record that leaked into it is.

    Raises:
        SystemExit: there are too few texts for so many records.
    """
    draw = random.Random(seed)
    order = draw.sample(range(len(texts)), len(texts))
    held = [n for n in order if paragraph(texts[n])][:records_wanted]
    records = [str(paragraph(texts[n])) for n in held]
    corpus = [text for n, text in enumerate(texts) if n not in set(held)]
    leaks: dict[int, int] = {}
    free = draw.sample(range(len(corpus)), len(corpus))
    leaking = [COPIES[number % len(COPIES)] for number in range(len(records) // 3)]
    if len(records) < records_wanted or sum(leaking) > len(free):
        raise SystemExit(
            f"{len(texts):,} texts are too few for {records_wanted:,} records that leak into "
            f"{sum(leaking):,} others: give more texts, or fewer --records"
        )
    for record, copies in zip(records, leaking, strict=False):
        for copy in range(copies):
            document = free.pop()
            said = changed(record, draw) if copy % 2 else record
            corpus[document] = f"{corpus[document].rstrip()}\n{said}\n"
            leaks[document] = copies
    for name, rows in (("bench", records), ("corpus", corpus)):
        lines = "".join(json.dumps({"text": text}) + "\n" for text in rows)
        (folder / f"{name}.jsonl").write_text(lines, "utf-8")
    return leaks


def dropped(folder: Path, way: dict[str, Any], ngram: int) -> dict[int, float]:
    """Document → matching n-grams, of those that are dropped."""
    output = Path(tempfile.mkdtemp(dir=folder)) / "run"
    stage: dict[str, Any] = {"use": "decontaminate", "against": [str(folder / "bench.jsonl")]}
    config = {
        "name": "decontaminate",
        "input": [str(folder / "corpus.jsonl")],
        "output": str(output),
        "stages": [{**stage, "ngram": ngram, "shortest": min(8, ngram), **way}],
        "engine": "inline",
    }
    run(parse(json.dumps(config), "decontaminate"))
    rows = pq.read_table(output / "ledger", columns=["record", "score"]).to_pylist()
    return {row["record"]: row["score"] for row in rows}


def main() -> None:
    """A row for each way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("documents", type=Path)
    parser.add_argument("--most", type=int, default=20_000)
    parser.add_argument("--ngram", type=int, default=13)
    parser.add_argument("--records", type=int, default=240, help="of the benchmark")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    texts = texts_of(args.documents, args.most)
    half = (LEAST_WORDS - args.ngram + 1) / 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        leaks = make(texts, folder, args.seed, args.records)
        total = Counter(leaks.values())
        documents = len(texts) - args.records
        print(f"{documents:,} documents, {args.records} records, n-grams of {args.ngram}\n")
        heads = " | ".join(f"found of {n}" for n in COPIES)
        print(f"| keys | {heads} | dropped without a leak | half a record or more |")
        print("|" + "---|" * (len(COPIES) + 3))
        for way in WAYS:
            gone = dropped(folder, way, args.ngram)
            found = Counter(copies for document, copies in leaks.items() if document in gone)
            others = [score for document, score in gone.items() if document not in leaks]
            cells = [f"{found[n] / total[n]:.2f}" if total[n] else "" for n in COPIES]
            large = sum(score >= half for score in others)
            keys = ", ".join(f"{key}: {value}" for key, value in way.items()) or "(as they are)"
            print(f"| {keys} | {' | '.join(cells)} | {len(others)} | {large} |", flush=True)


if __name__ == "__main__":
    main()
