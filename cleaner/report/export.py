"""What of a run may be shared, in a folder of its own: corpus, card and counts.

Left behind is all that can tell what stood in the originals: the ledger, the quarantine, examples
in reports, and, where a stage masked secrets, also the columns by which a value that is masked
could be found again by trying (the hash of an original tells a right guess from a wrong one).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import cleaner
from cleaner.errors import CleanerError, InputError, IntegrityError
from cleaner.io.corpus import corpus_files, in_order, read_manifest
from cleaner.io.output import UNIQUE
from cleaner.io.schema import SCHEMA_VERSION
from cleaner.io.store import write_bytes, write_json
from cleaner.io.verify import EXPORT, verify
from cleaner.registry import nearest
from cleaner.report.card import card, describe
from cleaner.report.croissant import croissant
from cleaner.report.secrecy import known_stage, veil_of_plugins
from cleaner.report.stats import RunReport, read_report
from cleaner.stages.base import Stage
from cleaner.stages.pii import Pii
from cleaner.stages.veil import HIDING_STAGES

ABOUT_ORIGINALS: Mapping[str, str] = MappingProxyType(
    {
        "content_hash": "a hash of the original, by which a masked value can be found by trying",
        "bad_bytes": "places in the originals",
        "passages": "places in the originals: they tell how long a masked value is",
        "near_duplicates": "places in the originals of other documents",
    }
)
"""Columns that are left out where secrets were masked, unless they are named; and why."""
ALWAYS = (
    ("ledger/", "what was masked, cut and dropped, word by word"),
    ("quarantine/", "raw bytes of records that could not be used"),
    ("duplicates/", "places in the originals of other documents"),
    ("reports/ but for counts", "examples of what was cut and masked"),
    ("settings and inputs of the manifest, config.yaml, run.log", "names and paths of the owner"),
)
"""What no export has; and why."""
_TOLD = frozenset({"doc_id", "text", "cluster_id", "lang", "encoding", "content_hash"})
"""Columns of text that need no look: made by the run, or (`text`) masked by it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported.

    Attributes:
        folder: where it is.
        documents: rows of the corpus.
        columns: names of its columns.
        is_same: whether the parts are byte for byte those of the run.
        left_out: (what, why).
        found: column → kind → how many are still there.
        files: name → bytes and sha256.
    """

    folder: Path
    documents: int
    columns: tuple[str, ...]
    is_same: bool
    left_out: tuple[tuple[str, str], ...]
    found: Mapping[str, Mapping[str, int]]
    files: Mapping[str, Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "folder": str(self.folder),
            "documents": self.documents,
            "columns": list(self.columns),
            "is_same": self.is_same,
            "left_out": [list(pair) for pair in self.left_out],
            "found": {column: dict(kinds) for column, kinds in self.found.items()},
            "files": dict(self.files),
        }


def export(
    run: Path,
    folder: Path,
    *,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    allow_found: bool = False,
    every: int = 1,
) -> Exported:
    """Copy what may be shared of a finished run to a new folder, all of it or nothing.

    Args:
        run: its folder.
        folder: is made; may be there if it is empty.
        columns: of the corpus; by default all, without `ABOUT_ORIGINALS` if secrets were masked.
        drop: columns that are left out.
        allow_found: whether personal data in columns beside the text is let through.
        every: documents of every so many-th part are restored to verify the run; 0: of none.

    Raises:
        InputError: the folder is no finished run, or a column does not exist.
        IntegrityError: the run does not verify.
        CleanerError: the target is not empty, or personal data was found and is not allowed.
    """
    manifest = read_manifest(run)
    if manifest.get("kind") == EXPORT:
        raise InputError(f"{run} is an export already; name the folder of the run itself")
    _check_target(run, folder)
    report = read_report(run)
    _check_run(run, every)
    stages = [known_stage(settings) for settings in manifest["config"]["stages"]]
    with ExitStack() as stack:
        if corpus_files(run, manifest).schema is not None:  # JSON lines are exported as Parquet
            run = stack.enter_context(in_order(run, manifest))
        return _export(run, folder, manifest, report, stages, columns, drop, allow_found)


def _export(
    run: Path,
    folder: Path,
    manifest: Mapping[str, Any],
    report: RunReport,
    stages: Sequence[Stage | None],
    columns: Sequence[str] | None,
    drop: Sequence[str],
    allow_found: bool,
) -> Exported:
    """The export of a run whose corpus is Parquet."""
    parts = corpus_files(run, manifest).names
    whole = pq.read_schema(run / parts[0])
    is_masked = bool(manifest.get(HIDING_STAGES)) or any(s.hides() for s in stages if s)
    chosen = _chosen(whole, columns, drop, is_masked=is_masked)
    schema = pa.schema([whole.field(name) for name in chosen], whole.metadata)
    found = _found(run, parts, schema, stages)
    if manifest.get(HIDING_STAGES):
        _add_hidden(found, run, parts, schema, manifest)
    if found and not allow_found:
        raise CleanerError(_refusal(found))
    left_out = (*ALWAYS, *((name, _why(name, drop)) for name in whole.names if name not in chosen))
    target = folder.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        files = _parts(run, parts, stage, schema, manifest)
        about = _about(report, manifest, stages, left_out, found, chosen)
        _texts(stage, report, manifest, stages, schema, files, left_out)
        files |= {p.name: _facts(p) for p in (stage / "README.md", stage / "croissant.json")}
        files["reports/report.json"] = _facts(stage / "reports" / "report.json")
        write_json(stage / "manifest.json", {**about, "files": dict(sorted(files.items()))})
        stage.chmod(0o777 & ~_umask())
        stage.rename(target)  # takes the place of an empty folder
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    return Exported(
        folder=folder,
        documents=manifest["documents"],
        columns=tuple(chosen),
        is_same=chosen == whole.names and set(parts) <= set(manifest["files"]),
        left_out=left_out,
        found=found,
        files=files,
    )


def _check_target(run: Path, folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CleanerError(f"{folder} is not an empty folder; choose a new one for the export")
    if folder.resolve().is_relative_to(run.resolve()):
        raise CleanerError(f"{folder} lies inside of the run; choose a folder elsewhere")


def _check_run(run: Path, every: int) -> None:
    """Refuse a run that `cleaner verify` finds fault with."""
    faults = [f"{c.name}: {fault}" for c in verify(run, every=every) for fault in c.faults]
    if faults:
        more = f" (and {len(faults) - 1:,} more)" if len(faults) > 1 else ""
        raise IntegrityError(
            f"{run} does not verify, so nothing is exported: {faults[0]}{more}; "
            "`cleaner verify` lists all; run the config again"
        )


def _chosen(
    schema: pa.Schema, columns: Sequence[str] | None, drop: Sequence[str], *, is_masked: bool
) -> list[str]:
    """Names of the columns, in the order of the corpus."""
    for name in (*(columns or ()), *drop):
        if name not in schema.names:
            close = nearest(name, schema.names)
            hint = f"did you mean {close!r}?" if close else f"there are: {', '.join(schema.names)}"
            raise InputError(f"the corpus has no column {name!r}; {hint}")
    kept = set(schema.names) if columns is None else set(columns)
    if columns is None and is_masked:
        kept -= set(ABOUT_ORIGINALS)
    found = [name for name in schema.names if name in kept - set(drop)]
    if not found:
        raise InputError("no column is left to export")
    return found


def _why(name: str, drop: Sequence[str]) -> str:
    if name in drop:
        return "dropped by --drop-columns"
    return ABOUT_ORIGINALS.get(name, "not named by --columns")


def _found(
    run: Path, parts: Sequence[str], schema: pa.Schema, stages: Sequence[Stage | None]
) -> dict[str, dict[str, int]]:
    """What the masking stages of a run find in the columns that they never saw."""
    from cleaner.pii.find import finder

    finders = [finder(s.options()) for s in stages if isinstance(s, Pii) and s.hides()]
    names = [f.name for f in schema if _is_text(f.type) and f.name not in _TOLD]
    found: dict[str, dict[str, int]] = {}
    if not (finders and names):
        return found
    for name, values in _columns(run, parts, names):
        for one in finders:
            flags = one.flags(values)
            for at in flags.nonzero()[0].tolist():
                for hit in one.find(values[at].as_py(), int(flags[at])):
                    mine = found.setdefault(name, {})
                    mine[hit.kind] = mine.get(hit.kind, 0) + 1
    return {name: dict(sorted(found[name].items())) for name in names if name in found}


def _add_hidden(
    found: dict[str, dict[str, int]],
    run: Path,
    parts: Sequence[str],
    schema: pa.Schema,
    manifest: Mapping[str, Any],
) -> None:
    """Add the values of columns in which something stands that the stage of a plugin took out."""
    hiders = veil_of_plugins(run, manifest).hiders
    kind = ", ".join(manifest[HIDING_STAGES])
    names = [f.name for f in schema if _is_text(f.type) and f.name not in _TOLD]
    for name, values in _columns(run, parts, names):
        count = sum(any(hide(v) != v for hide in hiders) for v in values.to_pylist())
        if count:
            mine = found.setdefault(name, {})
            mine[kind] = mine.get(kind, 0) + count


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return bool(pa.types.is_string(kind.value_type))
    return bool(pa.types.is_string(kind))


def _columns(
    run: Path, parts: Sequence[str], names: Sequence[str]
) -> Iterator[tuple[str, pa.StringArray]]:
    """The texts of columns, a row group at a time, without nulls."""
    for part in parts:
        with pq.ParquetFile(run / part) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=list(names))
                for name in names:
                    column = table.column(name).combine_chunks()
                    if pa.types.is_list(column.type):
                        column = pc.list_flatten(column)
                    yield name, column.drop_null()


def _refusal(found: Mapping[str, Mapping[str, int]]) -> str:
    told = "; ".join(
        f"{column}: {', '.join(f'{count:,} {kind}' for kind, count in kinds.items())}"
        for column, kinds in found.items()
    )
    names = ",".join(found)
    return (
        "the text is masked, but other columns still hold what the config masks, so nothing is "
        f"exported ({told}); leave them out with --drop-columns {names}, or let it through with "
        "--allow-found"
    )


def _parts(
    run: Path, parts: Sequence[str], stage: Path, schema: pa.Schema, manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """The corpus: copied as it is, or without some columns. Size and hash of each part."""
    files = {}
    for name in parts:
        source, target = run / name, stage / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name in manifest["files"] and pq.read_schema(source).names == schema.names:
            shutil.copyfile(source, target)
            files[name] = _facts(target)
            if files[name] != manifest["files"][name]:
                raise IntegrityError(f"{source} changed while it was copied; export again")
        else:
            _write(source, target, schema, manifest["config"]["write"]["compression_level"])
            files[name] = _facts(target)
    return files


def _write(source: Path, target: Path, schema: pa.Schema, level: int) -> None:
    """A part with these columns alone, in the same row groups."""
    with (
        pq.ParquetFile(source) as file,
        pq.ParquetWriter(
            target,
            schema,
            compression="zstd",
            compression_level=level,
            use_dictionary=[name for name in schema.names if name not in UNIQUE],
        ) as writer,
    ):
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=schema.names).cast(schema)
            writer.write_table(table, row_group_size=max(1, table.num_rows))


def _about(
    report: RunReport,
    manifest: Mapping[str, Any],
    stages: Sequence[Stage | None],
    left_out: Sequence[tuple[str, str]],
    found: Mapping[str, Mapping[str, int]],
    columns: Sequence[str],
) -> dict[str, Any]:
    """The manifest of an export, but for its files: the same for the same run and choice."""
    steps = [
        {"name": r.name, "use": r.use, "version": s.version if s else None}
        for r, s in zip(report.stages[1:], stages, strict=True)
    ]
    return {
        "kind": EXPORT,
        "cleaner": cleaner.__version__,
        "schema": SCHEMA_VERSION,
        "name": report.name,
        "documents": manifest["documents"],
        "stages": steps,
        "columns": list(columns),
        "left_out": [{"what": what, "why": why} for what, why in left_out],
        "found": found,
    }


def _texts(
    stage: Path,
    report: RunReport,
    manifest: Mapping[str, Any],
    stages: Sequence[Stage | None],
    schema: pa.Schema,
    files: Mapping[str, Any],
    left_out: Sequence[tuple[str, str]],
) -> None:
    """Card, Croissant and counts."""
    counts = replace(report, stages=tuple(map(_without_examples, report.stages)))
    (stage / "reports").mkdir()
    write_json(stage / "reports" / "report.json", counts.to_json())
    inputs = manifest["inputs"] if "source" in schema.names else []
    shown = {**manifest, "inputs": inputs, "files": files}
    known = [s for s in stages if s is not None]
    text = card(counts, shown, known, schema, left_out=left_out)
    write_bytes(stage / "README.md", text.encode())
    write_json(stage / "croissant.json", croissant(shown, schema, describe(report)))


def _without_examples(stage: Any) -> Any:
    rules = {name: {**facts, "samples": []} for name, facts in stage.rules.items()}
    return replace(stage, rules=rules)


def _facts(path: Path) -> dict[str, Any]:
    """Size and hash of a file, as manifests have them."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
