"""Sampling and mixing: how much of what is in the corpus, drawn by a hash of the document's id.

    Sketch   weights: drop, or note how often to read     rows (group, rank)
    Merge    per group the first ones by rank stay        home
    Apply    drop what is above the limits

A document's draw depends on its id and the seed alone, so a smaller share is part of a larger one.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from cleaner.errors import CleanerError
from cleaner.stages.base import CorpusStage
from cleaner.stages.steps import HOME, Apply, Merge, Sketch, Step

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from cleaner.batch import Batch

WEIGHT, DOCUMENTS, WORDS = "sample.weight", "sample.max_documents", "sample.max_words"
REPEATS = "sample_repeats"
"""Annotation and column: how often training is to read the document; its row is there once."""
GIVEN = frozenset({"label", "source", "host", "url", "date", "record", "raw_chars", "priority"})
"""What documents can be drawn by without a stage that annotates it."""
_RANGE = re.compile(r"([0-9]{1,18})(?:(-)([0-9]{1,18})?|\+)?")


def _weights(value: object) -> object:
    """Weights by name; a number as a key is its text."""
    if not isinstance(value, dict):
        return value
    for key, weight in value.items():
        if (
            isinstance(weight, bool)
            or not isinstance(weight, int | float)
            or not 0 <= weight <= 1e6
        ):
            raise ValueError(f"expected weights of 0 to 1000000 (of {str(key)[:40]!r})")
    return {str(key): float(weight) for key, weight in value.items()}


class Sample(CorpusStage):
    """Keeps a share of the documents, or asks for some of them to be read more than once."""

    version: ClassVar[int] = 1
    summary: ClassVar[str] = "keeps a share of the documents by source, host or size of cluster"
    adds: ClassVar[frozenset[str]] = frozenset({REPEATS})
    drops: ClassVar[bool] = True
    thins: ClassVar[bool] = True

    use: Literal["sample"] = "sample"
    by: str = Field(
        default="label",
        min_length=1,
        description="What weights and limits are for: `label` (of the input), `source` (the file),"
        " `host`, or what an earlier stage annotated, such as `lang` or `cluster_size`.",
    )
    weights: Annotated[dict[str, float], BeforeValidator(_weights)] = Field(
        default_factory=dict,
        description="Value → weight: of 0.3 so many stay; of 2.5 all, to be read two or three times"
        " (column `sample_repeats`). A text may be a pattern with `*`, of which the longest that"
        " fits counts; a number may be a range: 1, 2-4, 5+.",
    )
    other: float = Field(default=1.0, ge=0, le=1e6, description="The weight of all other values.")
    max_documents: int | None = Field(
        default=None, ge=1, description="Documents of one value that stay at most."
    )
    max_words: int | None = Field(
        default=None, ge=1, description="Their words, as often as they are to be read."
    )
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="Of the draw.")

    @model_validator(mode="after")
    def _ranges_are_apart(self) -> Sample:
        found = sorted((low, high, key) for key in self.weights for low, high in _range(key))
        for (first, high, key), (low, last, other) in pairwise(found):
            if low <= high or first > high or low > last:
                raise ValueError(f"weights: the ranges {key!r} and {other!r} are not apart")
        return self

    def can_edit(self) -> bool:
        """It drops, and notes how often to read what stays."""
        return False

    def needs(self) -> frozenset[str]:
        """See `Stage.needs`."""
        return frozenset({self.by} - GIVEN)

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        return {
            WEIGHT: "not drawn: its weight is below 1",
            DOCUMENTS: f"above max_documents ({self.max_documents}) of its {self.by}",
            WORDS: f"above max_words ({self.max_words}) of its {self.by}",
        }

    def publishes(self) -> Mapping[str, Any]:
        """A column, if anything is to be read more than once."""
        import pyarrow as pa

        weighs = max([*self.weights.values(), self.other]) > 1
        return {REPEATS: pa.int64()} if weighs else {}

    def steps(self) -> Sequence[Step]:
        """See `CorpusStage.steps`."""
        import pyarrow as pa

        rows = pa.schema(
            [
                *(("key", pa.uint64()), ("rank", pa.uint64())),
                *(("ordinal", pa.int64()), ("words", pa.int64())),
            ]
        )
        gone = pa.schema([("ordinal", pa.int64()), ("rule", pa.string())])
        return (
            Sketch(partial(_look, self, rows), "key", ("rank", "ordinal"), rows, edits=True),
            Merge(partial(_above, self, gone), HOME, (), gone),
            Apply(_drop),
        )


def _range(key: str) -> list[tuple[int, int]]:
    """The numbers that a key names; empty if it names none."""
    match = _RANGE.fullmatch(key)
    if match is None:
        return []
    low = int(match[1])
    if match[3] is not None:
        return [(low, int(match[3]))]
    return [(low, low if key == match[1] else 1 << 62)]


def _look(
    stage: Sample, schema: pa.Schema, batch: Batch, _: pa.Table | None
) -> tuple[Batch, pa.Table]:
    """Drop what the weights do not draw; a row for each other document, if there are limits."""
    import numpy as np
    import pyarrow as pa
    import xxhash

    from cleaner.batch import Drop
    from cleaner.identity import doc_ids
    from cleaner.text.draw import ranks
    from cleaner.text.words import count_words

    values = _values(stage, batch)
    sources, records = (batch.docs.column(n).to_pylist() for n in ("source", "record"))
    drawn = ranks(doc_ids(sources, records), "sample", stage.seed)
    known = {value: _weight(stage, value) for value in set(values)}
    weights = np.array([known[value] for value in values], np.float64)
    times = _times(weights, drawn)
    batch = batch.annotate(REPEATS, pa.array(times))
    out = np.flatnonzero(times == 0).tolist()
    drops = [
        Drop(doc, WEIGHT, None, f"{stage.by} {_said(values[doc])}, weight {weights[doc]:g}")
        for doc in out
    ]
    kept = np.flatnonzero(times)
    batch = batch.drop(drops)
    if stage.max_documents is None and stage.max_words is None:
        return batch, schema.empty_table()
    keys = [
        xxhash.xxh3_64_intdigest(repr(values[doc]).encode("utf-8", "surrogatepass"))
        for doc in kept.tolist()
    ]
    words = count_words(batch.text) if stage.max_words else np.zeros(len(kept), np.int64)
    columns = [
        pa.array(keys, pa.uint64()),
        pa.array(drawn[kept]),
        batch.docs.column("ordinal"),
        pa.array(words * times[kept]),
    ]
    return batch, pa.table(columns, schema=schema)


def _values(stage: Sample, batch: Batch) -> list[str | int | None]:
    """What each document is drawn by.

    Raises:
        CleanerError: there is no such column, or weights do not fit it.
    """
    import pyarrow as pa

    if stage.by == "label":
        return [s.partition("/")[0] for s in batch.docs.column("source").to_pylist()]
    if stage.by not in batch.docs.schema.names:
        known = ", ".join(sorted({"label", *batch.docs.schema.names} - {"ordinal"}))
        raise CleanerError(f"stage {stage.name}: there is no column {stage.by!r}; known: {known}")
    column = batch.docs.column(stage.by)
    is_number = pa.types.is_integer(column.type)
    if not is_number and not pa.types.is_string(column.type):
        raise CleanerError(
            f"stage {stage.name}: {stage.by!r} is {column.type}; draw by a text or a whole number"
        )
    wrong = [key for key in stage.weights if is_number and not _range(key)]
    if wrong:
        raise CleanerError(
            f"stage {stage.name}: {stage.by!r} is a number, and {wrong[0][:40]!r} is none, nor a "
            "range such as 2-4 or 5+"
        )
    values: list[str | int | None] = column.to_pylist()
    return values


def _weight(stage: Sample, value: str | int | None) -> float:
    """The weight of a value."""
    if value is None:
        return stage.other
    if isinstance(value, int):
        for key, weight in stage.weights.items():
            for low, high in _range(key):
                if low <= value <= high:
                    return weight
        return stage.other
    if value in stage.weights:
        return stage.weights[value]
    fitting = [key for key in stage.weights if fnmatch.fnmatchcase(value, key)]
    return stage.weights[max(fitting, key=lambda k: (len(k), k))] if fitting else stage.other


def _times(weights: NDArray[np.float64], drawn: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How often each document is read: the whole part of its weight, and by draw once more."""
    import numpy as np

    whole = np.floor(weights)
    bounds = np.array([int(share * 2.0**64) for share in (weights - whole).tolist()], np.uint64)
    times: NDArray[np.int64] = whole.astype(np.int64) + (drawn < bounds)
    return times


