"""Passages that a document has twice: a caption under its picture and again, a title above and below."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from cleaner.batch import Batch, Edit, Kept
from cleaner.dedup.echo import echoes
from cleaner.dedup.shingle import shingle_sets, shingles
from cleaner.stages.base import Apply, MapStage
from cleaner.stages.numbers import number_sets
from cleaner.text.ragged import Ragged
from cleaner.text.words import word_hashes


class RepeatedPassages(MapStage):
    """Cuts a passage that nearly repeats an earlier one of the same document."""

    version: ClassVar[int] = 1
    summary: ClassVar[str] = "cuts what a document says twice"

    use: Literal["repeated_passages"] = "repeated_passages"
    threshold: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Jaccard similarity of shingles from which it is a repeat.",
    )
    containment: float = Field(
        default=0.9,
        gt=0,
        le=1,
        description="Or: so much of its 2-grams lie in a longer passage (at most 2.5 times as long) just before it.",
    )
    window: int = Field(
        default=4,
        ge=0,
        description="How many passages back containment looks; blank ones do not count.",
    )
    reach: int = Field(default=256, ge=1, description="How many passages back Jaccard looks.")
    ngram: int = Field(default=3, ge=1, le=32, description="Words in a shingle.")
    min_words: int = Field(
        default=8,
        ge=3,
        description="Shorter passages may be repeated: refrains, answers, cells of a table.",
    )
    same_numbers: bool = Field(
        default=True, description="Passages whose numbers differ are no repeats."
    )

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        return {
            "repeated_passages.near": f"repeats an earlier passage of the document (Jaccard of {self.ngram}-word shingles, "
            f"at least {self.threshold:g})",
            "repeated_passages.contained": f"a shorter version of a passage just before it (at least {self.containment:g} "
            "of its 2-grams)",
        }

    def open(self) -> Apply:
        """See `MapStage.open`."""
        return self._run

    def _run(self, batch: Batch) -> Batch:
        words = word_hashes(batch.passage_text)
        long = np.flatnonzero(words.counts >= self.min_words)
        docs = batch.doc_of[long]
        several = np.bincount(docs, minlength=batch.num_docs) > 1
        long, docs = long[several[docs]], docs[several[docs]]
        if not len(long):
            return batch
        mine = words.take(long)
        text = batch.passage_text.take(pa.array(long))
        numbers = number_sets(text) if self.same_numbers else Ragged.of([[]] * len(long))
        sets, pairs = shingle_sets(shingles(mine, self.ngram)), shingle_sets(shingles(mine, 2))
        found, similarity, contained = echoes(
            sets, pairs, docs, numbers, self.threshold, self.containment, self.window, self.reach
        )
        edits = []
        for row in np.flatnonzero(found >= 0).tolist():
            passage, kept = int(long[row]), int(long[found[row]])
            value = float(similarity[row])
            measure = "2-gram containment" if contained[row] else "Jaccard"
            rule = "repeated_passages.contained" if contained[row] else "repeated_passages.near"
            partner = Kept(
                int(batch.ordinals[docs[row]]), int(batch.start[kept]), int(batch.end[kept]), value
            )
            length = len(text[row].as_py())
            edits.append(
                Edit(
                    passage, 0, length, rule, "", round(value, 4), f"{measure} {value:.4f}", partner
                )
            )
        return batch.cut(edits)
