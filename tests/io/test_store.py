"""Commits, locks and files that are never half there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from cleaner.errors import IntegrityError, LockedError
from cleaner.io.store import (
    Files,
    Manifest,
    Output,
    clear,
    committed,
    fingerprint,
    hash_file,
    ipc_reader,
    ipc_writer,
    link_or_copy,
    lock,
    read_json,
    remove_temporary,
    write_json,
)

SCHEMA = pa.schema([("x", pa.int64())])


def commit(folder: Path, fingerprint_: str, **contents: bytes) -> Manifest:
    """Task 3 of a folder, with files of these suffixes."""
    files = Files(folder, 3)
    for suffix, content in contents.items():
        files.path(suffix).write_bytes(content)
    return files.commit(fingerprint_, {"rows": 7}, {"_wall": 0.5})


def test_a_commit_is_found_by_its_fingerprint_alone(tmp_path: Path) -> None:
    """What comes back is what was committed; another fingerprint finds nothing."""
    manifest = commit(tmp_path, "f1", a=b"abc", b=b"")
    assert committed(tmp_path, 3, "f1") == manifest
    assert committed(tmp_path, 3, "f2") is None
    assert committed(tmp_path, 4, "f1") is None
    assert [(o.name, o.bytes) for o in manifest.outputs] == [("00003.a", 3), ("00003.b", 0)]
    assert manifest.counts == {"rows": 7}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["00003.a", "00003.b", "00003.json"]


def test_nothing_has_its_name_before_the_commit(tmp_path: Path) -> None:
    """A task that dies while it writes leaves only what is recognised as such."""
    files = Files(tmp_path, 0)
    files.path("a").write_bytes(b"half")
    assert committed(tmp_path, 0, "f") is None
    assert not (tmp_path / "00000.a").exists()
    remove_temporary(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_never_changes_under_its_name(tmp_path: Path) -> None:
    """A task that is done again writes new files: links to the old ones keep what they had."""
    commit(tmp_path, "f1", a=b"old")
    os.link(tmp_path / "00003.a", tmp_path / "published")
    commit(tmp_path, "f2", a=b"new")
    assert (tmp_path / "published").read_bytes() == b"old"
    assert (tmp_path / "00003.a").read_bytes() == b"new"


def test_an_old_manifest_never_stands_beside_new_files(tmp_path: Path) -> None:
    """Were a commit to end between its renames, no manifest would vouch for the mixture."""
    commit(tmp_path, "f1", a=b"old", b=b"old")
    files = Files(tmp_path, 3)
    files.path("a").write_bytes(b"new")
    blocked = files.path("b")
    blocked.write_bytes(b"new")
    (tmp_path / "00003.b").unlink()
    (tmp_path / "00003.b").mkdir()
    (tmp_path / "00003.b" / "x").touch()  # a folder that is not empty cannot be replaced
    with pytest.raises(OSError, match=r"00003\.b"):
        files.commit("f2", {}, {})
    clear(tmp_path / "00003.b")
    (tmp_path / "00003.b").write_bytes(b"old")
    assert committed(tmp_path, 3, "f1") is None


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"fingerprint": "f1"}', b'{"fingerprint": 1, "outputs": 3}']
)
def test_a_damaged_manifest_is_none(tmp_path: Path, damage: bytes) -> None:
    """The task is simply done again."""
    commit(tmp_path, "f1", a=b"abc")
    (tmp_path / "00003.json").write_bytes(damage)
    assert committed(tmp_path, 3, "f1") is None


def test_the_digest_of_a_manifest_is_that_of_its_outputs(tmp_path: Path) -> None:
    """Neither times nor counts nor the fingerprint make the next phase redone."""
    outputs = (Output("a", 1, "00"),)
    one = Manifest("f", outputs, {"n": 1}, {"_wall": 1.0})
    assert one.digest() == Manifest("g", outputs, {}, {"_wall": 2.0}).digest()
    assert one.digest() != Manifest("f", (Output("a", 1, "01"),)).digest()
    assert one.digest() != Manifest("f", (Output("a", 2, "00"),)).digest()


def test_fingerprints_tell_values_apart() -> None:
    """Equal JSON, equal fingerprint; the order of keys does not count, types do."""
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    values = [1, "1", 1.5, None, True, [], {}, [[]], [1, 2], [2, 1], "é", "e\u0301", "\udc80"]
    assert len({fingerprint(v) for v in values}) == len(values)


def test_the_hash_of_a_file(tmp_path: Path) -> None:
    """Size and a hash of the content, also of an empty file and of more than one block."""
    path = tmp_path / "f"
    for size in (0, 1, (1 << 22) + 1):
        path.write_bytes(b"x" * size)
        assert hash_file(path)[0] == size
    path.write_bytes(b"")
    assert hash_file(path) == (0, "99aa06d3014798d86001c324468d497f")


def test_json_is_sorted_and_whole(tmp_path: Path) -> None:
    """The same value gives the same bytes; nothing else is left in the folder."""
    write_json(tmp_path / "a.json", {"b": 1, "a": ["é"]})
    assert (tmp_path / "a.json").read_text() == '{\n "a": [\n  "é"\n ],\n "b": 1\n}\n'
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert read_json(tmp_path / "a.json") == {"a": ["é"], "b": 1}


@pytest.mark.parametrize("content", [None, "{", "\x00"])
def test_json_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    """It is told with its path and what to do."""
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    with pytest.raises(IntegrityError, match=r"a.json.*run the same command again"):
        read_json(tmp_path / "a.json")


def test_ipc_files_come_back(tmp_path: Path) -> None:
    """Batches by number, also empty ones; data outlives the file handle."""
    path = tmp_path / "a.arrow"
    with ipc_writer(path, SCHEMA) as out:
        for values in ([1, 2], [], [3]):
            out.write_batch(pa.record_batch({"x": pa.array(values, pa.int64())}))
    with ipc_reader(path) as reader:
        batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
    assert [b.column("x").to_pylist() for b in batches] == [[1, 2], [], [3]]


@pytest.mark.parametrize("keep", [0, 8, -8])
def test_a_truncated_ipc_file_is_an_integrity_error(tmp_path: Path, keep: int) -> None:
    """Missing and cut files are told with their path."""
    path = tmp_path / "a.arrow"
    with pytest.raises(IntegrityError, match=r"a\.arrow"), ipc_reader(path):
        pass
    with ipc_writer(path, SCHEMA) as out:
        out.write_batch(pa.record_batch({"x": [1]}))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(IntegrityError, match=r"a\.arrow"), ipc_reader(path):
        pass


def test_a_link_shares_the_bytes(tmp_path: Path) -> None:
    """No copy where the file system can link."""
    (tmp_path / "a").write_bytes(b"x")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").stat().st_ino == (tmp_path / "b").stat().st_ino


HOLD = """
import sys, time
from pathlib import Path
from cleaner.io.store import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_held_against_other_processes_and_let_go_by_their_death(tmp_path: Path) -> None:
    """The message names the process; a killed one leaves no lock behind."""
    folder = tmp_path / "work"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"process {other.pid};"), lock(folder):
            pass
        other.kill()
    with lock(folder):
        assert (folder / ".lock").read_text() == f"{os.getpid()}\n"


def test_a_lock_on_a_folder_that_was_removed_holds_nothing(tmp_path: Path) -> None:
    """Who waits for a folder that its holder removes gets a new one, and is its only holder."""
    folder = tmp_path / "work"
    with lock(folder):
        clear(folder)
        with lock(folder), pytest.raises(LockedError), lock(folder):
            pass


def test_the_manifest_is_plain_json(tmp_path: Path) -> None:
    """Anyone can read what a task did."""
    commit(tmp_path, "f1", a=b"abc")
    raw = json.loads((tmp_path / "00003.json").read_bytes())
    assert raw["outputs"] == [["00003.a", 3, hash_file(tmp_path / "00003.a")[1]]]
    assert raw["seconds"] == {"_wall": 0.5}
