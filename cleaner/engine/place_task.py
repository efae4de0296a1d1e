"""Bringing documents to their places: only where a config asks for another order or other folders.

Writing leaves, beside the usual parts, the corpus rows of each part sorted by folder and order
(`rows.arrow`). Then it is known how much there is in each folder, so files can be planned; and each
file is made by one task from the rows that go there, wherever they are.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.engine import memory
from cleaner.engine.sides import keys_of
from cleaner.errors import CleanerError
from cleaner.io import exchange, places
from cleaner.io.json_lines import JsonLines, as_lines
from cleaner.io.output import RowGroups, corpus_schema
from cleaner.io.places import Place
from cleaner.io.sealed import Sealed
from cleaner.text.draw import ranks

if TYPE_CHECKING:
    from cleaner.config.model import Write
    from cleaner.engine.context import Context
    from cleaner.io.store import Files, Manifest

ROWS = "rows.arrow"
_KEY, _ORDER, _SIZE, _LAST = "#key", "#order", "#size", "#last"
_SORT = (_KEY, _ORDER, _LAST)
_PLACED = pa.schema(
    [(_KEY, pa.string()), (_ORDER, pa.uint64()), (_LAST, pa.int64()), (_SIZE, pa.int64())]
)
"""Where a row goes: folder, order in it, what decides between equal ones (the document's ordinal),
and what it counts of a file's size."""
_ROW, _PASSAGE = 200, 16
"""Bytes of a row, and of a passage in it, that are not text: about."""
_SAMPLE, _SAMPLE_BYTES = 200, 4 << 20
"""Documents of a part, or bytes of JSON, that are compressed to learn how small files get."""


class Outgoing:
    """The rows of one part of the run, on their way to their places."""

    def __init__(self, context: Context, path: Path, schema: pa.Schema) -> None:
        self._write = context.config.write
        self._seed = context.config.seed
        size = memory.sort_bytes(context.config.engine)
        self._out = exchange.Runs(path, pa.schema([*_PLACED, *schema]), _SORT, size)
        self._counts: dict[str, list[int]] = {}
        self._sampled = self._sample = 0
        self._lines = bytearray()

    def write(self, documents: pa.Table, ordinals: pa.Array) -> None:
        """Add corpus rows, and the ordinals of their documents.

        Raises:
            CleanerError: there are more folders than the config allows.
        """
        keys = keys_of(documents, self._write, self._seed)
        sizes = _sizes(documents)
        order = ordinals.cast(pa.uint64())
        if self._write.shuffle:
            order = pa.array(ranks(documents.column("doc_id").to_pylist(), "order", self._seed))
        for key, size in zip(keys, sizes.tolist(), strict=True):
            count = self._counts.setdefault(key, [0, 0])
            count[0] += 1
            count[1] += size
        check_folders(self._counts, self._write)
        self._look(documents, sizes.tolist())
        if self._write.part_size is None:
            sizes = np.ones(len(sizes), np.int64)
        columns = [pa.array(keys, pa.string()), order, ordinals, pa.array(sizes)]
        columns += [column.combine_chunks() for column in documents.columns]
        schema = pa.schema([*_PLACED, *documents.schema])
        self._out.write(pa.Table.from_arrays(columns, schema=schema))

    def close(self) -> dict[str, Any]:
        """Finish; what the plan of the files needs to know of this part."""
        self._out.close()
        stored = len(pa.compress(bytes(self._lines), "zstd", asbytes=True))
        return {"keys": dict(sorted(self._counts.items())), "sample": [self._sample, stored]}

    @property
    def splits(self) -> dict[str, int]:
        """Documents by split."""
        found: dict[str, int] = {}
        for key, (count, _) in self._counts.items():
            side = places.split_of(f"{key}/")
            found[side] = found.get(side, 0) + count
        return found

    def _look(self, documents: pa.Table, sizes: list[int]) -> None:
        """Take the first documents of the part, if files are to be of a size that depends on it."""
        if self._write.part_size is None or self._write.format != "jsonl":
            return
        for row, size in enumerate(sizes):
            if self._sampled == _SAMPLE or len(self._lines) >= _SAMPLE_BYTES:
                return
            for rows in documents.slice(row, 1).combine_chunks().to_batches():
                self._lines += as_lines(rows)
            self._sampled += 1
            self._sample += size


def _sizes(documents: pa.Table) -> Any:
    """int64[documents]: about the bytes of each row before it is compressed."""
    text = pc.binary_length(documents.column("text")).to_numpy().astype(np.int64)
    meta = pc.fill_null(pc.binary_length(documents.column("meta")), 0).to_numpy()
    passages = pc.list_value_length(documents.column("passages")).to_numpy()
    return text + meta + _PASSAGE * passages + _ROW


def check_folders(keys: Mapping[str, Any], write: Write) -> None:
    """Refuse a corpus of too many folders.

    Raises:
        CleanerError: there are too many.
    """
    if len(keys) > write.max_folders:
        example = min(keys)
        raise CleanerError(
            f"write.partition_by makes more than {write.max_folders:,} folders (such as "
            f"{example}): leave out what has so many values, or raise write.max_folders; then run "
            "the same command again: finished work is kept"
        )


def plan(context: Context, written: Sequence[Manifest]) -> tuple[Place, ...]:
    """The files of the corpus, from what the parts of the run hold: at least one.

    Raises:
        CleanerError: there are more folders than the config allows.
    """
    write = context.config.write
    parts = [manifest.counts["placed"] for manifest in written]
    which = 0 if write.part_size is None else 1
    sizes: dict[str, list[tuple[int, int]]] = {}
    for number, part in enumerate(parts):
        for key, count in part["keys"].items():
            sizes.setdefault(key, []).append((number, count[which]))
        check_folders(sizes, write)
    target = write.documents_per_part
    if write.part_size is not None:
        target = _weight(write, written)
    empty = "" if not write.split else f"split={places.TRAIN}"
    folders = places.folders_of(sizes or [empty])
    found = []
    for key in sorted(folders):
        total = sum(size for _, size in sizes.get(key, ()))
        count = max(1, -(-total // target))
        spans = [] if write.shuffle else list(_spans(sizes.get(key, ()), target, count))
        for number in range(count):
            path = places.path_of(write.layout, write.format, folders[key], number, count)
            if write.shuffle:
                low, high = ((n << 64) // count for n in (number, number + 1))
                found.append(Place(key, path, low, high))
            else:
                found.append(Place(key, path, spans=tuple(spans[number])))
    return tuple(found)


def _weight(write: Write, written: Sequence[Manifest]) -> int:
    """What the sizes of the documents of one file add up to, from how small the first ones got."""
    assert write.part_size is not None
    raw = stored = 0
    for manifest in written:
        placed = manifest.counts["placed"]
        if write.format == "jsonl":
            raw, stored = raw + placed["sample"][0], stored + placed["sample"][1]
            continue
        raw += sum(size for _, size in placed["keys"].values())
        stored += sum(o.bytes for o in manifest.outputs if o.name.endswith("corpus.parquet"))
    return max(1, write.part_size * max(raw, 1) // max(stored, 1))


def _spans(
    sizes: Sequence[tuple[int, int]], target: int, count: int
) -> Iterator[list[tuple[int, int, int]]]:
    """For each of `count` files: the parts of the run with rows for it, and their range there."""
    before, begins = 0, []
    for number, size in sizes:
        begins.append((number, before, before + size))
        before += size
    first = 0
    for file in range(count):
        low, high = file * target, (file + 1) * target
        spans = []
        while first < len(begins) and begins[first][2] <= low:
            first += 1
        for number, begin, end in begins[first:]:
            if begin >= high:
                break
            spans.append((number, max(low - begin, 0), min(high, end) - begin))
        yield spans


def run_place(
    context: Context, index: int, files: Files
) -> tuple[dict[str, Any], dict[str, float]]:
    """Write file `index` of the corpus."""
    started = time.perf_counter()
    write, place = context.config.write, context.places[index]
    schema = corpus_schema(context.published)
    out: RowGroups | JsonLines
    if write.format == "jsonl":
        out = JsonLines(files.path("part.jsonl.zst"))
    else:
        size, level = write.row_group_documents, write.compression_level
        out = RowGroups(files.path("part.parquet"), schema, size, level, "text")
    size = memory.sort_bytes(context.config.engine)
    for batch in exchange.merged(list(_rows(context, place)), _SORT, bytes_at_once=size):
        columns = [batch.column(name) for name in schema.names]
        out.write(pa.Table.from_arrays(columns, schema=schema))
    out.close()
    return {"documents": out.rows}, {"write": time.perf_counter() - started}


def _rows(context: Context, place: Place) -> Iterator[pa.RecordBatch]:
    """The rows of a place, from all parts of the run; each batch is sorted."""
    folder = context.folder(context.write_phase)
    if context.config.write.shuffle:
        for number in range(context.parts):
            file = Sealed(folder / f"{number:05d}.{ROWS}")
            low, high = ((place.key, order) for order in (place.low, place.high))
            yield from exchange.between(file, (_KEY, _ORDER), low, high)
        return
    for number, first, last in place.spans:
        yield from _span(Sealed(folder / f"{number:05d}.{ROWS}"), place.key, first, last)


def _span(file: Sealed, key: str, first: int, last: int) -> Iterator[pa.RecordBatch]:
    """The rows of a folder before which there are so many, or so much, of it in the file."""
    before = 0
    for number in range(file.num_record_batches):
        keys = file.get_columns(number, (_KEY, _ORDER, _SIZE))
        bounds = [exchange.rows_below(keys, (_KEY, _ORDER), (key, n)) for n in (0, 1 << 64)]
        sizes = keys.column(_SIZE).to_numpy()[slice(*bounds)]
        ends = before + np.cumsum(sizes)
        low, high = np.searchsorted(ends - sizes, [first, last]).tolist()
        if high > low:
            yield file.get_batch(number).slice(bounds[0] + low, high - low)
        before = int(ends[-1]) if len(ends) else before
