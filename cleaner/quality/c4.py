"""The rules of C4.

Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer"
(JMLR 21, 2020), section 2.2, and the authors' own program, which has two rules that the paper does
not name: words of over 1,000 characters, and lines about cookies and terms of use.

Lines come first: phrases and sentences are looked for in the lines that the line rules would keep,
whether or not these rules are on. The list of bad words is left out: it drops pages about health
and minorities (Dodge et al. 2021).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cleaner.quality import tokens
from cleaner.quality.measures import Measures
from cleaner.quality.rule import Hits, Rule, Value

_PAPER = "Raffel et al. 2020, 2.2"
_PROGRAM = "the program of Raffel et al. 2020, not the paper"
_OWN_BOUND = "the bound is our own"
POLICY = "terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies"
MIN_WORDS, LONG_WORD = 3, 1000


def no_terminal_lines(m: Measures, _size: int = 0) -> NDArray[np.bool_]:
    """Lines that end in no full stop, mark or closing quote, or end in an ellipsis."""
    last = m.column(tokens.LAST)
    is_end = (last == tokens.TERMINAL) | (last == tokens.QUOTE)
    is_open: NDArray[np.bool_] = ~is_end | (m.column(tokens.DOTS) >= 3)
    return m.text_lines & is_open & ~_before_citation(m)


def _before_citation(m: Measures) -> NDArray[np.bool_]:
    """Lines whose sentence ends before a mark such as [3] or [edit], which C4 takes away."""
    if not np.any(m.total(tokens.DIGITS) + m.total(tokens.LETTERS)):
        return np.zeros(len(m.lines.text), bool)
    return m.matches_lines(r"""[.!?"'](\[\d*\]|\[edit\]|\[citation needed\])+\s*$""")


def short_lines(m: Measures, size: int = MIN_WORDS) -> NDArray[np.bool_]:
    """Lines of fewer words."""
    return m.text_lines & (m.column(tokens.WORDS) < size)


def long_word_lines(m: Measures, size: int = LONG_WORD) -> NDArray[np.bool_]:
    """Lines with a longer word."""
    return m.column(tokens.LONGEST) > size


def javascript_lines(m: Measures, _size: int = 0) -> NDArray[np.bool_]:
    """Lines with the word."""
    return m.matches_lines("javascript")


def policy_lines(m: Measures, _size: int = 0) -> NDArray[np.bool_]:
    """Lines with a phrase about cookies, privacy or terms."""
    return m.matches_lines(POLICY)


def _sound(m: Measures, size: int) -> NDArray[np.bool_]:
    """Lines that are long enough and, with `size`, end as a sentence does."""
    kept = m.text_lines & ~(short_lines(m) | long_word_lines(m))
    return kept & ~no_terminal_lines(m) if size else kept


def _lorem_ipsum(m: Measures, size: int) -> NDArray[np.int64]:
    return m.lines.sums(_sound(m, size) & m.matches_lines("lorem ipsum"))


def _braces(m: Measures, size: int) -> NDArray[np.int64]:
    return m.lines.sums(m.column(tokens.BRACES) * (_sound(m, size) & ~javascript_lines(m)))


def _sentences(m: Measures, size: int) -> NDArray[np.int64]:
    kept = _sound(m, size) & ~javascript_lines(m) & ~policy_lines(m)
    return m.lines.sums(m.column(tokens.SENTENCES) * kept)


def share(hits: Hits) -> Value:
    """The share of the flagged lines."""
    return lambda m, size: m.share_of_lines(hits(m, size))


def _document(
    name: str, measure: str, value: Value, low: float | None = None, high: float | None = None
) -> Rule:
    means = "1: only lines that end in a mark count, as in C4; 0: all lines, as in FineWeb"
    return Rule(name, measure, _PAPER, value, low, high, size=1, size_means=means)


DOCUMENTS: Final = (
    _document("c4_lorem_ipsum", 'lines with "lorem ipsum"', _lorem_ipsum, high=0),
    _document("c4_curly_bracket", "curly brackets", _braces, high=0),
    _document("c4_sentences", "sentences in lines that C4 keeps", _sentences, low=5),
)

LINES: Final = (
    Rule(
        "c4_no_terminal_mark",
        "share of lines without a mark at the end",
        f"{_PAPER}; {_OWN_BOUND}: that of FineWeb",
        share(no_terminal_lines),
        max=0.88,
        lines=no_terminal_lines,
    ),
    Rule(
        "c4_short_line",
        "share of lines of few words",
        f"{_PAPER}; {_OWN_BOUND}",
        share(short_lines),
        max=0.67,
        size=MIN_WORDS,
        size_means="words below which a line is short",
        lines=short_lines,
    ),
    Rule(
        "c4_long_word",
        "share of lines with an endless word",
        f"{_PROGRAM}; {_OWN_BOUND}",
        share(long_word_lines),
        max=0,
        size=LONG_WORD,
        size_means="characters above which a word is endless",
        lines=long_word_lines,
    ),
    Rule(
        "c4_javascript",
        "share of lines about JavaScript",
        f"{_PAPER}; {_OWN_BOUND}",
        share(javascript_lines),
        max=0,
        lines=javascript_lines,
    ),
    Rule(
        "c4_policy",
        "share of lines about cookies, privacy and terms",
        f"{_PROGRAM}; {_OWN_BOUND}",
        share(policy_lines),
        max=0,
        lines=policy_lines,
    ),
)
