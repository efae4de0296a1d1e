"""What the page of a run shows: columns of its folder in streams, single documents by place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cleaner.errors import IntegrityError
from cleaner.io.corpus import in_order
from cleaner.report.copies import Copies, collect_copies
from cleaner.report.effect import Effect, collect_effect
from cleaner.report.examples import RuleFindings, collect_rules
from cleaner.report.heaviest import Heaviest
from cleaner.report.lengths import CLASSES, classes
from cleaner.report.near import StageNear, collect_near
from cleaner.report.quarantined import BadReason, collect_quarantine
from cleaner.report.secrecy import known_stage, veil_of_run
from cleaner.report.stats import RunReport, read_report
from cleaner.report.texts import Texts

if TYPE_CHECKING:
    from cleaner.stages.base import Stage

ROWS = 1 << 16
"""Rows of a batch of columns."""
TOP_HOSTS = 25
TOP_LANGUAGES = 25
TOP_SOURCES = 25
_PER_RULE = 6
_RULE_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Share:
    """A language or host: documents of the corpus, their characters as read and as written.

    `told`: documents that had this language when it was told, before copies and others went.
    """

    name: str
    documents: int
    raw_chars: int
    chars: int
    told: int = 0


@dataclass(frozen=True, slots=True)
class SourceShare:
    """An input, or a folder of inputs: documents read, kept and dropped."""

    name: str
    read: int
    kept: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Part:
    """What a rule cut in the documents of one language or host."""

    name: str
    documents: int
    chars: int


@dataclass(slots=True)
class CorpusFindings:
    """The columns of the corpus, added up; lengths are documents by class of length."""

    languages: list[Share] = field(default_factory=list)
    hosts: list[Share] = field(default_factory=list)
    host_count: int = 0
    is_exact: bool = True
    kept_sources: dict[str, int] = field(default_factory=dict)
    rule_languages: dict[str, list[Part]] = field(default_factory=dict)
    rule_hosts: dict[str, list[Part]] = field(default_factory=dict)
    raw_lengths: NDArray[np.int64] = field(default_factory=lambda: np.zeros(CLASSES, np.int64))
    lengths: NDArray[np.int64] = field(default_factory=lambda: np.zeros(CLASSES, np.int64))


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the page of a run shows; `report.timings` is all that depends on the machine.

    Attributes:
        stages: the settings of each stage, with defaults; None for a stage that is not built in.
        lengths_before: documents by class of length, as read; those that a stage got to see.
        lengths_after: the same of the corpus.
    """

    report: RunReport
    manifest: Mapping[str, Any]
    stages: Sequence[Stage | None]
    corpus: CorpusFindings
    rules: Sequence[RuleFindings]
    near: Sequence[StageNear]
    sources: Sequence[SourceShare]
    source_count: int
    lengths_before: NDArray[np.int64]
    lengths_after: NDArray[np.int64]
    copies: Copies
    effect: Sequence[Effect]
    quarantine: Sequence[BadReason]


def collect(run: Path) -> Findings:
    """Read what the page shows from the folder of a finished run.

    Columns are read in streams; texts only where they are shown, a bounded number of row groups.

    Raises:
        InputError: the folder is no finished run.
        IntegrityError: one of its files is damaged.
    """
    report = read_report(run)
    try:
        manifest = json.loads((run / "manifest.json").read_bytes())
        with in_order(run, manifest) as folder:
            return _collect(folder, report, manifest)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        what = f"{type(error).__name__}: {error}"
        raise IntegrityError(f"{run}: cannot be read ({what}); run the config again") from error


def _collect(run: Path, report: RunReport, manifest: Mapping[str, Any]) -> Findings:
    stages = [known_stage(settings) for settings in manifest["config"]["stages"]]
    groups = _SourceGroups(manifest["inputs"])
    corpus = _corpus(run / "corpus", groups)
    told = [stage.langs for stage in report.stages if stage.langs]
    if told:
        corpus.languages = _with_told(corpus.languages, told[-1])
    veil = veil_of_run(run, manifest)
    texts = Texts(run, veil)
    per_part = manifest["config"]["write"]["documents_per_part"]
    found = collect_rules(run / "ledger", report, texts, per_part, groups.name)
    bad = collect_quarantine(run / "quarantine", report.quarantine, veil)
    late = np.array([n for reason in bad for n in reason.late_chars], np.int64)
    return Findings(
        report=report,
        manifest=manifest,
        stages=stages,
        corpus=corpus,
        rules=found.rules,
        near=collect_near(report, texts, per_part),
        sources=groups.shares(corpus.kept_sources, found.dropped_sources)[:TOP_SOURCES],
        source_count=len(groups.read),
        lengths_before=corpus.raw_lengths + found.dropped_lengths + classes(late),
        lengths_after=corpus.lengths,
        copies=collect_copies(run / "duplicates", texts),
        effect=collect_effect(run, stages, texts) if _cleans(report) else [],
        quarantine=bad,
    )


