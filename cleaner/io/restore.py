"""The way back: a document's original from a run's folder alone, proven by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from cleaner.errors import CleanerError, InputError, IntegrityError
from cleaner.io.corpus import corpus_files, in_order, ledger_of, matching
from cleaner.text.decode import encode
from cleaner.text.pieces import restore as undo

_CORPUS = ["doc_id", "text", "source", "record", "encoding", "bad_bytes", "content_hash"]
_LEDGER = ["doc_id", "start", "end", "step", "before", "after", "action", "source", "record"]
_DROPPED = ["encoding", "bad_bytes", "content_hash"]


@dataclass(frozen=True, slots=True)
class Restored:
    """A document as it was: its bytes (a record's text as UTF-8), and where it came from."""

    doc_id: str
    source: str
    record: int
    data: bytes


def restore(run: str | Path, doc_id: str) -> bytes:
    """The original bytes of a document, kept or dropped; a short `doc_id` will do if it is unique.

    Raises:
        InputError: the folder is no finished run, has no ledger, or holds no such document, or
            several.
        IntegrityError: what comes out is not what was read.
    """
    return find(Path(run), doc_id).data


def find(run: Path, doc_id: str) -> Restored:
    """As `restore`, with the document's source."""
    if not (run / "manifest.json").exists():
        raise InputError(f"{run} is not a finished run (no manifest.json in it)")
    if not doc_id or not doc_id.isalnum():
        raise InputError(
            f"{doc_id!r} is not a document id; see the column doc_id of corpus/ and ledger/"
        )
    match = pc.starts_with(pc.field("doc_id"), doc_id)
    rows = _scan(ledger_of(run), _LEDGER + _DROPPED, match)
    kept = matching(corpus_files(run), _CORPUS, doc_id)
    found = sorted({r["doc_id"] for r in kept} | {r["doc_id"] for r in rows})
    if not found:
        raise InputError(f"{run} holds no document {doc_id}; was it quarantined? see quarantine/")
    if len(found) > 1:
        raise InputError(f"{doc_id} is short for {len(found)} documents: {', '.join(found[:4])}, …")
    return rebuild(kept[0] if kept else None, rows)


def rebuild(kept: dict[str, Any] | None, rows: list[dict[str, Any]]) -> Restored:
    """A document from its corpus row (None if it was dropped) and its ledger rows.

    Raises:
        IntegrityError: the hash is not the recorded one.
    """
    if kept is None:
        kept = next((r for r in rows if r["action"] == "drop"), None)
        if kept is None:
            raise CleanerError(
                f"document {rows[0]['doc_id']} was quarantined; see quarantine/ for its raw bytes"
            )
    text = undo(
        kept.get("text", ""),
        [(r["start"], r["end"], r["step"], r["before"], r["after"]) for r in rows],
    )
    data = encode(text, kept["encoding"], kept["bad_bytes"] or [])
    if hashlib.sha256(data).hexdigest() != kept["content_hash"]:
        raise IntegrityError(
            f"document {kept['doc_id']}: what comes out is not what was read (sha256 differs);"
            " the run's files were changed"
        )
    return Restored(kept["doc_id"], kept["source"], kept["record"], data)


def restore_part(run: Path, name: str) -> Iterator[Restored | IntegrityError]:
    """All documents of one part of a plain run, kept and dropped: corpus and ledger hold the same.

    A document that does not come back is given as the error that says so.
    """
    kept = {r["doc_id"]: r for r in _rows(pq.read_table(run / "corpus" / name, columns=_CORPUS))}
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(pq.read_table(run / "ledger" / name, columns=_LEDGER + _DROPPED)):
        rows.setdefault(row["doc_id"], []).append(row)
    for doc_id in [*kept, *(d for d in rows if d not in kept)]:
        mine = rows.get(doc_id, [])
        if doc_id not in kept and not any(r["action"] == "drop" for r in mine):
            continue  # quarantined by a later stage
        try:
            yield rebuild(kept.get(doc_id), mine)
        except IntegrityError as error:
            yield error


def restore_all(run: Path, folder: Path) -> int:
    """Write the originals of all documents below a folder; how many.

    A file comes back under its source's name (without .gz or .zst: its content is restored), a
    record as `<source>/<record>.txt`.

    Raises:
        InputError: the run is not finished or has no ledger, or the folder is not empty.
        IntegrityError: a document does not come back.
    """
    if not (run / "manifest.json").exists():
        raise InputError(f"{run} is not a finished run (no manifest.json in it)")
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty; name a new folder")
    ledger_of(run)
    with in_order(run) as ordered:
        return _restore_parts(ordered, folder)


def _restore_parts(run: Path, folder: Path) -> int:
    """The originals of all parts of a plain run."""
    count = 0
    for part in sorted((run / "corpus").glob("part-*.parquet")):
        for restored in restore_part(run, part.name):
            if isinstance(restored, IntegrityError):
                raise restored
            target = folder / _place(restored)
            if not target.resolve().is_relative_to(folder.resolve()):
                raise IntegrityError(
                    f"{restored.source} leads out of {folder}; the run's files were changed"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(restored.data)
            count += 1
    return count


def _place(restored: Restored) -> str:
    source = restored.source.removesuffix(".gz").removesuffix(".zst")
    return source if source.endswith(".txt") else f"{restored.source}/{restored.record}.txt"


def _scan(folder: Path, columns: list[str], match: Any) -> list[dict[str, Any]]:
    table = ds.dataset(folder, format="parquet").to_table(columns=columns, filter=match)
    return list(_rows(table))


def _rows(table: Any) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches():
        yield from batch.to_pylist()
