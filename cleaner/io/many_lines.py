"""Very many lines: each line is a passage, and passages cost memory, not bytes.

Ten million empty lines are 10 MB of text, but 5 GB of passages while stages look at them: 500 to
1,000 bytes each. So a document has a bound, and so has a batch of documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.io import columns as col
from cleaner.io.inputs import InputFile
from cleaner.io.records import BadRecord, Read, quarantine_rows
from cleaner.text import segment

BATCH_PASSAGES = 200_000
"""Passages of a batch, at most, unless a single document has more."""


def without_many_lines(
    read: Read, files: Sequence[InputFile], most: int, unit: segment.Unit = "line"
) -> Read:
    """The same, where each document of more than `most` lines is a quarantine row instead.

    Where sentences are the passages, they are counted. A document of at most `most` bytes is not
    looked at.
    """
    texts = read.documents.column("text")
    long = np.flatnonzero(col.byte_lengths(texts) > most)
    if not len(long) or _surely_few(texts, most, unit):
        return read
    counts = _counts(texts.take(pa.array(long)), most, unit)
    many = long[counts > most]
    if not len(many):
        return read
    what = "sentences" if unit == "sentence" else "lines"
    rows = read.documents.take(pa.array(many)).to_pylist()
    bad = [
        BadRecord(
            files[row["file"]].source,
            "too_many_lines",
            f"{count} {what}, above read.max_lines ({most})",
            row["record"],
            raw_bytes=row["raw_bytes"],
            raw_chars=row["raw_chars"],
        )
        for row, count in zip(rows, counts[counts > most].tolist(), strict=True)
    ]
    stay = np.setdiff1d(np.arange(read.documents.num_rows), many)
    return replace(
        read,
        documents=read.documents.take(pa.array(stay)),
        quarantine=pa.concat_batches([read.quarantine, quarantine_rows(bad)]),
    )


def in_batches(
    documents: pa.RecordBatch, unit: segment.Unit = "line", most: int = BATCH_PASSAGES
) -> Iterator[pa.RecordBatch]:
    """The documents in batches of at most `most` passages, or of one document that has more."""
    texts = documents.column("text")
    if _surely_few(texts, most, unit):
        yield documents
        return
    counts = _counts(texts, most, unit)
    low, held = 0, 0
    for row, count in enumerate(counts.tolist()):
        if row > low and held + count > most:
            yield documents.slice(low, row - low)
            low, held = row, 0
        held += count
    yield documents.slice(low)


def _surely_few(texts: pa.Array, most: int, unit: segment.Unit) -> bool:
    """Whether a glance tells that all texts together have no more than so many passages."""
    return unit != "sentence" and segment.most_lines(texts) <= most


def _counts(texts: pa.Array, most: int, unit: segment.Unit) -> col.Ints:
    """How many line ends each text has; sentences, if they are the passages and not past `most`."""
    counts = line_ends(texts)
    if unit == "sentence":
        few = np.flatnonzero(counts <= most)
        sentences = np.diff(segment.passages(texts.take(pa.array(few)), unit).first)
        counts[few] = np.maximum(counts[few], sentences)
    return counts


def line_ends(texts: pa.Array) -> col.Ints:
    r"""How many line ends each text has, as passages are cut: \n, \r\n, \r, U+2028, U+2029."""
    found = pc.count_substring(texts, "\n")
    for end in ("\r", "\u2028", "\u2029"):
        found = pc.add(found, pc.count_substring(texts, end))
    found = pc.subtract(found, pc.count_substring(texts, "\r\n"))
    return np.array(found.to_numpy(zero_copy_only=False), np.int64)
