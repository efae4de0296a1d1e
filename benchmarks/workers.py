"""What workers gain: one run with N of them, beside N runs of one worker started together.

    python benchmarks/workers.py --documents 400000
    python benchmarks/workers.py --input corpus.parquet --config benchmarks/copies.yaml --workers 2

N processes that share a machine's memory and disks are slower than one has both for itself, also if
they have nothing to do with each other. So the bar is what N independent runs of the same job do in
the same time: they clean N corpora, the run with N workers one. The figure is the time that the
independent runs take, divided by N times that of the one run: 1 is all that can be had. Rounds take
turns in which of the two comes first, and the median is told.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from corpus import Corpus, write

ROOT = Path(__file__).parents[1]


def together(source: Path, config: Path, folder: Path, *, runs: int, workers: int) -> float:
    """Seconds from the start of so many runs, each with so many workers, to the end of the last.

    Raises:
        SystemExit: one of them failed; its message was printed by itself.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory(prefix="runs-", dir=folder) as outputs:
        started = time.perf_counter()
        jobs = []
        for number in range(runs):
            command = [sys.executable, "-m", "cleaner", "run", str(config), "--quiet"]
            command += ["--input", str(source), "--output", str(Path(outputs) / str(number))]
            command += ["--workers", str(workers)]
            jobs.append(subprocess.Popen(command, env=environment))
        codes = [job.wait() for job in jobs]
        seconds = time.perf_counter() - started
    if any(codes):
        raise SystemExit(max(codes))
    return seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=100_000, help="of the generated corpus")
    parser.add_argument("--input", type=Path, help="measure on this file instead")
    parser.add_argument("--config", type=Path, default=ROOT / "configs" / "vi-news.yaml")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="for the corpus and the runs; kept")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cleaner-benchmark-") as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        source = args.input
        if source is None:
            source = folder / f"corpus-{args.documents}.jsonl"
            if not source.exists():
                write(Corpus(args.documents, 1), source)
        shared, alone = [], []
        for number in range(args.rounds):
            for one in (True, False) if number % 2 == 0 else (False, True):
                runs, workers = (1, args.workers) if one else (args.workers, 1)
                seconds = together(source, args.config, folder, runs=runs, workers=workers)
                (shared if one else alone).append(seconds)
                print(f"  {runs} x {workers} workers: {seconds:.1f} s", flush=True)
        one, many = statistics.median(shared), statistics.median(alone)
        print(f"{source.name}, {source.stat().st_size / 1e6:,.0f} MB, {args.config.name}:")
        print(f"  one run of {args.workers} workers {one:.1f} s, "
              f"{args.workers} runs of one {many:.1f} s together")  # fmt: skip
        print(f"  {many / (args.workers * one):.2f} of what as many independent runs gain")


if __name__ == "__main__":
    main()
