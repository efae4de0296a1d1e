"""Duplicates of a run: the largest clusters, how alike their members are, repeated passages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cleaner.report.heaviest import Heaviest
from cleaner.report.texts import Texts
from cleaner.report.word_diff import Difference, difference

CLUSTERS = 12
"""Clusters that are shown, the largest."""
PASSAGES = 15
"""Repeated passages that are shown."""
BINS = 50
"""Classes of similarity, 0 to 1; the last holds 1 itself."""
SHOWN = 1200
"""Characters of a passage."""
_ROWS = 1 << 16
_STRINGS = ["unit", "stage", "action"]
_SAME = pa.scalar(1.0, pa.float64())
_DROP, _CUT = (pa.scalar(action, pa.string()) for action in ("drop", "cut"))


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of documents: the one that stays, and the least alike of those compared with it.

    Attributes:
        size: documents, the kept one included.
        compared: of them, those that were dropped for this very document; others were dropped for
            one that was then dropped itself.
        lowest, median, highest: similarity of those, 0 to 1.
        bound: any two of those are at least so alike, whichever they are; None if it is not known.
            Jaccard distance is a metric, so they are no farther apart than the sum of the distances
            of the two least alike from the one that stays (Levandowsky and Winter, Nature 234,
            1971); that of different measures is not comparable.
        other, other_source, other_record, stage: the least alike; '' if there is none.
        diff: its text when it was dropped (right) against the text in the corpus (left).
    """

    doc_id: str
    source: str
    record: int
    size: int
    compared: int
    lowest: float
    median: float
    highest: float
    bound: float | None
    other: str
    other_source: str
    other_record: int
    stage: str
    diff: Difference | None


@dataclass(frozen=True, slots=True)
class RepeatedPassage:
    """A passage that was cut from `times` documents because document `kept_doc_id` has it."""

    text: str
    times: int
    kept_doc_id: str
    is_cut: bool


@dataclass(slots=True)
class Copies:
    """See the module.

    Attributes:
        cluster_count, clustered: clusters, and the documents in them.
        sizes: clusters by class of size: 2, 3-4, 5-8, 9-16, …
        similarities: (stage, action) → pairs by class of similarity, int64[BINS].
        is_exact: False if there were too many different passages to count them all.
    """

    cluster_count: int = 0
    clustered: int = 0
    sizes: dict[int, int] = field(default_factory=dict)
    clusters: list[Cluster] = field(default_factory=list)
    similarities: dict[tuple[str, str], NDArray[np.int64]] = field(default_factory=dict)
    passages: list[RepeatedPassage] = field(default_factory=list)
    is_exact: bool = True


@dataclass(slots=True)
class _Members:
    """The dropped members of a shown cluster; `worst` is (similarity, doc id, part, stage)."""

    part: str
    row: dict[str, Any]
    similarities: list[NDArray[np.float64]] = field(default_factory=list)
    stages: set[str] = field(default_factory=set)
    worst: tuple[float, str, str, str] | None = None


def collect_copies(folder: Path, texts: Texts) -> Copies:
    """Read the duplicates of a run; `texts` are of the same run."""
    found = Copies()
    largest = _largest(folder, found)
    passages = Heaviest(["kept_doc_id", "kept_start", "kept_end"], ["times"])
    for part, pairs in pairs_of(folder):
        _add_similarities(pairs, found)
        _add_members(pairs, part, largest)
        passages.add(_cut_passages(pairs))
    found.clusters = [_cluster(doc_id, members) for doc_id, members in largest.items()]
    _compare(found, largest, texts)
    found.passages = _passages(folder, passages, texts)
    found.is_exact = passages.is_exact
    return found


def _part_name(path: Path) -> str:
    """The name of the corpus and ledger parts that belong to a file of pairs or clusters."""
    return f"part-{path.stem.rpartition('-')[2]}.parquet"


def _largest(folder: Path, found: Copies) -> dict[str, _Members]:
    """The largest clusters; all are counted."""
    shown: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(folder.glob("clusters-*.parquet")):
        rows = pq.read_table(path)
        sizes = rows.column("size").to_numpy()
        found.cluster_count += len(sizes)
        found.clustered += int(sizes.sum())
        for size, count in zip(
            *np.unique(np.ceil(np.log2(sizes)), return_counts=True), strict=True
        ):
            found.sizes[int(size)] = found.sizes.get(int(size), 0) + int(count)
        order = pc.sort_indices(
            rows,
            sort_keys=[("size", "descending"), ("source", "ascending"), ("record", "ascending")],
        )
        shown += [(_part_name(path), row) for row in rows.take(order[:CLUSTERS]).to_pylist()]
    shown.sort(key=lambda s: (-s[1]["size"], s[1]["source"], s[1]["record"]))
    return {row["cluster_id"]: _Members(part, row) for part, row in shown[:CLUSTERS]}


def pairs_of(folder: Path) -> Iterator[tuple[str, pa.Table]]:
    """The pairs of a run: the name of the parts that they belong to, and rows of them."""
    for path in sorted(folder.glob("pairs-*.parquet")):
        with pq.ParquetFile(path, read_dictionary=_STRINGS) as file:
            for batch in file.iter_batches(_ROWS):
                yield _part_name(path), pa.Table.from_batches([batch])


