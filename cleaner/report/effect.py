"""What cleaning did for the search for copies: how alike were they in the texts as they were read?

Of each stage that drops copies of documents a sample is taken (those whose id, a hash, is lowest).
The originals of a copy and of the one that stays are compared by the stage's own measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.report.audit_score import wilson
from cleaner.report.copies import pairs_of
from cleaner.report.texts import Texts
from cleaner.text.key import words

if TYPE_CHECKING:
    from cleaner.stages.base import Stage

SAMPLE = 12
"""Copies of a stage that are looked at; those of more than …"""
LONGEST = 20_000
"""… characters are not."""
_WORDS = 5
"""Words of a shingle for a stage that has none of its own."""
_NAMES = ["stage", "doc_id", "kept_doc_id", "similarity"]


@dataclass(frozen=True, slots=True)
class Effect:
    """A stage's copies, as read and as they were compared.

    Attributes:
        copies: all that it dropped for a document that stays.
        looked_at: of them, those whose originals were compared.
        threshold: similarity from which two are copies.
        hidden: of those, whose originals are less alike than that: copies only because of cleaning.
        low, high: the interval of 95 % of their share.
        before, after: median similarity of the originals, and of what was compared.
    """

    stage: str
    copies: int
    looked_at: int
    threshold: float
    hidden: int
    low: float
    high: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class _Pair:
    """A copy, the file it is in, and the one that stays."""

    doc_id: str
    part: str
    kept: str
    similarity: float


def collect_effect(run: Path, stages: Sequence[Stage | None], texts: Texts) -> list[Effect]:
    """The effect on each stage that dropped copies; `stages` as in `Findings`."""
    known = {stage.name: stage for stage in stages if stage is not None}
    counts, drawn = _drawn(run / "duplicates", set(known))
    where = _parts(run / "corpus", {pair.kept for pairs in drawn.values() for pair in pairs})
    found = []
    for name, stage in known.items():
        pairs = [pair for pair in drawn.get(name, []) if pair.kept in where]
        if pairs:
            found.append(_effect(stage, counts[name], pairs, where, texts))
    return found


def _drawn(folder: Path, names: set[str]) -> tuple[dict[str, int], dict[str, list[_Pair]]]:
    """By stage: copies of documents, and the lowest ids of them."""
    counts: dict[str, int] = {}
    lowest: dict[str, list[_Pair]] = {}
    for part, table in pairs_of(folder):
        rows = table.filter(pc.equal(table.column("action").cast(pa.string()), "drop"))
        rows = rows.select(_NAMES).set_column(0, "stage", rows.column("stage").cast(pa.string()))
        for name in sorted(names.intersection(pc.unique(rows.column("stage")).to_pylist())):
            mine = rows.filter(pc.equal(rows.column("stage"), name))
            counts[name] = counts.get(name, 0) + mine.num_rows
            first = pc.select_k_unstable(mine, SAMPLE, sort_keys=[("doc_id", "ascending")])
            pairs = [
                _Pair(row["doc_id"], part, row["kept_doc_id"], row["similarity"])
                for row in mine.take(first).to_pylist()
            ]
            lowest[name] = sorted([*lowest.get(name, []), *pairs], key=lambda p: p.doc_id)[:SAMPLE]
    return counts, lowest


def _parts(corpus: Path, doc_ids: set[str]) -> dict[str, str]:
    """The files that documents of the corpus are in."""
    wanted = pa.array(sorted(doc_ids), pa.string())
    found: dict[str, str] = {}
    for path in sorted(corpus.glob("part-*.parquet")) if doc_ids else []:
        ids = pq.read_table(path, columns=["doc_id"]).column("doc_id")
        for doc_id in ids.filter(pc.is_in(ids, value_set=wanted)).to_pylist():
            found[doc_id] = path.name
    return found


def _effect(
    stage: Stage, copies: int, pairs: Sequence[_Pair], where: Mapping[str, str], texts: Texts
) -> Effect:
    wanted = sorted({(p.part, p.doc_id) for p in pairs} | {(where[p.kept], p.kept) for p in pairs})
    originals: dict[str, str] = {}
    for part, doc_id in wanted:  # in order of the parts
        document = texts.find(part, doc_id)
        original = None if document is None else document.original
        if original is not None and len(original) <= LONGEST:
            originals[doc_id] = original
    there = [p for p in pairs if p.doc_id in originals and p.kept in originals]
    facts: Any = stage
    is_near = hasattr(stage, "words")
    threshold = float(facts.threshold) if is_near else 1.0
    raw = [
        _similarity(
            originals[p.doc_id],
            originals[p.kept],
            facts.words if is_near else _WORDS,
            fold_digits=is_near and facts.fold_digits,
        )
        for p in there
    ]
    hidden = sum(value < threshold for value in raw)
    low, high = wilson(hidden / len(there), len(there)) if there else (0.0, 1.0)
    return Effect(
        stage=stage.name,
        copies=copies,
        looked_at=len(there),
        threshold=threshold,
        hidden=hidden,
        low=low,
        high=high,
        before=median(raw) if raw else 0.0,
        after=median(p.similarity for p in there) if there else 0.0,
    )


def _similarity(left: str, right: str, n: int, *, fold_digits: bool) -> float:
    """Exact Jaccard of the sets of shingles; of a shorter text the whole is its only one.

    In Python, by the definition: kernels would take longer to load than so few texts to compare.
    """
    one, other = (words(text, fold_digits=fold_digits) for text in (left, right))
    if one == other:
        return 1.0
    sets = [{tuple(w[i : i + n]) for i in range(max(len(w) - n, 0) + 1)} for w in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])
