"""Streams of files, and what is left of them when reading ends early."""

from __future__ import annotations

import gc
import os
import warnings
from pathlib import Path

from cleaner.io.streams import _Duplicate


def test_a_file_that_is_forgotten_is_closed_without_a_word(tmp_path: Path) -> None:
    """A traceback holds a reader in a cycle: Python collects its file before Arrow closes it."""
    path = tmp_path / "a.zst"
    path.write_bytes(b"text")
    number = os.open(path, os.O_RDONLY)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        held = [_Duplicate(number, "rb")]
        held.append(held)  # type: ignore[arg-type]
        del held
        gc.collect()
    assert not told
    try:
        os.fstat(number)
    except OSError:
        return
    raise AssertionError("the file is still open")
