"""The quality stage: rules of Gopher, C4, FineWeb and RefinedWeb, and conditions of your own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from cleaner.batch import Batch, Drop, Edit
from cleaner.errors import ConfigError, Fault
from cleaner.quality.catalogue import RULES
from cleaner.stages.base import Apply, MapStage
from cleaner.stages.expression import Condition, ExpressionError, parse
from cleaner.stages.quality_settings import (
    COUNTS,
    INPUT_COLUMNS,
    Active,
    SetName,
    Settings,
    active_rules,
    check,
    known_names,
    meant,
)

if TYPE_CHECKING:
    from cleaner.quality.measures import Measures

WHERE = "quality.where"


class Quality(MapStage):
    """Drops, or annotates, documents that fail rules; cuts lines, if a rule about lines says so."""

    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "judges documents by the rules of Gopher, C4, FineWeb, RefinedWeb and your own"
    )
    uses: ClassVar[frozenset[str]] = frozenset({"lang"})
    adds: ClassVar[frozenset[str]] = frozenset({*RULES, "quality_where"})

    use: Literal["quality"] = "quality"
    sets: Annotated[tuple[SetName, ...], Field(strict=False)] | None = Field(
        default=None,
        description="Sets of rules: gopher (gopher_quality and gopher_repetition), c4, fineweb,"
        " refinedweb; c4_lines and refinedweb_lines cut lines. By default gopher, if neither"
        " `rules` nor `where` is given.",
    )
    rules_: Settings = Field(
        default={},
        alias="rules",
        description="Single rules: off, annotate, drop or (rules about lines) cut, or {action, min,"
        " max, size}.",
    )
    where: Annotated[str | None, AfterValidator(known_names)] = Field(
        default=None,
        description="A condition that documents meet, else they fail; such as `n_words > 50 and"
        " lang in ['vi', 'en']`. It can name columns, values of rules, and n_words, n_chars,"
        " n_lines, n_tokens, mean_word_length, stop_words.",
    )
    on_fail: Literal["drop", "annotate"] = Field(
        default="drop",
        description="What rules of `sets`, and `where`, do: drop the document (rules about lines:"
        " cut the line), or annotate it with the measured value.",
    )
    language: str | None = Field(
        default=None,
        pattern="^[a-z]{2,3}$",
        description="The language of all documents, for function words; by default what a language"
        " stage found, or the list that fits best.",
    )
    punctuation: bool = Field(
        default=True,
        description="Whether punctuation marks count as words in shares and n-grams, as in the"
        " programs that the bounds were found with; words are counted without them.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check(self.rules_)
        return self

    @model_serializer(mode="wrap")
    def _dump(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As a config writes it; `rules` is a method of stages."""
        data: dict[str, Any] = handler(self)
        settings = data.pop("rules_").items()
        data["rules"] = {
            name: {key: value for key, value in setting.items() if value is not None}
            for name, setting in settings
        }
        return data

    @property
    def reads(self) -> frozenset[str]:  # type: ignore[override]  # here it hangs on the settings
        """Annotations that the condition names."""
        if self._where is None:
            return frozenset()
        return frozenset(self._where.names) - INPUT_COLUMNS - {*COUNTS, *RULES}

    def can_edit(self) -> bool:
        """If a rule that cuts lines is on."""
        return any(a.action == "cut" for a in self._active)

    def can_drop(self) -> bool:
        """If a rule that drops is on."""
        by_where = self.where is not None and self.on_fail == "drop"
        return by_where or any(a.action == "drop" for a in self._active)

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        found = {f"quality.{a.rule.name}": _reason(a) for a in self._active}
        if self.where is not None:
            found[WHERE] = f"does not meet: {self.where}"
        return found

    def publishes(self) -> Mapping[str, Any]:
        """See `Stage.publishes`."""
        columns: dict[str, Any] = {
            a.rule.name: pa.float64() for a in self._active if a.action == "annotate"
        }
        if self.where is not None and self.on_fail == "annotate":
            columns["quality_where"] = pa.bool_()
        return columns

    def digest(self) -> str:
        """The version of Unicode that tells letters from marks."""
        from cleaner.text.words import algorithm

        return algorithm()

    def open(self) -> Apply:
        """See `MapStage.open`."""
        return self._judge

    @cached_property
    def _where(self) -> Condition | None:
        return None if self.where is None else parse(self.where)

    @cached_property
    def _active(self) -> tuple[Active, ...]:
        is_bare = self.sets is None and not self.rules_ and self.where is None
        return active_rules(("gopher",) if is_bare else self.sets or (), self.rules_, self.on_fail)

    def _judge(self, batch: Batch) -> Batch:
        """Annotate, cut lines of what stays, drop."""
        from cleaner.quality.measures import Measures

        measures = Measures(batch.text, self._langs(batch), punctuation=self.punctuation)
        drops: dict[int, Drop] = {}
        for active in self._active:
            if active.action == "cut":
                continue
            values = active.values(measures)
            if active.action == "annotate":
                column = pa.array(values, pa.float64(), from_pandas=True)
                batch = batch.annotate(active.rule.name, column)
            else:
                for doc, drop in _failing(active, values):
                    drops.setdefault(doc, drop)
        batch = self._conditioned(batch, measures, drops)
        edits = self._cuts(batch, measures, drops)
        return batch.cut(edits).drop([drops[doc] for doc in sorted(drops)])

    def _langs(self, batch: Batch) -> list[str | None]:
        if self.language is None and "lang" in batch.docs.schema.names:
            found: list[str | None] = batch.docs.column("lang").to_pylist()
            return found
        return [self.language] * batch.num_docs

    def _conditioned(self, batch: Batch, measures: Measures, drops: dict[int, Drop]) -> Batch:
        """Annotate, or add to `drops`, what does not meet the condition.

        Raises:
            ConfigError: it names a column that is not there, or does not fit the columns.
        """
        condition = self._where
        if condition is None:
            return batch
        columns = {name: self._column(batch, measures, name) for name in condition.names}
        try:
            holds = condition.holds(columns.__getitem__)
        except ExpressionError as error:
            raise ConfigError([Fault(f"stage {self.name}", "where", str(error))]) from error
        if self.on_fail == "annotate":
            return batch.annotate("quality_where", holds)
        for doc in np.flatnonzero(~holds.to_numpy(zero_copy_only=False)).tolist():
            seen = ", ".join(f"{n} {_shown(column[doc].as_py())}" for n, column in columns.items())
            drops.setdefault(doc, Drop(doc, WHERE, None, seen))
        return batch

    def _column(self, batch: Batch, measures: Measures, name: str) -> pa.Array:
        """A column of the batch, or a measured value; NaN is null."""
        if name in COUNTS:
            return pa.array(getattr(measures, name), from_pandas=True)
        if name in RULES:
            rule = RULES[name]
            size = self.rules_[name].size if name in self.rules_ else None
            values = rule.value(measures, (rule.size if size is None else size) or 0)
            return pa.array(values, from_pandas=True)
        if name in batch.docs.schema.names:
            return batch.docs.column(name)
        names = sorted({*batch.docs.schema.names, *COUNTS})
        raise ConfigError(
            [
                Fault(
                    f"stage {self.name}",
                    "where",
                    f"there is no column {name!r}{meant(name, names)}",
                    f"columns here: {', '.join(names)}, and the names of rules",
                )
            ]
        )

    def _cuts(self, batch: Batch, measures: Measures, drops: Mapping[int, Drop]) -> list[Edit]:
        """Edits that take the lines away which a rule flags, in documents that stay."""
        cutters = [a for a in self._active if a.action == "cut"]
        if not cutters:
            return []
        lines = measures.lines
        by = np.full(len(lines.text), -1, np.int64)
        for number, active in reversed(list(enumerate(cutters))):
            assert active.rule.lines is not None
            by[active.rule.lines(measures, active.size) & measures.text_lines] = number
        gone = np.zeros(batch.num_docs, bool)
        gone[list(drops)] = True
        by[np.repeat(gone, np.diff(lines.first))] = -1
        found = np.flatnonzero(by >= 0)
        edges, passages = _byte_offsets(lines.text), _byte_offsets(batch.passage_text)
        edits = []
        for line in found.tolist():
            rule = cutters[by[line]].rule
            for passage, start, end in _places(
                batch, passages, int(edges[line]), int(edges[line + 1])
            ):
                edits.append(Edit(passage, start, end, f"quality.{rule.name}", "", None, ""))
        return edits


