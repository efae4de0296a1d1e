"""The report of a finished run: how long it takes to build, how big it is, when it is first seen.

    python benchmarks/report.py out/vi-news
    python benchmarks/report.py --documents 200000 --workers 2     makes the run first

Building is timed as a user does it, `cleaner report RUN --html` in a process of its own: wall and
CPU seconds, the best of several (the first one fills the disk cache). First paint is what
Chromium says of itself (`first-contentful-paint`), also the best of several.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))  # for the browser of the tests

from tests.report.browser import CHROMIUM, browser  # noqa: E402

LIMITS = {"size": 3.0, "seconds": 5.0, "paint": 1.0}
"""What a report of 200,000 documents may take: MB, seconds to build, seconds to its first paint."""
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def build(run: Path) -> tuple[float, float]:
    """Wall and CPU seconds of building the page of a run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = [sys.executable, "-m", "cleaner", "report", str(run), "--html"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def first_paint(page: Path, times: int) -> float:
    """Seconds from opening the page to its first text, the best of several times."""
    found = []
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        browser(Path(profile)) as tab,
    ):
        for _ in range(times):
            tab.open(page)
            tab.wait(f"({_PAINT}) > 0")
            found.append(float(tab.run(_PAINT)) / 1000)
    return min(found)


def make_run(documents: int, workers: int, folder: Path) -> Path:
    """The main job on the corpus of `benchmarks/pipeline.py`."""
    from corpus import Corpus, write
    from pipeline import CONFIG, measure

    source = folder / f"corpus-{documents}-1.jsonl"
    if not source.exists():
        write(Corpus(documents, 1), source)
    output = folder / "out"
    measure(source, output, workers, CONFIG)
    return output


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the report of a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("run", type=Path, nargs="?", help="the folder of a finished run")
    parser.add_argument("--documents", type=int, default=20_000, help="of the run to make")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cleaner-report-") as temporary:
        run = args.run or make_run(args.documents, args.workers, Path(temporary))
        walls, cpus = zip(*(build(run) for _ in range(args.times)), strict=True)
        page = run / "reports" / "report.html"
        size = page.stat().st_size / 1e6
        print(f"built in {min(walls):.2f} s (CPU {min(cpus):.2f} s); limit {LIMITS['seconds']:g}")
        print(f"size {size:.2f} MB; limit {LIMITS['size']:g}")
        if CHROMIUM is None:
            print("first paint: not measured, there is no Chromium (apt-get install chromium)")
            return
        paint = first_paint(page, args.times)
        print(f"first paint after {paint:.2f} s; limit {LIMITS['paint']:g}")


if __name__ == "__main__":
    main()
