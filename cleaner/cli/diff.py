"""`cleaner diff`."""

from __future__ import annotations

from pathlib import Path

import click

from cleaner.cli.frame import print_json, readable

_RUN = click.Path(exists=True, file_okay=False, path_type=Path)

_EPILOG = """\b
Example:
  cleaner diff out/first out/second --html diff.html"""


@click.command(epilog=_EPILOG)
@click.argument("run_a", type=_RUN)
@click.argument("run_b", type=_RUN)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page with all of it to this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def diff(run_a: Path, run_b: Path, html: Path | None, *, as_json: bool) -> None:
    """Show what differs between two runs.

    RUN_A and RUN_B are folders of finished runs: the same texts under two configs, or two versions
    of the texts. Shows settings and inputs that differ, rules that did more or less, documents that
    came or went and what dropped them, and texts that changed, word by word.
    """
    if html is not None and as_json:
        raise click.UsageError("--html and --json: give one of them")
    from cleaner.report.diff import compare

    found = compare(run_a, run_b)
    if as_json:
        print_json(found.to_json())
    elif html is not None:
        from cleaner.io.store import write_bytes
        from cleaner.report.diff_html import render

        write_bytes(html, render(found).encode())
        click.echo(readable(str(html)))
    else:
        from cleaner.report.diff_text import print_diff
        from cleaner.report.terminal import console

        print_diff(found, console())
