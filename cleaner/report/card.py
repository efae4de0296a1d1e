"""`README.md` of a run: a dataset card with the run's own figures, as Hugging Face reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cleaner.config.yaml_source import dump
from cleaner.io.corpus import is_corpus
from cleaner.io.places import ENDINGS, TRAIN, globs
from cleaner.report.card_front import front_matter, languages_of
from cleaner.report.figures import megabytes, plural, share
from cleaner.report.inert import inert
from cleaner.report.lengths import token_classes
from cleaner.report.stats import RunReport, StageReport
from cleaner.stages.tokens import Tokens

if TYPE_CHECKING:
    import pyarrow as pa

    from cleaner.stages.base import Stage

RULES = 25
"""Rules that are named, those that removed most."""
INPUTS = 25
LANGUAGES = 25
_MARKUP = re.compile(r"([\\`*_\[\]<>|#~$!&])")


def describe(report: RunReport) -> str:
    """The dataset in a sentence."""
    corpus = report.corpus
    first = report.stages[0].counts
    tokens = f", {corpus['tokens']:,} tokens" if "tokens" in corpus else ""
    return (
        f"{plural(corpus['documents'], 'document')} of cleaned plain text "
        f"({corpus.get('chars', 0):,} characters, {corpus.get('words', 0):,} words{tokens}), "
        f"from {plural(first['docs_in'], 'record')} that were read."
    )


def card(
    report: RunReport,
    manifest: Mapping[str, Any],
    stages: Sequence[Stage],
    columns: pa.Schema,
    *,
    left_out: Sequence[tuple[str, str]] | None = None,
) -> str:
    """The card: front matter, then what came in, what was done, what is in it, and its limits.

    Depends on the run alone: no clock, no path of this machine. Names from outside are shown as
    text, whatever they hold. `left_out`: of an export, what of the run it lacks, and why.
    """
    is_run = left_out is None
    paths = sorted(name for name in manifest["files"] if is_corpus(name))
    licence = manifest.get("config", {}).get("license")  # runs of older versions have none
    parts = [
        "---\n" + dump(front_matter(report, paths, columns, licence)) + "---\n",
        f"# {_text(report.name)}\n",
        f"{describe(report)} Made by cleaner {_text(manifest['cleaner'])}.\n",
        *(
            ["Every change has a row in `ledger/`, and every original can be given back.\n"]
            * is_run
        ),
        "## Use\n",
        _use(paths, is_run=is_run),
        *_splits(report),
        *(["## What came in\n", _inputs(manifest["inputs"])] if manifest["inputs"] else []),
        "## What was done\n",
        _stages(report.stages, stages),
        *_rules(report.stages),
        *_quarantine(report, is_run=is_run),
        *_languages(report),
        *_tokens(report, manifest, stages),
        "## Columns\n",
        _columns(columns),
        "## Limits\n",
        "".join(f"- {line}\n" for line in _limits(report, stages, licence)),
        *(["## Give originals back\n", _RESTORE] if is_run else _not_here(left_out or ())),
    ]
    return "\n".join(parts)


def _use(paths: Sequence[str], *, is_run: bool) -> str:
    """How to load the corpus, and what lies where."""
    is_json = paths[0].endswith(ENDINGS["jsonl"])
    kind, reader = ("json", "JSON lines (zstd)") if is_json else ("parquet", "Parquet")
    splits = globs(paths)
    if list(splits) == [TRAIN]:
        load = f'load_dataset("{kind}", data_files="{splits[TRAIN]}", split="train")'
    else:
        files = "".join(f'    "{name}": "{pattern}",\n' for name, pattern in splits.items())
        load = f'load_dataset("{kind}", data_files={{\n{files}}})'
    root = paths[0].partition("/")[0]
    folders = (_RUN_FOLDERS if is_run else _EXPORT_FOLDERS).format(reader=reader, root=root)
    return _USE.format(load=load) + folders


def _splits(report: RunReport) -> Iterator[str]:
    found = report.corpus.get("splits", {})
    if not found:
        return
    documents = report.corpus["documents"]
    yield "## Splits\n"
    ranked = sorted(found.items(), key=lambda item: (item[0] != TRAIN, item[0]))
    yield _table(
        ("split", "documents", "share"), [(_code(n), c, share(c, documents)) for n, c in ranked]
    )


_USE = """\
```python
from datasets import load_dataset

corpus = {load}
```

