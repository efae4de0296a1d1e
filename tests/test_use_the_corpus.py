"""The libraries that people train with read a run as it is: every example of the page is run."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from tests.report.tiny_run import make_run

PAGE = (Path(__file__).parents[1] / "docs" / "use-the-corpus.md").read_text("utf-8")
_EXAMPLE = r"^## ([^\n]+)\n(?:(?!^## ).)*?^```python\n(.*?)^```$"
EXAMPLES: dict[str, str] = dict(re.findall(_EXAMPLE, PAGE, re.MULTILINE | re.DOTALL))
"""Title → code."""
WHOLE = {
    "datasets": """
from datasets import load_dataset
found = load_dataset("parquet", data_files="out/vi-news/corpus/*.parquet", split="train")
print(found.num_rows, sorted(found.column_names))
""",
    "card": """
from datasets import load_dataset
rows = list(load_dataset("out/vi-news", split="train", streaming=True))
print(len(rows), sorted(rows[0]))
""",
    "pandas": """
import pandas
found = pandas.read_parquet("out/vi-news/corpus")
print(len(found), sorted(found))
""",
    "polars": """
import polars
found = polars.read_parquet("out/vi-news/corpus/*.parquet")
print(found.height, sorted(found.columns))
""",
    "duckdb": """
import duckdb
found = duckdb.sql("FROM 'out/vi-news/corpus/*.parquet'")
print(len(found.fetchall()), sorted(found.columns))
""",
    "pyarrow": """
import pyarrow.dataset as ds
found = ds.dataset("out/vi-news/corpus").to_table()
print(found.num_rows, sorted(found.column_names))
""",
}
"""Library, or what it goes by → code that prints the number of documents, and the columns."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run in `out/vi-news`, in several parts."""
    found = tmp_path_factory.mktemp("use")
    make_run(found, to="out/vi-news", write={"documents_per_part": 4})
    return found


def needed(code: str) -> str:
    """The library that an example imports."""
    (name,) = re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)
    return str(name)


def ran(folder: Path, code: str) -> str:
    """What an example prints; the Hub is out of reach, and caches are in the folder."""
    if importlib.util.find_spec(needed(code)) is None:
        pytest.skip(f"{needed(code)} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_library_has_an_example() -> None:
    """The page is read as it is meant."""
    assert len(EXAMPLES) == PAGE.count("```python") == 6
    assert [needed(code) for code in EXAMPLES.values()] == [
        *("datasets", "pandas", "polars", "duckdb", "pyarrow", "pyarrow")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("title", EXAMPLES)
def test_the_example_runs(folder: Path, title: str) -> None:
    """As it stands, and it prints something."""
    assert ran(folder, EXAMPLES[title]).strip()


def count(folder: Path) -> int:
    """Documents of the run."""
    report = json.loads((folder / "out/vi-news/reports/report.json").read_bytes())
    return int(report["corpus"]["documents"])


@pytest.mark.slow
@pytest.mark.parametrize("code", WHOLE.values(), ids=WHOLE)
def test_every_document_and_column_is_read(folder: Path, code: str) -> None:
    """All rows of all parts with all columns, nested ones included; by its card, too."""
    import pyarrow.parquet as pq

    names = pq.read_schema(folder / "out/vi-news/corpus/part-00000.parquet").names
    assert ran(folder, code).strip() == f"{count(folder)} {sorted(names)}"


def test_workers_share_the_parts(folder: Path) -> None:
    """Each document comes to one worker, whatever their number."""
    space: dict[str, object] = {}
    code = EXAMPLES["A training loop"].rpartition("\n\n\n")[0]
    exec(code, space)
    documents = space["documents"]
    assert callable(documents)
    place = str(folder / "out" / "vi-news" / "corpus")
    whole = [d["doc_id"] for d in documents(place)]
    assert len(whole) == count(folder)
    for workers in (1, 2, 3, 8):
        shares = [[d["doc_id"] for d in documents(place, w, workers)] for w in range(workers)]
        assert sorted(chain.from_iterable(shares)) == sorted(whole)
