"""The id of a document: from where it was read, so that every run gives the same ids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

_BYTES, _KEPT = 16, 12


def doc_id(source: str, record: int) -> str:
    """96 bits, as hex, of the XXH3-128 hash of a source (`label/path`) and a record number."""
    return doc_ids([source], [record])[0]


def doc_ids(sources: Sequence[str], records: Sequence[int]) -> list[str]:
    """The ids of many documents."""
    names = {source: number for number, source in enumerate(dict.fromkeys(sources))}
    which = np.array([names[source] for source in sources], np.int64)
    ids: list[str] = id_column(list(names), which, np.array(records, np.int64)).to_pylist()
    return ids


def id_column(
    sources: Sequence[str], which: NDArray[np.int64], records: NDArray[np.int64]
) -> pa.StringArray:
    """The ids of documents: `which` of the sources each is of, and its record number."""
    digest = xxhash.xxh3_128_digest
    beginnings = [f"{source}\0".encode() for source in sources]
    if len(beginnings) == 1:
        (beginning,) = beginnings
        hashes = [digest(b"%b%d" % (beginning, record)) for record in records.tolist()]
    else:
        pairs = zip(which.tolist(), records.tolist(), strict=True)
        hashes = [digest(b"%b%d" % (beginnings[number], record)) for number, record in pairs]
    whole = np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, _BYTES)
    text = whole[:, :_KEPT].tobytes().hex().encode()
    ends = np.arange(len(hashes) + 1, dtype=np.int32) * (2 * _KEPT)
    return pa.StringArray.from_buffers(len(hashes), pa.py_buffer(ends), pa.py_buffer(text))
