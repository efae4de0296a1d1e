"""The line rules of others, written from their papers, to be measured against on the same text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

LineRule: TypeAlias = Callable[[Sequence[str]], list[bool]]
"""Lines of a page → whether each is kept."""

_C4_ENDS = (".", "!", "?", '"', "”")
_SHORT, _LONG = 70, 200
_HEADING_DISTANCE = 200
_COUNTER = re.compile(
    r"\W*\d[\d.,]*\s*[KkMm]?\s+(likes?|shares?|comments?|retweets?|reposts?|quotes?|bookmarks?|upvotes?|downvotes?|downloads?|views?|followers?)\W*"
)
_SIGN_IN = re.compile(r"(sign-in|sign in|log-in|log in)\b", re.IGNORECASE)
_READ_MORE = re.compile(r"(read more\W*|continue reading\W*|see more\W*)$", re.IGNORECASE)
_CART = re.compile(r"\bitems? in (cart|bag|basket)\b", re.IGNORECASE)


def keep_all(lines: Sequence[str]) -> list[bool]:
    """Keep every line."""
    return [True] * len(lines)


def c4(lines: Sequence[str]) -> list[bool]:
    """Keep lines of at least five words that end in a terminal mark, without "javascript".

    Raffel et al., "Exploring the Limits of Transfer Learning" (2020), section 2.2. The rules that
    drop whole pages are left out, and "?" and "!" in full width count as well, so that Chinese and
    Japanese pages are not lost for their punctuation alone.
    """
    kept = []
    for line in lines:
        bare = line.strip()
        is_ended = bare.endswith((*_C4_ENDS, "。", "！", "？"))
        words = len(bare.split()) + sum("\u3040" <= c <= "\u9fff" for c in bare)
        kept.append(is_ended and words >= 5 and "javascript" not in bare.lower())
    return kept


def refined_web(lines: Sequence[str]) -> list[bool]:
    """Drop lines that look like buttons, counters, sign-in prompts and read-more links.

    Penedo et al., "The RefinedWeb Dataset for Falcon LLM" (2023), appendix G.2, table 13: a line is
    dropped if it is mainly upper case, is only numbers, is a counter, has one word; or if it has up
    to ten words and begins with a sign-in, ends with read more, or counts items in a cart.
    """
    return [not _is_refined_noise(line.strip()) for line in lines]


def _is_refined_noise(line: str) -> bool:
    """Whether one of the rules above fits."""
    if not line:
        return False
    letters = sum(map(str.isalpha, line))
    words = line.split()
    is_wide = any("\u3040" <= c <= "\u9fff" for c in line)
    if sum(map(str.isupper, line)) * 2 > letters > 0 or not letters:
        return True
    if (len(words) == 1 and not is_wide) or _COUNTER.fullmatch(line):
        return True
    if len(words) > 10 or is_wide:
        return False
    return bool(_SIGN_IN.match(line) or _READ_MORE.search(line) or _CART.search(line))


def justext(lines: Sequence[str]) -> list[bool]:
    """Long lines, and shorter ones that lie among them.

    Pomikálek, "Removing Boilerplate and Duplicate Content from Web Corpora" (2011), section 3.2, in
    its mode for unknown languages (no stop words, so both thresholds are 0) and, since plain text
    has none, with a link density of 0: up to 70 characters a line is short, up to 200 near-good,
    above good. Then the context decides, and short lines up to 200 characters above a good one are
    headings.
    """
    kinds = [_kind(line) for line in lines]
    states = ["good" if k == "good" else "" if k in {"short", "near"} else "bad" for k in kinds]
    for at, kind in enumerate(kinds):
        if kind == "near":
            sides = (
                _nearest(kinds, at, -1, {"good", "bad"}),
                _nearest(kinds, at, 1, {"good", "bad"}),
            )
            states[at] = "bad" if sides == ("bad", "bad") else "good"
    decided = list(states)
    for at, kind in enumerate(kinds):
        if kind == "short":
            before = _nearest(decided, at, -1, {"good", "bad"})
            after = _nearest(decided, at, 1, {"good", "bad"})
            states[at] = "good" if before == after == "good" else "bad"
    _keep_headings(lines, kinds, states)
    return [state == "good" for state in states]


def _kind(line: str) -> str:
    """The class of a line without its context."""
    size = len(line.strip())
    if not size:
        return "bad"
    if size < _SHORT:
        return "short"
    return "good" if size > _LONG else "near"


def _nearest(states: Sequence[str], at: int, step: int, wanted: set[str]) -> str:
    """The nearest state of those wanted; the page's edge is bad."""
    at += step
    while 0 <= at < len(states):
        if states[at] in wanted:
            return states[at]
        at += step
    return "bad"


def _keep_headings(lines: Sequence[str], kinds: Sequence[str], states: list[str]) -> None:
    """Keep short lines close above a good one."""
    distance = _HEADING_DISTANCE + 1
    for at in range(len(lines) - 1, -1, -1):
        if states[at] == "good":
            distance = 0
        elif distance <= _HEADING_DISTANCE and kinds[at] == "short":
            states[at] = "good"
            distance += len(lines[at])
        else:
            distance += len(lines[at])


BASELINES: Mapping[str, LineRule] = MappingProxyType(
    {"keep all": keep_all, "C4": c4, "jusText": justext, "RefinedWeb": refined_web}
)
