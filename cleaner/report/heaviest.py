"""The heaviest keys of a stream of any length, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

LIMIT = 1 << 17
"""Keys that are kept when there are too many; twice as many rows may wait to be added up."""


class Heaviest:
    """Adds up columns by key, and forgets the lightest keys when there are too many.

    Exact as long as no more than `limit` keys were seen. Beyond that `is_exact` is False, and the
    sums of a key may lack what it had when it was not among the `limit` heaviest (as in the lossy
    counting of Manku and Motwani, "Approximate Frequency Counts over Data Streams", section 4.2).
    """

    def __init__(self, keys: Sequence[str], sums: Sequence[str], limit: int = LIMIT) -> None:
        """Keys and sums are names of columns; the first of the sums is the weight."""
        self._keys = list(keys)
        self._sums = list(sums)
        self._limit = limit
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self.is_exact = True

    def add(self, rows: pa.Table) -> None:
        """Add rows; other columns than keys and sums are left alone."""
        self._waiting.append(self._grouped(rows))
        self._rows += self._waiting[-1].num_rows
        if self._rows > 2 * self._limit:
            self._settle()

    def top(self, count: int) -> list[dict[str, Any]]:
        """The heaviest keys with their sums, heaviest first, equal ones in order of the key."""
        table = self._settle()
        if table is None:
            return []
        rows: list[dict[str, Any]] = table.take(self._order(table)[:count]).to_pylist()
        return rows

    def __len__(self) -> int:
        """Keys that are known."""
        table = self._settle()
        return 0 if table is None else int(table.num_rows)

    def _settle(self) -> pa.Table | None:
        """One row a key, at most `limit` of them."""
        if not self._waiting:
            return None
        table = self._waiting[0]
        if len(self._waiting) > 1:
            table = self._grouped(pa.concat_tables(self._waiting))
        if table.num_rows > self._limit:
            self.is_exact = False
            table = table.take(self._order(table)[: self._limit])
        self._waiting, self._rows = [table], table.num_rows
        return table

    def _grouped(self, rows: pa.Table) -> pa.Table:
        columns = rows.select(self._keys + self._sums)
        grouped = columns.group_by(self._keys, use_threads=False).aggregate(
            [(name, "sum") for name in self._sums]
        )
        ordered = grouped.select(self._keys + [f"{name}_sum" for name in self._sums])
        return ordered.rename_columns(self._keys + self._sums)

    def _order(self, table: pa.Table) -> pa.Array:
        keys = [(self._sums[0], "descending"), *((name, "ascending") for name in self._keys)]
        return pc.sort_indices(table, sort_keys=keys)
