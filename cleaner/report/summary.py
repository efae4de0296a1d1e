"""The summary of a run: what came in, what went out, what was done and why, what next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cleaner.errors import BalanceError, ConfigError
from cleaner.report.figures import duration, megabytes, plural, rate, share, short
from cleaner.report.inert import inert, visible
from cleaner.report.stats import RunReport, StageReport, check_balance

if TYPE_CHECKING:
    from cleaner.stages.base import Stage

TOP_RULES = 10
TOP_LANGUAGES = 8
_WIDE = 100
"""Columns from which headings are written out."""
_LABEL = 12


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures of the table of stages; `group` is the heading above its heading."""

    group: str
    wide: str
    narrow: str
    key: str
    style: str = ""


COLUMNS = (
    Column("documents", "in", "in", "docs_in"),
    Column("documents", "out", "out", "docs_out", "bold"),
    Column("documents", "dropped", "drop", "docs_dropped", "red"),
    Column("documents", "quarantined", "quar.", "docs_quarantined", "yellow"),
    Column("characters", "in", "in", "chars_in"),
    Column("characters", "kept", "kept", "chars_kept", "bold"),
    Column("characters", "rewritten", "rewr.", "chars_rewritten", "cyan"),
    Column("characters", "cut", "cut", "chars_cut", "red"),
    Column("characters", "dropped", "drop", "chars_dropped", "red"),
)


def print_summary(report: RunReport, console: Console) -> None:
    """Print a run in figures: stages, books, rules, quarantine, warnings, languages, what next.

    Fits 80 columns and more, needs no colour, and shows nothing of a document that could steer the
    terminal. Figures are shortened (12.3 k); `--json` has the exact ones.
    """
    for line in summary_lines(report, console.width):
        console.print(line, no_wrap=True, overflow="ellipsis", crop=False)


def summary_lines(report: RunReport, width: int) -> Iterator[Text]:
    """The lines of the summary, each at most `width` cells where that can be."""
    stages = {s.name: stage_of(s) for s in report.stages}
    yield _title(report)
    yield Text()
    yield from _table(report.stages, width)
    yield Text()
    yield _books(report)
    yield from _rules(report, stages, width)
    yield from _quarantine(report)
    yield from _warnings(report, stages, width)
    yield from _languages(report)
    yield from _places(report, width)


def stage_of(stage: StageReport) -> Stage | None:
    """A built-in stage with its default settings; None for others, whose code is not run here."""
    from cleaner.registry import stage_class

    try:
        return stage_class(stage.use, allow_plugins=False).model_validate({"use": stage.use})
    except (ConfigError, ValueError):
        return None


def _title(report: RunReport) -> Text:
    documents = report.corpus["documents"]
    first = report.stages[0].counts
    title = Text(inert(report.name), style="bold")
    if report.up_to_date:
        title.append("  up to date: same config, inputs and version; nothing was done", "green")
        return title
    title.append(f"  {documents:,} of {plural(first['docs_in'], 'document')} kept", "default")
    if report.left_out:
        title.append(f", {report.left_out:,} left out by --limit or --sample", "yellow")
    elif first["chars_in"]:
        kept = share(report.chars_left, first["chars_in"])
        title.append(f", {kept} of the characters", "not bold")
    return title


def _table(stages: Sequence[StageReport], width: int) -> Iterator[Text]:
    """One line a stage. The figures keep their columns; long names give way."""
    heads = [c.wide if width >= _WIDE else c.narrow for c in COLUMNS]
    rows = [[short(s.counts[c.key]) if s.counts[c.key] else "·" for c in COLUMNS] for s in stages]
    sizes = [max(map(len, cells)) for cells in zip(heads, *rows, strict=True)]
    names = [f"{s.number:>2} {inert(s.name)}" for s in stages]
    longest = max(cell_len("   stage"), *map(cell_len, names))
    gap = 2 if longest + sum(sizes) + 2 * len(sizes) + 1 <= width else 1
    size = min(longest, max(8, width - sum(sizes) - gap * len(sizes) - 1))
    yield _groups(size, sizes, gap)
    head = Text("   stage".ljust(size), style="dim")
    for column, title, cells in zip(COLUMNS, heads, sizes, strict=True):
        head.append(" " * _gap(column, gap) + title.rjust(cells))
    yield head
    for name, row in zip(names, rows, strict=True):
        line = Text(name, style="")
        line.truncate(size, overflow="ellipsis", pad=True)
        for column, figure, cells in zip(COLUMNS, row, sizes, strict=True):
            style = "dim" if figure == "·" else column.style
            line.append(" " * _gap(column, gap)).append(figure.rjust(cells), style)
        yield line


