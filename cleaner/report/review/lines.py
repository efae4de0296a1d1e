"""A document of a run as its lines, with what the run did to each.

A line shows the text that the stages saw when they decided: repaired, before anything was cut.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from cleaner.errors import InputError, IntegrityError
from cleaner.report.spans import outermost
from cleaner.report.texts import Document, Texts

State: TypeAlias = Literal["keep", "cut", "copy"]
"""`copy`: cut because the text stands elsewhere; it is no noise for that."""

COLUMNS = ("stage", "reason", "score", "kept_doc_id", "similarity")
"""Columns of the ledger that are asked for, see `Texts`."""
_BREAK = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line that is not blank; `start:end` are code points of the original.

    `rule`, `reason`, `score`: of the row of the ledger that cut most of it; '' and None if it
    stays.
    """

    text: str
    start: int
    end: int
    state: State
    rule: str = ""
    reason: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the ledger, as `outermost` takes it."""

    start: int
    end: int
    step: int
    facts: dict[str, Any]

    @property
    def state(self) -> State:
        facts = self.facts
        if facts["action"] != "cut":
            return "keep"
        is_copy = facts["kept_doc_id"] is not None or facts["similarity"] is not None
        return "copy" if is_copy else "cut"


@dataclass(slots=True)
class _Line:
    """A line as it grows; `rows` counts its visible characters by the row that took them."""

    start: int
    end: int
    texts: list[str] = field(default_factory=list)
    rows: Counter[int] = field(default_factory=Counter)


def lines_in(texts: Texts, part: str, doc_id: str) -> list[PageLine]:
    """The lines of a document of a run; `texts` must have the columns `COLUMNS`.

    Raises:
        InputError: it cannot be found.
        IntegrityError: a file of the run is damaged.
    """
    try:
        document = texts.find(part, doc_id)
        lines = [] if document is None else page_lines(document)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        what = f"{part} of corpus or ledger cannot be read ({type(error).__name__}: {error})"
        raise IntegrityError(f"{what}; run the config again") from error
    if not lines:
        raise InputError(f"document {doc_id} is not there any more; end this, and start it again")
    return lines


def page_lines(document: Document) -> list[PageLine]:
    """The lines of a document in order, without blank ones; [] if its original is not known.

    Its rows must have the columns `COLUMNS`.
    """
    original = document.original
    if original is None:
        return []
    rows = [
        _Row(row["start"], row["end"], row["step"], row)
        for row in document.rows
        if row["action"] != "drop"
    ]
    last = outermost(rows)
    return [_finished(line, last) for line in _grown(original, last)]


def _grown(original: str, rows: Sequence[_Row]) -> Iterator[_Line]:
    """The lines that are not blank."""
    line = _Line(0, 0)
    for text, start, end, row in _pieces(original, rows):
        done = 0
        for found in (*_BREAK.finditer(text), None):
            part = text[done : found.start() if found else len(text)]
            line.texts.append(part)
            line.rows[row] += sum(not c.isspace() for c in part)
            is_same = end - start == len(text)  # else places inside the piece are not known
            line.end = end if found is None or not is_same else start + found.end()
            if found is None:
                continue
            if line.rows.total():
                yield line
            done = found.end()
            line = _Line(start if not is_same and done < len(text) else line.end, line.end)
    if line.rows.total():
        yield line


def _pieces(original: str, rows: Sequence[_Row]) -> Iterator[tuple[str, int, int, int]]:
    """The text in pieces: as the stages saw it, its span, the row that had the last word or -1."""
    at = 0
    for number, row in enumerate(rows):
        if row.start > at:
            yield original[at : row.start], at, row.start, -1
        yield _seen(row), row.start, row.end, number
        at = row.end
    if at < len(original):
        yield original[at:], at, len(original), -1


def _seen(row: _Row) -> str:
    """The text of a changed piece: before it was cut, or after it was rewritten.

    What nobody sees (zero widths, controls) was cut before anything was decided.
    """
    text = str(row.facts["before"] if row.facts["action"] == "cut" else row.facts["after"])
    return text if any(c.isprintable() or _BREAK.match(c) for c in text) else ""


def _finished(line: _Line, rows: Sequence[_Row]) -> PageLine:
    sizes: Counter[State] = Counter()
    for row, size in line.rows.items():
        sizes["keep" if row < 0 else rows[row].state] += size
    text = "".join(line.texts).strip("\r")
    gone = sizes["cut"] + sizes["copy"]
    if 2 * gone <= line.rows.total():
        return PageLine(text, line.start, line.end, "keep")
    state: State = "cut" if sizes["cut"] >= sizes["copy"] else "copy"
    mine = {row: size for row, size in line.rows.items() if row >= 0 and rows[row].state == state}
    facts = rows[max(mine, key=lambda row: (mine[row], -row))].facts
    return PageLine(
        text, line.start, line.end, state, facts["rule"], facts["reason"] or "", facts["score"]
    )
