"""Extractors of HTML alone, and before the noise stage, on sites whose text is known.

    python -m benchmarks.html_noise [--set semantic] [--articles 10] [--folder DIR]

For each kind of site of `html_sites.py`: its pages are served on loopback, recorded to a
`.warc.gz`, and taken by `cleaner run` to Parquet, with no stage but `tidy`, with `noise`, and with
`repeats` before it. The figure is word F1, the mean over pages, as `cleaner eval noise` has it.
Extractors that are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.html_sites import SITES, Page, articles, crawl, pages
from cleaner.config.load import parse
from cleaner.engine.driver import run
from cleaner.noise.evaluate import GoldPages, gold_page, word_scores

EXTRACTORS: Mapping[str, Mapping[str, object]] = {
    "resiliparse, all text": {},
    "resiliparse, main content": {"main_content": True},
    "trafilatura": {"html_extractor": "trafilatura", "html_seconds": 60.0},
}
WAYS: Mapping[str, Sequence[str]] = {
    "alone": ("tidy",),
    "noise": ("unicode", "noise", "tidy"),
    "repeats, noise": ("unicode", "repeats", "noise", "tidy"),
}


@dataclass(frozen=True, slots=True)
class Score:
    """Means over the pages of a set: precision, recall and F1 of bags of words."""

    precision: float
    recall: float
    f1: float


def through(archive: Path, read: Mapping[str, object], stages: Sequence[str]) -> dict[str, str]:
    """Take an archive through a run; URL → text of the corpus."""
    output = Path(tempfile.mkdtemp(prefix="html-noise-", dir=archive.parent)) / "run"
    config = {
        "name": "html-noise",
        "input": [str(archive)],
        "output": str(output),
        "read": dict(read),
        "stages": [{"use": use} for use in stages],
        "engine": "inline",
    }
    run(parse(json.dumps(config), "html-noise"))
    table = pq.read_table(output / "corpus", columns=["url", "text"])
    return dict(zip(*(column.to_pylist() for column in table.columns), strict=True))


def score(texts: Mapping[str, str], found: Sequence[Page]) -> Score:
    """How near texts are to the articles; a page without text counts as empty."""
    golds = []
    for number, page in enumerate(found):
        text = texts.get(page.url, "")
        row = {"noisy_text": text, "gold_text": page.article.gold, "url": page.url}
        row["line_labels"] = "1" * len(text.split("\n"))
        golds.append(gold_page(row, page.site, number))
    columns = GoldPages.of(golds)
    means = word_scores(columns, np.ones(len(columns.text), bool)).mean(axis=0)
    return Score(*means.tolist())


def installed() -> dict[str, Mapping[str, object]]:
    """The extractors that are there."""
    return {
        name: read
        for name, read in EXTRACTORS.items()
        if importlib.util.find_spec(str(read.get("html_extractor", "resiliparse"))) is not None
    }


def measure(site: str, most: int | None, folder: Path) -> dict[str, dict[str, Score]]:
    """Extractor → way → figures of one kind of site; `most` articles, all by default."""
    found = pages(site, articles()[:most])
    archive = folder / site / f"{site}.warc.gz"
    crawl(found, archive)
    return {
        name: {way: score(through(archive, read, stages), found) for way, stages in WAYS.items()}
        for name, read in installed().items()
    }


def shown(site: str, figures: Mapping[str, Mapping[str, Score]]) -> str:
    """Rows of a table in Markdown: word F1 alone, and behind each way what it adds."""
    lines = []
    for name, ways in figures.items():
        alone = ways["alone"]
        cells = [f"{alone.f1:.3f} ({alone.precision:.3f} / {alone.recall:.3f})"]
        for way in [*WAYS][1:]:
            now = ways[way]
            gain = now.f1 - alone.f1
            cells.append(f"{now.f1:.3f} ({now.precision:.3f} / {now.recall:.3f}), {gain:+.3f}")
        lines.append(f"| {site} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """A table: a row for each kind of site and extractor."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--set", choices=[*SITES], action="append", dest="sets")
    parser.add_argument("--articles", type=int, metavar="N", help="the first N articles alone")
    parser.add_argument("--folder", type=Path, help="keep archives and runs in this folder")
    args = parser.parse_args()
    count = len(articles()[: args.articles])
    print(f"{count} pages a set; word F1 (precision / recall), mean over pages\n")
    print("| site | extractor | alone | + noise | + repeats, noise |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        for site in args.sets or SITES:
            print(
                shown(site, measure(site, args.articles, args.folder or Path(temporary))),
                flush=True,
            )


if __name__ == "__main__":
    main()
