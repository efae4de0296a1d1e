"""`cleaner push`."""

from __future__ import annotations

from pathlib import Path

import click

from cleaner.cli.frame import readable, say

_EPILOG = """\b
Examples:
  cleaner push out/vi-news /mnt/share/vi-news
  cleaner push out/vi-news s3://bucket/corpora/vi-news --all
  cleaner push out/vi-news hf://datasets/owner/vi-news"""


@click.command(epilog=_EPILOG)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("target")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="The ledger, duplicates, quarantine and reports, too; by default the corpus and its card.",
)
@click.option(
    "--check/--no-check",
    default=True,
    help="Read back what arrived, and compare its sha256; otherwise sizes are compared.",
)
@click.option("--quiet", is_flag=True, help="Do not name the files that are written.")
def push(run: Path, target: str, *, everything: bool, check: bool, quiet: bool) -> None:
    """Bring a run to a folder or object storage.

    RUN is the folder of a finished run, TARGET a new folder or a place (s3://, gs://,
    hf://; credentials come from the environment). The run is verified first. The manifest comes
    last, so that nobody reads half a run; the same command goes on after a break, and files of an
    earlier run at the target go.
    """
    from cleaner.io.push import push as push_run
    from cleaner.report.figures import megabytes, plural

    done = push_run(
        run, target, everything=everything, check=check, told=lambda n: None if quiet else say(n)
    )
    removed = f", {plural(done.removed, 'file')} of an earlier run removed" if done.removed else ""
    click.echo(
        readable(
            f"{target}: {plural(done.files, 'file')} written ({megabytes(done.bytes)}), "
            f"{done.there:,} there already{removed}"
        )
    )
