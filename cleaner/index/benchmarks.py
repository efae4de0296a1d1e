"""The n-grams of benchmark files: what a training corpus must not hold.

Brown et al., "Language Models are Few-Shot Learners" (2020), appendix C: overlaps of 13 words
count, of fewer where the example itself is shorter, but never of fewer than 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.dedup.shingle import shingles
from cleaner.errors import InputError
from cleaner.io.chunks import plan_chunks
from cleaner.io.inputs import InputFile, survey
from cleaner.io.readers import ReadOptions, read_chunk
from cleaner.text.jit import column, kernel
from cleaner.text.ragged import Ragged
from cleaner.text.words import word_hashes

_CHUNK = 32 << 20
_N1, _BITS = np.uint64(1), np.uint64(64)


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """Sorted n-grams of one length, with the record that each is from.

    Attributes:
        n: words.
        hashes: uint64[grams], ascending, each once.
        records: int32[grams], index into `Benchmarks.records`; of several the first.
        starts: int64[2^bits + 1]; hashes with the leading bits b are starts[b]:starts[b + 1].
    """

    n: int
    hashes: NDArray[np.uint64]
    records: NDArray[np.int32]
    starts: NDArray[np.int64]

    def find(self, rows: Ragged) -> NDArray[np.int32]:
        """For each n-gram of the rows its record, or -1; int32[len(rows.values)]."""
        found = np.full(len(rows.values), -1, np.int32)
        _find(
            column(rows.values, np.uint64),
            column(self.hashes, np.uint64),
            column(self.records, np.int32),
            column(self.starts, np.int64),
            found,
        )
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Benchmarks:
    """All n-grams of some files.

    Attributes:
        grams: by their length, longest first.
        records: (source, record number) of each record.
        short: records that have too few words to be looked for.
    """

    grams: tuple[Grams, ...]
    records: tuple[tuple[str, int], ...]
    short: int


def find_files(patterns: Sequence[str]) -> tuple[InputFile, ...]:
    """The benchmark files that the patterns name, as inputs are named.

    Raises:
        InputError: a path is missing, or a pattern matches nothing.
    """
    return survey(patterns, base=Path.cwd()).files


def read_benchmarks(
    files: Sequence[InputFile], fields: Sequence[str], n: int, fewest: int
) -> Benchmarks:
    """Read files and hash their n-grams; records of `fewest` to n - 1 words count as a whole.

    `fields` are those of JSONL and Parquet records that hold text; each is looked for alone.

    Raises:
        InputError: a file has no text in any of the fields.
    """
    records: list[tuple[str, int]] = []
    places: dict[tuple[str, int], int] = {}
    hashes: dict[int, list[NDArray[np.uint64]]] = {}
    owners: dict[int, list[NDArray[np.int32]]] = {}
    seen = [0] * len(files)
    short = 0
    for field in fields:
        for file, numbers, text in _texts(files, field):
            words = word_hashes(text)
            seen[file] += int((words.counts > 0).sum())
            keys = [(files[file].source, number) for number in numbers]
            for key in keys:
                if key not in places:
                    places[key] = len(records)
                    records.append(key)
            mine = np.array([places[key] for key in keys], np.int32)
            short += int(((words.counts > 0) & (words.counts < fewest)).sum())
            for length in range(n, fewest - 1, -1):
                is_whole = words.counts == length
                rows = np.flatnonzero(words.counts >= n if length == n else is_whole)
                if len(rows):
                    grams = shingles(words.take(rows), length)
                    hashes.setdefault(length, []).append(grams.values)
                    owners.setdefault(length, []).append(np.repeat(mine[rows], grams.counts))
    empty = [files[at].source for at, count in enumerate(seen) if not count]
    if empty:
        raise InputError(
            f"{empty[0]}: has no text in {' or '.join(fields)}; name the fields of its records"
            " with `fields: [question, answer]`"
        )
    tables = tuple(
        _sorted(length, hashes[length], owners[length]) for length in sorted(hashes, reverse=True)
    )
    return Benchmarks(tables, tuple(records), short)


def _texts(
    files: Sequence[InputFile], field: str
) -> Iterator[tuple[int, list[int], pa.StringArray]]:
    """(file, record numbers, texts) of all files; what cannot be read is left out."""
    options = ReadOptions(text_column=field, url_column=None, date_column=None, keep_meta=False)
    for index, file in enumerate(files):
        base = 0
        for chunk in plan_chunks([file], _CHUNK):
            used = 0
            for read in read_chunk(chunk, [file], options):
                numbers = (read.documents.column("record").to_numpy() + base).tolist()
                yield index, numbers, read.documents.column("text")
                used += sum(read.records.values())
            base += used


def _sorted(
    n: int, hashes: Sequence[NDArray[np.uint64]], owners: Sequence[NDArray[np.int32]]
) -> Grams:
    """One table of all n-grams of a length."""
    values, records = np.concatenate(hashes), np.concatenate(owners)
    order = np.lexsort((records, values))
    values, records = values[order], records[order]
    first = np.ones(len(values), bool)
    first[1:] = values[1:] != values[:-1]
    values, records = values[first], records[first]
    bits = max(1, min(24, len(values).bit_length()))
    edges = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    starts = np.append(np.searchsorted(values, edges), len(values)).astype(np.int64)
    return Grams(n, values, records, starts)


@kernel
def _find(
    values: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    records: NDArray[np.int32],
    starts: NDArray[np.int64],
    found: NDArray[np.int32],
) -> None:
    """Look each value up in the few that share its leading bits."""
    bits = np.uint64(0)
    while (_N1 << bits) < np.uint64(len(starts) - 1):
        bits += _N1
    shift = _BITS - bits
    for i in range(len(values)):
        bucket = values[i] >> shift
        for at in range(starts[bucket], starts[bucket + _N1]):
            if hashes[at] == values[i]:
                found[i] = records[at]
                break
