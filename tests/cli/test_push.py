"""`cleaner push`: a run to another place, whole or not at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cleaner.cli import main
from cleaner.io import push as module
from cleaner.io.verify import verify
from tests.engine.runs import STAGES, make_corpus, make_run

MEND = f"{STAGES}Mend"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run of several parts."""
    make_corpus(tmp_path / "in", 16)
    make_run(tmp_path, [MEND, "exact_duplicates"], write={"documents_per_part": 4})
    return tmp_path / "run"


def push(run: Path, target: object, *options: str) -> Result:
    """Call the command."""
    return CliRunner().invoke(main, ["push", str(run), str(target), *options])


def bytes_below(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_the_corpus_and_its_card_arrive(run: Path, tmp_path: Path) -> None:
    """And nothing else but the manifest; a second call finds all there."""
    result = push(run, tmp_path / "there")
    assert result.exit_code == 0, result.output
    found, own = bytes_below(tmp_path / "there"), bytes_below(run)
    parts = [name for name in own if name.startswith("corpus/")]
    assert len(parts) > 2
    assert set(found) == {*parts, "README.md", "croissant.json", "manifest.json"}
    assert all(own[name] == data for name, data in found.items())
    again = push(run, tmp_path / "there")
    assert f"0 files written (0 B), {len(parts) + 2} there already" in again.output


def test_packed_lines_arrive_as_they_are(tmp_path: Path) -> None:
    """A part whose name ends in .zst is not packed once more on its way."""
    make_corpus(tmp_path / "in", 16)
    make_run(tmp_path, [MEND], write={"format": "jsonl", "documents_per_part": 4})
    result = push(tmp_path / "run", tmp_path / "there")
    assert result.exit_code == 0, result.output
    found, own = bytes_below(tmp_path / "there"), bytes_below(tmp_path / "run")
    assert sum(name.endswith(".jsonl.zst") for name in found) > 2
    assert all(own[name] == data for name, data in found.items())


def test_a_whole_run_is_a_run_there(run: Path, tmp_path: Path) -> None:
    """`--all`: it passes every check; a later call for the corpus alone leaves the rest."""
    assert push(run, tmp_path / "there", "--all").exit_code == 0
    assert all(not check.faults for check in verify(tmp_path / "there"))
    assert "0 files written" in push(run, tmp_path / "there").output
    assert (tmp_path / "there" / "ledger").is_dir()


@pytest.mark.parametrize("number", [0, 2, 5])
def test_a_break_leaves_no_run_and_the_same_command_goes_on(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """No manifest stands beside half of the files; what arrived is not written again."""
    write, left = module._Target.write, [number + 1]

    def fails(self: Any, name: str, blocks: Iterator[bytes]) -> None:
        if not left[0]:
            write(self, name, iter([next(blocks)[:9]]))
            raise OSError("the line is dead")
        left[0] -= 1
        write(self, name, blocks)

    with monkeypatch.context() as patch:
        patch.setattr(module._Target, "write", fails)
        result = push(run, tmp_path / "there")
    assert result.exit_code == 1
    assert "the line is dead" in result.output
    assert "run the same command again" in result.output
    assert not (tmp_path / "there" / "manifest.json").exists()
    assert (tmp_path / "there" / "push.json").exists()
    result = push(run, tmp_path / "there")
    assert result.exit_code == 0, result.output
    assert f"{number} there already" in result.output
    assert not (tmp_path / "there" / "push.json").exists()
    push(run, tmp_path / "peace")
    assert bytes_below(tmp_path / "there") == bytes_below(tmp_path / "peace")


def test_files_of_an_earlier_run_go(run: Path, tmp_path: Path) -> None:
    """A later run with fewer parts leaves none behind; damage there is mended."""
    push(run, tmp_path / "there", "--all")
    (tmp_path / "there" / "croissant.json").write_bytes(b"x" * 99)
    make_run(tmp_path, [MEND], name="other")
    result = push(tmp_path / "other", tmp_path / "there")
    assert result.exit_code == 0, result.output
    assert "of an earlier run removed" in result.output
    push(tmp_path / "other", tmp_path / "peace")
    here, peace = bytes_below(tmp_path / "there"), bytes_below(tmp_path / "peace")
    assert {n for n in here if n.startswith(("corpus/", "ledger/"))} == {
        "corpus/part-00000.parquet"
    }
    assert all(here[name] == data for name, data in peace.items())


def test_another_file_of_the_same_size_is_written_anew(run: Path, tmp_path: Path) -> None:
    """It is told by its hash."""
    push(run, tmp_path / "there")
    part = tmp_path / "there" / "corpus" / "part-00000.parquet"
    data = part.read_bytes()
    part.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "1 file written" in push(run, tmp_path / "there").output
    assert part.read_bytes() == data


def damage(run: Path) -> None:
    """A byte of the corpus is another."""
    part = run / "corpus" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-1] + b"?")


def test_what_cannot_be_pushed_is_told(run: Path, tmp_path: Path) -> None:
    """Without a traceback, and with what to do; nothing is written."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for source, target, words in (
        (tmp_path / "in", "there", "not a finished run"),
        (tmp_path / "none", "there", "does not exist"),
        (run, run / "copy", "the run's own folder"),
        (run, tmp_path, "the run's own folder"),
        (run, tmp_path / "full", r"holds files that are not of a run (thesis.doc)"),
        (run, tmp_path / "file", "is a file; name a folder"),
        (run, "ftp://host/x", "name a folder, or a place of s3://, gs://, hf://"),
        (run, "s3://key:secret@bucket/x", "credentials do not belong into a path"),
        (run, "  ", "name a folder"),
    ):
        result = push(source, target)
        assert result.exit_code in (1, 2), result.output
        assert words in result.output
        assert "Traceback" not in result.output
        assert "secret" not in result.output
    damage(run)
    result = push(run, tmp_path / "there")
    assert result.exit_code == 1
    assert "does not pass `cleaner verify`" in result.output
    assert not (tmp_path / "there").exists()


def test_hf_without_its_packages_says_what_to_install(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one scheme that needs more than Arrow."""
    from cleaner.io import remote

    remote._file_system.cache_clear()
    monkeypatch.setitem(sys.modules, "fsspec", None)
    result = push(run, "hf://datasets/owner/name")
    assert result.exit_code == 2
    assert "pip install huggingface_hub fsspec" in result.output


def test_a_laid_out_run_is_pushed_as_it_is(run: Path, tmp_path: Path) -> None:
    """Folders and names of files included."""
    write = {"layout": "huggingface", "split": {"test": 0.5}, "partition_by": "host"}
    make_run(tmp_path, [MEND], name="hub", write=write)
    assert push(tmp_path / "hub", tmp_path / "there").exit_code == 0
    manifest = json.loads((tmp_path / "hub" / "manifest.json").read_bytes())
    names = {n for n in manifest["files"] if n.startswith("data/")}
    assert names == {n for n in bytes_below(tmp_path / "there") if n.startswith("data/")}
