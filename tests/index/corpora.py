"""Finished runs as an index sees them, made without running; and plain answers to compare with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.identity import doc_id
from cleaner.index import store
from cleaner.index.corpus import Corpus, open_corpus
from cleaner.index.lookup import Index
from cleaner.io.schema import SCHEMA_VERSION
from cleaner.stages.known import find, parameters_of, sketch_texts
from cleaner.stages.near_duplicates import NearDuplicates


def write_run(
    folder: Path, texts: Sequence[str], groups: int = 3, stages: Sequence[Any] = ()
) -> Corpus:
    """The folder of a run whose corpus holds these texts, so many to a row group."""
    source = f"{folder.name}/a.jsonl"
    (folder / "corpus").mkdir(parents=True)
    path = folder / "corpus" / "part-00000.parquet"
    table = pa.table(
        {
            "doc_id": pa.array([doc_id(source, i) for i in range(len(texts))], pa.string()),
            "text": pa.array(texts, pa.string()),
            "source": pa.array([source] * len(texts), pa.string()),
            "record": pa.array(range(len(texts)), pa.int64()),
            "n_chars": pa.array([len(t) for t in texts], pa.int64()),
        }
    )
    pq.write_table(table, path, row_group_size=groups)
    manifest = {
        "schema": SCHEMA_VERSION,
        "files": {"corpus/part-00000.parquet": {"sha256": sha256(path.read_bytes()).hexdigest()}},
        "config": {"name": folder.name, "stages": list(stages)},
        "documents": len(texts),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return open_corpus(folder)


def build(index: Path, stage: NearDuplicates, *corpora: Corpus, replace: bool = False) -> None:
    """An index of these runs."""
    sketch = partial(sketch_texts, stage)
    store.build(index, corpora, parameters_of(stage), sketch, replace=replace)


def add(index: Path, stage: NearDuplicates, *corpora: Corpus) -> store.Added:
    """Add these runs."""
    return store.add(index, corpora, partial(sketch_texts, stage))


Answers = dict[int, tuple[str, float]]
"""Text → the document that it is a copy of, and their similarity."""


def answers(index: Path, stage: NearDuplicates, texts: Sequence[str]) -> Answers:
    """What an index says of these texts."""
    opened = Index(index)
    column = pa.array(texts, pa.string())
    matches = find(stage, opened, column, stage.sketcher.keys(column))
    names = [d.doc_id for d in opened.documents(matches.number)]
    similarity = matches.similarity.tolist()
    return dict(zip(matches.row.tolist(), zip(names, similarity, strict=True), strict=True))


def plain_answers(
    stage: NearDuplicates, known: Sequence[tuple[str, str]], texts: Sequence[str]
) -> Answers:
    """The same by comparing each with each, in Python: those that share a band, by sets."""
    own = _sketched(stage, texts)
    theirs = _sketched(stage, [text for _, text in known])
    found: Answers = {}
    for row, (keys, members) in enumerate(own):
        for (name, _), (other_keys, others) in zip(known, theirs, strict=True):
            if not (members and others) or not keys & other_keys:
                continue
            similarity = len(members & others) / len(members | others)
            if similarity >= stage.threshold and similarity > found.get(row, ("", 0.0))[1]:
                found[row] = name, similarity
    return found


def named(corpus: Corpus, texts: Sequence[str]) -> list[tuple[str, str]]:
    """Document ids and texts of a run."""
    return [(doc_id(f"{corpus.name}/a.jsonl", i), text) for i, text in enumerate(texts)]


def _sketched(stage: NearDuplicates, texts: Sequence[str]) -> list[tuple[set[int], set[int]]]:
    found = sketch_texts(stage, pa.array(texts, pa.string()))
    numbers = found.numbers.tolist()
    return [
        ({key ^ number for key in keys if key}, set(members.tolist()))
        for keys, members, number in zip(found.keys.tolist(), found.sets, numbers, strict=True)
    ]


def bytes_of(index: Path) -> dict[str, bytes]:
    """All files of an index but the lock."""
    return {p.name: p.read_bytes() for p in sorted(index.iterdir()) if p.name != ".lock"}


def spoil(path: Path, at: int, value: int = 0xFF) -> None:
    """Change one byte of a file; its size stays."""
    data = bytearray(path.read_bytes())
    data[at] ^= value
    path.write_bytes(bytes(data))
