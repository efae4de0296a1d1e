"""`cleaner init`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cleaner.cli.frame import readable, say
from cleaner.errors import CleanerError, InputError

_EPILOG = """\b
Example:
  cleaner init data/pages --out pages.yaml
  cleaner run pages.yaml --limit 1000"""


@click.command(epilog=_EPILOG)
@click.argument("place", metavar="DIR")
@click.option(
    "--out",
    default="config.yaml",
    show_default=True,
    metavar="FILE",
    help="Write the config to this file; -: to stdout.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option(
    "--schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file that `cleaner schema` wrote; the config names it for editors.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**63 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="The seed of the sample.",
)
def init(place: str, out: str, schema: Path | None, seed: int, *, force: bool) -> None:
    """Look at text and propose a config for it.

    DIR is a folder, a file or a glob. Lists the files, takes some hundred documents through the
    usual stages, and writes a config that `cleaner plan` and `cleaner run` take as it is: the
    fields of the records, the stages with what each did to the sample, and a word on every choice.
    """
    target = None if out == "-" else Path(out)
    if target is not None:
        _check(target, force=force)
    try:
        place.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"{place}: a config is UTF-8 and cannot hold this name; rename the folder, or name one "
            "around it"
        ) from None
    from cleaner.config.load import parse
    from cleaner.config.propose import propose
    from cleaner.engine.compiled import COMPILES, is_compiled
    from cleaner.report.look import look

    say(f"looking at {place}")
    if not is_compiled():
        say(COMPILES)
    seen = look(place, seed=seed)
    reference = None
    if schema is not None and target is not None:
        reference = os.path.relpath(schema, target.parent)  # editors start from the config's folder
    text = propose(seen, schema=reference)
    parse(text, out)  # what is written is known to load
    if target is None:
        click.echo(text, nl=False)
        return
    from cleaner.io.store import write_bytes

    write_bytes(target, text.encode())
    click.echo(readable(f"{target}: next, cleaner plan {target}"))


def _check(target: Path, *, force: bool) -> None:
    """Refuse before any work what could not be written after it."""
    if target.is_dir():
        raise CleanerError(f"{target} is a folder; name a file with --out")
    if target.exists() and not force:
        raise CleanerError(f"{target} is there already; --force replaces it, --out names another")
    if not target.parent.is_dir():
        raise CleanerError(f"there is no folder {target.parent}; make it, or name another --out")
