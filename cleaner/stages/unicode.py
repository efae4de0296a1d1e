"""The unicode stage: damage of encodings, and characters that no reader sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch
    from cleaner.text.repair import RepairOptions

CodePoint = Annotated[str, Field(pattern=r"^U\+(?:[0-9A-F]{4}|1[0-9A-F]{4})$")]


class Unicode(MapStage):
    """Repair every passage that needs it; healthy text comes out unchanged to the character."""

    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "repairs mojibake, entities, control and invisible characters, spaces, normal form"
    )

    use: Literal["unicode"] = "unicode"
    mojibake: bool = Field(True, description="read text again that was read in the wrong encoding")
    entities: bool = Field(
        True, description="decode HTML entities, but not in passages with HTML tags"
    )
    controls: bool = Field(True, description="remove control characters, NUL and terminal escapes")
    zero_width: bool = Field(
        True, description="remove invisible characters that no script needs there"
    )
    nfc: bool = Field(True, description="compose letters and marks (Unicode normal form C)")
    line_ends: bool = Field(True, description="write every line end as one line feed")
    spaces: list[CodePoint] | None = Field(
        None, description="spaces to become plain, as U+00A0; default: all but U+3000 and U+1680"
    )
    quotes: bool = Field(False, description="straighten curly quotes")
    ligatures: bool = Field(False, description="take apart Latin ligatures")
    widths: bool = Field(
        False, description="full-width and half-width characters to their usual form"
    )

    def rules(self) -> dict[str, str]:
        """Rule id → reason."""
        from cleaner.text.repair import RULES

        return dict(RULES)

    def digest(self) -> str:
        """Versions of what decides the output besides this code."""
        import unicodedata
        from importlib.metadata import version

        return f"ftfy-{version('ftfy')} unicode-{unicodedata.unidata_version}"

    def options(self) -> RepairOptions:
        """The settings, as `cleaner.text.repair` takes them."""
        from cleaner.text.repair import SPACES, RepairOptions

        spaces = SPACES
        if self.spaces is not None:
            spaces = "".join(
                sorted({chr(int(code.removeprefix("U+"), 16)) for code in self.spaces})
            )
        return RepairOptions(
            mojibake=self.mojibake,
            entities=self.entities,
            controls=self.controls,
            zero_width=self.zero_width,
            nfc=self.nfc,
            line_ends=self.line_ends,
            spaces=spaces,
            quotes=self.quotes,
            ligatures=self.ligatures,
            widths=self.widths,
        )

    def open(self) -> Apply:
        """Compile the first look."""
        from cleaner.text.suspect import automaton

        options = self.options()
        automaton(options)

        def apply(batch: Batch) -> Batch:
            return _repaired(batch, options)

        return apply


def _repaired(batch: Batch, options: RepairOptions) -> Batch:
    """All repairs of a batch, booked in one call."""
    import numpy as np

    from cleaner.batch import Edit
    from cleaner.text.repair import repair
    from cleaner.text.suspect import suspects

    which = np.flatnonzero(suspects(batch.passage_text, options))
    edits = [
        Edit(passage, fix.start, fix.end, fix.rule, fix.text)
        for passage in which.tolist()
        for fix in repair(batch.passage_text[passage].as_py(), options).fixes
    ]
    return batch.rewrite(edits)
