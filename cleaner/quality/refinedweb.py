"""RefinedWeb's line-wise corrections.

Penedo et al., "The RefinedWeb Dataset for Falcon LLM" (2023), section 3.2 and appendix G.2. Beside
them RefinedWeb uses the rules of Gopher.

The paper describes the lines in words; where it gives no number ("mainly", some patterns) the
number is our own.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cleaner.quality import tokens
from cleaner.quality.c4 import share
from cleaner.quality.measures import Measures, ratio
from cleaner.quality.rule import Hits, Rule

_PAPER = "Penedo et al. 2023 (RefinedWeb), G.2"
_OWN = f"{_PAPER}; the bound is our own"
_COUNTED = (
    "likes?|shares?|comments?|views?|followers?|retweets?|votes?|downloads?|replies|reply|posts?"
)
COUNTER = rf"^\W*\d[\d.,]*\s?[kmb]?\s+({_COUNTED})\W*$"
SHORT = r"^\W*(sign|log)[ -]?(in|up|out)\b|\bread more\W*$|\bitems? in (your )?(cart|basket)\b"
UPPER_PERCENT, SHORT_WORDS = 50, 10


def upper_lines(m: Measures, size: int = UPPER_PERCENT) -> NDArray[np.bool_]:
    """Lines with more letters of upper case than so many in a hundred."""
    hits: NDArray[np.bool_]
    hits = m.column(tokens.UPPERS) * 100 > m.column(tokens.LETTERS) * size
    return hits


def number_lines(m: Measures, _size: int = 0) -> NDArray[np.bool_]:
    """Lines of digits, and no letter."""
    hits: NDArray[np.bool_] = (m.column(tokens.DIGITS) > 0) & (m.column(tokens.LETTERS) == 0)
    return hits


def counter_lines(m: Measures, _size: int = 0) -> NDArray[np.bool_]:
    """Lines such as "3 likes"."""
    return m.matches_lines(COUNTER)


def one_word_lines(m: Measures, _size: int = 0) -> NDArray[np.bool_]:
    """Lines of one word."""
    hits: NDArray[np.bool_] = m.column(tokens.WORDS) == 1
    return hits


def phrase_lines(m: Measures, size: int = SHORT_WORDS) -> NDArray[np.bool_]:
    """Short lines that begin with "sign in", end in "read more", or have "items in cart"."""
    return (m.column(tokens.WORDS) <= size) & m.matches_lines(SHORT)


def _flagged(m: Measures, _size: int) -> NDArray[np.float64]:
    hits = upper_lines(m)
    for rule in (number_lines, counter_lines, one_word_lines, phrase_lines):
        hits |= rule(m)
    words = m.column(tokens.WORDS)
    return ratio(m.lines.sums(words * hits), m.lines.sums(words))


def _rule(
    name: str, words: str, source: str, hits: Hits, size: int | None = None, means: str = ""
) -> Rule:
    return Rule(
        f"refinedweb_{name}",
        f"share of {words}",
        source,
        share(hits),
        max=0.5,
        size=size,
        size_means=means,
        lines=hits,
    )


DOCUMENTS: Final = (
    Rule(
        "refinedweb_flagged_words",
        "share of words in lines that RefinedWeb flags",
        _PAPER,
        _flagged,
        max=0.05,
    ),
)

LINES: Final = (
    _rule(
        "upper_line",
        "lines in capitals",
        _OWN,
        upper_lines,
        UPPER_PERCENT,
        "upper case letters in a hundred above which a line is flagged",
    ),
    _rule("number_line", "lines of numbers", _OWN, number_lines),
    _rule("counter_line", 'lines such as "3 likes"', _OWN, counter_lines),
    _rule("one_word_line", "lines of one word", _OWN, one_word_lines),
    _rule(
        "phrase_line",
        'lines such as "sign in", "read more"',
        f"{_OWN}; so are the patterns",
        phrase_lines,
        SHORT_WORDS,
        "words up to which a line is looked at",
    ),
)
