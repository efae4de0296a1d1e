"""`hf://` goes through fsspec: a hub gives the bytes of a folder."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cleaner.engine.driver import run
from cleaner.errors import InputError
from cleaner.io import remote
from tests.engine.runs import STAGES, bytes_of, make_config, make_corpus

fsspec: Any = pytest.importorskip("fsspec")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served as the protocol `hf`, with paths as `huggingface_hub` has them."""
    from fsspec.implementations.dirfs import DirFileSystem
    from fsspec.implementations.local import LocalFileSystem

    folder = tmp_path / "hub"
    folder.mkdir()

    class Hub(DirFileSystem):  # type: ignore[misc]  # has no types here
        protocol = "hf"

        def __init__(self) -> None:
            super().__init__(path=str(folder), fs=LocalFileSystem())

    known = importlib.import_module("fsspec.registry")._registry
    monkeypatch.setitem(known, "hf", Hub)
    remote._file_system.cache_clear()
    yield folder
    remote._file_system.cache_clear()


def test_a_hub_gives_the_bytes_of_a_folder(tmp_path: Path, hub: Path) -> None:
    """All formats, good and bad: the same output as from the disk, and nothing to do again."""
    make_corpus(tmp_path / "in", 24)
    shutil.copytree(tmp_path / "in", hub / "datasets" / "owner" / "name" / "in")
    stages = [f"{STAGES}Mend", f"{STAGES}FirstWords", "exact_duplicates"]
    run(make_config(tmp_path, stages, name="disk"))
    config = make_config(tmp_path, stages, name="away", input=["hf://datasets/owner/name/in"])
    run(config)
    assert bytes_of(tmp_path / "away") == bytes_of(tmp_path / "disk")
    assert run(config).up_to_date


def test_what_the_hub_lacks_is_said(tmp_path: Path, hub: Path) -> None:
    """Before any work, in one line."""
    with pytest.raises(InputError, match="does not exist, or may not be listed"):
        run(make_config(tmp_path, [], input=["hf://datasets/owner/nothing"]))
    assert not (tmp_path / "run").exists()
