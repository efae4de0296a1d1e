"""Batch: documents, their passages, and what was done to them. The unit that stages work on.

A stage has four verbs and no other way to change anything: `rewrite`, `cut`, `drop`, `annotate`.
Each returns a new batch. Ledger rows, counts and the balance come out of the verbs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.errors import EditError
from cleaner.text import pieces, segment

LEDGER = pa.schema(
    [
        ("ordinal", pa.int64()),
        ("step", pa.int32()),
        ("stage", pa.string()),
        ("rule", pa.string()),
        ("action", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("before", pa.string()),
        ("after", pa.string()),
        ("score", pa.float64()),
        ("evidence", pa.string()),
        ("kept_ordinal", pa.int64()),
        ("kept_start", pa.int64()),
        ("kept_end", pa.int64()),
        ("similarity", pa.float64()),
        ("cut_chars", pa.int64()),
    ]
)
"""Rows of the ledger while a run goes on; `cut_chars`: original code points that this row, and none
before, removed."""

GIVEN = {
    "documents": frozenset(
        {"ordinal", "source", "record", "host", "url", "date", "priority", "raw_chars"}
    ),
    "passages": frozenset({"number"}),
}
"""Columns that a run gives to every batch; a stage reads them."""

CALLS_PER_STAGE = 1000  # `step` = stage number × this + number of the verb's call


class Kept(NamedTuple):
    """The document or passage that stays, where a copy of it goes: span in its original.

    One of another run has neither ordinal nor span here; the evidence names it.
    """

    ordinal: int | None
    start: int | None
    end: int | None
    similarity: float


class Edit(NamedTuple):
    """Replace `start:end` of passage `passage` of the batch, code points of its text, by `text`."""

    passage: int
    start: int
    end: int
    rule: str
    text: str = ""
    score: float | None = None
    evidence: str = ""
    kept: Kept | None = None


class Drop(NamedTuple):
    """Remove document `doc` of the batch."""

    doc: int
    rule: str
    score: float | None = None
    evidence: str = ""
    kept: Kept | None = None


SPARED, SPARED_CHARS = 12, 240
"""Near misses that are kept to be shown, and the characters by which their texts are told apart."""


class Spared(NamedTuple):
    """A passage that stays, though its score is not far below `limit`, above which it would go."""

    passage: int
    score: float
    limit: float
    evidence: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A `Spared` passage, as the reports take it: span in code points of its original, its text."""

    ordinal: int
    start: int
    end: int
    text: str
    score: float
    limit: float
    evidence: str


