"""Rules of the quality stage beside datatrove's filters: agreement, reasons, throughput.

    python benchmarks/quality.py DOCS.parquet --documents 1000
    python benchmarks/quality.py NOISY.jsonl.zst --field noisy_text --every 3

Documents are English texts: Parquet, JSONL, JSONL.zst or JSONL.gz. datatrove gets an environment of
its own under the cache folder (as `benchmarks/dedup` does); both sides judge the same documents,
one after the other, in one process each, and count CPU seconds of judging alone. Prints for each of
GopherQualityFilter, GopherRepetitionFilter, C4QualityFilter and FineWebQualityFilter the share of
documents on which both agree to keep or to drop, what each side said where they do not, and how
many times faster the rules are.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

CACHE = Path.home() / ".cache" / "cleaner-benchmarks" / "dedup"
FILTERS = {
    "gopher_quality": "GopherQualityFilter",
    "gopher_repetition": "GopherRepetitionFilter",
    "c4": "C4QualityFilter",
    "fineweb": "FineWebQualityFilter",
}
"""Set of rules → the filter of datatrove."""
BOUNDS = {"fineweb_duplicate_line_chars": 0.01}
"""Where datatrove's default is not the paper's."""
BATCH = 500
"""Documents that are judged at a time."""


def read(path: Path, field: str, every: int, most: int) -> list[str]:
    """The texts of a file that are not empty."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        texts: Iterator[Any] = iter(pq.read_table(path, columns=[field])[field].to_pylist())
    else:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        elif path.suffix == ".zst":
            command = ["zstd", "-dcq", str(path)]
            raw = subprocess.run(command, capture_output=True, check=True).stdout
        texts = (json.loads(line).get(field) for line in raw.splitlines())
    return [text for text in texts if text][::every][:most]


def judge_with_datatrove(source: Path, target: Path) -> None:
    """In datatrove's environment: verdicts and seconds of each filter, as JSON.

    datatrove keeps the words of the last texts: the filter that comes first pays for all of them.
    """
    from datatrove.data import Document  # type: ignore[import-not-found]
    from datatrove.pipeline import filters  # type: ignore[import-not-found]

    texts = json.loads(source.read_text("utf-8"))
    made = {name: getattr(filters, kind)() for name, kind in FILTERS.items()}
    for filter_ in made.values():  # what is loaded late is not counted
        filter_.filter(Document(text="One sentence. Another sentence.", id="0"))
    verdicts: dict[str, list[str]] = {name: [] for name in made}
    seconds = dict.fromkeys(made, 0.0)
    for number, text in enumerate(texts):
        for name, filter_ in made.items():
            started = time.process_time()
            try:
                found = filter_.filter(Document(text=text, id=str(number)))
            except ZeroDivisionError:
                found = (False, "division by zero")
            seconds[name] += time.process_time() - started
            reason = found[1] if isinstance(found, tuple) else str(found)
            verdicts[name].append("" if found is True else reason)
    target.write_text(json.dumps({"verdicts": verdicts, "seconds": seconds}), encoding="utf-8")


def judge(texts: Sequence[str]) -> dict[str, Any]:
    """The same with our rules: the first rule of each set that fails."""
    import numpy as np
    import pyarrow as pa

    from cleaner.quality.catalogue import SETS
    from cleaner.quality.measures import Measures

    verdicts: dict[str, list[str]] = {name: [] for name in FILTERS}
    seconds = dict.fromkeys(FILTERS, 0.0)
    warm = pa.array(["One sentence. Another sentence.", "x"])
    for batch in (warm, *(pa.array(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH))):
        measures = Measures(batch, ["en"] * len(batch))
        for name in FILTERS:
            started = time.process_time()
            said = np.full(len(batch), "", object)
            for rule in reversed(SETS[name]):
                values = np.asarray(rule.value(measures, rule.size or 0), np.float64)
                said[rule.fails(values, rule.min, BOUNDS.get(rule.name, rule.max))] = rule.name
            if batch is not warm:
                seconds[name] += time.process_time() - started
                verdicts[name] += said.tolist()
    return {"verdicts": verdicts, "seconds": seconds}


def compare(texts: Sequence[str], ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Print the figures; whether each filter agrees on 99 % of the documents."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    agrees = True
    for name, kind in FILTERS.items():
        pairs = list(zip(ours["verdicts"][name], theirs["verdicts"][name], strict=True))
        apart = [(a, b) for a, b in pairs if bool(a) != bool(b)]
        share = 1 - len(apart) / len(pairs)
        agrees &= share >= 0.99
        dropped = [sum(bool(pair[side]) for pair in pairs) for side in (0, 1)]
        cost = f"{ours['seconds'][name]:.2f} s and {theirs['seconds'][name]:.1f} s"
        print(
            f"{kind}: {share:.2%} agree; dropped by cleaner {dropped[0]:,}, by datatrove"
            f" {dropped[1]:,}; CPU {cost}"
        )
        for (a, b), count in Counter(apart).most_common():
            print(f"    {count:>4}  cleaner: {a or 'keeps'}; datatrove: {b or 'keeps'}")
    mine, other = sum(ours["seconds"].values()), sum(theirs["seconds"].values())
    print(
        f"All four: cleaner {size / mine:.1f} MB a CPU second, datatrove {size / other:.3f};"
        f" {other / mine:.0f} times as fast"
    )
    return agrees


def main() -> int:
    """Judge with both, and compare; 1 if a filter agrees on fewer than 99 %."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--field", default="text", help="the field with the text")
    parser.add_argument("--documents", type=int, default=1000, help="so many at most")
    parser.add_argument("--every", type=int, default=1, help="each n-th document")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where environments are made")
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        judge_with_datatrove(args.source, args.peer)
        return 0
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from benchmarks.dedup.programs import InstallError, install

    texts = read(args.source, args.field, args.every, args.documents)
    if not texts:
        print(f"{args.source} has no text in {args.field}; name the field with --field")
        return 2
    try:
        python = install("datatrove", args.cache)
    except InstallError as error:
        print(f"datatrove cannot be installed: {error}")
        return 2
    print(f"{len(texts):,} documents, {sum(map(len, texts)):,} characters")
    ours = judge(texts)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "texts.json"), Path(folder, "verdicts.json")
        source.write_text(json.dumps(texts), encoding="utf-8")
        command = [str(python), __file__, str(source), "--peer", str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"datatrove failed: {done.stderr.strip().splitlines()[-1:]}")
            return 2
        theirs = json.loads(target.read_text("utf-8"))
    return 0 if compare(texts, ours, theirs) else 1


if __name__ == "__main__":
    sys.exit(main())