def _gap(column: Column, gap: int) -> int:
    return gap + 1 if column is COLUMNS[4] else gap


def _groups(size: int, sizes: Sequence[int], gap: int) -> Text:
    """The line above the headings, with a rule over each group of columns."""
    line = Text(" " * size, style="dim")
    for group in ("documents", "characters"):
        mine = [cells for c, cells in zip(COLUMNS, sizes, strict=True) if c.group == group]
        span = sum(mine) + gap * (len(mine) - 1)
        line.append(" " * (gap if group == "documents" else gap + 1))
        line.append(f" {group} ".center(span, "─"))
    return line


def books(report: RunReport) -> list[str]:
    """What does not balance; empty if every document and every character is accounted for."""
    from cleaner.engine.tally import faults

    found = [fault for s in report.stages for fault in faults(s.name, s.counts)]
    try:
        check_balance(report, [])
    except BalanceError as error:
        found += [line.strip() for line in str(error).split("\n")[1:]]
    return found


def _books(report: RunReport) -> Text:
    found = books(report)
    line = _labelled("balance")
    if found:
        return line.append("; ".join(map(inert, found)), "bold red")
    line.append("ok", "green")
    return line.append("  characters in = kept + rewritten + cut + dropped + quarantined", "dim")


def _rules(report: RunReport, stages: Mapping[str, Stage | None], width: int) -> Iterator[Text]:
    """The rules that did most, each with its reason and one example."""
    found = [
        (rule, facts, _reason(rule, facts, stages[s.name]))
        for s in report.stages
        for rule, facts in s.rules.items()
    ]
    if not found:
        return
    found.sort(key=lambda item: (-item[1]["chars"], -item[1]["count"], item[0]))
    top = found[:TOP_RULES]
    size = min(width // 3, max(cell_len(inert(rule)) for rule, *_ in top))
    yield Text()
    yield Text(f"{'rule'.ljust(size)}   times   chars  reason", style="dim")
    for rule, facts, reason in top:
        line = Text(inert(rule), style=_STYLES.get(facts["action"], ""))
        line.truncate(size, overflow="ellipsis", pad=True)
        chars = short(facts["chars"]) if facts["chars"] else "·"
        line.append(f"  {short(facts['count']):>6}  {chars:>6}  ", "default")
        yield _cut(line.append(inert(reason), "default"), width)
        for sample in facts["samples"][:1]:
            yield _cut(Text("    ").append_text(example(facts["action"], sample)), width)
    if len(found) > len(top):
        rest = plural(len(found) - len(top), "more rule")
        yield Text(f"… and {rest}: {_shell(report, 'reports', 'report.json')}", style="dim")


_STYLES = {"cut": "red", "drop": "bold red", "rewrite": "cyan"}


def _reason(rule: str, facts: Mapping[str, Any], stage: Stage | None) -> str:
    reason = facts.get("reason") or (stage.rules().get(rule, "") if stage else "")
    return str(reason)


def example(action: str, sample: Mapping[str, Any]) -> Text:
    """What a rule was applied to, on one line: the text that went, or before → after."""
    before, after = str(sample["before"]), str(sample["after"])
    if action != "rewrite":
        return Text("e.g. ", style="dim").append(inert(" ".join(before.split())) or visible(before))
    return Text("e.g. ", style="dim").append(f"{visible(before)} → {visible(after) or '(nothing)'}")


def _quarantine(report: RunReport) -> Iterator[Text]:
    if not report.quarantine:
        return
    yield Text()
    total = sum(report.quarantine.values())
    line = _labelled("quarantine").append(plural(total, "record"), "yellow")
    yield line.append(f", see {_shell(report, 'quarantine')}", "dim")
    for reason, count in sorted(report.quarantine.items(), key=lambda r: (-r[1], r[0])):
        yield Text(" " * _LABEL).append(f"{short(count):>6}  {inert(reason)}")


def _warnings(report: RunReport, stages: Mapping[str, Stage | None], width: int) -> Iterator[Text]:
    lines = [w for s in report.stages[1:] if (w := idle(s, stages[s.name], report))]
    lines += [w for s in report.stages[1:] for w in remarks(s, stages[s.name])]
    if not report.corpus["documents"]:
        lines.append("the corpus is empty: every document was dropped or quarantined")
    if lines:
        yield Text()
    for text in lines:
        indent = " " * _LABEL
        label = _labelled("warning", "yellow")
        for number, row in enumerate(_wrapped(text, width - _LABEL)):
            yield (label if number == 0 else Text(indent)).append(row, "yellow")


def remarks(stage: StageReport, known: Stage | None) -> list[str]:
    """What the merges of a stage noted, in words."""
    words = known.notes() if known else {}
    return [
        f"{inert(stage.name)}: {number:,} {words.get(name, inert(name))}"
        for name, number in stage.notes.items()
        if known is None or name not in known.figures
    ]


def idle(stage: StageReport, known: Stage | None, report: RunReport) -> str:
    """A warning about a stage that had no effect; '' if it had one, be it that it annotated."""
    counts = stage.counts
    if stage.rules or counts["docs_dropped"] or counts["docs_quarantined"]:
        return ""
    name = inert(stage.name)
    if not counts["docs_in"]:
        return f"{name}: no document reached it"
    if known is None:
        return f"{name} changed nothing; that is right only if it is there to annotate"
    has_noted = bool(known.adds) and not known.rules()
    has_named = "lang" in known.adds and any(report.corpus.get("langs", {}))
    if has_noted or has_named:
        return ""
    return f"{name} had no effect: no rule of it applied; are its settings, and its place, right?"


def _languages(report: RunReport) -> Iterator[Text]:
    langs = {k: v for k, v in report.corpus.get("langs", {}).items() if k}
    if not langs:
        return
    ranked = sorted(langs.items(), key=lambda i: (-i[1], i[0]))
    shown = [f"{inert(lang)} {short(count)}" for lang, count in ranked[:TOP_LANGUAGES]]
    rest = len(langs) - len(shown)
    more = [f"{rest} more"] if rest else []
    unknown = report.corpus["langs"].get("", 0)
    untold = [f"not told {short(unknown)}"] if unknown else []
    yield Text()
    yield _labelled("languages").append(" · ".join([*shown, *more, *untold]))


def _places(report: RunReport, width: int) -> Iterator[Text]:
    words = plural(report.corpus.get("words", 0), "word")
    yield Text()
    documents = plural(report.corpus["documents"], "document")
    line = _labelled("corpus").append(_shell(report, "corpus"), "bold")
    tokens = report.corpus.get("tokens")
    counted = "" if tokens is None else f", {plural(tokens, 'token')}"
    facts = f"  {documents}, {words}{counted}"
    if len(line) + len(facts) <= width:
        yield line.append(facts, "dim")
    else:
        yield line
        yield Text(" " * _LABEL + facts.strip(), style="dim")
    yield (
        _labelled("report")
        .append(_shell(report, "reports", "report.html"))
        .append("  for a browser", "dim")
    )
    yield from _time(report, width)
    commands = (
        (f"cleaner restore {_shell(report)} DOC_ID", "any original, kept or dropped"),
        (f"cleaner explain {_shell(report)} DOC_ID", "what went, and why"),
        (f"cleaner report {_shell(report)}", "this again"),
    )
    size = max(len(command) for command, _ in commands)
    for number, (command, purpose) in enumerate(commands):
        line = (_labelled("next") if number == 0 else Text(" " * _LABEL)).append(command)
        if _LABEL + size + 2 + max(len(p) for _, p in commands) <= width:
            line.append(" " * (size - len(command) + 2) + purpose, "dim")
        yield line


def _time(report: RunReport, width: int) -> Iterator[Text]:
    """Seconds, speed, and the stages that took most of the workers' time."""
    wall = report.timings.get("wall_seconds")
    if not wall:
        return
    size = report.timings.get("text_megabytes", 0) * 1e6
    line = _labelled("time").append(duration(wall))
    if size:
        line.append(f", {rate(size, wall)}").append(f" ({megabytes(size)} of text)", "dim")
    if report.up_to_date:
        line.append(", when it ran", "dim")
    if (compiled := report.timings.get("compile_seconds", 0)) >= 1:
        line.append(f", {duration(compiled)} of it compiling, once", "dim")
    seconds = {n: s["seconds"] for n, s in report.timings.get("stages", {}).items()}
    total = sum(seconds.values())
    slow = sorted(seconds.items(), key=lambda i: (-i[1], i[0]))[:3]
    if total and (text := "  " + ", ".join(f"{inert(n)} {s / total:.0%}" for n, s in slow)):
        line.append(text if len(line) + len(text) <= width else "", "dim")
    yield line


def _labelled(label: str, style: str = "dim") -> Text:
    return Text().append(label.ljust(_LABEL), style)


def _shell(report: RunReport, *parts: str) -> str:
    """A path in the run's folder, as a shell takes it."""
    return shlex.quote(inert(str(report.output.joinpath(*parts))))


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, max(20, width))
