"""An explained document on the terminal: what was cut, what was rewritten, and why."""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cleaner.report.figures import plural, share, short
from cleaner.report.inert import JOINERS, inert, visible
from cleaner.report.spans import outermost

if TYPE_CHECKING:
    from cleaner.report.explain import Dropped, Explanation, Span

Kind: TypeAlias = Literal["keep", "cut", "old", "new"]
_BREAK = re.compile(r"\r\n|[\n\r\u2028\u2029]")
_ENDS = "\r\n\u2028\u2029"
_BLANKS = str.maketrans({" ": "·", "\t": "→", "\n": "⏎", "\r": "⏎"})
CUT, OLD, NEW, WHY = "red strike", "yellow strike", "bold yellow", "dim"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line as it is shown: kept, cut, or the two sides of a rewrite."""

    kind: Kind
    text: str


@dataclass(slots=True)
class Line:
    """A line of the original, from code point `start` on: its parts, and the changes in it."""

    start: int
    parts: list[Part] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Print a document with every change marked, and its rule, evidence and score beside it.

    With colour what was cut is red and struck through, what was rewritten is yellow; without, they
    are `[-cut-]` and `{+new+}`. Nothing in the document can steer the terminal.
    """
    has_colour = console.color_system is not None and not console.no_color
    for line in explanation_lines(explanation, console, has_colour):
        console.print(line, soft_wrap=True)


def explanation_lines(
    explanation: Explanation, console: Console, has_colour: bool
) -> Iterator[Text]:
    """The lines of an explanation, wrapped to the console's width."""
    yield from _head(explanation)
    lines = lines_of(explanation.original, explanation.spans)
    if lines:
        yield Text()
        yield _legend(has_colour)
        yield Text()
    gutter = len(str(len(lines)))
    starts, own = [line.start for line in lines], explanation.doc_id
    for number, line in enumerate(lines, start=1):
        body = _body(line.parts, has_colour)
        yield from _numbered(number, gutter, body, _reasons(line.spans, starts, own), console)
    yield from _totals(explanation, console.width)


def lines_of(original: str, spans: Sequence[Span]) -> list[Line]:
    """The original cut into lines, with the last word on each piece.

    A change over several lines is listed in the last of them. A repaired line end is not marked in
    the text, or every line of some documents would be; it counts in the list of rules only.
    """
    page = _Page()
    at = 0
    for span in outermost(spans):
        page.add("keep", original[at : span.start])
        page.change(span, original[span.start : span.end])
        at = span.end
    page.add("keep", original[at:])
    return page.finish()


class _Page:
    """Lines as they grow."""

    def __init__(self) -> None:
        self._lines = [Line(0)]
        self._at = 0

    def add(self, kind: Kind, text: str) -> None:
        """Append a piece of the original; each line end in it begins a line."""
        done = 0
        for found in _BREAK.finditer(text):
            piece = text[done : found.start()]
            if kind != "keep" and not piece.strip():
                piece = text[done : found.end()]  # or nothing would show that a blank line went
            self._put(kind, piece)
            done = found.end()
            self._lines.append(Line(self._at + done))
        self._put(kind, text[done:])
        self._at += len(text)

    def change(self, span: Span, before: str) -> None:
        """Append a changed piece, which was `before`."""
        if span.action == "rewrite" and not before.strip(_ENDS):
            if span.after:
                self._lines.append(Line(self._at + len(before)))
            self._at += len(before)
            return
        if not span.after:
            first = len(self._lines)
            self.add("cut", before)
            is_whole = len(self._lines) > first and not self._lines[-1].parts
            self._lines[-2 if is_whole else -1].spans.append(span)
            return
        self._put("old", before.rstrip(_ENDS))
        self._put("new", span.after.rstrip(_ENDS))
        self._lines[-1].spans.append(span)
        self._at += len(before)
        if span.after[-1] in _ENDS:
            self._lines.append(Line(self._at))

    def finish(self) -> list[Line]:
        """The lines; the text may end in a line end, after which there is none."""
        return self._lines if self._lines[-1].parts else self._lines[:-1]

    def _put(self, kind: Kind, text: str) -> None:
        if text:
            self._lines[-1].parts.append(Part(kind, text))


def _head(explanation: Explanation) -> Iterator[Text]:
    """Which document it is, and what became of it."""
    title = Text().append(inert(explanation.source), "bold")
    yield title.append(f"  record {explanation.record}  {explanation.doc_id}", "dim")
    if explanation.quarantined is not None:
        bad = explanation.quarantined
        line = Text().append("quarantined", "bold yellow").append(f" by {inert(bad.stage)}: ")
        yield line.append(f"{inert(bad.reason)}: {inert(bad.detail)}")
    elif explanation.dropped is not None:
        yield _dropped(explanation.dropped)
    elif explanation.text is not None:
        yield _kept(len(explanation.text), len(explanation.original), len(explanation.spans))
    notes = [f"{inert(k)} {_value(v)}" for k, v in explanation.annotations.items()]
    if explanation.encoding not in (None, "utf-8"):
        notes.append(f"encoding {inert(str(explanation.encoding))}")
    if notes:
        yield Text(" · ".join(notes), style="cyan")
    if explanation.not_told and explanation.text is not None:
        names = ", ".join(map(inert, explanation.not_told))
        yield Text(f"not told here: {names}, which draws from the whole corpus", style="yellow")


