"""`cleaner run`."""

from __future__ import annotations

import signal

import click

from cleaner.cli.frame import finish, print_json
from cleaner.cli.options import Changes, changes_config

_EPILOG = """\b
Examples:
  cleaner run configs/vi-news.yaml
  cleaner run configs/vi-news.yaml --input 'data/*.jsonl.zst' --output out/first --workers 4
  cleaner run configs/vi-news.yaml --limit 1000 --set stages.noise.captions=cut"""


@click.command(epilog=_EPILOG)
@changes_config
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only the first N documents, into a folder of their own: DIR-limit-N.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only N documents, chosen by the seed, into DIR-sample-N.",
)
@click.option("--quiet", is_flag=True, help="No progress and no summary; errors only.")
@click.option("--json", "as_json", is_flag=True, help="Print report, output and timings as JSON.")
def run(
    config: str,
    changes: Changes,
    *,
    limit: int | None,
    sample: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run a config.

    CONFIG is a YAML file. Progress goes to stderr, the summary to stdout. A run that was stopped
    goes on when the same command is given again.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a scheduler's stop is a Ctrl-C
    from cleaner.engine.heap import keep_freed_memory

    keep_freed_memory()
    settings = changes.load(config)
    from cleaner.engine.driver import run as run_config
    from cleaner.engine.phases import phases_of
    from cleaner.report.stats import with_times
    from cleaner.report.terminal import Progress, console, print_summary

    phases = len(phases_of(settings))
    with Progress(console(stderr=True), quiet, phases=phases) as progress:
        report = run_config(settings, limit=limit, sample=sample, observer=progress)
    if as_json:
        print_json(with_times(report))
    elif not quiet:
        print_summary(report, console())
    finish(report.exit_code)
