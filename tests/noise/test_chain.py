"""Lines of a page that support each other."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleaner.noise.chain import OWN, TOLD, chained

ODDS = st.lists(st.integers(-2000, 2000), max_size=7)


def told(odds: list[int], first: list[int] | None = None) -> list[int]:
    """The log odds of some lines, of one page unless told."""
    bounds = np.array(first or [0, len(odds)])
    found: list[int] = chained(np.array(odds, np.int32), bounds).tolist()
    return found


def slow(odds: list[int]) -> list[int]:
    """How much better the best labels with a line as text are than those with it as noise."""
    own = [x * OWN[0] // OWN[1] for x in odds]
    found = []
    for at in range(len(odds)):
        best = {True: -(10**9), False: -(10**9)}
        for labels in product((True, False), repeat=len(odds)):
            value = sum(x for x, label in zip(own, labels, strict=True) if label)
            value -= TOLD * sum(a != b for a, b in pairwise(labels))
            best[labels[at]] = max(best[labels[at]], value)
        found.append(best[True] - best[False])
    return found


@given(ODDS)
def test_the_log_odds_are_those_of_the_best_labels(odds: list[int]) -> None:
    """All labels of a short page, tried one by one."""
    assert told(odds) == slow(odds)


@given(st.lists(ODDS, max_size=4))
def test_pages_tell_each_other_nothing(pages: list[list[int]]) -> None:
    """A batch gives what each page gives alone."""
    first = np.cumsum([0, *map(len, pages)]).tolist()
    assert told([x for page in pages for x in page], first) == [
        x for page in pages for x in told(page)
    ]


def test_a_doubtful_line_goes_with_its_neighbours() -> None:
    """A sure one does not."""
    assert told([3000, -100, 3000])[1] == -80 + 2 * TOLD
    assert told([-3000, 100, -3000])[1] == 80 - 2 * TOLD
    assert told([-3000, 100, 3000])[1] == 80
    assert told([-3000, 2000, -3000])[1] > 0


def test_odds_of_any_size_are_bounded() -> None:
    """The levels of a file are any ascending integers."""
    low, high = -(2**31), 2**31 - 1
    found = told([low, high, high])
    assert found[0] < 0 < found[1] < found[2] < 8 * 1024
