"""`cleaner rules`."""

from __future__ import annotations

import click

from cleaner.cli.frame import finish, print_json, readable, say


@click.command()
@click.argument("action", type=click.Choice(["list", "test"]), default="list")
@click.option("--json", "as_json", is_flag=True, help="Print the rules, or the failures, as JSON.")
def rules(action: str, as_json: bool) -> None:
    """List the noise rules, or test their examples.

    `list` shows every rule of the packs, with its reason. `test` runs the examples that each rule
    must match and must not match; the exit code is 1 if one fails.
    """
    if action == "test":
        _test(as_json)
    else:
        _list(as_json)


def _list(as_json: bool) -> None:
    from cleaner.noise.pack import load_packs

    found = sorted(load_packs().all_rules(), key=lambda rule: rule.id)
    if as_json:
        print_json([rule.model_dump(mode="json", by_alias=True) for rule in found])
        return
    width = max((len(rule.id) for rule in found), default=0)
    for rule in found:
        click.echo(readable(f"{rule.id:<{width}}  {rule.severity!s:<8}  {rule.reason}"))


def _test(as_json: bool) -> None:
    from cleaner.noise.pack import load_packs

    packs = load_packs()
    failures = packs.check_examples()
    if as_json:
        print_json(failures)
    else:
        for failure in failures:
            say(failure)
        click.echo(f"{len(packs.all_rules())} rules, {len(failures)} failures")
    finish(1 if failures else 0)
