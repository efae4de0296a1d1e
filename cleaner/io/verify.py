"""A finished run, checked from its folder alone: checksums, schemas, counts, copies, originals."""

from __future__ import annotations

import errno
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

from cleaner.errors import IntegrityError
from cleaner.io.corpus import CorpusFiles, corpus_files, in_order, is_corpus, read_manifest
from cleaner.io.restore import restore_part
from cleaner.io.schema import CLUSTERS, CORPUS, LEDGER, PAIRS, QUARANTINE, SCHEMA_VERSION

_SCHEMAS = {
    "ledger/part": LEDGER,
    "duplicates/pairs": PAIRS,
    "duplicates/clusters": CLUSTERS,
    "quarantine/part": QUARANTINE,
}
_FOLDERS = ("corpus", "data", "ledger", "duplicates", "quarantine", "reports")
_UNLISTED = {"reports/timings.json", "reports/report.html", "reports/audit.json"}
EXPORT = "export"
"""The `kind` of a manifest that `cleaner export` wrote; that of a run has none."""
_DAMAGED = (pa.ArrowException, ValueError, KeyError, TypeError, IntegrityError, OSError)
"""What reading a damaged file may raise."""
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
    corpus = corpus_files(run, manifest)
    checks: dict[str, Callable[[], Check]] = {
        "checksums": lambda: _checksums(run, manifest),
        "schemas": lambda: _schemas(run, corpus),
        "balance": lambda: _balance(run, manifest, corpus),
        "copies": lambda: _copies(run, manifest, corpus),
    }
    if manifest.get("kind") == EXPORT:
        checks = {"checksums": checks["checksums"]}
    elif every:
        checks["restore"] = lambda: _restores(run, manifest, every)
    for name, check in checks.items():
        try:
            yield check()
        except _DAMAGED as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise  # of the folder for temporary files
            yield Check(name, 0, (f"a file cannot be read: {type(error).__name__}: {error}",))


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


def _schemas(run: Path, corpus: CorpusFiles) -> Check:
    """Every Parquet file has the columns and types of this version."""
    faults: list[str] = []
    looked_at = 0
    if corpus.schema is not None:
        faults += _differences("manifest.json", corpus.schema)
    for path in sorted(run.rglob("*.parquet")):
        name = path.relative_to(run).as_posix()
        wanted = CORPUS if is_corpus(name) else _SCHEMAS.get(name.rpartition("-")[0])
        if wanted is None or name.startswith("work/"):
            continue
        looked_at += 1
        try:
            schema = pq.read_schema(path)
        except (OSError, pa.ArrowInvalid) as error:
            faults.append(f"{name} cannot be read: {error}")
            continue
        faults += _differences(name, schema, wanted)
    return Check("schemas", looked_at, tuple(faults))


def _differences(name: str, schema: pa.Schema, wanted: pa.Schema = CORPUS) -> Iterator[str]:
    """What is wrong with the schema of a file."""
    version = (schema.metadata or {}).get(b"cleaner.schema_version", b"none").decode()
    if version != str(SCHEMA_VERSION):
        yield f"{name} has schema version {version}, this is {SCHEMA_VERSION}"
    for field in wanted:
        index = schema.get_field_index(field.name)
        if index < 0 or schema.field(index).type != field.type:
            yield f"{name}: column {field.name} is missing or of another type"


def _balance(run: Path, manifest: dict[str, Any], corpus: CorpusFiles) -> Check:
    """The books of the report balance, and the corpus has as many documents as they say."""
    report = json.loads((run / "reports" / "report.json").read_bytes())
    faults = []
    for stage in report["stages"]:
        docs = stage["docs_out"] + stage["docs_dropped"] + stage["docs_quarantined"]
        if stage["docs_in"] != docs or stage["chars_in"] != sum(stage[c] for c in _CHARS):
            faults.append(f"{stage['name']}: what went in is not what came out")
    ids = _ids(corpus)
    rows = len(ids)
    for what, number in (
        ("manifest", manifest["documents"]),
        ("report", report["corpus"]["documents"]),
    ):
        if number != rows:
            faults.append(f"the {what} says {number} documents, the corpus has {rows}")
    if pc.count_distinct(ids).as_py() != rows:
        faults.append("a doc_id occurs twice")
    return Check("balance", len(report["stages"]), tuple(faults))


def _ids(corpus: CorpusFiles) -> pa.ChunkedArray:
    """The ids of all documents of a corpus."""
    batches = list(corpus.all_rows(["doc_id"]))
    return pa.chunked_array([b.column("doc_id") for b in batches], pa.string())


def _copies(run: Path, manifest: dict[str, Any], corpus: CorpusFiles) -> Check:
    """Every copy that went has a kept document in the corpus, by way of other copies.

    One that is a copy of a document of an index (it has a similarity, and no kept document) is at
    the end of its way: what stays is in the corpus of an earlier run. So is one that stayed, and
    that a stage which thins the corpus (`sample`) dropped afterwards.
    """
    alive = set(_ids(corpus).to_pylist())
    copies = ds.dataset(run / "ledger").to_table(
        columns=["doc_id", "kept_doc_id", "action"], filter=pc.field("kept_doc_id").is_valid()
    )
    kept_by = {
        row["doc_id"]: row["kept_doc_id"] for row in copies.to_pylist() if row["action"] == "drop"
    }
    known = _known_elsewhere(run)
    ends = alive | known | _thinned(run, manifest)
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


def _thinned(run: Path, manifest: dict[str, Any]) -> set[str]:
    """The documents that a stage dropped which thins the corpus on purpose."""
    stages = manifest.get("thinning", [])
    if not stages:
        return set()
    is_drop = (pc.field("action") == "drop") & pc.field("stage").isin(stages)
    rows = ds.dataset(run / "ledger").to_table(columns=["doc_id"], filter=is_drop)
    return set(rows.column("doc_id").to_pylist())


def _end_of(doc_id: str, kept_by: dict[str, str], ends: set[str]) -> str:
    """The document that stays for this one: copies of copies lead to it."""
    seen = {doc_id}
    while doc_id not in ends and doc_id in kept_by and kept_by[doc_id] not in seen:
        doc_id = kept_by[doc_id]
        seen.add(doc_id)
    return doc_id


def _restores(run: Path, manifest: dict[str, Any], every: int) -> Check:
    """Documents come back with the hash that was recorded when they were read."""
    faults: list[str] = []
    looked_at = 0
    with in_order(run, manifest) as folder:
        for part in sorted((folder / "corpus").glob("part-*.parquet"))[::every]:
            for restored in restore_part(folder, part.name):
                looked_at += 1
                if isinstance(restored, IntegrityError):
                    faults.append(str(restored))
    return Check("restore", looked_at, tuple(faults))
