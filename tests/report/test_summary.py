"""The summary of a run: figures, reasons, warnings, and what to do next."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from cleaner.errors import InputError, IntegrityError
from cleaner.report.stats import RunReport, read_report
from cleaner.report.summary import books, idle, print_summary, stage_of
from tests.report.reports import counts, made_up, rule

AT_80 = r"""made-up  990 of 1,003 documents kept, 80.2 % of the characters

                   ───── documents ──────  ───────── characters ─────────
   stage              in   out drop quar.      in   kept rewr.   cut drop
 0 read            1,003 1,000    ·     3  5.00 M 5.00 M     ·     ·    ·
 1 unicode         1,000 1,000    ·     ·  5.00 M 4.99 M 9,000 1,000    ·
 2 links           1,000 1,000    ·     ·  5.00 M 4.00 M 9,000 990 k    ·
 3 tidy            1,000   990   10     ·  4.01 M 4.00 M 9,000     ·  100
 4 near_duplicates   990   990    ·     ·  4.01 M 4.00 M 9,000     ·    ·

balance     ok  characters in = kept + rewritten + cut + dropped + quarantined

rule                 times   chars  reason
links.more          20.0 k   990 k  a link on and on and on and on and on and o…
    e.g. Read \x1b[2Jmore\u202e [bold red]now[/]
unicode.zero_width   1,000   1,000  nobody sees it
    e.g. \u200b → (nothing)
tidy.empty              10     100  no text is left
    e.g.  \n\n
unicode.entity      12.3 k       ·  entities
    e.g. &amp; → &

quarantine  3 records, see 'out/made up/quarantine'
                 2  bad_json
                 1  too_large

warning     near_duplicates had no effect: no rule of it applied; are its
            settings, and its place, right?

languages   vi 900 · en 80 · not told 10

corpus      'out/made up/corpus'  990 documents, 700,123 words
report      'out/made up/reports/report.html'  for a browser
time        12 s, 0.56 MB/s (7.00 MB of text)  links 90%, read 10%
next        cleaner restore 'out/made up' DOC_ID  any original, kept or dropped
            cleaner explain 'out/made up' DOC_ID  what went, and why
            cleaner report 'out/made up'          this again
"""
TABLE_AT_120 = """\
                    ─────────── documents ────────────   ─────────────── characters ──────────────
   stage               in    out  dropped  quarantined       in    kept  rewritten    cut  dropped
 0 read             1,003  1,000        ·            3   5.00 M  5.00 M          ·      ·        ·
"""


def printed(report: RunReport, width: int = 80, *, colour: bool = False) -> str:
    """A summary as it is printed."""
    file = io.StringIO()
    console = Console(
        file=file, width=width, force_terminal=colour, _environ={"TERM": "xterm"} if colour else {}
    )
    print_summary(report, console)
    return file.getvalue()


def with_rules(rules: dict[str, Any]) -> RunReport:
    """The made-up run with other rules in its first stage."""
    report = made_up()
    stages = list(report.stages)
    stages[1] = replace(stages[1], rules=rules)
    return replace(report, stages=tuple(stages))


def test_it_reads_like_this_at_80_columns() -> None:
    """Every part of it, without colour."""
    assert printed(made_up()) == AT_80


def test_wide_terminals_get_whole_headings_and_purposes() -> None:
    """At 120 columns nothing is shortened that need not be."""
    text = printed(made_up(), 120)
    assert TABLE_AT_120 in text
    assert "cleaner report 'out/made up'          this again\n" in text


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Also with long names, long reasons and characters of two cells."""
    long = {
        f"rule.{'x' * 60}{i}": rule("cut", 1, i, "東京" * 90, "", "読" * 200) for i in range(15)
    }
    report = with_rules(long)
    stages = (*report.stages[:2], replace(report.stages[2], name="n" * 41), *report.stages[3:])
    lines = printed(replace(report, stages=stages), width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "… and 7 more rules: 'out/made up/reports/report.json'" in lines


def test_colour_changes_no_character() -> None:
    """Without its colours the coloured summary is the plain one; no escape is the document's."""
    import re

    coloured = printed(made_up(), colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == AT_80
    assert set(re.findall(r"\x1b(.)", coloured)) == {"["}


def test_an_up_to_date_run_says_so() -> None:
    """The figures are those of the run that was there."""
    lines = printed(replace(made_up(), up_to_date=True)).splitlines()
    assert lines[0] == "made-up  up to date: same config, inputs and version; nothing was done"
    assert "time        12 s, 0.56 MB/s (7.00 MB of text), when it ran" in lines[-4]


def test_what_was_left_out_is_in_the_title() -> None:
    """A share of the characters would compare a part with the whole."""
    title = printed(replace(made_up(), left_out=900)).splitlines()[0]
    assert title == "made-up  990 of 1,003 documents kept, 900 left out by --limit or --sample"


def test_the_share_is_that_of_the_page() -> None:
    """Of the originals: what a rewrite made longer or shorter does not count."""
    report = made_up()
    longer = replace(report, corpus=report.corpus | {"chars": 4_900_000})
    assert printed(longer).splitlines()[0].endswith(" 80.2 % of the characters")


def test_books_that_do_not_balance_are_shown() -> None:
    """Within a stage and between two."""
    report = made_up()
    assert books(report) == []
    stage = report.stages[3]
    wrong = replace(stage, counts=stage.counts | {"docs_out": 989, "chars_cut": 5})
    broken = replace(report, stages=(*report.stages[:3], wrong, *report.stages[4:]))
    assert books(broken) == [
        "tidy: 1000 documents in, 999 accounted for",
        "tidy: 4009000 characters in, 4009005 accounted for",
        "989 documents leave tidy, 990 reach near_duplicates",
    ]
    assert "balance     tidy: 1000 documents in, 999 accounted for;" in printed(broken)


def test_a_reason_that_the_report_lacks_is_that_of_the_built_in_stage() -> None:
    """No code of a plugin is run to show a report."""
    report = with_rules({"unicode.entity": rule("rewrite", 1, 0, "&lt;", "<")})
    stage = stage_of(report.stages[1])
    assert stage is not None
    assert stage.rules()["unicode.entity"] in printed(report, 120)
    assert stage_of(report.stages[2]) is None


def test_idle_stages_are_told_from_those_that_annotate() -> None:
    """A stage that only annotates has its effect there; one of a user's may do so, too."""
    report = made_up()
    nothing = counts(docs_in=9, docs_out=9)

    def warning(use: str, **figures: int) -> str:
        stage = replace(report.stages[4], name="s", use=use, counts=nothing | figures)
        return idle(stage, stage_of(stage), report)

    assert warning("language") == ""
    assert warning("repeats") == ""
    assert "had no effect" in warning("unicode")
    assert "had no effect" in warning("noise")
    assert "only if it is there to annotate" in warning("my_stages:Links")
    assert warning("noise", docs_in=0, docs_out=0) == "s: no document reached it"
    assert warning("unicode", docs_out=8, docs_quarantined=1) == ""


def test_an_empty_corpus_is_a_warning() -> None:
    """A run that kept nothing is most likely a mistake."""
    report = made_up(corpus={"documents": 0, "chars": 0, "words": 0, "langs": {}, "lengths": {}})
    text = printed(report)
    assert "warning     the corpus is empty: every document was dropped" in text.replace(
        "\n            ", " "
    )
    assert "languages" not in text


def test_a_report_is_read_from_the_folder_of_a_run(tmp_path: Path) -> None:
    """Figures and times as they were written; what is missing or damaged is said."""
    report = made_up()
    (tmp_path / "reports").mkdir()
    (tmp_path / "work").mkdir()
    with pytest.raises(InputError, match=r"not a finished run .* run its config again"):
        read_report(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(IntegrityError, match="cannot be read"):
        read_report(tmp_path)
    (tmp_path / "reports" / "report.json").write_text(json.dumps(report.to_json()))
    (tmp_path / "reports" / "timings.json").write_text(json.dumps(report.timings))
    assert read_report(tmp_path) == replace(report, output=tmp_path)
    for damaged in ("[]", "{", '{"name": "x"}', '{"stages": 3}'):
        (tmp_path / "reports" / "report.json").write_text(damaged)
        with pytest.raises(IntegrityError):
            read_report(tmp_path)
