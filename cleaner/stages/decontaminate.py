"""The decontaminate stage: documents that hold text of a benchmark are dropped, cut or marked.

With `max_corpus_count`, n-grams that many documents of the corpus have are let off first (as in
Brown et al. 2020, appendix C): that takes a look at the corpus before the documents are judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field, model_validator

from cleaner.dedup.family import families
from cleaner.dedup.shingle import shingles
from cleaner.errors import ConfigError, Fault, InputError
from cleaner.stages import base
from cleaner.stages.base import MapStage
from cleaner.stages.standing_phrases import FREQUENT, LET_OFF, SEEN, frequent
from cleaner.stages.steps import HOME, Apply, Merge, Sketch, Step
from cleaner.text.ragged import Ragged
from cleaner.text.words import word_hashes

if TYPE_CHECKING:
    from cleaner.batch import Batch, Drop, Edit
    from cleaner.index.benchmarks import Benchmarks

DOCUMENT, PASSAGE = "decontaminate.document", "decontaminate.passage"
SHOWN_SPANS, SHOWN_WORDS = 5, 13
MATCHES = pa.list_(
    pa.struct(
        [
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("source", pa.string()),
            ("record", pa.int64()),
            ("ngrams", pa.int64()),
        ]
    )
)
"""The column `contamination`: spans of passages in the original, and whose n-grams they hold."""
Texts = Annotated[tuple[str, ...], Field(strict=False)]


class Decontaminate(MapStage):
    """Finds n-grams of benchmark files in documents."""

    version: ClassVar[int] = 1
    summary: ClassVar[str] = "drops, cuts or marks what overlaps with benchmark files"
    adds: ClassVar[frozenset[str]] = frozenset({"contamination"})

    use: Literal["decontaminate"] = "decontaminate"
    against: Texts = Field(
        default=(),
        description="Benchmark files: paths, folders or globs of .txt, JSONL and Parquet files.",
    )
    fields: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] = Field(
        default=("text",),
        description="The fields of their records that hold text, such as [question, answer].",
    )
    ngram: int = Field(
        default=13,
        ge=2,
        le=32,
        description="Words in a row that must agree; case and punctuation do not count.",
    )
    shortest: int = Field(
        default=8,
        ge=2,
        le=32,
        description="Records of fewer words than `ngram`, but so many, must agree as a whole.",
    )
    min_count: int = Field(
        default=1, ge=1, description="Matching n-grams from which a document is contaminated."
    )
    min_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="And the share of its n-grams that match.",
    )
    max_corpus_count: int | None = Field(
        default=None,
        ge=1,
        description="An n-gram that more documents of the corpus have, near-copies counted once, is"
        " a standing phrase and no match; by default all count.",
    )
    action: Literal["drop", "cut", "mark"] = Field(
        default="drop",
        description="Drop the document, cut the passages with matches, or mark them in the column"
        " `contamination`.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.shortest > self.ngram:
            raise ValueError("expected `shortest` to be at most `ngram`")
        return self

    def can_edit(self) -> bool:
        """If it cuts passages."""
        return self.action == "cut"

    def can_drop(self) -> bool:
        """If it drops documents."""
        return self.action == "drop"

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        at_least = f"{self.min_count} matching n-grams of {self.ngram} words"
        return {
            DOCUMENT: f"holds text of a benchmark: at least {at_least}",
            PASSAGE: "the passage holds words of a benchmark",
        }

    def publishes(self) -> Mapping[str, Any]:
        """See `Stage.publishes`."""
        return {"contamination": MATCHES} if self.action == "mark" else {}

    def digest(self) -> str:
        """Names and contents of the benchmark files."""
        from cleaner.dedup import shingle
        from cleaner.text import words

        total = hashlib.sha256(f"{shingle.ALGORITHM} {words.algorithm()}".encode())
        for file in self._files():
            total.update(file.source.encode() + b"\0")
            with Path(file.location).open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()

    def open(self) -> base.Apply:
        """Read the benchmarks.

        Raises:
            ConfigError: none is named, or one is missing.
            InputError: a file has none of the fields.
        """
        return partial(_apply, self, self.benchmarks())

    def steps(self) -> Sequence[Step]:
        """With `max_corpus_count`: matches are counted over the corpus before any is judged."""
        if self.max_corpus_count is None:
            return ()
        count = partial(frequent, self.max_corpus_count)
        return (
            Sketch(_Looking(self, _sketch), "gram", ("family", "ordinal"), SEEN),
            Merge(count, HOME, ("gram",), FREQUENT),
            Apply(_Looking(self, _judge)),
        )

    def notes(self) -> dict[str, str]:
        """See `Stage.notes`."""
        return {
            LET_OFF: "n-grams of the benchmarks are let off: more than"
            f" {self.max_corpus_count} documents have each"
        }

    def benchmarks(self) -> Benchmarks:
        """Read the files; see `open` for what it raises."""
        from cleaner.index.benchmarks import read_benchmarks

        return read_benchmarks(self._files(), self.fields, self.ngram, self.shortest)

    def _files(self) -> Sequence[Any]:
        from cleaner.index.benchmarks import find_files

        if not self.against:
            hint = "such as `against: [benchmarks/*.jsonl]`"
            fault = Fault(f"stage {self.name}", "against", "expected benchmark files", hint)
            raise ConfigError([fault])
        try:
            return find_files(self.against)
        except InputError as error:
            raise ConfigError([Fault(f"stage {self.name}", "against", str(error))]) from error


class _Hit(NamedTuple):
    """An n-gram of a benchmark in a document: its first word there, its words, record and hash."""

    first: int
    n: int
    record: int
    gram: int


@dataclass(frozen=True, slots=True)
class _Match:
    """N-grams of one benchmark record that begin in one passage of a document."""

    passage: int
    record: int
    count: int
    first: int
    """The first word of the first of them, counted in the document."""
    n: int


class _Looking:
    """A step's function, given the benchmarks, which are read when its first batch comes."""

    def __init__(self, stage: Decontaminate, function: Callable[..., Any]) -> None:
        self._stage = stage
        self._function = function
        self._found: Benchmarks | None = None

    def __call__(self, batch: Batch, rows: pa.Table | None) -> Any:
        if self._found is None:
            self._found = self._stage.benchmarks()
        return self._function(self._stage, self._found, batch, rows)


