"""A finished run, checked from its folder alone: checksums, schemas, counts, copies, originals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from cleaner.errors import InputError, IntegrityError
from cleaner.io.restore import restore_part
from cleaner.io.schema import CLUSTERS, CORPUS, LEDGER, PAIRS, QUARANTINE, SCHEMA_VERSION

_SCHEMAS = {
    "corpus/part": CORPUS,
    "ledger/part": LEDGER,
    "duplicates/pairs": PAIRS,
    "duplicates/clusters": CLUSTERS,
    "quarantine/part": QUARANTINE,
}
_FOLDERS = ("corpus", "ledger", "duplicates", "quarantine", "reports")
_UNLISTED = {"reports/timings.json", "reports/report.html", "reports/audit.json"}
EXPORT = "export"
"""The `kind` of a manifest that `cleaner export` wrote; that of a run has none."""
_CHARS = ("chars_kept", "chars_rewritten", "chars_cut", "chars_dropped", "chars_quarantined")


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of check: of what, of how many, and what is wrong (empty if all is well)."""

    name: str
    looked_at: int
    faults: tuple[str, ...]


def verify(run: Path, *, every: int = 1) -> Iterator[Check]:
    """Check a finished run; each check is reported as it is done.

    Args:
        run: the run's folder.
        every: restore the documents of every so many-th part; 0 restores none.

    Raises:
        InputError: the folder is no finished run.
    """
    manifest = read_manifest(run)
    checks: dict[str, Callable[[], Check]] = {
        "checksums": lambda: _checksums(run, manifest),
        "schemas": lambda: _schemas(run),
        "balance": lambda: _balance(run, manifest),
        "copies": lambda: _copies(run),
    }
    if manifest.get("kind") == EXPORT:
        checks = {"checksums": checks["checksums"]}
    elif every:
        checks["restore"] = lambda: _restores(run, every)
    for name, check in checks.items():
        try:
            yield check()
        except (pa.ArrowException, ValueError, KeyError, TypeError) as error:  # damaged files
            yield Check(name, 0, (f"a file cannot be read: {type(error).__name__}: {error}",))


def read_manifest(run: Path) -> dict[str, Any]:
    """The manifest of a finished run.

    Raises:
        InputError: there is none, or it is damaged.
    """
    try:
        manifest: dict[str, Any] = json.loads((run / "manifest.json").read_bytes())
    except OSError:
        raise InputError(f"{run} is not a finished run (no manifest.json in it)") from None
    except ValueError as error:
        raise InputError(f"{run}/manifest.json is damaged ({error})") from None
    return manifest


def _checksums(run: Path, manifest: dict[str, Any]) -> Check:
    """Every file that the manifest names is there as it was written; no other lies beside them."""
    faults = []
    for name, facts in manifest["files"].items():
        path = run / name
        if not path.is_file():
            faults.append(f"{name} is missing")
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != facts["sha256"]:
            faults.append(f"{name} was changed (sha256 differs)")
    for folder in _FOLDERS:
        for path in sorted((run / folder).rglob("*")):
            name = path.relative_to(run).as_posix()
            if path.is_file() and name not in manifest["files"] and name not in _UNLISTED:
                faults.append(f"{name} is not named by the manifest")
    return Check("checksums", len(manifest["files"]), tuple(faults))


def _schemas(run: Path) -> Check:
    """Every Parquet file has the columns and types of this version."""
    faults, looked_at = [], 0
    for path in sorted(run.glob("*/*.parquet")):
        name = path.relative_to(run).as_posix()
        wanted = _SCHEMAS.get(name.rpartition("-")[0])
        if wanted is None:
            continue
        looked_at += 1
        try:
            schema = pq.read_schema(path)
        except (OSError, pa.ArrowInvalid) as error:
            faults.append(f"{name} cannot be read: {error}")
            continue
        version = (schema.metadata or {}).get(b"cleaner.schema_version", b"none").decode()
        if version != str(SCHEMA_VERSION):
            faults.append(f"{name} has schema version {version}, this is {SCHEMA_VERSION}")
        for field in wanted:
            index = schema.get_field_index(field.name)
            if index < 0 or schema.field(index).type != field.type:
                faults.append(f"{name}: column {field.name} is missing or of another type")
    return Check("schemas", looked_at, tuple(faults))


