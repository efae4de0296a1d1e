"""`README.md` of a run: a dataset card with the run's own figures, as Hugging Face reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cleaner.config.yaml_source import dump
from cleaner.report.figures import megabytes, plural, share
from cleaner.report.inert import inert
from cleaner.report.licence import hub_licence
from cleaner.report.stats import RunReport, StageReport

if TYPE_CHECKING:
    import pyarrow as pa

    from cleaner.stages.base import Stage

RULES = 25
"""Rules that are named, those that removed most."""
INPUTS = 25
LANGUAGES = 25
_SIZES = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
_LEAST_SHARE = 0.01
"""Of the documents; rarer languages are in the table, not among the dataset's own."""
_MARKUP = re.compile(r"([\\`*_\[\]<>|#~$!&])")


def describe(report: RunReport) -> str:
    """The dataset in a sentence."""
    corpus = report.corpus
    first = report.stages[0].counts
    return (
        f"{plural(corpus['documents'], 'document')} of cleaned plain text "
        f"({corpus.get('chars', 0):,} characters, {corpus.get('words', 0):,} words), "
        f"from {plural(first['docs_in'], 'record')} that were read."
    )


def card(
    report: RunReport, manifest: Mapping[str, Any], stages: Sequence[Stage], columns: pa.Schema
) -> str:
    """The card: front matter, then what came in, what was done, what is in it, and its limits.

    Depends on the run alone: no clock, no path of this machine. Names from outside are shown as
    text, whatever they hold.
    """
    licence = manifest.get("config", {}).get("license")  # runs of older versions have none
    parts = [
        "---\n" + dump(_front(report, licence)) + "---\n",
        f"# {_text(report.name)}\n",
        f"{describe(report)} Made by cleaner {_text(manifest['cleaner'])}.\n",
        "Every change has a row in `ledger/`, and every original can be given back.\n",
        "## Use\n",
        _USE,
        "## What came in\n",
        _inputs(manifest["inputs"]),
        "## What was done\n",
        _stages(report.stages, stages),
        *_rules(report.stages),
        *_quarantine(report),
        *_languages(report),
        "## Columns\n",
        _columns(columns),
        "## Limits\n",
        "".join(f"- {line}\n" for line in _limits(report, stages, licence)),
        "## Give originals back\n",
        _RESTORE,
    ]
    return "\n".join(parts)


_USE = """\
```python
from datasets import load_dataset

corpus = load_dataset("parquet", data_files="corpus/*.parquet", split="train")
```

Any reader of Parquet will do: `corpus/` holds the documents, `ledger/` every rewrite, cut and drop,
`duplicates/` the verified pairs and clusters, `quarantine/` what could not be used, `reports/` the
figures. `croissant.json` describes the columns for machines; `manifest.json` has the settings and
the sha256 of every file.
"""
_RESTORE = """\
```sh
cleaner restore . DOC_ID      # one document, kept or dropped, byte for byte
cleaner restore . --all DIR   # all of them
cleaner verify .              # checksums, books, copies, and that every original comes back
```
"""


def _front(report: RunReport, licence: str | None) -> dict[str, Any]:
    """The front matter."""
    documents = report.corpus["documents"]
    found = [
        lang
        for lang, count in _languages_of(report)
        if re.fullmatch(r"[a-z]{2,3}", lang) and count >= documents * _LEAST_SHARE
    ]
    front: dict[str, Any] = dict(hub_licence(licence))
    if found:
        front["language"] = found
    return front | {
        "pretty_name": report.name,
        "size_categories": [size_category(documents)],
        "task_categories": ["text-generation"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "corpus/*.parquet"}],
            }
        ],
    }


def size_category(documents: int) -> str:
    """The class that Hugging Face puts a dataset of so many rows in."""
    limit = 1000
    for number, size in enumerate(_SIZES):
        if documents < limit:
            return f"n<{size}" if not number else f"{_SIZES[number - 1]}<n<{size}"
        limit *= 10
    return f"n>{_SIZES[-1]}"


def _inputs(inputs: Sequence[Mapping[str, Any]]) -> str:
    size = sum(f["bytes"] for f in inputs)
    said = f"{plural(len(inputs), 'file')}, {megabytes(size)} as stored"
    groups: dict[str, tuple[int, int, int]] = {}
    for file in inputs:
        name = file["source"]
        if len(inputs) > INPUTS:
            name = name.rpartition("/")[0] + "/"
        files, documents, stored = groups.get(name, (0, 0, 0))
        groups[name] = (files + 1, documents + file["documents"], stored + file["bytes"])
    ranked = sorted(groups.items(), key=lambda item: (-item[1][1], item[0]))
    rows = [(_code(n), f, d, b) for n, (f, d, b) in ranked[:INPUTS]]
    more = len(ranked) - INPUTS
    rest = (
        f"\n… and {plural(more, 'more folder')}; all are in `manifest.json`.\n" if more > 0 else ""
    )
    return f"{said}.\n\n" + _table(("input", "files", "documents", "bytes"), rows) + rest


