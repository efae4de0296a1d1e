"""Tasks: what a worker runs. A task gives the same bytes wherever and however often it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa

from cleaner.batch import Batch
from cleaner.engine.breadcrumbs import (
    Suspect,
    Trail,
    crumb_path,
    in_words,
    read_crumb,
    suspects_of,
)
from cleaner.engine.context import Context, load_context
from cleaner.engine.host import Host
from cleaner.engine.layout import exchange_paths, folder_of, step_of
from cleaner.engine.load import BASE_COLUMNS, Loaded, load
from cleaner.engine.merge_task import run_merge, scatter
from cleaner.engine.phases import Phase
from cleaner.engine.place_task import run_place
from cleaner.engine.read_task import run_read
from cleaner.engine.write_task import run_write
from cleaner.errors import CleanerError, describe
from cleaner.io import exchange
from cleaner.io.schema import QUARANTINE
from cleaner.io.sealed import sealed_writer
from cleaner.io.state import StateWriter
from cleaner.io.store import Files, Manifest
from cleaner.stages.base import MapStage
from cleaner.stages.steps import Apply, Merge, Repeat, Sketch, Step
from cleaner.stages.veil import veil_of
from cleaner.text.jit import compile_seconds


@dataclass(frozen=True, slots=True)
class Task:
    """Paths and numbers, no code: it can be printed, sent to another machine, and run again."""

    context: str
    digest: str
    phase: int
    index: int
    fingerprint: str
    suspects: tuple[Suspect, ...] = ()
    """Documents that earlier attempts died on."""
    reads: int = -1
    """The round whose rows it reads, of a merge that repeats; -1: those of the phase before."""
    round: int = -1
    """The round that it is of; -1: the phase's own task."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TaskReport:
    """A task that is done: its commit, and how long it took (not part of any output)."""

    task: Task
    manifest: Manifest
    wall: float


def execute(task: Task, *, isolated: bool = False) -> TaskReport:
    """Run a task and commit it; `isolated` if this process may die without harm to the run.

    Raises:
        CleanerError: it failed; what a stage raised outside of a document is told as one, too, for
            an error of someone else's may not come through to another process.
        OSError, MemoryError: the machine's, as they are.
    """
    try:
        return _execute(task, isolated=isolated)
    except (CleanerError, OSError, MemoryError):
        raise
    except Exception as error:
        raise CleanerError(_explain(task, error)) from error


def _explain(task: Task, error: Exception) -> str:
    """Which task failed of which phase, where in the code, and what to do."""
    phase = load_context(task.context, task.digest).phases[task.phase]
    return (
        f"task {task.index} of phase {phase.folder} ({phase.label}) failed: {describe(error)}; "
        "this is a fault of the stage's code, or of cleaner: mend it, or report it with the "
        "config; finished work is kept"
    )


def _execute(task: Task, *, isolated: bool) -> TaskReport:
    started = time.perf_counter()
    cpu = time.process_time()
    compiled = compile_seconds()
    context = load_context(task.context, task.digest)
    phase = context.phases[task.phase]
    folder = folder_of(context, phase, task.round)
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(folder, task.index)
    limit = context.config.engine.document_seconds if phase.kind == "map" else None
    trail = Trail(
        *(folder, task.index, task.fingerprint),
        suspects=task.suspects,
        seconds=limit,
        isolated=isolated,
    )
    if phase.kind == "read":
        with trail:
            counts, seconds = run_read(context, task.index, files, trail)
    elif phase.kind == "map":
        assert limit is not None
        host = Host(trail, limit, veil_of(context.stages))
        with trail:
            counts, seconds = _run_map(context, phase, task, files, host)
    elif phase.kind == "merge":
        counts, seconds = run_merge(
            context, phase, task.index, files, reads=task.reads, number=task.round
        )
    elif phase.kind == "write":
        counts, seconds = run_write(context, phase, task.index, files)
    else:
        counts, seconds = run_place(context, task.index, files)
    wall = time.perf_counter() - started
    seconds |= {
        "_wall": wall,
        "_cpu": time.process_time() - cpu,
        "_compile": compile_seconds() - compiled,
    }
    return TaskReport(task, files.commit(task.fingerprint, counts, seconds), wall)


def after_death(task: Task, pids: Container[int] | None = None) -> tuple[Task, str]:
    """A task whose process died, for its next attempt; and what it died on, "" if nobody knows.

    With `pids`, only one of these processes counts as dead by itself: others were ended with it.
    """
    context = load_context(task.context, task.digest)
    path = crumb_path(context.folder(task.phase), task.index)
    crumb = read_crumb(path)
    path.unlink(missing_ok=True)  # a death counts once
    if crumb is None or crumb.fingerprint != task.fingerprint or crumb.now is None:
        return task, ""
    if pids is not None and crumb.pid not in pids:
        return task, ""
    words = in_words(crumb)
    if context.phases[task.phase].kind == "read":
        words = f"{words}, {describe_task(task)}"
    return replace(task, suspects=suspects_of(crumb)), words


