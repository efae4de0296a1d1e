"""How often corpus and host have each line of a batch, as rules and model take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleaner.noise.judge import MIN_PAGES, MIN_SITE, Repeats

FEWEST_PAGES = 3
"""Pages of a host from which on a share of them says something to the model."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What the stage `repeats` notes about the lines of a batch.

    Attributes:
        first: int64[pages + 1], as in `Batch`.
        host, corpus: int32[lines], pages of the host, and of the corpus, that have the line; 0
            where no other page has it.
        folded_host, folded_corpus: the same with all numbers taken as equal.
        totals: int64[pages], pages of the page's host; 0 where the host is not known.
    """

    first: NDArray[np.int64]
    host: NDArray[np.int32]
    corpus: NDArray[np.int32]
    folded_host: NDArray[np.int32]
    folded_corpus: NDArray[np.int32]
    totals: NDArray[np.int64]

    def matter(self) -> NDArray[np.bool_]:
        """bool[pages]: whether a rule may cut a line because of its counts."""
        frequent = np.concatenate(([0], np.cumsum(self.host >= MIN_PAGES)))[self.first]
        found: NDArray[np.bool_] = (np.diff(frequent) > 0) & (self.totals >= MIN_SITE)
        return found

    def of(self, page: int) -> Repeats | None:
        """The counts of one page as rules take them; None where its host is not known."""
        total = int(self.totals[page])
        low, high = int(self.first[page]), int(self.first[page + 1])
        if not total:
            return None
        return Repeats(self.host[low:high].tolist(), self.corpus[low:high].tolist(), total)

    def host_share(self) -> NDArray[np.int32]:
        """Per mille of the host's pages, int32[lines], 0 where no other page of it has the line.

        -1 where the host is not known or has fewer than `FEWEST_PAGES` pages.
        """
        totals = np.repeat(self.totals, np.diff(self.first))
        host = self.folded_host.astype(np.int64)
        share = np.where(host > 1, host * 1000 // np.maximum(totals, 1), 0)
        share[totals < FEWEST_PAGES] = -1
        return np.minimum(share, 1000).astype(np.int32)

    def other_pages(self) -> NDArray[np.int32]:
        """Other pages of the corpus that have the line, int32[lines]."""
        return np.maximum(self.folded_corpus - 1, 0).astype(np.int32)
