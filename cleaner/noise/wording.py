"""The model's features in words, for those who read why a line went."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

_RATE = " per mille"
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "chars": "characters",
        "letters": "letters" + _RATE,
        "digits": "digits" + _RATE,
        "upper": "capital letters" + _RATE,
        "marks": "punctuation" + _RATE,
        "commas_per_word": "commas per 1000 words",
        "capitals": "capitalised words" + _RATE,
        "chars_per_word": "tenths of a character a word",
        "longest_token": "longest word",
        "first": "class of the first character",
        "last": "class of the last character",
        "end": "class of the end mark",
        "sentences": "sentence ends inside",
        "dots": "dots at the end",
        "times": "times of day",
        "joined_numbers": "numbers like 1/2",
        "urls": "addresses",
        "glued": "words glued together",
        "at_or_copyright": "signs @ and ©",
        "terminals": "full stops, ! and ?",
        "page_script": "letters of the page's script" + _RATE,
        "distinct_words": "different words" + _RATE,
        "repeats": "times on the page",
        "folded_repeats": "times on the page but for numbers",
        "lexicon": "what its words mostly are",
        "lexicon_high": "its word most of texts",
        "lexicon_low": "its word most of noise",
        "shared": "words shared with the text" + _RATE,
        "shared_words": "words shared with the text",
        "frame_shared": "words shared with lines outside the text" + _RATE,
        "repeats_host": "pages of the site with it" + _RATE,
        "repeats_corpus": "other pages with it",
        "rule": "score of a rule",
        "line": "line of the page",
        "lines_left": "lines to the page's end",
        "line_share": "place on the page by lines" + _RATE,
        "words_before": "place on the page by words" + _RATE,
        "prose_before": "text above" + _RATE,
        "prose_after": "text below" + _RATE,
        "since_prose": "lines since a paragraph",
        "until_prose": "lines to a paragraph",
        "prose_above": "words of the paragraph above",
        "prose_below": "words of the paragraph below",
        "short_run": "short lines in a row up to here",
        "in_run": "short lines in a row",
        "zone": "inside the main run of paragraphs",
        "to_zone_start": "lines below the text's start",
        "to_zone_end": "lines above the text's end",
        "zone_share": "words in the main run of paragraphs" + _RATE,
        "shared_rank": "lines that share more words with the text",
        "shared_lead": "lead in shared words",
        "same_above": "likeness to the line above",
        "same_below": "likeness to the line below",
        "page_lines": "lines of the page",
        "page_words": "words of the page",
        "page_prose_words": "words in paragraphs",
        "page_prose_share": "words in paragraphs" + _RATE,
        "page_words_per_line": "tenths of a word a line of the page",
        "zone_words": "words in the main run of paragraphs",
        "zone_lines": "lines in the main run of paragraphs",
        "page_rules": "lines that rules name" + _RATE,
        "score": "likeness to text at first sight",
        "score_above": "text above at first sight" + _RATE,
        "score_below": "text below at first sight" + _RATE,
        "kept_share": "text on the page at first sight" + _RATE,
        "kept_words": "words of text on the page at first sight",
        "kept_lines": "lines of text on the page at first sight",
        "best_score": "the page's line most like text",
        "rank": "lines more like text",
        "since_kept": "lines since one like text",
        "until_kept": "lines to one like text",
        "in_block": "inside the main block of text",
        "to_block_start": "lines below the main block's start",
        "to_block_end": "lines above the main block's end",
        "block_share": "text in the main block" + _RATE,
        "block_words": "words in the main block",
        "block_density": "text of the main block's words" + _RATE,
        "rival_share": "size of the second block" + _RATE,
        "in_long_block": "inside the widest block of text",
        "to_long_start": "lines below the widest block's start",
        "to_long_end": "lines above the widest block's end",
        "shared_kept": "words shared with lines like text" + _RATE,
        "shared_kept_words": "words shared with lines like text",
        "frame_only": "words that only lines unlike text have" + _RATE,
        "prose": "paragraphs" + _RATE,
        "words_log": "length of lines",
        "repeated": "repeated lines" + _RATE,
        "host": "lines of the site's frame" + _RATE,
        "words_score": "likeness to text by words",
    }
)
"""Features whose names do not speak for themselves."""
_NEIGHBOUR = re.compile(r"(.+)_([-+])(\d+)")
_MEAN = re.compile(r"mean_(.+)_(\d+)")


@lru_cache(maxsize=1024)
def in_words(name: str) -> str:
    """A feature's name in words: `words_+2` is "words, 2 lines below"."""
    if mean := _MEAN.fullmatch(name):
        return f"{in_words(mean[1])} within {mean[2]} lines"
    if neighbour := _NEIGHBOUR.fullmatch(name):
        where = "below" if neighbour[2] == "+" else "above"
        far = "1 line" if neighbour[3] == "1" else f"{neighbour[3]} lines"
        return f"{in_words(neighbour[1])}, {far} {where}"
    return WORDS.get(name, name.replace("_", " "))
