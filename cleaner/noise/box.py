"""Boxes in the midst of a text: what stands below one is judged as if the box were not there.

A box is a head such as "related stories" with the links under it, if there are any left. Between
two paragraphs it makes the lower one look like a teaser to the model, most of all in a short text.
A reader skips the box, and sees whether the text goes on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cleaner.noise import columns, glyphs
from cleaner.noise.features import Features

MOST_LINES = 12
"""A longer run of lines that rules name is the page's frame rather than a box in its text."""
PARAGRAPH = 10
"""Words of a paragraph."""
TEXT, UNSURE = 300, 850
"""A paragraph below a box is text with a score under the first, in thousandths, on the page without
its boxes; unless its score on the page as it is is above the second."""
_REACH = 3
"""Lines below a box among which a paragraph must be in doubt: else nothing is to be won."""


def past_boxes(
    noise: NDArray[np.int16],
    lines: Features,
    heads: NDArray[np.bool_],
    named: NDArray[np.bool_],
    ruled: NDArray[np.bool_],
    limit: int,
    score: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int16]],
) -> NDArray[np.int16]:
    """The scores, int16[lines], with those of paragraphs below a box as on the page without it.

    Args:
        noise: int16[lines], the scores on the pages as they are, in thousandths.
        lines: the features of the lines.
        heads: bool[lines], whether each line is the head of a list of links by a rule.
        named: bool[lines], whether a rule that would cut names each line: a box is a run of these
            that begins with a head.
        ruled: bool[lines], whether any rule names each line: such lines are no paragraphs.
        limit: scores up to this stay as they are.
        score: gives the scores of some rows of `lines`, which are all lines of some pages but those
            of boxes; the second argument says whose they are, int64[pages + 1].
    """
    first = lines.scan.first
    is_long = lines.words >= PARAGRAPH
    is_sentence = is_long & lines.ended
    doubtful = is_sentence & ~ruled & (noise > limit) & (noise <= UNSURE)
    is_kept = is_long & (noise < TEXT)
    is_teaser = is_sentence | (is_long & (lines.values[:, columns.END] == glyphs.ELLIPSIS))
    is_boxed = _boxes(first, heads, named, is_teaser, is_kept, doubtful)
    if not is_boxed.any():
        return noise
    page = np.repeat(np.arange(len(first) - 1), np.diff(first))
    rows = np.flatnonzero((np.bincount(page[is_boxed], minlength=len(first)) > 0)[page] & ~is_boxed)
    again = np.full(len(noise), 1000, np.int16)
    sizes = np.bincount(page[rows], minlength=len(first) - 1)
    again[rows] = score(rows, np.concatenate(([0], np.cumsum(sizes[sizes > 0]))))
    boxed = np.concatenate(([0], np.cumsum(is_boxed)))
    is_below = boxed[:-1] > boxed[first[page]]
    return np.where(doubtful & is_below & (again < TEXT), again, noise)


def _boxes(
    first: NDArray[np.int64],
    heads: NDArray[np.bool_],
    named: NDArray[np.bool_],
    is_teaser: NDArray[np.bool_],
    is_kept: NDArray[np.bool_],
    doubtful: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Lines of boxes below a paragraph that is kept and above one in doubt, bool[lines].

    Where a teaser stands among the links, what follows them is one more.
    """
    size = len(named)
    page = np.repeat(np.arange(len(first) - 1), np.diff(first))
    is_first, is_last = named.copy(), named.copy()
    if size:
        same = page[1:] == page[:-1]
        is_first[1:] &= ~(named[:-1] & same)
        is_last[:-1] &= ~(named[1:] & same)
    starts, stops = np.flatnonzero(is_first), np.flatnonzero(is_last) + 1
    ends = first[page[starts] + 1]
    waiting, teasers = (np.concatenate(([0], np.cumsum(n))) for n in (doubtful, is_teaser))
    is_box = (stops - starts <= MOST_LINES) & (starts > first[page[starts]])
    is_box &= heads[starts] & is_kept[starts - 1] & (teasers[starts] == teasers[stops])
    is_box &= waiting[np.minimum(stops + _REACH, ends)] > waiting[stops]
    change = np.zeros(size + 1, np.int64)
    np.add.at(change, starts[is_box], 1)
    np.add.at(change, stops[is_box], -1)
    found: NDArray[np.bool_] = np.cumsum(change)[:-1] > 0
    return found
