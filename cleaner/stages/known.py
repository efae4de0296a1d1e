"""`against:` of near_duplicates: documents that indexes of earlier runs hold are known, not new.

They are looked up where the band keys are made, before the search among the run's own documents;
sets are made for those alone that share a band with a document of an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.batch import Batch, Drop, Kept
from cleaner.errors import CleanerError, ConfigError, Fault
from cleaner.index.description import Parameters
from cleaner.index.lookup import Index, KnownDocument, Matches
from cleaner.index.segment import Sketched
from cleaner.stages.near_documents import bucket_rows, sketch
from cleaner.stages.near_duplicates import NearDuplicates
from cleaner.stages.numbers import number_hash
from cleaner.stages.steps import Sketch, Step
from cleaner.text.ragged import Ragged

RULE = "near_duplicates.known"
KNOWN = pa.struct(
    [
        ("index", pa.string()),
        ("doc_id", pa.string()),
        ("source", pa.string()),
        ("similarity", pa.float64()),
    ]
)
"""The column `known` of `against_action: mark`."""


def parameters_of(stage: NearDuplicates) -> Parameters:
    """How a stage sketches documents."""
    bands, rows = stage.shape
    return Parameters(
        threshold=stage.threshold,
        ngram=stage.words,
        num_perm=stage.permutations,
        bands=bands,
        rows=rows,
        seed=stage.seed,
        fold_digits=stage.fold_digits,
        same_numbers=stage.guards_numbers,
    )


def stage_of(parameters: Parameters) -> NearDuplicates:
    """A stage that sketches documents so."""
    return NearDuplicates(**parameters.model_dump())


def sketch_texts(stage: NearDuplicates, text: pa.Array) -> Sketched:
    """What an index keeps of texts."""
    sets, keys = sketch(stage, text)
    if stage.guards_numbers:
        return Sketched(sets, keys, number_hash(text))
    return Sketched(sets, keys, np.zeros(len(text), np.uint64))


def open_indexes(stage: NearDuplicates) -> tuple[Index, ...]:
    """The indexes that a stage names.

    Raises:
        ConfigError: one is missing or damaged, or its texts were sketched in another way.
    """
    faults, found = [], []
    wanted = parameters_of(stage)
    for path in stage.against:
        try:
            index = Index(Path(path))
        except CleanerError as error:
            faults.append(Fault(f"{stage.name}.against", "", str(error)))
            continue
        unlike = wanted.unlike(index.parameters)
        if unlike:
            faults.append(
                Fault(
                    f"{stage.name}.against",
                    "",
                    f"{path} was made with other settings: {'; '.join(unlike)}",
                    f"set the same here, or make it anew with `cleaner index build --replace {path}"
                    " RUN… --config` and this config",
                )
            )
        found.append(index)
    if faults:
        raise ConfigError(faults)
    return tuple(found)


def looked_up(stage: NearDuplicates, steps: Sequence[Step]) -> Sequence[Step]:
    """The steps for documents; the first look leaves out, or marks, what the indexes hold."""
    first, *rest = steps
    assert isinstance(first, Sketch)
    return (replace(first, rows=partial(_look, stage), edits=True), *rest)


def find(stage: NearDuplicates, index: Index, text: pa.Array, keys: NDArray[np.uint64]) -> Matches:
    """For each text the most similar document of an index, at or above the stage's threshold.

    `keys` are the texts' band keys, uint64[n, bands].
    """

    def sets(rows: NDArray[np.int64]) -> Ragged:
        return sketch(stage, text.take(pa.array(rows)))[0]

    def numbers(rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        return number_hash(text.take(pa.array(rows)))

    return index.most_similar(
        keys, sets, stage.threshold, stage.max_leaders, numbers if stage.guards_numbers else None
    )


def _look(stage: NearDuplicates, batch: Batch, _: pa.Table | None) -> tuple[Batch, pa.Table]:
    """Band keys of the documents that are left, and those documents."""
    text = batch.text
    keys = stage.sketcher.keys(text)
    found = _most_similar(stage, text, keys)
    if stage.against_action == "mark":
        values: list[dict[str, Any] | None] = [None] * batch.num_docs
        for row, (index, document, similarity) in found.items():
            values[row] = {
                "index": index,
                "doc_id": document.doc_id,
                "source": document.source,
                "similarity": similarity,
            }
        return batch.annotate("known", pa.array(values, KNOWN)), bucket_rows(keys, batch.ordinals)
    new = np.ones(batch.num_docs, bool)
    new[list(found)] = False
    rows = bucket_rows(keys[new], batch.ordinals[new])
    return batch.drop([_drop(row, *known) for row, known in found.items()]), rows


def _most_similar(
    stage: NearDuplicates, text: pa.Array, keys: NDArray[np.uint64]
) -> dict[int, tuple[str, KnownDocument, float]]:
    """Row → the index, the document in it, and their similarity; of equal ones the first index."""
    found: dict[int, tuple[str, KnownDocument, float]] = {}
    for index in stage.indexes:
        matches = find(stage, index, text, keys)
        similarity = matches.similarity.tolist()
        documents = index.documents(matches.number)
        for row, document, j in zip(matches.row.tolist(), documents, similarity, strict=True):
            if row not in found or j > found[row][2]:
                found[row] = index.name, document, j
    return dict(sorted(found.items()))


def _drop(row: int, index: str, document: KnownDocument, similarity: float) -> Drop:
    evidence = (
        f"duplicate of {document.doc_id} ({document.source}) in index {index}, "
        f"similarity {similarity:.2f}"
    )
    kept = Kept(None, None, None, similarity)
    return Drop(row, RULE, round(similarity, 4), evidence, kept)
