"""The last shape of documents, ledger rows and pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cleaner import batch as b
from cleaner.batch import LEDGER as RUN_LEDGER
from cleaner.batch import Batch
from cleaner.io import output
from cleaner.io.schema import CORPUS, LEDGER, ORIGINALS, PAIRS
from cleaner.stages.near_passages import NEAR
from tests.engine.stages import Chaos
from tests.property.strategies import documents

TEXTS = ["một hai\nba\n", "four five", "", "six\nseven\n"]


def ids(ordinals: NDArray[np.int64]) -> output.Located:
    """Ids that can be read."""
    names = [
        pa.array([form.format(o) for o in ordinals.tolist()], pa.string())
        for form in ("id{}", "in/{}.txt")
    ]
    return output.Located(*names, pa.array(np.zeros(len(ordinals), np.int64)))


def make(texts: list[str]) -> Batch:
    """A batch of untouched documents with all base columns."""
    n = len(texts)
    column = pa.array(texts, pa.string())
    docs = pa.record_batch(
        {
            "ordinal": pa.array(range(n), pa.int64()),
            "source": pa.array([f"in/{i}.txt" for i in range(n)], pa.string()),
            "record": pa.array([0] * n, pa.int64()),
            "host": pa.nulls(n, pa.string()),
            "url": pa.nulls(n, pa.string()),
            "date": pa.nulls(n, pa.string()),
            "priority": pa.array([0] * n, pa.int64()),
            "raw_chars": pc.utf8_length(column).cast(pa.int64()),
        }
    )
    return b.new(docs, column).for_stage("first", 1)


def originals(texts: list[str]) -> pa.RecordBatch:
    """Their rows of the originals file."""
    rows = [
        {
            "file": 0, "record": 0, "text": t, "encoding": "utf-8", "bad_bytes": [1],
            "raw_bytes": len(t.encode()), "raw_chars": len(t), "sha256": bytes([i] * 32),
            "meta": '{"n": 1}',
        }
        for i, t in enumerate(texts)
    ]  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, ORIGINALS)


def rows_of(batch: Batch) -> pa.Table:
    """The ledger of a batch, as the engine hands it on."""
    return pa.Table.from_batches(batch.ledger, RUN_LEDGER)


def corpus_of(batch: Batch, texts: list[str]) -> list[dict[str, object]]:
    """The corpus rows of a batch."""
    kept = rows_of(batch).filter(
        pc.is_in(rows_of(batch).column("ordinal"), value_set=pa.array(batch.ordinals))
    )
    left = originals(texts).take(pa.array(batch.ordinals))
    table = output.corpus_rows(batch, left, kept, ids, {"noted": pa.int64()})
    assert table.schema.names == [*CORPUS.names, "noted"]
    rows: list[dict[str, object]] = table.to_pylist()
    return rows


def test_a_document_in_its_last_shape() -> None:
    """Text, counts, what was fixed and removed by whom, and where its passages stand."""
    batch = make(TEXTS)
    batch = batch.rewrite([b.Edit(0, 0, 3, "fix.a", "1"), b.Edit(2, 5, 9, "fix.b", "cinq!")])
    batch = batch.cut([b.Edit(1, 0, 3, "cut.a"), b.Edit(0, 1, 2, "cut.b")])
    batch = batch.drop([b.Drop(3, "drop.a")]).annotate("noted", pa.array([7, 8, 9]))
    rows = corpus_of(batch, TEXTS)
    assert [r["text"] for r in rows] == ["1hai\n", "four cinq!", ""]
    assert [r["n_words"] for r in rows] == [1, 2, 0]
    assert [r["n_chars"] for r in rows] == [5, 10, 0]
    assert [r["fixes"] for r in rows] == [["fix.a"], ["fix.b"], []]
    assert [r["removed_chars"] for r in rows] == [4, 0, 0]
    assert rows[0]["removed_by"] == [
        {"rule": "cut.a", "chars": 3},
        {"rule": "cut.b", "chars": 1},
    ]
    assert rows[0]["passages"] == [{"raw_start": 0, "raw_end": 8, "start": 0, "end": 5}]
    assert rows[2]["passages"] == []
    assert [r["noted"] for r in rows] == [7, 8, 9]
    assert rows[1]["content_hash"] == "01" * 32
    assert rows[1]["bad_bytes"] == [1]
    assert [r["cluster_size"] for r in rows] == [1, 1, 1]
    assert {r["cluster_id"] for r in rows} == {r["lang"] for r in rows} == {None}


def test_ordinals_become_ids() -> None:
    """Clusters and marked passages name documents as people do; spans stay."""
    near = [
        {
            "start": 0,
            "end": 2,
            "other_ordinal": 3,
            "other_start": 4,
            "other_end": 6,
            "similarity": 0.9,
        }
    ]
    batch = (
        make(TEXTS)
        .annotate("cluster_kept", pa.array([None, 1, None, 1], pa.int64()))
        .annotate("cluster_size", pa.array([1, 2, 1, 1], pa.int64()))
        .annotate("near_duplicates", pa.array([near, None, [], near * 2], NEAR))
    )
    rows = corpus_of(batch, TEXTS)
    assert [r["cluster_id"] for r in rows] == [None, "id1", None, "id1"]
    expected = {
        "start": 0,
        "end": 2,
        "doc_id": "id3",
        "other_start": 4,
        "other_end": 6,
        "similarity": 0.9,
    }
    assert [r["near_duplicates"] or [] for r in rows] == [[expected], [], [], [expected] * 2]
    table = pa.Table.from_pylist(
        [{k: v for k, v in r.items() if k != "noted"} for r in rows], CORPUS
    )
    empty = LEDGER.empty_table()
    pairs = output.pair_rows(empty, table, "near").to_pylist()
    assert [(p["doc_id"], p["kept_doc_id"], p["action"], p["stage"]) for p in pairs] == [
        *(("id0", "id3", "mark", "near"), ("id3", "id3", "mark", "near")),
        ("id3", "id3", "mark", "near"),
    ]
    assert [(c["cluster_id"], c["size"]) for c in output.cluster_rows(table).to_pylist()] == [
        ("id1", 2)
    ]


def published(batch: Batch, texts: list[str]) -> pa.Table:
    """The ledger of a batch, in its last shape."""
    whole = originals(texts)
    return output.ledger_rows(
        rows_of(batch), ids, {("first", "r.a"): "because"}, lambda o: whole.take(pa.array(o))
    )


def test_ledger_rows_in_their_last_shape() -> None:
    """In order of document, step and place, with reasons; a drop carries what restores it."""
    kept = b.Kept(0, 2, 5, 0.9)
    batch = make(TEXTS).cut([b.Edit(4, 0, 3, "r.b")])
    batch = batch.cut([b.Edit(0, 4, 7, "r.a", evidence="seen"), b.Edit(0, 0, 3, "r.a", kept=kept)])
    batch = batch.drop([b.Drop(3, "r.c", 0.5, "three")])
    rows = published(batch, TEXTS).to_pylist()
    assert [(r["doc_id"], r["start"], r["step"], r["reason"]) for r in rows] == [
        ("id0", 0, 1000, "because"),
        ("id0", 4, 1000, "because: seen"),
        ("id3", 4, 1000, None),
        ("id3", 0, 1001, "three"),
    ]
    assert [r["kept_doc_id"] for r in rows] == ["id0", None, None, None]
    assert [r["content_hash"] for r in rows] == [None, None, None, "03" * 32]
    assert rows[3]["meta"] == '{"n": 1}'
    pairs = output.pair_rows(published(batch, TEXTS), None, "").to_pylist()
    assert [(p["unit"], p["kept_doc_id"], p["similarity"]) for p in pairs] == [
        ("passage", "id0", 0.9)
    ]
    assert output.pair_rows(published(batch, TEXTS), None, "").schema.equals(PAIRS)


@settings(max_examples=25)
@given(st.lists(documents, min_size=1, max_size=5), st.integers(0, 99))
def test_ledger_rows_do_not_depend_on_the_batch(texts: list[str], seed: int) -> None:
    """A document alone gets the very rows that it gets among others, steps included."""
    stage = Chaos(seed=seed).open()
    keys = ("step", "rule", "action", "start", "end", "before", "after", "cut_chars")
    together = published(stage(make(texts)), texts).to_pylist()
    for doc, text in enumerate(texts):
        alone = published(stage(make([text])), [text]).to_pylist()
        mine = [r for r in together if r["doc_id"] == f"id{doc}"]
        assert [[r[k] for k in keys] for r in mine] == [[r[k] for k in keys] for r in alone]


@settings(max_examples=30)
@given(
    st.lists(st.text("ab€", max_size=8), max_size=30),
    st.lists(st.integers(0, 30), max_size=4),
    st.integers(1, 7),
    st.integers(5, 40),
)
def test_row_groups_depend_on_the_rows_alone(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[str],
    cuts: list[int],
    documents_: int,
    group_bytes: int,
) -> None:
    """However rows arrive, the file is the same, byte for byte."""
    folder = tmp_path_factory.mktemp("groups")
    table = pa.table({"text": pa.array(texts, pa.string()), "n": pa.array(range(len(texts)))})
    old, output.GROUP_BYTES = output.GROUP_BYTES, group_bytes
    try:
        for name, bounds in (("whole", []), ("parts", sorted(min(c, len(texts)) for c in cuts))):
            groups = output.RowGroups(folder / name, table.schema, documents_, 3, "text")
            for low, high in zip([0, *bounds], [*bounds, len(texts)], strict=True):
                groups.write(table.slice(low, high - low))
            groups.close()
            assert groups.rows == len(texts)
    finally:
        output.GROUP_BYTES = old
    assert (folder / "whole").read_bytes() == (folder / "parts").read_bytes()
    file = pq.ParquetFile(folder / "whole")
    assert file.read().to_pydict() == table.to_pydict()
    at = 0
    for number in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        sizes = [len(t.encode()) for t in texts[at : at + rows]]
        assert rows <= documents_
        assert sum(sizes[:-1]) < group_bytes
        at += rows


def test_a_file_without_rows_can_be_read(tmp_path: Path) -> None:
    """It has its schema and no row group."""
    output.RowGroups(tmp_path / "a", LEDGER, 10, 3, "before").close()
    file = pq.ParquetFile(tmp_path / "a")
    assert (file.metadata.num_rows, file.metadata.num_row_groups) == (0, 0)
    assert file.schema_arrow.names == LEDGER.names
