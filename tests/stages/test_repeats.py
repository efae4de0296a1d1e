"""How many documents have a passage: counted in plain Python, and by the stage."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa
import pytest

from cleaner.batch import Batch
from cleaner.stages.base import MapStage
from cleaner.stages.repeats import COLUMNS, HOST_DOCUMENTS
from cleaner.text.key import key_text, words
from tests.engine.runs import make_run, rows_of, sentence, write_records

SHOW = "tests.stages.test_repeats:ShowRepeats"
NOTES = pa.list_(pa.list_(pa.int32()))


class ShowRepeats(MapStage):
    """Publishes the annotations of passages, so that a test can see them."""

    reads: ClassVar[frozenset[str]] = frozenset(COLUMNS)
    use: Literal["tests.stages.test_repeats:ShowRepeats"] = SHOW  # type: ignore[assignment]

    def publishes(self) -> dict[str, Any]:
        """See `Stage.publishes`."""
        return {"notes": NOTES, HOST_DOCUMENTS: pa.int32()}

    def open(self) -> Callable[[Batch], Batch]:
        """See `MapStage.open`."""
        return self._run

    def _run(self, batch: Batch) -> Batch:
        counts = list(zip(*(batch.passages.column(c).to_pylist() for c in COLUMNS), strict=True))
        bounds = batch.first.tolist()
        notes = [counts[a:z] for a, z in pairwise(bounds)]
        return batch.annotate("notes", pa.array(notes, NOTES))


def expected(
    texts: list[str], hosts: list[str | None], least: int, most_words: int
) -> list[list[tuple[int, ...]]]:
    """The four counts of each passage, from its key alone."""
    having: list[dict[str, set[int]]] = [defaultdict(set), defaultdict(set)]
    lines = [re.findall(r"[^\n]*\n|[^\n]+", t) for t in texts]
    keys = [
        [
            [key_text(x), key_text(x, fold_digits=True)]
            if len(words(x)) <= most_words
            else ["", ""]
            for x in ls
        ]
        for ls in lines
    ]
    for doc, found in enumerate(keys):
        for key in found:
            for folded in (0, 1):
                having[folded][key[folded]].add(doc)
    notes = []
    for doc, found in enumerate(keys):
        mine = []
        for key in found:
            counts = []
            for folded in (0, 1):
                docs = having[folded][key[folded]] if key[folded] else set()
                there = len(docs) >= least
                counts.append(len(docs) if there else 0)
                same = {d for d in docs if hosts[d] == hosts[doc] and hosts[doc]}
                counts.append(len(same) if there else 0)
            mine.append(tuple(counts))
        notes.append(mine)
    return notes


@pytest.mark.parametrize("size", [4000, "32MiB"])
@pytest.mark.parametrize("least", [2, 4])
def test_counts_are_those_of_a_plain_count(tmp: Path, size: Any, least: int) -> None:
    """Exact and with numbers folded, in the corpus and per host; a document counts once."""
    draw = random.Random(least)
    shared = [sentence(draw, 6) for _ in range(6)] + [f"page {i}" for i in range(5)] + ["", "—"]
    texts, hosts = [], []
    for number in range(30):
        lines = [draw.choice(shared) for _ in range(5)] + [f"own line {number} of {number}"]
        lines += [sentence(draw, 70)] * 2
        texts.append("\n".join(lines) + draw.choice(["", "\n"]))
        hosts.append(draw.choice([None, "a.example", "b.example", "c.example"]))
    urls = [h and f"https://{h}/x" for h in hosts]
    write_records(tmp / "in" / "a.jsonl", texts, url=urls)
    stages = [{"use": "repeats", "min_documents": least}, SHOW]
    make_run(tmp, stages, engine={"kind": "inline", "shard_bytes": size})
    rows = rows_of(tmp / "run", "corpus")
    found = [[tuple(n) for n in r["notes"]] for r in rows]
    assert found == expected(texts, hosts, least, 60)
    per_host = {h: hosts.count(h) for h in hosts if h and hosts.count(h) >= least}
    assert [r[HOST_DOCUMENTS] for r in rows] == [per_host.get(h or "", 0) for h in hosts]


def test_documents_without_passages_or_hosts(tmp: Path) -> None:
    """They have no counts, and disturb none."""
    write_records(tmp / "in" / "a.jsonl", ["", "same\n", "same", "\n\n", ""])
    make_run(tmp, ["repeats", SHOW])
    rows = rows_of(tmp / "run", "corpus")
    assert [r["notes"] for r in rows] == [[], [[2, 0, 2, 0]], [[2, 0, 2, 0]], [[0] * 4] * 2, []]
    assert [r[HOST_DOCUMENTS] for r in rows] == [0] * 5


def test_near_copies_count_as_one_document(tmp: Path) -> None:
    """Eight copies of one page do not make its text a frame; what other pages share is one."""
    draw = random.Random(8)
    page = [sentence(draw, 20) for _ in range(4)]
    others = [[sentence(draw, 20) for _ in range(4)] for _ in range(3)]
    texts = [
        "\n".join(["home and news", *lines, f"a footer {i}"])
        for i, lines in enumerate([page] * 8 + others)
    ]
    urls = [f"https://a.example/{i}" for i in range(len(texts))]
    write_records(tmp / "in" / "a.jsonl", texts, url=urls)
    make_run(tmp, ["repeats", SHOW])
    for row, text in zip(rows_of(tmp / "run", "corpus"), texts, strict=True):
        counts = dict(zip(text.splitlines(), row["notes"], strict=True))
        assert counts["home and news"] == [4, 4, 4, 4]
        assert all(max(counts[line]) <= 1 for line in text.splitlines()[1:5])
        assert row[HOST_DOCUMENTS] == 4
