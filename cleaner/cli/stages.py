"""`cleaner stages`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.frame import print_json, readable, say
from cleaner.cli.options import no_plugins as no_plugins_option
from cleaner.errors import ConfigError

if TYPE_CHECKING:
    from cleaner.stages.base import Stage


_EPILOG = """\b
Examples:
  cleaner stages
  cleaner stages near_duplicates"""


@click.command(epilog=_EPILOG)
@click.argument("use", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a config, for editors.")
@no_plugins_option("Leave out stages and readers that are not built in.")
def stages(use: str | None, as_json: bool, schema: bool, no_plugins: bool) -> None:
    """List the stages, or the keys of one.

    USE is what a config writes after `use:`, a name or module:Class. Stages and readers of
    installed plugins are listed, too; one that cannot be imported is told of on stderr. For example
    `cleaner stages near_duplicates`.
    """
    found = _found(use, allow_plugins=not no_plugins)
    if schema:
        from cleaner.config.schema import json_schema

        print_json(json_schema(found))
    elif as_json:
        print_json([_as_json(name, cls) for name, cls in found.items()])
    elif use:
        _print_keys(use, found[use])
    else:
        width = max(map(len, found))
        for name, cls in found.items():
            click.echo(readable(f"{name:<{width}}  {cls.summary}"))
        _print_readers(width, allow_plugins=not no_plugins)


def _found(use: str | None, *, allow_plugins: bool) -> dict[str, type[Stage]]:
    """The one stage, or all; of all, those that cannot be imported are left out with a word."""
    from cleaner import registry

    if use:
        return {use: registry.stage_class(use, allow_plugins=allow_plugins)}
    found = {}
    for name in registry.known(allow_plugins=allow_plugins):
        try:
            found[name] = registry.stage_class(name, allow_plugins=allow_plugins)
        except ConfigError as error:
            for fault in error.faults:
                say(f"{fault.expected} ({fault.hint})" if fault.hint else fault.expected)
    if allow_plugins:
        for sentence in registry.shadowed():
            say(sentence)
    return found


def _print_readers(width: int, *, allow_plugins: bool) -> None:
    """The readers of plugins, by the names that `read.readers` takes."""
    from cleaner import registry

    names = registry.known_readers() if allow_plugins else []
    if names:
        click.echo("\nreaders of plugins, for read.readers:")
    for name in names:
        try:
            suffixes = " ".join(registry.reader(name).suffixes)
        except ConfigError as error:
            say(str(error.faults[0].expected))
        else:
            click.echo(readable(f"{name:<{width}}  {suffixes}"))


def _as_json(name: str, cls: type[Stage]) -> dict[str, Any]:
    return {"use": name, "summary": cls.summary, "version": cls.version, "keys": _keys(cls)}


def _keys(cls: type[Stage]) -> list[dict[str, Any]]:
    """Key, default as JSON, whether it is required, and description of each field but `use`."""
    properties = cls.model_json_schema()["properties"]
    required = {name for name, field in cls.model_fields.items() if field.is_required()}
    return [
        {
            "key": name,
            "default": about.get("default"),
            "required": name in required,
            "description": about.get("description", ""),
        }
        for name, about in properties.items()
        if name != "use"
    ]


def _print_keys(use: str, cls: type[Stage]) -> None:
    import json

    click.echo(readable(f"{use}: {cls.summary}" if cls.summary else use))
    for key in _keys(cls):
        default = "required" if key["required"] else json.dumps(key["default"], ensure_ascii=False)
        click.echo(readable(f"  {key['key']}: {default}"))
        if key["description"]:
            click.echo(readable(f"      {key['description']}"))
