"""From committed parts to the output folder: staged, checked, renamed; what is not named goes."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import cleaner
from cleaner.config.load import resolved_yaml
from cleaner.dedup.minhash import ALGORITHM
from cleaner.engine.context import Context
from cleaner.engine.memory import available_cpus
from cleaner.errors import CleanerError, IntegrityError
from cleaner.io.corpus import link_rest
from cleaner.io.output import RowGroups, corpus_schema
from cleaner.io.places import ROOTS
from cleaner.io.schema import QUARANTINE, SCHEMA_VERSION
from cleaner.io.sealed import Sealed
from cleaner.io.store import (
    Manifest,
    Output,
    clear,
    hash_file,
    link_or_copy,
    write_bytes,
    write_json,
)
from cleaner.plugins import is_ours
from cleaner.registry import plugins_of
from cleaner.report.card import card, describe
from cleaner.report.croissant import croissant
from cleaner.report.html import write_page
from cleaner.report.stats import RunReport, from_json
from cleaner.stages.veil import HIDING_STAGES

FOLDERS = ("corpus", "data", "ledger", "duplicates", "quarantine", "reports")
"""What may be in a run; the corpus is in one of the first two, see `cleaner.io.places.ROOTS`."""
CARDS = ("README.md", "croissant.json")
_OWN = {*FOLDERS, *CARDS, "review", "work", "manifest.json", "config.yaml", "run.log"}


def check_folder(output: Path) -> None:
    """Refuse a folder that holds anything but a run.

    Raises:
        CleanerError: it does.
    """
    if not output.exists():
        return
    if not output.is_dir():
        raise CleanerError(f"{output} is a file; choose another --output")
    is_run = (output / "manifest.json").exists() or (output / "work").exists()
    own = _OWN if is_run else _OWN - set(CARDS)  # a README.md of somebody is not overwritten
    if not _has_own_data(output):
        own = own - {"data"}  # a name that people use, too
    foreign = sorted(p.name for p in output.iterdir() if p.name not in own)
    if foreign:
        raise CleanerError(
            f"{output} holds files that are not of a run ({', '.join(foreign[:3])}"
            f"{', …' if len(foreign) > 3 else ''}); "
            "choose an empty or new folder as --output"
        )


def _has_own_data(output: Path) -> bool:
    """Whether the folder `data` is a run's: it is named, or was put there when the run died."""
    try:
        manifest = json.loads((output / "manifest.json").read_bytes())
        return any(name.startswith("data/") for name in manifest["files"])
    except FileNotFoundError:
        return (output / "work" / "publish").exists()
    except (OSError, ValueError, KeyError, TypeError):
        return False


def finished(output: Path, identity: str) -> RunReport | None:
    """The report of a finished run of this identity, if its files are still there; else None."""
    try:
        manifest = json.loads((output / "manifest.json").read_bytes())
        timings = json.loads((output / "reports" / "timings.json").read_bytes())
        report = json.loads((output / "reports" / "report.json").read_bytes())
    except (OSError, ValueError):
        return None
    if timings.get("identity") != identity or (output / "work" / "publish").exists():
        return None
    for name, facts in manifest["files"].items():
        try:
            if (output / name).stat().st_size != facts["bytes"]:
                return None
        except OSError:
            return None
    return from_json(report, output, timings)