"""
_EXPORT_FOLDERS = """\
Any reader of {reader} will do: `{root}/` holds the documents, `reports/` counts of what was done.
`croissant.json` describes the columns for machines; `manifest.json` has the sha256 of every file,
which `cleaner verify .` checks.
"""
_RUN_FOLDERS = """\
Any reader of {reader} will do: `{root}/` holds the documents, `ledger/` every rewrite, cut \
and drop,
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


def _not_here(left_out: Sequence[tuple[str, str]]) -> list[str]:
    """What of the run the owner has kept."""
    rows = [(_text(what), _text(why)) for what, why in left_out]
    return ["## What the owner has kept\n", _table(("what", "because it holds"), rows)]


def _quarantine(report: RunReport, *, is_run: bool) -> Iterator[str]:
    if not report.quarantine:
        return
    yield "## What could not be used\n"
    ranked = sorted(report.quarantine.items(), key=lambda item: (-item[1], item[0]))
    rows = [(_code(reason), count) for reason, count in ranked]
    place = "\nThey are in `quarantine/`, with their place.\n" if is_run else ""
    yield _table(("reason", "records"), rows) + place


def _languages(report: RunReport) -> Iterator[str]:
    found = languages_of(report)
    if not found:
        return
    documents = report.corpus["documents"]
    yield "## Languages\n"
    rows = [(_code(n) if n else "not told", c, share(c, documents)) for n, c in found[:LANGUAGES]]
    tokens = report.corpus.get("lang_tokens")
    if tokens is None:
        yield _table(("language", "documents", "share"), rows)
        return
    counted = [tokens.get(name, 0) for name, _ in found]
    with_tokens = [(*row, number) for row, number in zip(rows, counted, strict=False)]
    yield _table(("language", "documents", "share", "tokens"), with_tokens)


def _tokens(
    report: RunReport, manifest: Mapping[str, Any], stages: Sequence[Stage]
) -> Iterator[str]:
    """How long the documents are in tokens, and by which tokenizer."""
    classes = report.corpus.get("token_lengths")
    if classes is None:
        return
    documents = report.corpus["documents"]
    yield "## Tokens\n"
    rows = [(name, count, share(count, documents)) for name, count in token_classes(classes)]
    said = [
        f"Counted by a tokenizer file with the sha256 `{_digest(manifest, stage)}`, special tokens "
        f"{'included' if stage.special_tokens else 'left out'}.\n"
        for stage in stages[::-1]
        if isinstance(stage, Tokens)
    ]
    yield "".join(said[:1]) + "\n" + _table(("tokens", "documents", "share"), rows)


def _digest(manifest: Mapping[str, Any], stage: Stage) -> str:
    return str(manifest["digests"][stage.name]).partition(" ")[0]


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
    yield from _personal_data(stages)
    if "quality" not in uses:
        yield "Texts were not judged by their quality."
    if "noise" in uses:
        yield "Noise is found by rules and a small model that err on the side of keeping."
    if "near_duplicates" not in uses:
        yield "Near-duplicates were not looked for."
    if "language" in uses:
        yield "Languages are told by a model; short and mixed texts can be told wrongly."


def _personal_data(stages: Sequence[Stage]) -> Iterator[str]:
    """What was looked for, and what no pattern finds."""
    ours = [stage for stage in stages if stage.use == "pii"]
    others = [stage.use for stage in stages if stage.use != "pii" and stage.hides()]
    if others:
        yield (
            f"What {' and '.join(map(_code, others))} takes for secret was masked; the program that"
            " made this cannot say what that is."
        )
    if not ours:
        if not others:
            yield "Personal data was not looked for."
        return
    done = "masked" if any(stage.hides() for stage in ours) else "counted, and left in the texts"
    yield (
        f"Personal data was looked for by its form (e-mail, phone, ids, accounts, keys) and {done};"
        " names, postal addresses and whatever has no form of its own were not looked for."
    )


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