def _stages(reports: Sequence[StageReport], stages: Sequence[Stage]) -> str:
    """Every stage with its version, and the books: in = out + dropped + quarantined."""
    versions = {stage.name: stage.version for stage in stages}
    rows = [
        (
            _code(s.name),
            versions.get(s.name, ""),
            s.counts["docs_in"],
            s.counts["docs_dropped"],
            s.counts["docs_quarantined"],
            s.counts["docs_out"],
            s.counts["chars_rewritten"],
            s.counts["chars_cut"],
            _text(s.summary),
        )
        for s in reports
    ]
    heads = ("stage", "version", "documents in", "dropped", "quarantined", "out")
    note = "\nCharacters are code points of the originals, added up over the documents.\n"
    return _table((*heads, "characters rewritten", "cut", "what it does"), rows) + note


def _rules(reports: Iterable[StageReport]) -> Iterator[str]:
    found = [(s.name, rule, facts) for s in reports for rule, facts in s.rules.items()]
    found.sort(key=lambda item: (-item[2]["chars"], -item[2]["count"], item[:2]))
    if not found:
        return
    yield "## What was removed and rewritten\n"
    rows = [
        (_code(rule), facts["action"], facts["count"], facts["chars"], _text(facts["reason"]))
        for _, rule, facts in found[:RULES]
    ]
    table = _table(("rule", "action", "times", "characters removed", "why"), rows)
    more = len(found) - RULES
    rest = f"\n… and {plural(more, 'more rule')}, in `reports/report.json`.\n" if more > 0 else ""
    yield table + rest


def _quarantine(report: RunReport) -> Iterator[str]:
    if not report.quarantine:
        return
    yield "## What could not be used\n"
    ranked = sorted(report.quarantine.items(), key=lambda item: (-item[1], item[0]))
    rows = [(_code(reason), count) for reason, count in ranked]
    yield _table(("reason", "records"), rows) + "\nThey are in `quarantine/`, with their place.\n"


def _languages(report: RunReport) -> Iterator[str]:
    found = _languages_of(report)
    if not found:
        return
    documents = report.corpus["documents"]
    yield "## Languages\n"
    rows = [(_code(n) if n else "not told", c, share(c, documents)) for n, c in found[:LANGUAGES]]
    yield _table(("language", "documents", "share"), rows)


def _languages_of(report: RunReport) -> list[tuple[str, int]]:
    """Languages and their documents, most first; empty if no stage told any."""
    found = report.corpus.get("langs", {})
    if not any(found):
        return []
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _columns(columns: pa.Schema) -> str:
    rows = []
    for column in columns:
        about = (column.metadata or {}).get(b"description", b"").decode()
        rows.append((_code(column.name), _code(str(column.type)), _text(about)))
    return _table(("column", "type", "what it is"), rows)


def _limits(report: RunReport, stages: Sequence[Stage], licence: str | None) -> Iterator[str]:
    """What whoever uses the corpus must know; only what holds for this run."""
    uses = {stage.use for stage in stages}
    if licence is None:
        yield (
            "The licence of the texts is not known to the program that made this: name it as "
            "`license:` in the config before you publish, and run again."
        )
    else:
        yield f"The licence is what the config names: {_text(licence)}. No program checked it."
    if report.left_out:
        yield f"{plural(report.left_out, 'document')} left out by `--limit` or `--sample`."
    if "pii" not in uses:
        yield "Personal data was not looked for."
    if "quality" not in uses:
        yield "Texts were not judged by their quality."
    if "noise" in uses:
        yield "Noise is found by rules and a small model that err on the side of keeping."
    if "near_duplicates" not in uses:
        yield "Near-duplicates were not looked for."
    if "language" in uses:
        yield "Languages are told by a model; short and mixed texts can be told wrongly."


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; figures are grouped, and stand to the right."""
    rows = list(rows)
    first = rows[0] if rows else ()
    rule = ["---:" if isinstance(cell, int) else "---" for cell in first] or ["---"] * len(heads)
    lines = [heads, rule, *([_cell(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _text(text: str) -> str:
    """Text that is no markup, on one line."""
    return _MARKUP.sub(r"\\\1", inert(text))


def _code(text: str) -> str:
    """A name as code; a backtick or a bar in it cannot end the code or the cell."""
    return f"`{inert(text).replace('`', chr(0x2019)).replace('|', chr(92) + '|')}`"
