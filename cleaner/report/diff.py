"""What differs between two finished runs: settings, inputs, rules, documents and their texts.

Documents are joined by their id in one pass over both corpora and ledgers (`report/fates.py`);
texts are compared by hash, and read again only where they are shown.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.errors import IntegrityError
from cleaner.io.corpus import in_order, read_manifest
from cleaner.io.names import escape
from cleaner.report.diff_facts import (
    Figure,
    Inputs,
    RuleChange,
    Setting,
    figures,
    inputs,
    languages,
    rules,
    settings,
    versions,
)
from cleaner.report.fates import ABSENT, Ending, Fate, endings, joined, rows_in, same_files
from cleaner.report.secrecy import veil_of_run
from cleaner.report.stats import read_report
from cleaner.report.texts import Document, Texts
from cleaner.report.word_diff import Difference, difference

EXAMPLES = 8
"""Documents with another text that are shown; the smallest ids, which are hashes: a fair sample."""
PER_MOVE = 3
"""Documents that are shown for each way to come or go."""
MOVES = 40
"""Ways to come or go with examples, those of most documents."""
EXCERPT = 240
"""Characters of a document that came or went."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A document that came or went, and how it begins (in the run that has more of it)."""

    doc_id: str
    source: str
    record: int
    text: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Move:
    """Documents that had one fate in A and another in B."""

    a: Fate
    b: Fate
    count: int
    examples: Sequence[Moved]


@dataclass(frozen=True, slots=True)
class Changed:
    """A document with another text: its characters, rules that acted unlike, and the words.

    `rules` is (rule, times in A, times in B). `is_other_original`: the input differs, too.
    """

    doc_id: str
    source: str
    record: int
    chars_a: int
    chars_b: int
    is_other_original: bool
    rules: Sequence[tuple[str, int, int]]
    words: Difference


@dataclass(slots=True)
class Documents:
    """The documents of both runs, joined.

    Attributes:
        same: kept in both with the same text; `changed`: with another.
        other_original: of the changed, those whose input differs.
        gone: kept in neither, for the same reason in both.
        chars_more, chars_less: characters that changed documents gained and lost in B.
        came, went: documents that only B, or only A, keeps.
        moves: ways to come, to go, or to go for another reason; most documents first.
    """

    same: int = 0
    changed: int = 0
    other_original: int = 0
    gone: int = 0
    chars_more: int = 0
    chars_less: int = 0
    came: int = 0
    went: int = 0
    moves: list[Move] = field(default_factory=list)
    examples: list[Changed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunDiff:
    """Everything that differs. `a` and `b` are the folders of the runs."""

    a: str
    b: str
    settings: Sequence[Setting]
    versions: Sequence[Setting]
    inputs: Inputs
    figures: Sequence[Figure]
    languages: Sequence[Figure]
    rules: Sequence[RuleChange]
    documents: Documents

    @property
    def is_same(self) -> bool:
        """Whether both runs left the same corpus; how they came to it may differ."""
        found = self.documents
        return not (found.changed or found.came or found.went)

    @property
    def is_disjoint(self) -> bool:
        """Whether no document is in both runs, as when the inputs go by other labels."""
        found = self.documents
        shared = found.same or found.changed or found.gone
        met = any("absent" not in (move.a.kind, move.b.kind) for move in found.moves)
        return not shared and not met and bool(found.moves)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"is_same": self.is_same, **asdict(self)}


def compare(a: Path, b: Path) -> RunDiff:
    """Compare two finished runs.

    Raises:
        InputError: a folder is no finished run.
        IntegrityError: a file of one is damaged, or of another version of cleaner.
    """
    manifests = read_manifest(a), read_manifest(b)
    reports = read_report(a), read_report(b)
    try:
        with in_order(a, manifests[0]) as ours, in_order(b, manifests[1]) as theirs:
            documents = _documents(ours, theirs, *manifests)
        return RunDiff(
            a=escape(str(a)),
            b=escape(str(b)),
            settings=settings(*manifests),
            versions=versions(*manifests),
            inputs=inputs(*manifests),
            figures=figures(*reports),
            languages=languages(*reports),
            rules=rules(*reports),
            documents=documents,
        )
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        what = f"{type(error).__name__}: {error}"
        raise IntegrityError(
            f"{a} or {b} cannot be read ({what}); `cleaner verify` says which file is damaged"
        ) from error


class _Pair(NamedTuple):
    """A document of both runs that is to be shown; sorted by its id."""

    doc_id: str
    a: Ending | None
    b: Ending | None


