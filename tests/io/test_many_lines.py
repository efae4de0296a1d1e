"""`read.max_lines`: a document of very many lines is put aside, the others stay as they were."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.engine import read_task
from cleaner.errors import CleanerError
from cleaner.io.chunks import plan_chunks
from cleaner.io.inputs import discover
from cleaner.io.many_lines import in_batches, line_ends
from cleaner.io.readers import ReadOptions, read_chunk
from cleaner.text.segment import Unit, passages
from tests.engine.runs import bytes_of, make_run, rows_of

MANY = "first\n" + "\n" * 40 + "last"
TEXTS = ["", "a", "a\n" * 3, "\n" * 7, "a. B c. D", "\u2028\r\n"]
PIECES = ["a", "é", "\n", "\r", "\r\n", "\u2028", "\u2029", "\x85", ""]


@given(st.lists(st.lists(st.sampled_from(PIECES)).map("".join), min_size=1, max_size=5))
def test_line_ends_are_those_of_passages(texts: list[str]) -> None:
    """A text has as many as it has lines, but for a last line that does not end."""
    column = pa.array(texts, pa.string())
    first = passages(column).first
    for text, ends, low, high in zip(texts, line_ends(column), first, first[1:], strict=False):
        is_open = bool(text) and text[-1] not in "\n\r\u2028\u2029"
        assert ends == high - low - is_open


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize(("most", "kept"), [(40, 2), (41, 3)])
def test_a_document_of_many_lines_is_put_aside(
    tmp_path: Path, name: str, most: int, kept: int
) -> None:
    """Of every format, with its place and its size; the limit itself is allowed."""
    texts = ["one\ntwo", MANY, "three " * 50]
    folder = tmp_path / "in"
    folder.mkdir()
    if name == "a.txt":
        for number, text in enumerate(texts):
            (folder / f"{number}.txt").write_text(text)
    elif name == "a.jsonl":
        (folder / name).write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    else:
        pq.write_table(pa.table({"text": texts}), folder / name)
    files = discover(["in"], base=tmp_path)
    [chunk] = plan_chunks(files, 1 << 20)
    [read] = read_chunk(chunk, files, ReadOptions(max_lines=most))
    found = read.documents.column("text").to_pylist()
    assert found == [t for t in texts if t != MANY or kept == 3]
    assert sum(read.records.values()) == 3
    rows = read.quarantine.to_pylist()
    assert len(rows) == 3 - kept
    for row in rows:
        assert row["reason"] == "too_many_lines"
        assert row["detail"] == "41 lines, above read.max_lines (40)"
        assert row["source"] == ("in/1.txt" if name == "a.txt" else f"in/{name}")
        assert row["record"] == (0 if name == "a.txt" else 1)
        assert row["raw_bytes"] == row["raw_chars"] == len(MANY)


def test_sentences_count_where_they_are_the_passages(tmp_path: Path) -> None:
    """A line of many sentences is as many passages."""
    (tmp_path / "in").mkdir()
    text = "It is so. " * 50
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps({"text": text}) + "\n")
    assert make_run(tmp_path, [], name="lines", read={"max_lines": 20}).quarantine == {}
    read = {"max_lines": 20, "segment": "sentence"}
    with pytest.raises(CleanerError, match="too_many_lines: 50 sentences, above"):
        make_run(tmp_path, [], read=read, max_bad=0)
    (tmp_path / "in" / "b.jsonl").write_text(json.dumps({"text": "short."}) + "\n")
    assert make_run(tmp_path, [], name="some", read=read).quarantine == {"too_many_lines": 1}


@given(
    st.lists(
        st.sampled_from(["", "a", "a\n" * 3, "\n" * 7, "a. B c. D", "\u2028\r\n"]), max_size=12
    ),
    st.sampled_from(["line", "paragraph", "sentence"]),
    st.integers(1, 12),
)
def test_batches_have_few_passages(texts: list[str], unit: Unit, most: int) -> None:
    """Whatever the cut: all documents in their order, and no batch above the bound but of one."""
    rows = pa.record_batch({"text": pa.array(texts, pa.string())})
    batches = list(in_batches(rows, unit, most))
    assert [t for b in batches for t in b.column("text").to_pylist()] == texts
    for batch in batches:
        lines = int(np.sum(line_ends(batch.column("text"))))
        assert len(passages(batch.column("text"), unit).text) - batch.num_rows <= max(lines, most)
        assert batch.num_rows <= 1 or lines <= most


def test_the_cut_into_batches_changes_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is published; the state between phases is of more and smaller batches."""
    (tmp_path / "in").mkdir()
    lines = [json.dumps({"text": f"{n}\n" * (n % 9)}) + "\n" for n in range(60)]
    (tmp_path / "in" / "a.jsonl").write_text("".join(lines))
    stages = ["unicode", "exact_duplicates"]
    make_run(tmp_path, stages, name="whole")
    monkeypatch.setattr(
        read_task, "in_batches", lambda documents, unit: in_batches(documents, unit, 10)
    )
    make_run(tmp_path, stages, name="cut", keep_work=True)
    assert bytes_of(tmp_path / "cut") == bytes_of(tmp_path / "whole")
    counts = json.loads((tmp_path / "cut" / "work" / "00-read" / "00000.json").read_bytes())
    assert len(counts["counts"]["batches"]) > 20


def test_the_config_sets_it(tmp_path: Path) -> None:
    """`read.max_lines` reaches the readers; the books balance, for the run ends well."""
    (tmp_path / "in").mkdir()
    lines = [json.dumps({"text": text}) + "\n" for text in ("fine", MANY)]
    (tmp_path / "in" / "a.jsonl").write_text("".join(lines))
    report = make_run(tmp_path, [], read={"max_lines": 40})
    assert report.quarantine == {"too_many_lines": 1}
    assert [row["text"] for row in rows_of(tmp_path / "run", "corpus")] == ["fine"]
    assert make_run(tmp_path, [], name="more", read={"max_lines": 41}).quarantine == {}


def test_a_limit_below_one_is_refused() -> None:
    """As the other bounds."""
    with pytest.raises(ValueError, match="max_lines must be at least 1"):
        ReadOptions(max_lines=0)
