"""The corpus of a finished run, whatever its layout: its files, its rows, and a view in order.

A plain corpus lies in parts, `corpus/part-00000.parquet` and so on, in order of the documents; part
for part it has the documents of `ledger/`. Where a config asks for another order, other folders or
JSON lines, those who need that are given a view of the run that has it, in a temporary folder.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from cleaner.errors import InputError, IntegrityError
from cleaner.io import exchange
from cleaner.io.json_lines import read_lines
from cleaner.io.output import RowGroups
from cleaner.io.places import ENDINGS, ROOTS
from cleaner.io.sealed import Sealed

_SORT = ("#label", "#path", "#record")
"""The order of the documents: of the label and path of their sources, and of their records."""
_IN_ORDER = ".in-order"
"""A file that says that a folder is a view of a run, with a plain corpus."""
_AT_ONCE = 64 << 20
"""Bytes of rows that are sorted at a time."""


@dataclass(frozen=True, slots=True)
class CorpusFiles:
    """The files of a run's corpus.

    Attributes:
        run: its folder.
        names: of the files, below that, sorted.
        schema: of the files; None if they are Parquet and say it themselves.
        parts: source and record of the first document of each part of the ledger; None where the
            corpus is plain.
    """

    run: Path
    names: tuple[str, ...]
    schema: pa.Schema | None
    parts: tuple[tuple[str, int], ...] | None

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [self.run / name for name in self.names]

    def rows(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a file in order, a few thousand at a time.

        Raises:
            IntegrityError: the file is damaged.
        """
        if self.schema is not None:
            yield from read_lines(self.run / name, self.schema, columns)
            return
        wanted = None if columns is None else list(columns)
        with pq.ParquetFile(self.run / name) as file:
            for batch in file.iter_batches(4096, columns=wanted):
                yield batch if wanted is None else batch.select(wanted)

    def all_rows(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of all files."""
        for name in self.names:
            yield from self.rows(name, columns)

    def count(self, name: str) -> int:
        """Rows of a file."""
        if self.schema is None:
            return int(pq.read_metadata(self.run / name).num_rows)
        return sum(batch.num_rows for batch in read_lines(self.run / name, self.schema, ["doc_id"]))


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


def is_corpus(name: str) -> bool:
    """Whether a name of a manifest is that of a file of the corpus."""
    return name.startswith(tuple(f"{root}/" for root in ROOTS.values()))


def corpus_files(run: Path, manifest: Mapping[str, Any] | None = None) -> CorpusFiles:
    """The corpus of a finished run; `manifest` is the run's, if it was read already.

    Raises:
        InputError: the folder is no finished run.
        IntegrityError: its manifest is damaged.
    """
    if (run / _IN_ORDER).exists():
        parts_of_view = sorted((run / "corpus").iterdir())
        names = tuple(path.relative_to(run).as_posix() for path in parts_of_view)
        return CorpusFiles(run, names, None, None)
    manifest = read_manifest(run) if manifest is None else manifest
    try:
        names = tuple(sorted(name for name in manifest["files"] if is_corpus(name)))
        parts = manifest.get("parts")
        schema = None
        if any(name.endswith(ENDINGS["jsonl"]) for name in names):
            schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(manifest["columns"])))
        places = None if parts is None else tuple((str(s), int(r)) for s, r in parts)
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise IntegrityError(f"{run}/manifest.json is damaged ({error!r})") from None
    return CorpusFiles(run, names, schema, places)


@contextmanager
def in_order(run: Path, manifest: Mapping[str, Any] | None = None) -> Iterator[Path]:
    """A folder that holds the run as if its corpus was plain; the run's own if it is.

    The corpus is sorted anew in a temporary folder, a bounded number of rows at a time; that takes
    about the space of its text, and half of that again.

    Raises:
        InputError: the folder is no finished run.
        IntegrityError: one of its files is damaged.
    """
    files = corpus_files(run, manifest)
    if files.parts is None:
        yield run
        return
    with tempfile.TemporaryDirectory(prefix="cleaner-corpus-") as name:
        view = Path(name)
        (view / "corpus").mkdir()
        _sort(files, files.parts, view / "rows.arrow", view / "corpus")
        (view / "rows.arrow").unlink()
        link_rest(run, view)
        yield view


def link_rest(run: Path, view: Path) -> None:
    """Make a folder with a plain corpus a view of a run: give it everything else of that."""
    (view / _IN_ORDER).touch()
    for path in run.resolve().iterdir():
        if path.name not in ROOTS.values():
            (view / path.name).symlink_to(path, target_is_directory=path.is_dir())


def _sort(files: CorpusFiles, parts: Sequence[tuple[str, int]], rows: Path, folder: Path) -> None:
    """Write the corpus of a run in plain parts, as `parts` cut it."""
    schema = files.schema if files.schema is not None else pq.read_schema(files.paths[0])
    out = exchange.Runs(rows, pa.schema([*_PLACE, *schema]), _SORT, _AT_ONCE)
    for batch in files.all_rows(schema.names):
        out.write(_with_place(batch))
    out.close()
    bounds: list[tuple[Any, ...] | None] = [(*_split(source), n) for source, n in parts]
    bounds.append(None)
    file = Sealed(rows)
    for number in range(len(parts)):
        writer = RowGroups(folder / f"part-{number:05d}.parquet", schema, 2_000, 1, "text")
        slices = list(exchange.between(file, _SORT, bounds[number], bounds[number + 1]))
        for batch in exchange.merged(slices, _SORT, bytes_at_once=_AT_ONCE):
            columns = [batch.column(name) for name in schema.names]
            writer.write(pa.Table.from_arrays(columns, schema=schema))
        writer.close()


_PLACE = pa.schema([("#label", pa.string()), ("#path", pa.string()), ("#record", pa.int64())])


def _with_place(rows: pa.RecordBatch) -> pa.Table:
    """The rows with what they are sorted by."""
    sources = [_split(source) for source in rows.column("source").to_pylist()]
    columns = [
        pa.array([label for label, _ in sources], pa.string()),
        pa.array([path for _, path in sources], pa.string()),
        rows.column("record"),
        *rows.columns,
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema([*_PLACE, *rows.schema]))


def _split(source: str) -> tuple[str, str]:
    label, _, path = source.partition("/")
    return label, path


def ledger_of(run: Path) -> Path:
    """The folder of a run's ledger.

    Raises:
        InputError: there is none: it is what `cleaner export` leaves out.
    """
    ledger = run / "ledger"
    if not ledger.is_dir():
        raise InputError(f"{run} has no ledger, as a run that was exported; ask the run itself")
    return ledger


def matching(files: CorpusFiles, columns: Sequence[str], prefix: str) -> list[dict[str, Any]]:
    """The rows of documents whose id begins with `prefix`."""
    found: list[dict[str, Any]] = []
    for name in files.names:
        if files.schema is None:
            wanted = pc.starts_with(pc.field("doc_id"), prefix)
            dataset = ds.dataset(files.run / name, format="parquet")
            found += dataset.to_table(columns=list(columns), filter=wanted).to_pylist()
            continue
        for batch in files.rows(name, columns):
            at = np.flatnonzero(
                pc.starts_with(batch.column("doc_id"), prefix).to_numpy(zero_copy_only=False)
            )
            found += batch.take(pa.array(at)).to_pylist()
    return found
