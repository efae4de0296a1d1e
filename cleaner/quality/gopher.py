"""The rules of MassiveText, the corpus of Gopher.

Rae et al., "Scaling Language Models: Methods, Analysis & Insights from Training Gopher" (2021),
appendix A1.1 ("Quality Filtering", "Repetition Removal", table A1).
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cleaner.quality import tokens
from cleaner.quality.measures import Measures, ratio
from cleaner.quality.repetition import DUPLICATE, TOP
from cleaner.quality.rule import Rule

_QUALITY = "Rae et al. 2021, A1.1, Quality Filtering"
_REPETITION = "Rae et al. 2021, A1.1, table A1"
_BULLETS = np.array([ord(c) for c in "•-‣●○◦▪■·∙"], np.int64)
_TOP_LIMITS = (0.20, 0.18, 0.16)
_DUPLICATE_LIMITS = (0.15, 0.14, 0.13, 0.12, 0.11, 0.10)


def _per_token(column: int, m: Measures, _size: int) -> NDArray[np.float64]:
    return ratio(m.total(column), m.n_tokens)


def _bullets(m: Measures, _size: int) -> NDArray[np.float64]:
    return m.share_of_lines(np.isin(m.column(tokens.FIRST), _BULLETS))


def _ellipses(m: Measures, _size: int) -> NDArray[np.float64]:
    return m.share_of_lines(ends_in_ellipsis(m))


def ends_in_ellipsis(m: Measures) -> NDArray[np.bool_]:
    """Lines that end in "…" or in three full stops."""
    is_dots = m.column(tokens.DOTS) >= 3
    if not m.total(tokens.ELLIPSES).any():
        return is_dots
    return is_dots | m.matches_lines(r"…\s*$")


def _top(n: int, m: Measures, _size: int) -> NDArray[np.float64]:
    return m.ngrams[n]


QUALITY: Final = (
    Rule(
        "gopher_word_count",
        "number of words",
        _QUALITY,
        lambda m, _: m.n_words,
        min=50,
        max=100_000,
    ),
    Rule(
        "gopher_mean_word_length",
        "mean word length",
        _QUALITY,
        lambda m, _: m.mean_word_length,
        min=3,
        max=10,
    ),
    Rule(
        "gopher_hashes", "hash signs a word", _QUALITY, partial(_per_token, tokens.HASHES), max=0.1
    ),
    Rule(
        "gopher_ellipses",
        "ellipses a word",
        _QUALITY,
        partial(_per_token, tokens.ELLIPSES),
        max=0.1,
    ),
    Rule("gopher_bullet_lines", "share of lines with a bullet", _QUALITY, _bullets, max=0.9),
    Rule(
        "gopher_ellipsis_lines",
        "share of lines that end in an ellipsis",
        _QUALITY,
        _ellipses,
        max=0.3,
    ),
    Rule(
        "gopher_alpha_words",
        "share of words with a letter",
        _QUALITY,
        partial(_per_token, tokens.ALPHA),
        min=0.8,
    ),
    Rule(
        "gopher_stop_words",
        "different function words",
        f"{_QUALITY}; lists of other languages than English are our own",
        lambda m, _: m.stop_words,
        min=2,
    ),
)

REPETITION: Final = (
    Rule(
        "gopher_duplicate_paragraphs",
        "share of repeated paragraphs",
        _REPETITION,
        lambda m, _: ratio(m.repeated_paragraphs.again, m.repeated_paragraphs.elements),
        max=0.3,
    ),
    Rule(
        "gopher_duplicate_paragraph_chars",
        "share of characters in repeated paragraphs",
        _REPETITION,
        lambda m, _: ratio(m.repeated_paragraphs.chars, m.n_chars),
        max=0.2,
    ),
    Rule(
        "gopher_duplicate_lines",
        "share of repeated lines",
        _REPETITION,
        lambda m, _: ratio(m.repeated_lines.again, m.repeated_lines.elements),
        max=0.3,
    ),
    Rule(
        "gopher_duplicate_line_chars",
        "share of characters in repeated lines",
        _REPETITION,
        lambda m, _: ratio(m.repeated_lines.chars, m.n_chars),
        max=0.2,
    ),
    *(
        Rule(
            f"gopher_top_{n}_gram",
            f"share of characters in the most frequent {n}-gram",
            _REPETITION,
            partial(_top, n),
            max=limit,
        )
        for n, limit in zip(TOP, _TOP_LIMITS, strict=True)
    ),
    *(
        Rule(
            f"gopher_duplicate_{n}_grams",
            f"share of characters in repeated {n}-grams",
            _REPETITION,
            partial(_top, n),
            max=limit,
        )
        for n, limit in zip(DUPLICATE, _DUPLICATE_LIMITS, strict=True)
    ),
)
