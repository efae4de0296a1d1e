"""`cleaner plan`."""

from __future__ import annotations

import click

from cleaner.cli.frame import print_json
from cleaner.cli.options import Changes, changes_config

_EPILOG = """\b
Examples:
  cleaner plan configs/vi-news.yaml
  cleaner plan configs/vi-news.yaml --input data --resolved"""


@click.command(epilog=_EPILOG)
@changes_config
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option("--resolved", is_flag=True, help="Print the config with every default, as YAML.")
def plan(config: str, changes: Changes, as_json: bool, resolved: bool) -> None:
    """Show what a run would do.

    CONFIG is checked in full; its input, its phases with the stages in each, the disk that a run
    takes, and what lies in its output folder are shown. Nothing is run and nothing is written.
    """
    settings = changes.load(config)
    if resolved:
        from cleaner.config.load import resolved_yaml

        click.echo(resolved_yaml(settings), nl=False)
        return
    from cleaner.engine.plan import describe

    described = describe(settings)
    if as_json:
        print_json(described.to_json())
        return
    from cleaner.report.terminal import console, print_plan

    print_plan(described, console())