def _sketch(
    stage: Decontaminate,  # noqa: ARG001  what all steps get
    benchmarks: Benchmarks,
    batch: Batch,
    _: pa.Table | None,
) -> pa.Table:
    """A row for each n-gram of a benchmark that a document has, with the document's family."""
    hits, _, _ = _found(benchmarks, batch)
    docs = np.flatnonzero([bool(found) for found in hits])
    some = batch.take(docs)
    family = families(some.passage_text, some.first, some.ordinals)
    grams = [np.unique(np.array([hit.gram for hit in hits[doc]], np.uint64)) for doc in docs]
    sizes = [len(found) for found in grams]
    columns = [
        np.concatenate(grams) if grams else np.zeros(0, np.uint64),
        np.repeat(family, sizes),
        np.repeat(some.ordinals, sizes),
    ]
    return pa.table([pa.array(column) for column in columns], schema=SEEN)


def _judge(
    stage: Decontaminate, benchmarks: Benchmarks, batch: Batch, rows: pa.Table | None
) -> Batch:
    """As `_apply`, without the n-grams that came home as frequent."""
    let_off: set[tuple[int, int]] = set()
    if rows is not None:
        pairs = zip(*(rows.column(name).to_pylist() for name in FREQUENT.names), strict=True)
        let_off = set(pairs)
    return _apply(stage, benchmarks, batch, let_off)


def _found(
    benchmarks: Benchmarks, batch: Batch
) -> tuple[list[list[_Hit]], NDArray[np.int64], Ragged]:
    """Matches and numbers of n-grams of each document, and the words of the passages."""
    words = word_hashes(batch.passage_text)
    firsts = words.offsets[batch.first] - words.offsets[0]
    of_docs = Ragged(firsts, words.values[int(words.offsets[0]) :])
    return *_hits(benchmarks, of_docs), words


def _apply(
    stage: Decontaminate,
    benchmarks: Benchmarks,
    batch: Batch,
    let_off: Container[tuple[int, int]] = (),
) -> Batch:
    """Judge documents by their matches; `let_off`: (ordinal, n-gram) that are none."""
    hits, totals, words = _found(benchmarks, batch)
    if let_off:
        ordinals = batch.ordinals.tolist()
        hits = [
            [hit for hit in found if (ordinal, hit.gram) not in let_off]
            for ordinal, found in zip(ordinals, hits, strict=True)
        ]
    firsts = words.offsets[batch.first] - words.offsets[0]
    counts = np.array([len(found) for found in hits], np.int64)
    shares = np.divide(counts, totals, out=np.zeros(len(counts)), where=totals > 0)
    bad = (counts >= stage.min_count) & (shares >= stage.min_share)
    ends = words.offsets[1:] - words.offsets[0]
    matches = {
        doc: _by_passage(hits[doc], int(firsts[doc]), ends) for doc in np.flatnonzero(bad).tolist()
    }
    if stage.action == "mark":
        return batch.annotate("contamination", _marks(batch, benchmarks, matches))
    if stage.action == "cut":
        return batch.cut([e for found in matches.values() for e in _cuts(batch, benchmarks, found)])
    drops = [
        _drop(batch, benchmarks, doc, found, int(counts[doc]), float(shares[doc]))
        for doc, found in matches.items()
    ]
    return batch.drop(drops)


