"""The noise stage: menus, related links, teasers, widgets, forms and credits go, with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch
    from cleaner.noise.judge import Judge, Repeats
    from cleaner.noise.pack import Packs

_ENDS = "\r\n\u2028\u2029"
_JOIN = " | "


class Noise(MapStage):
    """Cuts the lines of a page that are not its text; bylines and dates become columns."""

    version: ClassVar[int] = 1
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

    texts = batch.passage_text.to_pylist()
    lines = [t.rstrip(_ENDS) for t in texts]
    first = batch.first.tolist()
    counts = _Counts(batch)
    edits: list[Edit] = []
    columns: dict[str, list[str | None]] = {"byline": [], "date": []}
    for doc in range(batch.num_docs):
        low, high = first[doc], first[doc + 1]
        found: dict[str, list[str]] = {}
        for place, verdict in enumerate(
            judge.judge(lines[low:high], repeats=counts.of(doc)), start=low
        ):
            if verdict is None:
                continue
            if verdict.action in columns:
                found.setdefault(verdict.action, []).append(lines[place].strip())
            edits.append(
                Edit(
                    place,
                    0,
                    len(texts[place]),
                    verdict.rule,
                    "",
                    verdict.score,
                    "; ".join(verdict.evidence),
                )
            )
        for name, values in columns.items():
            values.append(_JOIN.join(found[name]) if name in found else None)
    batch = batch.annotate("byline", pa.array(columns["byline"], pa.string()))
    return batch.annotate("dateline", pa.array(columns["date"], pa.string())).cut(edits)


class _Counts:
    """What `repeats` noted about the passages of a batch, where it ran."""

    def __init__(self, batch: Batch) -> None:
        names = batch.passages.schema.names
        self._first = batch.first
        self._there = "repeats_host" in names and "host_documents" in batch.docs.schema.names
        if self._there:
            self._host: np.ndarray[Any, Any] = batch.passages.column("repeats_host").to_numpy()
            self._corpus: np.ndarray[Any, Any] = batch.passages.column("repeats_corpus").to_numpy()
            self._totals: Sequence[int | None] = batch.docs.column("host_documents").to_pylist()

    def of(self, doc: int) -> Repeats | None:
        """The counts of one document's lines."""
        if not self._there or not self._totals[doc]:
            return None
        from cleaner.noise.judge import Repeats

        low, high = int(self._first[doc]), int(self._first[doc + 1])
        return Repeats(
            self._host[low:high].tolist(), self._corpus[low:high].tolist(), self._totals[doc] or 0
        )
