"""Families: a number for each document that near-copies mostly share and others do not.

It is the least hash of the document's long passages, a MinHash of one permutation (Broder, "On the
resemblance and containment of documents", 1997): two documents have equal numbers with the
probability that is the Jaccard similarity of their sets of long passages.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.mix import mix64, splitmix
from cleaner.text.simd import load64

LONG = 64
"""Bytes that a passage has to have to count as a long one."""

_N0, _N1, _N8 = (np.uint64(x) for x in (0, 1, 8))
_LONG = np.uint64(LONG)
_NONE = np.uint64(0xFFFFFFFFFFFFFFFF)
_FACTOR = np.uint64(0x9FB21C651E98DF25)


def families(
    text: pa.StringArray, first: NDArray[np.int64], ordinals: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """The family of each document, uint64[documents].

    Args:
        text: passages of all documents, without nulls.
        first: int64[documents + 1]; passages of document i are first[i]:first[i + 1].
        ordinals: int64[documents]; a document without a long passage is a family of its own.
    """
    found = splitmix(ordinals.astype(np.uint64))
    buffers = text.buffers()
    if not len(text) or buffers[2] is None:
        return found
    short = np.frombuffer(buffers[1], np.int32)[text.offset : text.offset + len(text) + 1]
    data = column(np.frombuffer(buffers[2], np.uint8), np.uint8)
    _least(column(short, np.int64), data, column(first, np.int64), found)
    return found


@kernel
def _least(
    offsets: NDArray[np.int64],
    data: NDArray[np.uint8],
    first: NDArray[np.int64],
    found: NDArray[np.uint64],
) -> None:
    """Fill in the least hash of the long passages of each document that has one.

    Hashed are the length and 64 bytes that lie evenly in the passage.
    """
    for document in range(np.uint64(len(found))):
        least = _NONE
        for passage in range(np.uint64(first[document]), np.uint64(first[document + _N1])):
            start, end = np.uint64(offsets[passage]), np.uint64(offsets[passage + _N1])
            size = end - start
            if size < _LONG:
                continue
            step = (size - _N8) // (_N8 - _N1)
            x = size * _FACTOR
            for k in range(_N8):
                x = (x ^ load64(data, start + k * step)) * _FACTOR
                x ^= x >> np.uint64(32)
            least = min(least, mix64(x))
        if least != _NONE:
            found[document] = least
