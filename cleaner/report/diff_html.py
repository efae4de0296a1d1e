"""The page of a difference: one HTML file that needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleaner.report.diff import MOVES
from cleaner.report.diff_text import NO_COMMON, change, told
from cleaner.report.html import asset, digest, environment

if TYPE_CHECKING:
    from cleaner.report.diff import RunDiff

RULES = 400
"""Rules that are shown, those whose characters differ most."""


def render(found: RunDiff) -> str:
    """The page; the same for the same two runs. Nothing in it can load or run anything."""
    style = asset("report.css")
    return (
        environment()
        .get_template("diff.html")
        .render(
            d=found,
            docs=found.documents,
            rules=found.rules[:RULES],
            moves=found.documents.moves[: 5 * MOVES],
            told=told,
            no_common=NO_COMMON,
            change=change,
            style=style,
            policy=f"default-src 'none'; style-src '{digest(style)}'; base-uri 'none'; "
            "form-action 'none'",
        )
    )
