r"""A corpus with planted near-duplicates, and the whole truth about it.

    python -m benchmarks.dedup.corpus --out DIR [--documents 50000] [--short] [--texts FILE …]

Of the texts, the user's or generated, one of each pair that is naturally alike (Jaccard of 5-grams
at least 0.15) is left out. Then clusters are planted: copies with known edits, and exact copies.
The gold lists **all** pairs of at least 0.5, by two measures; nothing else in the corpus is alike.

Files: `corpus.parquet` and `corpus.jsonl` (`id`, `text`; row k has the id `d%07d`), `gold.parquet`
(`left`, `right`: rows; `jaccard`: of `\w+`, lower-cased; `jaccard_own`: of cleaner's words),
`planted.parquet` (`row`, `cluster`, `kind`, `rate`), `facts.json`. The same arguments give the same
bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.dedup.texts import generated, read_texts, recombined
from benchmarks.dedup.truth import RegexSets, all_pairs, jaccard, joined, own_sets
from cleaner.text.ragged import Ragged

NATURAL = 0.15
"""From this similarity on, one of two texts is left out before anything is planted."""
GOLD = 0.5
"""Pairs of at least this similarity are listed."""
LEAST_SHINGLES = 25
RATES = (0.01, 0.02, 0.03, 0.05, 0.10, 0.20, 0.40)
"""Shares of words that an edited copy loses or changes."""
NEAR, EXACT = 0.20, 0.04
"""Shares of the documents that stand in clusters of edited and of exact copies."""
SPARE = 1.15
"""So many times more texts are looked at than are needed, for some are left out."""

_WORD = re.compile(r"\s*\S+")


@dataclass(frozen=True, slots=True)
class Planted:
    """A document: which text it is, its cluster (-1: none), its kind, the share that was edited.

    `kind`: single, original, exact (a copy), words (edited one by one), spans (edited in a row).
    """

    text: int
    cluster: int
    kind: str
    rate: float


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents in their order, `texts` beside them, and all pairs that are alike.

    `gold`: int64 `left` < `right`, float64 `jaccard` and `jaccard_own`, sorted.
    """

    documents: list[Planted]
    texts: list[str]
    gold: pa.Table
    natural_pairs: int


def build(texts: Sequence[str], documents: int, *, short: bool = False, seed: int = 1) -> Corpus:
    """Make a corpus of so many documents from these texts, or, without any, from generated ones.

    Raises:
        ValueError: too few texts are left that are not alike.
    """
    clusters = list(_clusters(documents, seed))
    wanted = documents - sum(size - 1 for _, size in clusters)
    regex = RegexSets()
    base, sets, natural = _distinct(_candidates(texts, wanted, short, seed), wanted, regex)
    planted, copies = _plant(base, clusters, seed)
    Random(f"order:{seed}").shuffle(planted)
    rows = np.array([document.text for document in planted], np.int64)
    pool = base + copies
    plain = joined([sets, regex.of(copies)]).take(rows)
    own = own_sets(pool).take(rows)
    return Corpus(planted, [pool[row] for row in rows], gold_pairs(plain, own), natural)


def gold_pairs(plain: Ragged, own: Ragged) -> pa.Table:
    """All pairs that are alike by one of two measures, with both."""
    size = np.int64(len(plain))
    packed = []
    for sets in (plain, own):
        left, right, _ = all_pairs(sets, GOLD)
        packed.append(left * size + right)
    pairs = np.unique(np.concatenate(packed))
    left, right = pairs // size, pairs % size
    columns = [left, right, jaccard(plain, left, right), jaccard(own, left, right)]
    return pa.table(columns, names=["left", "right", "jaccard", "jaccard_own"])


