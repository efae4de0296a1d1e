"""The unicode stage: damage of encodings, and characters that no reader sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch, Edit
    from cleaner.text.repair import RepairOptions

CodePoint = Annotated[str, Field(pattern=r"^U\+(?:[0-9A-F]{4}|1[0-9A-F]{4})$")]


class Unicode(MapStage):
    """Repair every passage that needs it; healthy text comes out unchanged to the character."""

    version: ClassVar[int] = 2
    adds: ClassVar[frozenset[str]] = frozenset({"flags"})
    summary: ClassVar[str] = (
        "repairs mojibake, entities, control and invisible characters, spaces, normal form"
    )

    use: Literal["unicode"] = "unicode"
    legacy: bool = Field(
        True,
        description="read again Vietnamese that was in TCVN3, VNI, VISCII or windows-1258",
    )
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
    tones: Literal["keep", "old", "new"] = Field(
        "keep", description="where Vietnamese tone marks go: old (hòa), new (hoà), or as they are"
    )

    def rules(self) -> dict[str, str]:
        """Rule id → reason."""
        from cleaner.text.repair import RULES

        return dict(RULES)

    def publishes(self) -> Mapping[str, Any]:
        """What looked damaged and was left as it is."""
        import pyarrow as pa

        return {"flags": pa.list_(pa.string())}

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
            legacy=self.legacy,
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
            tones=self.tones,
        )

    def open(self) -> Apply:
        """Compile the first look."""
        from cleaner.text.suspect import automaton

        options = self.options()
        automaton(options)

        def apply(batch: Batch) -> Batch:
            return _repaired(batch, options)

        return apply


LEGACY_SUSPECT, CAPITALS, MOJIBAKE_SUSPECT = "legacy_suspect", "tcvn3_capitals", "mojibake_suspect"
FLAGS = {
    LEGACY_SUSPECT: "looks like Vietnamese in a legacy encoding, but not surely enough",
    CAPITALS: "was TCVN3 in a font of capitals; which letters are capitals is not certain",
    MOJIBAKE_SUSPECT: "looks read in the wrong encoding, and no repair is surely better",
}
"""Value of the column `flags` → what it says of the document."""


def _repaired(batch: Batch, options: RepairOptions) -> Batch:
    """All repairs of a batch, booked in one call, and what was left with doubts."""
    import numpy as np
    import pyarrow as pa

    from cleaner.text.suspect import suspects

    which = np.flatnonzero(suspects(batch.passage_text, options))
    docs = np.searchsorted(batch.first, which, side="right") - 1
    edits: list[Edit] = []
    flags: list[list[str]] = [[] for _ in range(batch.num_docs)]
    for doc in np.unique(docs).tolist():
        found, flags[doc] = _in_document(batch, doc, which[docs == doc].tolist(), options)
        edits += found
    return batch.rewrite(edits).annotate("flags", pa.array(flags, pa.list_(pa.string())))


def _in_document(
    batch: Batch, doc: int, suspected: list[int], options: RepairOptions
) -> tuple[list[Edit], list[str]]:
    """Edits of one document, of which some passages are suspect, and its flags."""
    from ftfy.badness import is_bad

    from cleaner.batch import Edit
    from cleaner.text.repair import careful, repair
    from cleaner.text.vietnamese import has_capitals, has_sign, misread_from

    passages = {number: batch.passage_text[number].as_py() for number in suspected}
    flags = set()
    encoding = None
    if options.legacy and any(map(has_sign, passages.values())):
        encoding, doubtful = misread_from(batch.text[doc].as_py())
        if doubtful:
            flags.add(LEGACY_SUSPECT)
            options = careful(options)
    if encoding:  # then it is all of the document
        low, high = int(batch.first[doc]), int(batch.first[doc + 1])
        column = batch.passage_text.slice(low, high - low).to_pylist()
        passages = dict(enumerate(column, low))
    edits = []
    for number, passage in passages.items():
        repaired = repair(passage, options, encoding)
        edits += [Edit(number, f.start, f.end, f.rule, f.text) for f in repaired.fixes]
        if encoding == "tcvn3" and has_capitals(repaired.text):
            flags.add(CAPITALS)
        if options.mojibake and is_bad(repaired.text):
            flags.add(MOJIBAKE_SUSPECT)
    return edits, sorted(flags)
