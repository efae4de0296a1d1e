"""Readers of plugins: records get numbers and hashes, whatever they do becomes quarantine rows."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from cleaner.io.chunks import plan_chunks
from cleaner.io.inputs import survey
from cleaner.io.read_plugin import records
from cleaner.io.readers import read_chunk
from cleaner.io.records import ReadOptions
from cleaner.reader import Reader, Record, Records, Settings, Unusable, read_text

Row = dict[str, Any]


def table(stream: BinaryIO, settings: Settings) -> Records:
    """One record a row; the column `text` is the text."""
    lines = io.TextIOWrapper(stream, "utf-8", newline="")
    for row in csv.DictReader(lines):
        if not row.get(settings.text_column):
            yield Unusable("missing_text", "the row has no text", repr(row).encode())
            continue
        yield Record(row[settings.text_column], url=row["url"], source_id=row["n"], meta={"n": 1})


def run(folder: Path, read: Callable[..., Any], **options: Any) -> tuple[list[Row], list[Row], int]:
    """Documents, quarantine rows and the records that were counted, of all .tab files."""
    reader = Reader((".tab",), read)
    found = survey([str(folder)], base=folder, more={".tab": "tab"})
    settings = ReadOptions(readers={"tab": reader}, **options)
    documents: list[Row] = []
    bad: list[Row] = []
    counted = 0
    for chunk in plan_chunks(found.files, 1 << 20):
        for part in read_chunk(chunk, found.files, settings):
            documents += part.documents.to_pylist()
            bad += part.quarantine.to_pylist()
            counted += sum(part.records.values())
    return documents, bad, counted


def write(folder: Path, data: bytes, name: str = "a.tab") -> Path:
    """A file to read."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder


ROWS = "n,text,url\n1,Über den Fluß,http://a.example\n2,,\n3,zwei,http://b.example\n".encode()


@pytest.mark.parametrize("packed", [False, True])
def test_records_become_documents(tmp_path: Path, packed: bool) -> None:
    """Numbers count what the reader gives; the suffix may be followed by .gz."""
    name = "A.TAB.gz" if packed else "a.tab"
    folder = write(tmp_path / "in", gzip.compress(ROWS) if packed else ROWS, name)
    documents, bad, counted = run(folder, table, batch_bytes=300)
    assert [(d["record"], d["text"], d["url"], d["source_id"], d["meta"]) for d in documents] == [
        (0, "Über den Fluß", "http://a.example", "1", '{"n":1}'),
        (2, "zwei", "http://b.example", "3", '{"n":1}'),
    ]
    assert documents[0]["raw_bytes"] == len("Über den Fluß".encode())
    assert [(b["record"], b["reason"], b["source"]) for b in bad] == [
        (1, "missing_text", f"in/{name}")
    ]
    assert b"'n': '2'" in bad[0]["raw"]
    assert counted == 3


def test_other_files_are_passed_by(tmp_path: Path) -> None:
    """A suffix is read only where a config names its reader."""
    write(tmp_path / "in", ROWS)
    write(tmp_path / "in", b"text", "b.txt")
    found = survey([str(tmp_path / "in")], base=tmp_path)
    assert [f.source for f in found.files] == ["in/b.txt"]
    assert found.skipped == {"extension": 1}


def raising(stream: BinaryIO, settings: Settings) -> Records:
    """One record, then a fault of the code."""
    yield Record("one")
    raise KeyError("field at 0x7f00aa12")


def leaving(stream: BinaryIO, settings: Settings) -> Records:
    """One record, then nothing to be done."""
    yield Record("one")
    raise Unusable("odd", "the rest \ud800 is odd", b"\xff" * 70_000)


def strange(stream: BinaryIO, settings: Settings) -> Iterator[Any]:
    """Everything but records."""
    yield "text"
    yield Record(b"bytes")  # type: ignore[arg-type]
    yield Record("half \ud800")
    yield Record("x", url="\udfff")
    yield Record("x", date=2024)  # type: ignore[arg-type]
    yield Record("x", meta={"at": object()})
    yield Record("x", meta={"n": float("nan")})
    yield Record("x" * 2000)
    yield Record("good")


