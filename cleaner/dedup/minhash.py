"""MinHash signatures, bit for bit those of datasketch 2.x, scheme "affine32".

For each of `num_perm` permutations x → a·x + b mod 2^32 (a odd) a signature holds the least image
of a set's members; the share of equal places in two signatures estimates their Jaccard similarity
(Broder, "On the resemblance and containment of documents", 1997). The standard error is
sqrt(J·(1 - J) / num_perm).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.ragged import Ragged

ALGORITHM = "minhash-affine32-1"
"""Raised when the same shingles give other signatures; a persisted index must match it."""

EMPTY = np.uint32(0xFFFFFFFF)
"""Every place of the signature of an empty set; callers leave such documents out of the bands."""

MOST_PERMUTATIONS = 65536
"""A limit against a slip in a config, not of the method."""

_N0, _N1, _N2, _N3, _N4 = (np.uint64(x) for x in range(5))
_CHUNK = np.uint64(512)  # shingles that are mixed at a time; 2 KiB, they stay in the first cache
_M1, _M2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)  # MurmurHash3, finaliser of 32 bits
_S16, _S13 = np.uint32(16), np.uint32(13)
_LANES = 4


@lru_cache(maxsize=8)
def permutations(num_perm: int, seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The factors a (odd) and the summands b of the permutations, uint32[num_perm] each.

    NumPy promises that `RandomState` gives these numbers for ever (NEP 19).

    Raises:
        ValueError: num_perm is not in 1..`MOST_PERMUTATIONS`, or seed not in 0..2^32 - 1.
    """
    if not 1 <= num_perm <= MOST_PERMUTATIONS:
        raise ValueError(f"num_perm must be 1 to {MOST_PERMUTATIONS}, not {num_perm}")
    if not 0 <= seed < 1 << 32:
        raise ValueError(f"seed must be 0 to 2^32 - 1, not {seed}")
    random = np.random.RandomState(seed)
    a = random.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    b = random.randint(0, 1 << 32, num_perm, dtype=np.uint32)
    a.flags.writeable = b.flags.writeable = False
    return a, b


def signatures(shingles: Ragged, num_perm: int, seed: int = 1) -> NDArray[np.uint32]:
    """Sign each row, uint32[rows, num_perm]; an empty row is all `EMPTY`.

    Of each 64-bit shingle the low 32 bits are used. Order and repetitions do not matter. A set of
    more than about 10^8 shingles saturates 32 bits, and its similarities read too high.

    Raises:
        ValueError: as `permutations`.
    """
    a, b = permutations(num_perm, seed)
    padding = -num_perm % _LANES
    signed = np.full((len(shingles), num_perm + padding), EMPTY, dtype=np.uint32)
    _sign_rows(
        column(shingles.offsets, np.int64),
        column(shingles.values, np.uint64),
        column(np.pad(a, (0, padding)), np.uint32),
        column(np.pad(b, (0, padding)), np.uint32),
        np.empty(int(_CHUNK), dtype=np.uint32),
        signed,
    )
    return np.ascontiguousarray(signed[:, :num_perm]) if padding else signed


@kernel
def _sign_rows(
    offsets: NDArray[np.int64],
    shingles: NDArray[np.uint64],
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    mixed: NDArray[np.uint32],
    signed: NDArray[np.uint32],
) -> None:
    """Lower the signatures of all rows; four permutations share each load of a shingle."""
    for row in range(np.uint64(len(offsets)) - _N1):
        at = np.uint64(offsets[row])
        end = np.uint64(offsets[row + _N1])
        while at < end:
            count = min(_CHUNK, end - at)
            for i in range(count):
                x = np.uint32(shingles[at + i])
                x = np.uint32(np.uint32(x ^ (x >> _S16)) * _M1)
                x = np.uint32(np.uint32(x ^ (x >> _S13)) * _M2)
                mixed[i] = np.uint32(x ^ (x >> _S16))
            for p in range(_N0, np.uint64(len(a)), _N4):
                a0, a1, a2, a3 = a[p], a[p + _N1], a[p + _N2], a[p + _N3]
                b0, b1, b2, b3 = b[p], b[p + _N1], b[p + _N2], b[p + _N3]
                m0, m1 = signed[row, p], signed[row, p + _N1]
                m2, m3 = signed[row, p + _N2], signed[row, p + _N3]
                for i in range(count):
                    x = mixed[i]
                    m0 = min(m0, np.uint32(a0 * x + b0))
                    m1 = min(m1, np.uint32(a1 * x + b1))
                    m2 = min(m2, np.uint32(a2 * x + b2))
                    m3 = min(m3, np.uint32(a3 * x + b3))
                signed[row, p], signed[row, p + _N1] = m0, m1
                signed[row, p + _N2], signed[row, p + _N3] = m2, m3
            at += count
