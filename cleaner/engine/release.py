"""Files of `work/` that no later phase reads: deleted while the run goes on, unless it keeps them.

A phase's folder names what was deleted in the file `released`, written before anything goes. A run
that is resumed takes such tasks as done. If the config was changed, so that a phase must run again
that reads what is gone, the phases that made it run again, too; tasks give the same bytes however
often they run, so nothing downstream changes by that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from cleaner.engine.context import Context
from cleaner.engine.layout import step_of
from cleaner.engine.phases import Phase
from cleaner.io.store import write_bytes
from cleaner.stages.steps import Merge

EXCHANGE = "exchange.arrow"
STATE = ("docs.arrow", "passages.arrow", "notes.arrow")
MARKER = "released"

Files = tuple[int, str]
"""A phase, and the end of the names of some files that each of its tasks writes."""


def readers(context: Context) -> dict[Files, list[int]]:
    """Which phases read which files; what is not named here is read to the end."""
    found: dict[Files, list[int]] = {}

    def reads(phase: Phase, source: int | None, suffixes: Iterable[str]) -> None:
        if source is not None:
            for suffix in suffixes:
                found.setdefault((source, suffix), []).append(phase.number)

    last = context.phases[context.write_phase]
    for phase in context.phases:
        reads(phase, phase.source if phase.kind == "merge" else None, (EXCHANGE,))
        reads(phase, phase.home, (EXCHANGE,))
        reads(phase, phase.state, STATE)
        if phase.kind == "merge":
            step = step_of(context, phase.ops[0])
            if isinstance(step, Merge) and step.pairs:
                reads(last, phase.number, (EXCHANGE,))
    return found


def released(folder: Path) -> frozenset[str]:
    """What was deleted of a phase's files: ends of names."""
    try:
        return frozenset((folder / MARKER).read_text("ascii").split())
    except (OSError, ValueError):
        return frozenset()


def release(context: Context, done: int) -> None:
    """Delete what is read by no phase after `done`, a phase all of whose tasks are committed."""
    gone: dict[int, set[str]] = {}
    for (phase, suffix), by in readers(context).items():
        if max(by) == done:
            gone.setdefault(phase, set()).add(suffix)
    for phase, suffixes in gone.items():
        folder = context.folder(phase)
        names = sorted(released(folder) | suffixes)
        write_bytes(folder / MARKER, " ".join(names).encode())
        for suffix in suffixes:
            for path in folder.glob(f"[0-9]*.{suffix}"):
                path.unlink(missing_ok=True)


def forget(folder: Path) -> None:
    """A phase runs again: all of its files will be there."""
    (folder / MARKER).unlink(missing_ok=True)


def made_again(context: Context, front: int) -> frozenset[int]:
    """Of the phases before `front`, the first that is not done: those that must run once more.

    A phase must if a file of it was deleted that `front`, a later phase, or another phase that runs
    once more reads.
    """
    gone = {p.number: released(context.folder(p.number)) for p in context.phases[:front]}
    return _made_again(readers(context), gone, range(front, len(context.phases)))


def _made_again(
    read_by: Mapping[Files, Sequence[int]],
    gone: Mapping[int, Collection[str]],
    running: Iterable[int],
) -> frozenset[int]:
    runs = set(running)
    again: set[int] = set()
    for phase in sorted(gone, reverse=True):  # its readers come after it
        if any(not runs.isdisjoint(read_by.get((phase, suffix), ())) for suffix in gone[phase]):
            runs.add(phase)
            again.add(phase)
    return frozenset(again)
