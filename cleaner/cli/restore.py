"""`cleaner restore`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cleaner.cli.options import no_plugins as no_plugins_option

_EPILOG = """\b
Examples:
  cleaner restore out/vi-news c34ee783520a2ea91c34d22c
  cleaner restore out/vi-news --all originals"""


@click.command(epilog=_EPILOG)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("doc_id", required=False)
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file instead of stdout.",
)
@click.option(
    "--all",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the originals of all documents, kept and dropped, below this new folder.",
)
@click.option(
    "--raw",
    is_flag=True,
    help="Of a document from HTML: the WARC record, or the page, from the run's inputs.",
)
@no_plugins_option("With --raw: refuse a run whose config has stages that are not built in.")
def restore(
    run: Path,
    doc_id: str | None,
    to: Path | None,
    folder: Path | None,
    *,
    raw: bool,
    no_plugins: bool,
) -> None:
    """Give back the original of a document, or of all.

    RUN is the folder of a run. The bytes of a .txt file are given exactly, the text of a record, or
    of a page as it was extracted, as UTF-8; both are checked against the hash that was taken when
    they were read.
    """
    from cleaner.io.restore import restore as restore_document
    from cleaner.io.restore import restore_all

    if (doc_id is None) == (folder is None):
        raise click.UsageError("name a DOC_ID, or a folder with --all")
    if folder is not None and raw:
        raise click.UsageError("--raw gives one document; name its DOC_ID")
    if folder is not None:
        click.echo(f"{restore_all(run, folder):,} documents in {folder}")
        return
    assert doc_id is not None
    original = (
        _archived(run, doc_id, allow_plugins=not no_plugins)
        if raw
        else restore_document(run, doc_id)
    )
    if to is not None:
        to.write_bytes(original)
        return
    stdout = sys.stdout.buffer
    stdout.write(original)
    stdout.flush()


def _archived(run: Path, doc_id: str, *, allow_plugins: bool) -> bytes:
    """What a document was extracted from, by the config that the run has left."""
    from cleaner.config.load import load
    from cleaner.engine.job import find_inputs
    from cleaner.errors import InputError
    from cleaner.io.archived import archived

    config = run / "config.yaml"
    if not config.exists():
        raise InputError(f"{run} is not a finished run (no config.yaml in it)")
    return archived(run, doc_id, find_inputs(load(config, allow_plugins=allow_plugins)).files)
