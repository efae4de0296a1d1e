"""What the verdicts of an audit say about the whole run: shares with intervals.

An interval is Wilson's of 95 % ("Probable inference, the law of succession, and statistical
inference", 1927). Where strata are put together each counts by its size in the run, and the
interval is that of as many judged lines as Kish's effective size of the sample says ("Survey
Sampling", 1965, section 11.7).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.errors import InputError, IntegrityError
from cleaner.io.corpus import read_manifest
from cleaner.io.store import write_json

if TYPE_CHECKING:
    from cleaner.report.audit import Row

FILE = "audit.json"
VERSION = 1
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """A share of lines, estimated: of `lines` in the run, from the judged ones of a sample.

    `value`, `low`, `high` are None where nothing was judged. `covered`: share of the lines whose
    stratum has a verdict; what lies in others is not told.
    """

    lines: int
    drawn: int
    right: int
    wrong: int
    unsure: int
    value: float | None
    low: float | None
    high: float | None
    covered: float


@dataclass(frozen=True, slots=True)
class Band:
    """Precision in a band of a rule's scores."""

    name: str
    share: Share


@dataclass(frozen=True, slots=True)
class RuleScore:
    """A rule: the share of its cuts that is right, and of the lines beside them wrongly kept."""

    rule: str
    precision: Share | None
    bands: tuple[Band, ...]
    near: Share | None


@dataclass(frozen=True, slots=True)
class AuditScore:
    """An audit's result.

    Attributes:
        version: of this form.
        run: which run was judged, as `run_id` gives it.
        precision: share of all cuts that is right.
        wrongly_kept: share of all kept lines that should have been cut.
        near, other: the same beside cuts, and elsewhere.
        rules: by name.
    """

    version: int
    run: str
    rows: int
    judged: int
    unsure: int
    precision: Share | None
    wrongly_kept: Share | None
    near: Share | None
    other: Share | None
    rules: tuple[RuleScore, ...]


def score(rows: Sequence[Row]) -> AuditScore:
    """Add up the verdicts of a sheet.

    Raises:
        InputError: rows are of several runs, or none has a verdict.
    """
    runs = sorted({row.run for row in rows})
    if len(runs) > 1:
        raise InputError(f"the rows are of {len(runs)} runs: {', '.join(runs[:4])}; score each")
    if not any(row.verdict for row in rows):
        raise InputError(
            "no row has a verdict yet: fill the column `verdict` with right, wrong or unsure "
            "(of a kept line, right means that it was right to keep it)"
        )
    cuts = [row for row in rows if row.action == "cut"]
    keeps = [row for row in rows if row.action == "keep"]
    names = sorted({row.rule for row in rows if row.rule})
    return AuditScore(
        version=VERSION,
        run=runs[0],
        rows=len(rows),
        judged=sum(row.verdict in ("right", "wrong") for row in rows),
        unsure=sum(row.verdict == "unsure" for row in rows),
        precision=_share(cuts, "right"),
        wrongly_kept=_share(keeps, "wrong"),
        near=_share([row for row in keeps if row.rule], "wrong"),
        other=_share([row for row in keeps if not row.rule], "wrong"),
        rules=tuple(
            _rule(name, [row for row in cuts if row.rule == name], keeps) for name in names
        ),
    )


def _rule(name: str, cuts: Sequence[Row], keeps: Iterable[Row]) -> RuleScore:
    bands = []
    for band in sorted({row.band for row in cuts}):
        share = _share([row for row in cuts if row.band == band], "right")
        if share is not None:
            bands.append(Band(band, share))
    near = _share([row for row in keeps if row.rule == name], "wrong")
    return RuleScore(name, _share(cuts, "right"), tuple(bands), near)


def _share(rows: Sequence[Row], counted: str) -> Share | None:
    """The share of the lines with the verdict `counted`; None where none was drawn."""
    if not rows:
        return None
    strata: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        strata.setdefault((row.rule, row.band), []).append(row)
    lines = covered = 0
    hits = weights = squares = 0.0
    for mine in strata.values():
        size = mine[0].stratum_size
        judged = [row for row in mine if row.verdict in ("right", "wrong")]
        lines += size
        if judged:
            weight = size / len(judged)
            covered += size
            hits += weight * sum(row.verdict == counted for row in judged)
            weights += weight * len(judged)
            squares += weight * weight * len(judged)
    number = Counter(row.verdict for row in rows)
    value = hits / weights if weights else None
    low, high = (None, None) if value is None else wilson(value, weights * weights / squares)
    return Share(
        lines=lines,
        drawn=len(rows),
        right=number["right"],
        wrong=number["wrong"],
        unsure=number["unsure"],
        value=None if value is None else round(value, 6),
        low=low,
        high=high,
        covered=round(covered / lines, 6),
    )


def wilson(share: float, judged: float) -> tuple[float, float]:
    """The interval of 95 % of a share that was seen in so many judged lines."""
    square = _Z * _Z
    middle = (share + square / (2 * judged)) / (1 + square / judged)
    spread = share * (1 - share) / judged + square / (4 * judged * judged)
    half = _Z * math.sqrt(max(spread, 0.0)) / (1 + square / judged)
    return round(max(middle - half, 0.0), 6), round(min(middle + half, 1.0), 6)


def save(run: Path, result: AuditScore) -> Path:
    """Put a result into the folder of its run, where the report finds it.

    Raises:
        InputError: the folder is no finished run, or not the one that was judged.
    """
    from cleaner.report.audit import run_id

    own = run_id(read_manifest(run))
    if result.run != own:
        raise InputError(
            f"the sheet is of another run ({result.run or 'it does not say which'}), {run} is "
            f"{own}: give the run that the sheet was drawn from, or draw a new sheet from this one"
        )
    path = run / "reports" / FILE
    write_json(path, asdict(result))
    return path


def load(run: Path) -> AuditScore | None:
    """The result in the folder of a run; None if there is none.

    Raises:
        IntegrityError: it is damaged.
    """
    path = run / "reports" / FILE
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_bytes())
        if data["version"] != VERSION:
            raise ValueError(f"version {data['version']}, this is {VERSION}")
        return _from_json(data)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntegrityError(
            f"{path} is damaged ({error}); score the sheet again, or remove the file"
        ) from error


def _from_json(data: dict[str, Any]) -> AuditScore:
    """What `save` wrote."""

    def share(value: dict[str, Any] | None) -> Share | None:
        return None if value is None else Share(**value)

    rules = []
    for rule in data["rules"]:
        bands = tuple(Band(band["name"], Share(**band["share"])) for band in rule["bands"])
        rules.append(RuleScore(rule["rule"], share(rule["precision"]), bands, share(rule["near"])))
    return AuditScore(
        version=data["version"],
        run=data["run"],
        rows=data["rows"],
        judged=data["judged"],
        unsure=data["unsure"],
        precision=share(data["precision"]),
        wrongly_kept=share(data["wrongly_kept"]),
        near=share(data["near"]),
        other=share(data["other"]),
        rules=tuple(rules),
    )
