"""The driver: phases in order, tasks that are not yet done, counts that must balance, and the publishing of the output."""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.config.model import RunConfig
from cleaner.engine import publish, tally
from cleaner.engine.context import (
    Context,
    Selection,
    Shard,
    code_fingerprint,
    draw,
    partitions_for,
    phase_fingerprint,
    stage_fingerprint,
)
from cleaner.engine.observe import Load, Log, Observer, Silent
from cleaner.engine.phases import Phase, compile_phases
from cleaner.engine.runners import Runner, available_cpus, make_runner
from cleaner.engine.tasks import Task, task_count
from cleaner.errors import CleanerError, InputError, TooManyBadRecords
from cleaner.io.inputs import Found, plan_chunks, survey
from cleaner.io.store import Manifest, committed, fingerprint, hash_file, lock
from cleaner.report.stats import RunReport, StageReport, check_balance


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
    if limit is not None or sample is not None:
        suffix = f"-limit-{limit}" if limit is not None else f"-sample-{sample}"
        config = config.model_copy(update={"output": config.output.rstrip("/") + suffix})
    output = Path(config.output)
    publish.check_folder(output)
    found = find_inputs(config)
    observer = observer or Silent()
    identity = run_identity(config, found, limit, sample)
    finished = publish.finished(output, identity)
    if finished is not None:
        if not config.keep_work:
            publish.remove_work(output / "work")
        observer.message(f"{output} is up to date: same config, inputs and version; nothing to do")
        return finished
    work = output / "work"
    try:
        with lock(work):
            log = Log(output / "run.log", observer)
            log.write("run_started", identity=identity)
            try:
                report = _Run(config, found, work, log, limit, sample).go(identity)
            except BaseException as error:
                log.write("run_failed", error=f"{type(error).__name__}: {error}"[:2000])
                raise
            log.write("run_finished")
        if not config.keep_work:
            publish.remove_work(work)
        return report
    except OSError as error:
        raise _explain(error, output) from error


def find_inputs(config: RunConfig) -> Found:
    """The files that a config reads.

    Raises:
        InputError: a path is missing, or nothing can be read.
    """
    labels = {place.path: place.label for place in config.input if place.label}
    return survey([place.path for place in config.input], base=Path.cwd(), label=labels)


