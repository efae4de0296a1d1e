"""The JSON Schema of a config, for editors that complete and check YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cleaner import registry
from cleaner.config.model import RunConfig
from cleaner.stages.base import Stage

_REF = "#/$defs/{model}"


def json_schema(stages: Mapping[str, type[Stage]] | None = None) -> dict[str, Any]:
    """The schema (draft 2020-12) of a config with these stages; by default all that are known.

    Raises ConfigError if a known stage cannot be imported.
    """
    if stages is None:
        stages = {use: registry.stage_class(use) for use in registry.known()}
    classes: list[type[BaseModel]] = [RunConfig, *dict.fromkeys(stages.values())]
    refs, definitions = models_json_schema(
        [(cls, "validation") for cls in classes], ref_template=_REF
    )
    defs: dict[str, Any] = definitions["$defs"]
    root = defs.pop(refs[RunConfig, "validation"]["$ref"].removeprefix(_REF.format(model="")))
    names = {use: refs[cls, "validation"]["$ref"] for use, cls in stages.items()}
    root["properties"]["stages"] |= {"type": "array", "items": _stage_items(names)}
    root["properties"]["input"] = _short_input(root["properties"]["input"])
    root["properties"]["engine"] = _short_engine(root["properties"]["engine"], defs)
    root["required"] = ["input", "stages"]
    defs.pop("Stage", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": defs}


def _stage_items(names: Mapping[str, str]) -> dict[str, Any]:
    """`use` chooses the class that describes the rest; a module:Class is not looked into."""
    use = {"anyOf": [{"enum": list(names)}, {"type": "string", "pattern": ":"}]}
    cases = [
        {"if": {"properties": {"use": {"const": name}}, "required": ["use"]}, "then": {"$ref": ref}}
        for name, ref in names.items()
    ]
    schema: dict[str, Any] = {"type": "object", "required": ["use"], "properties": {"use": use}}
    return schema | ({"allOf": cases} if cases else {})


def _short_input(full: dict[str, Any]) -> dict[str, Any]:
    item = {"anyOf": [{"type": "string"}, full["items"]]}
    shapes = [{"type": "string"}, full["items"], {"type": "array", "items": item, "minItems": 1}]
    return {"description": full["description"], "anyOf": shapes}


def _short_engine(full: dict[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    engine = defs[full["$ref"].removeprefix(_REF.format(model=""))]
    kinds = engine["properties"]["kind"]["enum"]
    return {"description": full["description"], "anyOf": [{"enum": kinds}, {"$ref": full["$ref"]}]}
