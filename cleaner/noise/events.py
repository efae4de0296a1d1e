"""What is counted of a page: its lines, the runs of lines that end it, and its host; as hashes.

Everything is a column of a batch; no Python object is made for a line.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.noise.frequent import Keys, Sums, begins, stacked
from cleaner.noise.glance import BLANK, SHORT, glance
from cleaner.text.mix import splitmix
from cleaner.text.segment import passages
from cleaner.text.words import EMPTY_KEY, key_hash

TAIL_LINES = 12
"""Lines of the longest end of a page that is looked at."""
LINE, EXACT, TAIL, HOST = range(4)
"""Kinds of keys: lines with numbers as one, lines with their own numbers, ends, hosts."""
DOCUMENTS, HEADS, TAILS, INNER, FIRST, COPIED = range(6)
"""Columns of the sums: documents that have it; where no link is above, and links below that others
do not have; where only links follow; where an article goes on below, and no link is above; where it
is the first of several lines; which are copies, for others have the sentences of their articles."""

SUMS = COPIED + 1
"""How many columns there are."""
_SENTENCE_CHARS = 25
"""A line this long with a full stop is a sentence; a shorter one may be a button."""
_ENDED = "[.!?。！？…؟।॥][\"'’”»›)\\]）】』」*_\\s\\x{a0}]*$"
_RARER = 4
"""The links below a head are on a quarter of its pages at most."""
_TAIL_SALT, _HOST_SALT = np.uint64(0x7461696C), np.uint64(0x686F7374)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
NO_HOST = np.uint64(0)
"""The key of the host of a document without one."""


class Lines(NamedTuple):
    """The lines of a batch that have words, in order; `row` is the place in `text`, -1 if long."""

    doc: NDArray[np.int64]
    row: NDArray[np.int64]
    exact: Keys
    folded: Keys
    is_link: NDArray[np.bool_]
    text: pa.StringArray
    documents: int


def lines_of(text: pa.StringArray) -> Lines:
    """Cut texts into lines and hash those that are short."""
    cut = passages(text)
    kinds, chars = glance(cut.text)
    filled = np.flatnonzero(kinds != BLANK)
    short = np.flatnonzero(kinds[filled] == SHORT)
    texts = cut.text.take(pa.array(filled[short]))
    exact, folded = np.zeros(len(filled), np.uint64), np.zeros(len(filled), np.uint64)
    exact[short], folded[short] = key_hash(texts), key_hash(texts, fold_digits=True)
    row = np.full(len(filled), -1, np.int64)
    row[short] = np.arange(len(short))
    is_ended = pc.match_substring_regex(texts, _ENDED).to_numpy(zero_copy_only=False)
    is_link = np.zeros(len(filled), bool)
    is_link[short] = ~(is_ended & (chars[filled[short]] >= _SENTENCE_CHARS))
    doc = np.repeat(np.arange(len(text)), np.diff(cut.first))[filled]
    worded = (row < 0) | (exact != EMPTY_KEY)
    return Lines(
        doc[worded], row[worded], exact[worded], folded[worded], is_link[worded], texts, len(text)
    )


def flags_of(lines: Lines, estimates: Sums, often: int) -> NDArray[np.uint8]:
    """What each line is on its page, a bit for each of `HEADS` … `COPIED`."""
    size = len(lines.doc)
    link, rare = [], []
    for step in (-1, 1, 2, 3, 4):
        at = np.arange(size) + step
        is_there = (at >= 0) & (at < size)
        at = np.clip(at, 0, max(size - 1, 0))
        is_there &= lines.doc[at] == lines.doc
        link.append(np.where(is_there, np.where(lines.is_link[at], 1, 0), -1))
        rare.append(is_there & (estimates[at] * _RARER <= estimates))
    before, after = link[0], link[1]
    links_below = sum((one == 1).astype(np.int8) for one in link[1:])
    head = (before < 1) & (after == 1) & (link[2] == 1) & (links_below >= 3) & rare[1] & rare[2]
    head &= lines.row >= 0
    inner = (before < 1) & (after == 0)
    first = (before < 0) & (after >= 0)
    ends = np.searchsorted(lines.doc, lines.doc, "right")
    others = np.append(np.where(lines.is_link, size, np.arange(size)), size)
    next_other = np.minimum.accumulate(others[::-1])[::-1]
    tail = next_other[1:] >= ends
    within = (before == 0) & (after == 0) & ~lines.is_link & (lines.row >= 0)
    again = np.bincount(lines.doc[within & (estimates >= often)], minlength=lines.documents)
    of = np.bincount(lines.doc[within], minlength=lines.documents)
    copied = ((of > 0) & (2 * again >= of))[lines.doc]
    flags = np.zeros(size, np.uint8)
    for name, holds in (
        (HEADS, head), (TAILS, tail), (INNER, inner), (FIRST, first), (COPIED, copied),
    ):  # fmt: skip
        flags |= holds.astype(np.uint8) << np.uint8(name)
    return flags


class Events(NamedTuple):
    """What is counted: key and document; `row` is the place of its text, `of` as in `Counted`."""

    key: Keys
    doc: NDArray[np.int64]
    kind: NDArray[np.uint8]
    variant: Keys
    of: Keys
    row: NDArray[np.int64]
    flags: NDArray[np.uint8]
    text: pa.StringArray

    def take(self, rows: NDArray[np.bool_]) -> Events:
        """Some of them."""
        return Events(
            self.key[rows],
            self.doc[rows],
            self.kind[rows],
            self.variant[rows],
            self.of[rows],
            self.row[rows],
            self.flags[rows],
            self.text,
        )


def events_of(
    lines: Lines,
    host_keys: Keys,
    hosts: pa.StringArray,
    flags: NDArray[np.uint8] | None = None,
) -> Events:
    """Everything of a batch that is counted; documents ascend within a kind."""
    short = np.flatnonzero(lines.row >= 0)
    numbered = short[lines.exact[short] != lines.folded[short]]
    bits = np.zeros(len(lines.doc), np.uint8) if flags is None else flags
    parts = [
        _part(LINE, lines.folded[short], lines, short, bits, variant=lines.exact[short]),
        _part(EXACT, lines.exact[numbered], lines, numbered, bits, of=lines.folded[numbered]),
        *_tails(lines, bits),
    ]
    known = np.flatnonzero(host_keys != NO_HOST)
    none = np.zeros(len(known), np.uint64)
    parts.append(
        (
            host_keys[known],
            known,
            np.full(len(known), HOST, np.uint8),
            none,
            none,
            known + len(lines.text),
            np.zeros(len(known), np.uint8),
        )
    )
    columns: list[NDArray[Any]] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    key, doc, kind, variant, of, row, bits = columns
    text = pa.concat_arrays([lines.text, hosts.fill_null("")])
    return Events(key, doc, kind, variant, of, row, bits, text)


def _part(
    kind: int,
    key: Keys,
    lines: Lines,
    which: NDArray[np.int64],
    flags: NDArray[np.uint8],
    *,
    variant: Keys | None = None,
    of: Keys | None = None,
) -> tuple[NDArray[Any], ...]:
    """The columns of `Events` for some lines."""
    none = np.zeros(len(which), np.uint64)
    kinds = np.full(len(which), kind, np.uint8)
    return (
        key,
        lines.doc[which],
        kinds,
        none if variant is None else variant,
        none if of is None else of,
        lines.row[which],
        flags[which],
    )


def _tails(lines: Lines, flags: NDArray[np.uint8]) -> list[tuple[NDArray[Any], ...]]:
    """The ends of pages, from one line on: each is a key of its first line and the rest."""
    documents = np.arange(lines.documents)
    low = np.searchsorted(lines.doc, documents)
    at = np.searchsorted(lines.doc, documents, "right") - 1
    rest = np.full(lines.documents, _TAIL_SALT)
    parts = []
    for _ in range(TAIL_LINES):
        going = at >= low
        going[going] = lines.row[at[going]] >= 0
        at, low, rest = at[going], low[going], rest[going]
        if not len(at):
            break
        key = splitmix(rest * _FACTOR ^ lines.folded[at])
        parts.append(_part(TAIL, key, lines, at, flags, of=rest))
        at, rest = at - 1, key
    if not parts:
        return []
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(joined[1], kind="stable")
    return [tuple(column[order] for column in joined)]


def host_keys_of(hosts: pa.StringArray) -> Keys:
    """A number per document's host, uint64[n]; 0 for none."""
    import xxhash

    names = hosts.dictionary_encode()
    hashes = [xxhash.xxh3_64_intdigest(name.encode()) for name in names.dictionary.to_pylist()]
    mixed = splitmix(np.array(hashes, np.uint64) ^ _HOST_SALT) | np.uint64(1)
    codes = names.indices.fill_null(-1).to_numpy()
    keys: Keys = np.append(mixed, NO_HOST)[codes]
    return keys


def by_key(events: Events) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The order by key and document, and where each pair of both begins."""
    order = np.argsort(events.key, kind="stable")
    pairs = stacked([events.key[order], events.doc[order].astype(np.uint64)])
    return order, begins(pairs)
