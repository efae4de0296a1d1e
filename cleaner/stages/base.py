"""What a stage is: a frozen pydantic model whose fields are its YAML keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from cleaner.batch import Batch
    from cleaner.stages.steps import Step

Apply: TypeAlias = "Callable[[Batch], Batch]"


class Stage(BaseModel):
    """A stage's settings. It is a value: frozen, comparable, pickled as plain data."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    version: ClassVar[int] = 1
    """Raised when the same input may give other output; part of every fingerprint downstream."""
    summary: ClassVar[str] = ""
    """One sentence for `cleaner stages` and the reports."""
    reads: ClassVar[frozenset[str]] = frozenset()
    """Annotations that an earlier stage must have added (checked before the run)."""
    uses: ClassVar[frozenset[str]] = frozenset()
    """Annotations that it takes into account when they are there."""
    adds: ClassVar[frozenset[str]] = frozenset()
    """Annotations that it adds, of documents or of passages."""
    drops: ClassVar[bool] = False
    """True if it can drop documents that have text; then it may not follow a duplicates stage,
    unless it `thins`."""
    thins: ClassVar[bool] = False
    """True if it drops documents by draw, to have fewer: then it may follow a duplicates stage, and
    drop the one copy that stayed. Each copy that went was compared with that one all the same; the
    rows of the ledger lead from the copy to it, and to the draw."""
    keeps_one: ClassVar[bool] = False
    """True if it drops copies and relies on the kept one to stay."""
    figures: ClassVar[frozenset[str]] = frozenset()
    """Numbers that its merges note as a measure for the report; any other is a warning."""
    measures: ClassVar[bool] = False
    """True if what it publishes is about the text as it was then: nothing may edit it later."""

    use: str
    id: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,40}$")

    @property
    def name(self) -> str:
        """The name in the ledger and the reports: `id` if given, else `use`."""
        return self.id or self.use.rpartition(":")[2]

    def needs(self) -> frozenset[str]:
        """As `reads`, with these settings."""
        return self.reads

    def keeps_passages(self) -> bool:
        """Whether it cuts passages whose kept copies must stay: nothing may be dropped after it."""
        return False

    def can_drop(self) -> bool:
        """Whether it drops documents that have text, with these settings."""
        return self.drops

    def can_edit(self) -> bool:
        """Whether it changes the text of documents that stay, with these settings."""
        return True

    def rules(self) -> dict[str, str]:
        """Rule id → reason in words, of every rule that this stage can name in the ledger."""
        return {}

    def notes(self) -> dict[str, str]:
        """What the numbers that its merges note count, in words: the end of "<number> …"."""
        return {}

    def publishes(self) -> Mapping[str, Any]:
        """Annotations of documents that become columns of the corpus: name → Arrow type."""
        return {}

    def hides(self) -> Callable[[str], str] | None:
        """What hides in any text that is shown the values which this stage takes out as secret.

        The function gives a text of the same length. A stage that has one: the `before` of its rows
        of the ledger is shown nowhere (`restore` gives it back), and in what other stages did, and
        in the originals, all that the function finds is hidden, too. None: nothing is secret.
        """
        return None

    def digest(self) -> str:
        """What besides fields and `version` decides the output: a hash of rule packs, models."""
        return ""


class MapStage(Stage):
    """One function over batches; with some settings, steps as a corpus stage has them."""

    def open(self) -> Apply:
        """Build what a worker needs (patterns, models) once; return the function that it calls."""
        raise TypeError(f"{type(self).__name__} does not define open()")

    def steps(self) -> Sequence[Step]:
        """The steps that take the place of `open` where the settings need the whole corpus."""
        return ()


class CorpusStage(Stage):
    """A list of steps with a barrier between two of them, for what needs the whole corpus."""

    def steps(self) -> Sequence[Step]:
        """The steps, in order; see `cleaner.stages.steps`."""
        raise TypeError(f"{type(self).__name__} does not define steps()")
