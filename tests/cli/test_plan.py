"""A plan says what a run would do, and does nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

import cleaner
from cleaner.cli import main
from cleaner.engine.disk import Forecast
from cleaner.engine.plan import Group, Output, PlannedPhase, PlanText, describe
from cleaner.errors import InputError
from cleaner.report.plan_text import print_plan

PLAN = PlanText(
    name="small",
    config="name: small\nstages: []\n",
    phases=(
        PlannedPhase(0, "read", "read", (), 3),
        PlannedPhase(1, "map", "unicode, near: look", ("unicode", "near: Sketch"), None),
        PlannedPhase(2, "merge", "near: merge", ("near: Merge",), None),
        PlannedPhase(3, "write", "write", (), None),
    ),
    files=1_002,
    bytes=12_345_678,
    formats=(Group("jsonl.gzip", 2, 345_678), Group("txt", 1_000, 12_000_000)),
    skipped={"extension": 5, "symlink": 1},
    examples=(*(("extension", f"in/{n}\x1b[31m.png") for n in range(5)), ("symlink", "in/l")),
    chunks=3,
    workers=4,
    disk=Forecast(20_000_000, 32_000_000, 140_000_000, 99_000_000),
    output=Output("out/small", "half_done", "a run that was stopped"),
)
GOLDEN = r"""small  nothing has been run

config    can be run; --resolved prints it with every default

input     1,002 files, 12.3 MB
          jsonl.gzip  2 files, 346 kB
          txt         1,000 files, 12.0 MB
skipped   6 files
          5 with another extension
            in/0\x1b[31m.png
            in/1\x1b[31m.png
            in/2\x1b[31m.png
            …
          1 symbolic links
            in/l

phases    4, run by 4 worker processes
       1  read   3 tasks
       2  map    unicode, near: look
       3  merge  near: merge
       4  write  corpus, ledger, duplicates, reports

disk      32.0 MB to 140 MB while it runs
          for about 20.0 MB of text; 99.0 MB are free
output    out/small
          a run that was stopped
"""


def planned() -> PlanText:
    """The plan of the small config."""
    return describe(cleaner.load_config("small.yaml"))


def listing(folder: Path) -> dict[str, int]:
    """All that lies in a folder, with its time."""
    return {str(p): p.stat().st_mtime_ns for p in folder.rglob("*")}


def test_it_reads_like_this() -> None:
    """Input, phases, disk, output; names of files are inert."""
    file = io.StringIO()
    print_plan(PLAN, Console(file=file, width=80, markup=False, highlight=False))
    assert file.getvalue() == GOLDEN


def test_a_plan_of_real_files(small: Path) -> None:
    """Files by format with their bytes as stored, what is passed over, phases, tasks, workers."""
    before = listing(small)
    plan = planned()
    assert [(g.format, g.files) for g in plan.formats] == [
        ("jsonl.gzip", 1),
        ("parquet", 1),
        ("txt", 1),
    ]
    assert plan.formats[2].bytes == (small / "pages" / "a.txt").stat().st_size
    assert plan.bytes == sum(g.bytes for g in plan.formats)
    assert plan.skipped == {"extension": 1}
    assert [(p.kind, p.ops) for p in plan.phases] == [
        ("read", ()),
        ("map", ("unicode", "links", "tidy")),
        ("write", ()),
    ]
    assert (plan.chunks, plan.workers) == (1, 1)
    assert cleaner.load_config(_written(small / "resolved.yaml", plan.config)).name == "small"
    (small / "resolved.yaml").unlink()
    assert (plan.output.state, plan.output.detail) == ("new", "does not exist yet")
    assert set(listing(small)) == set(before)
    assert not (small / "out").exists()


def test_the_steps_of_a_corpus_stage_are_phases(small: Path) -> None:
    """Each step is named with its kind, where it runs."""
    _written(small / "near.yaml", "input: pages\nstages: [{use: tidy}, {use: near_duplicates}]\n")
    plan = describe(cleaner.load_config("near.yaml"))
    assert plan.phases[1].ops == ("tidy", "near_duplicates: Sketch")
    kinds = [p.kind for p in plan.phases]
    assert kinds[0] == "read"
    assert kinds[-1] == "write"
    merges = [p.ops for p in plan.phases if p.kind == "merge"]
    assert merges
    assert set(merges) == {("near_duplicates: Merge",), ("near_duplicates: Repeat",)}


def test_what_lies_in_the_output_folder_is_told_apart(small: Path) -> None:
    """New, up to date, outdated, half done, and a folder that is none of a run's."""
    cleaner.run("small.yaml", quiet=True)
    after_run = listing(small)
    assert planned().output.state == "up_to_date"
    assert listing(small) == after_run
    (small / "pages" / "b.txt").write_text("more\n")
    assert planned().output.state == "outdated"
    work = small / "out" / "small" / "work" / "00-read"
    work.mkdir(parents=True)
    (work / "00000.json").write_text("{}")
    (work / "00000.originals.arrow").write_bytes(b"")
    output = planned().output
    assert output.state == "half_done"
    assert "tasks done: 00-read 1" in output.detail
    assert "the finished run beside it is replaced" in output.detail
    (small / "out" / "small" / "holiday.jpg").write_bytes(b"")
    output = planned().output
    assert output.state == "refused"
    assert "holiday.jpg" in output.detail


def test_an_empty_folder_is_new(small: Path) -> None:
    """A run may use it."""
    (small / "out" / "small").mkdir(parents=True)
    assert planned().output.detail == "is empty"


def test_missing_input_is_an_error(small: Path) -> None:
    """As in a run."""
    _written(small / "none.yaml", "input: nowhere\nstages: []\n")
    with pytest.raises(InputError, match="nowhere"):
        describe(cleaner.load_config("none.yaml"))


def test_the_command_prints_text_and_json(small: Path) -> None:
    """Both from one plan."""
    done = CliRunner().invoke(main, ["plan", "small.yaml"])
    assert done.exit_code == 0
    assert "       2  map    unicode, links, tidy\n" in done.stdout
    assert "phases    3, run in this process\n" in done.stdout
    found = json.loads(CliRunner().invoke(main, ["plan", "small.yaml", "--json"]).stdout)
    expected = json.loads(json.dumps(planned().to_json()))
    assert found["disk"].pop("free_bytes") > 0
    expected["disk"].pop("free_bytes")  # another moment, another number
    assert found == expected
    assert found["input"]["skipped"] == {"extension": 1}
    assert found["output"]["state"] == "new"


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
