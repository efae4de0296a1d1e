"""The tidy stage: blank lines in heaps, spaces at line ends, documents without text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch, Edit

BLANK_LINES, TRAILING_SPACE, EMPTY = "tidy.blank_lines", "tidy.trailing_space", "tidy.empty"


class Tidy(MapStage):
    """Remove what cuts leave behind.

    At most one blank line in a row stays, none at either end of a document, no space at a line end.
    """

    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "removes needless blank lines and trailing spaces, and documents without text"
    )
    use: Literal["tidy"] = "tidy"
    blank_lines: bool = Field(
        True, description="one blank line in a row at most, none at either end"
    )
    trailing_space: bool = Field(True, description="cut spaces at line ends")
    drop_empty: bool = Field(True, description="drop documents that hold nothing but white space")

    def rules(self) -> dict[str, str]:
        """Rule id → reason."""
        return {
            BLANK_LINES: "blank line at either end of the document, or after another one",
            TRAILING_SPACE: "white space at the end of a line",
            EMPTY: "nothing but white space is left",
        }

    def open(self) -> Apply:
        """Nothing to load."""
        return self._tidied

    def _tidied(self, batch: Batch) -> Batch:
        import numpy as np

        from cleaner.batch import Drop
        from cleaner.text.blank import untidy

        drops: list[Drop] = []
        edits: list[Edit] = []
        for doc in np.flatnonzero(untidy(batch.text)).tolist():
            low, high = int(batch.first[doc]), int(batch.first[doc + 1])
            parts = batch.passage_text.slice(low, high - low).to_pylist()
            text = "".join(parts)
            if self.drop_empty and (not text or text.isspace()):
                drops.append(Drop(doc, EMPTY))
            else:
                edits += _placed(self._spans(text), parts, low)
        return batch.cut(edits).drop(drops)

    def _spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Spans of the document's text that go, in order."""
        lines = [(*m.span(1), m.end()) for m in _LINE.finditer(text) if m.end() > m.start()]
        blank = [not text[low:high].strip() for low, high, _ in lines]
        last = max((i for i, empty in enumerate(blank) if not empty), default=-1)
        after_blank = True  # the start of the document counts as one
        for number, (low, high, end) in enumerate(lines):
            if self.blank_lines and blank[number] and (after_blank or number > last):
                yield low, end, BLANK_LINES
                continue
            body = low + len(text[low:high].rstrip())
            if self.trailing_space and body < high:
                yield body, high, TRAILING_SPACE
            after_blank = blank[number]


_LINE = re.compile("([^\n\r\u2028\u2029]*)(?:\r\n|[\n\r\u2028\u2029]|\\Z)")


def _placed(
    spans: Iterator[tuple[int, int, str]], parts: Sequence[str], first: int
) -> Iterator[Edit]:
    """Spans of a document as edits of its passages: `parts`, which number from `first` on."""
    from cleaner.batch import Edit

    starts = [0, *accumulate(map(len, parts))]
    for low, high, rule in spans:
        part = bisect_right(starts, low) - 1
        while part < len(parts) and starts[part] < high:
            start, end = max(low, starts[part]), min(high, starts[part + 1])
            if start < end:
                yield Edit(first + part, start - starts[part], end - starts[part], rule)
            part += 1
