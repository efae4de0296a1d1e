"""Inputs in object storage, against a server that speaks S3 and runs here."""

from __future__ import annotations

import gzip
import io
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleaner.engine.driver import run
from cleaner.errors import CleanerError, InputError
from cleaner.io import remote
from cleaner.io.inputs import Found, survey
from tests.engine.runs import STAGES, bytes_of, make_config, make_corpus, rows_of

pytest.importorskip("moto")
boto3: Any = pytest.importorskip("boto3")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server with nothing in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the server, and the environment that leads Arrow there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_REGION", raising=False)
    remote._file_system.cache_clear()
    client = boto3.client("s3", endpoint_url=server, region_name="us-east-1")
    yield client
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST"))
    remote._file_system.cache_clear()


def fill(client: Any, bucket: str, **objects: bytes) -> None:
    """A bucket with these objects; `keys` may be any text."""
    client.create_bucket(Bucket=bucket)
    for key, data in objects.items():
        client.put_object(Bucket=bucket, Key=key, Body=data)


def look(*patterns: str) -> Found:
    """What the patterns name."""
    return survey(patterns, base=Path.cwd(), remote=True)


def test_a_bucket_gives_the_bytes_of_a_folder(tmp_path: Path, s3: Any) -> None:
    """All formats, compressed or not, good and bad: the same output as from the disk."""
    make_corpus(tmp_path / "in", 40)
    s3.create_bucket(Bucket="pages")
    for path in (tmp_path / "in").iterdir():
        s3.upload_file(str(path), "pages", f"crawl/in/{path.name}")
    stages = [f"{STAGES}Mend", f"{STAGES}FirstWords", "exact_duplicates"]
    run(make_config(tmp_path, stages, name="disk"))
    for name, engine in (
        ("inline", {"kind": "inline", "shard_bytes": "6KB"}),
        ("pool", {"kind": "local", "workers": 2, "shard_bytes": "6KB"}),
    ):
        config = make_config(
            tmp_path, stages, name=name, input=["s3://pages/crawl/in"], engine=engine
        )
        run(config)
        assert bytes_of(tmp_path / name) == bytes_of(tmp_path / "disk")
        assert run(config).up_to_date


def test_big_objects_are_read_in_blocks(tmp_path: Path, s3: Any) -> None:
    """Zstd, gzip and Parquet of several blocks; a JSONL file that is cut into chunks."""
    texts = [f"{i} " + "words and numbers " * 200 for i in range(4000)]
    lines = "".join(json.dumps({"text": t}) + "\n" for t in texts).encode()
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), sink, row_group_size=500, compression="none")
    zstd = pa.compress(lines, "zstd", asbytes=True)
    data = {"a.jsonl": lines, "b.jsonl.gz": gzip.compress(lines, 1), "d.parquet": sink.getvalue()}
    fill(s3, "big", **data, **{"c.jsonl.zst": zstd})
    assert len(lines) > remote.AHEAD
    (tmp_path / "in").mkdir()
    for name, content in (data | {"c.jsonl.zst": zstd}).items():
        (tmp_path / "in" / name).write_bytes(content)
    settings: dict[str, Any] = {"engine": {"kind": "inline", "shard_bytes": "1MB"}}
    run(make_config(tmp_path, [], name="s3", input=[{"path": "s3://big", "label": "in"}]))
    run(make_config(tmp_path, [], name="chunks", input=["s3://big/*.jsonl"], **settings))
    run(make_config(tmp_path, [], name="disk"))
    assert bytes_of(tmp_path / "s3") == bytes_of(tmp_path / "disk")
    assert [r["text"] for r in rows_of(tmp_path / "chunks", "corpus")] == texts


