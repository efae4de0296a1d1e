"""Scores of a page's lines as a chain: text and noise come in runs, so neighbours lend support.

Max-marginals of a chain with two states and one cost for each change between them (Viterbi,
"Error bounds for convolutional codes", 1967, forwards and backwards). What a line tells the next
one about itself is its own log odds with what it was told, cut off at twice the cost of a change.
All arithmetic is in integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel

TOLD = 205
"""The cost of a change, and so the most that a side tells a line: a fifth of a nat, in 1/1024 nat.
Swept on sites held out: more helps against long lists of teasers, and costs short main text among
noise, and noise inside the text."""
OWN = 4, 5
"""What the line's own log odds count for: the passes see the neighbours, too, so that the two are
no separate evidence."""
_MOST = 7168
"""Log odds farther from 0 count as this, seven nats."""


def chained(odds: NDArray[np.int32], first: NDArray[np.int64]) -> NDArray[np.int32]:
    """The log odds of each line with what the lines of its page around it say, int32[lines].

    `odds` int32[lines], in 1/1024 nat; `first` int64[pages + 1] says whose the lines are.
    """
    own = np.clip(odds.astype(np.int64), -_MOST, _MOST) * OWN[0] // OWN[1]
    found = own.copy()
    _tell(column(first, np.int64), column(own, np.int64), found)
    return found.astype(np.int32)


@kernel
def _tell(first: Any, own: Any, found: Any) -> None:
    """Add what each line is told from above and from below."""
    for page in range(first.size - 1):
        told: Any = np.int64(0)
        for row in range(first[page], first[page + 1]):
            found[row] += told
            told = min(max(own[row] + told, -TOLD), TOLD)
        told = np.int64(0)
        for row in range(first[page + 1] - 1, first[page] - 1, -1):
            found[row] += told
            told = min(max(own[row] + told, -TOLD), TOLD)
