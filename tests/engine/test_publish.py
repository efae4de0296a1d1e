"""Putting the output in place: what is there afterwards, what is refused, faults of the disk."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cleaner.engine.driver import run
from cleaner.engine.observe import Silent
from cleaner.engine.phases import Phase
from cleaner.errors import CleanerError, IntegrityError
from tests.engine.runs import (
    PAGE,
    STAGES,
    bytes_of,
    make_config,
    make_corpus,
    make_run,
    rows_of,
    write_records,
)

MEND, WORDS = f"{STAGES}Mend", f"{STAGES}FirstWords"
STAGE_LIST = [MEND, WORDS, "exact_duplicates"]


def test_the_manifest_names_every_file_with_its_hash(tmp: Path) -> None:
    """What `sha256sum` says of the folder is what the manifest says."""
    make_corpus(tmp / "in", 8)
    make_run(tmp, STAGE_LIST)
    manifest = json.loads((tmp / "run" / "manifest.json").read_bytes())
    found = bytes_of(tmp / "run")
    del found["manifest.json"], found[PAGE]
    assert {n: f["sha256"] for n, f in manifest["files"].items()} == found
    assert {"corpus", "ledger", "quarantine", "reports"} <= {n.split("/")[0] for n in found}
    for name, facts in manifest["files"].items():
        assert (tmp / "run" / name).stat().st_size == facts["bytes"]
    text = (tmp / "run" / "manifest.json").read_text()
    assert str(tmp) not in text


def test_the_digest_of_an_input_is_the_sum_of_its_hashes(tmp: Path) -> None:
    """Anyone can check it: sha256 as four little-endian numbers, each summed mod 2^64."""
    texts = ["one", "two", "thrée"]
    write_records(tmp / "in" / "a.jsonl", texts)
    make_run(tmp, [])
    [entry] = json.loads((tmp / "run" / "manifest.json").read_bytes())["inputs"]
    lanes = [0] * 4
    for text in texts:
        digest = hashlib.sha256(text.encode()).digest()
        for i in range(4):
            lanes[i] += int.from_bytes(digest[8 * i : 8 * i + 8], "little")
    assert entry["digest"] == "".join(f"{lane % 2**64:016x}" for lane in lanes)
    assert entry["documents"] == 3


def test_a_run_with_fewer_parts_leaves_none_behind(tmp: Path) -> None:
    """Folders are replaced as a whole."""
    write_records(tmp / "in" / "a.jsonl", ["a", "b", "b", "c"])
    make_run(tmp, STAGE_LIST, write={"documents_per_part": 1})
    assert len(list((tmp / "run" / "corpus").iterdir())) == 4
    assert rows_of(tmp / "run", "duplicates/pairs")
    (tmp / "run" / "corpus" / "stray.parquet").write_bytes(b"x")
    make_run(tmp, [MEND])
    assert [p.name for p in (tmp / "run" / "corpus").iterdir()] == ["part-00000.parquet"]
    assert list((tmp / "run" / "duplicates").iterdir()) == []


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "corpus2"])
def test_a_folder_with_foreign_files_is_refused(tmp: Path, name: str) -> None:
    """Nobody loses a file by a slip in `output`."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    (tmp / "run").mkdir()
    (tmp / "run" / name).write_text("mine")
    with pytest.raises(CleanerError, match=f"not of a run .{name}"):
        make_run(tmp, [])
    assert [p.name for p in (tmp / "run").iterdir()] == [name]


def test_an_output_that_is_a_file_is_refused(tmp: Path) -> None:
    """It stays as it is."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    (tmp / "run").write_text("mine")
    with pytest.raises(CleanerError, match="is a file"):
        make_run(tmp, [])
    assert (tmp / "run").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_that_cannot_be_written(tmp: Path) -> None:
    """The message names the folder and says what to do."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    tmp.chmod(0o500)
    try:
        with pytest.raises(CleanerError, match="make it writable or choose another --output"):
            make_run(tmp, [])
    finally:
        tmp.chmod(0o700)


def test_an_output_below_a_file(tmp: Path) -> None:
    """Where no folder can be made, the error is told in words."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    (tmp / "file").write_text("mine")
    with pytest.raises(CleanerError, match=r"[Nn]ot a directory"):
        make_run(tmp, [], name="file/run")


def test_a_file_that_may_not_grow(tmp: Path) -> None:
    """A limit of the system stops the run with a sentence; without it the run goes on."""
    write_records(tmp / "in" / "a.jsonl", ["some text\n" * 500] * 40)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        with pytest.raises(CleanerError, match=r"larger than is allowed.*ulimit -f"):
            make_run(tmp, [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp / "run" / "manifest.json").exists()
    make_run(tmp, [])
    assert len(rows_of(tmp / "run", "corpus")) == 40


@contextmanager
def small_disk(folder: Path, options: str = "size=1m") -> Iterator[None]:
    """A disk of one megabyte; the test is skipped where none can be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    "engine",
    ["inline", pytest.param({"kind": "local", "workers": 2}, marks=pytest.mark.slow)],
)
def test_a_full_disk(tmp: Path, engine: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run stops and says so; with more space the same command goes on."""
    monkeypatch.setattr("cleaner.engine.disk.free_bytes", lambda _: 1 << 40)  # it fills up later
    write_records(tmp / "in" / "a.jsonl", ["some text\n" * 500] * 40)
    with small_disk(tmp / "disk"):
        filler = tmp / "disk" / "filler"
        filler.write_bytes(b"x" * 900_000)
        with pytest.raises(CleanerError, match="is full; free some space"):
            make_run(tmp, [], name="disk/run", engine=engine)
        filler.unlink()
        make_run(tmp, [], name="disk/run", engine=engine)
        assert len(rows_of(tmp / "disk" / "run", "corpus")) == 40


def test_a_read_only_disk(tmp: Path) -> None:
    """The message says what to do."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    message = "make it writable or choose another --output"
    with small_disk(tmp / "disk", "ro"), pytest.raises(CleanerError, match=message):
        make_run(tmp, [], name="disk/run")


class Spoils(Silent):
    """Changes a written part before it is published."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def phase_done(self, phase: Phase) -> None:
        """See `Observer`."""
        if phase.kind == "write":
            path = self._folder / "work" / phase.folder / "00000.corpus.parquet"
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)


def test_a_part_that_changed_is_not_published(tmp: Path) -> None:
    """Its hash is checked against that of its task; what was published before stays."""
    write_records(tmp / "in" / "a.jsonl", ["a", "b"])
    make_run(tmp, [])
    expected = bytes_of(tmp / "run")
    with pytest.raises(IntegrityError, match="changed after it was written"):
        run(make_config(tmp, [MEND]), observer=Spoils(tmp / "run"))
    assert bytes_of(tmp / "run") == expected


def test_a_folder_that_lost_a_file_is_not_finished(tmp: Path) -> None:
    """The next run makes it whole."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    make_run(tmp, [])
    expected = bytes_of(tmp / "run")
    (tmp / "run" / "corpus" / "part-00000.parquet").unlink()
    assert not make_run(tmp, []).up_to_date
    assert bytes_of(tmp / "run") == expected


def test_the_config_that_is_left_behind_makes_the_same_run(tmp: Path) -> None:
    """`config.yaml` is complete: every default is written out."""
    from cleaner.config.load import load

    make_corpus(tmp / "in", 8)
    make_run(tmp, STAGE_LIST)
    expected = bytes_of(tmp / "run")
    config = load(tmp / "run" / "config.yaml")
    run(config.model_copy(update={"output": str(tmp / "again")}))
    assert bytes_of(tmp / "again") == expected
