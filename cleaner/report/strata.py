"""Strata of what a run did, and the rows of each that a seed draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.noise.frequent import begins, rank_in_group, stacked
from cleaner.text.mix import splitmix

Action: TypeAlias = Literal["cut", "keep"]

BANDS = 4
"""Bands of a rule's scores: of about as many rows each, as far as equal scores allow."""
NO_SCORE = "none"


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rows that are drawn alike: `rule` is '' for kept passages that are beside no cut."""

    rule: str
    action: Action
    band: str


def bands_of(counts: Mapping[int, int]) -> dict[int, str]:
    """Score in thousandths → the name of its band; a score lies in one band as a whole."""
    scored = sorted(score for score in counts if score >= 0)
    total = sum(counts[score] for score in scored)
    groups: dict[int, list[int]] = {}
    below = 0
    for score in scored:
        middle = 2 * below + counts[score]
        groups.setdefault(min(BANDS * middle // (2 * total), BANDS - 1), []).append(score)
        below += counts[score]
    named = {-1: NO_SCORE}
    for group in groups.values():
        low, high = group[0] / 1000, group[-1] / 1000
        name = f"at {low:.3f}" if low == high else f"{low:.3f} to {high:.3f}"
        named |= dict.fromkeys(group, name)
    return named


def allotted(sizes: Mapping[str, int], number: int) -> dict[str, int]:
    """How many to draw of each band: equal numbers, what a band lacks goes to the others."""
    left = number
    found: dict[str, int] = {}
    ranked = sorted(sizes.items(), key=lambda item: (item[1], item[0]))
    for place, (band, size) in enumerate(ranked):
        found[band] = min(size, math.ceil(left / (len(ranked) - place)))
        left -= found[band]
    return found


class Lowest:
    """Of each stratum the rows with the lowest hashes, and how many rows there were."""

    def __init__(self) -> None:
        self.strata: list[Stratum] = []
        self._quotas: list[int] = []
        self._rows = np.empty((0, 4), np.uint64)  # stratum, hash, part, row
        self._sizes = np.zeros(0, np.int64)
        self.codes: dict[Stratum, int] = {}

    def expect(self, stratum: Stratum, quota: int) -> None:
        """Announce a stratum."""
        self.codes[stratum] = len(self.strata)
        self.strata.append(stratum)
        self._quotas.append(quota)

    def add(
        self, codes: NDArray[np.int64], hashes: NDArray[np.uint64], part: int, rows: NDArray[Any]
    ) -> None:
        """Offer rows of one part."""
        self._sizes = self._sizes if len(self._sizes) else np.zeros(len(self.strata), np.int64)
        self._sizes += np.bincount(codes, minlength=len(self.strata))
        place = np.full(len(codes), part, np.uint64)
        new = stacked([codes.astype(np.uint64), hashes, place, rows.astype(np.uint64)])
        both = np.concatenate([self._rows, new])
        both = both[np.lexsort(both.T[::-1])]
        quotas = np.array(self._quotas, np.int64)[both[:, 0].astype(np.int64)]
        self._rows = both[rank_in_group(begins(both[:, :1])) < quotas]

    def of_part(self, part: int) -> list[tuple[int, Stratum, int, float]]:
        """Rows of a part in order: row, stratum, its size, weight."""
        codes = self._rows[:, 0].astype(np.int64)
        drawn = np.bincount(codes, minlength=len(self.strata))
        mine = self._rows[self._rows[:, 2] == part]
        found = []
        for code, _, _, row in mine[np.argsort(mine[:, 3])].tolist():
            size = int(self._sizes[code])
            found.append((int(row), self.strata[code], size, size / int(drawn[code])))
        return found


def hashes_of(
    salt: np.uint64,
    seed: int,
    doc_ids: pa.Array,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    step: NDArray[np.int64],
) -> NDArray[np.uint64]:
    """A pseudo-random number for each span of a document, uint64[n]."""
    ids = doc_ids.dictionary_encode()
    numbers = np.array([int(text[:16], 16) for text in ids.dictionary.to_pylist()], np.uint64)
    begun = splitmix(np.array([seed], np.uint64) ^ salt)
    x: NDArray[np.uint64] = splitmix(numbers ^ begun)[ids.indices.to_numpy()]
    for column in (start, end, step):
        x = splitmix(x ^ column.astype(np.uint64))
    return x