def _add_similarities(pairs: pa.Table, found: Copies) -> None:
    """Count the pairs of each stage and action by similarity."""
    bins = np.minimum((pairs.column("similarity").to_numpy() * BINS).astype(np.int64), BINS - 1)
    table = pa.table(
        {
            "stage": pairs.column("stage").cast(pa.string()),
            "action": pairs.column("action").cast(pa.string()),
            "bin": pa.array(bins),
        }
    )
    counted = table.group_by(["stage", "action", "bin"], use_threads=False).aggregate(
        [([], "count_all")]
    )
    for row in counted.to_pylist():
        key = row["stage"], row["action"]
        mine = found.similarities.setdefault(key, np.zeros(BINS, np.int64))
        mine[row["bin"]] += row["count_all"]


def _add_members(pairs: pa.Table, part: str, largest: dict[str, _Members]) -> None:
    """Note how alike the members of the shown clusters are, and the least alike of each."""
    wanted = pa.array(list(largest), pa.string())
    dropped = pc.equal(pairs.column("action").cast(pa.string()), _DROP)
    mine = pairs.filter(pc.and_(dropped, pc.is_in(pairs.column("kept_doc_id"), value_set=wanted)))
    for doc_id in pc.unique(mine.column("kept_doc_id")).to_pylist():
        members = largest[doc_id]
        rows = mine.filter(pc.equal(mine.column("kept_doc_id"), pa.scalar(doc_id, pa.string())))
        order = pc.sort_indices(
            rows, sort_keys=[("similarity", "ascending"), ("doc_id", "ascending")]
        )
        row = rows.take(order[:1]).to_pylist()[0]
        worst = (row["similarity"], row["doc_id"], part, row["stage"])
        members.worst = worst if members.worst is None else min(members.worst, worst)
        members.similarities.append(rows.column("similarity").to_numpy())
        unlike = rows.filter(pc.less(rows.column("similarity"), _SAME))
        members.stages |= set(unlike.column("stage").cast(pa.string()).to_pylist())


def _cut_passages(pairs: pa.Table) -> pa.Table:
    """Rows of passages that were cut because another document has them."""
    is_cut = pc.equal(pairs.column("action").cast(pa.string()), _CUT)
    others = pc.not_equal(pairs.column("doc_id"), pairs.column("kept_doc_id"))
    rows = pairs.filter(pc.and_(is_cut, others))
    return rows.append_column("times", pa.array(np.ones(rows.num_rows, np.int64)))


def _cluster(doc_id: str, members: _Members) -> Cluster:
    values = np.concatenate([*members.similarities, np.zeros(0)])
    row = members.row
    low, median, high = (
        (float(np.min(values)), float(np.median(values)), float(np.max(values)))
        if len(values)
        else (0.0, 0.0, 0.0)
    )
    _, other, _, stage = members.worst or (0.0, "", "", "")
    return Cluster(
        doc_id, row["source"], row["record"], row["size"], len(values), low, median, high,
        _bound(values, members.stages), other, "", 0, stage, None,
    )  # fmt: skip


def _bound(values: NDArray[np.float64], stages: set[str]) -> float | None:
    """See `Cluster.bound`; `stages` compared those that are not the same."""
    if not len(values) or len(stages) > 1:
        return None
    least = np.sort(values)[:2]
    return max(0.0, float(least[0] + least[1] - 1) if len(least) > 1 else float(least[0]))


def _compare(found: Copies, largest: dict[str, _Members], texts: Texts) -> None:
    """Add the texts of the shown clusters, side by side."""
    wanted = {(m.part, doc_id) for doc_id, m in largest.items()}
    wanted |= {(m.worst[2], m.worst[1]) for m in largest.values() if m.worst}
    kept: dict[str, str] = {}
    gone: dict[str, tuple[str, str, int]] = {}
    for part, doc_id in sorted(wanted):
        if doc_id in largest:
            document = texts.find(part, doc_id)
            kept[doc_id] = (document.text if document else None) or ""
        elif (document := texts.booked(part, doc_id)) and document.dropped is not None:
            gone[doc_id] = (document.dropped, document.source, document.record)
    for i, cluster in enumerate(found.clusters):
        if cluster.other in gone:
            text, source, record = gone[cluster.other]
            diff = difference(kept[cluster.doc_id], text)
            found.clusters[i] = replace(
                cluster, other_source=source, other_record=record, diff=diff
            )


def _passages(folder: Path, passages: Heaviest, texts: Texts) -> list[RepeatedPassage]:
    """The most repeated passages, each with the text of the first copy that was cut."""
    top = passages.top(PASSAGES)
    places: dict[tuple[str, int, int], tuple[str, str, int, int]] = {}
    wanted = {(t["kept_doc_id"], t["kept_start"], t["kept_end"]) for t in top}
    ids = pa.array(sorted({key[0] for key in wanted}), pa.string())
    for part, pairs in pairs_of(folder):
        if len(places) == len(wanted):
            break
        rows = _cut_passages(pairs)
        for row in rows.filter(pc.is_in(rows.column("kept_doc_id"), value_set=ids)).to_pylist():
            key = (row["kept_doc_id"], row["kept_start"], row["kept_end"])
            if key in wanted:
                places.setdefault(key, (part, row["doc_id"], row["start"], row["end"]))
    found: dict[tuple[str, int, int], str] = {}
    for key, (part, doc_id, start, end) in sorted(places.items(), key=lambda item: item[1]):
        document = texts.booked(part, doc_id)
        rows = document.rows if document else ()
        found[key] = next(
            (
                r["before"]
                for r in rows
                if (r["start"], r["end"], r["action"]) == (start, end, "cut")
            ),
            "",
        )
    result = []
    for item in top:
        doc_id = item["kept_doc_id"]
        text = found.get((doc_id, item["kept_start"], item["kept_end"]), "")
        result.append(RepeatedPassage(text[:SHOWN], item["times"], doc_id, len(text) > SHOWN))
    return result