def _kept(now: int, before: int, changes: int) -> Text:
    line = Text().append("kept", "bold green")
    line.append(f": {now:,} of {plural(before, 'character')} ({share(now, before)})")
    return line.append(f", {plural(changes, 'change')}")


def _dropped(dropped: Dropped) -> Text:
    line = Text().append("dropped", "bold red").append(f" by {inert(dropped.stage)}: ")
    said = [inert(dropped.rule), inert(dropped.reason), inert(dropped.evidence)]
    score = "" if dropped.score is None else f" ({dropped.score:.2f})"
    return line.append("  ".join(filter(None, said)) + score)


def _value(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else inert(str(value))


def _legend(has_colour: bool) -> Text:
    if not has_colour:
        return Text("[-cut-]  [-before-]{+after+}")
    line = Text().append("cut", CUT).append("   ").append("before", OLD)
    return line.append("→", "dim").append("after", NEW)


def _body(parts: Sequence[Part], has_colour: bool) -> Text:
    """A line with its changes marked."""
    line = Text()
    for part in parts:
        shown = _shown(part)
        if part.kind == "keep":
            line.append(shown)
        elif has_colour:
            if part.kind == "new":
                line.append("→", "dim").append(shown, NEW)
            else:
                line.append(shown, CUT if part.kind == "cut" else OLD)
        else:
            line.append(f"{{+{shown}+}}" if part.kind == "new" else f"[-{shown}-]")
    return line


def _shown(part: Part) -> str:
    """The text of a part, inert; white space that was changed can be seen."""
    if part.kind == "keep":
        return inert(part.text, keep=JOINERS + "\t").expandtabs(4)
    if part.kind == "cut":
        if part.text.isspace():
            return visible(part.text.replace("\r\n", "\n").translate(_BLANKS))
        return visible(part.text) if len(part.text) < 3 else inert(part.text)
    return visible(part.text.translate(_BLANKS) if part.text.isspace() else part.text)


def _reasons(spans: Sequence[Span], starts: Sequence[int], own: str) -> list[str]:
    """Rule, evidence, score of what was done in a line; the same one once, with how often."""
    counts: dict[str, int] = {}
    for span in spans:
        facts = (inert(span.rule), inert(span.evidence), _score(span), _kept_at(span, starts, own))
        said = " ".join(filter(None, facts))
        counts[said] = counts.get(said, 0) + 1
    return [said if n == 1 else f"{said} ×{n}" for said, n in counts.items()]


def _score(span: Span) -> str:
    return "" if span.score is None else f"({span.score:.2f})"


def _kept_at(span: Span, starts: Sequence[int], own: str) -> str:
    """Where the copy stands that stays."""
    if span.kept is None or span.kept.start is None:
        return ""
    if span.kept.doc_id != own:
        return f"stays in {inert(span.kept.doc_id)}"
    return f"stays in line {bisect_right(starts, span.kept.start)}"


def _numbered(
    number: int, gutter: int, body: Text, why: Sequence[str], console: Console
) -> Iterator[Text]:
    """A line with its number, wrapped; the reasons at its end if they fit, else below it."""
    room = max(20, console.width - gutter - 3)
    rows = list(body.wrap(console, room)) if body else [Text()]
    reason = "; ".join(why)
    fits = bool(why) and cell_len(rows[-1].plain) + cell_len(reason) + 4 <= room
    for place, row in enumerate(rows):
        row.rstrip()
        line = Text(f"{number:>{gutter}} │ " if place == 0 else " " * gutter + " │ ", style="dim")
        line.append_text(Text("", style="not dim").append_text(row))
        if fits and place == len(rows) - 1:
            line.append(f"  ‹ {reason}" if row else f"‹ {reason}", WHY)
        yield line
    for said in () if fits else why:
        for place, row in enumerate(Text(said).wrap(console, room - 4)):
            row.rstrip()
            lead = "  ‹ " if place == 0 else "    "
            yield Text(" " * gutter + " │ " + lead + row.plain, style=WHY)


def _totals(explanation: Explanation, width: int) -> Iterator[Text]:
    """How often each rule acted, how much it cut, and its reason; in order of application."""
    if not explanation.spans:
        return
    counts: dict[tuple[str, str], list[int]] = {}
    reasons: dict[tuple[str, str], str] = {}
    for span in explanation.spans:
        key = (span.rule, span.action)
        total = counts.setdefault(key, [0, 0])
        total[0] += 1
        total[1] += 0 if span.after else span.end - span.start
        reasons.setdefault(key, span.reason)
    size = min(width // 3, max(cell_len(inert(rule)) for rule, _ in counts))
    yield Text()
    yield Text(f"{'rule'.ljust(size)}  times   chars  reason", style="dim")
    for (rule, action), (times, chars) in counts.items():
        line = Text(inert(rule), style="red" if action == "cut" else "yellow")
        line.truncate(size, overflow="ellipsis", pad=True)
        line.append(f"  {short(times):>5}  {short(chars) if chars else '·':>6}  ", "default")
        words = textwrap.wrap(inert(reasons[rule, action]), max(20, width - cell_len(line.plain)))
        indent = cell_len(line.plain)
        for place, row in enumerate(words or [""]):
            yield line.append(row, "default") if place == 0 else Text(" " * indent + row)
