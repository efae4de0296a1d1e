"""Runs that are killed at random moments, then given again: the same bytes as a run left in peace?

    python benchmarks/kills.py --rounds 100
    python benchmarks/kills.py --rounds 100 --engine ray --without noise language
    python benchmarks/kills.py --rounds 100 --engine inline --without noise language

A round takes the job of configs/vi-news.yaml over a small corpus, its inputs in an order of its own
and in shards of a size of its own, and sends one SIGKILL: to the command alone, to all of its
processes at once, or to one worker. Every other kill comes at a moment drawn evenly from the length
of a run, the others in a phase drawn evenly from the phases, for most of them are short. Then the
command is given until it ends well, and every published byte is compared. The table says in which
phase the kills came. Exit code 1 if a round ended otherwise.

`--without` leaves stages out: noise and language are slow to load and add no phase. With the
engine `inline` the command is the only process, and is forked from this one, which has loaded the
program: a run is then a second or two.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Protocol

import psutil  # type: ignore[import-untyped]
from corpus import Corpus, Page, write

from cleaner.report.html import without_timings

CONFIG = Path(__file__).parents[1] / "configs" / "vi-news.yaml"
VICTIMS = ("command", "everything", "worker")
SHARDS = ("30KB", "100KB", "400KB")
NOT_COMPARED = frozenset({"reports/timings.json", "run.log", "config.yaml"})
START, PUBLISH = "start", "reports, publishing"
TIMEOUT = 300
"""Seconds after which a run is taken for hung."""
AGAIN = 3
"""So often the command is given after a kill before the round is given up."""


class Process(Protocol):
    """What is needed of a process, as `subprocess.Popen` has it."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended."""

    def kill(self) -> None:
        """Send SIGKILL."""


