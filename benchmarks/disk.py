"""Bytes on the disk for each byte of text, by phase and kind of file: what a run takes.

    python -m benchmarks.disk CONFIG --input FILE [--limit N]

The figures stand behind `cleaner plan`'s forecast (`cleaner/engine/disk.py`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

from cleaner.config.load import load
from cleaner.engine.driver import run

LITTLE = 0.002


def main() -> None:
    """The command of the module's docstring."""
    parser = argparse.ArgumentParser(description="Disk that a run takes, per byte of text.")
    parser.add_argument("config", type=Path)
    parser.add_argument("--input", nargs="+", required=True)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "input": json.dumps(options.input),
            "output": f"{folder}/run",
            "keep_work": "true",
            "engine.workers": "1",
        }
        config = load(options.config, overrides=[f"{k}={v}" for k, v in settings.items()])
        report = run(config, limit=options.limit)
        text = report.timings["text_megabytes"] * 1e6
        total = 0.0
        print(f"{report.corpus['documents']:,} documents, {text / 1e6:,.1f} MB of text")
        for place in sorted(p for p in (report.output / "work").iterdir() if p.is_dir()):
            sizes: Counter[str] = Counter()
            for path in place.iterdir():
                sizes[path.name.partition(".")[2]] += path.stat().st_size
            shares = {kind: size / text for kind, size in sizes.items()}
            total += sum(shares.values())
            shown = [f"{kind} {share:.3f}" for kind, share in shares.items() if share > LITTLE]
            print(f"{place.name:<12} {', '.join(shown)}")
        print(f"work as a whole {total:.2f}")


if __name__ == "__main__":
    main()
