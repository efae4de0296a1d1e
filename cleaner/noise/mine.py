"""What the pages of a corpus repeat: lines, heads of lists, and the ends of pages; counted.

The lines of the corpus are gone through twice, see `cleaner.noise.frequent`; as long as they fit
`HELD_BYTES` they are held, else the corpus is to be read again. A line counts once per document, by
the hash of its words (`cleaner.text.key`), and once more with its numbers taken as equal. The end
of a document counts as runs of its last lines, see `cleaner.noise.events`. Of a line that more than
`HOSTS` hosts have, the counts of so many hosts are kept, those with the lowest hashes (the k
minimum values of Bar-Yossef et al., "Counting distinct elements in a data stream", 2002, section
2), from which the number of all follows. What the pages of many hosts repeat is thus never missed;
what a host among more than `HOSTS` repeats shows in the totals alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.noise.events import (
    DOCUMENTS,
    HEADS,
    HOST,
    INNER,
    NO_HOST,
    SUMS,
    Events,
    Lines,
    by_key,
    events_of,
    flags_of,
    host_keys_of,
    lines_of,
)
from cleaner.noise.frequent import (
    Keys,
    Sketch,
    Sums,
    Totals,
    begins,
    is_in,
    lowest_fitting,
    rank_in_group,
    stacked,
    summed,
)
from cleaner.text.mix import splitmix

HOSTS = 256
"""Hosts of a line whose documents are counted."""
SAMPLES = 3
"""Spellings of a line that are kept, the first that were met."""
KEYS, PAIRS = 1 << 19, 1 << 22
"""Most lines, and most pairs of a line and a host, that are counted exactly."""
NEIGHBOURS = 1 << 14
"""Rare lines inside of articles that are kept as counter-examples, those with the lowest hashes."""

HELD_BYTES = 1 << 28
"""Memory for short lines and the hashes of all; beyond it nothing is held."""


class Place(NamedTuple):
    """Where the documents of a batch are from: index of the file and record number, each int64[n].

    They are given back with the samples.
    """

    file: NDArray[np.int64]
    record: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What was counted; columns of one group have one row a key, sorted by key.

    Attributes:
        documents: documents that were read.
        at_least: documents that a line was needed in to be counted.
        keys, sums: uint64[n], and int64[n, SUMS] with the columns `DOCUMENTS` … `COPIED`.
        pairs, pair_documents: uint64[m, 2], key and host, and the documents of both, int64[m].
        samples: key, kind, of (the key with numbers as one; of an end the one a line shorter),
            text, file, record; up to `SAMPLES` rows a key, sorted by key, then as they were met.
        stay: rare lines inside of articles.
    """

    documents: int
    at_least: int
    keys: Keys
    sums: Sums
    pairs: Keys
    pair_documents: NDArray[np.int64]
    samples: pa.Table
    stay: tuple[str, ...]