class Forked:
    """A command of `cleaner` in a fork of this process."""

    def __init__(self, arguments: Sequence[str], said: Path) -> None:
        self.returncode: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid:
            return
        code = 1
        try:
            os.setsid()
            out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(out, 1)
            os.dup2(out, 2)
            from cleaner.cli import main as command

            command(list(arguments), standalone_mode=True)
        except SystemExit as end_:
            code = end_.code if isinstance(end_.code, int) else int(end_.code is not None)
        finally:
            os._exit(code)

    def poll(self) -> int | None:
        """See `Process`."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """See `Process`.

        Raises:
            subprocess.TimeoutExpired: it has not ended in time.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("cleaner", timeout or 0)
            time.sleep(0.002)
        return code

    def kill(self) -> None:
        """See `Process`."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Job:
    """The command of a round: its inputs in an order, its engine, its output."""

    config: Path
    inputs: tuple[Path, ...]
    output: Path
    engine: str
    workers: int
    shards: str

    def start(self) -> Process:
        """Start it, in a session of its own; what it says goes to a file beside the output."""
        arguments = ["run", str(self.config), "--quiet"]
        arguments += ["--output", str(self.output), "--workers", str(self.workers)]
        arguments += ["--engine", self.engine, "--set", f"engine.shard_bytes={self.shards}"]
        for path in self.inputs:
            arguments += ["--input", str(path)]
        if self.engine == "inline":
            return Forked(arguments, self.said)
        command = [sys.executable, "-m", "cleaner", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(CONFIG.parents[1])}
        with self.said.open("ab") as out:
            return subprocess.Popen(
                command, env=environment, stdout=out, stderr=out, start_new_session=True
            )

    @property
    def log(self) -> Path:
        """Its log."""
        return self.output / "run.log"

    @property
    def said(self) -> Path:
        """What the command said."""
        return self.output.with_name(self.output.name + ".txt")

    def finish(self, process: Process) -> str:
        """Wait for its end; "" if it was a good one."""
        try:
            code = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            end(process)
            return "hang"
        words = self.said.read_text("utf-8", "replace").splitlines()
        return f"exit code {code}: {' '.join(words[-3:])[:300]}" if code else ""


def place(log: Path) -> str:
    """Where a run is, by its log: the phase that began last, or what comes before or after all."""
    try:
        events = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    except (OSError, ValueError):  # not there; a line is being written
        return START
    for event in reversed(events):
        if event["event"] == "phase_started":
            return f"{event['phase']} {event['label']}"
        if event["event"] == "phase_done" and event["phase"].endswith("write"):
            return PUBLISH
    return START


def lengths(log: Path) -> dict[str, float]:
    """The seconds of each place of a run that was left in peace."""
    events = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    found, began = {}, {}
    for event in events:
        if event["event"] == "phase_started":
            began[event["phase"]] = event["time"]
            label = f"{event['phase']} {event['label']}"
        elif event["event"] == "phase_done":
            found[label] = event["time"] - began[event["phase"]]
            last = event["time"]
    return {**found, PUBLISH: events[-1]["time"] - last}


def end(process: Process) -> None:
    """Kill a command and all below it, whatever sessions they made."""
    family = below(process.pid)
    process.kill()
    for member in family:
        try:
            member.kill()
        except psutil.Error:  # it has ended
            continue
    process.wait()


def below(pid: int) -> list[psutil.Process]:
    """The processes below one."""
    try:
        found: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return found


def workers_of(pid: int) -> list[psutil.Process]:
    """Those below a command that run tasks: of the pool, or of Ray."""
    found = []
    for process in below(pid):
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "spawn_main" in line or line.startswith("ray::"):
            found.append(process)
    return found


def strike(process: Process, victim: str, draw: Random) -> str:
    """Send the signal, to a worker as soon as there is one; whom it met, "" if the run ended."""
    if victim == "everything":
        end(process)
    elif victim == "command":
        process.kill()
        process.wait()
    else:
        while not (workers := workers_of(process.pid)):
            if process.poll() is not None:
                return ""
            time.sleep(0.02)
        try:
            draw.choice(workers).kill()
        except psutil.Error:  # it has just ended
            return ""
    return victim


def published(output: Path) -> dict[str, str]:
    """The sha256 of every file of a run that may not differ; of the page without its times."""
    found = {}
    for path in sorted(p for p in output.rglob("*") if p.is_file()):
        name = path.relative_to(output).as_posix()
        if name in NOT_COMPARED or name.startswith("work/"):
            continue
        data = path.read_bytes()
        if name == "reports/report.html":
            data = without_timings(data.decode()).encode()
        found[name] = hashlib.sha256(data).hexdigest()
    return found


def make_inputs(folder: Path, documents: int) -> tuple[Path, ...]:
    """The corpus in files of several formats, one after the other, and a broken one."""
    folder.mkdir(parents=True)
    pages = iter(Corpus(documents, 1, sites=6))
    part = documents // 5
    paths = []
    for name in ("a.jsonl", "b.jsonl.zst", "c.parquet", "d.jsonl"):
        paths.append(folder / name)
        write(_Part(list(islice(pages, part))), paths[-1])  # type: ignore[arg-type]
    for number, page in enumerate(islice(pages, 20)):
        paths.append(folder / f"text{number:02d}.txt")
        paths[-1].write_text(page.text, "utf-8")
    paths.append(folder / "broken.jsonl")
    paths[-1].write_bytes(b'{"text": "whole"}\n{"text": \n\xff\xfe\n[1]\n')
    return tuple(paths)


class _Part:
    """Some pages of a corpus, as `write` takes them."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> object:
        return iter(self._pages)

    def page(self, number: int) -> Page:
        """One of them."""
        return self._pages[number]


