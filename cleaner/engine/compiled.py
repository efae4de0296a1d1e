"""Whether the compiled code of the kernels is there, or must be made before a run gets going."""

from __future__ import annotations

from pathlib import Path

from cleaner.text.word_kernels import hash_rows

COMPILES = (
    "first run here: the inner loops are compiled once and kept, which takes up to a minute "
    "(`cleaner doctor` does it beforehand)"
)


def is_compiled() -> bool:
    """Whether a run has compiled on this machine before, or that cannot be told.

    One kernel stands for all: every pipeline that looks for copies or counts words has it.
    """
    stats = getattr(hash_rows, "stats", None)
    if stats is None or not stats.cache_path:
        return True
    return any(Path(stats.cache_path).glob(f"*{hash_rows.__name__}-*.nbi"))