class Miner:
    """Counts what pages repeat.

    Give all batches to `count`; then, unless it `holds_all`, all of them again to `gather`.
    """

    def __init__(
        self,
        text_bytes: int,
        at_least: int,
        *,
        keys: int = KEYS,
        pairs: int = PAIRS,
        held_bytes: int = HELD_BYTES,
    ) -> None:
        """`text_bytes`: size of all text, roughly. `at_least`: documents that must have a line."""
        self._sketch = Sketch(text_bytes)
        self._asked = self._at_least = at_least
        self._limits = keys, pairs
        self._documents = self._met = 0
        self._held: list[_Held] = []
        self._room = held_bytes
        self.holds_all = True
        self._totals, self._pairs = Totals(1, SUMS), Totals(2, 1)
        self._samples = _Samples()
        self._stay = _Lowest(NEIGHBOURS)

    def count(self, text: pa.StringArray, hosts: pa.StringArray, place: Place) -> None:
        """Take a batch: texts of documents, their hosts (null without one), where they are from."""
        held = _Held(lines_of(text), host_keys_of(hosts), hosts, place)
        events = events_of(held.lines, held.host_keys, hosts)
        order, first = by_key(events)
        self._sketch.add(events.key[order[first]])
        self._documents += len(text)
        if self.holds_all:
            self._held.append(held)
            self._room -= held.nbytes
            if self._room < 0:
                self._held, self.holds_all = [], False

    def gather(self, text: pa.StringArray, hosts: pa.StringArray, place: Place) -> None:
        """Take a batch again, in the same order."""
        self._gather(_Held(lines_of(text), host_keys_of(hosts), hosts, place))

    def _gather(self, held: _Held) -> None:
        """Count exactly what may come often enough."""
        lines, host_keys, hosts, place = held
        estimates = np.zeros(len(lines.doc), np.int64)
        is_short = lines.row >= 0
        estimates[is_short] = self._sketch.estimate(lines.folded[is_short])
        flags = flags_of(lines, estimates, self._asked)
        self._keep_rare(lines, estimates, flags)
        events = events_of(lines, host_keys, hosts, flags)
        events = events.take(self._sketch.estimate(events.key) >= self._at_least)
        order, first = by_key(events)
        starts = np.flatnonzero(first)
        if len(starts):
            each = order[starts]
            bits = np.bitwise_or.reduceat(events.flags[order], starts)
            is_time = self._add(events, each, bits, host_keys)
            is_time |= self._samples.add(events, each, self._met, place)
            if is_time:
                self._settle()
        self._met += lines.documents

    def counted(self) -> Counted:
        """All that was counted."""
        for held in self._held:
            self._gather(held)
        self._held = []
        keys, sums, pairs = self._settle()
        enough = sums[:, DOCUMENTS] >= self._at_least
        keys, sums = keys[enough], sums[enough]
        is_known = is_in(keys, pairs[0][:, 0])
        samples = self._samples.settle()
        known = is_in(keys, samples.column("key").to_numpy())
        return Counted(
            self._documents,
            self._at_least,
            keys,
            sums,
            pairs[0][is_known],
            pairs[1][is_known, 0],
            samples.filter(pa.array(known)),
            self._stay.texts(),
        )

    def _keep_rare(self, lines: Lines, estimates: Sums, flags: NDArray[np.uint8]) -> None:
        """Keep some of the lines that few pages have and that look like a part of an article."""
        inside = ~lines.is_link | (flags & (1 << INNER) != 0)
        rare = (lines.row >= 0) & inside & (estimates < self._asked)
        self._stay.add(lines.exact[rare], lines.text, lines.row[rare])

    def _add(
        self, events: Events, each: NDArray[np.int64], bits: NDArray[np.uint8], hosts: Keys
    ) -> bool:
        """Add up one row a key and document, and a key and host; whether it is time to settle."""
        sums = np.ones((len(each), SUMS), np.int64)
        for name in range(HEADS, SUMS):
            sums[:, name] = bits >> name & 1
        is_time = self._totals.add(*summed(events.key[each][:, None], sums))
        host = hosts[events.doc[each]]
        has = (host != NO_HOST) & (events.kind[each] != HOST)
        pairs = stacked([events.key[each][has], host[has]])
        return self._pairs.add(*summed(pairs, np.ones((len(pairs), 1), np.int64))) | is_time

    def _settle(self) -> tuple[Keys, Sums, tuple[Keys, Sums]]:
        """Add up what waits; raise the threshold until all fits."""
        most_keys, most_pairs = self._limits
        keys, _ = self._totals.settle()
        estimates = self._sketch.estimate(keys[:, 0])
        self._at_least = lowest_fitting(estimates, self._at_least, most_keys)
        self._totals.keep(estimates >= self._at_least)
        pairs, _ = self._pairs.settle()
        low = rank_in_group(begins(pairs[:, :1])) < HOSTS
        self._pairs.keep(low)
        estimates = self._sketch.estimate(pairs[low][:, 0])
        self._at_least = lowest_fitting(estimates, self._at_least, most_pairs)
        self._pairs.keep(estimates >= self._at_least)
        keys, _ = self._totals.settle()
        self._totals.keep(self._sketch.estimate(keys[:, 0]) >= self._at_least)
        keys, sums = self._totals.settle()
        self._samples.keep(keys[:, 0])
        return keys[:, 0], sums, self._pairs.settle()


