"""Reading Parquet: columns of all kinds of texts, foreign types beside them, damaged files."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleaner.io.chunks import Chunk, plan_chunks
from cleaner.io.inputs import InputFile, discover
from cleaner.io.readers import Read, ReadOptions, read_chunk
from cleaner.io.schema import ORIGINALS, QUARANTINE

Row = dict[str, object]
TEXTS = ["một", "", "hai\0\nba", "😀" * 50, "một"]


def write(base: Path, table: pa.Table, **options: object) -> list[InputFile]:
    """One file of this table, as an input."""
    folder = base / "in"
    folder.mkdir(exist_ok=True)
    pq.write_table(table, folder / "a.parquet", **options)
    return discover(["in/a.parquet"], base=base)


def read(files: list[InputFile], part: tuple[int, int] | None = None, **options: object) -> Read:
    """All of a file, or some row groups, as one `Read`."""
    chunks = plan_chunks(files, 1 << 40) if part is None else [Chunk(0, ((0, *part),))]
    parts = list(read_chunk(chunks[0], files, ReadOptions(**options)))  # type: ignore[arg-type]
    for one in parts:
        one.documents.validate(full=True)
        one.quarantine.validate(full=True)
    documents = pa.Table.from_batches([p.documents for p in parts], ORIGINALS).combine_chunks()
    quarantine = pa.Table.from_batches([p.quarantine for p in parts], QUARANTINE).combine_chunks()
    empty = [pa.RecordBatch.from_pylist([], s) for s in (ORIGINALS, QUARANTINE)]
    records: dict[int, int] = {}
    for one in parts:
        for file, count in one.records.items():
            records[file] = records.get(file, 0) + count
    return Read(
        (documents.to_batches() or empty[:1])[0],
        (quarantine.to_batches() or empty[1:])[0],
        records,
        0,
    )


def column(found: Read, name: str) -> list[object]:
    """A column of the documents."""
    return list(found.documents.column(name).to_pylist())


def raw_string(values: list[bytes]) -> pa.Array:
    """A string column that is not checked for UTF-8."""
    return pa.array(values, pa.binary()).view(pa.string())


def test_rows_are_documents(tmp_path: Path) -> None:
    """Text, hash and lengths of each row; URL, date and id are columns, all else is `meta`."""
    table = pa.table(
        {
            "id": pa.array([1, 2, None, 4, 5], pa.int64()),
            "text": TEXTS,
            "url": [f"https://a.example/{i}" for i in range(5)],
            "date": pa.array([dt.date(2024, 1, i + 1) for i in range(5)]),
            "z": [0.5, None, 1.0, 2.0, 3.0],
            "a": ["đ", "e", "f", "g", None],
        }
    )
    found = read(write(tmp_path, table, row_group_size=2), id_column="id")
    assert column(found, "text") == TEXTS
    assert column(found, "record") == [0, 1, 2, 3, 4]
    assert column(found, "sha256") == [hashlib.sha256(t.encode()).digest() for t in TEXTS]
    assert column(found, "raw_bytes") == [len(t.encode()) for t in TEXTS]
    assert column(found, "raw_chars") == [len(t) for t in TEXTS]
    assert column(found, "encoding") == ["utf-8"] * 5
    assert column(found, "bad_bytes") == [[]] * 5
    assert column(found, "source_id") == ["1", "2", None, "4", "5"]
    assert column(found, "url")[4] == "https://a.example/4"
    assert column(found, "date")[:2] == ["2024-01-01", "2024-01-02"]
    assert column(found, "meta") == [
        *('{"a":"đ","z":0.5}', '{"a":"e","z":null}', '{"a":"f","z":1.0}', '{"a":"g","z":2.0}'),
        '{"a":null,"z":3.0}',
    ]
    assert (found.records, found.quarantine.num_rows) == ({0: 5}, 0)


@pytest.mark.parametrize(
    "kind",
    [
        *(pa.string(), pa.large_string(), pa.binary(), pa.large_binary()),
        *(pa.string_view(), pa.binary_view()),
        *(pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.large_string())),
    ],
    ids=str,
)
def test_all_kinds_of_texts_are_read(tmp_path: Path, kind: pa.DataType) -> None:
    """Strings and bytes of any width, also as a dictionary, with nulls among them."""
    values = [*TEXTS, None, "last"]
    base = pa.array(values, pa.string())
    array = base.dictionary_encode() if pa.types.is_dictionary(kind) else base
    found = read(write(tmp_path, pa.table({"text": array.cast(kind), "url": base})))
    assert column(found, "text") == [*TEXTS, "last"]
    assert column(found, "url") == [*TEXTS, "last"]
    assert column(found, "record") == [0, 1, 2, 3, 4, 6]
    assert column(found, "sha256")[-1] == hashlib.sha256(b"last").digest()
    (row,) = found.quarantine.to_pylist()
    assert (row["reason"], row["record"], row["raw"]) == ("null_text", 5, None)
    assert found.records == {0: 7}


def test_parts_are_the_rows_of_their_groups(tmp_path: Path) -> None:
    """Each part counts its records from 0, and together they are the whole file."""
    files = write(tmp_path, pa.table({"text": [f"t{i}" for i in range(10)]}), row_group_size=3)
    parts = [read(files, part) for part in ((0, 1), (1, 3), (3, 4))]
    assert [column(p, "text") for p in parts] == [
        *(["t0", "t1", "t2"], ["t3", "t4", "t5", "t6", "t7", "t8"], ["t9"]),
    ]
    assert [column(p, "record") for p in parts] == [[0, 1, 2], [0, 1, 2, 3, 4, 5], [0]]
    assert [p.records for p in parts] == [{0: 3}, {0: 6}, {0: 1}]


@pytest.mark.parametrize(
    ("table", "reason", "detail"),
    [
        ({"texts": ["a"], "url": ["b"]}, "missing_column", "the nearest is 'texts'"),
        ({"text": [1, 2]}, "wrong_type", "'text' is int64, not a string"),
        ({"text": [["a"]]}, "wrong_type", "'text' is list<"),
    ],
)
def test_a_file_without_texts_is_one_row(
    tmp_path: Path, table: dict[str, list[object]], reason: str, detail: str
) -> None:
    """The row is that of the part that begins the file; the others add nothing."""
    files = write(tmp_path, pa.table(table), row_group_size=1)
    (row,) = read(files).quarantine.to_pylist()
    assert (row["reason"], row["record"]) == (reason, None)
    assert detail in row["detail"]
    assert row["raw_bytes"] == files[0].size
    assert read(files, (1, 1)).quarantine.num_rows == 0


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    """It could be either."""
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    (row,) = read(write(tmp_path, table)).quarantine.to_pylist()
    assert row["reason"] == "duplicate_column"


def test_texts_that_are_not_utf8_are_put_aside(tmp_path: Path) -> None:
    """Parquet does not check its strings; each bad row is told apart, whatever column it is in."""
    good = [b"a", b"b", b"c", b"d", b"e"]
    table = pa.table(
        {
            "text": raw_string([b"a", b"caf\xe9", b"c", b"d", b"e"]),
            "url": raw_string([*good[:2], b"\xff", *good[3:]]),
            "other": raw_string([*good[:3], b"\xed\xa0\x80", good[4]]),
        }
    )
    found = read(write(tmp_path, table))
    assert column(found, "text") == ["a", "e"]
    assert column(found, "record") == [0, 4]
    assert column(found, "meta") == ['{"other":"a"}', '{"other":"e"}']
    rows = found.quarantine.to_pylist()
    assert [(r["reason"], r["record"], r["raw"]) for r in rows] == [
        *(("bad_utf8", 1, b"caf\xe9"), ("bad_utf8", 2, b"c"), ("bad_utf8", 3, b"d")),
    ]


def test_a_long_text_is_put_aside(tmp_path: Path) -> None:
    """Above `max_document_bytes`, in bytes."""
    table = pa.table({"text": ["a", "đ" * 5, "đ" * 6, "b"]})
    found = read(write(tmp_path, table), max_document_bytes=10)
    assert column(found, "text") == ["a", "đ" * 5, "b"]
    (row,) = found.quarantine.to_pylist()
    assert (row["reason"], row["record"], row["raw_bytes"]) == ("too_large", 2, 12)


def test_foreign_types_become_json(tmp_path: Path) -> None:
    """Times are ISO 8601, bytes base64, decimals keep their digits, NaN is a name."""
    when = dt.datetime(2024, 5, 6, 7, 8, 9, 123_000, tzinfo=dt.UTC)
    table = pa.table(
        {
            "text": ["x"],
            "zoned": pa.array([when], pa.timestamp("us", "Asia/Ho_Chi_Minh")),
            "naive": pa.array([1_000_000_001], pa.timestamp("ns")),
            "day": pa.array([when.date()]),
            "hour": pa.array([dt.time(7, 8)], pa.time64("us")),
            "price": pa.array([Decimal("1.10")]),
            "bytes": pa.array([b"\xff\x00"]),
            "nan": [float("nan")],
            "list": [[1, None]],
            "struct": [{"b": "đ", "a": [float("inf")]}],
            "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "flag": [True],
            "none": pa.nulls(1),
        }
    )
    (meta,) = column(read(write(tmp_path, table)), "meta")
    assert meta == (
        '{"bytes":"/wA=","day":"2024-05-06","flag":true,"hour":"07:08:00.000000","list":[1,null],'
        '"map":[["k",1]],"naive":"1970-01-01 00:00:01.000000001","nan":"nan","none":null,'
        '"price":1.10,"struct":{"a":["inf"],"b":"đ"},"zoned":"2024-05-06 07:08:09.123000Z"}'
    )
    assert json.loads(str(meta))["price"] == 1.1
    lean = read(discover(["in/a.parquet"], base=tmp_path), keep_meta=False)
    assert column(lean, "meta") == [None]


def test_batches_are_bounded(tmp_path: Path) -> None:
    """At most `batch_bytes` of text in a batch, in the order of the rows, or one longer text."""
    sizes = [(i * 7919) % 3000 for i in range(500)] + [50_000, 1, 1]
    files = write(tmp_path, pa.table({"text": ["x" * n for n in sizes]}), row_group_size=200)
    (chunk,) = plan_chunks(files, 1 << 30)
    seen: list[int] = []
    for one in read_chunk(chunk, files, ReadOptions(batch_bytes=10_000)):
        lengths = one.documents.column("raw_bytes").to_pylist()
        assert sum(lengths) <= 10_000 or len(lengths) == 1
        seen += lengths
    assert seen == sizes


@pytest.mark.parametrize("is_stored_as_dictionary", [True, False])
def test_a_text_that_repeats_is_not_written_out_at_once(
    tmp_path: Path, is_stored_as_dictionary: bool
) -> None:
    """A small dictionary may stand for any amount of text; memory stays at some batches."""
    big = pa.array(["x" * (1 << 18)])
    rows = pa.DictionaryArray.from_arrays(pa.array([0] * 400, pa.int32()), big)
    kind = rows.type if is_stored_as_dictionary else pa.string()
    schema = pa.schema([("text", kind)])
    (tmp_path / "in").mkdir()
    with pq.ParquetWriter(tmp_path / "in/a.parquet", schema) as writer:
        column = rows if is_stored_as_dictionary else rows.dictionary_decode()
        writer.write_table(pa.table({"text": column}, schema))
    files = discover(["in"], base=tmp_path)
    assert files[0].size < 1 << 20
    (chunk,) = plan_chunks(files, 1 << 40)
    before = pa.total_allocated_bytes()
    highest = count = 0
    for one in read_chunk(chunk, files, ReadOptions(batch_bytes=1 << 20)):
        count += one.documents.num_rows
        highest = max(highest, pa.total_allocated_bytes() - before)
    assert count == 400
    assert highest < 16 << 20


def test_a_damaged_file_keeps_what_came_before(tmp_path: Path) -> None:
    """A broken page costs the rest of its row group; the groups after it are read."""
    texts = [f"{i} " + hashlib.sha256(b"%d" % i).hexdigest() * 20 for i in range(300)]
    options = {"use_dictionary": False, "write_page_checksum": True, "data_page_size": 9_000}
    files = write(
        tmp_path, pa.table({"text": texts}), row_group_size=100, write_batch_size=5, **options
    )
    metadata = pq.read_metadata(files[0].location)
    page = metadata.row_group(1).column(0)
    place = page.data_page_offset + page.total_compressed_size // 2
    data = bytearray(Path(files[0].location).read_bytes())
    data[place : place + 200] = b"\xff" * 200
    Path(files[0].location).write_bytes(data)
    found = read(discover(["in"], base=tmp_path), batch_bytes=20_000)
    records = column(found, "record")
    assert 200 < len(records) < 300
    assert records[:100] == list(range(100))
    assert records[-100:] == list(range(200, 300))
    assert [texts[int(str(r))] for r in records] == column(found, "text")
    (row,) = found.quarantine.to_pylist()
    assert row["reason"] == "corrupt"
    assert row["record"] == len(records) - 100
    assert f"{300 - len(records)} rows of row group 1 are lost" in row["detail"]
    assert found.records == {0: 300}


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not Parquet at all", b"PAR1" + b"\xff" * 50])
def test_what_is_not_parquet_is_one_row(tmp_path: Path, content: bytes) -> None:
    """A file that only has the name."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.parquet").write_bytes(content)
    found = read(discover(["in"], base=tmp_path))
    (row,) = found.quarantine.to_pylist()
    assert (row["reason"], row["record"], row["raw_bytes"]) == ("corrupt", None, len(content))
    assert row["detail"].startswith("not a readable Parquet file")