def test_folders_files_and_globs(s3: Any) -> None:
    """As here: a folder with all below it, one object, `*` within a part, `**` across."""
    names = ["a/x.txt", "a/y.jsonl", "a/b/z.txt", "a/b/pic.png", "other/x.txt", "a/.git/h.txt"]
    fill(s3, "names", **dict.fromkeys(names, b"x"))
    assert [f.path for f in look("s3://names/a").files] == ["b/z.txt", "x.txt", "y.jsonl"]
    assert look("s3://names/a").skipped == {"extension": 1}
    assert [f.source for f in look("s3://names/a/x.txt").files] == ["a/x.txt"]
    assert [f.source for f in look("s3://names/a/*.txt").files] == ["a/x.txt"]
    assert [f.source for f in look("s3://names/**/*.txt").files] == [
        *("names/a/b/z.txt", "names/a/x.txt", "names/other/x.txt"),
    ]
    assert {f.label for f in look("s3://names").files} == {"names"}
    assert len(look("s3://names/a", "s3://names").files) == 4


def test_keys_are_not_trusted(tmp_path: Path, s3: Any) -> None:
    """Escapes, globs, spaces, odd characters: names, no more; what begins with a dot is hidden."""
    keys = ["c\x1b[31m.txt", "d/..e/f.txt", ".g.txt", "f*?[g].txt", "h i%0Aé.txt", "j\u202e.txt"]
    fill(s3, "odd", **{key: key.encode() for key in keys})
    run(make_config(tmp_path, [], input=["s3://odd"]))
    found = {r["source"]: r["text"] for r in rows_of(tmp_path / "run", "corpus")}
    assert found == {
        "odd/c%1B[31m.txt": "c\x1b[31m.txt",
        "odd/f*?[g].txt": "f*?[g].txt",
        "odd/h i%250Aé.txt": "h i%0Aé.txt",
        "odd/j%E2%80%AE.txt": "j\u202e.txt",
    }
    [only] = look("s3://odd/f*?[g].txt").files
    assert only.location == "s3://odd/f*?[g].txt"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]


def test_an_object_that_changes_is_not_read_half_and_half(tmp_path: Path, s3: Any) -> None:
    """Another size than listed: put aside as `changed`; gone: as `unreadable`."""
    fill(s3, "moving", **{"a.txt": b"first", "b.txt": b"second", "c.txt": b"third"})
    found = look("s3://moving")
    s3.put_object(Bucket="moving", Key="a.txt", Body=b"longer than before")
    s3.delete_object(Bucket="moving", Key="b.txt")
    from cleaner.io.chunks import plan_chunks
    from cleaner.io.readers import ReadOptions, read_chunk

    [chunk] = plan_chunks(found.files, 1 << 20)
    [read] = read_chunk(chunk, found.files, ReadOptions())
    assert read.documents.column("text").to_pylist() == ["third"]
    assert read.quarantine.column("reason").to_pylist() == ["changed", "unreadable"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("s3://nowhere-at-all/x", "does not exist, or may not be listed"),
        ("s3://here/nothing", "does not exist, or may not be listed"),
        ("s3://here/pic.png", "cannot be read by its name"),
        ("s3://here/*.txt", "holds no object that can be read .*; 0 other|holds no object"),
        ("s3://", "is not the name of a bucket"),
        ("s3://../etc/passwd", "is not the name of a bucket"),
        ("s3://a\x1b[2J/x", r"'a%1B\[2J' is not the name of a bucket"),
        ("s3://key:secret@bucket/x", "s3://…@…: credentials do not belong into a path"),
        ("ftp://host/x", "only local paths and s3://, gs://, hf:// can be read"),
        ("file:///etc/passwd", "only local paths and s3://, gs://, hf:// can be read"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, s3: Any, path: str, message: str) -> None:
    """Before any work, in one line, without secrets."""
    fill(s3, "here", **{"pic.png": b"x"})
    with pytest.raises(InputError, match=message) as caught:
        run(make_config(tmp_path, [], input=[path]))
    assert "secret" not in str(caught.value)
    assert str(caught.value).isprintable()
    assert not (tmp_path / "run").exists()


def test_a_server_that_goes_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers: the run stops with what to do; no object becomes a bad record."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    remote._file_system.cache_clear()
    with pytest.raises(InputError, match="check the network, the credentials and the name"):
        look("s3://bucket/x")
    with pytest.raises(CleanerError, match="run the same command again: finished work is kept"):
        remote.open_remote("s3://bucket/x.txt")
    remote._file_system.cache_clear()
