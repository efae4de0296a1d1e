"""A rule pack from mined lines: proposed with its counts and examples, for people to review."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cleaner.errors import InputError
from cleaner.noise.line import Line, fold, look, phrase_key
from cleaner.noise.mined import Mined, Repeat
from cleaner.noise.pack import MIN_EXAMPLES, Examples, Pack, Packs, Rule, RuleKind, Scope, Where

Severity = Literal["likely", "certain"]

EXAMPLES = 8
"""Examples of each kind that a rule gets at most; there must be `MIN_EXAMPLES`."""
_STAY = ("sentence", "inside", "copies")
_LETTERS = 4
"""Letters that a line with any number must have: without, a pattern would find dates and prices."""
_ROOM = 24
"""Characters that a line may be longer than those that were mined: bullets, a count behind it."""
_MOST_CHARS, _MOST_WORDS = 240, 200
_BEFORE = r"^[ >»›→•·●▪■*\[(|–-]{0,4}"
_BEHIND = r"[ :.…»›→)\]|]{0,4}$"
_DIGITS = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that one rule is to find, and how it is to be written."""

    name: str
    kind: RuleKind
    where: Where
    reason: str
    repeats: tuple[Repeat, ...]
    as_patterns: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pack, its YAML with counts beside the lines, and how many lines it has."""

    pack: Pack
    yaml: str
    lines: int


def propose(
    mined: Mined,
    *,
    name: str,
    most: int,
    language: str = "any",
    severity: Severity = "likely",
    known: bool = False,
) -> Proposal:
    """Propose a pack of the lines that no rule finds yet and that nothing speaks for keeping.

    Args:
        mined: its lines, and those that stay; the examples of both kinds are among them.
        name: of the pack, also the first part of the rules' ids.
        most: lines that are taken at most, those of most documents.
        language: of the pack.
        severity: of its rules.
        known: take lines that a rule finds, too.

    Raises:
        InputError: there are too few lines, or too few that stay, for the examples of a rule.
    """
    free = [r for r in mined.lines if not r.guard and _can_be_written(r)]
    chosen = [r for r in free if known or not r.rule][:most]
    rules: list[tuple[Rule, Group]] = []
    stay = _stay(mined)
    for group in _groups(chosen):
        rule = _rule(group, name, severity, stay)
        if rule is not None:
            rules.append((rule, group))
    if not rules:
        found = sum(bool(r.rule) for r in free)
        raise InputError(
            f"nothing to propose: of {len(mined.lines):,} lines that come often, "
            f"{len(mined.lines) - len(free):,} may be text, {found:,} are found by rules already, "
            f"{len(chosen):,} are left, and {len(stay):,} lines stay for comparison; a rule needs "
            f"{MIN_EXAMPLES} of both. Lower --min-documents, give more input, or propose what "
            "rules find already, too (--known)"
        )
    pack = Pack(pack=name, language=language, version=1, rules=tuple(rule for rule, _ in rules))
    failures = Packs((pack,)).check_examples()
    if failures:  # each example was tried when it was chosen
        raise AssertionError("; ".join(failures))
    text = "\n".join(_yaml(mined, pack, [group for _, group in rules])) + "\n"
    return Proposal(pack, text, sum(len(group.repeats) for _, group in rules))


def _can_be_written(repeat: Repeat) -> bool:
    """Whether a phrase or a pattern can find it."""
    line = look(repeat.lines[0])
    # a phrase is stripped once more when its pack is read: `(12) (12)` leaves nothing
    if not phrase_key(fold(line.key)) or not line.folded.isprintable():
        return False
    return not _has_number(repeat) or sum(map(str.isalpha, line.key)) >= _LETTERS


def _has_number(repeat: Repeat) -> bool:
    """Whether it takes a pattern; a count behind a line, `(12)`, is no part of a phrase."""
    return repeat.any_number and _DIGITS.search(look(_plain(repeat.lines[0])).key) is not None


def _groups(repeats: Sequence[Repeat]) -> Iterator[Group]:
    """Heads, ends of pages, lines with any number, other lines; small groups go to the last."""
    numbers = tuple(r for r in repeats if _has_number(r))
    others = [r for r in repeats if not _has_number(r)]
    heads = tuple(r for r in others if r.is_head)
    tails = tuple(r for r in others if not r.is_head and r.is_tail)
    taken: set[tuple[str, ...]] = set()
    for name, kind, where, reason, mine in (
        ("mined_head", "head", "outside", "a line that stands before lists of links", heads),
        ("mined_end", "footer", "tail", "a line that ends many pages", tails),
    ):
        if len(mine) >= MIN_EXAMPLES:
            taken.update(r.lines for r in mine)
            yield Group(name, kind, where, reason, mine)  # type: ignore[arg-type]  # literals above
    rest = tuple(r for r in others if r.lines not in taken)
    if rest:
        yield Group("mined_line", "line", "outside", "a line that many pages have", rest)
    if numbers:
        reason = "a line that many pages have, each with its own numbers"
        yield Group("mined_number", "line", "outside", reason, numbers, as_patterns=True)


def _rule(group: Group, pack: str, severity: Severity, stay: Sequence[Line]) -> Rule | None:
    """The rule of a group; None if it has too few examples."""
    looks = [look(_plain(s.text)) for r in group.repeats for s in r.samples]
    written = tuple(dict.fromkeys(_written(r, group) for r in group.repeats))
    scope = Scope(
        max_words=min(max(30, *(line.words + 4 for line in looks)), _MOST_WORDS),
        max_chars=min(max(line.chars for line in looks) + _ROOM, _MOST_CHARS),
        where=group.where,
    )
    draft = Rule.model_validate(
        {
            "id": f"{pack}.{group.name}",
            "kind": group.kind,
            "severity": severity,
            "reason": group.reason,
            "any" if group.as_patterns else "phrases": written,
            "scope": scope,
            "examples": Examples.model_construct(match=(), no_match=()),
        }
    )
    packs = Packs((Pack.model_construct(pack=pack, language="any", version=1, rules=(draft,)),))
    match = [line.text for line in looks if packs.find(line)]
    near = _nearest(stay, {w for line in looks for w in line.key.split()})
    no_match = [line.text for line in near if not packs.find(line)]
    match = list(dict.fromkeys(match))[:EXAMPLES]
    if min(len(match), len(no_match)) < MIN_EXAMPLES:
        return None
    examples = Examples(match=tuple(match), no_match=tuple(no_match[:EXAMPLES]))
    return draft.model_copy(update={"examples": examples})


def _written(repeat: Repeat, group: Group) -> str:
    """The phrase or the pattern of a line."""
    key = look(_plain(repeat.lines[0])).key
    if not group.as_patterns:
        return key
    parts = [_escaped(part) for part in _DIGITS.split(key)]
    return _BEFORE + r"\d+".join(parts) + _BEHIND


def _escaped(text: str) -> str:
    """Text as a pattern; letters beyond ASCII stand as they are."""
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", text)


def _plain(text: str) -> str:
    """The text with single spaces."""
    return " ".join(text.split())


def _stay(mined: Mined) -> list[Line]:
    """Lines of the corpus that look like text: frequent ones with a guard first, then rare ones."""
    guarded = (r.lines[0] for r in mined.lines if r.guard in _STAY and not r.rule)
    texts = dict.fromkeys(_plain(text) for text in (*guarded, *mined.stay))
    return [line for text in texts if text.isprintable() and (line := look(text)).folded]


def _nearest(lines: Iterable[Line], words: set[str]) -> list[Line]:
    """The lines by the share of their words that are among `words`, longer ones first."""

    def rank(line: Line) -> tuple[float, int, str]:
        own = set(line.folded.split())
        shared = len(own & words)
        return -shared / (len(own) + 1), -line.words, line.text

    return sorted(lines, key=rank)


def _yaml(mined: Mined, pack: Pack, groups: Sequence[Group]) -> Iterator[str]:
    """The pack as its file."""
    yield f"# Proposed by `cleaner mine` from {mined.documents:,} documents: lines that at least"
    yield f"# {mined.at_least:,} of them have. To be reviewed: delete what is text; where a line is"
    yield "# never text, move it to a rule of `severity: certain`. Then name this file in `packs:`"
    yield "# of the stage `noise`."
    yield f"pack: {pack.pack}"
    yield f"language: {pack.language}"
    yield f"version: {pack.version}"
    yield "rules:"
    for rule, group in zip(pack.rules, groups, strict=True):
        yield f"  - id: {rule.id}"
        yield f"    kind: {rule.kind}"
        yield f"    severity: {rule.severity}"
        yield f"    reason: {quoted(rule.reason)}"
        yield "    any:" if group.as_patterns else "    phrases:"
        counts = {_written(r, group): r for r in reversed(group.repeats)}
        for text in rule.any_ or rule.phrases:
            yield f"      - {quoted(text)}  # {_counts(counts[text])}"
        scope = rule.scope
        yield (
            f"    scope: {{max_words: {scope.max_words}, max_chars: {scope.max_chars}, "
            f"where: {scope.where}}}"
        )
        yield "    examples:"
        for title, texts in (("match", rule.examples.match), ("no_match", rule.examples.no_match)):
            yield f"      {title}:"
            yield from (f"        - {quoted(text)}" for text in texts)


def quoted(text: str) -> str:
    """Printable text as a YAML scalar that no reader takes for anything else."""
    return "'" + text.replace("'", "''") + "'"


def _counts(repeat: Repeat) -> str:
    """What a reviewer wants to know about a line."""
    hosts = f", {repeat.hosts:,} hosts" if repeat.hosts else ""
    return f"{repeat.documents:,} documents{hosts}"
