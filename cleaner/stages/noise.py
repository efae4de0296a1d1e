"""The noise stage: menus, related links, teasers, widgets, forms and credits go, with reasons."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch
    from cleaner.noise.judge import Judge, Repeats
    from cleaner.noise.pack import Packs

_JOIN = " | "
_COLUMNS = {"byline": "byline", "date": "dateline"}
"""Actions that put a line into a column of the document."""


class Noise(MapStage):
    """Cuts the lines of a page that are not its text; bylines and dates become columns."""

    version: ClassVar[int] = 2
    summary: ClassVar[str] = "cuts menus, related links, teasers, widgets, forms, credits"
    uses: ClassVar[frozenset[str]] = frozenset({"repeats_host", "repeats_corpus", "host_documents"})
    adds: ClassVar[frozenset[str]] = frozenset({"byline", "dateline"})

    use: Literal["noise"] = "noise"
    packs: list[str] | None = Field(
        default=None,
        description="Rule packs: built-in names (any, vi, en, …) or paths of your own; by default"
        " all built-in ones.",
    )
    off: list[str] = Field(
        default=[], description="Ids of rules that do not act (see `cleaner rules`)."
    )
    captions: Literal["keep", "cut"] = Field(default="keep", description="Captions of pictures.")
    bylines: Literal["keep", "cut"] = Field(
        default="cut",
        description="Lines that name the author: `cut` puts them into the column `byline`.",
    )
    dates: Literal["keep", "cut"] = Field(
        default="cut",
        description="Lines that hold a date alone: `cut` puts them into the column `date`.",
    )

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        return self._judge.rules()

    def digest(self) -> str:
        """The rule packs in force."""
        return self._packs.digest()

    def open(self) -> Apply:
        """See `MapStage.open`."""
        return partial(_clean, self._judge)

    @cached_property
    def _packs(self) -> Packs:
        from cleaner.noise.pack import BUILTIN, load_packs

        return load_packs(BUILTIN if self.packs is None else self.packs)

    @cached_property
    def _judge(self) -> Judge:
        from cleaner.noise.judge import Judge, NoiseOptions

        options = NoiseOptions(self.captions, self.bylines, self.dates, frozenset(self.off))
        return Judge(self._packs, options)


def _clean(judge: Judge, batch: Batch) -> Batch:
    from cleaner.batch import Edit
    from cleaner.noise.suspects import judge_batch

    counts = _Counts(batch)
    edits: list[Edit] = []
    columns: dict[str, list[str | None]] = {name: [None] * batch.num_docs for name in _COLUMNS}
    pages = judge_batch(judge, batch.passage_text, batch.first, counts.of, counts.matter)
    for doc, start, verdicts in pages:
        found: dict[str, list[str]] = {}
        for place, verdict in enumerate(verdicts, start=start):
            if verdict is None:
                continue
            text: str = batch.passage_text[place].as_py()
            if verdict.action in columns:
                found.setdefault(verdict.action, []).append(text.strip())
            evidence = "; ".join(verdict.evidence)
            edits.append(Edit(place, 0, len(text), verdict.rule, "", verdict.score, evidence))
        for name, lines in found.items():
            columns[name][doc] = _JOIN.join(lines)
    for action, name in _COLUMNS.items():
        batch = batch.annotate(name, pa.array(columns[action], pa.string()))
    return batch.cut(edits)


class _Counts:
    """What `repeats` noted about the passages of a batch, where it ran."""

    def __init__(self, batch: Batch) -> None:
        names = batch.passages.schema.names
        self._first = batch.first
        self._is_there = "repeats_host" in names and "host_documents" in batch.docs.schema.names
        if self._is_there:
            self._host: NDArray[np.integer] = batch.passages.column("repeats_host").to_numpy()
            self._corpus: NDArray[np.integer] = batch.passages.column("repeats_corpus").to_numpy()
            totals = batch.docs.column("host_documents").fill_null(0)
            self._totals: NDArray[np.integer] = totals.to_numpy(zero_copy_only=False)

    @property
    def matter(self) -> NDArray[np.bool_] | None:
        """bool[documents]: whether a line may go because of its counts."""
        if not self._is_there:
            return None
        from cleaner.noise.judge import MIN_PAGES, MIN_SITE

        frequent = np.concatenate(([0], np.cumsum(self._host >= MIN_PAGES)))[self._first]
        found: NDArray[np.bool_] = (np.diff(frequent) > 0) & (self._totals >= MIN_SITE)
        return found

    def of(self, doc: int) -> Repeats | None:
        """The counts of one document's lines."""
        if not self._is_there or not self._totals[doc]:
            return None
        from cleaner.noise.judge import Repeats

        low, high = int(self._first[doc]), int(self._first[doc + 1])
        return Repeats(
            self._host[low:high].tolist(),
            self._corpus[low:high].tolist(),
            int(self._totals[doc]),
        )
