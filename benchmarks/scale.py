"""How the work and the memory of each phase grow with the corpus, and what another engine costs.

    python benchmarks/scale.py --documents 2000 20000 100000 --workers 2
    python benchmarks/scale.py --documents 100000 1000000 --short --results FILE
    python benchmarks/scale.py --documents 100000 500000 --config benchmarks/copies.yaml \
        --corpus DIR/corpus.jsonl
    python benchmarks/scale.py --documents 20000 --workers 2 --engine local ray

`--corpus` takes the first lines of a file in place of generated pages, `--short` makes pages of
about 900 bytes. With `--results` what was measured is kept in a file, and is not measured again.
With several engines all that a run publishes is compared, byte by byte, with the first one's.

CPU seconds are user and system time: of a phase, those of its tasks; in all, those of every process
that the command started, Ray's own among them. They hardly depend on what else the machine does.
The exponent is the slope in logarithms through all sizes; two sizes and more are also fitted by a
straight line, a + b · documents, and `ms a document` is its b. Memory is the sum of PSS over all
processes, looked at in the same interval; mapped files are part of it, but not of `anonymous`.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from corpus import Corpus, write
from kills import published
from pipeline import Peaks, current_phase, memory

CONFIG = Path(__file__).parents[1] / "configs" / "vi-news.yaml"
INTERVAL = 0.2
"""Seconds between two looks at the processes."""
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Result:
    """One run: CPU seconds in all and of each phase's tasks, wall seconds, bytes of work files.

    Attributes:
        peak: the most memory of all processes together, in bytes; `anonymous` without files.
        peaks: the same for each phase.
        files: the sha256 of each published file.
    """

    documents: int
    engine: str
    cpu: float
    wall: float
    phases: dict[str, float]
    work_bytes: int
    peak: int
    anonymous: int
    peaks: dict[str, int]
    files: dict[str, str]


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
    peaks = Peaks()
    started = time.perf_counter()
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(CONFIG.parents[1])}
    ) as process:
        while process.poll() is None:
            look(seen)
            peaks.add(current_phase(output / "run.log"), *memory(process.pid))
            time.sleep(INTERVAL)
    wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(process.returncode)
    work = output / "work"
    files = [p for p in work.rglob("*") if p.is_file()]
    return Result(
        documents=documents,
        engine=engine,
        cpu=sum(seen.values()),
        wall=wall,
        phases=phases(output, work),
        work_bytes=sum(p.stat().st_size for p in files),
        peak=peaks.total,
        anonymous=peaks.anonymous,
        peaks=peaks.phases,
        files=published(output),
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


def show(results: Sequence[Result]) -> None:
    """A table: a line a phase, a column a size; how each grows, by a power and by a line."""
    sizes = [r.documents for r in results]
    head = "".join(f"{size:>11,}" for size in sizes)
    print(f"{results[0].engine + ', CPU seconds':<58}{head}  exponent  ms a document")
    rows = {name: [r.phases[name] for r in results] for name in results[0].phases}
    rows["all tasks"] = [sum(r.phases.values()) for r in results]
    rows["all processes"] = [r.cpu for r in results]
    for name, values in rows.items():
        growth = ""
        if len(values) > 1 and min(values) > 0:
            growth = f"{power(sizes, values):10.2f}{1e3 * fit(sizes, values)[1]:15.4f}"
        print(f"{name[:57]:<58}" + "".join(f"{v:>11.2f}" for v in values) + growth)
    each = [1e3 * r.cpu / r.documents for r in results]
    print(f"{'all processes, ms a document':<58}" + "".join(f"{v:>11.4f}" for v in each))
    other = {
        "files of work/, MB": [r.work_bytes / 1e6 for r in results],
        "peak memory, MB": [r.peak / 1e6 for r in results],
        "peak memory, anonymous, MB": [r.anonymous / 1e6 for r in results],
        "wall seconds": [r.wall for r in results],
    }
    for name, values in other.items():
        growth = f"{power(sizes, values):10.2f}" if len(values) > 1 else ""
        print(f"{name:<58}" + "".join(f"{v:>11.1f}" for v in values) + growth)
    if len(results) > 1:
        start, slope = fit(sizes, rows["all tasks"])
        print(f"tasks: {start:.1f} s + {1e3 * slope:.3f} ms a document")


def compare(first: Result, other: Result) -> bool:
    """Whether two engines published the same bytes, said with what the second costs."""
    names = first.files.keys() | other.files.keys()
    unlike = sorted(n for n in names if first.files.get(n) != other.files.get(n))
    told = f"{', '.join(unlike[:5])} differ" if unlike else f"{len(names)} files of the same bytes"
    times = other.cpu / first.cpu
    print(f"{other.documents:,} documents, {other.engine} and {first.engine}: {told}; "
          f"CPU {other.cpu:.1f} s and {first.cpu:.1f} s, {times:.2f} times as much")  # fmt: skip
    return not unlike


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


def power(documents: Sequence[int], values: Sequence[float]) -> float:
    """The exponent with which values grow: the slope in logarithms, by least squares."""
    x, y = [math.log(d) for d in documents], [math.log(v) for v in values]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((a - mean_x) ** 2 for a in x)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread


def first_lines(corpus: Path, documents: int, path: Path) -> None:
    """So many lines of a file.

    Raises:
        SystemExit: it has fewer.
    """
    with corpus.open("rb") as lines, path.open("wb") as out:
        if sum(out.write(line) > 0 for line in islice(lines, documents)) < documents:
            raise SystemExit(f"{corpus} has fewer than {documents:,} lines")


def kept(path: Path | None) -> list[Result]:
    """What a file of results holds."""
    if path is None or not path.exists():
        return []
    return [Result(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def runs(args: argparse.Namespace, documents: int, found: list[Result]) -> None:
    """Measure a size on the engines that lack it; nothing of the runs stays but the results."""
    known = {r.engine for r in found if r.documents == documents}
    missing = [engine for engine in args.engine if engine not in known]
    if not missing:
        return
    with tempfile.TemporaryDirectory(prefix="cleaner-scale-", dir=args.folder) as temporary:
        source = Path(temporary) / "corpus.jsonl"
        if args.corpus:
            first_lines(args.corpus, documents, source)
        else:
            write(Corpus(documents, 1, short=args.short), source)
        output = Path(temporary) / "out"
        for engine in missing:
            result = measure(source, output, args.workers, engine, documents, args.config)
            shutil.rmtree(output)
            found.append(result)
            if args.results:
                with args.results.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(asdict(result)) + "\n")


def main() -> None:
    """Measure runs of a job on corpora of several sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, nargs="+", default=[2000, 20_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engine", nargs="+", default=["local"])
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--corpus", type=Path, help="JSON Lines, whose first lines are taken")
    parser.add_argument("--short", action="store_true", help="generated pages of about 900 bytes")
    parser.add_argument("--results", type=Path, help="a file for results; those in it are taken")
    parser.add_argument("--folder", type=Path, help="for corpus and runs, in place of /tmp")
    args = parser.parse_args()
    found = kept(args.results)
    same = True
    for documents in sorted(args.documents):
        runs(args, documents, found)
        sizes = [d for d in args.documents if d <= documents]
        columns = {
            engine: sorted(
                (r for r in found if r.engine == engine and r.documents in sizes),
                key=lambda r: r.documents,
            )
            for engine in args.engine
        }
        for results in columns.values():
            show(results)
        first, *others = (results[-1] for results in columns.values())
        for other in others:
            same &= compare(first, other)
        sys.stdout.flush()
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
