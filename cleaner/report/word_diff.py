"""What differs between two texts, word by word; what is equal and far from it is left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

MOST_WORDS = 1000
"""Words of each side, between what they begin and end with in common, that are compared."""
NEAR = 14
"""Equal words that are shown on each side of a difference."""
MOST_READ = 400_000
"""Characters of each text that are read at all."""
MOST_SHOWN = 8_000
"""Characters of each side that are shown."""

# Thai, Lao, Burmese, Khmer, kana, Han: without spaces, so that a character is a word of its own.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff"
    r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_UNSPACED}]\s*|[^\s{_UNSPACED}]+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Run:
    """Words in a row: in both texts, in this one alone, or left out (`words` says how many)."""

    kind: Literal["same", "own", "gap"]
    text: str
    words: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """Two texts side by side. `is_cut`: they are longer than what was compared."""

    left: tuple[Run, ...]
    right: tuple[Run, ...]
    is_cut: bool

    @property
    def is_same(self) -> bool:
        """Whether no word differs."""
        return not self.is_cut and all(run.kind != "own" for run in self.left + self.right)


def difference(left: str, right: str) -> Difference:
    """Compare two texts word by word; white space makes no difference.

    What both begin and end with is found first, in time that grows with the length; of the rest
    `MOST_WORDS` of each are compared with difflib.
    """
    a, b = _WORD.findall(left[:MOST_READ]), _WORD.findall(right[:MOST_READ])
    keys_a, keys_b = _keys(a), _keys(b)
    head = _common(keys_a, keys_b)
    tail = _common(keys_a[head:][::-1], keys_b[head:][::-1])
    end_a, end_b = len(a) - tail, len(b) - tail
    stop_a, stop_b = min(end_a, head + MOST_WORDS), min(end_b, head + MOST_WORDS)
    is_long = max(len(left), len(right)) > MOST_READ
    is_cut = is_long or stop_a < end_a or stop_b < end_b
    matcher = SequenceMatcher(None, keys_a[head:stop_a], keys_b[head:stop_b], autojunk=False)
    spans = [_Span(True, 0, head, 0, head)]
    spans += [
        _Span(tag == "equal", low_a + head, high_a + head, low_b + head, high_b + head)
        for tag, low_a, high_a, low_b, high_b in matcher.get_opcodes()
    ]
    if not is_cut:
        spans.append(_Span(True, end_a, len(a), end_b, len(b)))
    spans = _joined(spans)
    ours = [run for span in spans for run in _runs(span, a, span.low_a, span.high_a, spans)]
    theirs = [run for span in spans for run in _runs(span, b, span.low_b, span.high_b, spans)]
    if is_cut:
        ours.append(_gap(a[stop_a:]))
        theirs.append(_gap(b[stop_b:]))
    return Difference(_full(ours), _full(theirs), is_cut)


class _Span(NamedTuple):
    """Words low:high of each side that are the same, or are not."""

    is_same: bool
    low_a: int
    high_a: int
    low_b: int
    high_b: int


def _keys(words: Sequence[str]) -> list[str]:
    return [word.rstrip() for word in words]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many words both begin with."""
    limit = min(len(a), len(b))
    return next((i for i in range(limit) if a[i] != b[i]), limit)


def _joined(spans: Sequence[_Span]) -> list[_Span]:
    """Neighbours of one kind as one."""
    joined: list[_Span] = []
    for span in spans:
        if joined and joined[-1].is_same == span.is_same:
            before = joined.pop()
            joined.append(span._replace(low_a=before.low_a, low_b=before.low_b))
        else:
            joined.append(span)
    return joined


def _runs(
    span: _Span, words: Sequence[str], low: int, high: int, spans: Sequence[_Span]
) -> list[Run]:
    """A span of one side; equal words that are far from a difference are left out."""
    if not span.is_same:
        return [Run("own", "".join(words[low:high]))]
    if high - low <= 3 * NEAR:
        return [Run("same", "".join(words[low:high]))]
    is_first, is_last = span is spans[0], span is spans[-1]
    head = low if is_first and not is_last else low + NEAR
    tail = high if is_last else high - NEAR
    return [
        Run("same", "".join(words[low:head])),
        _gap(words[head:tail]),
        Run("same", "".join(words[tail:high])),
    ]


def _gap(words: Sequence[str]) -> Run:
    return Run("gap", "", len(words))


def _full(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs that show something, up to `MOST_SHOWN` characters."""
    kept: list[Run] = []
    room = MOST_SHOWN
    for run in runs:
        if len(run.text) > room:
            kept.append(Run(run.kind, run.text[:room] + "…"))
            break
        room -= len(run.text)
        if run.text or run.words:
            kept.append(run)
    return tuple(kept)
