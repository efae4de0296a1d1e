"""A sample of documents, drawn from many files without reading them: a folder to try a config on.

What is drawn depends on the files and the seed alone. Of compressed files the beginnings are drawn
from, for they cannot be entered anywhere else.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.config.guess import Fields
from cleaner.io.inputs import InputFile
from cleaner.io.records import ReadOptions

if TYPE_CHECKING:
    import pyarrow as pa

DOCUMENTS = 400
"""Documents that are drawn, of all formats together."""
FILES = 24
"""Files of records that are opened."""
MOST_BYTES = 4 << 20
"""Of a longer text file the beginning is drawn; longer records are passed over."""
MOST_TOTAL = 16 << 20
"""Bytes of all that is drawn."""
_DOCUMENTS = frozenset({"response", "resource", "conversion"})
_PLACES = 6
"""Places at which a plain JSONL file is entered."""
_HEAD_LINES = 2_000
"""Lines at the beginning of a compressed file that are drawn from."""


@dataclass(slots=True)
class Sample:
    """What was drawn: a folder of files as a run reads them.

    Attributes:
        fields: of the records among them.
        documents: how many.
        long: documents that were passed over for their length.
        faults: reason → files that break off, or cannot be opened.
        size: bytes in all.
    """

    folder: Path
    fields: Fields = field(default_factory=Fields)
    documents: int = 0
    long: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def has_room(self, size: int) -> bool:
        """Whether a document of so many bytes is taken; what is not is counted."""
        if size > MOST_BYTES or self.size + size > MOST_TOTAL:
            self.long += 1
            return False
        self.documents += 1
        self.size += size
        return True

    def fault(self, reason: str) -> None:
        """Count a file that cannot be read on."""
        self.faults[reason] = self.faults.get(reason, 0) + 1


def draw(files: Sequence[InputFile], folder: Path, seed: int) -> Sample:
    """Copy some documents of these files into an empty folder."""
    sample = Sample(folder)
    chance = random.Random(seed)
    formats = ("txt", "html", "warc", "jsonl", "parquet")
    kinds = {kind: [f for f in files if f.format == kind] for kind in formats}
    present = [kind for kind, mine in kinds.items() if mine]
    quota = DOCUMENTS // max(1, len(present))
    for kind in ("txt", "html"):
        _draw_texts(_some(kinds[kind], quota, chance), sample)
    if kinds["warc"]:
        _draw_archives(_some(kinds["warc"], FILES, chance), quota, sample)
    if kinds["jsonl"]:
        _draw_lines(_some(kinds["jsonl"], FILES, chance), quota, sample, chance)
    if kinds["parquet"]:
        _draw_rows(_some(kinds["parquet"], FILES, chance), quota, sample, chance)
    return sample


def _some(files: Sequence[InputFile], count: int, chance: random.Random) -> list[InputFile]:
    """So many of the files, in their order."""
    if len(files) <= count:
        return list(files)
    return [files[i] for i in sorted(chance.sample(range(len(files)), count))]


def _draw_texts(files: Sequence[InputFile], sample: Sample) -> None:
    """Whole files, as they are stored; of a very long one the beginning."""
    from cleaner.io.streams import StreamFault, open_listed

    endings = {None: "", "gzip": ".gz", "zstd": ".zst"}
    for number, file in enumerate(files):
        try:
            with open_listed(file) as raw:
                data = raw.read(min(file.size, MOST_BYTES + 1))
        except (StreamFault, OSError) as fault:
            sample.fault(fault.reason if isinstance(fault, StreamFault) else "unreadable")
            continue
        if len(data) > MOST_BYTES and file.compression is None and b"\0" not in data:
            data = data[: data.rfind(b"\n", 0, MOST_BYTES) + 1]  # at a line end, or not at all
        if not data and file.size:
            sample.long += 1
            continue
        if not sample.has_room(len(data)):
            continue
        name = f"{number:04d}.{file.format}{endings[file.compression]}"
        (sample.folder / name).write_bytes(data)


def _draw_archives(files: Sequence[InputFile], quota: int, sample: Sample) -> None:
    """The first records of web archives that may be documents, in one archive."""
    each = -(-quota // len(files))
    with (sample.folder / "records.warc").open("wb") as out:
        for file in files:
            for record in islice(_archived(file, sample), each):
                if sample.has_room(len(record)):
                    out.write(record)


def _archived(file: InputFile, sample: Sample) -> Iterator[bytes]:
    """Records of an archive that may be documents."""
    from cleaner.io.streams import StreamFault
    from cleaner.io.warc_record import Record, records
    from cleaner.io.warc_stream import open_units

    size = file.size if file.compression is None else None
    try:
        with open_units(file, ReadOptions()) as units:
            for found in records(units, plain_size=size, limit=MOST_BYTES):
                if isinstance(found, Record) and found.headers.get("warc-type") in _DOCUMENTS:
                    head = "".join(f"{name}: {text}\r\n" for name, text in found.headers.items())
                    block = found.block
                    if block is None:
                        sample.long += 1
                    else:
                        yield b"WARC/1.1\r\n%b\r\n%b\r\n\r\n" % (head.encode(), block)
    except StreamFault as fault:
        sample.fault(fault.reason)


def _draw_lines(
    files: Sequence[InputFile], quota: int, sample: Sample, chance: random.Random
) -> None:
    """Lines of JSONL, good or bad, in one file."""
    each = -(-quota // len(files))
    with (sample.folder / "records.jsonl").open("wb") as out:
        for file in files:
            for line in _lines(file, each, sample, chance):
                if line.strip() and sample.has_room(len(line)):
                    out.write(line + b"\n")
                    _note(line, sample.fields)


def _lines(file: InputFile, count: int, sample: Sample, chance: random.Random) -> Iterator[bytes]:
    """Some lines of a file: from several places, or of its beginning if it is compressed."""
    if file.compression is not None:
        head = list(_from(file, 0, _HEAD_LINES, sample))
        for at in sorted(chance.sample(range(len(head)), min(count, len(head)))):
            yield head[at]
        return
    starts = sorted({0, *(chance.randrange(max(1, file.size)) for _ in range(_PLACES - 1))})
    ends = [*starts[1:], file.size]
    each = -(-count // len(starts))
    given = 0
    for start, end in reversed(list(zip(starts, ends, strict=True))):
        # what a place lacks, because it lies in a long line, the beginning makes up for
        most = each if start else count - given
        for line in _from(file, start, most, sample, end):
            yield line
            given += 1


def _from(
    file: InputFile, start: int, count: int, sample: Sample, end: int | None = None
) -> Iterator[bytes]:
    """The lines that begin from byte `start` on, before byte `end`."""
    from cleaner.io.read_jsonl import cut_lines
    from cleaner.io.streams import StreamFault, open_stream

    try:
        with open_stream(file, ReadOptions(), max(start - 1, 0)) as stream:
            for line in islice(cut_lines(stream, start, end, MOST_BYTES), count):
                if line.fault is not None:
                    sample.fault(line.fault.reason)
                elif line.data is None:
                    sample.long += 1
                else:
                    data = bytes(line.data)
                    yield data.removeprefix(b"\xef\xbb\xbf") if line.start == 0 else data
    except StreamFault as fault:
        sample.fault(fault.reason)


def _note(line: bytes, fields: Fields) -> None:
    """Look at the fields of a line; one that is no JSON object has none."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(record, dict):
        fields.add(record)


