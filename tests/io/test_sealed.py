"""Files that are checked as they are read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.errors import IntegrityError
from cleaner.io.sealed import Sealed, SealedWriter, sealed_writer

SCHEMA = pa.schema(
    [
        ("x", pa.int64()),
        ("text", pa.string()),
        ("lists", pa.list_(pa.struct([("a", pa.int32()), ("b", pa.string())]))),
        ("kind", pa.dictionary(pa.int8(), pa.string())),
    ]
)
ROWS = [
    {"x": 1, "text": "một", "lists": [{"a": 1, "b": "y"}], "kind": "k"},
    {"x": None, "text": None, "lists": None, "kind": None},
    {"x": 3, "text": "", "lists": [], "kind": "l"},
    {"x": -4, "text": "bốn" * 40, "lists": [{"a": None, "b": None}] * 3, "kind": "k"},
]


def written(path: Path, *, by_column: bool = True) -> list[pa.RecordBatch]:
    """A file of three batches, one of them empty and one a slice; what it holds."""
    table = pa.Table.from_pylist(ROWS, SCHEMA)
    whole = table.combine_chunks().to_batches()[0]
    batches = [whole, whole.slice(0, 0), whole.slice(1, 2)]
    with sealed_writer(path, SCHEMA, by_column=by_column) as out:
        for batch in batches:
            out.write_batch(batch)
    return batches


def read(path: Path) -> list[pa.RecordBatch]:
    """All that a file holds."""
    file = Sealed(path)
    return [file.get_batch(i) for i in range(file.num_record_batches)]


@pytest.mark.parametrize("by_column", [True, False])
def test_batches_come_back(tmp_path: Path, by_column: bool) -> None:
    """By number, with their schema; what was read outlives the file."""
    path = tmp_path / "a.arrow"
    batches = written(path, by_column=by_column)
    assert Sealed(path).schema.equals(SCHEMA)
    found = read(path)
    path.unlink()
    assert [b.to_pylist() for b in found] == [b.to_pylist() for b in batches]


def test_columns_come_back(tmp_path: Path) -> None:
    """In the order they were asked for, again and again."""
    path = tmp_path / "a.arrow"
    batches = written(path)
    file = Sealed(path)
    for number, batch in enumerate(batches):
        for names in (["x"], ["lists", "x"], ["lists", "x"]):
            assert file.get_columns(number, names).equals(batch.select(names))


def test_a_file_without_batches(tmp_path: Path) -> None:
    """It has its schema."""
    with sealed_writer(tmp_path / "a", SCHEMA, by_column=True):
        pass
    file = Sealed(tmp_path / "a")
    assert file.num_record_batches == 0
    assert file.schema.equals(SCHEMA)


@pytest.mark.parametrize("by_column", [True, False])
def test_every_byte_is_watched(tmp_path: Path, by_column: bool) -> None:
    """One changed bit of any byte, of data, metadata, footer or seals, is an error and no crash."""
    path = tmp_path / "a.arrow"
    written(path, by_column=by_column)
    good = path.read_bytes()
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= 1 << place % 8
        path.write_bytes(bad)
        with pytest.raises(IntegrityError, match=r"a\.arrow.*run the same command again"):
            read(path)


def test_every_length_is_watched(tmp_path: Path) -> None:
    """A file that was cut anywhere, or that goes on, is an error."""
    path = tmp_path / "a.arrow"
    with pytest.raises(IntegrityError, match=r"a\.arrow"):
        Sealed(path)
    written(path)
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(IntegrityError, match=r"a\.arrow"):
            Sealed(path)
    path.write_bytes(good + bytes(8))
    with pytest.raises(IntegrityError, match=r"a\.arrow"):
        Sealed(path)


def test_a_column_is_watched_for_itself(tmp_path: Path) -> None:
    """What changed in another column is no matter; in its own, it is."""
    path = tmp_path / "a.arrow"
    written(path)
    good = path.read_bytes()
    bad = bytearray(good)
    bad[good.index("bốn".encode())] ^= 1
    path.write_bytes(bad)
    file = Sealed(path)
    assert file.get_columns(0, ["x", "lists"]).num_rows == len(ROWS)
    with pytest.raises(IntegrityError, match="text of batch 0"):
        file.get_columns(0, ["x", "text"])
    with pytest.raises(IntegrityError, match="batch 0"):
        file.get_batch(0)


def test_a_writer_that_failed_leaves_nothing_that_counts(tmp_path: Path) -> None:
    """Also if some batches were written."""
    path = tmp_path / "a.arrow"

    def fail() -> None:
        with sealed_writer(path, SCHEMA) as out:
            out.write_batch(pa.Table.from_pylist(ROWS, SCHEMA).to_batches()[0])
            raise EOFError

    with pytest.raises(EOFError):
        fail()
    with pytest.raises(IntegrityError):
        Sealed(path)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_whatever_lies_there(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Bytes of somebody else are an error and no crash."""
    path = tmp_path_factory.mktemp("sealed") / "a"
    path.write_bytes(content)
    with pytest.raises(IntegrityError):
        read(path)


def test_any_order_of_writing(tmp_path: Path) -> None:
    """Two files at a time, as a task has them."""
    first, second = (SealedWriter(tmp_path / n, SCHEMA) for n in "ab")
    batch = pa.Table.from_pylist(ROWS, SCHEMA).to_batches()[0]
    for writer in (first, second, first):
        writer.write_batch(batch)
    second.close()
    first.close()
    assert [len(read(tmp_path / n)) for n in "ab"] == [2, 1]
