"""`cleaner restore`."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("doc_id")
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file instead of stdout.",
)
def restore(run: Path, doc_id: str, to: Path | None) -> None:
    """Give back the original of a document.

    RUN is the folder of a run. The bytes of a .txt file are given exactly, the text of a record as
    UTF-8; both are checked against the hash that was taken when they were read.
    """
    from cleaner.io.restore import restore as restore_document

    original = restore_document(run, doc_id)
    if to is not None:
        to.write_bytes(original)
        return
    stdout = sys.stdout.buffer
    stdout.write(original)
    stdout.flush()