def publish(
    context: Context,
    report: RunReport,
    manifests: Sequence[Sequence[Manifest]],
    identity: str,
    timings: dict[str, Any],
) -> None:
    """Put the output in place. The manifest comes last: a folder without one is not finished.

    Raises:
        IntegrityError: a part is not what its task committed.
    """
    output = context.work.parent
    stage = context.work / "publish"
    clear(stage)
    corpus = ROOTS[context.config.write.layout]
    folders = [name for name in FOLDERS if name not in ROOTS.values() or name == corpus]
    for name in folders:
        (stage / name).mkdir(parents=True)
    written = manifests[context.write_phase]
    _parts(context, written, stage)
    if context.places:
        _placed(context, manifests[-1], stage)
    _quarantine(context, manifests, stage / "quarantine" / "part-00000.parquet")
    _reports(report, stage / "reports")
    paths = sorted(p for p in stage.rglob("*") if p.is_file())
    with ThreadPoolExecutor(available_cpus()) as pool:
        facts = list(pool.map(_facts, paths))
    files = {p.relative_to(stage).as_posix(): f for p, f in zip(paths, facts, strict=True)}
    manifest = _manifest(context, manifests[0], report, files)
    if context.places:
        manifest["parts"] = [m.counts["placed"]["first"] for m in written]
    thinning = [stage.name for stage in context.stages if stage.thins]
    if thinning:
        manifest["thinning"] = thinning
    if context.config.write.format == "jsonl":
        schema = corpus_schema(context.published)
        manifest["columns"] = base64.b64encode(schema.serialize()).decode()
    _cards(context, report, manifest, stage)
    files |= {name: _facts(stage / name) for name in CARDS}
    write_bytes(stage / "config.yaml", resolved_yaml(context.config).encode())
    write_json(stage / "manifest.json", manifest)
    write_json(stage / "reports" / "timings.json", {"identity": identity, **timings})
    with _in_order(context, stage) as view:
        write_page(view)
    (output / "manifest.json").unlink(missing_ok=True)
    for name in FOLDERS:
        clear(output / name)
        if name in folders:
            (stage / name).rename(output / name)
    for name in (*CARDS, "config.yaml"):
        (stage / name).replace(output / name)
    (stage / "manifest.json").replace(output / "manifest.json")
    clear(stage)


def remove_work(work: Path) -> None:
    """Remove what only a resume needs."""
    clear(work)


def first_bad(context: Context, manifests: Sequence[Sequence[Manifest]]) -> str:
    """Where the first bad record is and what is wrong with it."""
    for rows in quarantine_rows(context, manifests):
        if rows.num_rows:
            row = rows.slice(0, 1).to_pylist()[0]
            record = "" if row["record"] is None else f", record {row['record']}"
            return f"{row['source']}{record}: {row['reason']}: {row['detail']}"
    return "none"


def quarantine_rows(
    context: Context, manifests: Sequence[Sequence[Manifest]]
) -> Iterator[pa.RecordBatch]:
    """All quarantine rows: those of reading first, in order of the input; then of each phase."""
    file_of = {f.source: i for i, f in enumerate(context.files)}
    for phase, tasks in zip(context.phases, manifests, strict=False):
        if phase.kind not in ("read", "map"):
            continue
        for index, manifest in enumerate(tasks):
            if not manifest.counts["quarantine"]:
                continue
            before = context.records[index] if phase.kind == "read" and context.records else {}
            rows = Sealed(context.folder(phase.number) / f"{index:05d}.quarantine.arrow")
            for i in range(rows.num_record_batches):
                yield _absolute(rows.get_batch(i), before, file_of)


def _absolute(
    rows: pa.RecordBatch, before: dict[int, int], file_of: dict[str, int]
) -> pa.RecordBatch:
    """Record numbers within the file, from those within the chunk."""
    if not any(before.values()):
        return rows
    numbers = [
        None if record is None else record + before.get(file_of.get(source, -1), 0)
        for source, record in zip(
            rows.column("source").to_pylist(), rows.column("record").to_pylist(), strict=True
        )
    ]
    return rows.set_column(
        rows.schema.get_field_index("record"),
        rows.schema.field("record"),
        pa.array(numbers, pa.int64()),
    )


def _parts(context: Context, written: Sequence[Manifest], stage: Path) -> None:
    folder = context.folder(context.write_phase)
    targets = {
        "corpus": "corpus/part",
        "ledger": "ledger/part",
        "pairs": "duplicates/pairs",
        "clusters": "duplicates/clusters",
    }
    for index, manifest in enumerate(written):
        for part in manifest.outputs:
            kind = part.name.split(".")[1]
            if kind in ("pairs", "clusters") and not manifest.counts[kind]:
                continue
            if context.places and kind in ("corpus", "rows"):
                continue
            _put(folder, part, stage / f"{targets[kind]}-{index:05d}.parquet")


def _placed(context: Context, tasks: Sequence[Manifest], stage: Path) -> None:
    """The files of the corpus, where documents have places of their own."""
    folder = context.folder(len(context.phases) - 1)
    for place, manifest in zip(context.places, tasks, strict=True):
        (part,) = manifest.outputs
        (stage / place.path).parent.mkdir(parents=True, exist_ok=True)
        _put(folder, part, stage / place.path)


