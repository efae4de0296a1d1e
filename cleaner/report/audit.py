"""A sample of what a run cut and kept, to be judged by people: drawn by seed, from every stratum.

Cuts are drawn by rule and by band of the rule's scores; kept passages beside a cut by the rule of
that cut, other kept passages from all over the corpus. In each stratum those rows are taken whose
hash with the seed is lowest: the same on any machine, and a simple random sample without
replacement for one who does not know the seed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cleaner.errors import InputError, IntegrityError
from cleaner.io.corpus import in_order, is_corpus, read_manifest
from cleaner.io.store import fingerprint
from cleaner.noise.frequent import begins, rank_in_group
from cleaner.report.secrecy import veil_of_run
from cleaner.report.strata import Action, Lowest, Stratum, allotted, bands_of, hashes_of
from cleaner.report.texts import Texts

NEAR, OTHER = "near", "other"
"""Bands of kept passages: beside a cut, and all others."""
NEAR_PER_RULE = 4
"""One kept passage near a rule's cuts for so many of its cuts."""
LINES, AROUND, LONGEST = 2, 300, 2000
"""Lines of context on each side, characters of both together, and of the text itself."""
_LEAST = 3
"""Kept passages of fewer code points are blank lines."""
_CUT, _KEEP = np.uint64(0x637574), np.uint64(0x6B656570)
_HALF = np.int64(32)
_LEDGER = ["doc_id", "rule", "action", "score", "start", "end", "step", "before"]
_PLACE = ["doc_id", "source", "record", "rule", "score", "start", "end", "step", "before"]


@dataclass(frozen=True, slots=True)
class Row:
    """A line to be judged.

    `stratum_size`: lines of its stratum in the run; `weight`: that divided by those drawn.
    """

    id: str
    run: str
    doc_id: str
    source: str
    record: int
    rule: str
    action: Action
    score: float | None
    band: str
    text: str
    before: str
    after: str
    stratum_size: int
    weight: float
    verdict: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A row and where it stands: its part (a file's name), its span in the original."""

    row: Row
    part: str
    start: int
    end: int


def draw(run: Path, *, per_rule: int = 20, keeps: int | None = None, seed: int = 0) -> list[Row]:
    """The rows of `draw_placed`."""
    drawn = draw_placed(run, per_rule=per_rule, keeps=keeps, seed=seed)
    return [one.row for one in drawn]


def draw_placed(
    run: Path, *, per_rule: int = 20, keeps: int | None = None, seed: int = 0
) -> list[Drawn]:
    """Draw a sample of a finished run; sorted by action, rule, band, and place.

    Args:
        run: its folder.
        per_rule: cuts of each rule, as equal a number from each band as there are.
        keeps: kept passages that are beside no cut; by default four times `per_rule`. Beside the
            cuts of each rule a quarter of `per_rule` is drawn.
        seed: another one gives another sample.

    Raises:
        InputError: the folder is no finished run, or holds nothing to judge.
        IntegrityError: one of its files is damaged.
    """
    manifest = read_manifest(run)
    others = 4 * per_rule if keeps is None else keeps
    try:
        with in_order(run, manifest) as folder:
            texts = Texts(folder, veil_of_run(run, manifest))
            rows = _draw(folder, run_id(manifest), texts, per_rule, others, seed)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        what = f"{type(error).__name__}: {error}"
        raise IntegrityError(f"{run}: cannot be read ({what}); run the config again") from error
    if not rows:
        raise InputError(f"{run} holds nothing to judge: no rule cut a line, and none was kept")
    return rows


def run_id(manifest: Mapping[str, Any]) -> str:
    """What tells a run's corpus and ledger from those of any other."""
    files = {
        name: facts["sha256"]
        for name, facts in manifest["files"].items()
        if is_corpus(name) or name.startswith("ledger/")
    }
    return f"r{fingerprint(files)[:15]}"


def _draw(run: Path, name: str, texts: Texts, per_rule: int, keeps: int, seed: int) -> list[Drawn]:
    parts = sorted(path.name for path in (run / "ledger").glob("part-*.parquet"))
    scores = _scores(run, parts)
    bands = {rule: bands_of(counts) for rule, counts in sorted(scores.items())}
    cuts, near = Lowest(), Lowest()
    for rule, counts in scores.items():
        sizes = Counter[str]()
        for score, count in counts.items():
            sizes[bands[rule][score]] += count
        for band, quota in allotted(sizes, per_rule).items():
            cuts.expect(Stratum(rule, "cut", band), quota)
        near.expect(Stratum(rule, "keep", NEAR), math.ceil(per_rule / NEAR_PER_RULE))
    near.expect(Stratum("", "keep", OTHER), keeps)
    for number, part in enumerate(parts):
        rows = _judgeable(run / "ledger" / part)
        _add_cuts(cuts, rows, bands, number, seed)
        _add_keeps(near, run / "corpus" / part, rows, number, seed)
    found: list[Drawn] = []
    for number, part in enumerate(parts):
        found += _cut_rows(cuts, number, run, part, texts, name)
        found += _keep_rows(near, number, run, part, texts, name)
    return sorted(found, key=_place_of)


def _place_of(drawn: Drawn) -> tuple[str, str, str, str, int, str]:
    """What a sample is sorted by."""
    row = drawn.row
    return row.action, row.rule, row.band, row.source, row.record, row.id


def _scores(run: Path, parts: Sequence[str]) -> dict[str, Counter[int]]:
    """Rule → score in thousandths (-1: none) → cuts that can be judged."""
    found: dict[str, Counter[int]] = {}
    for part in parts:
        rows = _judgeable(run / "ledger" / part)
        table = pa.table({"rule": rows.column("rule"), "score": pa.array(_thousandths(rows))})
        counts = table.group_by(["rule", "score"]).aggregate([([], "count_all")])
        for row in counts.to_pylist():
            found.setdefault(row["rule"], Counter())[row["score"]] += row["count_all"]
    return found


def _thousandths(rows: pa.Table) -> NDArray[np.int64]:
    """Scores as integers, -1 for none."""
    score = rows.column("score").to_numpy()
    there = ~np.isnan(score)
    return np.where(there, np.rint(np.where(there, score, 0) * 1000), -1).astype(np.int64)


def _judgeable(path: Path) -> pa.Table:
    """The cuts of a part of the ledger that took more than white space, without their texts.

    `row` is the number of the row in the part.
    """
    tables, first = [_empty()], 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, columns=_LEDGER)
            before = pc.fill_null(rows.column("before"), "")
            blank = pc.or_(pc.utf8_is_space(before), pc.equal(before, ""))
            wanted = pc.and_(pc.equal(rows.column("action"), "cut"), pc.invert(blank))
            numbers = pa.array(np.arange(first, first + rows.num_rows))
            first += rows.num_rows
            rows = rows.drop_columns(["before", "action"]).append_column("row", numbers)
            tables.append(rows.filter(wanted))
    return pa.concat_tables(tables, promote_options="permissive").combine_chunks()