def _reason(active: Active) -> str:
    rule = active.rule
    if active.action == "cut":
        return f"one of the lines in: {rule.measure} ({rule.source})"
    return f"{rule.measure} out of bounds ({rule.source})"


def _failing(active: Active, values: NDArray[np.float64]) -> Iterator[tuple[int, Drop]]:
    rule = active.rule
    for doc in np.flatnonzero(rule.fails(values, active.low, active.high)).tolist():
        value = float(values[doc])
        seen = rule.seen(value, active.low, active.high)
        yield doc, Drop(doc, f"quality.{rule.name}", round(value, 4), seen)


def _shown(value: object) -> str:
    """A value in the evidence: short."""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _byte_offsets(text: pa.StringArray) -> NDArray[np.int32]:
    """int32[n + 1], where each string begins in the buffer."""
    if not len(text):
        return np.zeros(1, np.int32)
    offsets: NDArray[np.int32] = np.frombuffer(
        text.buffers()[1], np.int32, len(text) + 1, text.offset * 4
    )
    return offsets


def _places(
    batch: Batch, offsets: NDArray[np.int32], low: int, high: int
) -> Iterator[tuple[int, int, int]]:
    """Bytes low:high of the buffer as (passage, start, end) in code points of the passage."""
    passage = int(np.searchsorted(offsets, low, side="right")) - 1
    while low < high:
        end = min(high, int(offsets[passage + 1]))
        if end > low:
            text: str = batch.passage_text[passage].as_py()
            if low == offsets[passage] and end == offsets[passage + 1]:
                yield passage, 0, len(text)
            else:
                raw = text.encode()
                begin = int(offsets[passage])
                start = len(raw[: low - begin].decode())
                yield passage, start, start + len(raw[low - begin : end - begin].decode())
            low = end
        passage += 1
