"""The numbers of a text: bulletins that differ in figures alone are two texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.dedup.shingle import shingle_sets
from cleaner.text.mix import splitmix
from cleaner.text.ragged import Ragged
from cleaner.text.words import word_hashes


def number_words(text: pa.Array) -> Ragged:
    """Hashes of the words with digits, in order: those that change when digits are folded."""
    words, folded = word_hashes(text), word_hashes(text, fold_digits=True)
    there = words.values != folded.values
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(there)])
    return Ragged(total[words.offsets], words.values[there])


def number_sets(text: pa.Array) -> Ragged:
    """Sorted sets of the words with digits of each text."""
    return shingle_sets(number_words(text))


def number_hash(text: pa.Array) -> NDArray[np.uint64]:
    """A hash of the words with digits of each text, in any order; equal if these are equal."""
    words = number_words(text)
    total = np.concatenate(
        [np.zeros(1, np.uint64), np.cumsum(splitmix(words.values), dtype=np.uint64)]
    )
    sums: NDArray[np.uint64] = total[words.offsets[1:]] - total[words.offsets[:-1]]
    return sums
