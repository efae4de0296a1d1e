"""Inputs cut into units of work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cleaner.io.inputs import InputFile, open_location

Part: TypeAlias = tuple[int, int, int]
"""(index of the file, start, end): bytes for .txt and .jsonl, row groups for .parquet."""

FILE_COST = 4096
"""What opening a file counts in a chunk, in bytes; keeps millions of tiny files apart."""
EXPANSION = 4
"""Text in a compressed byte, roughly; only the sizes of chunks depend on it."""
CHUNKS = 32
"""A corpus is cut into about so many chunks before they get as large as is allowed."""
LEAST = 16 << 20
"""Bytes of a chunk that is not cut finer for that."""
TOGETHER = 4
"""The number of chunks is a multiple of this: so that the last ones, too, keep workers busy."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one task reads, in this order; no chunk has two parts of one file.

    A plain JSONL file may be cut at any byte: a line belongs to the part that its first byte is in.
    """

    index: int
    files: tuple[Part, ...]

    def to_json(self) -> dict[str, object]:
        """As plain data; `from_json` is the inverse."""
        return {"index": self.index, "files": [list(part) for part in self.files]}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Chunk:
        """Read back what `to_json` wrote.

        Raises:
            ValueError: it is not of that shape.
        """
        index, files = data.get("index"), data.get("files")
        if type(index) is not int or not isinstance(files, list):
            raise ValueError("a chunk needs 'index' (an integer) and 'files' (a list)")
        parts: list[Part] = []
        for part in files:
            match part:
                case [int(file), int(start), int(end)]:
                    parts.append((file, start, end))
                case _:
                    raise ValueError(f"a part is [file, start, end] in integers, not {part!r}")
        return cls(index, tuple(parts))


def chunk_bytes(files: Sequence[InputFile], most: int) -> int:
    """How large the chunks of these files should be, to be even: at most `most` bytes.

    Workers wait for the last of them to end its task; the fewer there are, the longer.
    """
    total = sum(
        file.size * (EXPANSION if file.compression or file.format == "parquet" else 1)
        for file in files
    )
    count = max(min(CHUNKS, total // LEAST), -(-total // most))
    if count < TOGETHER:
        return min(most, LEAST)
    return -(-total // (-(-count // TOGETHER) * TOGETHER))


def plan_chunks(files: Sequence[InputFile], size: int) -> list[Chunk]:
    """Cut the inputs into chunks of about `size` bytes of text, in the order of `files`.

    Small files share a chunk, plain JSONL is cut by bytes, Parquet between row groups, all else is
    read whole. Opens the Parquet files' footers; an unreadable one gets the part (file, 0, 0).
    """
    if size < 1:
        raise ValueError(f"chunks must have at least 1 byte, not {size}")
    chunks: list[Chunk] = []
    parts: list[Part] = []
    weight = 0
    for part, cost in _parts(files, size):
        if parts and weight + cost > size:
            chunks.append(Chunk(len(chunks), tuple(parts)))
            parts, weight = [], 0
        weight += cost
        if parts and parts[-1][0] == part[0]:
            parts[-1] = (part[0], parts[-1][1], part[2])
        else:
            parts.append(part)
    if parts:
        chunks.append(Chunk(len(chunks), tuple(parts)))
    return chunks


def _parts(files: Sequence[InputFile], size: int) -> Iterator[tuple[Part, int]]:
    """The smallest parts that may be read apart, with their cost in bytes."""
    for index, file in enumerate(files):
        if file.format == "parquet":
            yield from _row_groups(index, file)
        elif file.format == "jsonl" and file.compression is None:
            for start in range(0, max(file.size, 1), size):
                end = min(start + size, file.size)
                yield (index, start, end), end - start + FILE_COST
        else:
            cost = file.size * (EXPANSION if file.compression else 1)
            yield (index, 0, file.size), cost + FILE_COST


def _row_groups(index: int, file: InputFile) -> Iterator[tuple[Part, int]]:
    """One part a row group; an unreadable or empty file is one part without row groups."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_location(file.location) as stream:
            metadata = pq.read_metadata(stream)
        costs = [metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)]
    except (OSError, ValueError, pa.ArrowException):  # ValueError: names that are not UTF-8
        costs = []
    if not costs:
        yield (index, 0, 0), FILE_COST
    for group, cost in enumerate(costs):
        yield (index, group, group + 1), max(0, cost) + (FILE_COST if group == 0 else 0)
