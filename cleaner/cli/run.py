"""`cleaner run`."""

from __future__ import annotations

import click

from cleaner.cli.frame import finish, print_json
from cleaner.cli.options import Changes, changes_config


@click.command()
@changes_config
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N documents."
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only N documents, chosen by the seed.",
)
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
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
    settings = changes.load(config)
    from rich.console import Console

    from cleaner.engine.driver import run as run_config
    from cleaner.report.terminal import Progress, print_summary

    with Progress(Console(stderr=True), quiet) as progress:
        report = run_config(settings, limit=limit, sample=sample, observer=progress)
    if as_json:
        print_json(report.to_json())
    elif not quiet:
        print_summary(report, Console())
    finish(report.exit_code)
