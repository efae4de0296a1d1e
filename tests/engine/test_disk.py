"""The disk that a run takes is estimated before it begins; one that cannot hold it is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cleaner.engine import disk
from cleaner.engine.disk import Forecast
from cleaner.engine.driver import run
from cleaner.engine.job import find_inputs
from cleaner.errors import CleanerError
from tests.engine.runs import make_config, make_corpus


class Notes:
    """An observer that keeps the messages."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def phase_started(self, *_: object) -> None:
        """See `Observer`."""

    def task_done(self, *_: object) -> None:
        """See `Observer`."""

    def phase_done(self, *_: object) -> None:
        """See `Observer`."""

    def message(self, text: str) -> None:
        """See `Observer`."""
        self.said.append(text)


def test_a_full_disk_is_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With too little free the run does not begin; with little more it warns and goes on."""
    make_corpus(tmp_path / "in")
    text = sum(p.stat().st_size for p in (tmp_path / "in").rglob("*") if p.is_file())
    monkeypatch.setattr(disk, "free_bytes", lambda _: text // 2)
    with pytest.raises(CleanerError, match=r"free some space, or choose another --output"):
        run(make_config(tmp_path, ["unicode"]))
    assert not (tmp_path / "run").exists()
    notes = Notes()
    monkeypatch.setattr("cleaner.engine.driver.forecast", lambda *_, **__: Forecast(9, 10, 99, 50))
    run(make_config(tmp_path, ["unicode"]), observer=notes)
    assert any(re.search(r"may take up to [\d.]+ GB", text) for text in notes.said)


def test_what_is_free_is_asked_where_the_folder_will_be(tmp_path: Path) -> None:
    """A folder that does not exist yet lies on the disk of its nearest parent."""
    assert disk.free_bytes(tmp_path / "a" / "b" / "c") > 0


def test_stages_that_cut_need_more(tmp_path: Path) -> None:
    """A ledger row for each cut line is the largest thing that a run may write."""
    make_corpus(tmp_path / "in")
    files = find_inputs(make_config(tmp_path, ["unicode"])).files
    few, many = (
        disk.forecast(files, make_config(tmp_path, stages).stages, tmp_path)
        for stages in (["unicode"], ["unicode", "noise"])
    )
    assert few.text == many.text > 0
    assert few.text < few.least == many.least < few.most < many.most
