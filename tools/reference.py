"""Writes `docs/reference/` from the code: `python -m tools.reference`, or `make reference`.

Configs and stages come from their pydantic models, commands from their `--help`, the columns of the
output from the Arrow schemas, rules from the packs. Nothing in the pages depends on the machine.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_HEAD = "<!-- Written by tools/reference.py; change the code, then `make reference`. -->\n\n"
_WIDTH = 100
"""Columns of the help of commands."""
_TABLES = {
    "corpus": "`corpus/part-*.parquet`: one row a document that stays.",
    "ledger": "`ledger/part-*.parquet`: one row per rewrite, cut and drop.",
    "pairs": "`duplicates/pairs-*.parquet`: verified pairs of copies.",
    "clusters": "`duplicates/clusters-*.parquet`: clusters of near-duplicate documents.",
    "quarantine": "`quarantine/part-*.parquet`: records that could not be used.",
    "originals": "Files of `work/`, while a run is on: what was read.",
}
_REPORT_FILES = (
    ("`manifest.json`", "config, versions, inputs, counts, and the sha256 of every file"),
    ("`reports/NN-STAGE.json`", "counts, books, rules and examples of one stage"),
    ("`reports/report.json`", "the same of all stages, and of the corpus"),
    ("`reports/report.html`", "the same for people: one file that needs no network"),
    ("`reports/timings.json`", "times and memory: what differs from run to run"),
    ("`README.md`", "dataset card, with front matter for Hugging Face"),
    ("`croissant.json`", "the corpus described for machines (MLCommons Croissant)"),
    ("`config.yaml`, `run.log`", "the config with every default; what happened when"),
)


def pages() -> dict[str, str]:
    """File name → text of every page of the reference."""
    made: dict[str, Callable[[], Iterable[str]]] = {
        "config.md": _config,
        "stages.md": _stages,
        "commands.md": _commands,
        "output.md": _output,
        "rules.md": _rules,
    }
    return {name: _HEAD + "\n".join(lines()).rstrip() + "\n" for name, lines in made.items()}


def main(arguments: Sequence[str]) -> int:
    """Write the pages; with `--check` say which are not what the code says, and return 1."""
    found = pages()
    old = [n for n, text in found.items() if not _is(FOLDER / n, text)]
    extra = sorted(p.name for p in FOLDER.glob("*.md") if p.name not in found)
    if "--check" in arguments:
        for name in [*old, *extra]:
            print(f"docs/reference/{name} is not what the code says: run `make reference`")
        return 1 if old or extra else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in old:
        (FOLDER / name).write_text(found[name], "utf-8")
        print(f"docs/reference/{name}")
    for name in extra:
        (FOLDER / name).unlink()
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


# Configs and stages


def _config() -> Iterator[str]:
    from cleaner.config.schema import json_schema

    schema = json_schema()
    yield "# Config\n"
    yield (
        "A config is a YAML 1.2 file. Unknown keys are refused, and all mistakes are told at once, "
        "each with line and column. Paths are relative to the folder in which the command is run. "
        "Sizes are bytes, or text such as `512MB` (10^6) and `1GiB` (2^30). "
        "`cleaner plan CONFIG --resolved` prints a config with every default; `cleaner schema` "
        "writes the JSON Schema for editors; `--set engine.workers=4` overrides a key for a run.\n"
    )
    root = {n: p for n, p in schema["properties"].items() if n != "stages"}
    stages = schema["properties"]["stages"]["description"]
    rows = [*_keys({**schema, "properties": root})]
    place = next(number for number, row in enumerate(rows) if row[0] == "`write`")
    stage_row = ("`stages`", "list of [stages](stages.md)", "required", _escape(stages))
    rows.insert(place, stage_row)
    yield _table(("key", "type", "default", "what it is"), rows)
    for name in ("Input", "Read", "Write", "Engine"):
        part = schema["$defs"][name]
        yield f"## {name.lower()}\n"
        yield _escape(part["description"]) + "\n"
        yield _table(("key", "type", "default", "what it is"), _keys(part))


def _stages() -> Iterator[str]:
    from cleaner.registry import BUILT_IN, stage_class
    from cleaner.stages.base import CorpusStage

    yield "# Stages\n"
    yield (
        "What may stand below `stages:`; `use:` names the stage. Every stage has the key `id`, "
        "too: its name in the ledger and the reports, needed where one is used twice. A *map* "
        "stage looks at one document at a time, a *corpus* stage at all of them. "
        "`cleaner stages NAME` prints the same, also for a stage of your own (`module:Class`).\n"
    )
    classes = {use: stage_class(use) for use in BUILT_IN}
    kinds = {u: "corpus" if issubclass(c, CorpusStage) else "map" for u, c in classes.items()}
    rows = [(f"[`{u}`](#{u})", kinds[u], _escape(c.summary)) for u, c in classes.items()]
    yield _table(("stage", "kind", "what it does"), rows)
    for use, cls in classes.items():
        schema = cls.model_json_schema()
        yield f"## {use}\n"
        yield _escape(" ".join(schema.get("description", cls.summary).split())) + "\n"
        yield " · ".join(_facts(cls, kinds[use])) + "\n"
        own = {n: p for n, p in schema["properties"].items() if n not in ("use", "id")}
        if own:
            yield _table(
                ("key", "type", "default", "what it is"), _keys({**schema, "properties": own})
            )


def _facts(cls: Any, kind: str) -> Iterator[str]:
    yield f"{kind} stage, version {cls.version}"
    if cls.drops:
        yield "can drop documents that have text"
    if cls.keeps_one:
        yield "drops copies, and relies on the one that stays"
    for verb, names in (("needs", cls.reads), ("uses", cls.uses), ("adds", cls.adds)):
        if isinstance(names, frozenset) and names:  # of some stages it depends on the settings
            yield f"{verb} {', '.join(f'`{name}`' for name in sorted(names))}"


def _keys(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Key, type, default, description of each property of an object."""
    required = set(schema.get("required", ()))
    definitions = schema.get("$defs", {})
    for name, about in schema["properties"].items():
        if name in required:
            default = "required"
        elif "default" in about:
            default = f"`{_yaml(about['default'])}`"
        else:  # made from other keys, as the text says, or a part with defaults of its own
            default = ""
        text = about.get("description", "")
        if not text and "$ref" in about:
            text = definitions.get(about["$ref"].rpartition("/")[2], {}).get("description", "")
        yield f"`{name}`", _type(about, definitions), default, _escape(" ".join(text.split()))


