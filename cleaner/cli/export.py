"""`cleaner export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.frame import print_json, readable

if TYPE_CHECKING:
    from cleaner.report.export import Exported

_EPILOG = """\b
Examples:
  cleaner export out/vi-news shared/vi-news
  cleaner export out/vi-news shared/vi-news --drop-columns meta,url,source"""


def _names(_context: click.Context, option: click.Parameter, value: str | None) -> list[str] | None:
    """Names with commas between them."""
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    if not all(names):
        raise click.BadParameter("expected names with commas between them", param=option)
    return list(dict.fromkeys(names))


@click.command(epilog=_EPILOG)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--columns", callback=_names, metavar="NAMES", help="Only these columns.")
@click.option("--drop-columns", callback=_names, metavar="NAMES", help="All but these columns.")
@click.option(
    "--allow-found",
    is_flag=True,
    help="Export although personal data was found in columns beside the text.",
)
@click.option(
    "--restore",
    "which",
    type=click.Choice(["all", "some", "none"]),
    default="all",
    show_default=True,
    help="Which documents are restored to verify the run before; some: every tenth part.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was exported as JSON.")
def export(
    run: Path,
    folder: Path,
    columns: list[str] | None,
    drop_columns: list[str] | None,
    which: str,
    *,
    allow_found: bool,
    as_json: bool,
) -> None:
    """Copy what may be shared of a run.

    That is the corpus, its card and counts. RUN is the folder of a finished run, which is verified
    first; DIR a new or empty folder. The ledger, the quarantine, examples and settings stay behind.
    If a stage masked personal data, columns that could tell what it was stay behind, too, and the
    others are searched: what is found there stops the export.
    """
    from cleaner.report.export import export as export_run

    done = export_run(
        run,
        folder,
        columns=columns,
        drop=drop_columns or (),
        allow_found=allow_found,
        every={"all": 1, "some": 10, "none": 0}[which],
    )
    if as_json:
        print_json(done.to_json())
    else:
        _print(done)


def _print(done: Exported) -> None:
    size = sum(facts["bytes"] for facts in done.files.values())
    how = "as they are" if done.is_same else f"with {len(done.columns)} columns"
    click.echo(readable(f"{done.folder}: {done.documents:,} documents {how}, {size / 1e6:,.1f} MB"))
    click.echo("left out:")
    for what, why in done.left_out:
        click.echo(readable(f"  {what}: {why}"))
    for column, kinds in done.found.items():
        told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
        click.echo(readable(f"still in column {column}: {told}"))
