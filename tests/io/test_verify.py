"""A finished run is checked from its folder alone; whatever was changed in it is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.config.load import parse
from cleaner.engine.driver import run
from cleaner.errors import InputError
from cleaner.io.restore import restore_all
from cleaner.io.verify import verify

CONFIG = """
name: v
input: [{folder}/in]
output: {folder}/out
stages:
  - use: unicode
  - use: repeated_passages
  - use: exact_duplicates
  - use: near_duplicates
  - use: tidy
engine: inline
"""
TEXT = "The ferry left at nine with forty people and one goat on board, said the harbour master.\n"


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A run with cuts, rewrites and a dropped copy."""
    (tmp_path / "in").mkdir()
    texts = [TEXT + "a\u00a0b\r\n" + TEXT, "c\ufeffd\n\n\n\ne", TEXT + "a b\n" + TEXT, ""]
    for number, text in enumerate(texts):
        (tmp_path / "in" / f"{number}.txt").write_bytes(text.encode())
    run(parse(CONFIG.format(folder=tmp_path), "v.yaml"))
    return tmp_path / "out"


def faults(run_: Path) -> list[str]:
    """Everything that `verify` finds wrong."""
    return [fault for check in verify(run_) for fault in check.faults]


def test_a_run_as_it_was_written_is_right(finished: Path) -> None:
    """No faults, all documents restored, exit code 0."""
    checks = {c.name: c for c in verify(finished)}
    assert [c.faults for c in checks.values()] == [()] * 5
    assert checks["restore"].looked_at == 4
    assert checks["copies"].looked_at >= 2
    assert CliRunner().invoke(main, ["verify", str(finished)]).exit_code == 0


def flip_a_byte(run_: Path) -> None:
    """A byte of the ledger."""
    path = run_ / "ledger" / "part-00000.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def remove_a_part(run_: Path) -> None:
    """A file under another name."""
    (run_ / "corpus" / "part-00000.parquet").rename(run_ / "corpus" / "part-00009.parquet")


def add_a_file(run_: Path) -> None:
    """A file that no run wrote."""
    (run_ / "corpus" / "part-00001.parquet").write_bytes(b"x")


def change_the_text(run_: Path) -> None:
    """Another text, and a valid file."""
    path = run_ / "corpus" / "part-00000.parquet"
    table = pq.read_table(path)
    texts = [t.upper() for t in table.column("text").to_pylist()]
    index = table.schema.get_field_index("text")
    pq.write_table(table.set_column(index, table.schema.field("text"), [texts]), path)


def unbalance_the_report(run_: Path) -> None:
    """A count that is off by one."""
    path = run_ / "reports" / "report.json"
    report = json.loads(path.read_text())
    report["stages"][1]["chars_cut"] += 1
    path.write_text(json.dumps(report))


def lose_the_kept_copy(run_: Path) -> None:
    """Kept documents of clusters are gone."""
    path = run_ / "corpus" / "part-00000.parquet"
    table = pq.read_table(path)
    keep = [size == 1 for size in table.column("cluster_size").to_pylist()]
    pq.write_table(table.filter(keep), path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip_a_byte, "was changed"),
        (remove_a_part, "is missing"),
        (add_a_file, "not named by the manifest"),
        (change_the_text, "does not come back|what comes out is not what was read"),
        (unbalance_the_report, "what went in is not what came out"),
        (lose_the_kept_copy, "which is not in the corpus"),
    ],
)
def test_damage_is_found(finished: Path, damage: Callable[[Path], None], message: str) -> None:
    """Each kind of damage is named, and the exit code is 1."""
    damage(finished)
    result = CliRunner().invoke(main, ["verify", str(finished)])
    assert result.exit_code == 1
    assert any(part in result.output for part in message.split("|")), result.output


def test_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    """A folder without a manifest is no run."""
    with pytest.raises(InputError, match="not a finished run"):
        faults(tmp_path)


def test_all_originals_come_back(finished: Path, tmp_path: Path) -> None:
    """`restore --all` writes every document, kept or dropped, byte for byte, into a new folder."""
    assert restore_all(finished, tmp_path / "back") == 4
    for path in (tmp_path / "in").iterdir():
        assert (tmp_path / "back" / "in" / path.name).read_bytes() == path.read_bytes()
    with pytest.raises(InputError, match="not empty"):
        restore_all(finished, tmp_path / "back")