def _balance(run: Path, manifest: dict[str, Any]) -> Check:
    """The books of the report balance, and the corpus has as many documents as they say."""
    report = json.loads((run / "reports" / "report.json").read_bytes())
    faults = []
    for stage in report["stages"]:
        docs = stage["docs_out"] + stage["docs_dropped"] + stage["docs_quarantined"]
        if stage["docs_in"] != docs or stage["chars_in"] != sum(stage[c] for c in _CHARS):
            faults.append(f"{stage['name']}: what went in is not what came out")
    rows = sum(pq.read_metadata(p).num_rows for p in (run / "corpus").glob("*.parquet"))
    for what, number in (
        ("manifest", manifest["documents"]),
        ("report", report["corpus"]["documents"]),
    ):
        if number != rows:
            faults.append(f"the {what} says {number} documents, the corpus has {rows}")
    ids = ds.dataset(run / "corpus").to_table(columns=["doc_id"]).column("doc_id")
    if pc.count_distinct(ids).as_py() != rows:
        faults.append("a doc_id occurs twice")
    return Check("balance", len(report["stages"]), tuple(faults))


def _copies(run: Path) -> Check:
    """Every copy that went has a kept document in the corpus, by way of other copies.

    One that is a copy of a document of an index (it has a similarity, and no kept document) is at
    the end of its way: what stays is in the corpus of an earlier run.
    """
    alive = set(
        ds.dataset(run / "corpus").to_table(columns=["doc_id"]).column("doc_id").to_pylist()
    )
    copies = ds.dataset(run / "ledger").to_table(
        columns=["doc_id", "kept_doc_id", "action"], filter=pc.field("kept_doc_id").is_valid()
    )
    kept_by = {
        row["doc_id"]: row["kept_doc_id"] for row in copies.to_pylist() if row["action"] == "drop"
    }
    known = _known_elsewhere(run)
    ends = alive | known
    faults = []
    for doc_id in sorted(kept_by.keys() | known):
        last = _end_of(doc_id, kept_by, ends)
        if doc_id in alive:
            faults.append(f"document {doc_id} was dropped as a copy and is in the corpus")
        elif last not in ends:
            faults.append(
                f"document {doc_id} was dropped as a copy of {last}, which is not in the corpus"
            )
    for doc_id in sorted(
        {row["kept_doc_id"] for row in copies.to_pylist() if row["action"] == "cut"}
    ):
        last = _end_of(doc_id, kept_by, ends)
        if last not in ends:
            faults.append(f"passages were cut as copies of {last}, which is not in the corpus")
    clusters = sorted((run / "duplicates").glob("clusters-*.parquet"))
    for path in clusters:
        kept = pq.read_table(path, columns=["cluster_id"]).column("cluster_id").to_pylist()
        faults += [f"cluster {c} keeps no document" for c in kept if c not in alive]
    return Check("copies", copies.num_rows + len(known), tuple(faults))


def _known_elsewhere(run: Path) -> set[str]:
    """The documents that went because an index holds a copy of them."""
    is_drop = (pc.field("action") == "drop") & pc.field("kept_doc_id").is_null()
    rows = ds.dataset(run / "ledger").to_table(
        columns=["doc_id"], filter=is_drop & pc.field("similarity").is_valid()
    )
    return set(rows.column("doc_id").to_pylist())


def _end_of(doc_id: str, kept_by: dict[str, str], ends: set[str]) -> str:
    """The document that stays for this one: copies of copies lead to it."""
    seen = {doc_id}
    while doc_id not in ends and doc_id in kept_by and kept_by[doc_id] not in seen:
        doc_id = kept_by[doc_id]
        seen.add(doc_id)
    return doc_id


def _restores(run: Path, every: int) -> Check:
    """Documents come back with the hash that was recorded when they were read."""
    faults: list[str] = []
    looked_at = 0
    for part in sorted((run / "corpus").glob("part-*.parquet"))[::every]:
        for restored in restore_part(run, part.name):
            looked_at += 1
            if isinstance(restored, IntegrityError):
                faults.append(str(restored))
    return Check("restore", looked_at, tuple(faults))
