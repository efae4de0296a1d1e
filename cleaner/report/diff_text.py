"""The difference of two runs on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from rich.console import Console
from rich.text import Text

from cleaner.report.figures import plural
from cleaner.report.inert import JOINERS, inert

if TYPE_CHECKING:
    from cleaner.report.diff import Changed, Move, RunDiff
    from cleaner.report.diff_facts import Figure, RuleChange, Setting
    from cleaner.report.fates import Fate
    from cleaner.report.word_diff import Run

T = TypeVar("T")

RULES = 12
MOVES = 12
"""Rules, and ways to come or go, that are shown; the page and the JSON have all."""
TEXTS = 4
"""Documents with another text that are shown."""
NO_COMMON = (
    "No document is in both: ids come from `label/path`; give the inputs the same `label` and run "
    "again to compare them"
)
_WORDS = 700
"""Characters of each side of a text."""
_LABEL = 11
_NAMED = 3
"""Inputs of each kind that are named."""


def print_diff(found: RunDiff, console: Console) -> None:
    """Print what differs; nothing in a document can steer the terminal."""
    has_colour = console.color_system is not None and not console.no_color
    for line in diff_lines(found, has_colour):
        console.print(line, soft_wrap=True)


def diff_lines(found: RunDiff, has_colour: bool) -> Iterator[Text]:
    """The lines: what is the same, then settings, inputs, figures, rules, documents, texts."""
    yield from _head(found)
    yield from _settings("config", found.settings)
    yield from _settings("versions", found.versions)
    yield from _inputs(found)
    yield from _figures("figures", [f for f in found.figures if f.a != f.b])
    yield from _figures("languages", found.languages)
    yield from _rules(found.rules)
    yield from _moves(found.documents.moves)
    yield from _texts(found.documents.examples, found.documents.changed, has_colour)


def told(fate: Fate) -> str:
    """A fate in words: `dropped by tidy: tidy.empty`."""
    if fate.kind == "dropped":
        return f"dropped by {fate.stage}: {fate.rule}"
    if fate.kind == "quarantined":
        return f"quarantined by {fate.stage}: {fate.rule}"
    return fate.kind


def change(a: int, b: int) -> str:
    """Two figures and their difference: `1,204 → 1,180 (-24)`."""
    return f"{a:,} → {b:,} ({b - a:+,})"


def _head(found: RunDiff) -> Iterator[Text]:
    docs = found.documents
    yield Text(f"A  {inert(found.a)}", style="bold")
    yield Text(f"B  {inert(found.b)}", style="bold")
    yield Text()
    if found.is_same:
        yield Text(f"The corpus is the same: {plural(docs.same, 'document')}.", style="green")
        return
    yield Text(
        f"{plural(docs.same, 'document')} the same, {docs.changed:,} with another text"
        f" (+{docs.chars_more:,} -{docs.chars_less:,} characters),"
        f" {docs.came:,} came, {docs.went:,} went"
    )
    if found.is_disjoint:
        yield Text(NO_COMMON, style="yellow")
    if docs.other_original:
        more = f"{docs.other_original:,} of those with another text have another original, too"
        yield Text(more, style="yellow")


def _settings(label: str, settings: Sequence[Setting]) -> Iterator[Text]:
    for line, setting in _labelled(label, settings):
        a, b = ("not there" if s is None else inert(s) for s in (setting.a, setting.b))
        yield (
            line.append(f"{inert(setting.path)}  ")
            .append(a, "red")
            .append(" → ")
            .append(b, "green")
        )


def _inputs(found: RunDiff) -> Iterator[Text]:
    inputs = found.inputs
    kinds = (
        ("only in A", inputs.only_a, inputs.only_a_count),
        ("only in B", inputs.only_b, inputs.only_b_count),
        ("with other content", inputs.changed, inputs.changed_count),
    )
    for line, (what, names, count) in _labelled("inputs", [k for k in kinds if k[2]]):
        some = ", ".join(map(inert, names[:_NAMED])) + (", …" if count > _NAMED else "")
        yield line.append(f"{plural(count, 'file')} {what}: {some}")


def _figures(label: str, figures: Sequence[Figure]) -> Iterator[Text]:
    size = max((len(inert(f.name)) for f in figures), default=0)
    for line, figure in _labelled(label, figures):
        name = inert(figure.name) or "not told"
        yield line.append(f"{name:<{size}}  {change(figure.a, figure.b)}")


def _rules(rules: Sequence[RuleChange]) -> Iterator[Text]:
    for line, rule in _labelled("rules", rules[:RULES]):
        line.append(inert(rule.rule), "bold")
        line.append(f"  {change(rule.count_a, rule.count_b)} times")
        if rule.chars_a != rule.chars_b:
            line.append(f", {change(rule.chars_a, rule.chars_b)} characters")
        yield line
    yield from _more(len(rules) - RULES, "rule")


def _moves(moves: Sequence[Move]) -> Iterator[Text]:
    for line, move in _labelled("documents", moves[:MOVES]):
        style = "green" if move.b.kind == "kept" else "red" if move.a.kind == "kept" else ""
        words = f"{inert(told(move.a))} → {inert(told(move.b))}"
        yield line.append(f"{move.count:,}  ").append(words, style)
        for one in move.examples:
            place = f"{one.doc_id}  {inert(one.source)}, record {one.record}"
            yield Text(" " * (_LABEL + 2) + place, style="dim")
            if one.text:
                begin = inert(one.text[:100], keep=JOINERS) + "…" * (len(one.text) > 100)
                yield Text(" " * (_LABEL + 2) + begin)
    yield from _more(len(moves) - MOVES, "way", "ways")


def _texts(examples: Sequence[Changed], count: int, has_colour: bool) -> Iterator[Text]:
    if not count:
        return
    yield Text()
    yield Text(f"Another text: {min(TEXTS, len(examples))} of {plural(count, 'document')}", "bold")
    for one in examples[:TEXTS]:
        yield Text()
        yield Text(f"{one.doc_id}  {inert(one.source)}, record {one.record}", style="dim")
        rules = "".join(f"; {inert(r)} {a:,} → {b:,} times" for r, a, b in one.rules)
        other = "; another original" if one.is_other_original else ""
        yield Text(f"{change(one.chars_a, one.chars_b)} characters{other}{rules}", style="dim")
        yield side("A", one.words.left, has_colour)
        yield side("B", one.words.right, has_colour)


def side(name: Literal["A", "B"], runs: Sequence[Run], has_colour: bool) -> Text:
    """One text: what only it has in colour, or in brackets; what is left out as a number."""
    line = Text(f"{name} ", style="bold")
    style = "red" if name == "A" else "green"
    left, right = ("[-", "-]") if name == "A" else ("{+", "+}")
    room = _WORDS
    for run in runs:
        if run.kind == "gap":
            line.append(f"⟨{plural(run.words, 'word')}⟩ ", "dim")
            continue
        shown = inert(run.text[:room], keep=JOINERS) + "…" * (len(run.text) > room)
        room -= len(run.text)
        if run.kind == "same":
            line.append(shown, "dim")
        else:
            line.append(shown if has_colour else f"{left}{shown}{right}", style)
        if room <= 0:
            break
    return line


def _labelled(label: str, items: Sequence[T]) -> Iterator[tuple[Text, T]]:
    """Each item with the line that it goes to; the first line has the label."""
    for number, item in enumerate(items):
        line = Text().append(("" if number else label).ljust(_LABEL), "dim")
        yield line, item


def _more(count: int, one: str, many: str = "") -> Iterator[Text]:
    if count > 0:
        text = (
            f"… and {plural(count, f'more {one}', f'more {many}' if many else '')}: --html, --json"
        )
        yield Text(" " * _LABEL + text, style="dim")