@pytest.mark.parametrize(
    ("read", "rows"),
    [
        (raising, [(1, "reader_error", "KeyError: 'field at 0x…' (test_read_plugin.py:")]),
        (leaving, [(1, "odd", "the rest \\ud800 is odd")]),
        (
            strange,
            [
                (0, "reader_error", "the reader tab gave str, not a Record"),
                (1, "reader_error", "TypeError: text, url, date and source_id"),
                (2, "lone_surrogate", "half a surrogate pair at character 5"),
                (3, "lone_surrogate", "half a surrogate pair at character 0"),
                (4, "reader_error", "TypeError: text, url, date and source_id"),
                (5, "reader_error", "TypeError: Object of type object is not JSON"),
                (6, "reader_error", "ValueError: Out of range float values"),
                (7, "too_large", "a text of 2000 bytes, above 1000"),
            ],
        ),
        (lambda stream, settings: None, [(0, "reader_error", "TypeError: 'NoneType'")]),
    ],
)
def test_whatever_a_reader_does_becomes_rows(
    tmp_path: Path, read: Callable[..., Any], rows: list[tuple[int, str, str]]
) -> None:
    """A fault of the code or of the data neither stops the run nor vanishes."""
    folder = write(tmp_path / "in", b"data")
    documents, bad, counted = run(folder, read, max_document_bytes=1000)
    for row, (record, reason, detail) in zip(bad, rows, strict=True):
        assert (row["record"], row["reason"]) == (record, reason)
        assert row["detail"].startswith(detail)
        assert row["stage"] == "read"
    assert counted == len(documents) + len(bad)
    assert all(d["text"] in ("one", "good") for d in documents)


def swallowing(stream: BinaryIO, settings: Settings) -> Records:
    """A reader that hides the faults of its stream."""
    try:
        for line in stream:
            yield Record(line.decode())
    except Exception:  # noqa: BLE001  that is the point
        yield Record("invented")


@pytest.mark.parametrize("read", [swallowing, table])
def test_a_file_that_breaks_off_is_said_so(tmp_path: Path, read: Callable[..., Any]) -> None:
    """Also where the reader swallows it; what it makes of the rest is not taken."""
    lines = b"".join(b"%d,line %d,u\n" % (n, n * n * 7919) for n in range(60_000))
    whole = gzip.compress(b"n,text,url\n" + lines)
    folder = write(tmp_path / "in", whole[: len(whole) // 2], "a.tab.gz")
    documents, bad, counted = run(folder, read)
    assert [(b["reason"], b["record"]) for b in bad] == [("truncated", len(documents))]
    assert documents
    assert "invented" not in {d["text"] for d in documents}
    assert counted == len(documents) + 1


def test_what_follows_compressed_content_is_a_row(tmp_path: Path) -> None:
    """The records are whole; the rest is told of, without a number."""
    folder = write(tmp_path / "in", gzip.compress(ROWS) + b"junk" * 10, "a.tab.gz")
    documents, bad, counted = run(folder, table)
    assert (len(documents), counted) == (2, 3)
    assert [(b["record"], b["reason"]) for b in bad] == [
        (1, "missing_text"),
        (None, "trailing_garbage"),
    ]


def test_a_whole_file_as_text_is_bounded_and_decoded(tmp_path: Path) -> None:
    """`read_text` finds the encoding, and says too long or binary before it holds too much."""

    def whole(stream: BinaryIO, settings: Settings) -> Records:
        yield Record(read_text(stream, settings))

    write(tmp_path / "in", "Đây là chữ".encode("utf-16"), "a.tab")
    write(tmp_path / "in", b"x" * 5000, "b.tab")
    write(tmp_path / "in", b"\x00\x01\x02\x03" * 100, "c.tab")
    documents, bad, _ = run(tmp_path / "in", whole, max_document_bytes=1000)
    assert [d["text"] for d in documents] == ["Đây là chữ"]
    assert [(b["source"], b["reason"]) for b in bad] == [
        ("in/b.tab", "too_large"),
        ("in/c.tab", "binary"),
    ]


def test_memory_that_runs_out_is_no_fault_of_the_file(tmp_path: Path) -> None:
    """It is the machine's: the task fails, and may be tried again."""

    def greedy(stream: BinaryIO, settings: Settings) -> Records:
        raise MemoryError
        yield

    folder = write(tmp_path / "in", b"data")
    (file,) = survey([str(folder)], base=folder, more={".tab": "tab"}).files
    options = ReadOptions(readers={"tab": Reader((".tab",), greedy)})
    with pytest.raises(MemoryError):
        list(records(file, options))
