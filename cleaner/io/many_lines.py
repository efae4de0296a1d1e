"""Documents of very many lines: each line is a passage, and passages cost memory, not bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.io import columns as col
from cleaner.io.inputs import InputFile
from cleaner.io.records import BadRecord, Read, quarantine_rows


def without_many_lines(read: Read, files: Sequence[InputFile], most: int) -> Read:
    """The same, where each document of more than `most` lines is a quarantine row instead.

    Ten million empty lines are 10 MB of text, but 5 GB of passages while stages look at them: 500
    to 1,000 bytes each. A document of at most `most` bytes is not looked at.
    """
    texts = read.documents.column("text")
    long = np.flatnonzero(col.byte_lengths(texts) > most)
    if not len(long):
        return read
    lines = line_ends(texts.take(pa.array(long)))
    many = long[lines > most]
    if not len(many):
        return read
    rows = read.documents.take(pa.array(many)).to_pylist()
    bad = [
        BadRecord(
            files[row["file"]].source,
            "too_many_lines",
            f"{count} lines, above read.max_lines ({most})",
            row["record"],
            raw_bytes=row["raw_bytes"],
            raw_chars=row["raw_chars"],
        )
        for row, count in zip(rows, lines[lines > most].tolist(), strict=True)
    ]
    stay = np.setdiff1d(np.arange(read.documents.num_rows), many)
    return replace(
        read,
        documents=read.documents.take(pa.array(stay)),
        quarantine=pa.concat_batches([read.quarantine, quarantine_rows(bad)]),
    )


def line_ends(texts: pa.Array) -> col.Ints:
    r"""How many line ends each text has, as passages are cut: \n, \r\n, \r, U+2028, U+2029."""
    found = pc.count_substring(texts, "\n")
    for end in ("\r", "\u2028", "\u2029"):
        found = pc.add(found, pc.count_substring(texts, end))
    found = pc.subtract(found, pc.count_substring(texts, "\r\n"))
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)
