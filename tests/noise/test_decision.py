"""Limits of pages, and what rules and the model's score say together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleaner.noise.decision import GAP, MOST, SUPPORTED, is_cut, page_limits

LIMIT = 450


def cut(
    noise: list[int],
    words: list[int],
    rules: list[int] | None = None,
    ended: list[bool] | None = None,
) -> list[int]:
    """Rows of one page that go."""
    found = is_cut(
        np.array(noise, np.int16),
        np.array(rules or [0] * len(noise), np.int32),
        np.array(words, np.int64),
        np.array(ended or [False] * len(noise), bool),
        np.array([0, len(noise)]),
        LIMIT,
    )
    return np.flatnonzero(found).tolist()


def slow_limit(noise: list[int], words: list[int], limit: int) -> int:
    """The limit of one page, by trying each score as the limit."""
    total = sum(w * (1000 - n) for n, w in zip(noise, words, strict=True))
    best = 0
    for most in noise:
        kept = [(n, w) for n, w in zip(noise, words, strict=True) if n <= most]
        main = sum(w * (1000 - n) for n, w in kept)
        best = max(best, 2000 * main // max(1000 * sum(w for _, w in kept) + total, 1))
    return max(min(1000 - best * (1000 - limit) // 1000, MOST), limit)


LINES = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 60)), max_size=9)


@given(st.lists(LINES, max_size=5), st.integers(0, 1000))
def test_the_limit_is_that_of_the_greatest_expected_f1(
    pages: list[list[tuple[int, int]]], limit: int
) -> None:
    """Each page alone, whatever stands beside it."""
    first = np.cumsum([0, *map(len, pages)])
    noise = np.array([n for page in pages for n, _ in page], np.int16)
    words = np.array([w for page in pages for _, w in page], np.int64)
    found = page_limits(noise, words, first, limit)
    assert len(found) == len(pages)
    for page, mine in zip(pages, found.tolist(), strict=True):
        # scores that are equal may stand in any order, which can only help a part of them
        slow = slow_limit([n for n, _ in page], [w for _, w in page], limit) if page else limit
        assert limit <= mine <= max(slow, limit)


def test_a_clear_page_has_the_limit_and_an_unclear_one_more() -> None:
    """Where the model cannot tell text from noise more stays."""
    words = np.full(10, 20, np.int64)
    clear = np.array([0] * 5 + [1000] * 5, np.int16)
    vague = np.array([400] * 5 + [600] * 5, np.int16)
    first = np.array([0, 10, 20])
    limits = page_limits(np.concatenate([clear, vague]), np.tile(words, 2), first, LIMIT)
    assert limits[0] == LIMIT
    assert 600 < limits[1] <= MOST


def test_rules_help_where_they_are_sure_or_the_line_is_a_label() -> None:
    """A pattern cuts a doubtful line; a rule on the page's shape does so for short lines alone."""
    words = [40, 40, 12, 12, 3, 3, 12]
    noise = [5, 5, SUPPORTED + 50, SUPPORTED + 50, SUPPORTED + 50, SUPPORTED - 50, 0]
    rules = [0, 0, 900, 800, 800, 900, 980]
    assert cut(noise, words, rules) == [2, 4, 6]


def test_short_lines_between_paragraphs_stay_unless_the_model_is_sure() -> None:
    """A table inside a text is its own; the same lines after it are not."""
    table = [830] * 4
    assert cut([10, *table, 10], [40, 4, 4, 4, 4, 40]) == []
    rest = cut([10, 10, *table, 990], [40, 40, 4, 4, 4, 4, 4], [0, 0, 0, 0, 0, 0, 980])
    assert rest == [2, 3, 4, 5, 6]
    assert cut([10, 950, *table, 10], [40, 4, 4, 4, 4, 4, 40]) == [1]
    rest = cut([10, *table, 10, 990], [40, 4, 4, 14, 4, 40, 4], [0, 0, 0, 0, 0, 0, 980])
    assert rest == [1, 2, 3, 4, 6]
    long = [830] * (GAP + 1)
    rules = [0] * (GAP + 3) + [980]
    assert len(cut([10, *long, 10, 990], [40, *[4] * len(long), 40, 4], rules)) == len(long) + 1


def test_a_line_that_a_rule_names_ends_the_gap() -> None:
    """What stands with it between paragraphs is a box of the site's."""
    assert cut([10, 830, 900, 10], [40, 4, 4, 40], [0, 0, 980, 0]) == [1, 2]
    assert cut([10, 830, 10], [40, 4, 40]) == []


def test_a_page_without_a_sign_of_a_frame_is_judged_more_gently() -> None:
    """A list at the end of a text stays there; below a known footer line it goes."""
    words = [40, 40, 12, 12]
    assert cut([10, 10, 650, 650], words) == []
    assert cut([10, 10, 840, 880], words) == [3]
    assert cut([10, 10, 650, 650, 990], [*words, 3], [0, 0, 0, 0, 980]) == [2, 3, 4]


def test_a_sentence_right_below_a_paragraph_stays_longer_than_one_below_a_title() -> None:
    """The last paragraph of a text looks like a teaser, but for where it stands."""
    words, rules = [40, 40, 30, 3], [0, 0, 0, 980]
    text = [True, True, True, False]
    assert cut([10, 10, 600, 990], words, rules, text) == [3]
    assert cut([10, 10, 600, 990], words, rules, [True, False, True, False]) == [2, 3]
    assert cut([10, 10, 800, 990], words, rules, text) == [2, 3]
    assert cut([10, 990, 600, 990], [40, 6, 30, 3], rules, text) == [1, 2, 3]
