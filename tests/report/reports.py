"""A made-up run whose figures balance, for what shows one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cleaner.engine.tally import empty
from cleaner.report.stats import RunReport, StageReport

HOSTILE = "Read \x1b[2Jmore\u202e\n[bold red]now[/]"


def counts(**figures: int) -> dict[str, int]:
    """Counts of a stage; what is not named is 0."""
    found = empty() | figures
    del found["rules"]
    return found


def rule(
    action: str, count: int, chars: int, before: str, after: str = "", reason: str = ""
) -> dict[str, Any]:
    """A rule of a report, with one example."""
    sample = {"rank": 1, "ordinal": 0, "start": 0, "end": 1, "before": before, "after": after}
    found = {"action": action, "count": count, "chars": chars, "samples": [sample]}
    return found | {"reason": reason} if reason else found


def made_up(**changes: Any) -> RunReport:
    """Read, unicode, a stage of a user's, tidy, language: all that a summary shows."""
    stages = (
        StageReport(
            0, "read", "read", "", counts(
                docs_in=1003, docs_out=1000, docs_quarantined=3,
                chars_in=5_000_300, chars_kept=5_000_000, chars_quarantined=300,
            ), {},
        ),
        StageReport(
            1, "unicode", "unicode", "", counts(
                docs_in=1000, docs_out=1000,
                chars_in=5_000_000, chars_kept=4_990_000, chars_rewritten=9_000, chars_cut=1_000,
            ),
            {
                "unicode.zero_width": rule("rewrite", 1_000, 1_000, "\u200b", "", "nobody sees it"),
                "unicode.entity": rule("rewrite", 12_345, 0, "&amp;", "&", "entities"),
            },
        ),
        StageReport(
            2, "links", "my_stages:Links", "", counts(
                docs_in=1000, docs_out=1000,
                chars_in=4_999_000, chars_kept=4_000_000, chars_rewritten=9_000, chars_cut=990_000,
            ),
            {"links.more": rule("cut", 20_000, 990_000, HOSTILE, "", f"a link {'on and ' * 12}on")},
        ),
        StageReport(
            3, "tidy", "tidy", "", counts(
                docs_in=1000, docs_out=990, docs_dropped=10,
                chars_in=4_009_000, chars_kept=3_999_900, chars_rewritten=9_000, chars_dropped=100,
            ),
            {"tidy.empty": rule("drop", 10, 100, " \n\n", "", "no text is left")},
        ),
        StageReport(
            4, "near_duplicates", "near_duplicates", "", counts(
                docs_in=990, docs_out=990,
                chars_in=4_008_900, chars_kept=3_999_900, chars_rewritten=9_000,
            ), {},
        ),
    )  # fmt: skip
    facts: dict[str, Any] = {
        "name": "made-up",
        "output": Path("out/made up"),
        "stages": stages,
        "corpus": {
            "documents": 990, "chars": 4_008_000, "words": 700_123,
            "langs": {"vi": 900, "en": 80, "": 10}, "lengths": {},
        },
        "quarantine": {"bad_json": 2, "too_large": 1},
        "left_out": 0,
        "bytes_read": 7_000_000,
        "timings": {
            "wall_seconds": 12.5,
            "text_megabytes": 7.0,
            "stages": {"read": {"seconds": 1.0}, "links": {"seconds": 9.0}},
        },
    }  # fmt: skip
    return RunReport(**facts | changes)