def _draw_rows(
    files: Sequence[InputFile], quota: int, sample: Sample, chance: random.Random
) -> None:
    """Rows of Parquet, of each file from the beginning of one row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    each = -(-quota // len(files))
    for number, file in enumerate(files):
        try:
            rows = _rows(file, each, chance, sample)
        except (OSError, ValueError, pa.ArrowException):
            sample.fault("corrupt")
            continue
        if rows is None:
            continue
        kept = []
        for at, record in enumerate(rows.to_pylist()):
            if sample.has_room(sum(len(v) for v in record.values() if isinstance(v, str | bytes))):
                kept.append(at)
                sample.fields.add({name: _as_text(value) for name, value in record.items()})
        pq.write_table(rows.take(kept), sample.folder / f"{number:04d}.parquet")


def _rows(file: InputFile, count: int, chance: random.Random, sample: Sample) -> pa.Table | None:
    """Some rows, of the columns that can be read as something; None if there are none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from cleaner.io.columns import is_name

    with pq.ParquetFile(file.location) as parquet:
        groups = [g for g in range(parquet.num_row_groups) if _size(parquet, g)[0]]
        columns = parquet.schema_arrow
        names = [f.name for f in columns if is_name(f.type)]
        if len(set(columns.names)) < len(columns.names):
            sample.fault("duplicate_column")
            return None
        if not groups or not names:
            return None
        group = chance.choice(groups)
        rows, size = _size(parquet, group)
        at_once = max(1, min(4 * count, 4 * MOST_BYTES * rows // max(1, size)))
        batches = parquet.iter_batches(at_once, row_groups=[group], columns=names)
        batch = next(iter(batches))
        places = sorted(chance.sample(range(batch.num_rows), min(count, batch.num_rows)))
        return pa.Table.from_batches([batch.take(places)])


def _as_text(value: object) -> object:
    """Bytes of a column may be text; how well they are is for the reader to say."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _size(parquet: Any, group: int) -> tuple[int, int]:
    """Rows and bytes of a row group."""
    facts = parquet.metadata.row_group(group)
    return int(facts.num_rows), int(facts.total_byte_size)