def test_files_without_rows_are_nothing(tmp_path: Path) -> None:
    """No row group, or one without rows: neither documents nor quarantine."""
    empty = pa.table({"text": pa.array([], pa.string())})
    found = read(write(tmp_path, empty))
    assert (found.documents.num_rows, found.quarantine.num_rows) == (0, 0)
    pq.ParquetWriter(tmp_path / "in/a.parquet", empty.schema).close()
    without = read(discover(["in"], base=tmp_path))
    assert (without.documents.num_rows, without.quarantine.num_rows) == (0, 0)


FLIPPED = """
import sys
from pathlib import Path
from cleaner.io.chunks import plan_chunks
from cleaner.io.inputs import discover
from cleaner.io.readers import ReadOptions, read_chunk

path = Path(sys.argv[1])
data = path.read_bytes()
footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
reasons = set()
for at in range(footer, len(data)):
    path.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
    files = discover([str(path)], base=path.parent)
    for chunk in plan_chunks(files, 1 << 20):
        for read in read_chunk(chunk, files, ReadOptions()):
            reasons.update(read.quarantine.column("reason").to_pylist())
print(sorted(reasons))
"""


def test_no_byte_of_a_footer_ends_the_process(tmp_path: Path) -> None:
    """Each is changed in turn, the statistics of a column among them; in a process of its own."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["one", "two", None, "four"]}), path, row_group_size=3)
    done = subprocess.run(
        [sys.executable, "-c", FLIPPED, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert "'corrupt'" in done.stdout
