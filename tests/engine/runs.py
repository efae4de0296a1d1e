"""Runs in a folder of their own: corpora, configs, and the bytes that a run leaves."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.config.load import parse
from cleaner.config.model import RunConfig
from cleaner.engine.driver import run
from cleaner.report.html import without_timings
from cleaner.report.stats import RunReport

STAGES = "tests.engine.stages:"
ROOT = Path(__file__).parents[2]
PAGE = "reports/report.html"
NOT_COMPARED = {"reports/timings.json", "run.log", "config.yaml"}

_NOUNS = "river bridge market winter engine harbour teacher forest colour signal"
_VERBS = "carries follows repairs watches forgets measures opens paints answers crosses"
_WORDS = (_VERBS.split(), _NOUNS.split())


def sentence(draw: random.Random, words: int) -> str:
    """Some words; every second one of a few, so that lines repeat parts of each other."""
    return " ".join(draw.choice(_WORDS[i % 2]) for i in range(words)) + "."


def article(draw: random.Random, lines: int = 6) -> str:
    """A text of some lines; every line has a number of its own."""
    return "".join(f"{sentence(draw, 12)[:-1]} {draw.randrange(10**6)}.\n" for _ in range(lines))


def make_corpus(folder: Path, documents: int = 40) -> None:
    """Files of all formats with copies, near-copies, repeated lines, hosts and bad records."""
    draw = random.Random(documents)
    folder.mkdir(parents=True)
    footer = "MENU home | news | sport\n"
    shared = "Readers of the letter " + sentence(draw, 24) + "\n"
    pair = sentence(draw, 24)
    texts: list[str] = []
    for number in range(documents):
        text = article(draw)
        if number % 5 == 3:
            text = texts[-1].replace("7", "8", 1) if number % 2 else texts[-2].upper()
        if number % 4 == 0:
            text = f"{footer}{shared}{text}{footer}"
        if number % 11 == 7:
            text = "SPAM " + text
        if number in (9, 21):
            text += "SKETCHBOOM\n" if number == 9 else "BOOM\n"
        if number in (1, 6):
            text += f"Only two have this line {pair}\n"
        if number % 13 == 5:
            text = text + text[: text.index("\n") + 1]
        texts.append(text)
    quarter = documents // 4
    for number, text in enumerate(texts[:quarter]):
        (folder / f"t{number:03d}.txt").write_bytes(text.replace("\n", "\r\n").encode())
    (folder / "empty.txt").write_bytes(b"")
    records = [
        {"text": t, "url": f"https://site{n % 3}.example/{n % 9}", "n": n}
        for n, t in enumerate(texts[quarter : 3 * quarter])
    ]
    lines = [json.dumps(r) for r in records]
    lines[3:3] = ["", "{not json", ""]
    (folder / "m.jsonl").write_text("\n".join(lines) + "\n")
    with gzip.open(folder / "n.jsonl.gz", "wt", compresslevel=1) as file:
        file.write("\n".join(lines[:7]))
    rest = texts[3 * quarter :]
    table = pa.table(
        {"text": rest, "date": [f"2024-01-{i % 28 + 1:02d}" for i in range(len(rest))]}
    )
    pq.write_table(table, folder / "p.parquet", row_group_size=3)


def write_texts(folder: Path, texts: Mapping[str, bytes | str]) -> Path:
    """Text files by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def write_records(path: Path, texts: Sequence[str], **columns: Sequence[Any]) -> Path:
    """A JSONL file of these texts, with other fields beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (
        {"text": t, **{k: v[i] for k, v in columns.items() if v[i] is not None}}
        for i, t in enumerate(texts)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def make_config(tmp: Path, stages: Sequence[Any], name: str = "run", **settings: Any) -> RunConfig:
    """A config that reads `tmp/in` and writes `tmp/<name>`, inline if nothing else is said."""
    items = [{"use": s} if isinstance(s, str) else dict(s) for s in stages]
    values: dict[str, Any] = {
        "name": "test",
        "input": [str(tmp / "in")],
        "output": str(tmp / name),
        "stages": items,
        "engine": "inline",
        "max_bad": 1.0,
        **settings,
    }
    return parse(json.dumps(values), "test.yaml")


def make_run(
    tmp: Path,
    stages: Sequence[Any],
    name: str = "run",
    limit: int | None = None,
    sample: int | None = None,
    **settings: Any,
) -> RunReport:
    """Run such a config."""
    return run(make_config(tmp, stages, name, **settings), limit=limit, sample=sample)


def bytes_of(output: Path) -> dict[str, str]:
    """The sha256 of every file of a run that may not differ; of the page without its times."""
    found = {}
    for path in sorted(p for p in output.rglob("*") if p.is_file()):
        name = path.relative_to(output).as_posix()
        if name in NOT_COMPARED or name.startswith("work/"):
            continue
        data = path.read_bytes()
        if name == PAGE:
            data = without_timings(data.decode()).encode()
        found[name] = hashlib.sha256(data).hexdigest()
    return found


def rows_of(output: Path, folder: str) -> list[dict[str, Any]]:
    """All rows of an output folder, such as "corpus" or "duplicates/pairs"."""
    parent, _, prefix = folder.partition("/")
    rows: list[dict[str, Any]] = []
    for path in sorted((output / parent).glob(f"{prefix or 'part'}-*.parquet")):
        rows += pq.read_table(path).to_pylist()
    return rows


def manifests_of(output: Path) -> dict[str, int]:
    """When each task of a kept `work/` was committed, by phase/index; in ns."""
    folder = output / "work"
    return {
        p.relative_to(folder).as_posix(): p.stat().st_mtime_ns
        for p in sorted(folder.glob("[0-9][0-9]-*/[0-9]*.json"))
    }


def start(module: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python module in a process group of its own, with the project on its path."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
