"""How the work of each phase grows with the corpus, and what another engine costs.

    python benchmarks/scale.py --documents 2000 20000 100000 --workers 2
    python benchmarks/scale.py --documents 20000 --workers 2 --engine ray
    python benchmarks/scale.py --documents 100000 500000 --config benchmarks/copies.yaml \
        --corpus DIR/corpus.jsonl

`--corpus` takes the first lines of a file in place of generated pages. Two sizes and more are
fitted by a straight line, CPU seconds = a + b · documents.

CPU seconds are user and system time: of a phase, those of its tasks; in all, those of every process
that the command started, Ray's own among them. They hardly depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from corpus import Corpus, write

CONFIG = Path(__file__).parents[1] / "configs" / "vi-news.yaml"
INTERVAL = 0.2
"""Seconds between two looks at the processes."""
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Result:
    """One run: CPU seconds in all and of each phase's tasks, wall seconds, bytes of work files."""

    documents: int
    cpu: float
    wall: float
    phases: dict[str, float]
    work_bytes: int


def measure(
    source: Path, output: Path, workers: int, engine: str, documents: int, config: Path = CONFIG
) -> Result:
    """Run the job on `source`.

    Raises:
        SystemExit: the job failed; its message was printed by itself.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)  # orphans come to us, and are seen
    command = [sys.executable, "-m", "cleaner", "run", str(config), "--quiet"]
    command += ["--input", str(source), "--output", str(output), "--workers", str(workers)]
    command += ["--engine", engine, "--set", "keep_work=true"]
    seen: dict[tuple[int, float], float] = {}
    started = time.perf_counter()
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(CONFIG.parents[1])}
    ) as process:
        while process.poll() is None:
            look(seen)
            time.sleep(INTERVAL)
    wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(process.returncode)
    work = output / "work"
    files = [p for p in work.rglob("*") if p.is_file()]
    return Result(
        documents,
        sum(seen.values()),
        wall,
        phases(output, work),
        sum(p.stat().st_size for p in files),
    )


def look(seen: dict[tuple[int, float], float]) -> None:
    """Note the CPU seconds of every process below this one."""
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
            seen[process.pid, process.create_time()] = times.user + times.system
        except psutil.Error:  # it has ended; what it took since the last look is lost
            continue


def phases(output: Path, work: Path) -> dict[str, float]:
    """CPU seconds of the tasks of each phase, those of its rounds among them, by its label."""
    labels = {}
    for line in (output / "run.log").read_text("utf-8").splitlines():
        event = json.loads(line)
        if event["event"] == "phase_started":
            labels[event["phase"]] = event["label"]
    found = {}
    for phase, label in labels.items():
        tasks = (p for p in (work / phase).rglob("[0-9]*.json") if p.stem.isdigit())
        seconds = [json.loads(p.read_bytes())["seconds"]["_cpu"] for p in tasks]
        found[f"{phase} {label}"] = sum(seconds)
    return found


def show(results: list[Result]) -> None:
    """A table: a line a phase, a column a size; the exponent between the last two sizes."""
    print(f"{'CPU seconds':<58}" + "".join(f"{r.documents:>11,}" for r in results) + "  exponent")
    rows = {name: [r.phases[name] for r in results] for name in results[0].phases}
    rows["all tasks"] = [sum(r.phases.values()) for r in results]
    rows["all processes"] = [r.cpu for r in results]
    rows["work files, MB"] = [r.work_bytes / 1e6 for r in results]
    for name, values in rows.items():
        growth = ""
        if len(values) > 1 and min(values[-2:]) > 0:
            size = math.log(results[-1].documents / results[-2].documents)
            growth = f"{math.log(values[-1] / values[-2]) / size:10.2f}"
        print(f"{name[:57]:<58}" + "".join(f"{v:>11.2f}" for v in values) + growth)
    print(f"{'wall seconds':<58}" + "".join(f"{r.wall:>11.1f}" for r in results))
    if len(results) > 1:
        start, each = fit([r.documents for r in results], [sum(r.phases.values()) for r in results])
        print(f"tasks: {start:.1f} s + {1e3 * each:.3f} ms a document")


def fit(documents: Sequence[int], seconds: Sequence[float]) -> tuple[float, float]:
    """The line with the least squares of relative errors: its start and its slope."""
    weights = [1 / s**2 for s in seconds]
    total = sum(weights)
    x = sum(w * d for w, d in zip(weights, documents, strict=True)) / total
    y = sum(w * s for w, s in zip(weights, seconds, strict=True)) / total
    spread = sum(w * (d - x) ** 2 for w, d in zip(weights, documents, strict=True))
    rows = zip(weights, documents, seconds, strict=True)
    slope = sum(w * (d - x) * (s - y) for w, d, s in rows) / spread
    return y - slope * x, slope


def first_lines(corpus: Path, documents: int, path: Path) -> None:
    """So many lines of a file.

    Raises:
        SystemExit: it has fewer.
    """
    with corpus.open("rb") as lines, path.open("wb") as out:
        if sum(out.write(line) > 0 for line in islice(lines, documents)) < documents:
            raise SystemExit(f"{corpus} has fewer than {documents:,} lines")


def main() -> None:
    """Measure runs of the main job on corpora of several sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, nargs="+", default=[2000, 20_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--corpus", type=Path, help="JSON Lines, whose first lines are taken")
    args = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="cleaner-scale-") as temporary:
        for documents in args.documents:
            source = Path(temporary) / f"corpus-{documents}.jsonl"
            if args.corpus:
                first_lines(args.corpus, documents, source)
            else:
                write(Corpus(documents, 1), source)
            output = Path(temporary) / f"out-{documents}"
            results.append(
                measure(source, output, args.workers, args.engine, documents, args.config)
            )
            show(results)


if __name__ == "__main__":
    main()
