"""`cleaner eval`: a group, for each thing that can be measured against gold has its own file."""

from __future__ import annotations

from cleaner.cli.frame import LazyGroup

evaluation = LazyGroup(
    name="eval",
    help="""Measure against labelled texts.

    FILES are JSON lines, plain or compressed (.gz, .zst).""",
    lazy={
        "text": ("cleaner.cli.eval_text:text", "Measure the repair of text."),
        "language": ("cleaner.cli.eval_language:language", "Measure how languages are told."),
    },
)
