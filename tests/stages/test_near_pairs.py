"""`pairs: all`: what the bands offer is written down, verified, and changes nothing else."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import ValidationError

from cleaner.dedup.bucket import bucket_pairs
from cleaner.stages.near_documents import sketch
from cleaner.stages.near_duplicates import NearDuplicates
from cleaner.stages.near_sample import FIGURES
from tests.engine.runs import bytes_of, make_run, rows_of, write_records
from tests.stages.copies import chain, families, jaccard, records_of, run_on

STAGE = {"use": "near_duplicates", "threshold": 0.6, "ngram": 3}
ALL = {**STAGE, "pairs": "all"}


def test_every_pair_of_a_bucket_is_written_with_its_true_similarity(tmp_path: Path) -> None:
    """Also those of two dropped documents, and those below the threshold; each once."""
    texts = families(4)
    run = run_on(tmp_path, texts, ALL)
    ids = records_of(run)
    pairs = [p for p in rows_of(run, "duplicates/pairs") if p["action"] == "pair"]
    found = {(ids[p["kept_doc_id"]], ids[p["doc_id"]]): p for p in pairs}
    assert len(found) == len(pairs)
    _, keys = sketch(NearDuplicates.model_validate(ALL), pa.array(texts))
    left, right, _ = bucket_pairs(keys, 256)
    assert found.keys() == set(zip(left.tolist(), right.tolist(), strict=True))
    for (one, other), pair in found.items():
        assert pair["similarity"] == pytest.approx(jaccard(texts[one], texts[other], 3))
        assert (pair["start"], pair["end"]) == (0, len(texts[other]))
        assert (pair["kept_start"], pair["kept_end"]) == (0, len(texts[one]))
        assert (pair["unit"], pair["stage"]) == ("document", "near_duplicates")
    dropped = {r["record"] for r in rows_of(run, "ledger") if r["action"] == "drop"}
    assert any(one in dropped and other in dropped for one, other in found)
    assert any(pair["similarity"] < 0.6 for pair in pairs)


def test_the_corpus_is_the_same_with_and_without(tmp_path: Path) -> None:
    """Only duplicates/ has more rows; the drops in it are the same."""
    write_records(tmp_path / "in" / "a.jsonl", families(5))
    make_run(tmp_path, [STAGE], "without")
    make_run(tmp_path, [ALL], "with")
    for folder in ("corpus", "ledger", "duplicates/clusters"):
        assert rows_of(tmp_path / "with", folder) == rows_of(tmp_path / "without", folder)
    pairs = rows_of(tmp_path / "with", "duplicates/pairs")
    drops = [p for p in pairs if p["action"] == "drop"]
    assert drops == rows_of(tmp_path / "without", "duplicates/pairs")
    assert len(drops) < len(pairs)


def test_pairs_do_not_depend_on_shards_or_parts(tmp_path: Path) -> None:
    """The same bytes however the run is cut, and the same rows however the output is."""
    write_records(tmp_path / "in" / "a.jsonl", families(6))
    make_run(tmp_path, [ALL], "one")
    make_run(tmp_path, [ALL], "two", engine={"kind": "inline", "shard_bytes": 2000})
    one, two = (
        {n: d for n, d in bytes_of(tmp_path / name).items() if n.startswith("duplicates/")}
        for name in ("one", "two")
    )
    assert len(one) == 2
    assert one == two
    make_run(tmp_path, [ALL], "three", write={"documents_per_part": 7})
    parted, whole = (
        sorted(map(str, rows_of(tmp_path / name, "duplicates/pairs"))) for name in ("three", "one")
    )
    assert parted == whole


def test_a_large_bucket_is_paired_in_part(tmp_path: Path) -> None:
    """Of many equal texts the first `max_bucket`, in the order of the keep policy, are paired."""
    texts = [chain(random.Random(1), 1, 40, 1)[0]] * 12
    run = run_on(tmp_path, texts, {**ALL, "max_bucket": 4, "keep": ["first"]})
    ids = records_of(run)
    pairs = [p for p in rows_of(run, "duplicates/pairs") if p["action"] == "pair"]
    ends = sorted((ids[p["kept_doc_id"]], ids[p["doc_id"]]) for p in pairs)
    assert ends == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    report = json.loads((run / "reports" / "report.json").read_text(encoding="utf-8"))
    notes = report["stages"][1]["notes"]
    assert {name: notes[name] for name in notes.keys() - FIGURES} == {"large_buckets": 8}


def test_passages_have_no_such_pairs() -> None:
    """A config that asks for them is refused."""
    with pytest.raises(ValidationError, match="for documents, not for passages"):
        NearDuplicates(unit="passage", pairs="all")