def run_identity(config: RunConfig, found: Found, limit: int | None, sample: int | None) -> str:
    """What decides whether a finished run may stand: the config, the inputs' sizes and times, the program."""
    settings = config.model_dump(
        mode="json", exclude={"engine", "input", "output", "keep_work", "stages"}
    )
    settings["priorities"] = sorted(
        (found.labels.get(p.path, p.path), p.priority) for p in config.input
    )
    files = [[f.source, f.size, f.mtime_ns, f.format, f.compression] for f in found.files]
    stages = [stage_fingerprint(s) for s in config.stages]
    return fingerprint([code_fingerprint(), settings, stages, files, limit, sample])


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
        self._seconds: list[dict[str, Any]] = []

    def go(self, identity: str) -> RunReport:
        started = time.perf_counter()
        config = self._config
        chunks = plan_chunks(self._found.files, config.engine.shard_bytes)
        priorities = {
            self._found.labels[p.path]: p.priority
            for p in config.input
            if p.path in self._found.labels
        }
        context = Context(
            work=self._work,
            config=config,
            files=self._found.files,
            chunks=tuple(chunks),
            phases=tuple(compile_phases(config.stages)),
            priorities=tuple(sorted(priorities.items())),
        )
        workers = config.engine.workers
        runner = make_runner(config.engine.kind, available_cpus() if workers == "auto" else workers)
        with closing(runner):
            context = self._read(context, runner)
            for phase in context.phases[1:]:
                self._phase(context, phase, runner)
                self._check_bad(context)
        report = self._report(context)
        publish.publish(context, report, self._manifests, identity, self._timings(context, started))
        return replace(report, timings=self._timings(context, started))

    def _read(self, context: Context, runner: Runner) -> Context:
        """The read phase; then ordinals, shards and partitions are known."""
        phase = context.phases[0]
        if self._limit is None:
            self._phase(context, phase, runner)
        else:  # no more chunks than it takes
            documents = 0
            for index in range(len(context.chunks)):
                self._phase(replace(context, chunks=context.chunks[: index + 1]), phase, runner)
                manifests = self._manifests.pop()
                documents = sum(b[0] for m in manifests for b in m.counts["batches"])
                if documents >= self._limit or index == len(context.chunks) - 1:
                    context = replace(context, chunks=context.chunks[: index + 1])
                    self._manifests.append(manifests)
                    break
        manifests = self._manifests[0]
        shards = _shards(manifests, self._config.engine.shard_bytes)
        documents = shards[-1].base + shards[-1].documents
        context = replace(
            context,
            shards=tuple(shards),
            records=tuple(_records(manifests)),
            partitions=partitions_for(sum(s.bytes for s in shards)),
            selection=self._select(documents),
        )
        self._check_bad(context)
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

    def _phase(self, context: Context, phase: Phase, runner: Runner) -> None:
        """Run what is not yet done of a phase."""
        folder = context.folder(phase.number)
        folder.mkdir(parents=True, exist_ok=True)
        path = context.save()
        _, digest = hash_file(path)
        upstream = [fingerprint([m.digest() for m in ms]) for ms in self._manifests[: phase.number]]
        base = phase_fingerprint(context, phase, upstream)
        count = task_count(context, phase)
        manifests: list[Manifest | None] = []
        tasks = []
        for index in range(count):
            print_ = fingerprint(
                [base, index, _chunk_identity(context, index) if phase.kind == "read" else None]
            )
            manifest = committed(folder, index, print_)
            manifests.append(manifest)
            if manifest is None:
                tasks.append(Task(str(path), digest, phase.number, index, print_))
        self._log.phase_started(
            phase, Load(count, count - len(tasks), *_bytes(context, phase, count))
        )
        started = time.perf_counter()
        for report in runner.run(tasks):
            manifests[report.task.index] = report.manifest
            self._log.task_done(phase, report)
        self._log.phase_done(phase)
        self._seconds.append(
            {"phase": phase.folder, "label": phase.label, "seconds": time.perf_counter() - started}
        )
        self._manifests.append([m for m in manifests if m is not None])

    def _check_bad(self, context: Context) -> None:
        """Stop when there are more bad records than the config allows.

        Raises:
            TooManyBadRecords: with a table of reasons.
        """
        bad = _quarantine(self._manifests)
        total = sum(bad.values())
        if not total:
            return
        documents = context.documents + sum(_quarantine(self._manifests[:1]).values())
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
                f"{total:,} of {documents:,} records cannot be used ({limit}):\n{table}\n  first: {example}\n"
                "Look at them, mend or leave out the input, or raise max_bad; nothing was published"
            )

    def _report(self, context: Context) -> RunReport:
        """Add up the manifests and check that they balance."""
        read = self._manifests[0]
        bad = _quarantine(self._manifests[:1])
        counts = tally.empty()
        del counts["rules"]
        documents = context.documents
        chars = sum(m.counts["chars"] for m in read)
        bad_chars = sum(m.counts["bad_chars"] for m in read)
        counts |= {
            "docs_in": documents + sum(bad.values()),
            "docs_out": documents,
            "docs_quarantined": sum(bad.values()),
            "chars_in": chars + bad_chars,
            "chars_kept": chars,
            "chars_quarantined": bad_chars,
        }
        faults = tally.faults("read", counts)
        stages = [StageReport(0, "read", "read", "files to documents", counts, {})]
        totals = {s.name: tally.empty() for s in context.stages}
        for manifest in (m for ms in self._manifests for m in ms):
            for name, part in manifest.counts.get("stages", {}).items():
                tally.add(totals[name], part)
        for number, stage in enumerate(context.stages, start=1):
            total = totals[stage.name]
            faults += tally.faults(stage.name, total)
            rules = dict(sorted(total.pop("rules").items()))
            stages.append(StageReport(number, stage.name, stage.use, stage.summary, total, rules))
        left_out = 0
        if self._limit is not None or self._sample is not None:
            chosen = context.selection.chosen(np.arange(documents, dtype=np.int64))
            left_out = documents - int(chosen.sum())
        report = RunReport(
            name=self._config.name,
            output=Path(self._config.output),
            stages=tuple(stages),
            corpus=_corpus(self._manifests[-1]),
            quarantine=dict(sorted(_quarantine(self._manifests).items())),
            left_out=left_out,
            bytes_read=sum(m.counts["raw_bytes"] for m in read),
        )
        check_balance(report, faults)
        return report

    def _timings(self, context: Context, started: float) -> dict[str, Any]:
        """Seconds of every stage (of all workers together) and phase, and MB of text per second."""
        seconds: dict[str, float] = {}
        cpu = 0.0
        for manifest in (m for ms in self._manifests for m in ms):
            cpu += manifest.seconds.get("_cpu", 0.0)
            for name, value in manifest.seconds.items():
                if not name.startswith("_"):
                    seconds[name] = seconds.get(name, 0.0) + value
        megabytes = sum(s.bytes for s in context.shards) / 1e6
        return {
            "wall_seconds": round(time.perf_counter() - started, 3),
            "task_cpu_seconds": round(cpu, 3),
            "text_megabytes": round(megabytes, 3),
            "stages": {
                name: {
                    "seconds": round(s, 3),
                    "mb_per_second": round(megabytes / s, 2) if s else None,
                }
                for name, s in seconds.items()
            },
            "phases": [{**p, "seconds": round(p["seconds"], 3)} for p in self._seconds],
        }