@dataclass(slots=True)
class Campaign:
    """Rounds over one corpus."""

    config: Path
    inputs: tuple[Path, ...]
    folder: Path
    engine: str
    workers: int
    draw: Random
    calm: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    places: dict[str, float] = field(default_factory=dict)

    def job(self, name: str) -> Job:
        """A job over the inputs in some order, in shards of some size."""
        order = self.draw.sample(self.inputs, len(self.inputs))
        shards = self.draw.choice(SHARDS)
        output = self.folder / name
        return Job(self.config, tuple(order), output, self.engine, self.workers, shards)

    def round(self, number: int) -> tuple[str, str, str]:
        """One kill that met a run: whom, in which phase, and what came of it ("" is the same)."""
        victims = VICTIMS[:1] if self.engine == "inline" else VICTIMS
        victim = victims[number % len(victims)]
        while True:
            job = self.job(f"round-{number}")
            process = job.start()
            self.wait(job, process, by_phase=number // len(victims) % 2 == 1)
            if process.poll() is None and strike(process, victim, self.draw):
                phase = place(job.log)
                break
            end(process)  # over before the kill: another moment
            self.remove(job)
        outcome = self.outcome(job, process)
        if not outcome:
            self.remove(job)
        return victim, phase, outcome

    def wait(self, job: Job, process: Process, *, by_phase: bool) -> None:
        """Let a run get to a moment that is drawn, at most to its end."""
        until = time.monotonic()
        if by_phase:
            target = self.draw.choice(list(self.places))
            order = [START, *self.places]
            while process.poll() is None and order.index(place(job.log)) < order.index(target):
                time.sleep(0.001)
            until = time.monotonic() + self.draw.uniform(0, self.places[target])
        else:
            until += self.draw.uniform(0, self.seconds)
        while process.poll() is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))

    def outcome(self, job: Job, process: Process) -> str:
        """Let the run get to its end and compare it."""
        fault = job.finish(process) if process.returncode is None else "killed"
        left = AGAIN
        while fault and fault != "hang" and left:
            left -= 1
            fault = job.finish(job.start())
        if fault:
            return fault
        mine = published(job.output)
        unlike = sorted(
            n for n in mine.keys() | self.calm.keys() if mine.get(n) != self.calm.get(n)
        )
        if unlike:
            return f"differs: {', '.join(unlike[:5])}"
        return "work/ is left" if (job.output / "work").exists() else ""

    def remove(self, job: Job) -> None:
        """Leave nothing of a round."""
        shutil.rmtree(job.output, ignore_errors=True)
        job.said.unlink(missing_ok=True)


def begin(args: argparse.Namespace, folder: Path) -> Campaign:
    """The corpus, and two runs left in peace: the bytes to compare with, and how long they take.

    Raises:
        SystemExit: they fail, or differ.
    """
    inputs = make_inputs(folder / "in", args.documents)
    if args.engine == "inline":
        load()
    config = folder / "config.yaml"
    lines = CONFIG.read_text("utf-8").splitlines(keepends=True)
    config.write_text("".join(x for x in lines if not any(f"use: {s} " in x for s in args.without)))
    campaign = Campaign(config, inputs, folder, args.engine, args.workers, Random(args.seed))
    for name in ("calm-1", "calm-2"):  # the second is not the first to compile
        job = campaign.job(name)
        started = time.perf_counter()
        if fault := job.finish(job.start()):
            raise SystemExit(f"a run that nobody killed: {fault}")
        campaign.seconds = time.perf_counter() - started
        campaign.places = lengths(job.log)
        found = published(job.output)
        if campaign.calm and found != campaign.calm:
            raise SystemExit("two runs that nobody killed differ")
        campaign.calm = found
    return campaign


def load() -> None:
    """Import what a run imports, and run none of it: a fork must not find threads."""
    import cleaner.cli.run
    import cleaner.dedup.sketch
    import cleaner.engine.driver
    import cleaner.io.read_parquet
    import cleaner.report.html
    import cleaner.stages.near_passages  # noqa: F401


def show(met: Counter[tuple[str, str]]) -> None:
    """A table: a line a phase, a column a victim."""
    print(f"{'phase that was killed':<64}" + "".join(f"{v:>12}" for v in VICTIMS))
    for phase in sorted({phase for phase, _ in met}, key=lambda p: "" if p == "start" else p):
        print(f"{phase[:62]:<64}" + "".join(f"{met[phase, v]:>12}" for v in VICTIMS))


def main() -> None:
    """Kill runs, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--documents", type=int, default=150)
    parser.add_argument("--without", nargs="*", default=[], metavar="STAGE")
    parser.add_argument("--engine", choices=("local", "inline", "ray"), default="local")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="for the runs; what differs is kept there")
    args = parser.parse_args()
    memory = Path("/dev/shm")
    parent = args.folder or (memory if os.access(memory, os.W_OK) else None)
    folder = Path(tempfile.mkdtemp(prefix="cleaner-kills-", dir=parent))
    campaign = begin(args, folder)
    print(f"{args.engine}: {args.documents} documents, {campaign.seconds:.1f} s a run, in {folder}")
    met: Counter[tuple[str, str]] = Counter()
    bad = 0
    for number in range(args.rounds):
        victim, phase, outcome = campaign.round(number)
        met[phase, victim] += 1
        bad += bool(outcome)
        print(
            f"{number + 1:>4} {victim:<11}{phase[:50]:<52}{outcome or 'the same bytes'}", flush=True
        )
    show(met)
    print(f"{args.rounds} kills: {args.rounds - bad} runs of the same bytes, {bad} others")
    if bad:
        raise SystemExit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
