"""The driver: phases in order, tasks not yet done, counts that must balance, publishing."""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.config.model import RunConfig
from cleaner.engine import account, memory, publish, release, tally
from cleaner.engine.breadcrumbs import left_here, suspects_of
from cleaner.engine.compiled import COMPILES, is_compiled
from cleaner.engine.context import (
    Context,
    Selection,
    draw,
    partitions_for,
)
from cleaner.engine.disk import forecast
from cleaner.engine.done import done_before, task_fingerprints
from cleaner.engine.job import find_inputs, make_runner, priorities_of, run_identity
from cleaner.engine.layout import ROUNDS, folder_of, step_of, task_count
from cleaner.engine.observe import Load, Log, Observer, Silent
from cleaner.engine.phases import Phase, phases_of
from cleaner.engine.place_task import plan as plan_places
from cleaner.engine.runners import Runner, allow_many_files
from cleaner.engine.tasks import Task
from cleaner.engine.totals import run_report, timings
from cleaner.errors import CleanerError, InputError, TooManyBadRecords
from cleaner.io.chunks import chunk_bytes, plan_chunks
from cleaner.io.inputs import Found
from cleaner.io.store import (
    Manifest,
    clear,
    hash_file,
    lock,
    remove_temporary,
)
from cleaner.report.stats import RunReport
from cleaner.stages.steps import UNSETTLED, Repeat


def run(
    config: RunConfig,
    *,
    limit: int | None = None,
    sample: int | None = None,
    observer: Observer | None = None,
) -> RunReport:
    """Run a config, or go on with a run that was stopped.

    Args:
        config: what to do.
        limit: take the first documents only; the output folder's name gets a suffix.
        sample: take that many documents, chosen by the config's seed; likewise.
        observer: is told what happens.

    Raises:
        CleanerError: see `cleaner.errors`. Finished work is kept; the same command goes on with it.
    """
    if limit is not None and sample is not None:
        raise CleanerError("give a limit or a sample, not both")
    for name, number in (("limit", limit), ("sample", sample)):
        if number is not None and number < 1:
            raise CleanerError(f"a {name} must be at least 1, not {number}")
        if number is not None:
            folder = f"{config.output.rstrip('/')}-{name}-{number}"
            config = config.model_copy(update={"output": folder})
    output = Path(config.output)
    observer = observer or Silent()
    try:
        publish.check_folder(output)
        found = find_inputs(config)
        identity = run_identity(config, found, limit, sample)
        report = publish.finished(output, identity)
        if report is None and limit is None and sample is None:
            _look_at_disk(config, found, observer)
        if report is None or not (config.keep_work or not (output / "work").exists()):
            report = _locked(config, found, identity, observer, limit, sample)
    except OSError as error:
        raise _explain(error, output) from error
    if report.up_to_date:
        observer.message(f"{output} is up to date: same config, inputs and version; nothing to do")
    return report


def _locked(
    config: RunConfig,
    found: Found,
    identity: str,
    observer: Observer,
    limit: int | None,
    sample: int | None,
) -> RunReport:
    """Run, or tidy up after a run, while no other process works in the output's folder."""
    output = Path(config.output)
    with lock(output / "work"):
        report = publish.finished(output, identity)
        if report is None:
            allow_many_files()
            log = Log(output / "run.log", observer)
            if not is_compiled():
                log.message(COMPILES)
            log.write("run_started", identity=identity)
            try:
                report = _Run(config, found, output / "work", log, limit, sample).go(identity)
            except BaseException as error:
                with suppress(OSError):  # a full disk must not hide what happened
                    log.write("run_failed", error=f"{type(error).__name__}: {error}"[:2000])
                raise
            log.write("run_finished")
        if not config.keep_work:
            publish.remove_work(output / "work")
    return report


def _look_at_disk(config: RunConfig, found: Found, observer: Observer) -> None:
    """Refuse a run that its disk cannot hold; a run that was begun has taken its part already.

    Raises:
        CleanerError: see there.
    """
    output = Path(config.output)
    if (output / "work").exists():
        return
    need = forecast(found.files, config.stages, output, placed=config.write.is_placed)
    if need.fault:
        raise CleanerError(need.fault)
    if need.warning:
        observer.message(need.warning)


