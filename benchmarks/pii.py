"""What `cleaner.pii` finds in a corpus, and how fast: to look at by eye.

    python benchmarks/pii.py CORPUS.jsonl.zst [--field text] [--sample 60] [--seed 0]

Lines are looked at one by one, as passages are in a run, in one process. The speed is by processor
time: of the first look over all lines, and of the whole. With --sample so many finds of each kind
are printed with the text around them, which holds what was found: it is not for sharing.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa

from cleaner.pii.find import Finder, Options
from cleaner.pii.hit import Hit
from cleaner.report.inert import inert

AROUND = 45


def main() -> None:
    """Read, find, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("--field", default="text")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with pa.input_stream(options.corpus, compression="detect") as stream:
        records = [json.loads(line) for line in stream.read().splitlines() if line.strip()]
    lines = pa.array([p for r in records for p in r[options.field].split("\n") if p], pa.string())
    megabytes = sum(len(line.as_py().encode()) for line in lines) / 1e6
    finder = Finder(Options())
    finder.flags(lines.slice(0, 10))  # compiled, and the numbering plans read, before the clock
    finder.find("gọi 0912 345 678, tel 01 99 00 12 34, a@mail.example")
    started = time.process_time()
    flags = finder.flags(lines)
    looked = time.process_time() - started
    found: dict[str, list[tuple[str, Hit]]] = defaultdict(list)
    for at in np.flatnonzero(flags).tolist():
        text = lines[at].as_py()
        for hit in finder.find(text, int(flags[at])):
            found[hit.kind].append((text, hit))
    whole = time.process_time() - started
    print(
        f"{len(records):,} documents, {megabytes:.1f} MB, {np.count_nonzero(flags):,} lines flagged"
    )
    print(f"first look {megabytes / looked:.0f} MB/s, all {megabytes / whole:.1f} MB/s")
    print(dict(Counter({kind: len(hits) for kind, hits in found.items()}).most_common()))
    draw = random.Random(options.seed)
    for kind, hits in sorted(found.items()):
        for text, hit in draw.sample(hits, min(len(hits), options.sample)):
            left, right = text[max(0, hit.start - AROUND) : hit.start], text[hit.end :][:AROUND]
            print(inert(f"{kind} | {left}[[{text[hit.start : hit.end]}]]{right}"))


if __name__ == "__main__":
    main()
