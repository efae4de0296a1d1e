"""The page of a run: one HTML file that needs nothing else, made from the run's folder alone."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jinja2 import (
    Environment,
    FileSystemBytecodeCache,
    PackageLoader,
    StrictUndefined,
    UndefinedError,
)
from markupsafe import Markup

from cleaner.errors import IntegrityError
from cleaner.io.store import write_bytes
from cleaner.report import charts, figures
from cleaner.report.audit_score import AuditScore, load, wilson
from cleaner.report.collect import Findings, collect
from cleaner.report.copies import BINS
from cleaner.report.inert import JOINERS, inert, visible
from cleaner.report.lengths import token_classes
from cleaner.report.stats import StageReport
from cleaner.report.summary import books, idle, remarks

PAGE = "report.html"
RULES = 400
"""Rules that are shown, those that removed most."""
RULES_FIRST = 20
"""Rules that are seen until more are asked for; `report.css` has the number, too."""
RULES_WITH_EXAMPLES = 120
"""Rules that are shown with examples; further ones are shown by their figures."""
MOST_CONFIG = 40_000
"""Characters of the config that are shown."""
MOST_INPUTS = 40
_COPIES = ("drop", "cut", "mark")
_TIMINGS = re.compile(r'<section id="timings".*?</section>\n?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Recall:
    """What comparing a sample of a run all with all found (`cleaner.stages.near_sample`).

    `pairs` of its `documents` are copies, `met` of these share a band. low, high: the interval of
    95 % of that share, as if a document were in one pair only.
    """

    documents: int
    pairs: int
    met: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A stage of near-duplicates: its parameters in force, and the chart of what they catch.

    `copies`: pairs of a copy and the one that stays; `offered`: all that were compared, if written;
    `recall`: None for passages.
    """

    name: str
    unit: str
    threshold: float
    bands: int
    rows: int
    words: int
    copies: int
    offered: int
    recall: Recall | None
    chart: Markup


def write_page(run: Path) -> Path:
    """Write `reports/report.html` of a finished run, from what its folder holds.

    Raises:
        InputError: the folder is no finished run.
        IntegrityError: one of its files is damaged.
    """
    path = run / "reports" / PAGE
    try:
        page = render(collect(run), audit=load(run))
    except UndefinedError as error:
        raise IntegrityError(f"{run}: its report lacks something ({error.message})") from error
    write_bytes(path, page.encode())
    return path


def render(findings: Findings, *, audit: AuditScore | None = None) -> str:
    """The page. What depends on the machine stands in one section, see `without_timings`.

    `audit`: what people said about a sample, if they did.
    """
    report = findings.report
    template = environment().get_template("report.html")
    style, script = asset("report.css"), asset("report.js")
    return template.render(
        f=findings,
        audit=audit,
        report=report,
        first=report.stages[0].counts,
        stages=report.stages,
        stay=report.chars_left,
        totals=_totals(report.stages),
        faults=books(report),
        warnings=_warnings(findings),
        flows=_flows(findings),
        lengths=charts.length_chart(
            findings.lengths_before.tolist(), findings.lengths_after.tolist()
        ),
        tokens=token_classes(report.corpus.get("token_lengths", {})),
        curves=_curves(findings),
        config=_config(findings),
        rules=findings.rules[:RULES],
        rules_first=RULES_FIRST,
        rules_shown=RULES_WITH_EXAMPLES,
        most_inputs=MOST_INPUTS,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )


def without_timings(page: str) -> str:
    """A page without the section of times: the same for every run that gives the same output."""
    return _TIMINGS.sub("", page)


def _compiled_templates() -> FileSystemBytecodeCache | None:
    """Where compiled templates are kept, as Python keeps modules; None where nothing can be."""
    folder = Path(__file__).parent / "__pycache__"
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None