def _type(about: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A JSON Schema type in words."""
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return f"[{name.lower()}](#{name.lower()})"
    if "anyOf" in about:
        return " or ".join(dict.fromkeys(_type(part, definitions) for part in about["anyOf"]))
    if "enum" in about:
        return ", ".join(f"`{_yaml(value)}`" for value in about["enum"])
    if "const" in about:
        return f"`{_yaml(about['const'])}`"
    kind = about.get("type", "any")
    if kind == "array":
        return f"list of {_type(about.get('items', {}), definitions)}"
    if kind == "object":
        inner = about.get("additionalProperties")
        values = f" to {_type(inner, definitions)}" if isinstance(inner, dict) else ""
        return f"mapping{values}"
    kinds = [kind] if isinstance(kind, str) else kind
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return " or ".join(words.get(k, k) for k in kinds) + _bounds(about)


def _bounds(about: Mapping[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {about[key]:,}" for key, sign in signs.items() if key in about]
    return f" {', '.join(found)}" if found else ""


def _yaml(value: object) -> str:
    """A value on one line, as YAML takes it."""
    if isinstance(value, str):
        return value if re.fullmatch(r"[A-Za-z_][\w./-]*", value) else json.dumps(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return json.dumps(value, ensure_ascii=False)


# Commands


def _commands() -> Iterator[str]:
    from cleaner.cli import main as group

    yield "# Commands\n"
    yield (
        "Every command ends with an [exit code](#exit-codes); errors are sentences on stderr. What "
        "`--json` prints is ASCII and meant for scripts.\n"
    )
    context = click.Context(group, info_name="cleaner", **group.context_settings, **_plain())
    names = group.list_commands(context)
    yield _table(
        ("command", "what it does"),
        [(f"[`{n}`](#cleaner-{n})", _escape(group.lazy[n][1])) for n in names],
    )
    for name in names:
        command = group.get_command(context, name)
        assert command is not None
        yield from _help(command, context, name, "##")
    yield "## Exit codes\n"
    epilog = (group.epilog or "").replace("\b", "")
    rows = [
        (f"`{code}`", _escape(text))
        for code, text in re.findall(r"^\s+(\d+)\s+(.+)$", epilog, re.MULTILINE)
    ]
    yield _table(("code", "what it says"), rows)


def _plain() -> dict[str, Any]:
    return {"terminal_width": _WIDTH, "color": False}


def _help(command: click.Command, parent: click.Context, name: str, level: str) -> Iterator[str]:
    """The help of a command, and of those below it."""
    context = click.Context(command, info_name=name, parent=parent, **_plain())
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"{level} {context.command_path}\n"
    yield f"```text\n{text}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from _help(found, context, below, level + "#")


# What a run leaves behind


def _output() -> Iterator[str]:
    from cleaner.io import schema

    yield "# What a run leaves behind\n"
    yield (
        "All tables are Parquet (zstd), and every column carries its description in the metadata "
        f"of its field. The version of these schemas is {schema.SCHEMA_VERSION}. Spans are code "
        "points of the decoded original.\n"
    )
    yield _table(("file", "what it is"), _REPORT_FILES)
    found = {
        (value.metadata or {}).get(b"cleaner.schema", b"").decode(): value
        for value in vars(schema).values()
        if isinstance(value, pa.Schema)
    }
    last = {name: place for place, name in enumerate(_TABLES)}
    for name in sorted(found, key=lambda n: (last.get(n, len(last) - 1.5), n)):
        yield f"## {name}\n"
        if name in _TABLES:
            yield _TABLES[name] + "\n"
        rows = [
            (
                f"`{field.name}`",
                f"`{field.type}`",
                _escape((field.metadata or {}).get(b"description", b"").decode()),
            )
            for field in found[name]
        ]
        yield _table(("column", "type", "what it is"), rows)
    yield (
        "Stages add columns to the corpus (see [stages](stages.md)); their descriptions are in the "
        "metadata of the field, and in the run's dataset card.\n"
    )


# Rules


def _rules() -> Iterator[str]:
    from cleaner.noise.judge import REASONS
    from cleaner.noise.pack import load_packs

    packs = load_packs()
    yield "# Rules of the noise stage\n"
    yield (
        f"{len(packs.all_rules())} rules in {len(packs.packs)} packs, and {len(REASONS)} that look "
        "at the shape of a page. *certain* needs no support from the lines around, *likely* does. "
        "`cleaner rules ID` shows what a rule looks for, with its examples; `off: [ID]` switches "
        "one off; [a pack of your own](../noise.md) goes beside these.\n"
    )
    yield "## Shape\n"
    yield _table(
        ("rule", "reason"), [(f"`{rule}`", _escape(why)) for rule, why in sorted(REASONS.items())]
    )
    for pack in packs.packs:
        yield f"## {pack.pack}\n"
        yield f"Version {pack.version}.\n"
        rows = [
            (f"`{r.id}`", _escape(r.reason), str(r.kind), str(r.severity))
            for r in sorted(pack.rules, key=lambda r: r.id)
        ]
        yield _table(("rule", "reason", "kind", "severity"), rows)


# Markdown


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escape(text: str) -> str:
    """Text in a cell: no bars, no tags, no emphasis; code in backticks stays code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts = [text.replace("`", "'")]
    for number in range(0, len(parts), 2):
        parts[number] = re.sub(r"([\\*<>\[\]|])", r"\\\1", parts[number])
    for number in range(1, len(parts), 2):
        parts[number] = parts[number].replace("|", r"\|")
    return "`".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
