"""Names and places of the features of a line, for the kernels that fill them.

The constants are compiled into the kernels of `features` and `layout`: who changes one raises
`VERSION` and touches those files, so that their compiled code is renewed.
"""

from __future__ import annotations

OWN = (
    "chars",
    "words",
    "letters",
    "digits",
    "upper",
    "marks",
    "commas",
    "commas_per_word",
    "capitals",
    "chars_per_word",
    "longest_token",
    "first",
    "last",
    "end",
    "sentences",
    "dots",
    "numbers",
    "years",
    "times",
    "joined_numbers",
    "urls",
    "glued",
    "colons",
    "quotes",
    "brackets",
    "dashes",
    "bars",
    "bullets",
    "at_or_copyright",
    "symbols",
    "terminals",
    "page_script",
    "distinct_words",
    "repeats",
    "folded_repeats",
    "lexicon",
    "lexicon_high",
    "lexicon_low",
    "shared",
    "shared_words",
    "frame_shared",
    "repeats_host",
    "repeats_corpus",
    "rule",
)
"""Features of the line alone.

Shares are per mille of the characters (letters, digits, marks), of the letters (upper,
page_script), of the tokens (capitals), of the words (distinct_words, shared, frame_shared).
"""
PLACE = (
    "line",
    "lines_left",
    "line_share",
    "words_before",
    "prose_before",
    "prose_after",
    "since_prose",
    "until_prose",
    "prose_above",
    "prose_below",
    "short_run",
    "in_run",
    "zone",
    "to_zone_start",
    "to_zone_end",
    "zone_share",
    "shared_rank",
    "shared_lead",
    "same_above",
    "same_below",
)
PAGE = (
    "page_lines",
    "page_words",
    "page_prose_words",
    "page_prose_share",
    "page_words_per_line",
    "zone_words",
    "zone_lines",
    "page_rules",
)
CORE = (
    "words",
    "marks",
    "commas",
    "capitals",
    "digits",
    "end",
    "first",
    "chars_per_word",
    "lexicon",
    "shared",
    "bars",
    "repeats",
    "rule",
)
VERSION = 1
"""Raised when a feature of the same name means something else: a model fits one version alone."""
REACH = 3
"""Neighbours on each side whose core features a line sees."""
RADII = (2, 5, 10, 20)
MEANS = ("words_log", "prose", "lexicon", "commas", "repeated", "rule", "host")

NAMES: tuple[str, ...] = (
    *OWN,
    *PLACE,
    *PAGE,
    *(f"{name}_{at:+d}" for at in (*range(-REACH, 0), *range(1, REACH + 1)) for name in CORE),
    *(f"mean_{name}_{radius}" for radius in RADII for name in MEANS),
)
"""Name of each column, in order."""

(
    CHARS, WORDS, LETTERS, DIGITS, UPPER, MARKS, COMMAS, COMMAS_PER_WORD, CAPITALS,
    CHARS_PER_WORD, LONGEST, FIRST, LAST, END, SENTENCES, DOTS, NUMBERS, YEARS, TIMES,
    JOINED, URLS, GLUED, COLONS, QUOTES, BRACKETS, DASHES, BARS, BULLETS, AT, SYMBOLS,
    TERMINALS, SCRIPT, DISTINCT, REPEATS, FOLDED, LEXICON, LEXICON_HIGH, LEXICON_LOW,
    SHARED, SHARED_WORDS, FRAME_SHARED, HOST, CORPUS, RULE,
) = range(len(OWN))  # fmt: skip
"""Columns of the line's own features."""
PLACE_AT = len(OWN)
PAGE_AT = PLACE_AT + len(PLACE)
NEAR_AT = PAGE_AT + len(PAGE)
PAGE_RULES = NEAR_AT - 1
MEANS_AT = NEAR_AT + 2 * REACH * len(CORE)
"""Where the other groups of features begin."""
MOST = 32_000
"""Larger values count as this."""
