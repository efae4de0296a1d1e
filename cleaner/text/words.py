"""Hashes of the words of many texts, straight from Arrow's buffers.

Words are those of `cleaner.text.key`, the reference: two words have equal hashes if and only if
their keys are equal, but for chance (2^-64 a pair). No Python object is made for a word.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.text.codepoints import code_points
from cleaner.text.ragged import Ragged
from cleaner.text.word_kernels import count_rows, hash_rows

EMPTY_KEY = np.uint64(0)
"""The key of a text without words; no other text has it."""

_FIRST_CAPACITY = 1024
_MEMO_BITS = 15  # 32,768 pieces of 32 bytes: more than the second-level cache holds is no faster
_BYTES_A_WORD = 5  # of the first guess at the size of a result; a wrong guess costs a copy


def algorithm() -> str:
    """Name and version of what is hashed here; a persisted hash is void when it changes.

    It holds Python's version of Unicode, for that decides what a letter is.
    """
    return f"words-1 unicode-{unicodedata.unidata_version}"


class Scratch:
    """Memory that calls of `word_hashes` share: fresh memory costs more than hashing into it.

    Calls with one `Scratch` must agree in `fold_digits`; each overwrites the result of the one
    before.
    """

    def __init__(self, size: int) -> None:
        """For calls over about `size` bytes each."""
        self.values = np.empty(max(_FIRST_CAPACITY, _most_words(size)), dtype=np.uint64)
        self.memo = _memo(1 << 40)


def word_hashes(
    text: pa.Array, *, fold_digits: bool = False, scratch: Scratch | None = None
) -> Ragged:
    """Hash the words of each text, in order.

    `text` is a string or large string array, any slice of one; a null has no words. With
    `fold_digits` each run of decimal digits counts as "0". Memory: the result, and at most as
    much again while it grows; with `scratch` the result lies in that.

    Raises:
        TypeError: `text` is not an array of strings.
        ValueError: its buffers are damaged.
    """
    offsets, data = _buffers(text)
    rows = len(offsets) - 1
    size = int(offsets[-1] - offsets[0])
    counts = np.zeros(rows, dtype=np.int64)
    if scratch is None:
        values = np.empty(max(_FIRST_CAPACITY, size // _BYTES_A_WORD), dtype=np.uint64)
        memo = _memo(size)
    else:
        values, memo = scratch.values, scratch.memo
    row = filled = 0
    while row < rows:
        row, filled = _run(offsets, data, fold_digits, memo, row, filled, values, counts, None)
        if row < rows:
            need = filled + _most_words(int(offsets[row + 1] - offsets[row]))
            # Not by resize, which would write zeros to all of what is added.
            more = np.empty(max(need, len(values) * 3 // 2), dtype=np.uint64)
            more[:filled] = values[:filled]
            values = more
    ends = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(counts, out=ends[1:])
    if scratch is not None:
        scratch.values = values
        return Ragged(ends, values[:filled])
    values.resize(filled, refcheck=False)
    return Ragged(ends, values)


def count_words(text: pa.Array) -> NDArray[np.int64]:
    """Count the words of each text, int64[n]; a null has none. `text` as in `word_hashes`."""
    offsets, data = _buffers(text)
    counts = np.zeros(len(offsets) - 1, dtype=np.int64)
    count_rows(offsets, data, code_points().entries, counts)
    return counts


def key_hash(text: pa.Array, *, fold_digits: bool = False) -> NDArray[np.uint64]:
    """One hash of each text's key, uint64[n]; `EMPTY_KEY` if and only if it has no words.

    Texts with equal keys have equal hashes; others differ but for chance (2^-64 a pair: with
    10^9 texts use `key_hash128`). `text` as in `word_hashes`.
    """
    return key_hash128(text, fold_digits=fold_digits)[:, 0].copy()


def key_hash128(text: pa.Array, *, fold_digits: bool = False) -> NDArray[np.uint64]:
    """A longer hash of each text's key, uint64[n, 2]; column 0 is `key_hash`.

    A text without words has `EMPTY_KEY` in both columns. The 128 bits guard against chance among
    many texts; words are hashed to 64 bits before.
    """
    offsets, data = _buffers(text)
    counts = np.zeros(len(offsets) - 1, dtype=np.int64)
    keys = np.zeros((len(offsets) - 1, 2), dtype=np.uint64)
    memo = _memo(int(offsets[-1] - offsets[0]))
    _run(offsets, data, fold_digits, memo, 0, 0, np.empty(0, dtype=np.uint64), counts, keys)
    return keys


def _run(
    offsets: NDArray[np.int64],
    data: NDArray[np.uint8],
    fold_digits: bool,
    memo: NDArray[np.uint64],
    row: int,
    filled: int,
    values: NDArray[np.uint64],
    counts: NDArray[np.int64],
    keys: NDArray[np.uint64] | None,
) -> tuple[int, int]:
    """Call the kernel; with `keys` it fills them, else `values` until they are full."""
    tables = code_points(fold_digits)
    next_row, next_place = hash_rows(
        offsets,
        data,
        tables.entries,
        tables.sequences,
        tables.syllable,
        memo,
        np.uint64(row),
        np.uint64(filled),
        values,
        counts,
        np.empty((0, 2), dtype=np.uint64) if keys is None else keys,
        keys is None,
    )
    return int(next_row), int(next_place)


def _memo(size: int) -> NDArray[np.uint64]:
    """Empty memory of pieces for a call over `size` bytes, uint64[slots, 4], slots a power of 2."""
    slots = 1 << min(max(size // _BYTES_A_WORD, 1).bit_length(), _MEMO_BITS)
    return np.zeros((slots, 4), dtype=np.uint64)


def _most_words(size: int) -> int:
    """More words than a text of `size` bytes can have."""
    return size // 2 + 1


def _buffers(text: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Read-only offsets int64[n + 1] into the bytes, and the bytes; a null is empty."""
    if not isinstance(text, pa.Array) or not (
        pa.types.is_string(text.type) or pa.types.is_large_string(text.type)
    ):
        kind = text.type if hasattr(text, "type") else type(text).__name__
        raise TypeError(f"expected a pyarrow string or large_string array, not {kind}")
    if text.null_count:
        text = text.fill_null("")
    _, ends, data = text.buffers()
    width = np.dtype(np.int32 if pa.types.is_string(text.type) else np.int64)
    if len(text):
        start = text.offset * width.itemsize
        offsets = np.frombuffer(ends, width, len(text) + 1, start).astype(np.int64)
    else:
        offsets = np.zeros(1, dtype=np.int64)
    view = np.frombuffer(b"" if data is None else data, dtype=np.uint8).view()
    if offsets[0] < 0 or offsets[-1] > len(view) or np.any(offsets[1:] < offsets[:-1]):
        raise ValueError("the offsets of the string array point outside its bytes, or decrease")
    for array in (offsets, view):
        array.flags.writeable = False
    return offsets, view
