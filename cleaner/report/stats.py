"""A run in numbers, the same for every worker count: the sum of its tasks' manifests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cleaner.errors import BalanceError, InputError, IntegrityError


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage: its counts (see `cleaner.engine.tally.FIELDS`), its rules, what merges noted.

    `near`: what it nearly cut, where it tells: `counts` by distance, `samples`, the nearest ones.
    `langs`: documents that it let stay, by language, if it told the languages.
    """

    number: int
    name: str
    use: str
    summary: str
    counts: dict[str, int]
    rules: dict[str, dict[str, Any]]
    notes: dict[str, int] = field(default_factory=dict)
    near: dict[str, Any] = field(default_factory=dict)
    langs: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "number": self.number,
            "name": self.name,
            "use": self.use,
            "summary": self.summary,
            **self.counts,
            "rules": self.rules,
            "notes": self.notes,
            **({"near": self.near} if self.near else {}),
            **({"langs": self.langs} if self.langs else {}),
        }


@dataclass(frozen=True, slots=True)
class RunReport:
    """A whole run.

    Attributes:
        output: the run's folder.
        stages: read first, then the config's stages.
        corpus: documents, characters, words, languages and lengths of what was written.
        quarantine: reason → records.
        left_out: documents that --limit or --sample left out.
        bytes_read: of text.
        timings: seconds per stage and phase, MB/s; not part of the output's bytes.
        up_to_date: the output was there already, and nothing was done.
    """

    name: str
    output: Path
    stages: tuple[StageReport, ...]
    corpus: dict[str, Any]
    quarantine: dict[str, int]
    left_out: int
    bytes_read: int
    timings: dict[str, Any] = field(default_factory=dict)
    up_to_date: bool = False
    exit_code: int = 0

    @property
    def chars_left(self) -> int:
        """Code points of the originals that the corpus has, as they were or rewritten."""
        last = self.stages[-1].counts
        return last["chars_kept"] + last["chars_rewritten"]

    def to_json(self) -> dict[str, Any]:
        """What goes to `report.json`: no times, no paths of this machine."""
        return {
            "name": self.name,
            "stages": [s.to_json() for s in self.stages],
            "corpus": self.corpus,
            "quarantine": self.quarantine,
            "left_out": self.left_out,
            "bytes_read": self.bytes_read,
        }


def with_times(report: RunReport) -> dict[str, Any]:
    """`to_json`, the output folder, the times, and whether anything was done: for scripts."""
    return {
        **report.to_json(),
        "output": str(report.output),
        "up_to_date": report.up_to_date,
        "timings": report.timings,
    }


def from_json(raw: dict[str, Any], output: Path, timings: dict[str, Any]) -> RunReport:
    """The report of a finished run, from its files."""
    stages = []
    for stage in raw["stages"]:
        known = {"number", "name", "use", "summary", "rules", "notes", "near", "langs"}
        counts = {k: v for k, v in stage.items() if k not in known}
        stages.append(StageReport(**{k: stage[k] for k in known & stage.keys()}, counts=counts))
    return RunReport(
        name=raw["name"],
        output=output,
        stages=tuple(stages),
        corpus=raw["corpus"],
        quarantine=raw["quarantine"],
        left_out=raw["left_out"],
        bytes_read=raw["bytes_read"],
        timings=timings,
        up_to_date=True,
    )


def read_report(run: Path) -> RunReport:
    """The report of a finished run, from its folder.

    Raises:
        InputError: the folder is no finished run.
        IntegrityError: its report is damaged.
    """
    if not (run / "manifest.json").is_file():
        going = "; it is not finished: run its config again" if (run / "work").is_dir() else ""
        raise InputError(f"{run} is not a finished run (no manifest.json in it){going}")
    folder = run / "reports"
    try:
        raw = json.loads((folder / "report.json").read_bytes())
        timings = folder / "timings.json"
        times = json.loads(timings.read_bytes()) if timings.is_file() else {}
        return replace(from_json(raw, run, times), up_to_date=False)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise IntegrityError(
            f"{folder}: the report cannot be read ({what}); run the config again"
        ) from None


def check_balance(report: RunReport, faults: list[str]) -> None:
    """Prove that nothing was lost between two stages.

    Raises:
        BalanceError: something was; the message lists all of it.
    """
    found = list(faults)
    for before, after in zip(report.stages, report.stages[1:], strict=False):
        left_out = report.left_out if before.number == 0 else 0
        docs = before.counts["docs_out"] - left_out
        if docs != after.counts["docs_in"]:
            found.append(
                f"{docs} documents leave {before.name}, "
                f"{after.counts['docs_in']} reach {after.name}"
            )
        chars = before.counts["chars_kept"] + before.counts["chars_rewritten"]
        if not left_out and chars != after.counts["chars_in"]:
            found.append(
                f"{chars} characters leave {before.name}, "
                f"{after.counts['chars_in']} reach {after.name}"
            )
    last = report.stages[-1]
    docs = last.counts["docs_out"] - (report.left_out if last.number == 0 else 0)
    if docs != report.corpus["documents"]:
        found.append(
            f"{docs} documents leave {last.name}, {report.corpus['documents']} were written"
        )
    if found:
        raise BalanceError(
            "the books do not balance, so nothing is published "
            "(a fault of cleaner: please report it):\n  " + "\n  ".join(found)
        )
