"""A stage for tests of the command line: cuts lines that begin with `link`, and fails on `boom`."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa

from cleaner.batch import Batch, Edit
from cleaner.stages.base import Apply, MapStage

USE = "tests.cli.links:Links"


class Links(MapStage):
    """Cuts lines that begin with a word, and notes how many."""

    adds: ClassVar[frozenset[str]] = frozenset({"links"})
    word: str = "link"

    def rules(self) -> dict[str, str]:
        """Rule id → reason."""
        return {"links.line": "a link"}

    def publishes(self) -> dict[str, pa.DataType]:
        """The number of links becomes a column."""
        return {"links": pa.int64()}

    def open(self) -> Apply:
        """Nothing to load."""
        return self._cut

    def _cut(self, batch: Batch) -> Batch:
        lines = batch.passage_text.to_pylist()
        if any("boom" in line for line in lines):
            raise ValueError("no such thing as boom")
        found = [
            Edit(i, 0, len(line), "links.line", "", 0.75, f"begins with {self.word!r}")
            for i, line in enumerate(lines)
            if line.startswith(self.word)
        ]
        doc_of = batch.doc_of.tolist()
        counts = [sum(doc_of[e.passage] == d for e in found) for d in range(batch.num_docs)]
        return batch.annotate("links", pa.array(counts, pa.int64())).cut(found)
