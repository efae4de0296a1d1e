"""Review of single lines: the rows that `cleaner audit` draws, each in the page around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cleaner.errors import InputError
from cleaner.io.corpus import read_manifest
from cleaner.report.audit import Drawn, Row, draw_placed, run_id
from cleaner.report.inert import JOINERS, inert
from cleaner.report.review.labels import Key, Kind, Labels
from cleaner.report.review.lines import COLUMNS, PageLine, lines_in
from cleaner.report.secrecy import veil_of_run
from cleaner.report.texts import Texts

_MINE: tuple[Kind, ...] = ("verdict",)
VERDICTS = ("right", "wrong", "unsure")
AROUND = 14
"""Lines of the page that are shown on each side of the one to judge."""
LONGEST = 1500
"""Characters of a line that are shown."""


def draw(run: Path, *, per_rule: int = 20, keeps: int | None = None, seed: int = 0) -> list[Drawn]:
    """The rows of `cleaner.report.audit.draw` in the order in which they are shown.

    One row of each stratum (rule, action and band of scores), then the next of each: wherever a
    reviewer stops, all rules have been looked at about as often. Within a stratum by id, a hash.

    Raises:
        InputError, IntegrityError: as `audit.draw`.
    """
    drawn = draw_placed(run, per_rule=per_rule, keeps=keeps, seed=seed)
    drawn.sort(key=lambda one: one.row.id)
    seen: Counter[tuple[str, str, str]] = Counter()
    ranked = []
    for one in drawn:
        stratum = one.row.action, one.row.rule, one.row.band
        ranked.append((seen[stratum], stratum, one.row.id, one))
        seen[stratum] += 1
    return [one for *_, one in sorted(ranked, key=lambda item: item[:3])]


def judged(drawn: Sequence[Drawn], labels: Labels) -> list[Row]:
    """The rows as a sheet has them, with the verdicts that were given."""
    return [replace(one.row, verdict=labels.get(Key("verdict", one.row.id))) for one in drawn]


class RowReview:
    """Rows to judge, one at a time. `labels` takes the verdicts."""

    mode = "rows"

    def __init__(self, run: Path, drawn: Sequence[Drawn], labels: Labels) -> None:
        if labels.run != run_id(read_manifest(run)):
            raise ValueError("the labels are of another run")
        self._drawn = drawn
        self._places = {one.row.id: number for number, one in enumerate(drawn)}
        self._labels = labels
        self._texts = Texts(run, veil_of_run(run, read_manifest(run)), COLUMNS)

    def overview(self) -> list[dict[str, Any]]:
        """All rows, in order: id, action, rule, and the verdict so far."""
        return [
            {"id": row.id, "action": row.action, "rule": inert(row.rule), "value": self._value(row)}
            for row in (one.row for one in self._drawn)
        ]

    def show(self, number: int) -> dict[str, Any]:
        """Row `number` in its page; all texts are inert.

        Raises:
            InputError: there is no such row, or its document cannot be found any more.
            IntegrityError: a file of the run is damaged.
        """
        if not 0 <= number < len(self._drawn):
            raise InputError(f"there is no row {number}")
        one = self._drawn[number]
        lines = lines_in(self._texts, one.part, one.row.doc_id)
        mine = [n for n, line in enumerate(lines) if line.start < one.end and line.end > one.start]
        first, last = (mine[0], mine[-1]) if mine else (0, -1)
        low, high = max(0, first - AROUND), min(len(lines), last + 1 + AROUND)
        row = one.row
        return {
            "number": number,
            "id": row.id,
            "action": row.action,
            "rule": inert(row.rule),
            "reason": _reason(row, lines[first] if mine else None),
            "band": inert(row.band),
            "score": row.score,
            "place": inert(f"{row.source}, record {row.record}"),
            "text": shown(row.text),
            "value": self._value(row),
            "above": low,
            "below": len(lines) - high,
            "lines": [
                shown_line(line) | {"target": first <= n <= last}
                for n, line in enumerate(lines[low:high], start=low)
            ],
        }

    def label(self, wanted: dict[str, Any]) -> int:
        """Set the verdict of a row: `{"id": …, "value": …}`; '' takes it away. Its number.

        Raises:
            InputError: there is no such row or verdict.
        """
        own, value = wanted.get("id"), wanted.get("value")
        number = self._places.get(own) if isinstance(own, str) else None
        if number is None or value not in (*VERDICTS, "") or len(wanted) != 2:
            raise InputError("a verdict is {id, value}: a row's id, and right, wrong, unsure or ''")
        self._labels.set(Key("verdict", self._drawn[number].row.id), str(value))
        return number

    def undo(self) -> int | None:
        """Take the last verdict back: the number of its row; None if there is none of this sample.

        One about a row of another sample is taken back, too, and is shown nowhere here.
        """
        change = self._labels.undo(_MINE)
        return None if change is None else self._places.get(change.key.id)

    def _value(self, row: Row) -> str:
        return self._labels.get(Key("verdict", row.id))


def shown(text: str) -> str:
    """Text of a document, inert, and not too long to be shown."""
    text = inert(text, keep="\t\n" + JOINERS)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def shown_line(line: PageLine) -> dict[str, Any]:
    """A line as the page gets it: text, what became of it, the rule that cut it."""
    return {"text": shown(line.text), "state": line.state, "rule": inert(line.rule)}


def _reason(row: Row, line: PageLine | None) -> str:
    """Why the line went, or beside what it stays."""
    if row.action == "cut":
        return inert(line.reason) if line is not None and line.rule == row.rule else ""
    return f"stays beside a cut by {inert(row.rule)}" if row.rule else "stays; beside no cut"
