"""The language stage: which language a document, and if asked for a passage, is in."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from cleaner.errors import ConfigError, Fault
from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    import pyarrow as pa

    from cleaner.batch import Batch, Drop
    from cleaner.text.language import Guess, Identifier

OTHER, LOW_SCORE = "language.other", "language.low_score"


class Language(MapStage):
    """Annotate `lang` and `lang_score`; drop documents of other languages, if `keep` names some."""

    version: ClassVar[int] = 1
    summary: ClassVar[str] = "tells the language of documents and passages; can drop the others"
    adds: ClassVar[frozenset[str]] = frozenset({"lang", "lang_score"})

    use: Literal["language"] = "language"
    backend: Literal["py3langid", "langdetect"] = Field(
        "py3langid", description="what tells the language"
    )
    keep: list[str] | None = Field(
        None, min_length=1, description="languages to keep, as ISO 639 codes"
    )
    min_score: float = Field(
        0.0, ge=0.0, le=1.0, description="a lower probability counts as another language"
    )
    on_other: Literal["drop", "annotate"] | None = Field(
        None, description="what to do with other languages; default: drop if `keep` is given"
    )
    max_chars: int = Field(
        400, ge=20, description="characters, from the first letter on, that decide"
    )
    passages: bool = Field(False, description="annotate passages, too")

    def can_drop(self) -> bool:
        """Only with languages to keep or a lowest score, and not if it is to annotate only."""
        judges = self.keep is not None or self.min_score > 0
        default = "annotate" if self.keep is None else "drop"
        return judges and (self.on_other or default) == "drop"

    def rules(self) -> dict[str, str]:
        """Rule id → reason."""
        return {
            OTHER: "the document's language is not one of those to keep",
            LOW_SCORE: "the document's language is too uncertain",
        }

    def digest(self) -> str:
        """Library and version of the back end."""
        from cleaner.text.language import version_of

        return version_of(self.backend)

    def open(self) -> Apply:
        """Load the model.

        Raises:
            ConfigError: `keep` names a language that the back end does not know.
        """
        from cleaner.text.language import identifier

        model = identifier(self.backend, self.max_chars)
        keep = self._kept(model)

        def apply(batch: Batch) -> Batch:
            found = model.identify_many(batch.text.to_pylist())
            batch = _annotated(batch, found, "documents")
            if self.passages:
                inside = model.identify_many(batch.passage_text.to_pylist())
                batch = _annotated(batch, inside, "passages")
            return batch.drop(self._drops(found, keep)) if self.can_drop() else batch

        return apply

    def _kept(self, model: Identifier) -> frozenset[str] | None:
        from cleaner.text.language import UNDETERMINED, iso

        if self.keep is None:
            return None
        known = model.languages | {UNDETERMINED}
        faults = []
        for code in self.keep:
            if iso(code) not in known:
                near = get_close_matches(code, sorted(known), n=1, cutoff=0.3)
                expected = f"{code!r} is no language that {self.backend} knows"
                hint = (
                    f"did you mean {near[0]!r}? Codes are ISO 639-1"
                    if near
                    else "codes are ISO 639-1"
                )
                faults.append(Fault(f"stage {self.name}", "keep", expected, hint))
        if faults:
            raise ConfigError(faults)
        return frozenset(iso(code) for code in self.keep)

    def _drops(self, found: Sequence[Guess], keep: frozenset[str] | None) -> list[Drop]:
        from cleaner.batch import Drop

        drops = []
        for doc, (lang, score) in enumerate(found):
            if keep is not None and lang not in keep:
                rule = OTHER
            elif score < self.min_score:
                rule = LOW_SCORE
            else:
                continue
            drops.append(Drop(doc, rule, score, f"lang={lang} {score:.2f}"))
        return drops


def _annotated(batch: Batch, found: Sequence[Guess], of: Literal["documents", "passages"]) -> Batch:
    """The batch with the two columns."""
    import pyarrow as pa

    langs: pa.Array = pa.array([g.lang for g in found], pa.string())
    scores: pa.Array = pa.array([g.score for g in found], pa.float64())
    return batch.annotate("lang", langs, of).annotate("lang_score", scores, of)
