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

    from cleaner.batch import Batch, Drop, Edit
    from cleaner.text.language import Guess, Identifier

OTHER, LOW_SCORE, FOREIGN = "language.other", "language.low_score", "language.foreign_passage"


class Language(MapStage):
    """Annotate `lang` and `lang_score`; drop documents of other languages, if `keep` names some."""

    version: ClassVar[int] = 2
    summary: ClassVar[str] = "tells the language of documents and passages; can drop the others"
    adds: ClassVar[frozenset[str]] = frozenset({"lang", "lang_score", "foreign"})

    use: Literal["language"] = "language"
    backend: Literal["blend", "py3langid", "langdetect"] = Field(
        "blend", description="what tells the language; blend is the other two at once"
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
    foreign: Literal["keep", "mark", "cut"] = Field(
        "keep",
        description="passages surely in another language than most of their document, and in none "
        "of `keep`: leave, annotate as `foreign`, or cut; `lang` is then that of most passages",
    )
    foreign_min_chars: int = Field(
        40, ge=10, description="letters below which a passage is never foreign"
    )
    foreign_min_score: float = Field(
        0.9, ge=0.0, le=1.0, description="probability from which a passage can be foreign"
    )

    def can_edit(self) -> bool:
        """If it cuts passages in other languages."""
        return self.foreign == "cut"

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
            FOREIGN: "the passage is in another language than most of its document",
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
        from cleaner.text.identifier import identifier
        from cleaner.text.language import excerpts

        model = identifier(self.backend, self.max_chars)
        keep = self._kept(model)

        def apply(batch: Batch) -> Batch:
            found = model.identify_many(excerpts(batch.text, self.max_chars))
            foreign: Sequence[int] = ()
            inside: Sequence[Guess] = ()
            if self.passages or self.foreign != "keep":
                inside = model.identify_many(excerpts(batch.passage_text, self.max_chars))
            if self.foreign != "keep":
                found, foreign = self._foreign(batch, found, inside, keep or frozenset())
            batch = _annotated(batch, found, "documents")
            if self.passages:
                batch = _annotated(batch, inside, "passages")
            if self.foreign == "mark":
                batch = _marked(batch, foreign)
            elif foreign:
                batch = batch.cut(_cuts(batch, found, inside, foreign))
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

    def _foreign(
        self,
        batch: Batch,
        found: Sequence[Guess],
        inside: Sequence[Guess],
        keep: frozenset[str],
    ) -> tuple[list[Guess], list[int]]:
        """The language of most of each document, and its passages in others."""
        from cleaner.text.language import are_close

        letters = _letters(batch)
        sure = [
            letters[p] >= self.foreign_min_chars and guess.score >= self.foreign_min_score
            for p, guess in enumerate(inside)
        ]
        mains, foreign = [], []
        for doc, guess in enumerate(found):
            span = range(int(batch.first[doc]), int(batch.first[doc + 1]))
            chosen = [p for p in span if sure[p]]
            main = _main([(inside[p], letters[p]) for p in chosen]) or guess
            mains.append(main)
            foreign += [
                p
                for p in chosen
                if inside[p].lang not in keep and not are_close(inside[p].lang, main.lang)
            ]
        return mains, foreign

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


def _letters(batch: Batch) -> list[int]:
    """Letters of each passage."""
    import pyarrow.compute as pc

    kept = pc.replace_substring_regex(batch.passage_text, r"\PL+", "")
    counts: list[int] = pc.utf8_length(kept).to_pylist()
    return counts


def _main(parts: Sequence[tuple[Guess, int]]) -> Guess | None:
    """The language with most letters, and the mean score of its parts; None without parts."""
    from cleaner.text.language import DECIMALS, Guess

    letters: dict[str, int] = {}
    points: dict[str, int] = {}
    for guess, count in parts:
        letters[guess.lang] = letters.get(guess.lang, 0) + count
        points[guess.lang] = points.get(guess.lang, 0) + round(guess.score * 10**DECIMALS) * count
    if not letters:
        return None
    lang = min(letters, key=lambda code: (-letters[code], code))
    return Guess(lang, points[lang] // letters[lang] / 10**DECIMALS)


def _marked(batch: Batch, foreign: Sequence[int]) -> Batch:
    """The batch with the column `foreign` of passages."""
    import numpy as np
    import pyarrow as pa

    is_foreign = np.zeros(batch.num_passages, np.bool_)
    is_foreign[list(foreign)] = True
    return batch.annotate("foreign", pa.array(is_foreign), "passages")


def _cuts(
    batch: Batch, found: Sequence[Guess], inside: Sequence[Guess], foreign: Sequence[int]
) -> list[Edit]:
    """Cuts of whole passages."""
    from cleaner.batch import Edit

    cuts = []
    for passage in foreign:
        doc = int(batch.first.searchsorted(passage, side="right")) - 1
        lang, score = inside[passage]
        seen = f"lang={lang} {score:.2f}, document {found[doc].lang}"
        size = len(batch.passage_text[passage].as_py())
        cuts.append(Edit(passage, 0, size, FOREIGN, "", score, seen))
    return cuts


def _annotated(batch: Batch, found: Sequence[Guess], of: Literal["documents", "passages"]) -> Batch:
    """The batch with the two columns."""
    import pyarrow as pa

    langs: pa.Array = pa.array([g.lang for g in found], pa.string())
    scores: pa.Array = pa.array([g.score for g in found], pa.float64())
    return batch.annotate("lang", langs, of).annotate("lang_score", scores, of)
