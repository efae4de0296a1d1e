"""Anything at all as input: no crash, no hang, and the books balance.

Bounded in the tests, in seconds (CLEANER_FUZZ_SECONDS); by hand for longer, in seconds of CPU and
from a seed: `python -m tests.faults.fuzz`.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from cleaner.config.load import parse
from cleaner.engine.driver import run
from cleaner.errors import CleanerError, InputError
from cleaner.io.chunks import plan_chunks
from cleaner.io.inputs import survey
from cleaner.io.readers import ReadOptions, read_chunk
from cleaner.io.restore import restore
from cleaner.io.verify import verify
from tests.engine.runs import ROOT, rows_of

SECONDS = float(os.environ.get("CLEANER_FUZZ_SECONDS", "60"))

ODD = st.sampled_from(
    [
        *("\u202e", "\u2066", "\ufeff", "\0", "\x1b[31m", "\u2028", "\x85", "\r", "\n", "\r\n"),
        *("e\u0301", "\u0301", "\U0001f468\u200d\U0001f469", "&#x110000;", "&lt;", "\xad", "=1+1"),
        *("TÃ´i yÃªu", "Ti\xaa\xb4ng", "XSMB 9/12 - KQXSMB", "Đọc thêm\n", "\ufffd", "\uffff"),
        *("a" * 3000, "# " * 500, "\t" * 200, "0" * 400, "\u0e01" * 300, "<a href=x>", "| " * 99),
    ]
)
TEXT = st.lists(st.one_of(st.text(max_size=40), ODD), max_size=12).map("".join)
SURROGATES = st.text(st.characters(categories=["Cs", "Lu", "Cc"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | SURROGATES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
)


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode()


RECORDS = st.one_of(
    TEXT.map(lambda text: _line({"text": text})),
    st.dictionaries(st.sampled_from(["text", "url", "date", "id", "x", ""]), JSON).map(_line),
    JSON.map(_line),
    st.binary(max_size=60),
    st.integers(1, 3000).map(lambda n: b'{"text":' + b"[" * n),
    st.integers(1, 200).map(lambda n: b'{"a":' * n + b"1" + b"}" * n),
    st.integers(1, 400).map(lambda n: b'{"text": ' + b"9" * n + b"}"),
    TEXT.map(lambda text: b'{"text": "' + text.encode() + b'"}'),
    st.just(b'{"text": "a", "text": "b"}'),
    st.just(b'{"text": "\\ud800"}'),
    st.just(b'\xef\xbb\xbf{"text": "bom"}'),
)


@st.composite
def _parquet(draw: st.DrawFn) -> bytes:
    """A Parquet file, maybe of strange columns."""
    texts = draw(st.lists(st.one_of(st.none(), TEXT), max_size=8))
    columns: dict[str, Any] = {"text": pa.array(texts, pa.string())}
    size = len(texts)
    kind = draw(st.sampled_from(["plain", "numbers", "nested", "missing", "large", "binary"]))
    if kind == "numbers":
        columns["text"] = pa.array(range(size), pa.int64())
    elif kind == "nested":
        columns["x"] = pa.array([[{"a": t}] for t in texts])
    elif kind == "missing":
        columns["other"] = columns.pop("text")
    elif kind == "large":
        columns["text"] = columns["text"].cast(pa.large_string())
        columns["url"] = pa.array([b"\xff\xfe"] * size, pa.binary())
    elif kind == "binary":
        columns["text"] = pa.array(draw(st.lists(st.binary(), min_size=size, max_size=size)))
        columns["text"] = columns["text"].cast(pa.binary())
    sink = io.BytesIO()
    codec = draw(st.sampled_from(["none", "zstd", "snappy"]))
    pq.write_table(pa.table(columns), sink, row_group_size=3, compression=codec)
    return sink.getvalue()


JSONL = st.lists(RECORDS, max_size=8).map(b"\n".join)
PLAIN = st.one_of(TEXT.map(str.encode), st.binary(max_size=300), JSONL)


def _bomb(size: int) -> bytes:
    return gzip.compress(b'{"text": "' + b"a" * size + b'"}', 9)


@st.composite
def _file(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file's extension and content, often damaged."""
    extension = draw(st.sampled_from([".txt", ".jsonl", ".parquet"]))
    if extension == ".parquet":
        data = draw(st.one_of(_parquet(), st.binary(max_size=100)))
    else:
        data = draw(JSONL if extension == ".jsonl" else PLAIN)
        packed = draw(st.sampled_from(["", "", ".gz", ".zst"]))
        if packed == ".gz":
            data = draw(st.sampled_from([gzip.compress(data), data, gzip.compress(data) * 2]))
            if draw(st.integers(0, 20)) == 0:
                data = _bomb(3_000_000)
        elif packed == ".zst":
            data = draw(st.sampled_from([pa.compress(data, "zstd", asbytes=True), data]))
        extension += packed
    harm = draw(st.sampled_from(["none", "none", "cut", "flip", "tail", "hole"]))
    if data and harm == "cut":
        data = data[: draw(st.integers(0, len(data)))]
    elif data and harm == "flip":
        at = draw(st.integers(0, len(data) - 1))
        data = data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
    elif harm == "tail":
        data += draw(st.binary(min_size=1, max_size=20))
    elif data and harm == "hole":
        low = draw(st.integers(0, len(data)))
        data = data[:low] + data[low + draw(st.integers(0, 40)) :]
    return extension, data