def _hits(benchmarks: Benchmarks, words: Ragged) -> tuple[list[list[_Hit]], NDArray[np.int64]]:
    """Per document the matches, by first word; and how many n-grams it has."""
    hits: list[list[_Hit]] = [[] for _ in range(len(words))]
    totals = np.zeros(len(words), np.int64)
    for grams in benchmarks.grams:
        rows = shingles(words, grams.n)
        totals = np.maximum(totals, rows.counts)
        found = grams.find(rows)
        places = np.flatnonzero(found >= 0)
        docs = np.searchsorted(rows.offsets, places, side="right") - 1
        firsts = places - rows.offsets[docs]
        columns = (docs, firsts, found[places], rows.values[places])
        for doc, first, record, gram in zip(*(c.tolist() for c in columns), strict=True):
            hits[doc].append(_Hit(first, grams.n, record, gram))
    for found_here in hits:
        found_here.sort()
    return hits, totals


def _by_passage(hits: Sequence[_Hit], base: int, ends: NDArray[np.int64]) -> list[_Match]:
    """Matches by passage and record: an n-gram counts in each passage that has a word of it."""
    found: dict[tuple[int, int], _Match] = {}
    for first, n, record, _ in hits:
        low = int(np.searchsorted(ends, base + first, side="right"))
        high = int(np.searchsorted(ends, base + first + n - 1, side="right"))
        for passage in range(low, high + 1):
            old = found.get((passage, record))
            if old is None:
                found[passage, record] = _Match(passage, record, 1, first, n)
            else:
                found[passage, record] = _Match(passage, record, old.count + 1, old.first, old.n)
    return [found[key] for key in sorted(found)]


def _marks(
    batch: Batch, benchmarks: Benchmarks, matches: Mapping[int, Sequence[_Match]]
) -> pa.Array:
    def row(match: _Match) -> dict[str, Any]:
        source, record = benchmarks.records[match.record]
        start, end = int(batch.start[match.passage]), int(batch.end[match.passage])
        return {
            "start": start,
            "end": end,
            "source": source,
            "record": record,
            "ngrams": match.count,
        }

    rows = [[row(m) for m in matches.get(doc, ())] or None for doc in range(batch.num_docs)]
    return pa.array(rows, MATCHES)


def _cuts(batch: Batch, benchmarks: Benchmarks, found: Sequence[_Match]) -> Iterator[Edit]:
    """One cut a passage; its evidence names the record with most matches there."""
    from cleaner.batch import Edit

    best: dict[int, _Match] = {}
    for match in found:
        if match.passage not in best or match.count > best[match.passage].count:
            best[match.passage] = match
    for passage, match in best.items():
        text: str = batch.passage_text[passage].as_py()
        if text:
            seen = f"{match.count} n-grams of {_named(benchmarks, match.record)}"
            yield Edit(passage, 0, len(text), PASSAGE, "", float(match.count), seen)


def _drop(
    batch: Batch,
    benchmarks: Benchmarks,
    doc: int,
    found: Sequence[_Match],
    count: int,
    share: float,
) -> Drop:
    from cleaner.batch import Drop

    spans = [
        f"{batch.start[m.passage]}:{batch.end[m.passage]} {_named(benchmarks, m.record)}"
        for m in found[:SHOWN_SPANS]
    ]
    more = f", and {len(found) - SHOWN_SPANS} more" if len(found) > SHOWN_SPANS else ""
    seen = (
        f"{count} matching n-grams ({share:.1%}); first “{_quote(batch, doc, found[0])}”; in"
        f" {', '.join(spans)}{more}"
    )
    return Drop(doc, DOCUMENT, float(count), seen)


def _named(benchmarks: Benchmarks, record: int) -> str:
    source, number = benchmarks.records[record]
    return f"{source} record {number}"


def _quote(batch: Batch, doc: int, match: _Match) -> str:
    """The words of a match, as they are compared."""
    from cleaner.text import key

    parts = batch.passage_text.slice(
        int(batch.first[doc]), int(batch.first[doc + 1] - batch.first[doc])
    )
    spelt: list[str] = []
    for part in parts.to_pylist():
        spelt += key.words(part)
        if len(spelt) >= match.first + match.n:
            break
    return " ".join(spelt[match.first : match.first + min(match.n, SHOWN_WORDS)])
