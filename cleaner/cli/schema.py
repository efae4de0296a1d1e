"""`cleaner schema`."""

from __future__ import annotations

from pathlib import Path

import click

from cleaner.cli.frame import print_json, readable
from cleaner.cli.options import no_plugins as no_plugins_option

_EPILOG = """\b
Example:
  cleaner schema --out cleaner.schema.json
  # yaml-language-server: $schema=cleaner.schema.json"""


@click.command(epilog=_EPILOG)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file instead of stdout.",
)
@no_plugins_option("Leave out stages that are not built in.")
def schema(out: Path | None, *, no_plugins: bool) -> None:
    """Give the JSON Schema of a config, for editors.

    An editor that has it completes and checks a config while it is written. With
    yaml-language-server (VS Code, Neovim, …) the first line of a config names it.
    """
    from cleaner.config.schema import json_schema
    from cleaner.registry import known, stage_class

    names = known(allow_plugins=not no_plugins)
    found = json_schema({n: stage_class(n, allow_plugins=not no_plugins) for n in names})
    if out is None:
        print_json(found)
        return
    import json

    from cleaner.io.store import write_bytes

    write_bytes(out, (json.dumps(found, indent=2, allow_nan=False) + "\n").encode())
    click.echo(readable(str(out)))
