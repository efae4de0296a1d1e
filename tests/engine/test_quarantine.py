"""Records that cannot be used: put aside one by one, counted, and a limit to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cleaner.errors import CleanerError, TooManyBadRecords
from cleaner.io.restore import restore
from tests.engine.runs import (
    STAGES,
    bytes_of,
    make_run,
    rows_of,
    write_records,
    write_texts,
)
from tests.engine.test_run import check_balance

MEND, WORDS, BOOM = f"{STAGES}Mend", f"{STAGES}FirstWords", f"{STAGES}Boom"


def test_one_document_is_put_aside_the_rest_goes_on(tmp: Path) -> None:
    """A rule that fails on a document costs that document, whichever batch it is in."""
    texts = [f"text {i}" for i in range(40)]
    texts[13] = "text with BOOM"
    write_records(tmp / "in" / "a.jsonl", texts)
    report = make_run(tmp, [MEND, BOOM])
    check_balance(report)
    assert report.quarantine == {"stage_error": 1}
    [row] = rows_of(tmp / "run", "quarantine")
    assert (row["source"], row["record"], row["stage"]) == ("in/a.jsonl", 13, "Boom")
    assert row["raw"] == b"text with BOOM"
    assert (row["raw_bytes"], row["raw_chars"]) == (14, 14)
    kept = [r["record"] for r in rows_of(tmp / "run", "corpus")]
    assert kept == [*range(13), *range(14, 40)]


def test_the_reason_is_the_same_on_every_machine(tmp: Path) -> None:
    """No path, no address in memory; what is not Unicode is escaped."""
    write_records(tmp / "in" / "a.jsonl", ["BOOM"])
    make_run(tmp, [BOOM])
    [row] = rows_of(tmp / "run", "quarantine")
    assert row["reason"] == "stage_error"
    detail = "ValueError: cannot bear BOOM \\udc80 in <object object at 0x…> (stages.py:"
    assert row["detail"].startswith(detail)


def test_the_raw_bytes_are_those_of_the_file(tmp: Path) -> None:
    """Also where the text was decoded from another encoding, or holds bytes that are none."""
    files = {
        "a.txt": "\ufeffBOOM é".encode("utf-16-le"),
        "b.txt": b"BOOM " + b"x" * 200 + b"\xff" + b"y" * 200,
        "c.txt": b"BOOM " * 20_000,
    }
    write_texts(tmp / "in", files)
    make_run(tmp, [BOOM])
    rows = {r["source"]: r for r in rows_of(tmp / "run", "quarantine")}
    assert rows["in/a.txt"]["raw"] == files["a.txt"]
    assert rows["in/b.txt"]["raw"] == files["b.txt"]
    assert rows["in/c.txt"]["raw"] is None
    assert [rows[f"in/{n}"]["raw_bytes"] for n in files] == [len(d) for d in files.values()]


@pytest.mark.parametrize("size", [60, "32MiB"])
def test_a_sketch_that_fails_puts_aside_one_document(tmp: Path, size: Any) -> None:
    """The merge does not see it, the apply does not miss it, and a later stage goes on without."""
    texts = ["river one", "SKETCHBOOM two", "river three", "bridge", "SKETCHBOOM", "river BOOM"]
    write_records(tmp / "in" / "a.jsonl", texts)
    engine = {"kind": "inline", "shard_bytes": size}
    report = make_run(tmp, [WORDS, BOOM, "exact_duplicates"], engine=engine)
    check_balance(report)
    found = [(r["record"], r["stage"]) for r in rows_of(tmp / "run", "quarantine")]
    assert found == [(1, "FirstWords"), (4, "FirstWords"), (5, "Boom")]
    rows = rows_of(tmp / "run", "corpus")
    assert [(r["record"], r["first_word_documents"]) for r in rows] == [(0, 3), (2, 3), (3, 1)]


def test_rows_are_in_the_order_of_the_input(tmp: Path) -> None:
    """However documents are cut into batches, and whichever stage of a phase failed on them."""
    texts = [f"{w} {i}" for i, w in enumerate(["late", "early", "fine", "late", "early", "late"])]
    write_records(tmp / "in" / "a.jsonl", texts)
    stages = [{"use": BOOM, "word": "early"}, {"use": BOOM, "id": "b", "word": "late"}]
    found = []
    for name, size in (("a", "1MiB"), ("b", 40)):
        make_run(tmp, stages, name=name, engine={"kind": "inline", "shard_bytes": size})
        found.append(bytes_of(tmp / name))
    assert found[0] == found[1]
    rows = rows_of(tmp / "a", "quarantine")
    assert [r["record"] for r in rows] == [0, 1, 3, 4, 5]


def test_a_document_that_was_changed_before_it_failed(tmp: Path) -> None:
    """The ledger tells what was done; restore says that it lies in quarantine."""
    write_records(tmp / "in" / "a.jsonl", ["MENU\ncolour BOOM\n", "fine"])
    report = make_run(tmp, [MEND, BOOM])
    check_balance(report)
    rows = rows_of(tmp / "run", "ledger")
    assert [r["action"] for r in rows] == ["rewrite", "cut"]
    with pytest.raises(CleanerError, match="was quarantined"):
        restore(tmp / "run", rows[0]["doc_id"])
    assert report.stages[2].counts["chars_quarantined"] == len("colour BOOM\n")


@pytest.mark.parametrize(
    ("settings", "stops"),
    [
        ({"max_bad": 0.2}, False),
        ({"max_bad": 0.19}, True),
        ({"max_bad": 2}, False),
        ({"max_bad": 1}, True),
        ({"max_bad": 0}, True),
        ({"max_bad": 1.0, "on_bad_record": "fail"}, True),
        ({"max_bad": 1.0, "on_bad_record": "quarantine"}, False),
    ],
)
def test_the_limit_of_bad_records(tmp: Path, settings: dict[str, Any], stops: bool) -> None:
    """A share of all records, or a count; readers and stages together; nothing is published."""
    path = write_records(tmp / "in" / "a.jsonl", [f"text {i}" for i in range(8)] + ["BOOM"])
    path.write_text(path.read_text() + "{broken\n")
    if not stops:
        assert make_run(tmp, [BOOM], **settings).quarantine == {"bad_json": 1, "stage_error": 1}
        return
    with pytest.raises(TooManyBadRecords) as caught:
        make_run(tmp, [BOOM], **settings)
    assert caught.value.exit_code == 3
    assert "first: in/a.jsonl, record 9: bad_json" in str(caught.value)
    assert {p.name for p in (tmp / "run").iterdir()} == {"work", "run.log"}


def test_a_run_that_was_too_bad_goes_on_with_a_higher_limit(tmp: Path) -> None:
    """Only the limit is new: no task is done again but those that were never reached."""
    write_records(tmp / "in" / "a.jsonl", ["BOOM", "fine"])
    with pytest.raises(TooManyBadRecords, match="1 of 2 records"):
        make_run(tmp, [BOOM, WORDS], max_bad=0, keep_work=True)
    committed = tmp / "run" / "work" / "01-map" / "00000.json"
    before = committed.stat().st_mtime_ns
    make_run(tmp, [BOOM, WORDS], max_bad=1, keep_work=True)
    assert committed.stat().st_mtime_ns == before


def test_bad_records_alone_are_too_many_before_they_are_no_document(tmp: Path) -> None:
    """An input of nothing but bad records stops with the code of bad records."""
    path = write_records(tmp / "in" / "a.jsonl", [])
    path.write_text("{\n{\n")
    with pytest.raises(TooManyBadRecords, match="2 of 2 records cannot be used"):
        make_run(tmp, [], max_bad=0.5)
    with pytest.raises(CleanerError, match="all 2 records are bad"):
        make_run(tmp, [], max_bad=1.0)
