"""How much disk a run takes, before it begins: estimated from the sizes of its inputs.

The factors are what finished runs with `keep_work: true` left in `work/` and beside it, for each
byte of text: `benchmarks/disk.py` measures them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cleaner.io.inputs import InputFile
from cleaner.stages.base import Stage

EXPANSION = {"gzip": 3.2, "zstd": 3.2}
"""Bytes of text in a byte of a compressed file, about."""
PARQUET_EXPANSION = 2.8
"""Bytes of text in a byte of Parquet, about: news texts, zstd."""
LEAST, MOST, MOST_CUT = 1.6, 2.5, 7.0
"""Bytes on the disk at the most crowded moment for each byte of text: texts that stay as they are;
where a part goes or is marked; and where a third of each page is cut line by line."""
PLACED = 1.7
"""What places of their own for documents add to that: rows on their way, and parts in order."""
CUTTERS = frozenset({"noise", "repeats", "repeated_passages"})
"""Stages that book line by line."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Bytes: of text, of disk that a run takes at least and at most, and what is free there."""

    text: int
    least: int
    most: int
    free: int

    @property
    def fault(self) -> str:
        """Why the run cannot end well; "" if it may."""
        if self.free >= self.least:
            return ""
        return (
            f"the disk has {_gib(self.free)} free, and a run over {_gib(self.text)} of text takes "
            f"{_gib(self.least)} at least; free some space, or choose another --output"
        )

    @property
    def warning(self) -> str:
        """Why it may not; "" if all is well."""
        if self.fault or self.free >= self.most:
            return ""
        return (
            f"the disk has {_gib(self.free)} free; a run over {_gib(self.text)} of text may take "
            f"up to {_gib(self.most)}. If it fills up, free some and give the same command again"
        )


def forecast(
    files: Iterable[InputFile],
    stages: Sequence[Stage],
    output: Path,
    *,
    placed: bool = False,
) -> Forecast:
    """Estimate a run's need of disk; `placed`: see `Write.is_placed`."""
    text = int(sum(f.size * _expansion(f) for f in files))
    most = MOST_CUT if any(stage.use in CUTTERS for stage in stages) else MOST
    least, most = (LEAST + PLACED, most + PLACED) if placed else (LEAST, most)
    return Forecast(text, int(least * text), int(most * text), free_bytes(output))


def free_bytes(output: Path) -> int:
    """Bytes that are free where a folder is, or will be."""
    place = output.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def _expansion(file: InputFile) -> float:
    if file.format == "parquet":
        return PARQUET_EXPANSION
    return 1.0 if file.compression is None else EXPANSION[file.compression]


def _gib(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
