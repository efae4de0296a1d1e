"""The command `cleaner`. Each subcommand is a file, imported when it is called."""

from __future__ import annotations

import click

from cleaner import __version__
from cleaner.cli.frame import LazyGroup

_HELP = """Turn a heap of scraped text into a training corpus that its owner can defend.

A run reads what its config names, takes the documents through the stages, and leaves a folder with
the corpus, a ledger of every change, and reports. All paths are relative to the folder in which the
command is run. The same command goes on where it was stopped."""

_EPILOG = """\b
Exit codes:
  0    done
  1    the run failed; a message says why and what to do
  2    the config, the command line or the input is wrong; nothing was done
  3    more bad records than `max_bad` allows
  70   a fault of cleaner; the message says where its traceback was put
  130  interrupted; the same command goes on"""

main = LazyGroup(
    name="cleaner",
    help=_HELP,
    epilog=_EPILOG,
    lazy={
        "init": ("cleaner.cli.init:init", "Look at text and propose a config for it."),
        "run": ("cleaner.cli.run:run", "Run a config."),
        "plan": ("cleaner.cli.plan:plan", "Show what a run would do."),
        "curve": ("cleaner.cli.curve:curve", "Show what near_duplicates catches and misses."),
        "explain": (
            "cleaner.cli.explain:explain",
            "Show what a run does to one document, and why.",
        ),
        "restore": (
            "cleaner.cli.restore:restore",
            "Give back the original of a document, or of all.",
        ),
        "verify": ("cleaner.cli.verify:verify", "Check a finished run."),
        "report": ("cleaner.cli.report:report", "Show the report of a run."),
        "export": ("cleaner.cli.export:export", "Copy what may be shared of a run."),
        "push": ("cleaner.cli.push:push", "Bring a run to a folder or object storage."),
        "show": ("cleaner.cli.show:show", "Look into a run with SQL."),
        "diff": ("cleaner.cli.diff:diff", "Show what differs between two runs."),
        "index": ("cleaner.cli.index:index", "Keep what runs have, to find copies of it later."),
        "stages": ("cleaner.cli.stages:stages", "List the stages, or the keys of one."),
        "schema": (
            "cleaner.cli.schema:schema",
            "Give the JSON Schema of a config, for editors.",
        ),
        "doctor": ("cleaner.cli.doctor:doctor", "Look at the machine, and compile."),
        "eval": ("cleaner.cli.eval:evaluate", "Measure a part of cleaner against labelled data."),
        "mine": (
            "cleaner.cli.mine:mine",
            "Find the lines that a corpus repeats, and propose rules.",
        ),
        "audit": ("cleaner.cli.audit:audit", "Draw lines of a run to judge, and score the sheet."),
        "review": ("cleaner.cli.review:review", "Label lines or pages of a run in a browser."),
        "rules": ("cleaner.cli.rules:rules", "List the noise rules, or test their examples."),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
click.version_option(__version__, prog_name="cleaner")(main)
