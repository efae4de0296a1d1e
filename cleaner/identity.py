"""The id of a document: from where it was read, so that every run gives the same ids."""

from __future__ import annotations

from collections.abc import Sequence

import xxhash


def doc_id(source: str, record: int) -> str:
    """96 bits, as hex, of the XXH3-128 hash of a source (`label/path`) and a record number."""
    return doc_ids([source], [record])[0]


def doc_ids(sources: Sequence[str], records: Sequence[int]) -> list[str]:
    """The ids of many documents."""
    digest = xxhash.xxh3_128_hexdigest
    beginnings = {source: f"{source}\0".encode() for source in set(sources)}
    if len(beginnings) == 1:
        (beginning,) = beginnings.values()
        return [digest(b"%b%d" % (beginning, record))[:24] for record in records]
    pairs = zip(sources, records, strict=True)
    return [digest(b"%b%d" % (beginnings[source], record))[:24] for source, record in pairs]
