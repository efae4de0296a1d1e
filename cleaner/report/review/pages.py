"""Review of whole pages: every line is text or noise, to begin with as the run has it.

Pages are those of the corpus whose hash with the seed is lowest: a simple random sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.errors import InputError, IntegrityError
from cleaner.io.corpus import read_manifest
from cleaner.report.audit import run_id
from cleaner.report.inert import inert
from cleaner.report.review.labels import Key, Labels
from cleaner.report.review.lines import COLUMNS, PageLine, lines_in
from cleaner.report.review.rows import shown_line
from cleaner.report.secrecy import veil_of_run
from cleaner.report.strata import hashes_of
from cleaner.report.texts import Texts

LONGEST = 60_000
"""Documents with more code points are not drawn: nobody labels every line of a book."""
DONE = "done"
TEXT, NOISE = "1", "0"
"""Labels of lines, as gold files have them."""
_PAGE = np.uint64(0x70616765)
_COLUMNS = ["doc_id", "source", "record", "url", "lang", "raw_chars"]


@dataclass(frozen=True, slots=True)
class Place:
    """A document of the corpus, and the file that it is in."""

    part: str
    doc_id: str
    source: str
    record: int
    url: str | None
    lang: str | None


def draw(run: Path, number: int, *, seed: int = 0) -> list[Place]:
    """Documents of a run, in order of their hash with the seed: more are the same and others.

    Raises:
        InputError: the folder is no finished run, or has no document that is short enough.
        IntegrityError: one of its files is damaged.
    """
    read_manifest(run)
    found: list[tuple[int, Place]] = []
    for part, rows in _tables(run):
        zeros = np.zeros(rows.num_rows, np.int64)
        ids = rows.column("doc_id").combine_chunks()
        hashes = hashes_of(_PAGE, seed, ids, zeros, zeros, zeros)
        short = np.flatnonzero(rows.column("raw_chars").to_numpy() <= LONGEST)
        lowest = short[np.argsort(hashes[short], kind="stable")[:number]]
        mine = _places(part, rows.take(pa.array(lowest)))
        found = sorted([*found, *zip(hashes[lowest].tolist(), mine, strict=True)])[:number]
    if not found:
        raise InputError(f"{run} has no document of at most {LONGEST:,} characters to review")
    return [place for _, place in found]


def find(run: Path, doc_ids: Iterable[str]) -> list[Place]:
    """Where these documents of the corpus are, in order of the corpus; unknown ids are left out.

    Raises:
        IntegrityError: a file is damaged.
    """
    wanted = pa.array(sorted(doc_ids), pa.string())
    found: list[Place] = []
    for part, rows in _tables(run):
        is_in = pc.is_in(rows.column("doc_id"), value_set=wanted)
        found += _places(part, rows.filter(is_in))
    return found


def _tables(run: Path) -> Iterator[tuple[str, pa.Table]]:
    """The columns of each part that tell of its documents."""
    for path in sorted(
        (run / "corpus").glob("part-*.parquet"), key=lambda p: (len(p.name), p.name)
    ):
        try:
            yield path.name, pq.read_table(path, columns=_COLUMNS)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise IntegrityError(
                f"{path}: cannot be read ({error}); run the config again"
            ) from error


def _places(part: str, rows: pa.Table) -> list[Place]:
    names = ("doc_id", "source", "record", "url", "lang")
    return [Place(part, *(row[name] for name in names)) for row in rows.to_pylist()]


def is_text(line: PageLine) -> bool:
    """What the run says of a line: text, unless it was cut as noise."""
    return line.state != "cut"


def own_label(line: PageLine) -> str:
    """The same as a label."""
    return TEXT if is_text(line) else NOISE


def labels_of(doc_id: str, lines: Sequence[PageLine], labels: Labels) -> str:
    """A label for each line: the reviewer's, or else the run's own."""
    return "".join(
        labels.get(Key("line", doc_id, number)) or own_label(line)
        for number, line in enumerate(lines)
    )


class PageReview:
    """Pages to go through, line by line. `labels` takes what is said."""

    mode = "pages"

    def __init__(self, run: Path, places: Sequence[Place], labels: Labels) -> None:
        if labels.run != run_id(read_manifest(run)):
            raise ValueError("the labels are of another run")
        self._all = places
        self._numbers = {place.doc_id: number for number, place in enumerate(places)}
        self._labels = labels
        self._texts = Texts(run, veil_of_run(run, read_manifest(run)), COLUMNS)
        self._sizes: dict[int, int] = {}

    def overview(self) -> list[dict[str, Any]]:
        """All pages, in order: id, and whether each is done."""
        return [
            {"id": place.doc_id, "value": self._labels.get(Key("page", place.doc_id))}
            for place in self._all
        ]

    def show(self, number: int) -> dict[str, Any]:
        """Page `number` with all its lines; all texts are inert.

        Raises:
            InputError: there is no such page, or it cannot be found any more.
            IntegrityError: a file of the run is damaged.
        """
        place, lines = self._lines(number)
        mine = labels_of(place.doc_id, lines, self._labels)
        return {
            "number": number,
            "id": place.doc_id,
            "place": inert(f"{place.source}, record {place.record}"),
            "language": inert(place.lang or ""),
            "value": self._labels.get(Key("page", place.doc_id)),
            "lines": [
                shown_line(line)
                | {
                    "reason": inert(line.reason),
                    "label": label,
                    "own": own_label(line),
                }
                for line, label in zip(lines, mine, strict=True)
            ],
        }

    def label(self, wanted: dict[str, Any]) -> int:
        """Set a label: `{"id", "line", "value": "1" or "0"}`, or `{"id", "value": "done" or ""}`.

        Gives the number of the page.

        Raises:
            InputError: there is no such page, line or label.
        """
        own, value = wanted.get("id"), wanted.get("value")
        number = self._numbers.get(own) if isinstance(own, str) else None
        if number is None:
            raise InputError("there is no page with this id")
        own = self._all[number].doc_id
        if wanted.keys() == {"id", "value"} and value in (DONE, ""):
            self._labels.set(Key("page", own), str(value))
        elif wanted.keys() == {"id", "line", "value"} and value in (TEXT, NOISE):
            self._labels.set(Key("line", own, self._line(number, wanted["line"])), str(value))
        else:
            raise InputError("a label is {id, line, value: 1 or 0}, or {id, value: done or ''}")
        return number

    def undo(self) -> int | None:
        """Take the last label back: the number of its page; None if it is none of this sample."""
        change = self._labels.undo(("line", "page"))
        return None if change is None else self._numbers.get(change.key.id)

    def _line(self, number: int, line: Any) -> int:
        """The number of a line that the page has."""
        if number not in self._sizes:
            self._lines(number)
        if type(line) is not int or not 0 <= line < self._sizes[number]:
            raise InputError("the page has no such line")
        return line

    def _lines(self, number: int) -> tuple[Place, list[PageLine]]:
        if not 0 <= number < len(self._all):
            raise InputError(f"there is no page {number}")
        place = self._all[number]
        lines = lines_in(self._texts, place.part, place.doc_id)
        self._sizes[number] = len(lines)
        return place, lines


def tally(lines: Sequence[PageLine], labels: str) -> Mapping[str, int]:
    """How often the run was right about the lines of a page that was reviewed."""
    counts = dict.fromkeys(("cut_noise", "cut_text", "kept_text", "kept_noise"), 0)
    for line, label in zip(lines, labels, strict=True):
        what = "text" if label == TEXT else "noise"
        counts[f"{'kept' if is_text(line) else 'cut'}_{what}"] += 1
    return counts
