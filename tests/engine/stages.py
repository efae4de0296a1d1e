"""Stages for the tests of the engine; workers import them as `tests.engine.stages:Name`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from cleaner.batch import Batch, Drop, Edit
from cleaner.stages.base import CorpusStage, MapStage
from cleaner.stages.clusters import groups
from cleaner.stages.steps import HOME, Apply, Merge, Sketch, Step

Function = Callable[[Batch], Batch]


def texts_of(batch: Batch) -> list[str]:
    """The current text of each document."""
    texts: list[str] = batch.text.to_pylist()
    return texts


class Mend(MapStage):
    """Rewrites `colour`, cuts lines that begin with MENU, drops documents that begin with SPAM."""

    drops: ClassVar[bool] = True
    use: Literal["tests.engine.stages:Mend"] = "tests.engine.stages:Mend"
    new: str = "color"

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        return {"mend.word": f"is spelled {self.new}"}

    def open(self) -> Function:
        """See `MapStage.open`."""
        return self._run

    def _run(self, batch: Batch) -> Batch:
        edits, cuts = [], []
        for p, text in enumerate(batch.passage_text.to_pylist()):
            if text.startswith("MENU"):
                cuts.append(Edit(p, 0, len(text), "mend.menu", score=0.5, evidence=text[:8]))
                continue
            at = text.find("colour")
            while at >= 0:
                edits.append(Edit(p, at, at + 6, "mend.word", self.new))
                at = text.find("colour", at + 6)
        batch = batch.rewrite(edits)  # calls that do nothing to a batch must not show
        if cuts:
            batch = batch.cut(cuts)
        drops = [Drop(d, "mend.spam") for d, t in enumerate(texts_of(batch)) if t[:4] == "SPAM"]
        return batch.drop(drops)


class Note(MapStage):
    """Annotates documents with their length, passages with their first letter."""

    use: Literal["tests.engine.stages:Note"] = "tests.engine.stages:Note"
    of: Literal["documents", "passages", "both"] = "both"

    def publishes(self) -> dict[str, Any]:
        """See `Stage.publishes`."""
        return {"noted_chars": pa.int64()} if self.of != "passages" else {}

    def open(self) -> Function:
        """See `MapStage.open`."""
        return self._run

    def _run(self, batch: Batch) -> Batch:
        if self.of != "passages":
            batch = batch.annotate("noted_chars", pc.utf8_length(batch.text).cast(pa.int64()))
        if self.of != "documents":
            first = pa.array([t[:1] for t in batch.passage_text.to_pylist()], pa.string())
            batch = batch.annotate("noted_letter", first, "passages")
        return batch


class CutNoted(MapStage):
    """Cuts passages that `Note` found to begin with a letter; needs the annotation to be right."""

    use: Literal["tests.engine.stages:CutNoted"] = "tests.engine.stages:CutNoted"
    letter: str = "Z"

    def open(self) -> Function:
        """See `MapStage.open`."""
        return self._run

    def _run(self, batch: Batch) -> Batch:
        letters = batch.passages.column("noted_letter").to_pylist()
        texts = batch.passage_text.to_pylist()
        return batch.cut(
            [
                Edit(p, 0, len(text), "cut_noted.letter")
                for p, (letter, text) in enumerate(zip(letters, texts, strict=True))
                if text and letter == self.letter
            ]
        )


class Boom(MapStage):
    """Fails on documents that hold a word."""

    use: Literal["tests.engine.stages:Boom"] = "tests.engine.stages:Boom"
    word: str = "BOOM"

    def open(self) -> Function:
        """See `MapStage.open`."""
        return self._run

    def _run(self, batch: Batch) -> Batch:
        fail_on(self.word, batch)
        return batch


def fail_on(word: str, batch: Batch) -> None:
    """Raise, as a fault in a rule would, if a document holds a word."""
    for text in texts_of(batch):
        if word in text:
            raise ValueError(f"cannot bear {word} \udc80 in {object()!r}")


WORDS = pa.schema([("key", pa.uint64()), ("ordinal", pa.int64()), ("word", pa.string())])
SHARED = pa.schema([("ordinal", pa.int64()), ("word", pa.string()), ("documents", pa.int64())])


class FirstWords(CorpusStage):
    """Annotates each document with the number of documents that have its first word."""

    use: Literal["tests.engine.stages:FirstWords"] = "tests.engine.stages:FirstWords"
    word: str = "SKETCHBOOM"
    annotation: str = "first_word_documents"

    def publishes(self) -> dict[str, Any]:
        """See `Stage.publishes`."""
        return {self.annotation: pa.int64()}

    def steps(self) -> Sequence[Step]:
        """See `CorpusStage.steps`."""
        return (
            Sketch(partial(_first_words, self.word), "key", ("ordinal",), WORDS),
            Merge(_count_words, HOME, (), SHARED),
            Apply(partial(_note_words, self.annotation)),
        )


def _first_words(word: str, batch: Batch, rows: pa.Table | None) -> pa.Table:
    if rows is not None:
        raise RuntimeError("nothing comes home to a first step")
    fail_on(word, batch)
    words = [text.split(None, 1)[0] if text.split() else "" for text in texts_of(batch)]
    keys = [xxhash.xxh3_64_intdigest(w.encode()) for w in words]
    columns = [pa.array(keys, pa.uint64()), batch.docs.column("ordinal"), pa.array(words)]
    return pa.Table.from_arrays(columns, schema=WORDS)


def _count_words(stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    held: list[pa.RecordBatch] = []
    for rows, last in groups(stream):
        held.append(rows)
        if last:
            table = pa.Table.from_batches(held)
            count = pa.array([table.num_rows] * table.num_rows, pa.int64())
            table = table.drop_columns(["key"]).append_column("documents", count)
            yield from table.cast(SHARED).combine_chunks().to_batches()
            held = []


def _note_words(name: str, batch: Batch, rows: pa.Table) -> Batch:
    found = dict(
        zip(rows["ordinal"].to_pylist(), rows["documents"].to_pylist(), strict=True),
    )
    counts = [found.pop(o) for o in batch.ordinals.tolist()]
    if found:
        raise RuntimeError(f"rows came home to documents that are not here: {sorted(found)}")
    return batch.annotate(name, pa.array(counts, pa.int64()))


class Chaos(MapStage):
    """Random edits and drops; what happens to a document depends on its text and the seed alone."""

    drops: ClassVar[bool] = True
    use: Literal["tests.engine.stages:Chaos"] = "tests.engine.stages:Chaos"
    seed: int = 0
    fails: bool = False

    def open(self) -> Function:
        """See `MapStage.open`."""
        return self._run

    def _draw(self, text: str, what: object, sides: int) -> int:
        return int(xxhash.xxh3_64_intdigest(f"{self.seed}/{what}/{text}".encode()) % sides)

    def _run(self, batch: Batch) -> Batch:
        if self.fails and any(self._draw(t, "fail", 7) == 0 for t in texts_of(batch)):
            raise ArithmeticError("chaos")
        batch = batch.rewrite(self._edits(batch, ("", "x", "é\n", "\U0001f389")))
        batch = batch.cut(self._edits(batch, ("",)))
        texts = texts_of(batch)
        return batch.drop([Drop(d, "chaos.d") for d, t in enumerate(texts) if not self._keeps(t)])

    def _keeps(self, text: str) -> bool:
        return self._draw(text, "drop", 5) > 0

    def _edits(self, batch: Batch, news: tuple[str, ...]) -> list[Edit]:
        edits = []
        for p, text in enumerate(batch.passage_text.to_pylist()):
            at = self._draw(text, len(news), 4)
            while at < len(text):
                end = min(len(text), at + 1 + self._draw(text, at, 4))
                new = news[self._draw(text, (at, end), len(news))]
                edits.append(Edit(p, at, end, f"chaos.{len(news)}", new))
                at = end + self._draw(text, end, 9)
        return edits


class KillWorker(MapStage):
    """Kills the process that it runs in, so often as a file says; then does nothing."""

    use: Literal["tests.engine.stages:KillWorker"] = "tests.engine.stages:KillWorker"
    lives: str = ""
    word: str = "KILL"

    def open(self) -> Function:
        """See `MapStage.open`."""
        return self._run

    def _run(self, batch: Batch) -> Batch:
        path = Path(self.lives)
        left = int(path.read_text())
        if left and any(self.word in text for text in texts_of(batch)):
            path.write_text(str(left - 1))
            os.kill(os.getpid(), signal.SIGKILL)
        return batch


class Slow(MapStage):
    """Takes its time; writes the number of its process where it is told to."""

    use: Literal["tests.engine.stages:Slow"] = "tests.engine.stages:Slow"
    seconds: float = 0.01
    pids: str = ""

    def open(self) -> Function:
        """See `MapStage.open`."""
        return self._run

    def _run(self, batch: Batch) -> Batch:
        if self.pids:
            (Path(self.pids) / str(os.getpid())).touch()
        time.sleep(self.seconds * batch.num_docs)
        return batch


class Careless(MapStage):
    """Makes the mistakes that an author of a stage may make."""

    use: Literal["tests.engine.stages:Careless"] = "tests.engine.stages:Careless"
    mistake: Literal["nothing", "types", "given", "open", "overlap", "empty", "lost"] = "nothing"

    def open(self) -> Function:
        """See `MapStage.open`."""
        if self.mistake == "open":
            raise LookupError("no such model")
        return self._run

    def _run(self, batch: Batch) -> Batch:
        if self.mistake == "nothing":
            return None  # type: ignore[return-value]  # the mistake
        if self.mistake == "types":
            first = batch.num_docs and batch.ordinals[0] == 0
            values = [1] * batch.num_docs if first else [None] * batch.num_docs
            return batch.annotate("guessed", pa.array(values))
        if self.mistake == "given":
            return batch.annotate("host", pa.array(["x"] * batch.num_docs))
        if self.mistake == "overlap":
            return batch.cut([Edit(0, 0, 2, "r.a"), Edit(0, 1, 3, "r.b")])
        if self.mistake == "empty":
            max(texts_of(batch))
            return batch
        return batch.take(batch.ordinals[:0])