class _Run:
    """One run, from its first phase to the published output."""

    def __init__(
        self,
        config: RunConfig,
        found: Found,
        work: Path,
        log: Log,
        limit: int | None,
        sample: int | None,
    ) -> None:
        self._config = config
        self._found = found
        self._work = work
        self._log = log
        self._limit, self._sample = limit, sample
        self._manifests: list[list[Manifest]] = []
        self._totals = {s.name: tally.empty() for s in config.stages}
        self._seconds: list[dict[str, Any]] = []
        self._past: frozenset[int] = frozenset()
        self._context: Context | None = None
        self._path, self._digest = work, ""
        self._shard_bytes = chunk_bytes(found.files, config.engine.shard_bytes)
        self._room = memory.alone_bytes(config.engine)

    def go(self, identity: str) -> RunReport:
        started = time.perf_counter()
        config = self._config
        chunks = plan_chunks(self._found.files, self._shard_bytes)
        context = Context(
            work=self._work,
            config=config,
            files=self._found.files,
            chunks=tuple(chunks),
            phases=tuple(phases_of(config)),
            priorities=tuple(sorted(priorities_of(config, self._found).items())),
            digests=tuple(stage.digest() for stage in config.stages),
        )
        runner = make_runner(config, self._work, self._log.message)
        with closing(runner):
            context = self._read(context, runner)
            self._past = self._all_done(context)
            for phase in context.phases[1:]:
                context = self._phase(context, phase, runner)
                self._check_bad(context)
                if not config.keep_work and phase.kind not in ("write", "place"):
                    release.release(context, phase.number)
                if phase.kind == "write" and config.write.is_placed:
                    context = replace(context, places=plan_places(context, self._manifests[-1]))
        report = run_report(context, self._manifests, self._totals, self._sample)
        took = timings(context, self._manifests, self._seconds, started)
        publish.publish(context, report, self._manifests, identity, took)
        took = timings(context, self._manifests, self._seconds, started)
        return replace(report, timings=took)

    def _read(self, context: Context, runner: Runner) -> Context:
        """The read phase; then ordinals, shards and partitions are known.

        Raises:
            TooManyBadRecords: see `_check_bad`.
            InputError: there is not a single document.
        """
        if self._limit is None:
            self._phase(context, context.phases[0], runner)
        else:
            context = self._read_first(context, runner, self._limit)
        manifests = self._manifests[0]
        shards = account.shards_of(manifests, self._shard_bytes)
        context = replace(
            context,
            shards=tuple(shards),
            records=tuple(account.records_before(manifests)),
            partitions=partitions_for(sum(m.counts["raw_bytes"] for m in manifests)),
        )
        self._check_bad(context)
        if not shards:
            bad = account.bad_records([manifests])
            why = f"; all {sum(bad.values())} records are bad: {bad}" if bad else ""
            raise InputError(
                f"the input holds no document{why}; check input, read.text_column and the files"
            )
        return replace(context, selection=self._select(context.documents))

    def _read_first(self, context: Context, runner: Runner, limit: int) -> Context:
        """Read the first documents only: chunk by chunk, the last no further than needed."""
        chunks, phase = context.chunks, context.phases[0]
        manifests: list[Manifest] = []
        left = limit
        while left and len(manifests) < len(chunks):
            number = len(manifests)
            context = replace(context, chunks=chunks[: number + 1], quota=(*context.quota, left))
            manifests += self._tasks(context, phase, runner, [number])
            left -= sum(documents for documents, _ in manifests[-1].counts["batches"])
        self._manifests.append(manifests)
        return context

    def _select(self, documents: int) -> Selection:
        seed = self._config.seed
        threshold = None
        if self._sample is not None and self._sample < documents:
            smallest = np.zeros(0, np.uint64)
            for low in range(0, documents, 1 << 22):
                block = draw(np.arange(low, min(low + (1 << 22), documents), dtype=np.int64), seed)
                smallest = np.sort(np.concatenate([smallest, block]))[: self._sample]
            threshold = int(smallest[-1])
        return Selection(self._limit, threshold, seed)

    def _all_done(self, context: Context) -> frozenset[int]:
        """Phases of an earlier attempt that are done, though files of theirs were deleted."""
        if not any(release.released(context.folder(p.number)) for p in context.phases):
            return frozenset()
        manifests = list(self._manifests)
        for phase in context.phases[1:]:
            folder = context.folder(phase.number)
            context = _spread(context, phase, manifests, self._room)
            indices = range(task_count(context, phase))
            prints = task_fingerprints(context, phase, indices, manifests)
            found = list(done_before(folder, indices, prints, release.released(folder)))
            if None in found:
                break
            manifests.append([m for m in found if m is not None])
        front = len(manifests)
        return frozenset(range(front)) - release.made_again(context, front)

    def _phase(self, context: Context, phase: Phase, runner: Runner) -> Context:
        """Run what is not yet done of a phase; the context, with what that made known."""
        context = _spread(context, phase, self._manifests, self._room)
        indices = range(task_count(context, phase))
        last = -1
        if phase.number in context.spread and not self._is_done(context, phase, indices):
            last = self._rounds(context, phase, runner)
        self._manifests.append(self._tasks(context, phase, runner, indices, reads=last))
        if not self._config.keep_work:
            clear(context.folder(phase.number) / ROUNDS)
        return context

    def _rounds(self, context: Context, phase: Phase, runner: Runner) -> int:
        """Let merges take turns until a round of them settles all; the number of the last."""
        repeat = step_of(context, phase.ops[0])
        assert isinstance(repeat, Repeat)
        indices = range(context.partitions)
        number = -1
        while True:
            for _ in repeat.rounds:
                number += 1
                shown = replace(phase, label=f"{phase.label}, round {number + 1}")
                manifests = self._tasks(
                    context, shown, runner, indices, reads=number - 1, number=number
                )
            if not any(m.counts["notes"].get(UNSETTLED) for m in manifests):
                return number

    def _is_done(self, context: Context, phase: Phase, indices: Sequence[int]) -> bool:
        """Whether an earlier run has done all of a phase."""
        folder = context.folder(phase.number)
        gone = release.released(folder) if phase.number in self._past else frozenset()
        prints = task_fingerprints(context, phase, indices, self._manifests)
        return None not in list(done_before(folder, indices, prints, gone))

    def _tasks(
        self,
        context: Context,
        phase: Phase,
        runner: Runner,
        indices: Sequence[int],
        *,
        reads: int = -1,
        number: int = -1,
    ) -> list[Manifest]:
        """Run those of the tasks that are not yet done; the manifests of all, in order.

        `reads` and `number` are rounds, see `Task`.
        """
        folder = folder_of(context, phase, number)
        folder.mkdir(parents=True, exist_ok=True)
        crumbs = left_here(folder)
        remove_temporary(folder)
        path, digest = self._saved(context)
        prints = task_fingerprints(context, phase, indices, self._manifests, number)
        is_past = phase.number in self._past and number < 0
        gone = release.released(folder) if is_past else frozenset()
        if not gone:
            release.forget(folder)
        manifests: dict[int, Manifest] = {}
        tasks = []
        for index, print_, manifest in zip(
            indices, prints, done_before(folder, indices, prints, gone), strict=True
        ):
            if manifest is None:
                crumb = crumbs.get(index)
                known = crumb is not None and crumb.fingerprint == print_
                suspects = suspects_of(crumb) if crumb and known else ()
                place = (str(path), digest, phase.number, index, print_)
                tasks.append(Task(*place, suspects, reads=reads, round=number))
            else:
                manifests[index] = self._add(manifest)
        load = Load(len(indices), len(manifests), *account.task_bytes(context, phase, len(indices)))
        self._log.phase_started(phase, load)
        started = time.perf_counter()
        for report in runner.run(tasks):
            manifests[report.task.index] = self._add(report.manifest)
            self._log.task_done(phase, report)
        self._log.phase_done(phase)
        self._seconds.append(
            {"phase": phase.folder, "label": phase.label, "seconds": time.perf_counter() - started}
        )
        return [manifests[index] for index in indices]

    def _saved(self, context: Context) -> tuple[Path, str]:
        """The file that holds a context, and its hash; written where it is not the one before."""
        if context is not self._context:
            self._context = context
            self._path = context.save()
            _, self._digest = hash_file(self._path)
        return self._path, self._digest

    def _add(self, manifest: Manifest) -> Manifest:
        """Add what the stages did to the totals; the rest of the manifest is small."""
        counts = dict(manifest.counts)
        for name, part in counts.pop("stages", {}).items():
            tally.add(self._totals[name], part)
        return replace(manifest, counts=counts)

    def _check_bad(self, context: Context) -> None:
        """Stop when there are more bad records than the config allows.

        Raises:
            TooManyBadRecords: with a table of reasons.
        """
        bad = account.bad_records(self._manifests)
        total = sum(bad.values())
        if not total:
            return
        documents = context.documents + sum(account.bad_records(self._manifests[:1]).values())
        allowed: float = self._config.max_bad
        if self._config.on_bad_record == "fail":
            allowed = 0
        elif isinstance(self._config.max_bad, float):
            allowed = self._config.max_bad * documents
        if total > allowed:
            table = "\n".join(
                f"  {n:>8,}  {reason}"
                for reason, n in sorted(bad.items(), key=lambda r: (-r[1], r[0]))
            )
            limit = (
                "on_bad_record: fail"
                if self._config.on_bad_record == "fail"
                else f"max_bad: {self._config.max_bad}"
            )
            example = publish.first_bad(context, self._manifests)
            raise TooManyBadRecords(
                f"{total:,} of {documents:,} records cannot be used ({limit}):\n{table}\n"
                f"  first: {example}\n"
                "Look at them, mend or leave out the input, or raise max_bad; nothing was published"
            )


