"""Texts to what near-duplicates are found by: sets of shingles, and keys of bands.

A text with fewer words than a shingle has is compared as a whole: its set is the hash of its words,
its keys are made from that. A text without words has an empty set and, in every band, the key 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.dedup.band import band_keys
from cleaner.dedup.minhash import signatures
from cleaner.dedup.sample import draws
from cleaner.dedup.shingle import shingle_sets, shingles
from cleaner.text.ragged import Ragged
from cleaner.text.words import EMPTY_KEY, Scratch, key_hash, word_hashes

BLOCK = 1 << 20
"""Bytes of text whose words are hashed at a time: they stay in the cache until they are signed."""

_SHORT = np.uint64(0xA5A5A5A5A5A5A5A5)


@dataclass(frozen=True, slots=True)
class Sketcher:
    """How texts are sketched.

    Attributes:
        words: in a shingle.
        permutations: length of a signature.
        seed: of the permutations.
        bands, rows: of the signature; bands · rows is at most `permutations`.
        fold_digits: all numbers count as one.
    """

    words: int
    permutations: int
    seed: int
    bands: int
    rows: int
    fold_digits: bool = False

    def keys(self, text: pa.Array) -> NDArray[np.uint64]:
        """Band keys uint64[n, bands] of a string column."""
        keys = np.empty((len(text), self.bands), np.uint64)
        at = 0
        for rows in self._shingles(text):
            signed = signatures(rows, self.permutations, self.seed)
            part = keys[at : at + len(rows)]
            part[:] = band_keys(signed, self.bands, self.rows)
            bare = np.flatnonzero(rows.counts == 0)
            if len(bare):
                part[bare] = self._whole(text.slice(at, len(rows)), bare)[1]
            at += len(rows)
        return keys

    def sketch(self, text: pa.Array) -> tuple[Ragged, NDArray[np.uint64]]:
        """Sorted shingle sets, and band keys, of a string column."""
        sets: list[Ragged] = []
        keys = np.empty((len(text), self.bands), np.uint64)
        at = 0
        for rows in self._shingles(text):
            found = shingle_sets(rows)
            signed = signatures(found, self.permutations, self.seed)
            part = keys[at : at + len(rows)]
            part[:] = band_keys(signed, self.bands, self.rows)
            bare = np.flatnonzero(rows.counts == 0)
            if len(bare):
                whole, part[bare] = self._whole(text.slice(at, len(rows)), bare)
                found = _with(found, bare[whole != EMPTY_KEY], whole[whole != EMPTY_KEY])
            sets.append(found)
            at += len(rows)
        return Ragged.concat(sets), keys

    def draws(self, text: pa.Array) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """By what each text is drawn into a sample (`cleaner.dedup.sample`), and its shingles."""
        parts = [(draws(rows), rows.counts) for rows in self._shingles(text)]
        if not parts:
            return np.empty(0, np.uint64), np.empty(0, np.int64)
        return np.concatenate([d for d, _ in parts]), np.concatenate([c for _, c in parts])

    def _shingles(self, text: pa.Array) -> Iterator[Ragged]:
        """Shingles of the texts, block by block; each block lies where the one before lay."""
        if not len(text):
            return
        scratch = Scratch(BLOCK)
        out = np.empty(len(scratch.values), np.uint64)
        for low, high in _blocks(text):
            hashes = word_hashes(
                text.slice(low, high - low), fold_digits=self.fold_digits, scratch=scratch
            )
            if len(hashes.values) > len(out):
                out = np.empty(len(hashes.values), np.uint64)
            yield shingles(hashes, self.words, out)

    def _whole(
        self, text: pa.Array, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Of texts that are shorter than a shingle: the hash of all words, and keys from it."""
        whole = key_hash(text.take(pa.array(rows)), fold_digits=self.fold_digits)
        lanes = np.arange(self.bands, dtype=np.uint64)
        keys = np.add(whole[:, None] ^ _SHORT, lanes, dtype=np.uint64)
        keys[whole == EMPTY_KEY] = 0
        return whole, keys


def _blocks(text: pa.Array) -> Iterator[tuple[int, int]]:
    """Ranges of rows of about `BLOCK` bytes."""
    large = pa.types.is_large_string(text.type)
    kind = np.dtype(np.int64 if large else np.int32)
    ends = np.frombuffer(text.buffers()[1], kind, len(text) + 1, text.offset * kind.itemsize)
    low = 0
    while low < len(text):
        high = int(np.searchsorted(ends, int(ends[low]) + BLOCK, side="right")) - 1
        high = min(max(high, low + 1), len(text))
        yield low, high
        low = high


def _with(sets: Ragged, rows: NDArray[np.int64], values: NDArray[np.uint64]) -> Ragged:
    """The sets with one value each for some rows that are empty."""
    counts = sets.counts
    counts[rows] = 1
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    places = sets.offsets[rows]
    return Ragged(offsets, np.insert(sets.values, places, values))