class _Held(NamedTuple):
    """What is needed of a batch once its texts are gone."""

    lines: Lines
    host_keys: Keys
    hosts: pa.StringArray
    place: Place

    @property
    def nbytes(self) -> int:
        """Memory, roughly."""
        columns = (*self.lines[:5], self.host_keys, *self.place, self.lines.text, self.hosts)
        return sum(int(column.nbytes) for column in columns)


_SAMPLE = pa.schema(
    [
        ("key", pa.uint64()),
        ("variant", pa.uint64()),
        ("met", pa.int64()),
        ("kind", pa.uint8()),
        ("of", pa.uint64()),
        ("file", pa.int64()),
        ("record", pa.int64()),
        ("text", pa.string()),
    ]
)


class _Samples:
    """The first spellings of each key."""

    def __init__(self) -> None:
        self._table = _SAMPLE.empty_table()
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._full = self._known = np.empty(0, np.uint64)

    def add(self, events: Events, each: NDArray[np.int64], met: int, place: Place) -> bool:
        """Take the rows `each` that are new; whether it is time to `settle`."""
        keys, variants = events.key[each], events.variant[each]
        one = splitmix(keys) ^ variants
        new = each[~is_in(self._full, keys) & ~is_in(self._known, one)]
        order = np.lexsort((events.doc[new], events.variant[new], events.key[new]))
        new = new[order][begins(stacked([events.key[new], events.variant[new]])[order])]
        doc = events.doc[new]
        columns = [
            *(pa.array(c) for c in (events.key[new], events.variant[new], met + doc)),
            *(pa.array(c) for c in (events.kind[new], events.of[new])),
            *(pa.array(c[doc]) for c in place),
            events.text.take(pa.array(events.row[new])),
        ]
        self._waiting.append(pa.Table.from_arrays(columns, schema=_SAMPLE))
        self._rows += len(new)
        return self._rows > max(1 << 16, int(self._table.num_rows))

    def settle(self) -> pa.Table:
        """Rows sorted by key, then as they were met."""
        if self._waiting:
            table = pa.concat_tables([self._table, *self._waiting]).combine_chunks()
            key, variant, met = (table.column(c).to_numpy() for c in ("key", "variant", "met"))
            order = np.lexsort((met, variant, key))
            order = order[begins(stacked([key[order], variant[order]]))]
            order = order[np.lexsort((met[order], key[order]))]
            place = rank_in_group(begins(key[order][:, None]))
            self._table = table.take(pa.array(order[place < SAMPLES])).combine_chunks()
            self._full = key[order][place == SAMPLES - 1]
            self._waiting, self._rows = [], 0
            self._learn()
        return self._table

    def keep(self, keys: Keys) -> None:
        """Forget keys that are not among these sorted ones."""
        table = self.settle()
        known = is_in(keys, table.column("key").to_numpy())
        if not known.all():
            self._table = table.filter(pa.array(known)).combine_chunks()
            self._learn()

    def _learn(self) -> None:
        key, variant = (self._table.column(c).to_numpy() for c in ("key", "variant"))
        self._known = np.sort(splitmix(key) ^ variant)


class _Lowest:
    """Texts of the keys with the lowest hashes: a sample that no order of the stream changes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._texts: dict[int, str] = {}
        self._bound = (1 << 64) - 1

    def add(self, keys: Keys, text: pa.StringArray, rows: NDArray[np.int64]) -> None:
        """Take the texts at `rows`, one for each key."""
        hashes = splitmix(keys)
        low = np.flatnonzero(hashes <= np.uint64(self._bound))
        for number, row in zip(hashes[low].tolist(), rows[low].tolist(), strict=True):
            if number not in self._texts:
                self._texts[number] = text[row].as_py().strip()
        if len(self._texts) > 2 * self._most:
            self._trim()

    def texts(self) -> tuple[str, ...]:
        """The sample, by hash."""
        self._trim()
        return tuple(self._texts.values())

    def _trim(self) -> None:
        kept = sorted(self._texts)[: self._most]
        self._texts = {number: self._texts[number] for number in kept}
        if len(kept) == self._most:
            self._bound = kept[-1]