def _shards(manifests: Sequence[Manifest], shard_bytes: int) -> list[Shard]:
    """Batches of the originals, grouped to shards in order.

    Raises:
        InputError: there is not a single document.
    """
    shards: list[Shard] = []
    ordinal = 0
    for chunk, manifest in enumerate(manifests):
        first = documents = size = 0
        batches = manifest.counts["batches"]
        for position, (count, text_bytes) in enumerate(batches):
            documents += count
            size += text_bytes
            if size >= shard_bytes or position == len(batches) - 1:
                shards.append(Shard(chunk, first, position + 1, ordinal, documents, size))
                ordinal += documents
                first, documents, size = position + 1, 0, 0
    if not shards:
        bad = _quarantine([list(manifests)])
        why = f"; all {sum(bad.values())} records are bad: {bad}" if bad else ""
        raise InputError(
            f"the input holds no document{why}; check input, read.text_column and the files"
        )
    return shards


def _records(manifests: Sequence[Manifest]) -> list[dict[int, int]]:
    """For each chunk, the records of its files that lie in chunks before it."""
    seen: dict[int, int] = {}
    result = []
    for manifest in manifests:
        mine = {int(f): n for f, n in manifest.counts["records"].items()}
        result.append({f: seen.get(f, 0) for f in mine})
        for f, n in mine.items():
            seen[f] = seen.get(f, 0) + n
    return result


def _chunk_identity(context: Context, index: int) -> list[Any]:
    """What decides the originals of a chunk: its files by name, size and time, and the ranges."""
    result: list[Any] = []
    for file, start, end in context.chunks[index].files:
        f = context.files[file]
        result.append([file, f.source, f.format, f.compression, f.size, f.mtime_ns, start, end])
    return result


def _bytes(context: Context, phase: Phase, count: int) -> tuple[int, tuple[int, ...]]:
    """Bytes of text that each task of a phase sees, for the progress bar."""
    if phase.kind == "read":
        sizes = [
            sum(
                end - start if context.files[f].format != "parquet" else 1
                for f, start, end in c.files
            )
            for c in context.chunks
        ]
        return sum(sizes), tuple(sizes)
    total = sum(s.bytes for s in context.shards)
    if phase.kind == "map":
        return total, tuple(s.bytes for s in context.shards)
    return total, tuple([total // max(1, count)] * count)


def _quarantine(manifests: Sequence[Sequence[Manifest]]) -> dict[str, int]:
    """Bad records by reason."""
    bad: dict[str, int] = {}
    for manifest in (m for ms in manifests for m in ms):
        for reason, n in manifest.counts.get("quarantine", {}).items():
            bad[reason] = bad.get(reason, 0) + n
    return bad


def _corpus(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """The counts of the write phase."""
    total: dict[str, Any] = {}
    for manifest in manifests:
        for key, value in manifest.counts.items():
            if isinstance(value, dict):
                mine = total.setdefault(key, {})
                for k, v in value.items():
                    mine[k] = mine.get(k, 0) + v
            else:
                total[key] = total.get(key, 0) + value
    total["langs"] = dict(sorted(total["langs"].items(), key=lambda i: (-i[1], i[0])))
    total["lengths"] = {k: total["lengths"][k] for k in sorted(total["lengths"], key=int)}
    return total


def _explain(error: OSError, output: Path) -> CleanerError:
    """An error of the machine in words, with what to do."""
    again = "then run the same command again: finished work is kept"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CleanerError(f"the disk of {output} is full; free some space, {again}")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return CleanerError(
            f"{error.filename or output}: {error.strerror}; make it writable or choose another --output"
        )
    if error.errno == errno.EMFILE:
        return CleanerError(f"too many open files; raise the limit (ulimit -n), {again}")
    return CleanerError(f"{error}; {again}")
