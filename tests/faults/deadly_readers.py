"""Readers that bring down their process on input that holds a word.

What a crafted file does to a decoder, without one. `arm` changes the readers of this process; a
module of the name `sitecustomize`, as `site` writes it, does so in every Python that finds it on
its path, before anything else.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from cleaner.io import read_jsonl, read_parquet, read_text

How = Literal["segfault", "kill", "raise"]
Patch = Callable[[Any, str, Any], None]


def die(how: How, lives: Path | None = None) -> None:
    """Die; with `lives` only so often as that file says."""
    if lives is not None:
        left = int(lives.read_text())
        if not left:
            return
        lives.write_text(str(left - 1))
    if how == "segfault":
        ctypes.string_at(0)
    elif how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise MemoryError


def arm(how: How, patch: Patch = setattr, lives: Path | None = None) -> None:
    """Let the readers die on lines, texts and row groups that hold POISON, and on Parquet so named.

    `patch` sets an attribute of a module or a class.
    """
    parse, take = read_jsonl.parse_bytes, read_text._take
    batches, begin = pq.ParquetFile.iter_batches, read_parquet._open

    def parse_bytes(content: bytes, *more: Any) -> Any:
        if b"POISON" in content:
            die(how, lives)
        return parse(content, *more)

    def take_text(collector: Any, index: int, file: Any, data: bytes) -> None:
        if b"POISON" in data:
            die(how, lives)
        take(collector, index, file, data)

    def iter_batches(self: Any, *arguments: Any, **named: Any) -> Iterator[Any]:
        for batch in batches(self, *arguments, **named):
            texts = batch.column("text").to_pylist() if "text" in batch.schema.names else []
            if any("POISON" in text for text in texts):
                die(how, lives)
            yield batch

    def open_file(index: int, file: Any, *arguments: Any) -> Any:
        if "POISON" in file.source:
            die(how, lives)
        return begin(index, file, *arguments)

    patch(read_jsonl, "parse_bytes", parse_bytes)
    patch(read_text, "_take", take_text)
    patch(pq.ParquetFile, "iter_batches", iter_batches)
    patch(read_parquet, "_open", open_file)


def site(folder: Path, how: How, lives: Path | None = None) -> str:
    """A value of PYTHONPATH with which every process that is started is armed."""
    folder.mkdir()
    made = "None" if lives is None else f"Path({str(lives)!r})"
    (folder / "sitecustomize.py").write_text(
        "from pathlib import Path\nfrom tests.faults.deadly_readers import arm\n"
        f"arm({how!r}, lives={made})\n"
    )
    return os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
