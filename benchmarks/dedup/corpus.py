"""A corpus with planted near-duplicates, and the whole truth about it.

    python -m benchmarks.dedup.corpus --out DIR [--documents 50000] [--short] [--texts FILE …]

Of the texts, the user's or generated, one of each pair that is naturally alike (Jaccard of 5-grams
at least 0.15) is left out. Then clusters are planted: copies with known edits, and exact copies.
The gold lists **all** pairs of at least 0.5, by two measures; nothing else in the corpus is alike.

Files: `corpus.parquet` and `corpus.jsonl` (`id`, `text`; row k has the id `d%07d`), `gold.parquet`
(`left`, `right`: rows; `jaccard`: of `\\w+`, lower-cased; `jaccard_own`: of cleaner's words),
`planted.parquet` (`row`, `cluster`, `kind`, `rate`), `facts.json`. The same arguments, the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.dedup.texts import generated, read_texts, recombined
from benchmarks.dedup.truth import RegexSets, all_pairs, jaccard, joined, own_sets
from cleaner.text.ragged import Ragged

NATURAL = 0.15
"""From this similarity on, one of two texts is left out before anything is planted."""
GOLD = 0.5
LEAST_SHINGLES = 25
RATES = (0.01, 0.02, 0.03, 0.05, 0.10, 0.20, 0.40)
"""Shares of words that an edited copy loses or changes."""
NEAR, EXACT = 0.20, 0.04
"""Shares of documents that stand in clusters of edited and of exact copies."""
SPARE = 1.12
"""So many times more texts are looked at than are needed, for some are left out."""

_WORD = re.compile(r"\s*\S+")
GOLD_SCHEMA = pa.schema(
    [("left", pa.int64()), ("right", pa.int64())]
    + [("jaccard", pa.float64()), ("jaccard_own", pa.float64())]
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A document of the corpus: its text, the cluster (-1: none), what it is, the share edited."""

    text: str
    cluster: int
    kind: str
    rate: float


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents in their order, and the pairs of `GOLD_SCHEMA`."""

    documents: list[Planted]
    gold: pa.Table
    natural_pairs: int


def build(texts: Sequence[str], documents: int, *, short: bool = False, seed: int = 1) -> Corpus:
    """Make a corpus of so many documents from these texts, or from generated ones if there are none.

    Raises:
        ValueError: too few texts are left that are not alike.
    """
    originals = documents - sum(_copies(documents, seed))
    base, sets, natural = _distinct(_candidates(texts, originals, short, seed), originals)
    regex, plain = sets
    planted, origins = _plant(base, documents, seed)
    order = sorted(range(documents), key=Random(f"order:{seed}").random.__call__ and _keys(documents, seed).__getitem__)
    return _with_gold([planted[k] for k in order], [origins[k] for k in order], regex, plain, natural)
