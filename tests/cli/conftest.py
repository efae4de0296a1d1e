"""A small input and a config, in a folder of their own."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.links import USE

CONFIG = f"""\
name: small
input: [pages, records.jsonl.gz, rows.parquet]
output: out/small
stages:
  - use: unicode
  - use: {USE}
    id: links
  - use: tidy
engine: inline
max_bad: 0.5
"""
PAGE = "caf\xc3\xa9 one\n\n\nlink to there\nlast line\n"
LINES = [
    json.dumps({"text": "zero", "url": "https://a.example/0"}),
    "{",
    "",
    json.dumps({"text": "three\nlink three\n", "id": 3}),
    json.dumps({"text": "boom"}),
]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `small.yaml` and its input: a page, records good and bad, rows."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.txt").write_text(PAGE, encoding="utf-8")
    (tmp_path / "pages" / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "records.jsonl.gz").write_bytes(gzip.compress("\n".join(LINES).encode()))
    table = pa.table(
        {"text": ["row zero", "link one", None], "url": [None, "https://b.example", None]}
    )
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=2)
    (tmp_path / "small.yaml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path
