"""The JSON Schema for editors."""

from __future__ import annotations

import json

from cleaner.config.model import RunConfig
from cleaner.config.schema import json_schema
from tests.config.test_load import Copies, Tides


def test_the_schema_describes_config_and_stages() -> None:
    """Every key is there; `use` chooses the definition of a stage; refs lead somewhere."""
    schema = json_schema({"tides": Tides, "copies": Copies})
    assert set(schema["properties"]) == set(RunConfig.model_fields)
    assert schema["required"] == ["input", "stages"]
    items = schema["properties"]["stages"]["items"]
    assert items["properties"]["use"]["anyOf"][0] == {"enum": ["tides", "copies"]}
    chosen = {
        case["if"]["properties"]["use"]["const"]: case["then"]["$ref"] for case in items["allOf"]
    }
    assert chosen == {"tides": "#/$defs/Tides", "copies": "#/$defs/Copies"}
    assert schema["$defs"]["Tides"]["properties"]["min_rows"]["minimum"] == 1
    refs = {part.split('"')[0] for part in json.dumps(schema).split('"$ref": "#/$defs/')[1:]}
    assert refs <= set(schema["$defs"])


def test_the_schema_takes_short_forms() -> None:
    """Editors do not complain about a bare path, a bare engine or a size in words."""
    schema = json_schema({})
    assert schema["properties"]["input"]["anyOf"][0] == {"type": "string"}
    assert schema["properties"]["engine"]["anyOf"][0] == {"enum": ["local", "inline", "ray"]}
    size = schema["$defs"]["Engine"]["properties"]["shard_bytes"]
    assert size["type"] == ["integer", "string"]


def test_two_classes_of_one_name_do_not_mix() -> None:
    """A user's `Tides` keeps its keys beside another one."""

    class Inner:
        class Tides(Copies):
            other: int = 0

    schema = json_schema({"a": Tides, "b": Inner.Tides})
    first, second = (
        case["then"]["$ref"].removeprefix("#/$defs/")
        for case in schema["properties"]["stages"]["items"]["allOf"]
    )
    assert "min_rows" in schema["$defs"][first]["properties"]
    assert "other" in schema["$defs"][second]["properties"]
