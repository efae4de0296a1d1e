"""The shuffle: whatever the pieces, a partition is read as one sorted stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.io import exchange

SCHEMA = pa.schema(
    [
        ("key", pa.uint64()),
        ("name", pa.string()),
        ("node", pa.int64()),
        ("set", pa.list_(pa.uint64())),
    ]
)
ORDER = ("key", "name", "node")

keys = st.one_of(st.sampled_from([0, 1, 2, 2**63, 2**64 - 1]), st.integers(0, 2**64 - 1))
rows = st.tuples(keys, st.sampled_from(["", "a", "é", "\U0001f389", "\uffff"]), st.integers(-5, 5))


def table_of(values: list[tuple[int, str, int]], begin: int = 0) -> pa.Table:
    """Rows of SCHEMA; the set of a row tells where it was written."""
    columns = list(zip(*values, strict=True)) if values else [(), (), ()]
    sets = [[begin + i] * (i % 3) for i in range(len(values))]
    arrays = [pa.array(c, f.type) for c, f in zip([*columns, sets], SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def write_files(folder: Path, files: list[pa.Table], partitions: int) -> list[Path]:
    """Each table as the file of one task."""
    paths = []
    for number, table in enumerate(files):
        paths.append(folder / f"{number}.arrow")
        target = exchange.by_hash(table.column("key").to_numpy(), partitions)
        exchange.write(paths[-1], table, target, partitions, ORDER)
    return paths


def sort_key(row: dict[str, Any]) -> tuple[int, str, int]:
    """How rows are sorted."""
    return row["key"], row["name"], row["node"]


@settings(max_examples=40)
@given(
    st.lists(st.lists(rows, max_size=25), max_size=4),
    st.integers(1, 3),
    st.integers(1, 9),
    st.sampled_from([1, 500, 1 << 30]),
)
def test_any_partition_in_any_pieces_is_a_plain_sort(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[list[tuple[int, str, int]]],
    partitions: int,
    rows_at_once: int,
    bytes_at_once: int,
) -> None:
    """Every row once, in order, in batches that are neither empty nor too large."""
    tables = [table_of(v, 1000 * i) for i, v in enumerate(values)]
    paths = write_files(tmp_path_factory.mktemp("exchange"), tables, partitions)
    everything = [row for table in tables for row in table.to_pylist()]
    seen = []
    for partition in range(partitions):
        found = []
        for batch in exchange.read(paths, partition, ORDER, rows_at_once, bytes_at_once):
            assert 0 < batch.num_rows <= rows_at_once
            assert batch.schema.equals(SCHEMA)
            found += batch.to_pylist()
        assert [sort_key(r) for r in found] == sorted(sort_key(r) for r in found)
        seen += found
    as_text = sorted(map(str, everything))
    assert sorted(map(str, seen)) == as_text


def test_a_hot_key_is_read_in_pieces(tmp_path: Path) -> None:
    """A key that all rows have is cut by the other columns: it never lies in memory as a whole."""
    tables = [table_of([(7, "", n) for n in range(i, 600, 3)], 1000 * i) for i in range(3)]
    paths = write_files(tmp_path, tables, 1)
    batches = list(exchange.read(paths, 0, ORDER, rows_at_once=50))
    assert max(b.num_rows for b in batches) <= 50
    assert len(batches) >= 12
    nodes = [n for b in batches for n in b.column("node").to_pylist()]
    assert nodes == list(range(600))


def test_rows_with_large_values_come_in_smaller_batches(tmp_path: Path) -> None:
    """Bytes bound what is held, not rows alone."""
    table = pa.Table.from_arrays(
        [
            pa.array(range(100), pa.uint64()),
            pa.array(["x"] * 100),
            pa.array(range(100), pa.int64()),
            pa.array([list(range(1000))] * 100, pa.list_(pa.uint64())),
        ],
        schema=SCHEMA,
    )
    paths = write_files(tmp_path, [table], 1)
    batches = list(exchange.read(paths, 0, ORDER, bytes_at_once=80_000))
    assert max(b.num_rows for b in batches) <= 10
    assert sum(b.num_rows for b in batches) == 100


def test_nulls_and_nans_sort_as_arrow_sorts_them(tmp_path: Path) -> None:
    """The cuts between pieces agree with the order within them."""
    schema = pa.schema([("key", pa.uint64()), ("score", pa.float64()), ("node", pa.int64())])
    scores = [None, 1.0, float("nan"), -1.0, None, float("nan"), 0.5, float("inf")] * 5
    columns = [[3] * 40, scores, list(range(40))]
    table = pa.Table.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )
    order = ("key", "score", "node")
    exchange.write(tmp_path / "a", table.slice(0, 21), np.zeros(21, np.int64), 1, order)
    exchange.write(tmp_path / "b", table.slice(21), np.zeros(19, np.int64), 1, order)
    found = pa.Table.from_batches(
        list(exchange.read([tmp_path / "a", tmp_path / "b"], 0, order, rows_at_once=3))
    )
    expected = table.take(pc.sort_indices(table, sort_keys=[(c, "ascending") for c in order]))
    assert found.column("node").to_pylist() == expected.column("node").to_pylist()


def test_no_files_and_empty_partitions(tmp_path: Path) -> None:
    """They are streams without batches."""
    assert list(exchange.read([], 0, ORDER)) == []
    paths = write_files(tmp_path, [table_of([]), table_of([(1, "a", 1)])], 4)
    assert sum(len(list(exchange.read(paths, p, ORDER))) for p in range(4)) == 1


def test_chunked_and_sliced_tables_are_written_whole(tmp_path: Path) -> None:
    """Columns in pieces, or with an offset, make no difference."""
    table = table_of([(n % 5, "a", n) for n in range(20)])
    odd = pa.concat_tables([table.slice(3, 4), table.slice(7, 0), table.slice(7, 6)])
    exchange.write(tmp_path / "a", odd, np.zeros(10, np.int64), 1, ORDER)
    plain = pa.Table.from_pylist(table.to_pylist()[3:13], SCHEMA)
    exchange.write(tmp_path / "b", plain, np.zeros(10, np.int64), 1, ORDER)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_rows_come_home_to_the_shard_of_their_document(tmp_path: Path) -> None:
    """Sorted by document, then as the merge says, whatever partition they come from."""
    bases = np.array([0, 4, 9], np.int64)
    ordinals = np.array([8, 3, 9, 4, 0, 11, 4], np.int64)
    assert exchange.by_home(ordinals, bases).tolist() == [1, 0, 2, 1, 0, 2, 1]
    schema = pa.schema([("ordinal", pa.int64()), ("number", pa.int32())])
    found = []
    for cut in (2, 5):  # two ways to cut the rows into partitions
        paths = []
        for part, (low, high) in enumerate([(0, cut), (cut, 7)]):
            mine = ordinals[low:high]
            columns = [pa.array(mine), pa.array(np.arange(low, high) % 3, pa.int32())]
            table = pa.Table.from_arrays(columns, schema=schema)
            paths.append(tmp_path / f"{cut}-{part}")
            target = exchange.by_home(mine, bases)
            exchange.write(paths[-1], table, target, 3, ("ordinal", "number"))
        homes = [exchange.read_home(paths, shard, ("number",)) for shard in range(3)]
        found.append([h.to_pylist() for h in homes if h is not None])
    assert found[0] == found[1]
    assert [r["ordinal"] for r in found[0][1]] == [4, 4, 8]
    assert [r["number"] for r in found[0][1]] == [0, 0, 0]
    assert exchange.read_home([], 0) is None


def test_keys_spread_over_partitions() -> None:
    """Also keys that differ in few bits; one partition takes all."""
    keys = np.arange(4096, dtype=np.uint64) << np.uint64(40)
    counts = np.bincount(exchange.by_hash(keys, 16), minlength=16)
    assert counts.min() > 180
    assert counts.max() < 340
    assert exchange.by_hash(keys, 1).tolist() == [0] * 4096
