"""Near-duplicates of documents, or of passages across documents.

MinHash and bands find candidates, exact Jaccard decides, and each copy that goes was compared with
the very one that stays.

    Sketch   shingles → signature → band keys        rows (key, node)
    Merge    buckets → star edges
    Merge    edges → components                      home
    Sketch   the documents that are in one: sets     rows (component, preferences, node, set)
             and those of a sample (`near_sample`)
    Merge    greedy leaders, exact Jaccard           home
             the sample, all with all: recall
    Apply    drop, cut or mark
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from cleaner.dedup.curve import choose_bands
from cleaner.stages.base import CorpusStage
from cleaner.stages.keep import DEFAULT, Preference
from cleaner.stages.steps import Step

if TYPE_CHECKING:
    from cleaner.dedup.sketch import Sketcher
    from cleaner.index.lookup import Index

MISS_WEIGHT = 0.98
"""A missed pair costs as much as checking 49 pairs in vain; see `cleaner.dedup.curve.cost`."""


def _paths(value: object) -> object:
    """One path stands for a list of it."""
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list | tuple) and any(
        isinstance(v, str) and ("\0" in v or not v.strip()) for v in values
    ):
        raise ValueError("expected the folder of an index, not empty text or text with a NUL")
    return values


_PATHS_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Paths: TypeAlias = Annotated[
    tuple[str, ...], Field(strict=False), BeforeValidator(_paths), WithJsonSchema(_PATHS_SCHEMA)
]


class NearDuplicates(CorpusStage):
    """Finds texts that are nearly the same, and keeps one of each."""

    version: ClassVar[int] = 2
    summary: ClassVar[str] = (
        "drops near-copies of documents but one, or cuts and marks passages that others have"
    )
    adds: ClassVar[frozenset[str]] = frozenset(
        {"cluster_kept", "cluster_size", "near_duplicates", "contained"}
    )
    drops: ClassVar[bool] = True
    keeps_one: ClassVar[bool] = True
    figures: ClassVar[frozenset[str]] = frozenset(
        {"sampled", "sample_pairs", "sample_met", "sample_paired"}
    )

    use: Literal["near_duplicates"] = "near_duplicates"
    unit: Literal["document", "passage"] = Field(
        default="document", description="What is compared."
    )
    threshold: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Jaccard similarity of the sets of shingles from which two are copies.",
    )
    ngram: int | None = Field(
        default=None,
        ge=1,
        le=32,
        description="Words in a shingle; by default 5 for documents, 3 for passages.",
    )
    num_perm: int | None = Field(
        default=None,
        ge=4,
        le=1024,
        description="Length of a signature; by default 128 for documents, 64 for passages.",
    )
    bands: int | None = Field(
        default=None, ge=1, description="Bands; by default chosen from the threshold."
    )
    rows: int | None = Field(
        default=None, ge=1, description="Rows of a band; given if and only if `bands` is."
    )
    seed: int = Field(default=1, ge=0, lt=1 << 32, description="Of the permutations.")
    fold_digits: bool = Field(default=False, description="Take all numbers for the same number.")
    same_numbers: bool | None = Field(
        default=None,
        description="Texts whose numbers differ are no copies (two bulletins of prices);"
        " by default so for passages.",
    )
    max_leaders: int = Field(
        default=64,
        ge=1,
        description="With so many kept texts of its component a text is compared at most.",
    )
    keep: tuple[Preference, ...] = Field(
        default=DEFAULT,
        strict=False,
        min_length=1,
        description="Which copy stays: preferences, the first counts most.",
    )
    pairs: Literal["kept", "all"] = Field(
        default="kept",
        description="Documents: `all` also writes to duplicates/ every pair that the bands offer,"
        " verified, whatever its similarity; for evaluation.",
    )
    max_bucket: int = Field(
        default=256,
        ge=2,
        le=4096,
        description="With `pairs: all`: of a bucket with more documents so many are paired.",
    )
    measure_recall: bool = Field(
        default=False,
        description="Documents: compare a sample of up to 1,000 all with all, and report how many"
        " of its pairs the bands bring up.",
    )
    min_words: int = Field(
        default=12, ge=1, description="Passages: shorter ones are not looked at."
    )
    min_documents: int = Field(
        default=3,
        ge=2,
        description="Passages: a passage that so many documents have is cut from all but one;"
        " others are marked.",
    )
    action: Literal["cut", "mark"] = Field(
        default="cut", description="Passages: `mark` never cuts."
    )
    containment: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Passages: a document of which this share stands in one other is listed in"
        " duplicates/ as contained in it (a brief in a long story); it stays.",
    )
    against: Paths = Field(
        default=(),
        description="Documents: indexes of earlier runs (see `cleaner index`), a folder or a list;"
        " what is a copy of a document there is known, and goes before the search.",
    )
    against_action: Literal["drop", "mark"] = Field(
        default="drop",
        description="`mark` drops no known document; the column `known` names the copy.",
    )

    @model_validator(mode="after")
    def _bands_fit(self) -> NearDuplicates:
        if (self.bands is None) != (self.rows is None):
            raise ValueError("give both bands and rows, or none of them")
        if self.bands and self.rows and self.bands * self.rows > self.permutations:
            raise ValueError(
                f"bands × rows = {self.bands * self.rows} is more than "
                f"num_perm = {self.permutations}"
            )
        return self

    @model_validator(mode="after")
    def _pairs_fit(self) -> NearDuplicates:
        if self.pairs == "all" and not self.is_document:
            raise ValueError("pairs: all is for documents, not for passages")
        if self.against and not self.is_document:
            raise ValueError("against is for documents, not for passages")
        return self

    @property
    def is_document(self) -> bool:
        """Whether documents are compared, not passages."""
        return self.unit == "document"

    @property
    def permutations(self) -> int:
        """Length of a signature."""
        return self.num_perm or (128 if self.is_document else 64)

    @property
    def words(self) -> int:
        """Words in a shingle."""
        return self.ngram or (5 if self.is_document else 3)

    @property
    def guards_numbers(self) -> bool:
        """Whether texts with different numbers are different."""
        return not self.is_document if self.same_numbers is None else self.same_numbers

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Bands and rows in force."""
        if self.bands and self.rows:
            return self.bands, self.rows
        return choose_bands(self.threshold, self.permutations, MISS_WEIGHT)

    @cached_property
    def sketcher(self) -> Sketcher:
        """How texts are sketched, with these settings."""
        from cleaner.dedup.sketch import Sketcher

        bands, rows = self.shape
        return Sketcher(self.words, self.permutations, self.seed, bands, rows, self.fold_digits)

    def keeps_passages(self) -> bool:
        """See `Stage.keeps_passages`."""
        return not self.is_document and self.action == "cut"

    def can_edit(self) -> bool:
        """If it cuts passages."""
        return self.keeps_passages()

    def can_drop(self) -> bool:
        """Passages are cut, documents are dropped."""
        return self.is_document

    @cached_property
    def indexes(self) -> tuple[Index, ...]:
        """What `against` names, open: as it was at the first call, whatever is added meanwhile."""
        from cleaner.stages.known import open_indexes

        return open_indexes(self)

    def digest(self) -> str:
        """What the indexes hold."""
        if not self.against:
            return ""
        return " ".join(index.description.digest() for index in self.indexes)

    def publishes(self) -> Mapping[str, Any]:
        """See `Stage.publishes`."""
        if not self.against or self.against_action == "drop":
            return {}
        from cleaner.stages.known import KNOWN

        return {"known": KNOWN}

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        return {
            "near_duplicates.document": "nearly the same text as a document that stays (Jaccard of "
            f"{self.words}-word shingles, at least {self.threshold:g})",
            "near_duplicates.passage": f"at least {self.min_documents} documents have this passage;"
            f" one keeps it (Jaccard of {self.words}-word shingles, at least {self.threshold:g})",
            "near_duplicates.same_document": "the document has this passage before",
            "near_duplicates.known": "nearly the same text as a document of an earlier run (Jaccard"
            f" of {self.words}-word shingles, at least {self.threshold:g})",
        }

    def notes(self) -> dict[str, str]:
        """See `Stage.notes`."""
        unit = f"{self.unit}s"
        return {
            "overflow": f"{unit} stay though there were more kept {unit} to compare them with than "
            f"max_leaders ({self.max_leaders}) allows",
            "large_buckets": f"{unit} in buckets of more than max_bucket ({self.max_bucket}) are "
            "not paired with all of their bucket",
        }

    def steps(self) -> Sequence[Step]:
        """See `CorpusStage.steps`."""
        from cleaner.stages import near_documents, near_passages

        if not self.is_document:
            return near_passages.steps(self)
        steps = near_documents.steps(self)
        if not self.against:
            return steps
        from cleaner.stages.known import looked_up

        return looked_up(self, steps)

    def model_post_init(self, context: Any, /) -> None:
        """Nothing to do; keeps `cached_property` usable on a frozen model."""
