"""Extractors of HTML, alone and before the noise stage: word F1, and time of a page.

    python benchmarks/html_extract.py GOLD.jsonl.zst --every 5
    python benchmarks/html_extract.py NOISE_GOLD.jsonl.zst --plumbing --every 50

GOLD is JSON lines with `html` and `gold_text`, and `lang` if known. Word F1 is that of bags of
words (one character is a word in scripts without spaces), the mean over pages; P and R likewise.

With `--plumbing` a set without HTML will do (`noisy_text`): its lines are wrapped as blocks. That
only shows that every line goes through: the pages have no structure, on which extractors of main
content decide, and so no figure of it says anything about an extractor.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from cleaner import clean
from cleaner.io.html_text import Extractor, Pathological
from cleaner.io.records import ReadOptions
from cleaner.text.words import word_hashes

EXTRACTORS = {
    "resiliparse, all text": ReadOptions(),
    "resiliparse, main content": ReadOptions(main_content=True),
    "trafilatura": ReadOptions(html_extractor="trafilatura", html_seconds=60.0),
}
Score = tuple[float, float, float]


def load(path: Path, every: int) -> list[dict[str, Any]]:
    """Each n-th record of JSON lines, plain or compressed."""
    if path.suffix == ".gz":
        raw = gzip.decompress(path.read_bytes())
    elif path.suffix == ".zst":
        raw = bytes(pa.input_stream(str(path), compression="zstd").read())
    else:
        raw = path.read_bytes()
    return [json.loads(line) for line in raw.splitlines()[::every]]


def wrapped(text: str) -> str:
    """Lines as blocks of a page without any other structure."""
    blocks = "".join(f"<div>{html.escape(line)}</div>\n" for line in text.split("\n"))
    return f"<!doctype html><html><body>{blocks}</body></html>"


def score(text: str, gold: str) -> Score:
    """Precision, recall and F1 of two bags of words."""
    words = word_hashes(pa.array([text, gold]))
    ours, theirs = (Counter(words[n].tolist()) for n in range(2))
    both = (ours & theirs).total()
    precision, recall = both / max(1, ours.total()), both / max(1, theirs.total())
    return precision, recall, 2 * precision * recall / max(1e-12, precision + recall)


def mean(scores: Sequence[Score]) -> str:
    """The means of some scores, as P / R / F1."""
    return " / ".join(f"{sum(part) / len(scores):.3f}" for part in zip(*scores, strict=True))


def measure(name: str, options: ReadOptions, rows: Sequence[dict[str, Any]]) -> None:
    """Print the figures of an extractor, alone and before the noise stage."""
    texts = []
    lost = 0
    with Extractor(options) as extractor:
        extractor.read(b"<p>to start what starts late")
        start = time.perf_counter()
        for row in rows:
            try:
                texts.append(extractor.read(row["html"].encode()).text)
            except Pathological as error:
                lost += 1
                texts.append("")
                print(f"  {row.get('id', '?')}: {error}", file=sys.stderr)
        seconds = time.perf_counter() - start
    golds = [row["gold_text"] for row in rows]
    alone = mean([score(text, gold) for text, gold in zip(texts, golds, strict=True)])
    cleaned = [clean(t, language=r.get("lang")).text for t, r in zip(texts, rows, strict=True)]
    after = mean([score(text, gold) for text, gold in zip(cleaned, golds, strict=True)])
    each = seconds / len(rows) * 1e3
    print(f"{name:<26} {alone}   with noise stage {after}   {each:.1f} ms a page, {lost} lost")


def changed(rows: Sequence[dict[str, Any]]) -> int:
    """How many pages of wrapped lines do not come out as the lines that went in."""
    count = 0
    with Extractor(ReadOptions()) as extractor:
        for row in rows:
            text = extractor.read(wrapped(row["noisy_text"]).encode()).text
            count += lines_of(text) != lines_of(row["noisy_text"])
    return count


def lines_of(text: str) -> list[str]:
    """The lines that are not empty, with white space as single spaces."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return [line for line in lines if line]


def main() -> None:
    """Each extractor that is installed, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--plumbing", action="store_true", help="wrap noisy_text; no figure")
    args = parser.parse_args()
    rows = load(args.gold, args.every)
    if args.plumbing:
        print(f"{len(rows)} pages of wrapped lines, {changed(rows)} came out with other lines")
        return
    if not rows or "html" not in rows[0]:
        sys.exit(f"{args.gold}: no field `html`; to wrap the text of `noisy_text`: --plumbing")
    for name, options in EXTRACTORS.items():
        package = options.html_extractor
        command = [sys.executable, "-c", f"import {package}"]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            print(f"{name}: not installed (pip install {package})")
            continue
        measure(name, options, rows)


if __name__ == "__main__":
    main()
