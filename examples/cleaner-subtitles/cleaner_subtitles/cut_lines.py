"""A stage that cuts lines of a list: credits, adverts, whatever a source repeats word for word."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from cleaner.errors import ConfigError, Fault
from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch

LISTED = "cut_lines.listed"


class CutLines(MapStage):
    """Cuts passages that are, but for case and white space, a line of the list."""

    version: ClassVar[int] = 1
    summary: ClassVar[str] = "cuts the lines of a list"

    use: str = "cut_lines"
    lines: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="Lines to cut."
    )
    file: str | None = Field(
        default=None, description="A text file with more of them, one a line, in UTF-8."
    )

    def rules(self) -> dict[str, str]:
        """Rule id → reason in words, for the ledger and the reports."""
        return {LISTED: "the line is on the list of lines to cut"}

    def digest(self) -> str:
        """The list's own bytes: a run is redone when they change."""
        return hashlib.sha256("\n".join(sorted(self._listed())).encode()).hexdigest()

    def open(self) -> Apply:
        """Read the list once a worker; the function that comes back sees every batch."""
        listed = self._listed()

        def apply(batch: Batch) -> Batch:
            from cleaner.batch import Edit

            cuts = [
                Edit(passage, 0, len(text), LISTED)
                for passage, text in enumerate(batch.passage_text.to_pylist())
                if text and _key(text) in listed
            ]
            return batch.cut(cuts)

        return apply

    def _listed(self) -> frozenset[str]:
        found = list(self.lines)
        if self.file is not None:
            try:
                found += Path(self.file).read_text("utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                hint = "a text file in UTF-8, relative to the folder of the command"
                fault = Fault(f"stage {self.name}", "file", f"cannot be read: {error}", hint)
                raise ConfigError([fault]) from error
        return frozenset(key for line in found if (key := _key(line)))


def _key(line: str) -> str:
    return " ".join(line.casefold().split())
