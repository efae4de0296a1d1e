"""Which tasks a phase has, what they do, and where their files lie."""

from __future__ import annotations

from pathlib import Path

from cleaner.engine.context import Context
from cleaner.engine.phases import Op, Phase
from cleaner.stages.base import CorpusStage, MapStage
from cleaner.stages.steps import Step

ROUNDS = "rounds"
"""The folder, within that of a phase, for what its rounds write."""


def task_count(context: Context, phase: Phase) -> int:
    """How many tasks a phase has; from the data alone, never from the workers."""
    if phase.kind == "read":
        return len(context.chunks)
    if phase.kind == "map":
        return len(context.shards)
    if phase.kind == "merge":
        assert phase.source is not None
        is_alone = phase.repeats and phase.number not in context.spread
        return 1 if is_alone or context.phases[phase.source].single else context.partitions
    return len(context.places) if phase.kind == "place" else context.parts


def step_of(context: Context, op: Op) -> Step:
    """The step of a corpus stage that an op names."""
    stage = context.stages[op.stage]
    assert isinstance(stage, MapStage | CorpusStage)
    assert op.step is not None
    return stage.steps()[op.step]


def partitions_of(context: Context, phase: Phase) -> int:
    """Into how many partitions the rows that a phase writes are cut."""
    if phase.goes_home:
        return len(context.shards)
    return 1 if phase.single else context.partitions


def folder_of(context: Context, phase: Phase, number: int = -1) -> Path:
    """Where a phase's files lie, or with a `number` those of one of its rounds."""
    folder = context.folder(phase.number)
    return folder if number < 0 else folder / ROUNDS / f"{number:03d}"


def exchange_paths(context: Context, phase: Phase, number: int = -1) -> list[Path]:
    """The rows that a phase wrote for another, or one of its rounds: a file a task."""
    folder = folder_of(context, phase, number)
    tasks = task_count(context, phase) if number < 0 else context.partitions
    return [folder / f"{index:05d}.exchange.arrow" for index in range(tasks)]
