"""`cleaner schema`: the JSON Schema of a config says what `cleaner plan` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.config.load import parse
from cleaner.config.model import RunConfig
from cleaner.errors import ConfigError
from cleaner.registry import BUILT_IN

ROOT = Path(__file__).parents[2]
GOOD = [
    "input: a\nstages: []\n",
    "input: [a, {path: b, label: c, priority: 2}]\nstages: [{use: tidy}]\nengine: inline\n",
    "input: a\nstages: [{use: language, keep: [vi], min_score: 0.5}]\nmax_bad: 100\n",
    "input: a\nstages: [{use: 'my_pkg.tides:DropTides', anything: 1}]\n",
    "input: a\nstages: []\nengine: {kind: local, workers: auto, memory_budget: 4GiB}\n",
]
BAD = [
    "input: a\n",
    "stages: []\n",
    "input: a\nstages: []\nsede: 1\n",
    "input: a\nstages: [{use: unicde}]\n",
    "input: a\nstages: [{use: tidy, kep: 1}]\n",
    "input: a\nstages: [{use: language, min_score: 2}]\n",
    "input: a\nstages: [{use: noise, captions: perhaps}]\n",
    "input: a\nstages: [{keep: [vi]}]\n",
    "input: []\nstages: []\n",
    "input: a\nstages: []\nengine: {kind: cluster}\n",
]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """What the command prints, without stages of others that may be installed."""
    done = CliRunner().invoke(main, ["schema", "--no-plugins"])
    assert done.exit_code == 0
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_key_of_every_stage_is_described(schema: dict[str, Any]) -> None:
    """`use` chooses among the built-in stages; each of their keys has its own description."""
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == set(RunConfig.model_fields)
    cases = schema["properties"]["stages"]["items"]["allOf"]
    chosen = {c["if"]["properties"]["use"]["const"]: c["then"]["$ref"] for c in cases}
    assert list(chosen) == list(BUILT_IN)
    for use, ref in chosen.items():
        stage = schema["$defs"][ref.removeprefix("#/$defs/")]
        assert stage["additionalProperties"] is False, use
        for key, about in stage["properties"].items():
            assert key in {"use", "id"} or about["description"], f"{use}.{key}"


@pytest.mark.parametrize("text", GOOD)
def test_a_good_config_is_valid(schema: dict[str, Any], text: str) -> None:
    """What a run takes, the schema takes; a stage of a module is not looked into."""
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", BAD)
def test_a_bad_config_is_not(schema: dict[str, Any], text: str) -> None:
    """What a run refuses, an editor underlines."""
    jsonschema = pytest.importorskip("jsonschema")
    assert not jsonschema.Draft202012Validator(schema).is_valid(yaml.safe_load(text))
    with pytest.raises(ConfigError):
        parse(text, "bad.yaml")


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.name)
def test_shipped_configs_are_valid(schema: dict[str, Any], path: Path) -> None:
    """No editor complains about them."""
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(path.read_text("utf-8")))


def test_it_is_written_to_a_file(tmp_path: Path) -> None:
    """As it is printed; a folder that is not there is an error in words."""
    path = tmp_path / "cleaner.schema.json"
    done = CliRunner().invoke(main, ["schema", "--out", str(path)])
    assert (done.exit_code, done.stdout) == (0, f"{path}\n")
    assert json.loads(path.read_bytes()) == json.loads(CliRunner().invoke(main, ["schema"]).stdout)
    for wrong in (tmp_path, tmp_path / "nowhere" / "a.json"):
        done = CliRunner().invoke(main, ["schema", "--out", str(wrong)])
        assert done.exit_code in {1, 2}
        assert "Error: " in done.stderr
        assert "Traceback" not in done.output