@dataclass(frozen=True, slots=True)
class NearMisses:
    """What a stage nearly cut.

    `counts`: passages by how far they were from it, nearest first, in classes of `step`.
    """

    step: float
    counts: tuple[int, ...]
    samples: tuple[NearMiss, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Documents and passages as Arrow columns.

    Attributes:
        docs: one row a living document: `ordinal`, `source`, `record`, `host`, `url`, `date`,
            `priority`, `raw_chars`, and the annotations of documents.
        passage_text: current text of every passage; a document's passages, joined, are its text.
        first: int64[num_docs + 1]; passages of document i are first[i]:first[i + 1].
        start, end: int64[num_passages], spans in code points of the original; they tile each
            document.
        cut_chars, rewritten_chars: int64[num_passages], original code points gone, or replaced.
        marks: (ordinal, number of the passage in its document) → its changed pieces; a passage that
            was cut as a whole needs none: `cut_chars` says all.
        passages: `number` (of the passage in its document) and the annotations of passages.
        ledger: rows so far, oldest first.
        spared: what the stages nearly cut, for the reports.
    """

    docs: pa.RecordBatch
    passage_text: pa.StringArray
    first: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    cut_chars: NDArray[np.int64]
    rewritten_chars: NDArray[np.int64]
    passages: pa.RecordBatch
    marks: dict[tuple[int, int], list[pieces.Mark]] = field(default_factory=dict)
    ledger: tuple[pa.RecordBatch, ...] = ()
    spared: tuple[NearMisses, ...] = ()
    stage: str = ""
    step: int = 0

    @property
    def num_docs(self) -> int:
        """Living documents."""
        return len(self.first) - 1

    @property
    def num_passages(self) -> int:
        """Passages of living documents."""
        return len(self.passage_text)

    @property
    def text(self) -> pa.StringArray:
        """Current text of each document; shares the buffer of `passage_text`."""
        offsets, data = self._offsets(), self.passage_text.buffers()[2]
        return pa.StringArray.from_buffers(
            self.num_docs, pa.py_buffer(np.ascontiguousarray(offsets[self.first])), data
        )

    @property
    def doc_of(self) -> NDArray[np.int64]:
        """int64[num_passages]: the document that each passage belongs to."""
        return np.repeat(np.arange(self.num_docs, dtype=np.int64), np.diff(self.first))

    @property
    def ordinals(self) -> NDArray[np.int64]:
        """int64[num_docs]: rank of each document in (source, record) order."""
        column: NDArray[np.int64] = self.docs.column("ordinal").to_numpy()
        return column

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64[num_passages]: code points of each passage's current text."""
        length = self.end - self.start - self.cut_chars
        rewritten = np.flatnonzero(self.rewritten_chars)
        if len(rewritten):
            texts = self.passage_text.take(pa.array(rewritten))
            length[rewritten] = pc.utf8_length(texts).to_numpy()
        return length

    @property
    def chars(self) -> NDArray[np.int64]:
        """int64[num_docs]: code points of each document's current text."""
        return self._sums(self.lengths)

    def for_stage(self, name: str, number: int) -> Batch:
        """The same batch, with the name and number under which the next stage's rows are booked."""
        return replace(self, stage=name, step=number * CALLS_PER_STAGE)

    def rewrite(self, edits: Sequence[Edit]) -> Batch:
        """Replace spans of passages; `text` says by what.

        Raises:
            EditError: edits overlap, are empty, or lie outside their passage.
        """
        return self._edit(edits, "rewrite")

    def cut(self, edits: Sequence[Edit]) -> Batch:
        """Remove spans of passages.

        Raises:
            EditError: as `rewrite`; or an edit has a text.
        """
        if any(e.text for e in edits):
            raise EditError(f"stage {self.stage}: a cut has no text; use rewrite")
        return self._edit(edits, "cut")

    def drop(self, drops: Sequence[Drop]) -> Batch:
        """Remove documents, each at most once in a call."""
        if not drops:
            return replace(self, step=self.step + 1)
        drops = sorted(drops, key=lambda d: d.doc)
        rows = np.array([d.doc for d in drops], np.int64)
        if rows[0] < 0 or rows[-1] >= self.num_docs or (np.diff(rows) == 0).any():
            raise EditError(f"stage {self.stage}: a document is dropped twice, or does not exist")
        before = self.text.take(pa.array(rows))
        raw = self.docs.column("raw_chars").to_numpy()[rows]
        gone = self._sums(self.cut_chars)[rows]
        n = len(drops)
        book = _rows(
            ordinal=self.ordinals[rows],
            step=np.full(n, self.step, np.int32),
            stage=[self.stage] * n,
            rule=[d.rule for d in drops],
            action=["drop"] * n,
            start=np.zeros(n, np.int64),
            end=raw,
            before=before,
            after=[""] * n,
            details=drops,
            cut_chars=raw - gone,
        )
        alive = np.ones(self.num_docs, bool)
        alive[rows] = False
        rest = self.take(np.flatnonzero(alive))
        return replace(rest, ledger=(*self.ledger, book), step=self.step + 1)

    def spare(self, step: float, counts: Sequence[int], samples: Sequence[Spared]) -> Batch:
        """Note what was nearly cut: nothing of the documents changes, only the reports tell it.

        Args:
            step: width of a class of distance, in scores.
            counts: passages by how far below the limit they are, nearest class first.
            samples: those of them that may be shown: the nearest of at least `SPARED` texts.
        """
        rows = np.array([s.passage for s in samples], np.int64)
        docs = np.searchsorted(self.first, rows, side="right") - 1
        columns = (self.ordinals[docs].tolist(), self.start[rows].tolist(), self.end[rows].tolist())
        texts = self.passage_text.take(pa.array(rows)).to_pylist()
        found = tuple(
            NearMiss(ordinal, start, end, text, s.score, s.limit, s.evidence)
            for ordinal, start, end, text, s in zip(*columns, texts, samples, strict=True)
        )
        return replace(self, spared=(*self.spared, NearMisses(step, tuple(counts), found)))

    def annotate(
        self, name: str, values: pa.Array, of: Literal["documents", "passages"] = "documents"
    ) -> Batch:
        """Add a column, or replace the one of that name.

        Raises:
            EditError: the column's length is not the number of documents (or passages), or its
                name is one that the run itself gives.
        """
        if name in GIVEN[of]:
            raise EditError(f"stage {self.stage}: {name} is given, it cannot be annotated")
        table, n = (
            (self.docs, self.num_docs) if of == "documents" else (self.passages, self.num_passages)
        )
        if len(values) != n:
            raise EditError(f"stage {self.stage}: {name} has {len(values)} values for {n} {of}")
        values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        columns = {c: table.column(c) for c in table.schema.names}
        columns[name] = values
        table = pa.record_batch(list(columns.values()), names=list(columns))
        return replace(self, docs=table) if of == "documents" else replace(self, passages=table)

    def take(self, rows: NDArray[np.int64]) -> Batch:
        """The batch with these documents alone (ascending); rows of the ledger stay as they are."""
        rows = np.asarray(rows, np.int64)
        counts = np.diff(self.first)[rows]
        first = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(counts, out=first[1:])
        which = np.arange(first[-1]) + np.repeat(self.first[rows] - first[:-1], counts)
        index = pa.array(which)
        alive = set(self.ordinals[rows].tolist()) if self.marks else set()
        return replace(
            self,
            docs=self.docs.take(pa.array(rows)),
            passage_text=self.passage_text.take(index),
            first=first,
            start=self.start[which],
            end=self.end[which],
            cut_chars=self.cut_chars[which],
            rewritten_chars=self.rewritten_chars[which],
            passages=self.passages.take(index),
            marks={k: v for k, v in self.marks.items() if k[0] in alive},
        )

    def live_chars(self) -> tuple[int, int, int]:
        """Original code points of the living documents: kept as they were, rewritten, cut."""
        cut, rewritten = int(self.cut_chars.sum()), int(self.rewritten_chars.sum())
        raw = pc.sum(self.docs.column("raw_chars")).as_py() or 0
        return raw - cut - rewritten, rewritten, cut

    def _edit(self, edits: Sequence[Edit], action: str) -> Batch:
        if not edits:
            return replace(self, step=self.step + 1)
        edits = sorted(edits, key=lambda e: (e.passage, e.start))
        passages = np.fromiter((e.passage for e in edits), np.int64, len(edits))
        if passages[0] < 0 or passages[-1] >= self.num_passages:
            raise EditError(
                f"stage {self.stage}: there is no passage {passages[0]} or {passages[-1]}"
            )
        where, begin = np.unique(passages, return_index=True)
        text = self.passage_text.take(pa.array(where))
        is_whole = _whole_cuts(edits, begin, text)
        whole, inner = np.flatnonzero(is_whole), np.flatnonzero(~is_whole)
        done = _Edited(dict(self.marks), self.cut_chars.copy(), self.rewritten_chars.copy())
        books = []
        if len(whole):
            cuts = [edits[at] for at in begin[whole].tolist()]
            gone = text.take(pa.array(whole))
            books.append(self._cut_whole(done, cuts, where[whole], gone, action))
        if len(inner):
            ends = np.append(begin[1:], len(edits))
            mine = [edits[low:high] for low, high in zip(begin[inner], ends[inner], strict=True)]
            books.append(
                self._edit_inside(done, mine, where[inner], text.take(pa.array(inner)), action)
            )
        book = books[0]
        if len(books) > 1:  # rows in order of the passages
            order = np.argsort(np.concatenate(done.rows), kind="stable")
            book = pa.concat_batches(books).take(pa.array(order))
        texts = np.full(len(where), "", object)
        texts[inner] = done.texts
        return replace(
            self,
            passage_text=replace_text(self.passage_text, where, texts.tolist()),
            marks=done.marks,
            cut_chars=done.cut,
            rewritten_chars=done.rewritten,
            ledger=(*self.ledger, book),
            step=self.step + 1,
        )

    def _keys(self, passages: NDArray[np.int64]) -> tuple[list[int], list[int]]:
        """Of passages: ordinal of the document, number in it."""
        docs = np.searchsorted(self.first, passages, side="right") - 1
        return self.ordinals[docs].tolist(), (passages - self.first[docs]).tolist()

    def _cut_whole(
        self,
        done: _Edited,
        cuts: list[Edit],
        where: NDArray[np.int64],
        text: pa.StringArray,
        action: str,
    ) -> pa.RecordBatch:
        """The usual cut: passages as a whole, whatever was done inside them. The ledger rows."""
        ordinals, numbers = self._keys(where)
        start, end = self.start[where], self.end[where]
        gone = end - start - self.cut_chars[where]
        done.cut[where] = end - start
        done.rewritten[where] = 0
        done.rows.append(where)
        if done.marks:
            for key in zip(ordinals, numbers, strict=True):
                done.marks.pop(key, None)
        n = len(cuts)
        return _rows(
            ordinal=ordinals,
            step=np.full(n, self.step, np.int32),
            stage=[self.stage] * n,
            rule=[e.rule for e in cuts],
            action=[action] * n,
            start=start,
            end=end,
            before=text,
            after=[""] * n,
            details=cuts,
            cut_chars=gone,
        )

    def _edit_inside(
        self,
        done: _Edited,
        edits: list[list[Edit]],
        where: NDArray[np.int64],
        texts: pa.StringArray,
        action: str,
    ) -> pa.RecordBatch:
        """Edits of each passage `where`, one by one. The ledger rows."""
        ordinals, numbers = self._keys(where)
        origins, ends = self.start[where].tolist(), self.end[where].tolist()
        booked: list[pieces.Row] = []
        sources: list[Edit] = []
        owners: list[int] = []
        cuts: list[int] = []
        rows: list[int] = []
        for passage, mine, text, ordinal, number, origin, end in zip(
            where.tolist(), edits, texts.to_pylist(), ordinals, numbers, origins, ends, strict=True
        ):
            old = done.marks.get((ordinal, number), [])
            if len(mine) == 1 and mine[0].start == 0 and mine[0].end == len(text) > 0:
                after = mine[0].text
                changes = [pieces.Row(origin, end, text, after, 0)]
                new_marks, new_text = [pieces.Mark(origin, end, len(after))], after
            else:
                try:
                    new_text, new_marks, changes = pieces.apply(
                        text, origin, old, [pieces.Change(e.start, e.end, e.text) for e in mine]
                    )
                except EditError as error:
                    raise EditError(
                        f"stage {self.stage}, document {ordinal}, passage {number}: {error}"
                    ) from None
            done.marks[ordinal, number] = new_marks
            done.texts.append(new_text)
            was = {(m.start, m.end) for m in old if m.length == 0}
            for row in changes:
                booked.append(row)
                sources.append(mine[row.source])
                owners.append(ordinal)
                rows.append(passage)
                gone = 0 if row.after else row.end - row.start
                gone -= sum(b - a for a, b in was if row.start <= a and b <= row.end)
                cuts.append(gone)
            done.cut[passage] = sum(m.end - m.start for m in new_marks if m.length == 0)
            done.rewritten[passage] = sum(m.end - m.start for m in new_marks if m.length > 0)
        done.rows.append(np.array(rows, np.int64))
        n = len(booked)
        return _rows(
            ordinal=np.array(owners, np.int64),
            step=np.full(n, self.step, np.int32),
            stage=[self.stage] * n,
            rule=[e.rule for e in sources],
            action=[action] * n,
            start=np.array([r.start for r in booked], np.int64),
            end=np.array([r.end for r in booked], np.int64),
            before=[r.before for r in booked],
            after=[r.after for r in booked],
            details=sources,
            cut_chars=np.array(cuts, np.int64),
        )

    def _offsets(self) -> NDArray[np.int32]:
        array = self.passage_text
        return np.frombuffer(array.buffers()[1], np.int32)[
            array.offset : array.offset + len(array) + 1
        ]

    def _sums(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum of a passage column per document."""
        total = np.zeros(len(values) + 1, np.int64)
        np.cumsum(values, out=total[1:])
        return total[self.first[1:]] - total[self.first[:-1]]


@dataclass(slots=True)
class _Edited:
    """What one call of a verb has made so far.

    `texts`: of the passages that were not cut as a whole; `rows`: for each ledger row, its passage.
    """

    marks: dict[tuple[int, int], list[pieces.Mark]]
    cut: NDArray[np.int64]
    rewritten: NDArray[np.int64]
    texts: list[str] = field(default_factory=list)
    rows: list[NDArray[np.int64]] = field(default_factory=list)


def _whole_cuts(
    edits: Sequence[Edit], begin: NDArray[np.int64], text: pa.StringArray
) -> NDArray[np.bool_]:
    """For each passage whose edits begin at `begin`, whether the one edit takes all of it away."""
    first = [edits[at] for at in begin.tolist()]
    length = pc.utf8_length(text).to_numpy()
    alone = np.diff(np.append(begin, len(edits))) == 1
    is_cut = np.array([e.start == 0 and not e.text for e in first], bool)
    ends = np.array([e.end for e in first], np.int64)
    whole: NDArray[np.bool_] = alone & is_cut & (ends == length) & (length > 0)
    return whole


def new(docs: pa.RecordBatch, text: pa.StringArray, unit: segment.Unit = "line") -> Batch:
    """A batch of untouched documents: `docs` as in `Batch.docs`, `text` their originals."""
    cut = segment.passages(text, unit)
    n = len(cut.text)
    numbers = np.arange(n) - np.repeat(cut.first[:-1], np.diff(cut.first))
    return Batch(
        docs=docs,
        passage_text=cut.text,
        first=cut.first,
        start=cut.start,
        end=cut.end,
        cut_chars=np.zeros(n, np.int64),
        rewritten_chars=np.zeros(n, np.int64),
        passages=pa.record_batch({"number": pa.array(numbers, pa.int32())}),
    )


def replace_text(
    column: pa.StringArray, rows: NDArray[np.int64], texts: Sequence[str] | pa.StringArray
) -> pa.StringArray:
    """The column with other strings in these (ascending) rows."""
    if not len(rows):
        return column
    mask = np.zeros(len(column), bool)
    mask[rows] = True
    strings = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    result = pc.replace_with_mask(column, pa.array(mask), strings)
    return result.combine_chunks() if isinstance(result, pa.ChunkedArray) else result


def _rows(*, details: Sequence[Edit] | Sequence[Drop], **columns: Any) -> pa.RecordBatch:
    """Ledger rows; `details` gives score, evidence and kept partner of each."""
    columns["score"] = [d.score for d in details]
    columns["evidence"] = [d.evidence or None for d in details]
    kept = [d.kept for d in details]
    columns["kept_ordinal"] = [None if k is None else k.ordinal for k in kept]
    columns["kept_start"] = [None if k is None else k.start for k in kept]
    columns["kept_end"] = [None if k is None else k.end for k in kept]
    columns["similarity"] = [None if k is None else k.similarity for k in kept]
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field_.type)
        for field_, column in ((f, columns[f.name]) for f in LEDGER)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=LEDGER)