@cache
def environment() -> Environment:
    """Where the templates of all pages are found, with their filters; what is shown is escaped."""
    found = Environment(
        loader=PackageLoader("cleaner.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_compiled_templates(),
    )
    found.filters |= {
        "shown": _shown,
        "line": inert,
        "changed": _changed,
        "comma": _comma,
        "short": figures.short,
        "megabytes": figures.megabytes,
        "duration": figures.duration,
    }
    found.globals |= {
        "share": figures.share,
        "plural": figures.plural,
        "bar": charts.bar,
        "two_bars": charts.two_bars,
        "spread": charts.spread_chart,
    }
    return found


@cache
def asset(name: str) -> Markup:
    """A file of the templates' folder, which goes into the page as it is."""
    text = (files("cleaner.report") / "templates" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704  our own file


def digest(text: str) -> str:
    """A hash source of a content security policy: nothing but this text may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _comma(number: int) -> str:
    return f"{number:,}"


def _shown(text: str) -> str:
    """Text of documents: line ends and tabs stay, what could steer or hide is spelled out."""
    return inert(text, keep="\n\t" + JOINERS)


def _changed(text: str) -> str:
    """A piece that was rewritten or cut: where it is all white space, that is spelled out, too."""
    return _shown(text) if text.strip() else visible(text)


def _totals(stages: Sequence[StageReport]) -> dict[str, int]:
    names = ("docs_dropped", "docs_quarantined", "chars_cut", "chars_dropped", "chars_quarantined")
    return {name: sum(stage.counts[name] for stage in stages) for name in names}


def _warnings(findings: Findings) -> list[str]:
    report = findings.report
    pairs = zip(report.stages[1:], findings.stages, strict=True)
    found = []
    for stage, known in pairs:
        found += [words] if (words := idle(stage, known, report)) else []
        found += remarks(stage, known)
    if not report.corpus["documents"]:
        found.append("the corpus is empty: every document was dropped or quarantined")
    return found


def _flows(findings: Findings) -> list[Markup]:
    """Documents and characters through the stages."""
    report = findings.report
    left_out = report.left_out
    documents, characters = [], []
    for number, stage in enumerate(report.stages):
        c = stage.counts
        losses = [
            charts.Loss("quarantined", c["docs_quarantined"]),
            charts.Loss("dropped", c["docs_dropped"]),
            charts.Loss("left out", left_out if number == 0 else 0),
        ]
        documents.append(charts.Step(stage.name, tuple(losses)))
        losses = [
            charts.Loss("quarantined", c["chars_quarantined"]),
            charts.Loss("dropped", c["chars_dropped"]),
            charts.Loss("cut", c["chars_cut"]),
            charts.Loss("left out", _left_out_chars(report.stages) if number == 0 else 0),
        ]
        characters.append(charts.Step(stage.name, tuple(losses)))
    first = report.stages[0].counts
    return [
        charts.flow_chart(
            "Documents from stage to stage", first["docs_in"], documents, "documents"
        ),
        charts.flow_chart(
            "Characters from stage to stage", first["chars_in"], characters, "characters"
        ),
    ]


def _left_out_chars(stages: Sequence[StageReport]) -> int:
    """Characters of the documents that --limit or --sample left out after they were read."""
    read = stages[0].counts
    leave = read["chars_kept"] + read["chars_rewritten"]
    return leave - stages[1].counts["chars_in"] if len(stages) > 1 else 0


def _curves(findings: Findings) -> list[Curve]:
    from cleaner.stages.near_duplicates import NearDuplicates

    curves = []
    for stage, told in zip(findings.stages, findings.report.stages[1:], strict=True):
        if not isinstance(stage, NearDuplicates):
            continue
        bands, rows = stage.shape
        found = findings.copies.similarities
        copies = [found[stage.name, a] for a in _COPIES if (stage.name, a) in found]
        pairs = sum(copies, np.zeros(BINS, np.int64)).tolist()
        offered = found.get((stage.name, "pair"), np.zeros(0, np.int64)).tolist()
        curves.append(
            Curve(
                name=stage.name,
                unit=stage.unit,
                threshold=stage.threshold,
                bands=bands,
                rows=rows,
                words=stage.words,
                copies=sum(pairs),
                offered=sum(offered),
                recall=_recall(told.notes),
                chart=charts.catch_chart(bands, rows, stage.threshold, pairs, offered),
            )
        )
    return curves


def _recall(notes: Mapping[str, int]) -> Recall | None:
    from cleaner.stages.near_sample import FIGURES

    if not notes.keys() >= set(FIGURES):
        return None
    documents, pairs, met, paired = (notes[name] for name in FIGURES)
    low, high = wilson(met / pairs, min(pairs, paired)) if pairs else (0.0, 1.0)
    return Recall(documents, pairs, met, low, high)


def _config(findings: Findings) -> str:
    """The config as it decides the output: no paths, no engine."""
    config: dict[str, Any] = dict(findings.manifest["config"])
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=88)
    return text if len(text) <= MOST_CONFIG else text[:MOST_CONFIG] + "\n# …\n"
