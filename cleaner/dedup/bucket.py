"""All pairs of the members of a bucket: what bands offer for comparison, listed for evaluation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bucket_pairs(
    keys: NDArray[np.uint64], max_bucket: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Rows that share a key in a band, each pair once: int64[pairs] left < right, sorted.

    The third value counts the rows that some bucket is too large for: of a bucket's rows beyond the
    first `max_bucket`.

    `keys` uint64[n, bands] as `cleaner.dedup.band.band_keys` makes them. Of a bucket of more than
    `max_bucket` members its first `max_bucket` rows are paired. Rows whose first key is 0 are in no
    bucket. Memory: about 32 bytes a pair, before pairs that share several bands are made one.

    Raises:
        ValueError: `keys` is not a matrix, or max_bucket is below 2.
    """
    if keys.ndim != 2:
        raise ValueError(f"keys need two dimensions, not {keys.ndim}")
    if max_bucket < 2:
        raise ValueError(f"max_bucket must be at least 2, not {max_bucket}")
    rows = np.flatnonzero(keys[:, 0] != 0) if keys.shape[1] else np.empty(0, np.int64)
    found = np.empty(0, np.int64)
    beyond = np.zeros(len(keys), bool)
    for band in range(keys.shape[1]):
        packed, cut = _pairs_of(keys[rows, band], rows, max_bucket, len(keys))
        found = np.union1d(found, packed)
        beyond[cut] = True
    size = max(len(keys), 1)
    return found // size, found % size, int(beyond.sum())


def _pairs_of(
    keys: NDArray[np.uint64], rows: NDArray[np.int64], most: int, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs of one band as left·size + right, and the rows beyond `most` of their bucket."""
    order = np.argsort(keys, kind="stable")  # so that rows ascend within a bucket
    keys, rows = keys[order], rows[order]
    changes = keys[1:] != keys[:-1]
    begins = np.flatnonzero(np.concatenate([np.ones(min(len(keys), 1), bool), changes]))
    counts = np.diff(np.append(begins, len(keys)))
    place = np.arange(len(keys)) - np.repeat(begins, counts)  # within the bucket
    before = np.where(place < most, place, 0)  # a member pairs with those before it
    right = np.repeat(rows, before)
    ends = np.cumsum(before)
    nth = np.arange(len(right)) - np.repeat(ends - before, before)
    left = rows[np.repeat(np.repeat(begins, counts), before) + nth]
    packed: NDArray[np.int64] = left * np.int64(size) + right
    return packed, rows[place >= most]
