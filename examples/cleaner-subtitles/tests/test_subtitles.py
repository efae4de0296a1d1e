"""The reader and the stage by themselves; needs cleaner and pytest, and no run."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from cleaner_subtitles.cut_lines import CutLines
from cleaner_subtitles.srt import READER

import cleaner
from cleaner.errors import ConfigError
from cleaner.io.records import ReadOptions
from cleaner.reader import Record, Unusable

FILM = """\
1
00:00:01,000 --> 00:00:02,500
<i>The ferry leaves at eight.</i>

2
00:00:03,000 --> 00:00:05,000 X1:40 X2:600
- Are you sure?
- Quite sure.

3
01:00:05,100 --> 01:00:09,000
1984
"""


def read(data: bytes) -> Record:
    """The one record of a file."""
    [record] = READER.read(io.BytesIO(data), ReadOptions())
    assert isinstance(record, Record)
    return record


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_cues_become_lines(encoding: str) -> None:
    """Numbers, times and tags are gone; a line of digits that is spoken stays."""
    record = read(FILM.replace("\n", "\r\n").encode(encoding))
    assert record.text == ("The ferry leaves at eight.\n- Are you sure?\n- Quite sure.\n1984\n")
    assert record.meta == {"cues": 3, "ends_at": "01:00:09,000"}


@pytest.mark.parametrize("data", [b"", b"no cue\n", b"\x00\x01\x02" * 50])
def test_what_is_no_subtitle_is_unusable(data: bytes) -> None:
    """Such a file is a quarantine row, not an empty document."""
    with pytest.raises(Unusable):
        read(data)


def test_listed_lines_are_cut(tmp_path: Path) -> None:
    """From the config and from a file, whatever their case and spaces; nothing else."""
    (tmp_path / "credits.txt").write_text("Visit  films.example\n\n")
    options = {"lines": ["Subtitles by OpenFilms"], "file": str(tmp_path / "credits.txt")}
    text = "SUBTITLES by OpenFilms\nGood morning.\n\nvisit films.example \n"
    done = cleaner.clean(text, stages=["cut_lines"], options={"cut_lines": options})
    assert done.text == "Good morning.\n\n"
    assert [(r.rule, r.reason) for r in done.removed] == [
        ("cut_lines.listed", "the line is on the list of lines to cut")
    ] * 2


def test_another_list_is_another_run(tmp_path: Path) -> None:
    """The bytes of the file count, not its name; a list in another order is the same."""
    file = tmp_path / "credits.txt"
    file.write_text("a\nb\n")
    stage = CutLines(file=str(file))
    before = stage.digest()
    file.write_text("B\na\n\n")
    assert stage.digest() == before
    file.write_text("c\n")
    assert stage.digest() != before


def test_a_list_that_is_missing_is_said_so(tmp_path: Path) -> None:
    """With the key and what to do."""
    with pytest.raises(ConfigError, match="file: cannot be read"):
        CutLines(file=str(tmp_path / "none.txt")).open()