FILES = st.lists(st.tuples(NAMES, _file()), min_size=1, max_size=4)


def _write(folder: Path, files: list[tuple[str, tuple[str, bytes]]]) -> None:
    """The files under their names, as far as the file system takes them; links that lead away."""
    folder.mkdir()
    for number, (name, (extension, data)) in enumerate(files):
        path = folder / f"{name}{extension}"
        try:
            path.write_bytes(data)
        except OSError:  # too long
            (folder / f"{number}{extension}").write_bytes(data)
    (folder / "away.txt").symlink_to("/etc/passwd")
    (folder / "round").symlink_to("..")
    (folder / "nowhere.jsonl").symlink_to("gone")


def fuzz(
    goes_on: Callable[[], bool],
    what: Callable[..., None],
    first: int | None = None,
    **given_: st.SearchStrategy[Any],
) -> int:
    """Call with drawn values, in a folder of its own, as long as it goes on; how often that was.

    With `first`, the values are drawn from that seed and the numbers after it.
    """
    calls = 0

    @settings(
        max_examples=25,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(**given_)
    def once(**values: Any) -> None:
        nonlocal calls
        calls += 1
        folder = Path(tempfile.mkdtemp(prefix="cleaner-fuzz-", dir=_fast()))
        try:
            what(folder, **values)
        finally:
            shutil.rmtree(folder)

    while goes_on():
        if first is not None:
            once = seed(first)(once)
            first += 1
        once()
    return calls


def _for(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds have not passed yet, from now on."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def read_all(folder: Path, files: list[tuple[str, tuple[str, bytes]]], chunk_bytes: int) -> None:
    """Every part of every file: each document and each bad record has its place; nothing raises."""
    folder = folder / "in"
    _write(folder, files)
    options = ReadOptions(max_document_bytes=20_000, max_ratio=50, batch_bytes=30_000, max_lines=12)
    found = survey([str(folder)], base=folder)
    assert len({f.source for f in found.files}) == len(found.files) == len(files)
    for chunk in plan_chunks(found.files, chunk_bytes):
        for read in read_chunk(chunk, found.files, options):
            read.documents.validate(full=True)
            read.quarantine.validate(full=True)
            used = sum(read.records.values())
            assert read.documents.num_rows + read.blank <= used
            assert "" not in read.quarantine.column("reason").to_pylist()


def run_all(folder: Path, files: list[tuple[str, tuple[str, bytes]]], *, noisy: bool) -> None:
    """The main job (seldom with the noise rules, which load slowly), `verify`, `restore`."""
    _write(folder / "in", files)
    out = folder / "out"
    settings_ = [f"input={json.dumps(str(folder / 'in'))}", f"output={json.dumps(str(out))}"]
    settings_ += ["max_bad=1.0", "read.max_document_bytes=50000", "name=fuzz"]
    settings_ += ["engine={kind: inline, shard_bytes: 2KB, document_seconds: 30}"]
    text = (ROOT / "configs" / "vi-news.yaml").read_text("utf-8")
    if not noisy:
        text = "".join(line for line in text.splitlines(True) if "use: noise" not in line)
    config = parse(text, "vi-news.yaml", overrides=settings_)
    try:
        run(config)  # raises BalanceError if the books do not balance
    except InputError as error:
        assert "no document" in str(error)  # noqa: PT017  it is one of two good ends
        return
    except CleanerError as error:
        raise AssertionError(f"{type(error).__name__}: {error}") from error
    assert [c for c in verify(out) if c.faults] == []
    for row in rows_of(out, "corpus")[:2]:
        restore(out, row["doc_id"])


def _unique() -> st.SearchStrategy[list[tuple[str, tuple[str, bytes]]]]:
    """Files whose names differ and are not hidden, so that each is there to be found."""

    def key(file: tuple[str, tuple[str, bytes]]) -> str:
        return f"{file[0]}{file[1][0]}"

    def fits(files: list[tuple[str, tuple[str, bytes]]]) -> bool:
        names = [key(f) for f in files]
        short = all(len(n.encode()) < 200 for n in names)
        return short and len(set(names)) == len(names) and not any(n[0] == "." for n in names)

    return FILES.filter(fits)


READERS = {"files": _unique(), "chunk_bytes": st.sampled_from([1, 50, 4200, 1 << 20])}
RUNS = {"files": _unique(), "noisy": st.integers(0, 7).map(lambda number: number == 7)}


@pytest.mark.slow
def test_readers_take_anything(capsys: pytest.CaptureFixture[str]) -> None:
    """Files of any bytes and any names, cut into chunks of any size."""
    calls = fuzz(_for(SECONDS / 2), read_all, **READERS)
    with capsys.disabled():
        print(f" {calls} inputs read", end="")


@pytest.mark.slow
def test_whole_runs_take_anything(capsys: pytest.CaptureFixture[str]) -> None:
    """The main job on such files: it ends, its books balance, it verifies, originals come back."""
    calls = fuzz(_for(SECONDS / 2), run_all, **RUNS)
    with capsys.disabled():
        print(f" {calls} runs", end="")


def _fast() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
