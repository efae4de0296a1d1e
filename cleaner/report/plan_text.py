"""A plan on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from cleaner.report.figures import megabytes, plural
from cleaner.report.inert import inert

if TYPE_CHECKING:
    from cleaner.engine.plan import PlannedPhase, PlanText

_LABEL = 10
_SHOWN = 3
"""Examples of files that are passed over, for each reason."""
REASONS = {
    "extension": "with another extension",
    "symlink": "symbolic links",
    "symlink_outside": "symbolic links that lead out of the folder",
    "not_a_file": "devices, pipes and the like",
    "unreadable": "that cannot be opened",
    "copy": "named by more than one input; read once",
}
_STATES = {
    "up_to_date": "green",
    "half_done": "yellow",
    "outdated": "yellow",
    "refused": "bold red",
}


def print_plan(plan: PlanText, console: Console) -> None:
    """Print what would be read, the phases, the disk that it takes, and the output folder."""
    for line in plan_lines(plan):
        console.print(line)


def plan_lines(plan: PlanText) -> Iterator[Text]:
    """The lines of a plan; paths and names are inert."""
    yield Text(inert(plan.name), style="bold").append("  nothing has been run", "not bold dim")
    yield Text()
    yield _labelled("config", "can be run; --resolved prints it with every default")
    yield Text()
    yield from _input(plan)
    yield Text()
    yield from _phases(plan)
    yield Text()
    yield from _disk(plan)
    yield from _output(plan)


def _input(plan: PlanText) -> Iterator[Text]:
    yield _labelled("input", f"{plural(plan.files, 'file')}, {megabytes(plan.bytes)}")
    width = max((len(g.format) for g in plan.formats), default=0)
    for group in plan.formats:
        figures = (
            f"{group.format:<{width}}  {plural(group.files, 'file')}, {megabytes(group.bytes)}"
        )
        yield Text(" " * _LABEL + figures)
    if not plan.skipped:
        return
    yield _labelled("skipped", plural(sum(plan.skipped.values()), "file"), "yellow")
    for reason, count in sorted(plan.skipped.items()):
        yield Text(" " * _LABEL + f"{count:,} {REASONS.get(reason, inert(reason))}")
        places = [place for why, place in plan.examples if why == reason]
        for place in places[:_SHOWN]:
            yield Text(" " * (_LABEL + 2) + inert(place), style="dim")
        if count > _SHOWN and places:
            yield Text(" " * (_LABEL + 2) + "…", style="dim")


def _phases(plan: PlanText) -> Iterator[Text]:
    workers = "in this process" if plan.workers == 1 else f"by {plan.workers} worker processes"
    yield _labelled("phases", f"{len(plan.phases)}, run {workers}")
    for phase in plan.phases:
        line = Text(f"{phase.number + 1:>{_LABEL - 2}}  ", style="dim")
        line.append(f"{phase.kind:<7}", "cyan" if phase.kind == "merge" else "bold")
        yield line.append(_ops(phase))


def _ops(phase: PlannedPhase) -> str:
    """What a phase does, in the words of a run's progress."""
    if phase.tasks is not None:
        return plural(phase.tasks, "task")
    return inert(phase.label) if phase.ops else "corpus, ledger, duplicates, reports"


def _disk(plan: PlanText) -> Iterator[Text]:
    """What the run may take of the disk, from the sizes of the files alone."""
    need = plan.disk
    style = "bold red" if need.fault else "yellow" if need.warning else ""
    yield _labelled(
        "disk", f"{megabytes(need.least)} to {megabytes(need.most)} while it runs", style
    )
    about = f"for about {megabytes(need.text)} of text; {megabytes(need.free)} are free"
    yield Text(" " * _LABEL + about, style="dim")


def _output(plan: PlanText) -> Iterator[Text]:
    output = plan.output
    yield _labelled("output", inert(output.folder))
    yield Text(" " * _LABEL + inert(output.detail), style=_STATES.get(output.state, "dim"))


def _labelled(label: str, text: str, style: str = "") -> Text:
    return Text(label.ljust(_LABEL), style="dim").append(text, style or "not dim")
