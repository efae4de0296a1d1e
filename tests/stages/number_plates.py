"""A stage that is not built in and takes out what is secret: number plates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from cleaner.batch import Batch, Edit
from cleaner.stages.base import Apply, MapStage

PLATE = re.compile(r"\b[0-9]{2}[A-Z]-[0-9]{5}\b")


class HidePlates(MapStage):
    """Puts [PLATE] in the place of each number plate."""

    use: Literal["tests.stages.number_plates:HidePlates"]

    def rules(self) -> dict[str, str]:
        """One rule."""
        return {"plate": "a number plate"}

    def hides(self) -> Callable[[str], str] | None:
        """All that looks like one."""
        return _hidden

    def open(self) -> Apply:
        """The function for a batch."""
        return _replace


def _hidden(text: str) -> str:
    return PLATE.sub(lambda found: "•" * len(found.group()), text)


def _replace(batch: Batch) -> Batch:
    texts = batch.passage_text.to_pylist()
    return batch.rewrite(
        [
            Edit(passage, found.start(), found.end(), "plate", "[PLATE]")
            for passage, text in enumerate(texts)
            for found in PLATE.finditer(text)
        ]
    )
