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
from cleaner.engine import memory
from cleaner.engine.breadcrumbs import (
    Suspect,
    Trail,
    crumb_path,
    in_words,
    read_crumb,
    suspects_of,
)
from cleaner.engine.context import Context, load_context
from cleaner.engine.host import Host, describe
from cleaner.engine.load import BASE_COLUMNS, Loaded, load
from cleaner.engine.phases import Op, Phase
from cleaner.engine.read_task import run_read
from cleaner.engine.write_task import run_write
from cleaner.errors import CleanerError
from cleaner.io import exchange
from cleaner.io.schema import QUARANTINE
from cleaner.io.state import StateWriter
from cleaner.io.store import Files, Manifest, ipc_writer
from cleaner.stages.base import CorpusStage, MapStage
from cleaner.stages.steps import HOME, Apply, Merge, Note, Sketch, Step
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
    folder = context.folder(task.phase)
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
        with trail:
            counts, seconds = _run_map(context, phase, task, files, Host(trail, limit))
    elif phase.kind == "merge":
        counts, seconds = _run_merge(context, phase, task.index, files)
    else:
        counts, seconds = run_write(context, phase, task.index, files)
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


def task_count(context: Context, phase: Phase) -> int:
    """How many tasks a phase has; from the data alone, never from the workers."""
    if phase.kind == "read":
        return len(context.chunks)
    if phase.kind == "map":
        return len(context.shards)
    if phase.kind == "merge":
        assert phase.source is not None
        return 1 if context.phases[phase.source].single else context.partitions
    return max(1, -(-context.documents // context.config.write.documents_per_part))


def step_of(context: Context, op: Op) -> Step:
    """The step of a corpus stage that an op names."""
    stage = context.stages[op.stage]
    assert isinstance(stage, CorpusStage)
    assert op.step is not None
    return stage.steps()[op.step]


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
        paths = [
            context.folder(source.number) / f"{i:05d}.exchange.arrow"
            for i in range(task_count(context, source))
        ]
        merge = step_of(context, source.ops[0])
        assert isinstance(merge, Merge)
        home = exchange.read_home(paths, task.index, merge.order)
    sketches: list[pa.Table] = []
    state = StateWriter(files, BASE_COLUMNS)
    with ipc_writer(files.path("quarantine.arrow"), QUARANTINE) as quarantine:
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
        _scatter(context, phase, files, table.select(last.schema.names), last.key, last.order)
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


def _run_merge(
    context: Context, phase: Phase, index: int, files: Files
) -> tuple[dict[str, Any], dict[str, float]]:
    """One partition of a merge."""
    assert phase.source is not None
    source = context.phases[phase.source]
    step = step_of(context, phase.ops[0])
    before = step_of(context, source.ops[-1])
    assert isinstance(step, Merge)
    assert isinstance(before, Sketch | Merge)
    paths = [
        context.folder(source.number) / f"{i:05d}.exchange.arrow"
        for i in range(task_count(context, source))
    ]
    size = memory.sort_bytes(context.config.engine)
    stream = exchange.read(paths, index, (before.key, *before.order), bytes_at_once=size)
    notes: dict[str, int] = {}
    out = []
    for part in step.rows(stream):
        if isinstance(part, Note):
            notes[part.name] = notes.get(part.name, 0) + part.number
        else:
            out.append(part)
    table = pa.Table.from_batches(out, step.schema) if out else step.schema.empty_table()
    _scatter(context, phase, files, table, step.key, step.order)
    return {"rows": table.num_rows, "notes": notes}, {}


def _with_rows(function: Callable[..., Any], rows: pa.Table | None, batch: Batch) -> Any:
    """A step's function, given what came home to the documents that are still there."""
    if rows is not None:
        ordinals = rows.column("ordinal").to_numpy()
        rows = rows.filter(pa.array(np.isin(ordinals, batch.ordinals)))
    return function(batch, rows)


def _scatter(
    context: Context, phase: Phase, files: Files, table: pa.Table, key: str, order: Sequence[str]
) -> None:
    """Write rows for the next phase, each to its partition or to its home."""
    keys = table.column(key).combine_chunks().to_numpy()
    if key == HOME:
        partitions = len(context.shards)
        target = exchange.by_home(keys, context.bases)
    else:
        partitions = 1 if phase.single else context.partitions
        target = exchange.by_hash(keys, partitions)
    exchange.write(files.path("exchange.arrow"), table, target, partitions, (key, *order))


def _slice_home(home: pa.Table | None, loaded: Loaded) -> pa.Table | None:
    """The rows about the documents of one batch."""
    if home is None:
        return None
    ordinals = home.column("ordinal").to_numpy()
    low, high = np.searchsorted(ordinals, [loaded.base, loaded.base + loaded.originals.num_rows])
    return home.slice(low, high - low)
