"""FineWeb's own rules.

Penedo et al., "The FineWeb Datasets: Decanting the Web for the Finest Text Data at Scale" (2024),
section 3.6. Beside them FineWeb uses those of Gopher, and of C4 without the mark at the end of a
line (sections 3.3, 3.5).

The paper gives 0.1 for characters in repeated lines; the program that made the first FineWeb has
0.01 there. `fineweb_new_lines` is in that program only.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cleaner.quality import tokens
from cleaner.quality.measures import Measures, ratio
from cleaner.quality.rule import Rule

_PAPER = "Penedo et al. 2024 (FineWeb), 3.6"


def _terminal(m: Measures, _size: int) -> NDArray[np.float64]:
    return m.share_of_lines(m.column(tokens.LAST) == tokens.TERMINAL)


def _short(m: Measures, size: int) -> NDArray[np.float64]:
    return m.share_of_lines(m.column(tokens.CHARS) <= size)


def _repeated(m: Measures, _size: int) -> NDArray[np.float64]:
    ends = m.total(tokens.ENDS)
    return ratio(m.repeated_lines.chars, np.maximum(m.n_chars - ends, 0))


def _new_lines(m: Measures, _size: int) -> NDArray[np.float64]:
    return ratio(m.total(tokens.ENDS), m.n_tokens)


DOCUMENTS: Final = (
    Rule(
        "fineweb_terminal_lines",
        "share of lines with a mark at the end",
        _PAPER,
        _terminal,
        min=0.12,
    ),
    Rule(
        "fineweb_short_lines",
        "share of short lines",
        _PAPER,
        _short,
        max=0.67,
        size=30,
        size_means="characters up to which a line is short",
    ),
    Rule(
        "fineweb_duplicate_line_chars",
        "share of characters in repeated lines",
        f"{_PAPER}; 0.01 in the program",
        _repeated,
        max=0.1,
    ),
    Rule(
        "fineweb_new_lines",
        "line ends a word",
        "the program of Penedo et al. 2024 (FineWeb), not the paper",
        _new_lines,
        max=0.3,
    ),
)
