"""Single documents of a finished run, found without reading the whole of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.stages.veil import Veil

_LEDGER = [
    "doc_id",
    "source",
    "record",
    "stage",
    "rule",
    "action",
    "start",
    "end",
    "step",
    "before",
    "after",
]
_CORPUS = ["doc_id", "text", "source", "record"]
_OPEN = 8
"""Parts whose ids are known: some megabytes each."""
_CACHED = 4
"""Decoded row groups that are held; the writer bounds the text in one (`cleaner.io.output`)."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document: its text in the corpus (None if it was dropped), and its rows of the ledger."""

    doc_id: str
    source: str
    record: int
    text: str | None
    rows: tuple[dict[str, Any], ...]

    @property
    def dropped(self) -> str | None:
        """The text that it had when it was dropped; None if it was not."""
        return next((str(r["before"]) for r in self.rows if r["action"] == "drop"), None)

    @property
    def original(self) -> str | None:
        """The text as it was read; None if a stage put the document to quarantine."""
        from cleaner.text.pieces import restore

        if self.text is None and self.dropped is None:
            return None
        rows = [(r["start"], r["end"], r["step"], r["before"], r["after"]) for r in self.rows]
        return restore(self.text or "", rows)


class Texts:
    """Looks documents up by part and id. Ask in order of the parts: only `_OPEN` are known.

    What must not be shown is hidden in all of them by `veil`; lengths stay.
    """

    def __init__(self, run: Path, veil: Veil, more: Sequence[str] = ()) -> None:
        """`more`: columns of the ledger that its rows have besides those that restore a text."""
        self.veil = veil
        self._corpus = _Parts(run / "corpus", _CORPUS)
        self._ledger = _Parts(run / "ledger", [*_LEDGER, *more])

    def find(self, part: str, doc_id: str) -> Document | None:
        """The document `doc_id`; its rows lie in the files named `part` (`part-00000.parquet`)."""
        rows = self._ledger.rows(part, doc_id)
        kept = next(iter(self._corpus.rows(part, doc_id)), None)
        place = kept or next(iter(rows), None)
        if place is None:
            return None
        text = None if kept is None else self.veil.text(kept["text"])
        rows = self.veil.rows(rows)
        return Document(doc_id, place["source"], place["record"], text, tuple(rows))

    def booked(self, part: str, doc_id: str) -> Document | None:
        """As `find`, from the ledger alone: for a document that was dropped, or for its rows."""
        rows = self._ledger.rows(part, doc_id)
        if not rows:
            return None
        rows = self.veil.rows(rows)
        return Document(doc_id, rows[0]["source"], rows[0]["record"], None, tuple(rows))


class _Parts:
    """Parquet parts whose rows of one document stand together."""

    def __init__(self, folder: Path, columns: list[str]) -> None:
        self._folder = folder
        self._columns = columns
        self._opened = lru_cache(maxsize=_OPEN)(self._open)
        self._group = lru_cache(maxsize=_CACHED)(self._read)

    def rows(self, part: str, doc_id: str) -> list[dict[str, Any]]:
        """All rows of a document."""
        found: list[dict[str, Any]] = []
        for group, low, high in self._places(part, doc_id):
            found += self._group(part, group).slice(low, high - low).to_pylist()
        return found

    def _open(self, part: str) -> tuple[pq.ParquetFile | None, list[pa.DictionaryArray]]:
        """A part, and which ids each of its row groups holds; None if there is no such part."""
        path = self._folder / part
        if not path.is_file():
            return None, []
        file = pq.ParquetFile(path, read_dictionary=["doc_id"])
        ids = []
        for group in range(file.num_row_groups):
            column = file.read_row_group(group, columns=["doc_id"]).column("doc_id")
            ids.append(column.unify_dictionaries().combine_chunks())
        return file, ids

    def _places(self, part: str, doc_id: str) -> Iterator[tuple[int, int, int]]:
        """The row groups with rows of a document, and which rows of them: (group, low, high)."""
        wanted = pa.scalar(doc_id, pa.string())
        for group, ids in enumerate(self._opened(part)[1]):
            code = pc.index(ids.dictionary, wanted).as_py()
            if code >= 0:
                rows = np.flatnonzero(ids.indices.to_numpy() == code)
                yield group, int(rows[0]), int(rows[-1]) + 1

    def _read(self, part: str, group: int) -> pa.Table:
        file = self._opened(part)[0]
        assert file is not None
        return file.read_row_group(group, columns=self._columns)
