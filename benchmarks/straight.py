"""The map side beside a straight script: ftfy, C4's line rule and a fast language id, line by line.

    python benchmarks/straight.py corpus.jsonl.zst [--documents 5000] [--repeat 3]

Both read the same JSON lines on one core and leave one file of text: the script as Python programs
of this kind are written, the project by `cleaner run` with the stages unicode, noise and language,
which also writes a ledger and proves that every original comes back. Printed are CPU seconds of
whole processes, the median of interleaved runs, and, of the project, also those of its map side
alone: the tasks that read and those that run the three stages.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

CONFIG = """name: straight
input: {source}
output: {output}
stages:
  - use: unicode
  - use: noise
    packs: [any, vi, en]
  - use: language
engine: {{kind: inline}}
keep_work: true
"""


def script(source: Path, target: Path) -> None:
    """The straight script: repair, rule and language of each document, to JSON lines."""
    import ftfy
    import py3langid

    from cleaner.noise.baselines import c4

    with target.open("w", encoding="utf-8") as out:
        for record in records(source):
            lines = ftfy.fix_text(record["text"]).split("\n")
            kept = "\n".join(line for line, keep in zip(lines, c4(lines), strict=True) if keep)
            language, _ = py3langid.classify(kept[:400])
            out.write(json.dumps(record | {"text": kept, "lang": language}, ensure_ascii=False))
            out.write("\n")


def records(source: Path) -> Iterable[dict[str, str]]:
    """The records of a JSONL file, plain or compressed."""
    with pa.input_stream(str(source), compression="detect") as stream:
        rest = b""
        while block := stream.read(1 << 20):
            *lines, rest = (rest + block).split(b"\n")
            yield from map(json.loads, filter(None, lines))
        if rest:
            yield json.loads(rest)


def first(source: Path, target: Path, documents: int) -> int:
    """Write the first so many documents; their bytes of text."""
    size = 0
    with target.open("w", encoding="utf-8") as out:
        for number, record in enumerate(records(source)):
            if number == documents:
                break
            size += len(record["text"].encode())
            out.write(json.dumps({"text": record["text"]}, ensure_ascii=False) + "\n")
    return size


def cpu(command: list[str]) -> float:
    """CPU seconds, user and system, of a command and what it starts, on one core."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    core = min(os.sched_getaffinity(0))
    subprocess.run(command, check=True, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def map_side(work: Path) -> float:
    """CPU seconds of the tasks before the writing."""
    tasks = [*work.glob("*read/*.json"), *work.glob("*map*/*.json")]
    return sum(float(json.loads(task.read_bytes())["seconds"]["_cpu"]) for task in tasks)


def main() -> None:
    """Measure both in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path)
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--script", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.script:
        script(args.source, args.script)
        return
    with tempfile.TemporaryDirectory(prefix="cleaner-straight-") as temporary:
        folder = Path(temporary)
        source, output = folder / "corpus.jsonl", folder / "run"
        size = first(args.source, source, args.documents) / 1e6
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(source=source, output=output), encoding="utf-8")
        run = [sys.executable, "-m", "cleaner", "run", str(config), "--quiet"]
        straight = [sys.executable, __file__, str(source), "--script", str(folder / "out.jsonl")]
        cpu(run)  # compile what is compiled once
        times: dict[str, list[float]] = {"script": [], "run": [], "map side": []}
        for _ in range(args.repeat):
            times["script"].append(cpu(straight))
            shutil.rmtree(output)
            times["run"].append(cpu(run))
            times["map side"].append(map_side(output / "work"))
        middle = {name: statistics.median(values) for name, values in times.items()}
    print(f"{args.documents:,} documents, {size:.1f} MB of text, median of {args.repeat}")
    print("| | CPU s | MB per CPU s | the script is so many times slower |\n|---|--:|--:|--:|")
    for name, label in (
        ("script", "ftfy + C4's line rule + py3langid"),
        ("map side", "map side: read, unicode, noise, language"),
        ("run", "whole run: start-up, ledger, proof, Parquet, reports"),
    ):
        seconds = middle[name]
        ratio = middle["script"] / seconds
        print(f"| {label} | {seconds:.2f} | {size / seconds:.1f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
