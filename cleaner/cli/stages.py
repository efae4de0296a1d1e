"""`cleaner stages`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.frame import print_json, readable

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
@click.option("--no-plugins", is_flag=True, help="Leave out stages that are not built in.")
def stages(use: str | None, as_json: bool, schema: bool, no_plugins: bool) -> None:
    """List the stages, or the keys of one.

    USE is what a config writes after `use:`, a name or module:Class.
    """
    from cleaner.registry import known, stage_class

    names = [use] if use else list(known(allow_plugins=not no_plugins))
    found = {name: stage_class(name, allow_plugins=not no_plugins) for name in names}
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
