"""Stages that bring down what runs them, on documents that are marked."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa

from cleaner.batch import Batch
from cleaner.stages.base import CorpusStage, MapStage
from cleaner.stages.steps import HOME, Apply, Merge, Sketch, Step
from tests.engine.stages import SHARED, WORDS, _count_words, _first_words, texts_of

How = Literal["segfault", "exit", "kill", "raise", "allocate", "sleep", "loop", "stuck"]


def harm(how: How, seconds: float) -> None:
    """Do it."""
    if how == "segfault":
        ctypes.string_at(0)
    elif how == "exit":
        os._exit(7)
    elif how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "raise":
        raise MemoryError
    elif how == "allocate":
        limits = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, limits[1]))
        try:
            np.ones(1 << 40, np.uint8)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, limits)
    elif how == "sleep":
        time.sleep(seconds)
    elif how == "loop":
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
    else:  # in C, with the interpreter's lock: no signal handler and no thread of Python runs
        mutex = ctypes.create_string_buffer(64)
        ctypes.PyDLL(None).pthread_mutex_lock(mutex)
        ctypes.PyDLL(None).pthread_mutex_lock(mutex)


def touch(how: How, word: str, seconds: float, batch: Batch) -> None:
    """Do harm if a document holds a word."""
    for text in texts_of(batch):
        if word in text:
            harm(how, seconds)


class Poison(MapStage):
    """Does harm on documents that hold a word."""

    use: Literal["tests.faults.stages:Poison"] = "tests.faults.stages:Poison"
    how: How = "segfault"
    word: str = "POISON"
    seconds: float = 3600.0

    def open(self) -> Callable[[Batch], Batch]:
        """See `MapStage.open`."""

        def run(batch: Batch) -> Batch:
            touch(self.how, self.word, self.seconds, batch)
            return batch

        return run


class PoisonSketch(CorpusStage):
    """Does harm where a corpus stage looks at documents."""

    use: Literal["tests.faults.stages:PoisonSketch"] = "tests.faults.stages:PoisonSketch"
    how: How = "segfault"
    word: str = "POISON"

    def steps(self) -> Sequence[Step]:
        """See `CorpusStage.steps`."""
        return (
            Sketch(partial(_poisoned_words, self.how, self.word), "key", ("ordinal",), WORDS),
            Merge(_count_words, HOME, (), SHARED),
            Apply(_nothing),
        )


def _poisoned_words(how: How, word: str, batch: Batch, rows: pa.Table | None) -> pa.Table:
    touch(how, word, 3600, batch)
    return _first_words("SKETCHBOOM", batch, rows)


class DeadlyMerge(CorpusStage):
    """Dies where rows of equal key meet: no document is in hand there."""

    use: Literal["tests.faults.stages:DeadlyMerge"] = "tests.faults.stages:DeadlyMerge"

    def steps(self) -> Sequence[Step]:
        """See `CorpusStage.steps`."""
        return (
            Sketch(partial(_first_words, "SKETCHBOOM"), "key", ("ordinal",), WORDS),
            Merge(_die, HOME, (), SHARED),
            Apply(_nothing),
        )


def _die(stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    harm("exit", 0)
    yield from stream


def _nothing(batch: Batch, _: pa.Table) -> Batch:
    return batch


class DeadOnArrival(MapStage):
    """Kills its process before it sees a document, so often as a file says."""

    summary: ClassVar[str] = "kills"
    use: Literal["tests.faults.stages:DeadOnArrival"] = "tests.faults.stages:DeadOnArrival"
    lives: str = ""

    def open(self) -> Callable[[Batch], Batch]:
        """See `MapStage.open`."""
        path = Path(self.lives)
        if left := int(path.read_text()):
            path.write_text(str(left - 1))
            os.kill(os.getpid(), signal.SIGKILL)
        return lambda batch: batch
