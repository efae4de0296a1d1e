"""What a run would do, without doing any of it: nothing is written, no folder is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from cleaner.config.load import resolved_yaml
from cleaner.config.model import RunConfig
from cleaner.engine import memory, publish
from cleaner.engine.disk import Forecast, forecast
from cleaner.engine.job import find_inputs, run_identity
from cleaner.engine.phases import Op, Phase, phases_of
from cleaner.errors import CleanerError
from cleaner.io.chunks import chunk_bytes, plan_chunks
from cleaner.io.inputs import InputFile
from cleaner.stages.base import CorpusStage, MapStage, Stage

State: TypeAlias = Literal["new", "up_to_date", "outdated", "half_done", "refused"]


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """One phase: its number, kind, label, and its ops (`noise`, `near_duplicates: Sketch`).

    `tasks` is known for reading only; later phases are cut by what was read.
    """

    number: int
    kind: str
    label: str
    ops: tuple[str, ...]
    tasks: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """Input files of one format: `jsonl.gzip`, how many, and their bytes as stored."""

    format: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Output:
    """The run's folder, what lies there (`State`), and what that means for the run."""

    folder: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class PlanText:
    """A run before it is run.

    Attributes:
        name: of the run.
        config: with every default, as YAML.
        phases: in order.
        files, bytes: of the input, as stored.
        formats: the same by format, sorted by name.
        skipped: reason → files that are passed over; `examples` are some of them (reason, place).
        chunks: tasks that read.
        workers: processes; 1 means that no further process is started.
        disk: what the run may take of the disk, and what is free.
        output: the run's folder.
    """

    name: str
    config: str
    phases: tuple[PlannedPhase, ...]
    files: int
    bytes: int
    formats: tuple[Group, ...]
    skipped: dict[str, int]
    examples: tuple[tuple[str, str], ...]
    chunks: int
    workers: int
    disk: Forecast
    output: Output

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "config": self.config,
            "phases": [
                {
                    "number": p.number,
                    "kind": p.kind,
                    "label": p.label,
                    "ops": list(p.ops),
                    "tasks": p.tasks,
                }
                for p in self.phases
            ],
            "input": {
                "files": self.files,
                "bytes": self.bytes,
                "formats": {g.format: {"files": g.files, "bytes": g.bytes} for g in self.formats},
                "skipped": self.skipped,
                "examples": [list(e) for e in self.examples],
            },
            "chunks": self.chunks,
            "workers": self.workers,
            "disk": {
                "text_bytes": self.disk.text,
                "least_bytes": self.disk.least,
                "most_bytes": self.disk.most,
                "free_bytes": self.disk.free,
            },
            "output": {
                "folder": self.output.folder,
                "state": self.output.state,
                "detail": self.output.detail,
            },
        }


def describe(config: RunConfig) -> PlanText:
    """Say what a run of this config would read, do and write.

    Lists the input and opens the footers of Parquet files; no text is read and nothing is written.

    Raises:
        InputError: an input is missing, or there is nothing to read.
        ConfigError: the steps of a stage cannot be run in their order.
    """
    phases = phases_of(config)
    found = find_inputs(config)
    size = chunk_bytes(found.files, config.engine.shard_bytes)
    chunks = len(plan_chunks(found.files, size))
    return PlanText(
        name=config.name,
        config=resolved_yaml(config),
        phases=tuple(_planned(p, config.stages, chunks) for p in phases),
        files=len(found.files),
        bytes=sum(f.size for f in found.files),
        formats=tuple(_groups(found.files)),
        skipped=dict(found.skipped),
        examples=found.examples,
        chunks=chunks,
        workers=_workers(config),
        disk=forecast(
            found.files, config.stages, Path(config.output), placed=config.write.is_placed
        ),
        output=_output(Path(config.output), run_identity(config, found, None, None), phases),
    )


def _planned(phase: Phase, stages: Sequence[Stage], chunks: int) -> PlannedPhase:
    ops = tuple(_op(op, stages) for op in phase.ops)
    tasks = chunks if phase.kind == "read" else None
    return PlannedPhase(phase.number, phase.kind, phase.label, ops, tasks)


def _op(op: Op, stages: Sequence[Stage]) -> str:
    """A map stage by its name; a step of a corpus stage with its kind."""
    stage = stages[op.stage]
    if op.step is None or not isinstance(stage, MapStage | CorpusStage):
        return stage.name
    return f"{stage.name}: {type(stage.steps()[op.step]).__name__}"


def _groups(files: Iterable[InputFile]) -> list[Group]:
    totals: dict[str, tuple[int, int]] = {}
    for file in files:
        name = file.format if file.compression is None else f"{file.format}.{file.compression}"
        count, size = totals.get(name, (0, 0))
        totals[name] = (count + 1, size + file.size)
    return [Group(name, *totals[name]) for name in sorted(totals)]


def _workers(config: RunConfig) -> int:
    if config.engine.kind == "inline":
        return 1
    return memory.workers_for(config.engine, memory.available_cpus())


def _output(folder: Path, identity: str, phases: Sequence[Phase]) -> Output:
    """What lies in the output folder, and what a run would do with it."""

    def said(state: State, detail: str) -> Output:
        return Output(str(folder), state, detail)

    try:
        publish.check_folder(folder)
        if publish.finished(folder, identity) is not None:
            return said(
                "up_to_date", "a finished run of this very config and input; nothing would be done"
            )
        begun = _begun(folder / "work", phases)
        has_finished = (folder / "manifest.json").is_file()
    except CleanerError as error:
        return said("refused", str(error))
    except OSError as error:
        return said("refused", f"{folder} cannot be looked into: {error.strerror or error}")
    if begun:
        replaced = "; the finished run beside it is replaced at the end" if has_finished else ""
        return said(
            "half_done", f"a run that was stopped: {begun}; what still fits is kept{replaced}"
        )
    if has_finished:
        return said(
            "outdated",
            "a finished run of another config, input or version; it is replaced at the end",
        )
    return said("new", "does not exist yet" if not folder.exists() else "is empty")


def _begun(work: Path, phases: Sequence[Phase]) -> str:
    """The committed tasks of a run that was stopped, by phase; '' if there are none."""
    counts = []
    for phase in phases:
        folder = work / phase.folder
        done = (
            sum(1 for p in folder.glob("[0-9]*.json") if p.stem.isdigit()) if folder.is_dir() else 0
        )
        if done:
            counts.append(f"{phase.folder} {done}")
    return f"tasks done: {', '.join(counts)}" if counts else ""