class _Shown:
    """Some documents of a stream of any length: those of the smallest ids."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.pairs: list[_Pair] = []

    def add(self, a: Ending | None, b: Ending | None) -> None:
        one = a or b
        assert one is not None
        if len(self.pairs) < self._limit or one.doc_id < self.pairs[-1].doc_id:
            insort(self.pairs, _Pair(one.doc_id, a, b), key=lambda pair: pair.doc_id)
            del self.pairs[self._limit :]


def _documents(a: Path, b: Path, *manifests: Mapping[str, Any]) -> Documents:
    """Join the documents of both runs; parts that both have are not read."""
    ours, theirs = same_files(*manifests)
    found = Documents(
        same=rows_in(a, (name for name in ours if name.startswith("corpus/"))),
        gone=_drops_in(a, (name for name in ours if name.startswith("ledger/"))),
    )
    counts: Counter[tuple[Fate, Fate]] = Counter()
    shown: dict[tuple[Fate, Fate], _Shown] = {}
    changed = _Shown(EXAMPLES)
    for left, right in joined(endings(a, ours), endings(b, theirs)):
        move = left.fate if left else ABSENT, right.fate if right else ABSENT
        if move[0] != move[1]:
            counts[move] += 1
            shown.setdefault(move, _Shown(PER_MOVE)).add(left, right)
        elif left is not None and right is not None:
            _count(found, left, right)
            if left.text != right.text:
                changed.add(left, right)
    found.came = sum(n for (was, now), n in counts.items() if now.kind == "kept" != was.kind)
    found.went = sum(n for (was, now), n in counts.items() if was.kind == "kept" != now.kind)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    veil = veil_of_run(a, manifests[0]) | veil_of_run(
        b, manifests[1]
    )  # what one run masks, both hide
    texts = Texts(a, veil), Texts(b, veil)
    begins = _begins(texts, [shown[move].pairs for move, _ in ranked[:MOVES]])
    found.moves = [Move(*move, n, begins.get(i, ())) for i, (move, n) in enumerate(ranked)]
    found.examples = list(_changed(texts, changed.pairs))
    return found


def _drops_in(run: Path, names: Iterable[str]) -> int:
    """Documents that are dropped in these files of the ledger."""
    return sum(
        pc.sum(pc.equal(batch.column("action"), "drop")).as_py() or 0
        for name in names
        for batch in pq.ParquetFile(run / name).iter_batches(columns=["action"])
    )


def _count(found: Documents, a: Ending, b: Ending) -> None:
    """A document with the same fate in both runs."""
    if a.fate.kind != "kept":
        found.gone += 1
    elif a.text == b.text:
        found.same += 1
    else:
        found.changed += 1
        found.other_original += a.original != b.original
        found.chars_more += max(0, b.chars - a.chars)
        found.chars_less += max(0, a.chars - b.chars)


def _begins(texts: tuple[Texts, Texts], moves: Sequence[Sequence[_Pair]]) -> dict[int, list[Moved]]:
    """How the documents of each move begin, read in the order of the parts."""
    wanted = []
    for number, pairs in enumerate(moves):
        for pair in pairs:
            side = 0 if _has_more(pair.a, pair.b) else 1
            ending = pair.a if side == 0 else pair.b
            assert ending is not None
            wanted.append((side, ending.part, pair.doc_id, number, ending))
    found: dict[int, list[Moved]] = {}
    for side, part, own, number, ending in sorted(wanted):
        label, path, record = ending.key
        document = texts[side].find(part, own) if part else None
        text = "" if document is None else document.text or document.dropped or ""
        moved = Moved(own, f"{label}/{path}", record, text[:EXCERPT], len(text) > EXCERPT)
        insort(found.setdefault(number, []), moved, key=lambda m: m.doc_id)
    return found


def _has_more(a: Ending | None, b: Ending | None) -> bool:
    """Whether run A has more of a document: one that is kept before one that was dropped."""
    ranks = {"kept": 3, "dropped": 2, "quarantined": 1}
    ours, theirs = (0 if e is None else ranks[e.fate.kind] for e in (a, b))
    return ours >= theirs


def _changed(texts: tuple[Texts, Texts], pairs: Sequence[_Pair]) -> Iterator[Changed]:
    """The examples of changed texts, in order of the id."""
    both = [(pair.doc_id, pair.a, pair.b) for pair in pairs if pair.a and pair.b]
    ours = _found(texts[0], [(a.part, own) for own, a, _ in both])
    theirs = _found(texts[1], [(b.part, own) for own, _, b in both])
    for own, a, b in both:
        left, right = ours[own], theirs[own]
        if left is None or right is None:
            raise IntegrityError(f"document {own} is not where it was a moment ago")
        yield Changed(
            doc_id=own,
            source=left.source,
            record=left.record,
            chars_a=a.chars,
            chars_b=b.chars,
            is_other_original=a.original != b.original,
            rules=_unlike(left, right),
            words=difference(left.text or "", right.text or ""),
        )


def _found(texts: Texts, places: Sequence[tuple[str, str]]) -> dict[str, Document | None]:
    """Documents by id, read in the order of their parts."""
    return {own: texts.find(part, own) for part, own in sorted(places)}


def _unlike(a: Document, b: Document) -> list[tuple[str, int, int]]:
    """Rules that acted more or less often on a document."""
    ours, theirs = (Counter(str(row["rule"]) for row in d.rows) for d in (a, b))
    return [(r, ours[r], theirs[r]) for r in sorted({*ours, *theirs}) if ours[r] != theirs[r]]
