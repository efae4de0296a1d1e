"""A look at some texts before the first run: what they are, and what a sample of them holds.

The sample is taken through the usual stages in a temporary folder, so that what is told of it is
what a run does.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.config.guess import Guess, guess
from cleaner.config.load import parse
from cleaner.config.propose import Format, RuleSeen, Seen
from cleaner.errors import InputError
from cleaner.io.inputs import InputFile, survey
from cleaner.report.draw import Sample, draw

if TYPE_CHECKING:
    from cleaner.report.stats import RunReport

_STAGES: list[dict[str, Any]] = [
    {"use": "unicode"},
    {"use": "repeats"},
    {"use": "noise"},
    {"use": "repeated_passages"},
    {"use": "language"},
    {"use": "exact_duplicates"},
    {"use": "near_duplicates", "threshold": 0.8},
    {"use": "tidy"},
]
_COLUMNS = ["lang", "encoding", "host", "fixes", "url"]


def look(place: str, *, seed: int = 0) -> Seen:
    """Look at a folder or file.

    All files are listed, and a bounded sample of their documents is read; nothing is written
    outside of a temporary folder.

    Args:
        place: a folder, read with all below it, or a file, or a glob.
        seed: chooses the sample.

    Raises:
        InputError: there is nothing to read, or no record of the sample can be used.
    """
    found = survey([place], base=Path.cwd())
    with tempfile.TemporaryDirectory(prefix="cleaner-init-") as folder:
        source = Path(folder) / "sample"
        source.mkdir()
        sample = draw(found.files, source, seed)
        fields = guess(sample.fields)
        _check(sample, fields, place)
        output = Path(folder) / "run"
        report = _try(source, output, fields, place)
        return _seen(place, found.files, found.skipped, seed, sample, fields, report, output)


def _check(sample: Sample, fields: Guess | None, place: str) -> None:
    """Raise InputError where a run would find nothing."""
    if sample.fields.records and fields is None:
        names = ", ".join(map(repr, list(sample.fields.by_name)[:8])) or "none"
        raise InputError(f"{place}: no field of the records holds text; their fields: {names}")
    if not sample.documents:
        why = _told(sample.faults) or ("all are too long" if sample.long else "all are empty")
        raise InputError(f"{place}: none of the files has a document to look at ({why})")


def _try(source: Path, output: Path, fields: Guess | None, place: str) -> RunReport:
    """Take the sample through the stages."""
    from cleaner.engine.driver import run

    read = {} if fields is None else _columns(fields)
    settings = {
        "name": "sample",
        "input": [{"path": str(source), "label": "sample"}],
        "output": str(output),
        "read": read,
        "stages": _STAGES,
        "engine": {"kind": "inline", "workers": 1},
        "max_bad": 1.0,
        "on_bad_record": "quarantine",
    }
    try:
        return run(parse(json.dumps(settings), "the sample"))
    except InputError as error:
        raise InputError(f"{place}: no record of a sample can be used: {error}") from error


def _columns(fields: Guess) -> dict[str, str | None]:
    return {
        "text_column": fields.text,
        "id_column": fields.id,
        "url_column": fields.url,
        "date_column": fields.date,
    }


def _seen(
    place: str,
    files: Sequence[InputFile],
    skipped: Any,
    seed: int,
    sample: Sample,
    fields: Guess | None,
    report: RunReport,
    output: Path,
) -> Seen:
    first = report.stages[0].counts
    stages = {stage.use: stage for stage in report.stages}
    kept = _corpus(output)
    damaged = sum(bool(set(fixes) & set(stages["unicode"].rules)) for fixes in kept["fixes"])
    urls = Counter(url for url in kept["url"] if url)
    hosts = Counter(host for host in kept["host"] if host)
    encodings, languages = Counter(kept["encoding"]), Counter(name or "" for name in kept["lang"])
    return Seen(
        place=place,
        files=len(files),
        bytes=sum(f.size for f in files),
        formats=_formats(files),
        skipped=skipped,
        seed=seed,
        documents=first["docs_out"],
        kept=len(kept["fixes"]),
        chars=first["chars_kept"],
        unread=dict(sorted(Counter(sample.faults | report.quarantine).items())),
        long=sample.long,
        guess=fields,
        languages=_ranked(languages),
        encodings=_ranked(encodings),
        hosts=_ranked(hosts),
        host_count=len(hosts),
        damaged=damaged,
        damage=_rules(stages["unicode"]),
        noise=_rules(stages["noise"]),
        noise_chars=stages["noise"].counts["chars_cut"],
        repeated_chars=stages["repeated_passages"].counts["chars_cut"],
        copies=stages["exact_duplicates"].counts["docs_dropped"],
        near_copies=stages["near_duplicates"].counts["docs_dropped"],
        urls_twice=sum(n for n in urls.values() if n > 1),
    )


def _corpus(output: Path) -> dict[str, list[Any]]:
    """Columns of what the sample's run kept."""
    import pyarrow.dataset as ds

    table = ds.dataset(output / "corpus", format="parquet").to_table(columns=_COLUMNS)
    return {name: table.column(name).to_pylist() for name in _COLUMNS}


def _formats(files: Iterable[InputFile]) -> list[Format]:
    """Files by format and compression, those of most files first."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for file in files:
        name = file.format if file.compression is None else f"{file.format}.{file.compression}"
        counts[name] += 1
        sizes[name] += file.size
    return [Format(name, n, sizes[name]) for name, n in _ranked(counts)]


def _rules(stage: Any) -> list[RuleSeen]:
    """The rules of a stage that acted, those that removed most first."""
    found = [
        RuleSeen(rule, facts["reason"], facts["count"], facts["chars"])
        for rule, facts in stage.rules.items()
    ]
    return sorted(found, key=lambda r: (-r.chars, -r.count, r.rule))


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _told(faults: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {reason}" for reason, n in sorted(faults.items()))
