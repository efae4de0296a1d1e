"""The id of a document: from where it was read, so that every run gives the same ids."""

from __future__ import annotations

import xxhash


def doc_id(source: str, record: int) -> str:
    """96 bits, as hex, of the XXH3-128 hash of a source (`label/path`) and a record number."""
    return xxhash.xxh3_128_hexdigest(f"{source}\0{record}".encode())[:24]
