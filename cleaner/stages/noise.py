"""The noise stage: menus, related links, teasers, widgets, forms and credits go, with reasons."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch, Spared
    from cleaner.noise.counts import Counts
    from cleaner.noise.judge import Judge
    from cleaner.noise.model import NoiseModel
    from cleaner.noise.near import Near
    from cleaner.noise.pack import Packs
    from cleaner.noise.page import Action

_JOIN = " | "
_COLUMNS: dict[Action, str] = {"byline": "byline", "date": "dateline"}
"""Actions that put a line into a column of the document."""
_COUNTS = ("repeats_host", "repeats_corpus", "repeats_folded_host", "repeats_folded_corpus")


class Noise(MapStage):
    """Cuts the lines of a page that are not its text; bylines and dates become columns."""

    version: ClassVar[int] = 6
    summary: ClassVar[str] = "cuts menus, related links, teasers, widgets, forms, credits"
    uses: ClassVar[frozenset[str]] = frozenset({*_COUNTS, "host_documents"})
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
    model: bool | str = Field(
        default=True,
        description="The trained model that judges lines with the rules: `true` is the built-in"
        " one, `false` leaves all to the rules, a path names your own file.",
    )
    limit: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="The model's score above which a line goes that no rule names, 0 to 1; by"
        " default the model's own.",
    )
    captions: Literal["keep", "cut"] = Field(
        default="keep", description="Lines that credit a picture alone, as `Photo: Jane Example`."
    )
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
        """The rule packs in force, and the model."""
        from cleaner.noise.model import built_in_digest

        if not self.model:
            return self._packs.digest()
        is_own = isinstance(self.model, str)
        model = _read_model(str(self.model)).digest if is_own else built_in_digest()
        return hashlib.sha256(f"{self._packs.digest()} {model}".encode()).hexdigest()

    def open(self) -> Apply:
        """See `MapStage.open`."""
        limit = None if self.limit is None else round(self.limit * 1000)
        chosen: dict[Action, str]
        chosen = {"caption": self.captions, "byline": self.bylines, "date": self.dates}
        keep = frozenset(action for action, choice in chosen.items() if choice == "keep")
        return partial(_clean, _Settings(self._judge, self._open_model(), keep, limit))

    def _open_model(self) -> NoiseModel | None:
        from cleaner.noise.model import built_in

        if isinstance(self.model, str):
            return _read_model(self.model)
        return built_in() if self.model else None

    @cached_property
    def _packs(self) -> Packs:
        from cleaner.noise.pack import BUILTIN, load_packs

        return load_packs(BUILTIN if self.packs is None else self.packs)

    @cached_property
    def _judge(self) -> Judge:
        from cleaner.noise.judge import asking_judge

        return asking_judge(self._packs, frozenset(self.off))


def _read_model(path: str) -> NoiseModel:
    """The user's own model.

    Raises:
        InputError: it cannot be read, or is not a model for this version.
    """
    from cleaner.errors import InputError
    from cleaner.noise.model import read_model

    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: the noise model cannot be read ({error.strerror}); name a file that"
            " tools/train_noise.py wrote, or say `model: true` for the built-in one"
        ) from error
    return read_model(data, path)


@dataclass(frozen=True, slots=True)
class _Settings:
    """What a worker needs."""

    judge: Judge
    model: NoiseModel | None
    keep: frozenset[Action]
    limit: int | None


def _clean(settings: _Settings, batch: Batch) -> Batch:
    from cleaner.batch import Edit
    from cleaner.noise.decision import decide_near
    from cleaner.noise.near import STEP

    verdicts, near = decide_near(
        batch.passage_text,
        batch.first,
        settings.judge,
        settings.model,
        keep=settings.keep,
        counts=_counts(batch),
        limit=settings.limit,
    )
    doc_of = batch.doc_of
    edits: list[Edit] = []
    found: dict[str, dict[int, list[str]]] = {action: {} for action in _COLUMNS}
    for place, verdict in verdicts.items():
        text: str = batch.passage_text[place].as_py()
        if verdict.action in found:
            found[verdict.action].setdefault(int(doc_of[place]), []).append(text.strip())
        evidence = "; ".join(verdict.evidence)
        edits.append(Edit(place, 0, len(text), verdict.rule, "", verdict.score, evidence))
    for action, name in _COLUMNS.items():
        lines = found[action]
        column = [_JOIN.join(lines[doc]) if doc in lines else None for doc in range(batch.num_docs)]
        batch = batch.annotate(name, pa.array(column, pa.string()))
    if near is not None:
        batch = batch.spare(STEP / 1000, near.counts(), _nearest(batch, near))
    return batch.cut(edits)


def _nearest(batch: Batch, near: Near) -> list[Spared]:
    """The near misses that may be shown: the nearest, each text once, equal ones by a hash."""
    from cleaner.batch import SPARED, SPARED_CHARS, Spared
    from cleaner.text.mix import splitmix

    at = near.where
    place = batch.ordinals[batch.doc_of[at]].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    rank = splitmix(place ^ batch.start[at].astype(np.uint64))
    chosen: dict[str, int] = {}
    for row in np.lexsort((rank, near.limit - near.noise)).tolist():
        text = batch.passage_text[int(at[row])].as_py().strip()[:SPARED_CHARS]
        chosen.setdefault(text, row)
        if len(chosen) == SPARED:
            break
    which = sorted(chosen.values())
    return [
        Spared(
            int(at[row]), int(near.noise[row]) / 1000, int(near.limit[row]) / 1000, "; ".join(why)
        )
        for row, why in zip(which, near.reasons(which), strict=True)
    ]


def _counts(batch: Batch) -> Counts | None:
    """What `repeats` noted about the passages of a batch, where it ran."""
    from cleaner.noise.counts import Counts

    there = {*batch.passages.schema.names, *batch.docs.schema.names}
    if not there.issuperset({*_COUNTS, "host_documents"}):
        return None
    host, corpus, folded_host, folded_corpus = (
        batch.passages.column(name).to_numpy() for name in _COUNTS
    )
    totals = batch.docs.column("host_documents").fill_null(0).to_numpy(zero_copy_only=False)
    return Counts(batch.first, host, corpus, folded_host, folded_corpus, totals)