def _spread(
    context: Context, phase: Phase, manifests: Sequence[Sequence[Manifest]], room: int
) -> Context:
    """The context, with a phase among those that take rounds if one task cannot hold its rows."""
    if not phase.repeats or phase.number in context.spread:
        return context
    step = step_of(context, phase.ops[0])
    assert isinstance(step, Repeat)
    assert phase.source is not None
    rows = sum(manifest.counts["rows"] for manifest in manifests[phase.source])
    if rows * step.row_bytes <= room:
        return context
    return replace(context, spread=(*context.spread, phase.number))


def _explain(error: OSError, output: Path) -> CleanerError:
    """An error of the machine in words, with what to do."""
    again = "then run the same command again: finished work is kept"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CleanerError(f"the disk of {output} is full; free some space, {again}")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return CleanerError(
            f"{error.filename or output}: {error.strerror}; make it writable or choose another "
            "--output"
        )
    if error.errno == errno.EFBIG:
        return CleanerError(
            f"{error.filename or output}: a file would be larger than is allowed; raise the limit "
            f"(ulimit -f) or choose another file system, {again}"
        )
    if error.errno == errno.EMFILE:
        return CleanerError(f"too many open files; raise the limit (ulimit -n), {again}")
    return CleanerError(f"{error}; {again}")
