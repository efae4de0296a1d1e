"""The id of a document: from where it was read, so that every run gives the same ids."""

from __future__ import annotations

from collections.abc import Iterable

import xxhash


def doc_id(source: str, record: int) -> str:
    """96 bits, as hex, of the XXH3-128 hash of a source (`label/path`) and a record number."""
    return doc_ids([source], [record])[0]


def doc_ids(sources: Iterable[str], records: Iterable[int]) -> list[str]:
    """The ids of many documents."""
    digest = xxhash.xxh3_128_hexdigest
    beginnings: dict[str, bytes] = {}
    ids = []
    for source, record in zip(sources, records, strict=True):
        beginning = beginnings.get(source)
        if beginning is None:
            beginning = beginnings[source] = f"{source}\0".encode()
        ids.append(digest(b"%b%d" % (beginning, record))[:24])
    return ids
