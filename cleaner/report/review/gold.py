"""Gold pages from a review, as `cleaner eval noise` and `tools/train_noise.py` read them.

A page is gold when the reviewer has said that it is done: then a person has seen the label of each
of its lines. Verdicts on single lines make no gold: the other lines of their pages have none.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleaner.io.corpus import read_manifest
from cleaner.io.store import write_bytes
from cleaner.report.review.labels import FOLDER, Labels
from cleaner.report.review.lines import COLUMNS, lines_in
from cleaner.report.review.pages import DONE, TEXT, Place, find, labels_of, tally
from cleaner.report.secrecy import veil_of_run
from cleaner.report.texts import Texts

FILE = "gold.jsonl"


@dataclass(frozen=True, slots=True)
class Gold:
    """The pages that are done, as records of a gold file.

    `counts`: their lines by what the run did and what the reviewer said: `cut_noise`, `cut_text`,
    `kept_text`, `kept_noise`.
    """

    records: tuple[dict[str, Any], ...]
    counts: dict[str, int]


def collect(run: Path, labels: Labels) -> Gold:
    """The gold pages of a run, in the order of the corpus.

    Raises:
        InputError: a document cannot be found any more.
        IntegrityError: a file of the run is damaged.
    """
    done = [key.id for key, value in labels.values.items() if (key.kind, value) == ("page", DONE)]
    records, counts = [], Counter[str]()
    for record, sizes in _records(run, find(run, done), labels):
        records.append(record)
        counts.update(sizes)
    return Gold(tuple(records), dict(counts))


def _records(
    run: Path, places: list[Place], labels: Labels
) -> Iterator[tuple[dict[str, Any], dict[str, int]]]:
    texts = Texts(run, veil_of_run(run, read_manifest(run)), COLUMNS)
    for place in places:
        lines = lines_in(texts, place.part, place.doc_id)
        mine = labels_of(place.doc_id, lines, labels)
        kept = [line.text for line, label in zip(lines, mine, strict=True) if label == TEXT]
        record: dict[str, Any] = {
            "id": place.doc_id,
            "source": place.source,
            "record": place.record,
            "noisy_text": "\n".join(line.text for line in lines),
            "gold_text": "\n".join(kept),
            "line_labels": mine,
        }
        record |= {"url": place.url} if place.url else {}
        record |= {"lang": place.lang} if place.lang else {}
        yield record, dict(tally(lines, mine))


def write_gold(path: Path, gold: Gold) -> None:
    """Write a gold file: JSON lines, whole or not at all."""
    rows = [json.dumps(record, ensure_ascii=False, sort_keys=True) for record in gold.records]
    write_bytes(path, "".join(f"{row}\n" for row in rows).encode())


def path_of(run: Path) -> Path:
    """Where a review that ends leaves its gold."""
    return run / FOLDER / FILE
