"""`cleaner verify`."""

from __future__ import annotations

from pathlib import Path

import click

from cleaner.cli.frame import finish, say

_EPILOG = """\b
Example:
  cleaner verify out/vi-news"""


@click.command(epilog=_EPILOG)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--restore",
    "which",
    type=click.Choice(["all", "some", "none"]),
    default="all",
    show_default=True,
    help="Which documents to restore and hold against their hashes; some: every tenth part.",
)
def verify(run: Path, which: str) -> None:
    """Check a finished run.

    RUN is its folder. Checks the checksums of the manifest, the schemas, the balance of the books,
    that every copy that went has a kept one, and that documents come back. Exit code 1 if anything
    is wrong.
    """
    from cleaner.io.verify import verify as verify_run

    wrong = 0
    for check in verify_run(run, every={"all": 1, "some": 10, "none": 0}[which]):
        wrong += len(check.faults)
        click.echo(
            f"{check.name:<10} {'ok' if not check.faults else 'WRONG':<6} {check.looked_at:,}"
        )
        for fault in check.faults[:20]:
            say(f"  {fault}")
        if len(check.faults) > 20:
            say(f"  … and {len(check.faults) - 20:,} more")
    finish(int(wrong > 0))
