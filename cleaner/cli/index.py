"""`cleaner index`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.frame import finish, print_json, readable, say
from cleaner.cli.index_query import query
from cleaner.cli.options import no_plugins as no_plugins_option

if TYPE_CHECKING:
    from cleaner.index.corpus import Corpus
    from cleaner.index.description import Description, Parameters
    from cleaner.index.store import Added
    from cleaner.stages.near_duplicates import NearDuplicates

_FOLDER = click.Path(path_type=Path)
_RUNS = click.argument(
    "runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
_MANY = 16
"""Segments from which a hint is due: each takes a look of its own."""


_HELP = """Keep what runs have, to find copies of it later.

\b
cleaner index build out/known out/january     make an index of a finished run
cleaner index add out/known out/february      add a further run
cleaner index query out/known new.jsonl.zst   which documents are near-copies?
cleaner run news.yaml --set stages.near_duplicates.against=out/known

INDEX is a folder. For each document it holds who it is, its band keys and its set of shingles, and
no text; a copy found in it is told by exact Jaccard."""


@click.group(help=_HELP)
def index() -> None:
    """See `_HELP`."""


index.add_command(query)


@index.command()
@click.argument("index", type=_FOLDER)
@_RUNS
@click.option(
    "--config",
    metavar="FILE",
    help="Sketch as the near_duplicates stage of this config; by default as that of the runs.",
)
@click.option(
    "--stage",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a key of that stage, such as `threshold=0.7`; may be given several times.",
)
@click.option("--replace", is_flag=True, help="Replace the index that is there, when all is done.")
@no_plugins_option("Refuse a --config with stages that are not built in.")
def build(
    index: Path,
    runs: tuple[Path, ...],
    config: str | None,
    settings: tuple[str, ...],
    replace: bool,
    no_plugins: bool,
) -> None:
    """Make an index of finished runs.

    INDEX is a new folder, RUN the folder of a finished run, such as in
    `cleaner index build out/known out/january`. What the runs kept is indexed, as it stands in
    their corpus.
    """
    from functools import partial

    from cleaner.index.corpus import open_corpus
    from cleaner.index.store import build as build_index
    from cleaner.stages.known import parameters_of, sketch_texts

    corpora = [open_corpus(run) for run in runs]
    stage = _stage_for(corpora, config, settings, allow_plugins=not no_plugins)
    added = build_index(
        index, corpora, parameters_of(stage), partial(sketch_texts, stage), replace=replace
    )
    _report(index, added)


@index.command()
@click.argument("index", type=_FOLDER)
@_RUNS
def add(index: Path, runs: tuple[Path, ...]) -> None:
    """Add finished runs to an index.

    A run that is in it already is passed over. Such as `cleaner index add out/known out/february`.
    """
    from functools import partial

    from cleaner.index.corpus import open_corpus
    from cleaner.index.description import read_description
    from cleaner.index.store import add as add_to_index
    from cleaner.stages.known import sketch_texts, stage_of

    stage = stage_of(read_description(index).parameters)
    corpora = [open_corpus(run) for run in runs]
    _report(index, add_to_index(index, corpora, partial(sketch_texts, stage)))


@index.command()
@click.argument("index", type=_FOLDER)
def compact(index: Path) -> None:
    """Make one segment of many.

    Each `add` leaves a segment, and each segment takes a look of its own. Answers stay the same.
    Such as `cleaner index compact out/known`.
    """
    from cleaner.index.description import read_description
    from cleaner.index.store import compact as compact_index

    before = len(read_description(index).segments)
    after = compact_index(index)
    was = "" if before == len(after.segments) else f" (there were {before})"
    click.echo(readable(f"{index}: {_plural(len(after.segments), 'segment')}{was}"))


@index.command()
@click.argument("index", type=_FOLDER)
@click.option(
    "--check", "is_checked", is_flag=True, help="Read all files and compare their hashes."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def info(index: Path, is_checked: bool, as_json: bool) -> None:
    """Show what an index holds, and how it was made.

    Such as `cleaner index info out/known`. The exit code is 1 if --check finds anything wrong.
    """
    from cleaner.index.lookup import Index
    from cleaner.index.store import check

    description = Index(index).description
    faults = check(index, description) if is_checked else []
    if as_json:
        shown = description.model_dump(mode="json") | {
            "digest": description.digest(),
            "documents": description.documents,
            "bytes": _size(description),
        }
        print_json(shown | ({"faults": faults} if is_checked else {}))
    else:
        click.echo(readable("\n".join(_lines(index, description))))
        if is_checked and not faults:
            click.echo("checked     all files are as they were written")
        for fault in faults:
            say(f"WRONG: {fault}")
        if faults:
            say(f"make it anew with `cleaner index build --replace {index} RUN…`")
    finish(int(bool(faults)))


def _lines(index: Path, description: Description) -> list[str]:
    segments = _plural(len(description.segments), "segment")
    lines = [
        str(index),
        f"holds       {_amount(description)}, in {segments}",
        f"sketched    {in_words(description.parameters)}",
        f"digest      {description.digest()}",
    ]
    for number, run in enumerate(description.runs):
        title = "" if number else "runs"
        lines.append(f"{title:<11} {run.name}: {_plural(run.documents, 'document')} ({run.digest})")
    if len(description.segments) > _MANY:
        lines.append(f"`cleaner index compact {index}` makes one segment: faster to look into")
    return lines


def in_words(parameters: Parameters) -> str:
    """How texts are sketched."""
    p = parameters
    extra = (", digits folded" if p.fold_digits else "") + (
        ", same numbers only" if p.same_numbers else ""
    )
    return (
        f"shingles of {_plural(p.ngram, 'word')}, {p.num_perm} permutations of seed {p.seed}, "
        f"{_plural(p.bands, 'band')} of {_plural(p.rows, 'row')}{extra}; threshold {p.threshold:g}"
    )


def _report(index: Path, added: Added) -> None:
    """What came in, what was there before, and what there is now."""
    for run in added.known:
        say(f"{run} is in {index} already; passed over")
    for entry in added.runs:
        click.echo(readable(f"{entry.name}: {_plural(entry.documents, 'document')} added"))
    parameters = in_words(added.description.parameters)
    click.echo(readable(f"{index}: {_amount(added.description)}; {parameters}"))


def _amount(description: Description) -> str:
    documents = _plural(description.documents, "document")
    runs = _plural(len(description.runs), "run")
    return f"{documents} of {runs}, {_size(description) / 1e6:,.1f} MB"


def _size(description: Description) -> int:
    """Bytes of the index's files."""
    return sum(s.documents_file.bytes + s.keys_file.bytes for s in description.segments)


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _stage_for(
    corpora: Sequence[Corpus],
    config: str | None,
    settings: Sequence[str],
    *,
    allow_plugins: bool,
) -> NearDuplicates:
    """The stage that says how an index is made: of a config, or of the runs; with these settings.

    Raises:
        InputError: there is none, or there are several that differ.
        ConfigError: a setting is wrong.
    """
    from cleaner.errors import InputError
    from cleaner.stages.known import parameters_of

    if config is None:
        items = [(str(c.folder), item) for c in corpora for item in c.stages]
    else:
        from cleaner.config.load import load

        stages_of = load(config, allow_plugins=allow_plugins).stages
        items = [(config, stage.model_dump(mode="json")) for stage in stages_of]
    wanted = [(place, item) for place, item in items if _is_for_documents(item)]
    if not wanted and settings and config is None:
        wanted = [("--stage", {"use": "near_duplicates"})]
    stages = [_stage(item, place, settings) for place, item in wanted]
    different = {parameters_of(stage) for stage in stages}
    if not different:
        raise InputError(
            f"{config or 'the config of the runs'} has no near_duplicates stage for documents to "
            "sketch as; give --config FILE with one, or its keys, such as --stage threshold=0.8"
        )
    if len(different) > 1:
        ways = "; ".join(sorted(map(in_words, different)))
        raise InputError(
            f"there are {len(different)} ways to sketch: {ways}; "
            "choose by --config FILE, or by --stage KEY=VALUE for each key that differs"
        )
    return stages[0]


def _is_for_documents(item: Any) -> bool:
    is_near = isinstance(item, dict) and item.get("use") == "near_duplicates"
    return is_near and item.get("unit", "document") == "document"


def _stage(item: dict[str, Any], place: str, settings: Sequence[str]) -> NearDuplicates:
    """A stage from plain data and `--stage` options; without the indexes that it looks into."""
    from cleaner.config.load import parse
    from cleaner.config.overrides import Override, parse_override
    from cleaner.stages.near_duplicates import NearDuplicates

    overrides: list[str | Override] = []
    for setting in settings:
        if "=" not in setting or setting.startswith("="):
            raise click.UsageError(
                f"--stage {setting}: expected KEY=VALUE, such as --stage threshold=0.7"
            )
        override = parse_override(f"stages.0.{setting}")
        overrides.append(changed(override, label=f"--stage {setting}"))
    plain = {key: value for key, value in item.items() if not key.startswith("against")}
    text = json.dumps({"name": "index", "input": "-", "stages": [plain]})
    (stage,) = parse(text, place, overrides=overrides).stages
    if not isinstance(stage, NearDuplicates) or not stage.is_document:
        raise click.UsageError("an index is of documents: --stage cannot change use and unit")
    return stage