def _empty() -> pa.Table:
    kinds = [("doc_id", pa.string()), ("rule", pa.string()), ("score", pa.float64())]
    numbers = [("start", pa.int64()), ("end", pa.int64()), ("step", pa.int32())]
    return pa.schema([*kinds, *numbers, ("row", pa.int64())]).empty_table()


def _add_cuts(
    cuts: Lowest, rows: pa.Table, bands: Mapping[str, Mapping[int, str]], part: int, seed: int
) -> None:
    """Offer the cuts of a part."""
    if not rows.num_rows:
        return
    rules = rows.column("rule").to_pylist()
    scores = _thousandths(rows).tolist()
    known: dict[tuple[str, int], int] = {}
    for pair in set(zip(rules, scores, strict=True)):
        known[pair] = cuts.codes[Stratum(pair[0], "cut", bands[pair[0]][pair[1]])]
    codes = np.array([known[pair] for pair in zip(rules, scores, strict=True)], np.int64)
    doc_ids = rows.column("doc_id").combine_chunks()
    columns = [rows.column(name).to_numpy() for name in ("start", "end", "step")]
    hashes = hashes_of(_CUT, seed, doc_ids, *columns)
    cuts.add(codes, hashes, part, rows.column("row").to_numpy())


def _add_keeps(near: Lowest, path: Path, cuts: pa.Table, part: int, seed: int) -> None:
    """Offer the kept passages of a part; their row is document·2^32 + place in its list."""
    other = near.codes[Stratum("", "keep", OTHER)]
    first = 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, columns=["doc_id", "passages"]).combine_chunks()
            kept = _Kept.of(rows)
            rules = kept.beside(rows.column("doc_id"), cuts)
            codes = np.full(len(rules), other, np.int64)
            for number, rule in enumerate(cuts.column("rule").unique().to_pylist()):
                codes[rules == number] = near.codes[Stratum(rule, "keep", NEAR)]
            ids = rows.column("doc_id").combine_chunks().take(pa.array(kept.owner))
            zeros = np.zeros(len(codes), np.int64)
            hashes = hashes_of(_KEEP, seed, ids, kept.start, kept.end, zeros)
            near.add(codes, hashes, part, (kept.owner + first << _HALF) + kept.number)
            first += rows.num_rows


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Kept passages of some documents, in order: of which, which of its, span in its original."""

    owner: NDArray[np.int64]
    number: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    @classmethod
    def of(cls, rows: pa.Table) -> _Kept:
        """Those that are more than a blank line."""
        lists = rows.column("passages").combine_chunks()
        owner = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
        flat = pc.list_flatten(lists)
        spans = {name: flat.field(name).to_numpy().astype(np.int64) for name in _SPAN}
        number = rank_in_group(begins(owner.astype(np.uint64)[:, None]))
        there = spans["end"] - spans["start"] >= _LEAST
        order = np.lexsort((spans["raw_start"][there], owner[there]))
        columns = (owner, number, spans["raw_start"], spans["raw_end"])
        return cls(*(column[there][order] for column in columns))

    def beside(self, doc_ids: pa.ChunkedArray, cuts: pa.Table) -> NDArray[np.int64]:
        """For each passage the rule of the cut next to it, by its place among the rules; or -1."""
        found = np.full(len(self.owner), -1, np.int64)
        at = pc.index_in(cuts.column("doc_id"), value_set=doc_ids.combine_chunks())
        mine = cuts.append_column("at", at).filter(pc.is_valid(at))
        if not (mine.num_rows and len(found)):
            return found
        code = pc.index_in(mine.column("rule"), value_set=cuts.column("rule").unique()).to_numpy()
        at, start, end = (
            mine.column(name).to_numpy().astype(np.int64) for name in ("at", "start", "end")
        )
        order = np.lexsort((start, at))
        at, start, end, code = at[order], start[order], end[order], code[order]
        last = np.searchsorted((self.owner << _HALF) + self.end, (at << _HALF) + start, "right") - 1
        next_ = np.searchsorted((self.owner << _HALF) + self.start, (at << _HALF) + end)
        for place, nearest in ((last, slice(None, None, -1)), (next_, slice(None))):
            valid = (place >= 0) & (place < len(found))
            valid[valid] = self.owner[place[valid]] == at[valid]
            found[place[valid][nearest]] = code[valid][nearest]  # the nearest one is written last
        return found


_SPAN = ("raw_start", "raw_end", "start", "end")


def _cut_rows(
    cuts: Lowest, number: int, run: Path, part: str, texts: Texts, name: str
) -> Iterator[Drawn]:
    """The drawn cuts of a part."""
    drawn = cuts.of_part(number)
    found = _taken(run / "ledger" / part, [row for row, *_ in drawn], _PLACE)
    for (_, stratum, size, weight), row in zip(drawn, found, strict=True):
        document = texts.find(part, row["doc_id"])
        original = document.original if document else None
        before, after = around(original, row["start"], row["end"])
        judged = Row(
            id=_row_id("cut", row["doc_id"], row["start"], row["end"], row["step"]),
            run=name,
            doc_id=row["doc_id"],
            source=row["source"],
            record=row["record"],
            rule=stratum.rule,
            action="cut",
            score=row["score"],
            band=stratum.band,
            text=shortened(texts.veil.text(row["before"])),
            before=before,
            after=after,
            stratum_size=size,
            weight=weight,
        )
        yield Drawn(judged, part, row["start"], row["end"])


def _keep_rows(
    near: Lowest, number: int, run: Path, part: str, texts: Texts, name: str
) -> Iterator[Drawn]:
    """The drawn kept passages of a part; what is white space needs no judge."""
    drawn = near.of_part(number)
    columns = ["doc_id", "source", "record", "text", "passages"]
    found = _taken(run / "corpus" / part, [row >> 32 for row, *_ in drawn], columns)
    for (place, stratum, size, weight), row in zip(drawn, found, strict=True):
        span = row["passages"][place & 0xFFFFFFFF]
        text = row["text"][span["start"] : span["end"]]
        if not text.strip():
            continue
        document = texts.find(part, row["doc_id"])
        original = document.original if document else None
        before, after = around(original, span["raw_start"], span["raw_end"])
        judged = Row(
            id=_row_id("keep", row["doc_id"], span["raw_start"], span["raw_end"], 0),
            run=name,
            doc_id=row["doc_id"],
            source=row["source"],
            record=row["record"],
            rule=stratum.rule,
            action="keep",
            score=None,
            band=stratum.band,
            text=shortened(texts.veil.text(text)),
            before=before,
            after=after,
            stratum_size=size,
            weight=weight,
        )
        yield Drawn(judged, part, span["raw_start"], span["raw_end"])


def _row_id(*facts: str | int) -> str:
    """The id of a row; the letter in front keeps spreadsheets from taking one for a number."""
    return f"x{fingerprint(list(facts))[:16]}"


def _taken(path: Path, rows: Sequence[int], columns: list[str]) -> list[dict[str, Any]]:
    """Rows of a Parquet file, given in ascending order; one row group is held at a time."""
    found: list[dict[str, Any]] = []
    wanted = np.array(rows, np.int64)
    first = 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            mine = wanted[(wanted >= first) & (wanted < first + size)] - first
            if len(mine):
                table = file.read_row_group(group, columns=columns)
                for at in mine.tolist():
                    found += table.slice(at, 1).to_pylist()
            first += size
    return found


def around(original: str | None, start: int, end: int) -> tuple[str, str]:
    """The lines before and after a span; '' if the original is not known."""
    if original is None:
        return "", ""
    above = [
        line for line in original[max(0, start - 4 * AROUND) : start].splitlines() if line.strip()
    ]
    below = [line for line in original[end : end + 4 * AROUND].splitlines() if line.strip()]
    return "\n".join(above[-LINES:])[-AROUND:], "\n".join(below[:LINES])[:AROUND]


def shortened(text: str) -> str:
    """The text without outer white space; a very long one is cut."""
    text = text.strip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
