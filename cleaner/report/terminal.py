"""What a user sees on a terminal. Each part has a file of its own; this one puts them together."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from rich.console import Console

from cleaner.report.explanation import print_explanation
from cleaner.report.plan_text import print_plan
from cleaner.report.progress import Progress
from cleaner.report.summary import print_summary

__all__ = ["Progress", "console", "print_explanation", "print_plan", "print_summary"]


def console(*, stderr: bool = False) -> Console:
    """A console that takes no text for markup, and escapes characters that it cannot show."""
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)
