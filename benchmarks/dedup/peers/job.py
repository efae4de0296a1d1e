"""What every peer's script does alike: arguments, reading, clusters, writing.

Runs in the peer's own environment, with pyarrow and nothing of cleaner.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

WORDS = 5
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Job:
    """Parquet in (`id`, `text`), Parquet out (those that stay), an empty folder to work in."""

    source: Path
    target: Path
    work: Path
    threshold: float
    cores: int

    def read(self) -> pa.Table:
        """The whole input."""
        return pq.read_table(self.source)

    def write(self, table: pa.Table, keep: Iterable[bool]) -> None:
        """The rows that stay."""
        kept = table.filter(pa.array(list(keep), pa.bool_()))
        pq.write_table(kept, self.target, compression="zstd", compression_level=3)


def job() -> Job:
    """From the command line: SOURCE TARGET WORK THRESHOLD CORES."""
    parser = argparse.ArgumentParser()
    for name in ("source", "target", "work"):
        parser.add_argument(name, type=Path)
    parser.add_argument("threshold", type=float)
    parser.add_argument("cores", type=int)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    os.chdir(options.work)
    return Job(**vars(options))


def shingles(text: str) -> list[str]:
    r"""5-grams of `\w+` of the lower-cased text, repetitions kept."""
    words = _WORD.findall(text.lower())
    return [" ".join(words[k : k + WORDS]) for k in range(len(words) - WORDS + 1)]


class Clusters:
    """Union-find; the smallest row of a cluster stays."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, row: int) -> int:
        """The smallest row of the cluster of `row`."""
        parent = self._parent
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    def join(self, left: int, right: int) -> None:
        """Put two rows in one cluster."""
        low, high = sorted((self.root(left), self.root(right)))
        self._parent[high] = low

    def keep(self) -> list[bool]:
        """Which rows stay."""
        return [self.root(row) == row for row in range(len(self._parent))]
