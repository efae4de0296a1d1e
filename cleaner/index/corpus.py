"""The documents that a finished run kept, for an index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.errors import InputError, IntegrityError
from cleaner.io.corpus import CorpusFiles, corpus_files, read_manifest
from cleaner.io.places import ROOTS
from cleaner.io.schema import SCHEMA_VERSION
from cleaner.io.store import hash_file

COLUMNS = ["doc_id", "source", "record", "n_chars", "text"]
_KINDS = [pa.string(), pa.string(), pa.int64(), pa.int64(), pa.string()]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A finished run.

    Attributes:
        folder: of the run.
        name: that its config gives it.
        digest: xxh3-128 of its manifest, which names the hashes of all its files.
        documents: how many its corpus has.
        stages: its config's stages, as plain data.
        files: of its corpus.
        parts: the names of these, in order, with their sha256.
    """

    folder: Path
    name: str
    digest: str
    documents: int
    stages: tuple[dict[str, Any], ...]
    files: CorpusFiles
    parts: tuple[tuple[str, str], ...]


def open_corpus(run: Path) -> Corpus:
    """Look into a run.

    Raises:
        InputError: the folder is no finished run, or one of another version.
        IntegrityError: its manifest is damaged, or names other files than there are.
    """
    manifest = read_manifest(run)
    try:
        if manifest["schema"] != SCHEMA_VERSION:
            raise InputError(
                f"{run} is a run of another version of cleaner (schema {manifest['schema']}, "
                f"this is {SCHEMA_VERSION}); run its config again"
            )
        files = corpus_files(run, manifest)
        hashes = [str(manifest["files"][name]["sha256"]) for name in files.names]
        name, stages = str(manifest["config"]["name"]), list(manifest["config"]["stages"])
        documents = int(manifest["documents"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IntegrityError(f"{run}/manifest.json is damaged ({error!r})") from None
    found = {path for root in ROOTS.values() for path in (run / root).rglob("*") if path.is_file()}
    if found != set(files.paths):
        raise _changed(run / "corpus", "other files than the run wrote", run)
    digest = hash_file(run / "manifest.json")[1]
    parts = tuple(zip(files.names, hashes, strict=True))
    return Corpus(run, name[:200], digest, documents, tuple(stages), files, parts)


def texts_of(corpus: Corpus) -> Iterator[pa.RecordBatch]:
    """Its documents with `COLUMNS`, a row group at a time.

    Raises:
        IntegrityError: a file is not what the run wrote.
    """
    documents = 0
    for name, sha256 in corpus.parts:
        path = corpus.folder / name
        try:
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                    raise _changed(path, "it was changed (sha256 differs)", corpus.folder)
            for table in _tables(corpus.files, name):
                rows = _checked(table.select(COLUMNS).combine_chunks(), path)
                documents += rows.num_rows
                yield rows
        except (OSError, KeyError, pa.ArrowException) as error:
            raise _changed(path, str(error), corpus.folder) from None
    if documents != corpus.documents:
        what = f"{documents} documents instead of {corpus.documents}"
        raise _changed(corpus.folder / "corpus", what, corpus.folder)


def _tables(files: CorpusFiles, name: str) -> Iterator[pa.Table]:
    """The rows of a file, a row group or some hundred at a time."""
    if files.schema is not None:
        for batch in files.rows(name, COLUMNS):
            yield pa.Table.from_batches([batch])
        return
    with pq.ParquetFile(files.run / name) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=COLUMNS, use_threads=False)


def _checked(table: pa.Table, path: Path) -> pa.RecordBatch:
    """The rows of a row group in one batch."""
    kinds = [field.type for field in table.schema]
    if kinds != _KINDS or any(column.null_count for column in table.columns):
        raise pa.ArrowInvalid(f"{path.name} has other columns than a corpus")
    batches = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)


def _changed(path: Path, what: str, run: Path) -> IntegrityError:
    return IntegrityError(f"{path}: {what}; `cleaner verify {run}` says what was changed")
