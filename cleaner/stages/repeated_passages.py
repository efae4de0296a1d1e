"""Passages that a document has twice: a caption under its picture and again, a title repeated."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
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
        description="Or: so much of its 2-grams lie in a longer passage (at most 2.5 times as long)"
        " just before it.",
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
            "repeated_passages.near": "repeats an earlier passage of the document (Jaccard of "
            f"{self.ngram}-word shingles, at least {self.threshold:g})",
            "repeated_passages.contained": "a shorter version of a passage just before it (at "
            f"least {self.containment:g} of its 2-grams)",
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
        sets, pairs = shingle_sets(shingles(mine, self.ngram)), shingle_sets(shingles(mine, 2))
        found = self._echoes(sets, pairs, docs, Ragged.of([[]] * len(long)))
        if self.same_numbers:  # numbers can only forbid: they matter where something was found
            hit = np.zeros(batch.num_docs, bool)
            hit[docs[found[0] >= 0]] = True
            rows = np.flatnonzero(hit[docs])
            long, docs, sets, pairs = long[rows], docs[rows], sets.take(rows), pairs.take(rows)
            numbers = number_sets(batch.passage_text.take(pa.array(long)))
            found = self._echoes(sets, pairs, docs, numbers)
        return batch.cut(self._edits(batch, long, docs, *found))

    def _echoes(
        self, sets: Ragged, pairs: Ragged, docs: NDArray[np.int64], numbers: Ragged
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        limits = self.threshold, self.containment, self.window, self.reach
        return echoes(sets, pairs, docs, numbers, *limits)

    def _edits(
        self,
        batch: Batch,
        long: NDArray[np.int64],
        docs: NDArray[np.int64],
        found: NDArray[np.int64],
        similarity: NDArray[np.float64],
        contained: NDArray[np.bool_],
    ) -> list[Edit]:
        """A cut for each passage that repeats another; `long` and `docs` say where a row is."""
        edits = []
        for row in np.flatnonzero(found >= 0).tolist():
            passage, kept = int(long[row]), int(long[found[row]])
            value = float(similarity[row])
            measure = "2-gram containment" if contained[row] else "Jaccard"
            rule = "repeated_passages.contained" if contained[row] else "repeated_passages.near"
            partner = Kept(
                int(batch.ordinals[docs[row]]), int(batch.start[kept]), int(batch.end[kept]), value
            )
            length = len(batch.passage_text[passage].as_py())
            seen = f"{measure} {value:.4f}"
            edits.append(Edit(passage, 0, length, rule, "", round(value, 4), seen, partner))
        return edits
