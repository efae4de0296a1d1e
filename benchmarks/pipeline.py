"""The whole main job on a big corpus: documents and megabytes a second, CPU seconds, memory.

    python benchmarks/pipeline.py --documents 200000 --workers 2
    python benchmarks/pipeline.py --input corpus.jsonl.zst --workers 2

The job runs as a user runs it, `cleaner run`, in a process of its own. Memory is the sum of PSS
over its processes (a shared page counts once), sampled; CPU seconds are user and system time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from corpus import Corpus, write

CONFIG = Path(__file__).parents[1] / "configs" / "vi-news.yaml"
INTERVAL = 0.2
"""Seconds between two looks at the memory."""
MAP_STAGES = ("read", "unicode", "repeated_passages", "noise", "language")
"""Stages that look at one document at a time; their sum is judged by itself."""


@dataclass(slots=True)
class Peaks:
    """The highest memory seen, in bytes; `anonymous` leaves out mapped files."""

    total: int = 0
    anonymous: int = 0
    phases: dict[str, int] = field(default_factory=dict)

    def add(self, phase: str, pss: int, anonymous: int) -> None:
        """Take one sample."""
        self.total = max(self.total, pss)
        self.anonymous = max(self.anonymous, anonymous)
        self.phases[phase] = max(self.phases.get(phase, 0), pss)


@dataclass(frozen=True, slots=True)
class Result:
    """What one run took."""

    seconds: float
    cpu: float
    peaks: Peaks
    timings: dict[str, Any]
    documents: int
    output_bytes: int


def measure(source: Path, output: Path, workers: int, config: Path) -> Result:
    """Run the job on `source` and watch it.

    Raises:
        SystemExit: the job failed; its message was printed by itself.
    """
    command = [sys.executable, "-m", "cleaner", "run", str(config), "--quiet"]
    command += ["--input", str(source), "--output", str(output), "--workers", str(workers)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    peaks = Peaks()
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(CONFIG.parents[1])}) as job:
        while job.poll() is None:
            peaks.add(current_phase(output / "run.log"), *memory(job.pid))
            time.sleep(INTERVAL)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if job.returncode:
        raise SystemExit(job.returncode)
    report = json.loads((output / "reports" / "report.json").read_bytes())
    return Result(
        seconds=seconds,
        cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        peaks=peaks,
        timings=json.loads((output / "reports" / "timings.json").read_bytes()),
        documents=report["stages"][0]["docs_in"],
        output_bytes=sum(p.stat().st_size for p in output.rglob("*") if p.is_file()),
    )


def memory(pid: int) -> tuple[int, int]:
    """Proportional memory of a process and all below it: of everything, and of what is no file."""
    total = anonymous = 0
    try:
        tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0, 0
    for process in tree:
        try:
            lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines()
        except OSError:  # it has ended
            continue
        sizes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
        total += int(sizes.get("Pss", 0)) << 10
        anonymous += int(sizes.get("Pss_Anon", 0)) << 10
    return total, anonymous


def current_phase(log: Path) -> str:
    """The phase that the run's log named last."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 65536))
            lines = file.read().splitlines()
    except OSError:
        return "start"
    for line in reversed(lines):
        if b'"phase_started"' in line:
            event = json.loads(line)
            return f"{event['phase']} {event['label']}"
    return "start"


def show(result: Result, source: Path) -> None:
    """Print what one run took."""
    timings = result.timings
    size = timings["text_megabytes"]
    print(f"{source.name}: {result.documents:,} documents, {size:.1f} MB of text")
    print(f"  wall {result.seconds:.1f} s: {result.documents / result.seconds:,.0f} documents/s, "
          f"{size / result.seconds:.2f} MB/s")  # fmt: skip
    print(f"  CPU {result.cpu:.1f} s (user + system, all processes): "
          f"{size / result.cpu:.2f} MB per CPU second")  # fmt: skip
    print(f"  peak memory {result.peaks.total / 1e6:,.0f} MB PSS, "
          f"of which not mapped files at most {result.peaks.anonymous / 1e6:,.0f} MB")  # fmt: skip
    print(f"  output {result.output_bytes / 1e6:.1f} MB")
    stages = timings["stages"]
    whole = sum(s["seconds"] for s in stages.values())
    print(f"  {'stage':<22}{'seconds':>9}{'share':>8}{'MB/s':>9}")
    for name, stage in stages.items():
        seconds = stage["seconds"]
        print(
            f"  {name:<22}{seconds:>9.2f}{seconds / whole:>8.1%}{size / max(seconds, 1e-9):>9.1f}"
        )
    alone = sum(stages[name]["seconds"] for name in MAP_STAGES if name in stages)
    print(f"  {'map side':<22}{alone:>9.2f}{alone / whole:>8.1%}{size / max(alone, 1e-9):>9.1f}"
          f"   ({', '.join(MAP_STAGES)})")  # fmt: skip
    print(f"  {'peak memory by phase':<72}{'MB PSS':>8}")
    for phase, peak in result.peaks.phases.items():
        print(f"  {phase[:70]:<72}{peak / 1e6:>8.0f}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one run of the main job."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=20_000, help="of the generated corpus")
    parser.add_argument("--seed", type=int, default=1, help="of the generated corpus")
    parser.add_argument("--format", choices=("jsonl", "jsonl.zst", "parquet"), default="jsonl")
    parser.add_argument("--input", type=Path, help="measure on this file instead")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--folder", type=Path, help="for the corpus and the run; kept")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cleaner-benchmark-") as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        source = args.input
        if source is None:
            source = folder / f"corpus-{args.documents}-{args.seed}.{args.format}"
            if not source.exists():
                unfinished = source.with_name("unfinished-" + source.name)
                write(Corpus(args.documents, args.seed), unfinished)
                unfinished.rename(source)
        output = Path(tempfile.mkdtemp(prefix="run-", dir=folder)) / "out"
        show(measure(source, output, args.workers, args.config), source)


if __name__ == "__main__":
    main()