def _said(value: str | int | None) -> str:
    return repr(value)[:80]


def _above(
    stage: Sample, schema: pa.Schema, stream: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The documents above the limits, of rows sorted by group and rank."""
    import numpy as np
    import pyarrow as pa

    last, count, total = None, 0, 0
    for rows in stream:
        keys, words = (rows.column(name).to_numpy() for name in ("key", "words"))
        begins = np.concatenate([np.ones(1, bool), keys[1:] != keys[:-1]])
        first = np.maximum.accumulate(np.where(begins, np.arange(len(keys)), 0))
        summed = np.cumsum(words)
        numbers = np.arange(1, len(keys) + 1) - first
        sums = summed - (summed - words)[first]
        if last is not None and int(keys[0]) == last:  # the group goes on from the batch before
            goes_on = first == 0
            numbers, sums = numbers + count * goes_on, sums + total * goes_on
        last, count, total = int(keys[-1]), int(numbers[-1]), int(sums[-1])
        many = numbers > (stage.max_documents or numbers.max())
        long = sums > stage.max_words if stage.max_words else np.zeros(len(keys), bool)
        gone = np.flatnonzero(many | long)
        if len(gone):
            rules = np.where(many[gone], DOCUMENTS, WORDS).tolist()
            ordinals = rows.column("ordinal").take(pa.array(gone))
            yield pa.RecordBatch.from_arrays(
                [ordinals, pa.array(rules, pa.string())], schema=schema
            )


def _drop(batch: Batch, rows: pa.Table) -> Batch:
    """Drop the documents that rows came home to."""
    import numpy as np

    from cleaner.batch import Drop

    docs = np.searchsorted(batch.ordinals, rows.column("ordinal").to_numpy()).tolist()
    found = zip(docs, rows.column("rule").to_pylist(), strict=True)
    return batch.drop([Drop(doc, rule) for doc, rule in found])
