"""`clean` one text and `run` a config from Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.errors import ConfigError, Fault

if TYPE_CHECKING:
    from cleaner.batch import Batch
    from cleaner.config.model import RunConfig
    from cleaner.config.overrides import Override
    from cleaner.report.stats import RunReport
    from cleaner.stages.base import Stage

DEFAULT_STAGES = ("unicode", "noise", "repeated_passages", "tidy")
"""What `clean` does unless it is told: all that one text alone can show."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A span of the original that was cut. `start:end` are its code points, `text` stood there."""

    start: int
    end: int
    rule: str
    reason: str
    score: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A span of the original where other text stands now; `before` is `original[start:end]`."""

    start: int
    end: int
    rule: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text, and all that was done to it.

    `removed` and `fixes` are disjoint and in order of place: the original without the ones and with
    the others replaced is `text`. `language` is what a language stage found, else what `clean` was
    told. `dropped` is the rule by which a corpus would not have the text at all; `text` is then '',
    and `removed` and `fixes` are what was done before.
    """

    text: str
    removed: tuple[Removed, ...] = ()
    fixes: tuple[Fix, ...] = ()
    language: str | None = None
    dropped: str | None = None


def clean(
    text: str,
    *,
    language: str | None = None,
    stages: Sequence[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> Cleaned:
    r"""Clean one text, without a corpus around it.

    >>> clean("CafÃ© noir\r\n").text
    'Café noir\n'

    Stages are made ready at the first call with the same settings; later ones take milliseconds for
    a page. Several threads may call it at once.

    Args:
        text: plain text, as scraped.
        language: its language, if known (ISO 639-1): only the noise rules of that language, and
            those of no language, are asked. Without it all are.
        stages: names of map stages, in order; default: `DEFAULT_STAGES`.
        options: stage name → its keys, as in a config: `{"noise": {"captions": "cut"}}`.

    Raises:
        TypeError: it is no text.
        ValueError: the text has half a surrogate pair, which no UTF-8 can hold.
        ConfigError: a stage or a key is unknown, or a stage needs the whole corpus.
    """
    if not isinstance(text, str):
        raise TypeError(f"clean() takes text, not {type(text).__name__}; decode it first")
    settings = _settings(
        DEFAULT_STAGES if stages is None else tuple(stages), language, options or {}
    )
    opened = _open(settings)
    batch = _batch(text)
    for number, (name, function) in enumerate(opened.functions):
        batch = function(batch.for_stage(name, number))
    return _cleaned(text, batch, opened.reasons, language)


def run(
    config: str | Path | RunConfig,
    *,
    input: str | Path | Sequence[str | Path] | None = None,  # noqa: A002  the config's word
    output: str | Path | None = None,
    workers: int | str | None = None,
    limit: int | None = None,
    sample: int | None = None,
    quiet: bool = False,
    plugins: bool = True,
) -> RunReport:
    """Run a config, or go on with a run that was stopped.

    Progress goes to stderr unless `quiet`. More than one worker means processes that import the
    calling script again: guard its code by `if __name__ == "__main__":`.

    Args:
        config: a YAML file, or a config that `load_config` gave.
        input: read this instead of the config's input.
        output: the run's folder, instead of the config's.
        workers: worker processes, or `auto`, instead of the config's.
        limit: take the first documents only; the output folder's name gets the suffix `-limit-N`.
        sample: take that many documents, chosen by the config's seed; the suffix is `-sample-N`.
        quiet: show nothing.
        plugins: whether a config may name stages and readers that are not built in.

    Raises:
        CleanerError: see `cleaner.errors`; finished work is kept, the same call goes on with it.
    """
    from cleaner.config.load import load, parse, resolved_yaml
    from cleaner.config.model import RunConfig
    from cleaner.engine.driver import run as run_config
    from cleaner.engine.phases import phases_of
    from cleaner.report.terminal import Progress, console

    changes = _changes(input, output, workers)
    if isinstance(config, RunConfig):
        settings = config
        if changes or not plugins:
            text = resolved_yaml(config)
            settings = parse(text, "config", overrides=changes, allow_plugins=plugins)
    else:
        settings = load(config, overrides=changes, allow_plugins=plugins)
    phases = len(phases_of(settings))
    with Progress(console(stderr=True), quiet, phases=phases) as progress:
        return run_config(settings, limit=limit, sample=sample, observer=progress)


def _changes(
    input_: str | Path | Sequence[str | Path] | None,
    output: str | Path | None,
    workers: int | str | None,
) -> list[str | Override]:
    from cleaner.config.overrides import Override

    changes: list[str | Override] = []
    if input_ is not None:
        paths = [input_] if isinstance(input_, str | Path) else list(input_)
        changes.append(Override(("input",), [str(p) for p in paths], "input"))
    if output is not None:
        changes.append(Override(("output",), str(output), "output"))
    if workers is not None:
        changes.append(Override(("engine", "workers"), workers, "workers"))
    return changes


@dataclass(frozen=True, slots=True)
class _Opened:
    """Stages that are ready: their functions by name, and the reason of each rule."""

    functions: tuple[tuple[str, Callable[[Batch], Batch]], ...]
    reasons: Mapping[str, str]


def _settings(
    stages: tuple[str, ...], language: str | None, options: Mapping[str, Mapping[str, Any]]
) -> str:
    """The stages as a config's JSON: one text for the same settings.

    Raises:
        ConfigError: options are of a stage that is not used, or of a kind that JSON has not.
    """
    from cleaner.registry import nearest

    for name in options:
        if name not in stages:
            hint = nearest(name, stages)
            raise _fault(
                f"options.{name}",
                f"is not one of the stages: {', '.join(stages)}",
                f"did you mean {hint!r}?" if hint else "",
            )
    items = [{"use": name, **options.get(name, {})} for name in stages]
    if language is not None:
        items = [_in_language(item, language) for item in items]
    try:
        return json.dumps(items, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise _fault("options", f"cannot be written as JSON: {error}") from error


def _in_language(item: dict[str, Any], language: str) -> dict[str, Any]:
    """The noise stage with the packs of one language; one that names its packs keeps them."""
    if item["use"] != "noise" or "packs" in item:
        return item
    from cleaner.noise.pack import BUILTIN

    wanted = ("any", language.lower().replace("_", "-").partition("-")[0])
    return {**item, "packs": [name for name in BUILTIN if name in wanted]}


@lru_cache(maxsize=16)
def _open(settings: str) -> _Opened:
    """Check and open the stages of `settings`."""
    from cleaner.config.load import parse
    from cleaner.stages.base import MapStage

    config = parse(f'{{"name": "clean", "input": "-", "stages": {settings}}}', "clean()")
    functions: list[tuple[str, Callable[[Batch], Batch]]] = []
    reasons: dict[str, str] = {}
    for place, stage in enumerate(config.stages):
        if not isinstance(stage, MapStage) or stage.steps():
            raise _fault(f"stages.{place}", _why_not(stage), "put it into a config and run that")
        functions.append((stage.name, stage.open()))
        reasons |= stage.rules()
    return _Opened(tuple(functions), reasons)


def _why_not(stage: Stage) -> str:
    return f"{stage.use!r} needs the whole corpus, and clean() sees one text"


def _fault(key: str, expected: str, hint: str = "") -> ConfigError:
    return ConfigError([Fault("clean()", key, expected, hint)])


def _batch(text: str) -> Batch:
    """A batch of one untouched document.

    Raises:
        ValueError: it has half a surrogate pair.
    """
    import pyarrow as pa

    from cleaner import batch

    try:
        column = pa.array([text], pa.string())
    except UnicodeEncodeError as error:
        raise ValueError(
            f"half a surrogate pair, {text[error.start]!r}, at character {error.start} of the text:"
            " it was cut or decoded wrongly; decode its bytes with errors='replace', or remove it"
        ) from None
    columns = [*_nobody(), pa.array([len(text)], pa.int64())]
    return batch.new(pa.record_batch(columns, names=list(_BASE)), column)


_BASE = ("ordinal", "source", "record", "host", "url", "date", "priority", "raw_chars")


@lru_cache(maxsize=1)
def _nobody() -> tuple[Any, ...]:
    """The base columns but the last, of a document that comes from nowhere."""
    import pyarrow as pa

    null = pa.nulls(1, pa.string())
    zero = pa.array([0], pa.int64())
    return (zero, pa.array(["text"], pa.string()), zero, null, null, null, zero)


def _cleaned(text: str, batch: Batch, reasons: Mapping[str, str], language: str | None) -> Cleaned:
    """What a batch of one document, done or dropped, tells."""
    rows = [row for part in batch.ledger for row in _rows(part)]
    drop = next((r for r in rows if r.action == "drop"), None)
    rows = [r for r in rows if r.action != "drop"]
    from cleaner.report.spans import outermost

    removed: list[Removed] = []
    fixes: list[Fix] = []
    for row in outermost(rows):
        before = text[row.start : row.end]
        if row.action == "cut" and not row.after:
            reason = reasons.get(row.rule, "")
            if row.evidence:
                reason = f"{reason}: {row.evidence}" if reason else row.evidence
            removed.append(Removed(row.start, row.end, row.rule, reason, row.score, before))
        else:
            fixes.append(Fix(row.start, row.end, row.rule, before, row.after))
    if drop is not None:
        return Cleaned("", tuple(removed), tuple(fixes), language, drop.rule)
    if "lang" in batch.docs.schema.names:
        language = batch.docs.column("lang")[0].as_py() or language
    return Cleaned(batch.text[0].as_py(), tuple(removed), tuple(fixes), language)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the batch's ledger."""

    start: int
    end: int
    step: int
    rule: str
    action: str
    after: str
    score: float | None
    evidence: str | None


def _rows(part: Any) -> list[_Row]:
    names = ("start", "end", "step", "rule", "action", "after", "score", "evidence")
    columns = [part.column(name).to_pylist() for name in names]
    return [_Row(*values) for values in zip(*columns, strict=True)]
