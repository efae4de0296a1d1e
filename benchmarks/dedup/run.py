"""Near-duplicate removal, measured beside other programs: cost and quality in one command.

    python -m benchmarks.dedup.run --peers daft,datasketch,rensa --documents 50000 --runs 3

Every program reads the same Parquet file and writes the documents that it keeps as Parquet. The
runs are interleaved, each on one core and then on two; the table has medians. CPU seconds are those
of the whole process tree. What stayed is judged against the exact truth of the corpus. A peer that
cannot be installed, fails, or takes too long is named as such, and the others go on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.dedup import corpus as corpora
from benchmarks.dedup.measure import Cost, measure
from benchmarks.dedup.programs import (
    OWN,
    PEERS,
    InstallError,
    Job,
    install,
    own_command,
    peer_command,
)
from benchmarks.dedup.score import Gold, Quality, judge, kept_rows, read_gold
from benchmarks.dedup.texts import read_texts

WARM_UP = 500
"""Documents of the run before the first that is measured: it fills caches and compiles."""

HEAD = ("program", "cores", "CPU s", "× cleaner", "documents / CPU s", "wall s", "MB at most",
        "recall J ≥ 0.7", "J ≥ 0.8", "removed", "lost", "precision", "same twice")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one program; `failure` is empty if it did its job, else `kept` and so on are."""

    program: str
    cores: int
    failure: str
    cost: Cost | None = None
    kept: str = ""
    quality: Quality | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """What all runs share."""

    folder: Path
    threshold: float
    timeout: float
    scratch: Path
    gold: Gold
    documents: int

    def once(self, program: str, python: Path, source: Path, cores: int) -> Result:
        """Run a program once, judge what it kept, remove what it wrote."""
        work = Path(tempfile.mkdtemp(dir=self.scratch, prefix=f"{program}-"))
        job = Job(source, work, self.threshold, cores)
        if program == OWN:
            command, kept = own_command(python, job)
        else:
            command, kept = peer_command(program, python, job)
        log = work / "log"
        temporary = work / "tmp"
        temporary.mkdir()
        try:
            cost = measure(command, cores, log, self.timeout, {"TMPDIR": str(temporary)})
            if cost.exit_code:
                return Result(program, cores, f"exit code {cost.exit_code}: {_last_line(log)}")
            rows = kept_rows(kept, self.documents)
            levels = tuple(sorted({0.7, 0.8, self.threshold}))
            digest = hashlib.sha256(rows.tobytes()).hexdigest()[:16]
            return Result(program, cores, "", cost, digest, judge(self.gold, rows, levels))
        except (OSError, ValueError) as error:
            return Result(program, cores, f"{type(error).__name__}: {error}")
        finally:
            shutil.rmtree(work, ignore_errors=True)


def compare(
    bench: Bench, programs: dict[str, Path], cores: Sequence[int], runs: int
) -> Iterator[Result]:
    """Warm each program up, then run them in turn; one that fails is left out from then on."""
    source = bench.folder / "corpus.parquet"
    small = bench.scratch / "warm.parquet"
    pq.write_table(pq.read_table(source).slice(0, WARM_UP), small)
    alive = dict(programs)
    for name, python in programs.items():
        warm = bench.once(name, python, small, 1)
        if warm.failure:
            yield warm
            del alive[name]
    for _ in range(runs):
        for count in cores:
            for name, python in list(alive.items()):
                result = bench.once(name, python, source, count)
                yield result
                if result.failure:
                    del alive[name]


def markdown(results: Sequence[Result], bench: Bench, facts: dict[str, Any]) -> str:
    """The table and what it is about."""
    about = (
        f"{facts['documents']:,} documents, {facts['bytes'] / 1e6:.1f} MB of text, threshold "
        f"{bench.threshold:g}; {_machine()}; medians of {_runs(results)}. CPU: user + system "
        "seconds of the whole process tree. Lost: removed documents that are not alike, at the "
        "threshold, to any that stayed."
    )
    lines = [about, "", f"| {' | '.join(HEAD)} |", f"|---|{'--:|' * (len(HEAD) - 2)}---|"]
    for cores in sorted({r.cores for r in results}):
        own = _cpu(results, OWN, cores)
        names = dict.fromkeys(r.program for r in results if r.cores == cores and not r.failure)
        for name in sorted(names, key=lambda n: _cpu(results, n, cores)):
            mine = [r for r in results if (r.program, r.cores, r.failure) == (name, cores, "")]
            same = {r.kept for r in results if r.program == name and not r.failure}
            lines.append(_row(mine, own, bench, facts["documents"], len(same) == 1))
    lines += ["", *(f"- {r.program} on {r.cores}: {r.failure}" for r in results if r.failure)]
    return "\n".join(lines).rstrip() + "\n"


