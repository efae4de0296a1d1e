"""A folder in which the commands of the pages can be run as they stand.

It has `configs/` and `seeds/` as a fresh clone has them, some finished runs under the names that
the pages give them, and small files for the words in capitals: `FILE.jsonl.zst`, `GOLD.jsonl.zst`.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from click.testing import CliRunner

from benchmarks.corpus import Corpus
from benchmarks.dedup.corpus import build, write
from cleaner.cli import main
from cleaner.config.load import parse
from cleaner.engine.driver import run
from tests.docs.pages import ROOT

Rows = Iterable[Mapping[str, Any]]
RULES = """\
pack: own
language: any
version: 1
rules:
  - id: own.credits
    kind: line
    severity: certain
    reason: who took the photographs
    any: ['^photographs: .{1,60}$']
    scope: {max_words: 16, where: anywhere}
    examples:
      match: ['Photographs: Bo Tan', 'Photographs: Ann Lee', 'PHOTOGRAPHS: Lê An']
      no_match: ['Her photographs: few survive.', 'Photographs of the quay.', 'Bo Tan wrote this.']
"""


def make(folder: Path) -> None:
    """Fill an empty folder; the working folder has to be this one."""
    for name in ("configs", "seeds"):
        shutil.copytree(ROOT / name, folder / name)
    _pages(folder)
    _gold(folder)
    _runs(folder)


def _pages(folder: Path) -> None:
    """`pages/`, `data/`, `data/pages`: inputs of the examples of the help."""
    (folder / "pages").mkdir()
    shutil.copy(folder / "seeds/news-en-01-ferry.txt", folder / "pages/ferry.txt")
    shutil.copytree(folder / "pages", folder / "data/pages")
    texts = [{"id": page.id, "text": page.text, "url": page.url} for page in Corpus(160, 1)]
    for name in ("FILE.jsonl.zst", "DOCS.jsonl.zst", "NEWS.jsonl.zst", "corpus.jsonl.zst"):
        _lines(folder / name, texts)
    for name in ("DOCS.jsonl", "CORPUS.jsonl"):
        _lines(folder / name, [*texts, {"id": "x", "text": "Call 0912 345 678, a@b.example.\n"}])
    hosts = [{**row, "url": f"https://news.example/{n}"} for n, row in enumerate(texts[:40])]
    _lines(folder / "data/news.jsonl.zst", hosts)
    (folder / "my-rules.yaml").write_text(RULES, "utf-8")
    (folder / "pages.yaml").write_text("input: pages\nstages: [{use: noise}]\n", "utf-8")


def _gold(folder: Path) -> None:
    """Files to measure with, a few rows of each kind."""
    good = "Thành phố sửa cầu và mở lại bến phà vào sáng thứ hai."
    damaged = good.encode().decode("latin-1")
    _lines(
        folder / "MOJIBAKE.jsonl.zst",
        [{"mechanism": "latin-1", "noisy_text": damaged, "gold_text": good}],
    )
    legacy = {"encoding": "windows-1258", "legacy_text": good, "gold_text": good}
    _lines(folder / "LEGACY.jsonl.zst", [legacy])
    said = {"vi": good, "en": "The ferry left at nine with forty people and one goat."}
    _lines(
        folder / "GOLD.jsonl.zst",
        [{"kind": "sentences", "lang": lang, "text": said[lang]} for lang in [*said] * 12],
    )
    _lines(folder / "PAGES.jsonl.zst", _labelled())
    main_text = "\n".join(f"<p>{good} {n}</p>" for n in range(4))
    html = f"<html><body><ul><li><a href='/'>Home</a></li></ul>{main_text}</body></html>"
    gold_text = "\n".join(f"{good} {n}" for n in range(4))
    _lines(folder / "HTML.jsonl", [{"html": html, "gold_text": gold_text, "lang": "vi"}] * 2)
    pairs: list[dict[str, Any]] = [
        {"id": "p0", "label": 1, "variant": "url", "noisy_b": gold_text},
        {"id": "p1", "label": 0, "variant": "other", "noisy_b": said["en"] * 4},
    ]
    pairs = [{**pair, "domain": "a", "noisy_a": gold_text} for pair in pairs]
    _lines(folder / "PAIRS.jsonl.zst", pairs)
    with pa.output_stream(str(folder / "PAIRS.tsv.zst"), compression="zstd") as out:
        out.write(b"a\tb\tjaccard5\n")
    write(build([], 200, short=True), folder / "CORPUS", {"documents": 200})


def _labelled() -> list[dict[str, Any]]:
    """Pages with labels: a menu, a headline, a text of some lines, links; of nine sites."""
    made = []
    for number, page in enumerate(Corpus(45, 2)):
        text = [line for line in page.text.splitlines() if len(line) > 120]
        title = f"Of the bridge and of ferry {number}"
        lines = ["Home", "News", "Sport", title, *text, "Read more", f"Other story {number}"]
        made.append(
            {
                "url": f"https://www.site{number % 9}.example/{number}",
                "title": f"{title} | Site",
                "noisy_text": "\n".join(lines),
                "gold_text": "\n".join(text),
                "line_labels": "".join(str(int(line in text)) for line in lines),
            }
        )
    return made


def _runs(folder: Path) -> None:
    """Finished runs, a sheet with verdicts drawn from the first, and a schema."""
    _do("schema", "--out", "cleaner.schema.json")
    job = ("run", "configs/vi-news.yaml", "--quiet", "--engine", "inline", "--workers", "1")
    _do(*job)
    own = "stages.noise.packs=[my-rules.yaml, any, vi, en]"
    _do(*job, "--output", "out/own", "--set", own)
    for name in ("first", "second", "pages"):
        shutil.copytree(folder / "out/vi-news", folder / "out" / name)
    _do("audit", "out/vi-news", "--out", "sheet.csv")
    judge(folder / "sheet.csv")
    near = {"use": "near_duplicates", "threshold": 0.7, "pairs": "all"}
    for name, source in (("texts", "FILE.jsonl.zst"), ("corpus", "CORPUS/corpus.jsonl")):
        config = {"input": source, "output": f"out/{name}", "engine": "inline", "stages": [near]}
        run(parse(json.dumps(config), "workshop"))


def judge(sheet: Path) -> None:
    """Fill the verdicts as a person would: all cuts and keeps are right."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    column = rows[0].index("verdict")
    for row in rows[1:]:
        row[column] = "right"
    with sheet.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _do(*arguments: str) -> None:
    """A command that has to end well."""
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == 0, f"{arguments}\n{done.output}"


def _lines(path: Path, rows: Rows) -> None:
    """JSON lines, packed where the name says so."""
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    compression = "zstd" if path.suffix == ".zst" else None
    with pa.output_stream(str(path), compression=compression) as out:
        out.write(data)
