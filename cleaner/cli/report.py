"""`cleaner report`."""

from __future__ import annotations

from pathlib import Path

import click

from cleaner.cli.frame import print_json, readable

_EPILOG = """\b
Examples:
  cleaner report out/vi-news
  cleaner report out/vi-news --json"""


@click.command(epilog=_EPILOG)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--html", "as_html", is_flag=True, help="Write reports/report.html anew.")
def report(run: Path, *, as_json: bool, as_html: bool) -> None:
    """Show the report of a run.

    RUN is the folder of a run.
    """
    if as_html and as_json:
        raise click.UsageError("--html and --json: give one of them")
    if as_html:
        from cleaner.report.html import write_page

        click.echo(readable(str(write_page(run))))
        return
    from cleaner.report.stats import read_report, with_times

    found = read_report(run)
    if as_json:
        print_json(with_times(found))
        return
    from cleaner.report.terminal import console, print_summary

    print_summary(found, console())
