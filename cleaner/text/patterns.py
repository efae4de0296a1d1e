"""Users' patterns, matched in linear time: the one place that knows the regex engine (RE2).

RE2 runs every pattern it accepts as an automaton, so no pattern and no text can make it hang. The
price is that look-around and back-references do not exist; such a pattern is refused with a
sentence that says so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import re2

MAX_PATTERN_CHARS = 4000
"""A longer pattern is refused: it is data that should be a list of phrases."""
MAX_PROGRAM_BYTES = 8 << 20
"""Memory of one compiled pattern; `(x{1000}){1000}` is refused instead of compiled."""
MAX_SET_BYTES = 64 << 20
"""Memory of a whole set and of the automaton that grows while it matches."""

_LOOK_AROUND = ("(?=", "(?!", "(?<=", "(?<!")


class PatternError(ValueError):
    """A pattern cannot be compiled; the message says what is wrong and what to do instead."""

    def __init__(self, pattern: str, problem: str) -> None:
        self.pattern = pattern
        self.problem = problem
        shown = pattern if len(pattern) <= 80 else pattern[:77] + "..."
        super().__init__(f"pattern {shown!r}: {problem}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled pattern; spans are code points of the text that was given."""

    source: str
    _regexp: re2._Regexp = field(repr=False, compare=False)

    def span(self, text: str, start: int = 0) -> tuple[int, int] | None:
        """The first match at or after `start`, as (start, end), or None."""
        found = self._regexp.search(_encodable(text), start)
        return None if found is None else (found.start(), found.end())

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """All matches that do not overlap, from the left."""
        for found in self._regexp.finditer(_encodable(text)):
            yield found.start(), found.end()


def compile_pattern(pattern: str) -> Pattern:
    """Compile one pattern: RE2 syntax, any case, in NFC.

    Raises:
        PatternError: it is not RE2 syntax, uses look-around or back-references, or is too large.
    """
    normal = unicodedata.normalize("NFC", pattern)
    if len(normal) > MAX_PATTERN_CHARS:
        raise PatternError(pattern, f"longer than {MAX_PATTERN_CHARS} characters; use `phrases`")
    try:
        compiled = re2.compile(normal, options=_options(MAX_PROGRAM_BYTES))
    except UnicodeEncodeError:
        raise PatternError(
            pattern, "contains a lone surrogate, which no text can contain"
        ) from None
    except re2.error as error:
        raise PatternError(pattern, _problem(normal, error)) from None
    return Pattern(normal, compiled)


class PatternSet:
    """Which of N patterns occur in a text, found in one pass over it (few, where N is large).

    Each pattern is compiled alone first, so that the error names the one that is wrong. The set is
    a value: it pickles as its patterns.
    """

    __slots__ = ("_parts", "patterns")

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile all patterns.

        Raises:
            PatternError: one of them is wrong.
        """
        self.patterns = tuple(compile_pattern(pattern).source for pattern in patterns)
        self._parts = tuple(_compile_parts(self.patterns, 0))

    def matches(self, text: str) -> list[int]:
        """Indices of the patterns that occur somewhere in `text`, ascending."""
        raw = text.encode("utf-8", "replace")
        found: list[int] = []
        for first, part in self._parts:
            hits = part.Match(raw)
            if hits:
                found.extend(first + hit for hit in sorted(hits))
        return found

    def __len__(self) -> int:
        return len(self.patterns)

    def __reduce__(self) -> tuple[type[PatternSet], tuple[tuple[str, ...]]]:
        return PatternSet, (self.patterns,)


def _compile_parts(patterns: Sequence[str], first: int) -> Iterator[tuple[int, re2.Set]]:
    """Sets of the patterns in order, with the index of the first of each; as few as can be."""
    if not patterns:
        return
    part = re2.Set.SearchSet(_options(MAX_SET_BYTES))
    for pattern in patterns:
        part.Add(pattern)
    try:
        part.Compile()
    except re2.error:
        if len(patterns) == 1:
            raise PatternError(patterns[0], "needs too much memory; use smaller counts") from None
        half = len(patterns) // 2
        yield from _compile_parts(patterns[:half], first)
        yield from _compile_parts(patterns[half:], first + half)
    else:
        yield first, part


def _options(memory: int) -> re2.Options:
    """RE2's options: any case, no writing to stderr, a bound on memory (bytes)."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = memory
    return options


def _problem(pattern: str, error: Exception) -> str:
    """RE2's complaint in words that say what to do."""
    cause = error.args[0] if error.args else ""
    detail = cause.decode("utf-8", "replace") if isinstance(cause, bytes) else str(cause)
    if any(mark in pattern for mark in _LOOK_AROUND):
        return f"look-around is not supported (RE2 keeps to linear time); rewrite it ({detail})"
    if "escape sequence" in detail and any(f"\\{digit}" in pattern for digit in "123456789"):
        return f"back-references are not supported (RE2 keeps to linear time) ({detail})"
    if "(?P=" in pattern:
        return f"back-references are not supported (RE2 keeps to linear time) ({detail})"
    if "too large" in detail:
        return f"it compiles to more than {MAX_PROGRAM_BYTES >> 20} MiB; use smaller repeat counts"
    return detail or "not a regular expression"


def _encodable(text: str) -> str:
    """The text with lone surrogates replaced one to one, so that spans stay true."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
