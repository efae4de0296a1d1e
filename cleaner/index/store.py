"""Build an index, add to it, make one segment of many.

A segment is written under temporary names, hashed, synced and renamed; then `index.json` is
replaced, which is the commit. A process that is killed before that leaves the index as it was: what
it left behind is removed by the next one that writes.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from cleaner.errors import CleanerError, InputError, LockedError
from cleaner.index.corpus import Corpus, texts_of
from cleaner.index.description import (
    NAME,
    Description,
    IndexedRun,
    IndexFile,
    Parameters,
    SegmentEntry,
    algorithms,
    read_description,
    write_description,
)
from cleaner.index.segment import DOCUMENTS, Part, Segment, Sketched, damaged, write_segment
from cleaner.io.store import TEMPORARY, Files, fingerprint, hash_file, lock, remove_temporary

_ASIDE = ".aside-"
_THREADS = 4
"""Threads that sketch, at most; each holds a row group and its sets."""
_OWN = re.compile(r"[0-9]{5,9}\.(documents\.arrow|keys\.arrow|json)")
"""Names of the files of segments."""


SketchTexts: TypeAlias = Callable[[pa.Array], Sketched]
"""A string column to what is kept of it."""


@dataclass(frozen=True, slots=True)
class Added:
    """What a build or an add did: runs that came in, and names of those that were there before."""

    description: Description
    runs: tuple[IndexedRun, ...]
    known: tuple[str, ...]


def build(
    index: Path,
    corpora: Sequence[Corpus],
    parameters: Parameters,
    sketch: SketchTexts,
    *,
    replace: bool = False,
) -> Added:
    """Make an index of finished runs.

    Args:
        index: its folder, new or empty, unless `replace`; then an index there stays as it is until
            the new one is whole.
        corpora: the runs, in order; one that is named twice counts once.
        parameters: how texts are sketched.
        sketch: does so.
        replace: whether an index may be replaced.

    Raises:
        CleanerError: the folder holds an index, or something else.
        LockedError: another process writes to it.
        IntegrityError: a run's corpus is damaged.
    """
    _check_folder(index, replace=replace)
    with _written_by_us(index):
        _check_folder(index, replace=replace)
        empty = Description(algorithms=algorithms(), parameters=parameters)
        added = _with_runs(index, empty, corpora, sketch)
        _commit(index, added.description)
    return added


def add(index: Path, corpora: Sequence[Corpus], sketch: SketchTexts) -> Added:
    """Add finished runs to an index; one that is in it already is passed over.

    Raises:
        InputError: there is no index, or this program may not use it.
        LockedError: another process writes to it.
        IntegrityError: the index, or a run's corpus, is damaged.
    """
    read_description(index)
    with _written_by_us(index):
        before = read_description(index)
        added = _with_runs(index, before, corpora, sketch)
        if added.runs:
            _commit(index, added.description)
    return added


def compact(index: Path) -> Description:
    """Put all segments into one; answers stay the same, and each takes one look instead of many.

    Raises:
        InputError, LockedError, IntegrityError: as `add`.
    """
    read_description(index)
    with _written_by_us(index):
        before = read_description(index)
        if len(before.segments) < 2:
            return before
        faults = check(index, before)
        if faults:
            raise damaged(index, "; ".join(faults))
        segments = [Segment(index, entry) for entry in before.segments]
        keys = sum(entry.keys for entry in before.segments)
        entry = _write(index, _next_number(index), _all_of(segments), keys)
        after = before.model_copy(update={"segments": (entry,)})
        _commit(index, after)
    return after


def check(index: Path, description: Description) -> list[str]:
    """What is wrong with the bytes of the files; empty if all is well. Reads all of them."""
    faults = []
    for entry in description.segments:
        for file in (entry.documents_file, entry.keys_file):
            try:
                found = hash_file(index / file.name)
            except OSError as error:
                faults.append(f"{file.name}: {error.strerror}")
                continue
            if found != (file.bytes, file.xxh3):
                faults.append(f"{file.name} was changed (its hash differs)")
    return faults


def _with_runs(
    index: Path, before: Description, corpora: Sequence[Corpus], sketch: SketchTexts
) -> Added:
    """Write a segment of the runs that are new; nothing names it yet."""
    known = {run.digest for run in before.runs}
    new: list[Corpus] = []
    passed: list[str] = []
    for corpus in corpora:
        if corpus.digest in known:
            passed.append(str(corpus.folder))
        else:
            new.append(corpus)
            known.add(corpus.digest)
    if not new:
        return Added(before, (), tuple(passed))
    runs = tuple(IndexedRun(name=c.name, digest=c.digest, documents=c.documents) for c in new)
    most_keys = sum(c.documents for c in new) * before.parameters.bands
    entry = _write(index, _next_number(index), _parts(new, sketch), most_keys)
    after = before.model_copy(
        update={"runs": (*before.runs, *runs), "segments": (*before.segments, entry)}
    )
    return Added(after, runs, tuple(passed))


def _parts(corpora: Iterable[Corpus], sketch: SketchTexts) -> Iterator[Part]:
    """Documents of runs, a row group at a time."""
    number = 0
    for corpus in corpora:
        for texts, found in _ahead(texts_of(corpus), sketch):
            low = int(found.sets.offsets[0])
            sets = pa.LargeListArray.from_arrays(
                pa.array(found.sets.offsets - low),
                pa.array(found.sets.values[low : int(found.sets.offsets[-1])]),
            )
            columns = [texts.column(name) for name in ("doc_id", "source", "record", "n_chars")]
            rows = pa.RecordBatch.from_arrays(
                [*columns, pa.array(found.numbers), sets], schema=DOCUMENTS
            )
            there = np.flatnonzero(found.keys[:, 0] != 0)
            keys = np.ascontiguousarray(found.keys[there]).reshape(-1)
            docs = np.repeat((number + there).astype(np.uint32), found.keys.shape[1])
            yield Part(rows, keys, docs)
            number += rows.num_rows


def _ahead(
    groups: Iterable[pa.RecordBatch], sketch: SketchTexts
) -> Iterator[tuple[pa.RecordBatch, Sketched]]:
    """Each group with its sketch, in order; threads sketch the next ones meanwhile."""
    threads = min(os.cpu_count() or 1, _THREADS)
    with ThreadPoolExecutor(threads) as pool:
        begun: deque[tuple[pa.RecordBatch, Future[Sketched]]] = deque()
        for texts in groups:
            begun.append((texts, pool.submit(sketch, texts.column("text"))))
            if len(begun) > threads:
                first, future = begun.popleft()
                yield first, future.result()
        for rest, future in begun:
            yield rest, future.result()


def _all_of(segments: Sequence[Segment]) -> Iterator[Part]:
    """All that some segments hold, as one."""
    no_keys, no_docs = np.empty(0, np.uint64), np.empty(0, np.uint32)
    base = 0
    for segment in segments:
        empty = pa.RecordBatch.from_pylist([], DOCUMENTS)
        for rows in segment.batches():
            yield Part(rows, no_keys, no_docs)
        for keys, docs in segment.all_keys():
            yield Part(empty, keys, docs + np.uint32(base))
        base += segment.entry.documents


def _write(index: Path, number: int, parts: Iterator[Part], most_keys: int) -> SegmentEntry:
    """Write a segment under its final names."""
    files = Files(index, number)
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=index))
    try:
        documents, keys = files.path("documents.arrow"), files.path("keys.arrow")
        written = write_segment(documents, keys, parts, most_keys, aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    counts = written._asdict()
    done = files.commit(fingerprint(counts), counts, {})
    documents_file, keys_file = (
        IndexFile(name=o.name, bytes=o.bytes, xxh3=o.xxh3) for o in done.outputs
    )
    return SegmentEntry(number=number, documents_file=documents_file, keys_file=keys_file, **counts)


def _commit(index: Path, description: Description) -> None:
    """Name the segments, then remove what is not named any more."""
    if description.documents >= 1 << 32:
        raise CleanerError(f"{index} would hold more than 2^32 documents; make a second index")
    write_description(index, description)
    _remove_unnamed(index)


@contextmanager
def _written_by_us(index: Path) -> Iterator[None]:
    """No other process writes to the index meanwhile; what a killed one left behind is removed."""
    with ExitStack() as stack:
        try:
            stack.enter_context(lock(index))
        except LockedError as error:
            owner = re.search(r"process (\d+)", str(error))
            who = f"process {owner[1]}" if owner else "another process"
            raise LockedError(
                f"{who} is writing to {index}; wait for it, then give the same command again"
            ) from None
        _remove_unnamed(index)
        yield


def _remove_unnamed(index: Path) -> None:
    """Remove files of segments that `index.json` does not name; all where there is none."""
    remove_temporary(index)
    for folder in index.glob(f"{_ASIDE}*"):
        shutil.rmtree(folder, ignore_errors=True)
    named: set[str] = set()
    if (index / NAME).exists():
        try:
            entries = read_description(index).segments
        except CleanerError:  # it cannot be used, and is to be replaced: till then all stays
            return
        for entry in entries:
            manifest = f"{entry.documents_file.name.partition('.')[0]}.json"
            named |= {entry.documents_file.name, entry.keys_file.name, manifest}
    for path in index.iterdir():
        if _OWN.fullmatch(path.name) and path.name not in named:
            path.unlink(missing_ok=True)


def _next_number(index: Path) -> int:
    """A number that no file there has: what is there stays until the new is named."""
    taken = [int(p.name.partition(".")[0]) for p in index.iterdir() if _OWN.fullmatch(p.name)]
    return max(taken, default=-1) + 1


def _check_folder(index: Path, *, replace: bool) -> None:
    """Refuse to build where something else is.

    Raises:
        CleanerError: there is.
    """
    if index.exists() and not index.is_dir():
        raise InputError(f"{index} is a file; name a new folder for the index")
    if (index / NAME).exists():
        if replace:
            return
        raise InputError(
            f"{index} is an index already; `cleaner index add {index} RUN…` adds to it, "
            "--replace makes it anew, or name another folder"
        )
    names = sorted(p.name for p in index.iterdir()) if index.exists() else []
    foreign = [
        name
        for name in names
        if not (name == ".lock" or name.endswith(TEMPORARY) or name.startswith(_ASIDE))
        and not _OWN.fullmatch(name)
    ]
    if foreign:
        raise InputError(
            f"{index} holds files that are not of an index ({', '.join(foreign[:3])}"
            f"{', …' if len(foreign) > 3 else ''}); name a new or an empty folder"
        )