def _put(folder: Path, part: Output, target: Path) -> None:
    """A file of a task under its name in the output."""
    source = folder / part.name
    if hash_file(source) != (part.bytes, part.xxh3):
        raise IntegrityError(
            f"{source} changed after it was written; run the same command again to make it anew"
        )
    link_or_copy(source, target)


@contextmanager
def _in_order(context: Context, stage: Path) -> Iterator[Path]:
    """The staged run with its corpus in order of the documents, for those who read it so."""
    if not context.places:
        yield stage
        return
    view = context.work / "in-order"
    clear(view)
    (view / "corpus").mkdir(parents=True)
    for index in range(context.parts):
        source = context.folder(context.write_phase) / f"{index:05d}.corpus.parquet"
        link_or_copy(source, view / "corpus" / f"part-{index:05d}.parquet")
    link_rest(stage, view)
    yield view
    clear(view)


def _quarantine(context: Context, manifests: Sequence[Sequence[Manifest]], path: Path) -> None:
    writer = RowGroups(path, QUARANTINE, 1000, 3, "raw")
    for rows in quarantine_rows(context, manifests):
        writer.write(pa.Table.from_batches([rows], QUARANTINE))
    writer.close()


def _reports(report: RunReport, folder: Path) -> None:
    for stage in report.stages:
        write_json(folder / f"{stage.number:02d}-{stage.name}.json", stage.to_json())
    write_json(folder / "report.json", report.to_json())


def _hiding_stages(context: Context) -> dict[str, list[str]]:
    """The stages of plugins that hide values, for those who show the run without their code."""
    found = [s.name for s in context.stages if not is_ours(type(s)) and s.hides()]
    return {HIDING_STAGES: found} if found else {}


def _manifest(
    context: Context, read: Sequence[Manifest], report: RunReport, files: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """What the run was made from and what it holds; no times, no paths, no engine."""
    documents = [0] * len(context.files)
    digests = [[0, 0, 0, 0] for _ in context.files]
    for manifest in read:
        for key, (count, lanes) in manifest.counts["files"].items():
            documents[int(key)] += count
            digests[int(key)] = [
                (a + b) % (1 << 64) for a, b in zip(digests[int(key)], lanes, strict=True)
            ]
    return {
        "cleaner": cleaner.__version__,
        "schema": SCHEMA_VERSION,
        "algorithms": {
            "minhash": ALGORITHM,
            "content_hash": "sha256",
            "doc_id": "xxh3-128/96 of source and record",
        },
        "config": context.config.model_dump(
            mode="json", exclude={"engine", "input", "output", "keep_work"}
        ),
        "plugins": [
            plugin.to_json() for plugin in plugins_of(context.stages, context.config.read.readers)
        ],
        **_hiding_stages(context),
        "digests": {
            stage.name: digest
            for stage, digest in zip(context.stages, context.digests, strict=True)
            if digest
        },
        "priorities": dict(context.priorities),
        "selection": [context.selection.limit, context.selection.threshold, context.selection.seed],
        "inputs": [
            {
                "source": f.source,
                "bytes": f.size,
                "format": f.format,
                "compression": f.compression,
                "documents": documents[i],
                "digest": "".join(f"{lane:016x}" for lane in digests[i]),
            }
            for i, f in enumerate(context.files)
        ],
        "digest_of_inputs": "sum of the sha256 of the documents, as four little-endian 64-bit "
        "numbers, each mod 2^64",
        "documents": report.corpus["documents"],
        "files": files,
    }


def _cards(context: Context, report: RunReport, manifest: dict[str, Any], stage: Path) -> None:
    """What describes the corpus to people and to machines, from the run's own figures."""
    columns = pq.read_schema(context.folder(context.write_phase) / "00000.corpus.parquet")
    text = card(report, manifest, context.stages, columns)
    write_bytes(stage / "README.md", text.encode())
    write_json(stage / "croissant.json", croissant(manifest, columns, describe(report)))


def _facts(path: Path) -> dict[str, Any]:
    """Size and hash of a file, as the manifest has them."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}
