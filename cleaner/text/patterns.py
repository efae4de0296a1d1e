"""Users' patterns, matched in linear time: the one place that knows the regex engine (RE2).

RE2 runs every pattern it accepts as an automaton, so no pattern and no text can make it hang. The
price is that look-around and back-references do not exist; such a pattern is refused with a
sentence that says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import re2

MAX_PATTERN_CHARS = 4000
"""A longer pattern is refused: it is data that should be a list of phrases."""
MAX_PROGRAM_BYTES = 8 << 20
"""Memory of one compiled pattern; `(x{1000}){1000}` is refused instead of compiled."""
MAX_SET_BYTES = 256 << 20
"""Memory of a whole set and of the automaton that grows while it matches."""

_WIDE_START = re.compile(r"\^\(*(?:\?:)?(?:\.|\[\^|\\[SDWPp])")
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


def compile_pattern(pattern: str, *, any_case: bool = True) -> Pattern:
    """Compile one pattern: RE2 syntax, in NFC; letters stand for both cases unless told otherwise.

    Raises:
        PatternError: it is not RE2 syntax, uses look-around or back-references, or is too large.
    """
    normal = unicodedata.normalize("NFC", pattern)
    if len(normal) > MAX_PATTERN_CHARS:
        raise PatternError(pattern, f"longer than {MAX_PATTERN_CHARS} characters; use `phrases`")
    try:
        options = _options(MAX_PROGRAM_BYTES)
        options.case_sensitive = not any_case
        compiled = re2.compile(normal, options=options)
    except UnicodeEncodeError:
        raise PatternError(
            pattern, "contains a lone surrogate, which no text can contain"
        ) from None
    except re2.error as error:
        raise PatternError(pattern, _problem(normal, error)) from None
    return Pattern(normal, compiled)


class PatternSet:
    """Which of N patterns occur in a text, in about the time of one pass over it.

    RE2's automaton is quick where it may stop: patterns that are tied to the start by letters
    share one, which dies after the first characters of nearly every line. Others are asked only
    where the literals they need occur (FilteredRE2); the rest share a searching automaton. The
    answer does not depend on the way. The set is a value: it pickles as its patterns.
    """

    __slots__ = ("_atoms", "_parts", "_sought", "patterns")

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile all patterns.

        Raises:
            PatternError: one of them is wrong.
        """
        compiled = [compile_pattern(pattern) for pattern in patterns]
        self.patterns = tuple(pattern.source for pattern in compiled)
        everywhere = range(len(compiled))
        tied = [i for i in everywhere if _is_tied(self.patterns[i])]
        free = [i for i in everywhere if i not in set(tied)]
        asked = _needing_literals(self.patterns, free)
        self._sought = [(i, compiled[i]) for i in asked]
        self._atoms = _compile_filter([self.patterns[i] for i in asked])
        self._parts = (
            *_compile_parts(self.patterns, tied, re2.Set.MatchSet),
            *_compile_parts(
                self.patterns, [i for i in free if i not in set(asked)], re2.Set.SearchSet
            ),
        )

    def matches(self, text: str, *, is_folded: bool = False) -> list[int]:
        """Indices of the patterns that occur somewhere in `text`, ascending.

        `is_folded` says that the text is case folded already, which saves doing so.
        """
        raw = text.encode("utf-8", "replace")
        found: list[int] = []
        for indices, part in self._parts:
            hits = part.Match(raw)
            if hits:
                found.extend(indices[hit] for hit in hits)
        if self._atoms is not None:
            folded = raw if is_folded else text.casefold().encode("utf-8", "replace")
            for at in self._atoms.Match(folded, True) or ():
                index, pattern = self._sought[at]
                if pattern.span(text) is not None:
                    found.append(index)
        return sorted(found) if len(found) > 1 else found

    def __len__(self) -> int:
        return len(self.patterns)

    def __reduce__(self) -> tuple[type[PatternSet], tuple[tuple[str, ...]]]:
        return PatternSet, (self.patterns,)


def _is_tied(pattern: str) -> bool:
    """Whether a pattern starts at the text's start, and there with letters, not with anything.

    The first answer must be right, or matches are lost; the second one only costs time.
    """
    if not pattern.startswith("^") or _WIDE_START.match(pattern):
        return False
    depth = 0
    inside = False  # of a class
    marks = iter(pattern)
    for mark in marks:
        if mark == "\\":
            if next(marks, "") in "QC":
                return False
        elif inside:
            inside = mark != "]"
        elif mark == "[":
            inside = True
            if next(marks, "") == "^":
                next(marks, "")
        elif mark == "|" and depth == 0:
            return False
        else:
            depth += (mark == "(") - (mark == ")")
    return True


def _has_plain_case(pattern: str) -> bool:
    """Whether lower case and case folding are the same for all letters of a pattern."""
    return pattern.lower() == pattern.casefold()


def _needing_literals(patterns: Sequence[str], indices: Sequence[int]) -> list[int]:
    """Those of the patterns that cannot match without some literal."""
    plain = [i for i in indices if _has_plain_case(patterns[i])]
    found = _compile_filter([patterns[i] for i in plain])
    always = set() if found is None else set(found.Match(b"\0", True) or ())
    return [index for at, index in enumerate(plain) if at not in always]


def _compile_filter(patterns: Sequence[str]) -> re2.Filter | None:
    """A filter that tells which patterns can occur, by the literals that they need."""
    if not patterns:
        return None
    found = re2.Filter()
    for pattern in patterns:
        found.Add(pattern, _options(MAX_PROGRAM_BYTES))
    found.Compile()
    return found


def _compile_parts(
    patterns: Sequence[str], indices: Sequence[int], kind: Callable[[re2.Options], re2.Set]
) -> Iterator[tuple[Sequence[int], re2.Set]]:
    """Sets of the patterns at these indices, in order; as few as can be."""
    if not indices:
        return
    part = kind(_options(MAX_SET_BYTES))
    for index in indices:
        part.Add(patterns[index])
    try:
        part.Compile()
    except re2.error:
        if len(indices) == 1:
            raise PatternError(
                patterns[indices[0]], "needs too much memory; use smaller counts"
            ) from None
        half = len(indices) // 2
        yield from _compile_parts(patterns, indices[:half], kind)
        yield from _compile_parts(patterns, indices[half:], kind)
    else:
        yield indices, part


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
