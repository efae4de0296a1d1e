"""`cleaner eval text` and `cleaner eval language`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.errors import InputError

LINE = "Nhiều người đã đến từ sớm để xem buổi diễn."
ROWS = [
    {"mechanism": "latin1", "noisy_text": LINE.encode().decode("latin-1"), "gold_text": LINE},
    {"label": "plain", "original": "doesnâ€™t", "fixed": "doesn't"},
]


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    """JSON lines, compressed if the name says so."""
    kind = {".zst": "zstd", ".gz": "gzip"}.get(path.suffix)
    with pa.output_stream(str(path), compression=kind) as stream:
        stream.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    return str(path)


@pytest.mark.parametrize("name", ["gold.jsonl", "gold.jsonl.zst", "gold.jsonl.gz"])
def test_text_is_measured(name: str, tmp_path: Path) -> None:
    """A line a kind of damage, and the cases of ftfy; plain or compressed."""
    file = write(tmp_path / name, ROWS)
    result = CliRunner().invoke(main, ["eval", "text", file])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[1].split() == ["latin1", "1", *["1.0000"] * 3, "0"]
    assert "cases of ftfy: 1; right in both 1," in result.output
    as_json = CliRunner().invoke(main, ["eval", "text", "--json", file])
    assert json.loads(as_json.output)["kinds"]["latin1"]["exact"] == 1


def test_languages_are_measured(tmp_path: Path) -> None:
    """Accuracy of the back end that was asked for, of every n-th row."""
    rows = [
        {"kind": "sentences", "lang": "vi", "text": LINE},
        {"kind": "sentences", "lang": "en", "text": "not looked at"},
        {"kind": "sentences", "lang": "en", "text": "The committee will meet again next week."},
    ]
    file = write(tmp_path / "gold.jsonl", rows)
    arguments = ["eval", "language", "--backend", "py3langid", "--every", "2", file]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[1].split()[:5] == ["sentences", "2", "2", "1.0000", "1.0000"]
    assert result.output.splitlines()[3] == "  right by probability: .9 1.00 of 2"
    found = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).output)
    assert found["backend"] == "py3langid"
    assert found["kinds"]["sentences"]["by_language"] == {"en": [1, 1], "vi": [1, 1]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", ":1: not JSON"),
        (b'\n{"lang": "vi"}\n', ":2: expected an object with lang, text"),
        (b"[]\n", ":1: expected an object"),
    ],
)
def test_a_file_of_another_kind_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    """The message names file, line and what was expected."""
    file = tmp_path / "gold.jsonl"
    file.write_bytes(content)
    result = CliRunner().invoke(main, ["eval", "language", str(file)], standalone_mode=False)
    assert isinstance(result.exception, InputError)
    assert f"gold.jsonl{words}" in str(result.exception)


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    """What cannot be decompressed is an input error, not a crash."""
    file = tmp_path / "gold.jsonl.zst"
    file.write_bytes(b"not zstd")
    result = CliRunner().invoke(main, ["eval", "text", str(file)], standalone_mode=False)
    assert isinstance(result.exception, InputError)