def write(corpus: Corpus, folder: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write the files of the module's docstring; returns what `facts.json` holds."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = [f"d{row:07d}" for row in range(len(corpus.texts))]
    table = pa.table({"id": pa.array(ids), "text": pa.array(corpus.texts, pa.string())})
    pq.write_table(table, folder / "corpus.parquet", compression="zstd", row_group_size=10_000)
    with (folder / "corpus.jsonl").open("w", encoding="utf-8", newline="\n") as lines:
        for name, text in zip(ids, corpus.texts, strict=True):
            lines.write(json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n")
    pq.write_table(corpus.gold, folder / "gold.parquet", compression="zstd")
    pq.write_table(_planted_table(corpus.documents), folder / "planted.parquet", compression="zstd")
    facts = {
        **arguments,
        "natural_pairs_left_out": corpus.natural_pairs,
        "bytes": int(sum(len(text.encode()) for text in corpus.texts)),
        "kinds": _kinds(corpus.documents),
        "pairs": {name: _counts(corpus.gold, name) for name in ("jaccard", "jaccard_own")},
        "sha256": hashlib.sha256((folder / "corpus.jsonl").read_bytes()).hexdigest(),
    }
    (folder / "facts.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def edited(text: str, rate: float, *, spans: bool, words: Sequence[str], random: Random) -> str:
    """A copy of which about a share `rate` of the words is deleted or exchanged.

    With `spans` in rows of 8 to 40 words, else word by word: a tenth of the words one by one puts
    Jaccard of 5-grams to about 0.4, in rows to about 0.8.
    """
    parts = _WORD.findall(text)
    hit = _span_hits(len(parts), rate, random) if spans else _word_hits(len(parts), rate, random)
    out = []
    for part, change in zip(parts, hit, strict=True):
        if change is None:
            out.append(part)
        elif change:
            blank = part[: len(part) - len(part.lstrip())]
            out.append(blank + words[int(random.random() * len(words))])
    return "".join(out).strip()


def _word_hits(count: int, rate: float, random: Random) -> list[bool | None]:
    """For each word None (stays), True (exchanged) or False (deleted)."""
    return [random.random() < 0.5 if random.random() < rate else None for _ in range(count)]


def _span_hits(count: int, rate: float, random: Random) -> list[bool | None]:
    """As `_word_hits`, in rows that are deleted or exchanged as a whole."""
    hit: list[bool | None] = [None] * count
    left = max(1, round(rate * count))
    while left > 0:
        size = min(left, 8 + int(random.random() * 33))
        start = int(random.random() * max(1, count - size + 1))
        end = min(count, start + size)
        hit[start:end] = [random.random() < 0.5] * (end - start)
        left -= size
    return hit


def _clusters(documents: int, seed: int) -> Iterator[tuple[str, int]]:
    """Kind and size of each cluster: 2 to 10 edited, or 2 to 4 exact copies with their original."""
    random = Random(f"clusters:{seed}")
    for kind, share, most in (("near", NEAR, 10), ("exact", EXACT, 4)):
        left = int(share * documents)
        while left > 1:
            size = min(2 + int(random.random() * (most - 1)), left)
            yield kind, size
            left -= size


def _candidates(texts: Sequence[str], wanted: int, short: bool, seed: int) -> list[str]:
    """Texts to choose from, some more than are wanted."""
    count = int(wanted * SPARE) + 20
    if not texts:
        return list(generated(count, short, seed))
    if short:
        return list(recombined(texts, count, short, seed))
    order = list(range(len(texts)))
    Random(f"texts:{seed}").shuffle(order)
    long = (texts[k] for k in order if len(texts[k].split()) >= 2 * LEAST_SHINGLES)
    own = list(islice(long, count))
    return own + list(recombined(texts, count - len(own), short, seed))


def _distinct(texts: Sequence[str], wanted: int, regex: RegexSets) -> tuple[list[str], Ragged, int]:
    """The first so many texts that are not alike, their sets, and how many pairs were alike."""
    sets = regex.of(texts)
    _, right, _ = all_pairs(sets, NATURAL)
    good = sets.counts >= LEAST_SHINGLES
    good[right] = False
    rows: NDArray[np.int64] = np.flatnonzero(good)[:wanted]
    if len(rows) < wanted:
        raise ValueError(
            f"{wanted} texts are needed, but only {len(rows)} of {len(texts)} are long enough and "
            "not alike; name more --texts or fewer --documents"
        )
    return [texts[row] for row in rows], sets.take(rows), len(right)


def _plant(
    base: Sequence[str], clusters: Sequence[tuple[str, int]], seed: int
) -> tuple[list[Planted], list[str]]:
    """All documents, clusters first, and the texts of the edited copies; these follow the base."""
    words = [word for text in base[:4000] for word in text.split()]
    planted: list[Planted] = []
    copies: list[str] = []
    for number, (kind, size) in enumerate(clusters):
        planted.append(Planted(number, number, "original", 0.0))
        if kind == "exact":
            planted += [Planted(number, number, "exact", 0.0)] * (size - 1)
            continue
        for copy in range(1, size):
            random = Random(f"copy:{seed}:{number}:{copy}")
            rate = RATES[int(random.random() * len(RATES))]
            spans = random.random() < 0.5
            text = edited(base[number], rate, spans=spans, words=words, random=random)
            row = len(base) + len(copies)
            copies.append(text)
            planted.append(Planted(row, number, "spans" if spans else "words", rate))
    planted += [Planted(row, -1, "single", 0.0) for row in range(len(clusters), len(base))]
    return planted, copies


def _planted_table(documents: Sequence[Planted]) -> pa.Table:
    columns = {
        "row": pa.array(range(len(documents)), pa.int64()),
        "cluster": pa.array([d.cluster for d in documents], pa.int64()),
        "kind": pa.array([d.kind for d in documents], pa.string()),
        "rate": pa.array([d.rate for d in documents], pa.float64()),
    }
    return pa.table(columns)


def _kinds(documents: Sequence[Planted]) -> dict[str, int]:
    kinds = [document.kind for document in documents]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def _counts(gold: pa.Table, measure: str) -> dict[str, int]:
    """How many pairs have at least each similarity."""
    similarity = gold.column(measure).to_numpy()
    return {f"{least:.1f}": int((similarity >= least).sum()) for least in (0.5, 0.6, 0.7, 0.8, 0.9)}


def main() -> None:
    """The command of the module's docstring."""
    parser = argparse.ArgumentParser(
        description="Make a corpus with planted near-duplicates and their exact gold."
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--documents", type=int, default=50_000, help="default: 50000")
    parser.add_argument("--short", action="store_true", help="posts of about 110 words")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument(
        "--texts", type=Path, nargs="*", default=[], metavar="FILE", help="JSONL with `text`"
    )
    options = parser.parse_args()
    arguments = {
        "documents": options.documents,
        "short": options.short,
        "seed": options.seed,
        "texts": [path.name for path in options.texts],
    }
    try:
        texts = read_texts(options.texts)
        corpus = build(texts, options.documents, short=options.short, seed=options.seed)
    except (OSError, ValueError) as error:
        raise SystemExit(f"Error: {error}") from error
    print(json.dumps(write(corpus, options.out, arguments), indent=1))


if __name__ == "__main__":
    main()