def _row(mine: Sequence[Result], own: float, bench: Bench, documents: int, same: bool) -> str:
    costs = [r.cost for r in mine if r.cost]
    quality = mine[0].quality
    assert quality is not None
    cpu = statistics.median(c.cpu for c in costs)
    several = len(costs) > 1
    cells = [
        mine[0].program,
        str(mine[0].cores),
        f"{cpu:.2f}",
        f"{cpu / own:.2f}" if own else "",
        f"{documents / cpu:,.0f}",
        f"{statistics.median(c.wall for c in costs):.2f}",
        f"{statistics.median(c.memory for c in costs) / 1e6:,.0f}",
        f"{quality.recall[0.7]:.4f}",
        f"{quality.recall[0.8]:.4f}",
        f"{quality.removed:,}",
        f"{quality.lost[bench.threshold]:,}",
        f"{quality.precision[bench.threshold]:.4f}",
        ("yes" if same else "**no**") if several else "",
    ]
    return "| " + " | ".join(cells) + " |"


def _cpu(results: Sequence[Result], program: str, cores: int) -> float:
    """The median of a program's CPU seconds; 0 if it has none."""
    seconds = [r.cost.cpu for r in results if (r.program, r.cores) == (program, cores) and r.cost]
    return statistics.median(seconds) if seconds else 0.0


def _runs(results: Sequence[Result]) -> str:
    counts = [
        sum(r.program == p and r.cores == c and not r.failure for r in results)
        for p, c in {(r.program, r.cores) for r in results}
    ]
    most = max(counts, default=0)
    return f"{most} run{'' if most == 1 else 's'}"


def _machine() -> str:
    """Processor and Python, in words."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        name = next(
            (x.partition(":")[2].strip() for x in lines if x.startswith("model name")), name
        )
    return f"{name}, {os.cpu_count()} CPUs, Python {platform.python_version()}"


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "no message")


def _corpus(options: argparse.Namespace) -> Path:
    """The folder of the corpus; made and kept in the cache if none is named."""
    if options.corpus:
        return Path(options.corpus)
    arguments = {"documents": options.documents, "short": options.short, "seed": options.seed}
    named = [[path.name, path.stat().st_size] for path in options.texts]
    key = hashlib.sha256(json.dumps([arguments, named]).encode()).hexdigest()[:12]
    folder = Path(options.cache) / f"corpus-{options.documents}-{key}"
    if not (folder / "facts.json").exists():
        say(f"making a corpus of {options.documents:,} documents in {folder}")
        made = corpora.build(
            read_texts(options.texts), options.documents, short=options.short, seed=options.seed
        )
        corpora.write(made, folder, {**arguments, "texts": [p.name for p in options.texts]})
    return folder


def _environments(names: Sequence[str], cache: Path) -> tuple[dict[str, Path], list[Result]]:
    """Each program with its Python, and those that cannot be installed."""
    programs: dict[str, Path] = {}
    failed = []
    for name in (OWN, *names):
        say(f"environment of {name}")
        try:
            programs[name] = install(name, cache)
        except (InstallError, OSError) as error:
            failed.append(Result(name, 0, f"cannot be installed: {error}"))
    return programs, failed


def _peers(text: str) -> list[str]:
    names = list(PEERS) if text == "all" else [name for name in text.split(",") if name]
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"{', '.join(unknown)}: expected all, or some of {', '.join(PEERS)}"
        )
    return names


def say(text: str) -> None:
    """Print progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare near-duplicate removal with peers.")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument(
        "--peers", type=_peers, default="daft,datasketch,rensa", help=f"all, or {','.join(PEERS)}"
    )
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--short", action="store_true", help="posts of about 110 words")
    parser.add_argument("--texts", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--corpus", type=Path, help="a folder made by benchmarks.dedup.corpus")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--threshold", type=float, default=0.7)
    parser.add_argument("--timeout", type=float, default=3600, help="seconds a run may take")
    parser.add_argument(
        "--cache",
        type=Path,
        default=home / "cleaner-benchmarks" / "dedup",
        help="where environments and corpora are kept (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, help="write the table here, and all runs as .json")
    return parser.parse_args()


def main() -> None:
    """The command of the module's docstring."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the running job ends, too
    options.cache.mkdir(parents=True, exist_ok=True)
    try:
        folder = _corpus(options)
        facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        gold = read_gold(folder / "gold.parquet")
    except (OSError, ValueError) as error:
        raise SystemExit(f"Error: {error}") from error
    programs, results = _environments(options.peers, options.cache)
    with tempfile.TemporaryDirectory(prefix="cleaner-dedup-") as scratch:
        bench = Bench(
            folder.resolve(), options.threshold, options.timeout, Path(scratch), gold,
            facts["documents"],
        )  # fmt: skip
        for result in compare(bench, programs, options.cores, options.runs):
            results.append(result)
            cost = result.cost
            done = f"{cost.cpu:.2f} CPU s, {cost.wall:.2f} s" if cost else result.failure
            say(f"{result.program} on {result.cores}: {done}")
    table = markdown(results, bench, facts)
    print(table)
    if options.out:
        options.out.write_text(table, encoding="utf-8")
        document = {"facts": facts, "results": [asdict(result) for result in results]}
        options.out.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
