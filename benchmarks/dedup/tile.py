"""A corpus several times over, each time in words of its own: for sizes whose pairs nobody counted.

    python -m benchmarks.dedup.tile CORPUS.parquet BIG.parquet --times 4

Every word of the second copy begins with an `a`, of the third with a `b`, and so on. So the copies
of one text have no shingle of more than one word in common, and each part has as many near-copies
as the first. Ids are new: `d0000000` and so on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def tile(source: Path, target: Path, times: int) -> int:
    """Write the rows (`id`, `text`) of `source` so many times; how many rows that are."""
    rows = 0
    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    with (
        pq.ParquetFile(source) as file,
        pq.ParquetWriter(target, schema, compression="zstd") as writer,
    ):
        for number in range(times):
            letter = chr(ord("a") + number - 1)
            for batch in file.iter_batches(10_000, columns=["text"]):
                text = batch.column(0).cast(pa.string())
                if number:
                    text = pc.replace_substring(text, " ", f" {letter}")
                ids = pa.array([f"d{row:07d}" for row in range(rows, rows + len(text))])
                writer.write_table(pa.Table.from_arrays([ids, text], schema=schema))
                rows += len(text)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """The command of the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--times", type=int, default=4, choices=range(1, 27), metavar="1..26")
    args = parser.parse_args(arguments)
    print(f"{tile(args.source, args.target, args.times):,} documents")


if __name__ == "__main__":
    main()