def _cleans(report: RunReport) -> bool:
    """Whether a stage changed a text, or took a part of one away."""
    rules = (rule for stage in report.stages for rule in stage.rules.values())
    return any({"cut", "rewrite"}.intersection(rule["action"].split(", ")) for rule in rules)


def _with_told(languages: Sequence[Share], told: Mapping[str, int]) -> list[Share]:
    """The languages with what was told of each; also those of which no document is left."""
    found = [replace(share, told=told.get(share.name, 0)) for share in languages]
    if len(languages) < TOP_LANGUAGES:
        names = {share.name for share in languages}
        gone = sorted((-count, name) for name, count in told.items() if name not in names)
        found += [Share(name, 0, 0, 0, -count) for count, name in gone]
    return found[:TOP_LANGUAGES]


def columns(folder: Path, names: list[str], dictionaries: list[str]) -> Iterator[pa.Table]:
    """Columns of a folder's Parquet files, in order, at most `ROWS` rows at a time."""
    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path, read_dictionary=dictionaries) as file:
            for batch in file.iter_batches(ROWS, columns=names):
                yield pa.Table.from_batches([batch])


def _corpus(folder: Path, groups: _SourceGroups) -> CorpusFindings:
    found = CorpusFindings()
    languages = Heaviest(["lang"], ["documents", "raw_chars", "n_chars"])
    hosts = Heaviest(["host"], ["documents", "raw_chars", "n_chars"])
    by_language = Heaviest(["rule", "lang"], ["chars", "documents"])
    by_host = Heaviest(["rule", "host"], ["chars", "documents"])
    names = ["source", "lang", "host", "raw_chars", "n_chars", "removed_by"]
    for rows in columns(folder, names, ["source"]):
        table = rows.append_column("documents", pa.array(np.ones(rows.num_rows, np.int64)))
        table = _filled(table, "lang")
        languages.add(table)
        hosts.add(table.filter(pc.is_valid(table.column("host"))))
        found.raw_lengths += classes(table.column("raw_chars").to_numpy())
        found.lengths += classes(table.column("n_chars").to_numpy())
        for item in pc.value_counts(table.column("source").combine_chunks()).to_pylist():
            name = groups.name(item["values"])
            found.kept_sources[name] = found.kept_sources.get(name, 0) + item["counts"]
        cut = _cuts(table)
        by_language.add(cut)
        by_host.add(cut.filter(pc.is_valid(cut.column("host"))))
    found.languages = _shares(languages, "lang", TOP_LANGUAGES)
    found.hosts = _shares(hosts, "host", TOP_HOSTS)
    found.host_count = len(hosts)
    found.is_exact = hosts.is_exact and by_host.is_exact
    found.rule_languages = _parts(by_language, "lang")
    found.rule_hosts = _parts(by_host, "host")
    return found


def _filled(table: pa.Table, name: str) -> pa.Table:
    """The column with '' for null."""
    at = table.schema.get_field_index(name)
    return table.set_column(at, name, pc.fill_null(table.column(name), ""))


def _cuts(table: pa.Table) -> pa.Table:
    """One row for each document and rule that cut something of it."""
    lists = table.column("removed_by").combine_chunks()
    owner = pc.list_parent_indices(lists)
    flat = pc.list_flatten(lists)
    return pa.table(
        {
            "rule": flat.field("rule"),
            "chars": flat.field("chars"),
            "documents": pa.array(np.ones(len(flat), np.int64)),
            "lang": table.column("lang").combine_chunks().take(owner),
            "host": table.column("host").combine_chunks().take(owner),
        }
    )


def _shares(heaviest: Heaviest, key: str, count: int) -> list[Share]:
    return [
        Share(r[key], r["documents"], r["raw_chars"], r["n_chars"]) for r in heaviest.top(count)
    ]


def _parts(heaviest: Heaviest, key: str) -> dict[str, list[Part]]:
    """The heaviest parts of each rule, of those that are heavy at all."""
    found: dict[str, list[Part]] = {}
    for row in heaviest.top(_RULE_ROWS):
        mine = found.setdefault(row["rule"], [])
        if len(mine) < _PER_RULE:
            mine.append(Part(row[key], row["documents"], row["chars"]))
    return found


class _SourceGroups:
    """Inputs by name; by folder where there are many."""

    def __init__(self, inputs: Sequence[Mapping[str, Any]]) -> None:
        self._by_folder = len(inputs) > TOP_SOURCES
        self.read: dict[str, int] = {}
        for item in inputs:
            name = self.name(item["source"])
            self.read[name] = self.read.get(name, 0) + item["documents"]

    def name(self, source: str) -> str:
        """Of the group that a source belongs to."""
        folder, slash, _ = source.rpartition("/")
        return folder + slash if self._by_folder and folder else source

    def shares(self, kept: Mapping[str, int], dropped: Mapping[str, int]) -> list[SourceShare]:
        """All groups, those with most documents first."""
        ranked = sorted(self.read.items(), key=lambda item: (-item[1], item[0]))
        return [SourceShare(n, c, kept.get(n, 0), dropped.get(n, 0)) for n, c in ranked]