def describe_task(task: Task) -> str:
    """A task in words: its phase, and the files that it reads."""
    context = load_context(task.context, task.digest)
    phase = context.phases[task.phase]
    words = f"task {task.index} of phase {phase.folder} ({phase.label})"
    if phase.kind != "read":
        return words
    files = [context.files[part[0]].source for part in context.chunks[task.index].files]
    return f"{words}: {', '.join(files[:3])}{', …' if len(files) > 3 else ''}"


@dataclass(frozen=True, slots=True)
class Opened:
    """An op with what its stage built for this worker."""

    name: str
    number: int
    step: Step | None
    function: Callable[..., Any]
    takes_rows: bool = False
    """Whether it gets what a merge sent home."""


@lru_cache(maxsize=2)
def _open_phase(path: str, digest: str, number: int) -> tuple[Opened, ...]:
    """The ops of a phase, opened once in a worker."""
    context = load_context(path, digest)
    opened = []
    for op in context.phases[number].ops:
        stage = context.stages[op.stage]
        if stage.digest() != context.digests[op.stage]:
            raise CleanerError(
                f"what stage {stage.name} reads (rules, models, indexes) was changed while the run "
                "went on; run the same command again"
            )
        if op.step is None:
            assert isinstance(stage, MapStage)
            opened.append(Opened(stage.name, op.stage, None, stage.open()))
            continue
        step = step_of(context, op)
        assert isinstance(step, Sketch | Apply)
        function = step.rows if isinstance(step, Sketch) else step.batch
        opened.append(Opened(stage.name, op.stage, step, function, takes_rows=op.step > 0))
    return tuple(opened)


def _run_map(
    context: Context, phase: Phase, task: Task, files: Files, host: Host
) -> tuple[dict[str, Any], dict[str, float]]:
    """All ops of a map phase on the batches of a shard."""
    ops = _open_phase(task.context, task.digest, phase.number)
    home = None
    if phase.home is not None:
        source = context.phases[phase.home]
        merge = step_of(context, source.ops[0])
        assert isinstance(merge, Merge | Repeat)
        paths = exchange_paths(context, source)
        home = exchange.read_home(paths, task.index, merge.order, len(context.shards))
    sketches: list[pa.Table] = []
    state = StateWriter(files, BASE_COLUMNS)
    with sealed_writer(files.path("quarantine.arrow"), QUARANTINE) as quarantine:
        for _, loaded in load(context, task.index, phase.state):
            batch, tables = _run_ops(host, ops, home, loaded)
            sketches += tables
            state.write(batch)
            bad = host.take_quarantine()
            if bad.num_rows:
                quarantine.write_batch(bad)
    state.close()
    last = ops[-1].step if ops else None
    if isinstance(last, Sketch):
        table = pa.concat_tables(sketches) if sketches else last.schema.empty_table()
        if last.combine is not None:
            table = last.combine(table)
        table = table.select(last.schema.names)
        with sealed_writer(files.path("exchange.arrow"), table.schema) as out:
            scatter(context, phase, out, table, last.key, last.order)
    return {"stages": host.tallies, "quarantine": host.bad}, host.seconds


def _run_ops(
    host: Host, ops: Sequence[Opened], home: pa.Table | None, loaded: Loaded
) -> tuple[Batch, list[pa.Table]]:
    """All ops of a phase on one batch: the batch then, and what was sketched of it."""
    batch, sketches = loaded.batch, []
    rows = _slice_home(home, loaded)
    for op in ops:
        if op.step is None:
            batch = host.run(op.name, op.number, op.function, loaded, batch)
            continue
        with_rows = partial(_with_rows, op.function, rows if op.takes_rows else None)
        if isinstance(op.step, Apply):
            batch = host.run(op.name, op.number, with_rows, loaded, batch)
        else:
            edits = isinstance(op.step, Sketch) and op.step.edits
            batch, tables = host.sketch(op.name, op.number, with_rows, loaded, batch, edits=edits)
            sketches += tables
    return batch, sketches


def _with_rows(function: Callable[..., Any], rows: pa.Table | None, batch: Batch) -> Any:
    """A step's function, given what came home to the documents that are still there."""
    if rows is not None:
        ordinals = rows.column("ordinal").to_numpy()
        rows = rows.filter(pa.array(np.isin(ordinals, batch.ordinals)))
    return function(batch, rows)


def _slice_home(home: pa.Table | None, loaded: Loaded) -> pa.Table | None:
    """The rows about the documents of one batch."""
    if home is None:
        return None
    ordinals = home.column("ordinal").to_numpy()
    low, high = np.searchsorted(ordinals, [loaded.base, loaded.base + loaded.originals.num_rows])
    return home.slice(low, high - low)
