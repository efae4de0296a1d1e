"""Web archives: every record is a document, quarantine or passed by, whatever its bytes are."""

from __future__ import annotations

import gzip
import os
import random
import re
import shlex
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.cli import main as cli
from cleaner.config.load import parse
from cleaner.io.archived import record_bytes
from cleaner.io.inputs import survey
from cleaner.io.readers import ReadOptions
from cleaner.io.warc_record import Broken, Record, records
from cleaner.io.warc_stream import Source, frame_end, open_units
from tests.engine.runs import make_run, rows_of
from tests.io.archives import (
    DATE,
    chunked,
    http,
    page,
    read,
    read_bytes,
    record,
    sha1,
    stored,
    zstd,
)

pytest.importorskip("resiliparse", reason="pip install 'cleaner[html]'")
ENDINGS = [".warc", ".warc.gz", ".warc.zst"]
GOOD = [record(http(page(f"words {n}")), url=f"https://a.example/{n}") for n in range(4)]


def texts(rows: list[dict[str, Any]]) -> list[str]:
    """The texts of documents."""
    return [row["text"] for row in rows]


def reasons(rows: list[dict[str, Any]]) -> list[str]:
    """The reasons of quarantine rows."""
    return [row["reason"] for row in rows]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_response_is_a_document_with_its_place(ending: str, tmp_path: Path) -> None:
    """Text, URL, date, status, digest and record number; and where the record is stored."""
    body = http(page("Xin chào"), type_="text/html; charset=utf-8")
    block = record(body, url="https://a.example/x", WARC_Payload_Digest=sha1(page("Xin chào")))
    info = record(b"software: x\r\n", kind="warcinfo", url=None, type_="application/warc-fields")
    documents, bad, counts, passed = read_bytes(
        stored([info, block], ending), tmp_path, f"a{ending}"
    )
    (row,) = documents
    assert (bad, counts, passed) == ([], {0: 2}, 1)
    assert row["text"] == "Xin chào\n"
    assert (row["record"], row["url"], row["date"]) == (1, "https://a.example/x", DATE)
    assert (row["encoding"], row["raw_bytes"]) == ("utf-8", len("Xin chào\n".encode()))
    assert row["meta"]["http_status"] == 200
    assert row["meta"]["title"] == "T"
    assert row["meta"]["payload_digest"] == sha1(page("Xin chào"))
    assert row["meta"]["warc_size"] == len(block) - 4
    assert (row["meta"]["warc_offset"], row["meta"]["warc_skip"]) == (
        len(stored([info], ending)),
        0,
    )


@pytest.mark.parametrize("ending", [*ENDINGS, ".one.gz"])
def test_a_place_leads_to_the_record(ending: str, tmp_path: Path) -> None:
    """Offset, skip and size are enough to find its bytes again, also where members hold several."""
    data = gzip.compress(b"".join(GOOD)) if ending == ".one.gz" else stored(GOOD, ending)
    name = "a.warc.gz" if ending == ".one.gz" else f"a{ending}"
    documents, bad, _, _ = read_bytes(data, tmp_path, name)
    assert (len(documents), bad) == (4, [])
    (file,) = survey([str(tmp_path / "in")], base=tmp_path).files
    for row, good in zip(documents, GOOD, strict=True):
        place = [row["meta"][f"warc_{name}"] for name in ("offset", "skip", "size")]
        assert record_bytes(file, *place) == good[:-4]


def test_wet_text_is_given_as_it_is(tmp_path: Path) -> None:
    """A conversion record is a document without any extractor."""
    text = "Tiêu đề\nMột dòng\n"
    data = record(
        text.encode(),
        kind="conversion",
        type_="text/plain",
        WARC_Block_Digest=sha1(text.encode()),
        WARC_Identified_Content_Language="vie",
    )
    documents, bad, _, _ = read_bytes(gzip.compress(data), tmp_path, "x.warc.wet.gz")
    assert texts(documents) == [text]
    assert documents[0]["meta"]["languages"] == "vie"
    assert "http_status" not in documents[0]["meta"]
    assert bad == []


def test_a_record_in_thousands_of_members(tmp_path: Path) -> None:
    """Members of a byte each are read as one content, and the place leads to the record."""
    text = "word " * 8000
    data = record(text.encode(), kind="conversion", type_="text/plain")
    members = [gzip.compress(data[i : i + 1], 1, mtime=0) for i in range(len(data))]
    archive = gzip.compress(GOOD[0]) + b"".join(members) + gzip.compress(GOOD[1])
    documents, bad, _, _ = read_bytes(archive, tmp_path, "a.warc.gz")
    assert (texts(documents), bad) == (["words 0\n", text, "words 1\n"], [])
    (file,) = survey([str(tmp_path / "in")], base=tmp_path).files
    for row, expected in zip(documents, (GOOD[0], data, GOOD[1]), strict=True):
        place = [row["meta"][f"warc_{name}"] for name in ("offset", "skip", "size")]
        assert record_bytes(file, *place) == expected[:-4]


def test_what_is_not_asked_for_is_passed_by(tmp_path: Path) -> None:
    """Requests, other statuses, other media types, DNS: neither document nor quarantine."""
    parts = [
        record(
            b"GET / HTTP/1.1\r\n\r\n", kind="request", type_="application/http; msgtype=request"
        ),
        record(http(page("gone"), status="404 Not Found")),
        record(http(b"\x89PNG\r\n\x1a\n", type_="image/png")),
        record(b"20240101 1.2.3.4", url="dns:a.example", type_="text/dns"),
        record(b"", kind="revisit"),
        record(b"{}", kind="metadata", type_="application/json"),
        record(http(page("kept"))),
    ]
    documents, bad, counts, passed = read_bytes(b"".join(parts), tmp_path, "a.warc")
    assert (texts(documents), bad, counts, passed) == (["kept\n"], [], {0: 7}, 6)
    found, *_ = read(tmp_path / "in", http_status=(200, 404))
    assert texts(found) == ["gone\n", "kept\n"]


def test_a_type_that_nobody_gave_is_seen(tmp_path: Path) -> None:
    """Without a media type, what begins as HTML does is HTML; else it is passed by."""
    parts = [
        record(http(b"<!-- c -->\n<!DOCTYPE html><p>one", type_="")),
        record(http(b"\x00\x01", type_="")),
        record(http(b"<p>two", type_=""), WARC_Identified_Payload_Type="text/html"),
        record(b"<html><p>three", kind="resource", type_="text/html"),
        record(b"four", kind="resource", type_="text/plain; charset=ascii"),
    ]
    documents, bad, _, passed = read_bytes(b"".join(parts), tmp_path, "a.warc")
    assert (texts(documents), bad, passed) == (["one\n", "two\n", "three\n", "four"], [], 1)


def deflated(data: bytes, bits: int) -> bytes:
    """A deflate stream, with or without its zlib header."""
    stream = zlib.compressobj(wbits=bits)
    return stream.compress(data) + stream.flush()


def test_bodies_are_decoded(tmp_path: Path) -> None:
    """Chunks, gzip, both kinds of deflate, zstd; headers that do not hold any more do no harm."""
    body = page("decoded " * 20)
    gz = gzip.compress(body)
    cases = [
        (chunked(body), ["Transfer-Encoding: chunked"]),
        (gz, ["Content-Encoding: gzip"]),
        (chunked(gz, 50), ["Transfer-Encoding: chunked", "Content-Encoding: x-gzip"]),
        (deflated(body, 15), ["Content-Encoding: deflate"]),
        (deflated(body, -15), ["Content-Encoding: deflate"]),
        (zstd(body), ["Content-Encoding: zstd"]),
        (gzip.compress(zstd(body)), ["Content-Encoding: zstd, gzip"]),
        (body, ["Transfer-Encoding: chunked", "Content-Encoding: gzip"]),
        (body, ["Content-Encoding: br"]),
        (body, ["Content-Encoding: deflate", "Content-Length: 3"]),
    ]
    parts = [record(http(data, *headers)) for data, headers in cases]
    documents, bad, _, _ = read_bytes(b"".join(parts), tmp_path, "a.warc")
    assert bad == []
    assert texts(documents) == ["decoded " * 19 + "decoded\n"] * len(cases)


def test_brotli_is_decoded(tmp_path: Path) -> None:
    """Content-Encoding br, also one that breaks off."""
    brotli = pytest.importorskip("brotli")
    body = brotli.compress(page("brotli " * 2000 + str(random.Random(1).random())))
    parts = [record(http(data, "Content-Encoding: br")) for data in (body, body[:-4])]
    documents, bad, _, _ = read_bytes(b"".join(parts), tmp_path, "a.warc")
    assert [t[:14] for t in texts(documents)] == ["brotli brotli "]
    assert reasons(bad) == ["truncated"]


def test_damaged_bodies_go_to_quarantine(tmp_path: Path) -> None:
    """An encoded body that breaks off, is damaged, or is a bomb."""
    gz = bytearray(gzip.compress(page(str(random.Random(0).random()) * 500)))
    torn = bytes(gz[: len(gz) // 2])
    gz[30] ^= 0xFF
    bomb = gzip.compress(gzip.compress(bytes(30_000_000)))
    encoding = "Content-Encoding: gzip"
    parts = [
        record(http(torn, encoding)),
        record(http(bytes(gz), encoding)),
        record(http(bomb, "Content-Encoding: gzip, gzip")),
        record(http(b"x", "Content-Encoding: " + "gzip," * 9)),
        record(http(torn, encoding), WARC_Truncated="length"),
        record(b"no status line"),
    ]
    _, bad, _, _ = read_bytes(b"".join(parts), tmp_path, "a.warc", max_document_bytes=16 << 20)
    assert reasons(bad) == ["truncated", "bad_encoding", "bomb", "bad_encoding", "bad_http"]
    assert [row["record"] for row in bad] == [0, 1, 2, 3, 5]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_digest_that_does_not_match_is_quarantined(ending: str, tmp_path: Path) -> None:
    """A changed byte is noticed; a digest of an unknown kind says nothing."""
    body = page("right")
    parts = [
        record(http(body), WARC_Payload_Digest=sha1(body)),
        record(http(body), WARC_Payload_Digest=sha1(b"wrong")),
        record(http(body), WARC_Block_Digest=sha1(b"wrong"), WARC_Payload_Digest=sha1(body)),
        record(http(body), WARC_Payload_Digest="blake3:0011"),
        record(http(chunked(body), "Transfer-Encoding: chunked"), WARC_Payload_Digest=sha1(body)),
        record(http(body), WARC_Block_Digest="sha1:not a digest"),
    ]
    documents, bad, _, _ = read_bytes(stored(parts, ending), tmp_path, f"a{ending}")
    assert reasons(bad) == ["digest_mismatch"] * 2
    assert [row["record"] for row in documents] == [0, 3, 4, 5]
    assert f"at byte {len(stored(parts[:1], ending))} of the file" in bad[0]["detail"]


def test_a_record_without_a_url_is_quarantined(tmp_path: Path) -> None:
    """A document of unknown origin is none; old writers' angle brackets are taken off."""
    parts = [record(http(page("x")), url=None), record(http(page("y")), url="<https://b.example/>")]
    documents, bad, _, _ = read_bytes(b"".join(parts), tmp_path, "a.warc")
    assert reasons(bad) == ["missing_url"]
    assert [row["url"] for row in documents] == ["https://b.example/"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("wrong", [-9, -1, 1, 30, 10**6, 10**15])
def test_a_wrong_length_costs_one_record(ending: str, wrong: int, tmp_path: Path) -> None:
    """What comes after a record that is shorter or longer than it says is read."""
    block = http(page("liar"))
    liar = record(block, length=len(block) + wrong)
    parts = [GOOD[0], liar, GOOD[1], GOOD[2]]
    documents, bad, _, _ = read_bytes(stored(parts, ending), tmp_path, f"a{ending}")
    assert [t for t in texts(documents) if "words" in t] == ["words 0\n", "words 1\n", "words 2\n"]
    assert set(reasons(bad)) <= {"bad_length", "truncated"}
    assert bad
    assert f"at byte {len(stored(parts[:1], ending))} of the file" in bad[0]["detail"]


@pytest.mark.parametrize("ending", [".warc.gz", ".warc.zst"])
def test_a_broken_member_costs_one_record(ending: str, tmp_path: Path) -> None:
    """Every byte of a member may be wrong: the records of the others are read."""
    pieces = [stored([r], ending) for r in GOOD]
    for place in (0, 2, 5, 12, 40, len(pieces[1]) // 2, len(pieces[1]) - 6, len(pieces[1]) - 1):
        broken = bytearray(pieces[1])
        broken[place] ^= 0x5A
        data = pieces[0] + bytes(broken) + pieces[2] + pieces[3]
        documents, bad, _, _ = read_bytes(data, tmp_path, f"a{ending}")
        others = [t for t in texts(documents) if t != "words 1\n"]
        assert others == ["words 0\n", "words 2\n", "words 3\n"], place
        assert len(documents) + len(bad) >= 4, place
        if len(documents) == 3:
            assert f"at byte {len(pieces[0])} of the file" in bad[0]["detail"], place


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_archive_that_breaks_off_gives_what_is_whole(ending: str, tmp_path: Path) -> None:
    """Wherever it is cut, the records before are documents and the last is quarantined."""
    data = stored(GOOD, ending)
    last = len(data) - len(stored(GOOD[3:], ending))
    tail = 5 if ending == ".warc" else 1  # the empty lines at the end are no part of a record
    for end in (last + 1, last + 15, last + 150, len(data) - tail):
        documents, bad, counts, _ = read_bytes(data[:end], tmp_path, f"a{ending}")
        assert texts(documents) == ["words 0\n", "words 1\n", "words 2\n"], end
        assert len(bad) == 1, end
        assert bad[0]["reason"] in {"truncated", "bad_record", "corrupt", "trailing_garbage"}
        assert counts[0] == 3 + (bad[0]["record"] is not None)


def test_garbage_between_records_is_told(tmp_path: Path) -> None:
    """Bytes that are no record are quarantined with their place, and reading goes on."""
    data = GOOD[0] + b"garbage\nWARC/9.9 no\r\n" + GOOD[1]
    documents, bad, _, _ = read_bytes(data, tmp_path, "a.warc")
    assert texts(documents) == ["words 0\n", "words 1\n"]
    assert [(r["reason"], r["start"], r["raw"]) for r in bad] == [
        ("bad_record", len(GOOD[0]), b"garbage\nWARC/9.9 no\r\n")
    ]
    data = gzip.compress(GOOD[0]) + b"garbage" + gzip.compress(GOOD[1]) + bytes(512)
    with TemporaryDirectory(dir=tmp_path) as place:
        documents, bad, _, _ = read_bytes(data, Path(place), "a.warc.gz")
    assert texts(documents) == ["words 0\n", "words 1\n"]
    assert [(r["reason"], r["record"]) for r in bad] == [("trailing_garbage", None)]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_record_that_is_too_long_is_not_held(ending: str, tmp_path: Path) -> None:
    """It passes by in little memory, quarantined if it was asked for; the next one is read."""
    line = b"<p>" + bytes(range(65, 90)) * 40
    big = line * 60_000  # about 60 MB
    film = record(http(big, type_="video/mp4"))
    data = stored([record(http(big)), film, GOOD[0]], ending)
    place = tmp_path / "in"
    place.mkdir()
    (place / f"a{ending}").write_bytes(data)
    del data, film
    with TemporaryDirectory() as other:
        read_bytes(
            stored(GOOD, ending), Path(other), f"b{ending}"
        )  # imports are not what is measured
    tracemalloc.start()
    documents, bad, _, passed = read(place, max_document_bytes=1 << 20, max_ratio=1e6)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "words 0\n" in texts(documents)
    assert reasons(bad) == ["too_large"]
    assert bad[0]["raw_bytes"] > 60_000_000
    assert bad[0]["raw"] is None
    assert passed == 1
    assert peak < 16 << 20


@pytest.mark.parametrize("ending", [".warc.gz", ".warc.zst"])
def test_a_bomb_costs_one_record(ending: str, tmp_path: Path) -> None:
    """A member that becomes too big is left at the limit, and the next one is read."""
    bomb = record(http(b"<p>" + bytes(140 << 20)))
    documents, bad, _, _ = read_bytes(
        stored([GOOD[0], bomb, GOOD[1]], ending), tmp_path, f"a{ending}", max_document_bytes=1 << 20
    )
    assert texts(documents) == ["words 0\n", "words 1\n"]
    assert reasons(bad) == ["bomb"]


def test_charsets(tmp_path: Path) -> None:
    """The HTTP header's charset, else the page's own word, else what the bytes show."""
    text = "Việt Nam: một ngày"
    legacy = "déjà vu à l’été, où l’on est".encode("cp1252")
    russian = "Привет, это страница о погоде в городе".encode("koi8-r")
    cases = [
        (http(f"<p>{text}".encode(), type_="text/html; charset=iso-8859-1"), text),
        (
            http(b"<p>" + legacy, type_="text/html; charset=iso-8859-1"),
            "déjà vu à l’été, où l’on est",
        ),
        (http(b"<meta charset='koi8-r'><p>" + russian), russian.decode("koi8-r")),
        (
            http(
                b"<meta http-equiv=x content='text/html; charset=windows-1251'><p>"
                + "Привет".encode("cp1251")
            ),
            "Привет",
        ),
        (http(b"\xff\xfe" + f"<p>{text}".encode("utf-16-le")), text),
        (
            http("<p>漢字かな".encode("shift_jis"), type_='text/html;charset="Shift_JIS"'),
            "漢字かな",
        ),
        (http(f"<p>{text}".encode("utf-8-sig")), text),
    ]
    documents, bad, _, _ = read_bytes(b"".join(record(c) for c, _ in cases), tmp_path, "a.warc")
    assert bad == []
    assert [t.rstrip("\n") for t in texts(documents)] == [t for _, t in cases]
    assert documents[1]["meta"]["charset"] == "cp1252"


def test_an_archive_with_a_zstd_dictionary(tmp_path: Path) -> None:
    """The dictionary in the first frame is used for all others."""
    stream_io = pytest.importorskip("fastwarc.stream_io")
    dictionary = b"".join(GOOD)
    path = tmp_path / "in" / "a.warc.zst"
    path.parent.mkdir()
    with path.open("wb") as file:
        writer = stream_io.ZstdWriter(file, dictionary=dictionary)
        for good in GOOD:
            writer.write(good)
            writer.finish()
        writer.flush()
    documents, bad, _, _ = read(tmp_path / "in")
    assert (texts(documents), bad) == ([f"words {n}\n" for n in range(4)], [])


def test_another_reader_finds_the_same_records(tmp_path: Path) -> None:
    """FastWARC agrees about types, lengths and offsets."""
    warc = pytest.importorskip("fastwarc.warc")
    data = stored(
        [record(b"x", kind="warcinfo", url=None), *GOOD, record(b"", kind="revisit")], ".gz"
    )
    path = tmp_path / "in" / "a.warc.gz"
    path.parent.mkdir()
    path.write_bytes(data)
    (file,) = survey([str(path)], base=tmp_path).files
    with open_units(file, ReadOptions()) as units:
        ours = [
            (r.place.offset, r.headers["warc-type"], len(r.block or b""))
            for r in records(units, plain_size=None, limit=1 << 20)
            if isinstance(r, Record)
        ]
    theirs = [
        (r.stream_pos, str(r.record_type).rpartition(".")[2], r.content_length)
        for r in warc.ArchiveIterator(str(path), parse_http=False)
    ]
    assert ours == theirs
    assert len(ours) == 6


class _Site(BaseHTTPRequestHandler):
    """Pages with the encodings that clients ask for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = page(f"page {self.path}")
        self.send_response(200 if self.path != "/missing" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if self.path.startswith("/chunked"):
            self.send_header("Transfer-Encoding", "chunked")
            body = chunked(body)
        else:
            if self.path.startswith("/gzip"):
                self.send_header("Content-Encoding", "gzip")
                body = gzip.compress(body)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a site on this machine."""
    with HTTPServer(("127.0.0.1", 0), _Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetched(url: str) -> bytes:
    """A response as it came over the wire, but for chunks, which the client has undone."""
    try:
        response = urlopen(Request(url))
    except OSError as error:
        response = error  # type: ignore[assignment]  # a status of 400 and above
    with response:
        head = f"HTTP/1.1 {response.status} {response.reason}\r\n{response.headers}".replace(
            "\n", "\r\n"
        )
        return head.replace("\r\r", "\r").encode() + response.read()


def test_pages_of_a_site(site: str, tmp_path: Path) -> None:
    """What a crawler saves of a real server is read, also where a header does not hold any more."""
    paths = ["/plain", "/chunked", "/gzip", "/missing"]
    data = [record(fetched(site + path), url=site + path) for path in paths]
    documents, bad, _, passed = read_bytes(stored(data, ".gz"), tmp_path, "site.warc.gz")
    assert texts(documents) == ["page /plain\n", "page /chunked\n", "page /gzip\n"]
    assert [row["url"] for row in documents] == [site + path for path in paths[:3]]
    assert (bad, passed) == ([], 1)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.warc", "a.warc.gz", "a.warc.zst", "a.wet"]))
def test_random_bytes_never_crash(data: bytes, name: str) -> None:
    """Any bytes give documents or quarantine rows."""
    with TemporaryDirectory() as folder:
        documents, bad, _, _ = read_bytes(data, Path(folder), name)
    assert documents == []
    assert bad or not data.strip(b"\r\n")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=6)), min_size=1, max_size=4),
    st.sampled_from(ENDINGS),
    st.booleans(),
)
def test_damage_anywhere_never_crashes(
    damage: list[tuple[int, bytes]], ending: str, is_inserted: bool
) -> None:
    """Bytes changed or put in anywhere; where there are checksums, no damaged text is read."""
    data = bytearray(stored(GOOD, ending))
    for place, new in damage:
        at = place % len(data)
        data[at : at if is_inserted else at + len(new)] = new
    with TemporaryDirectory() as folder:
        documents, *_ = read_bytes(bytes(data), Path(folder), f"a{ending}")
    assert len({row["record"] for row in documents}) == len(documents)
    if ending == ".warc.gz":  # the only one with a checksum that nobody can leave out
        assert set(texts(documents)) <= {f"words {n}\n" for n in range(4)}


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_random_blocks_never_crash(block: bytes) -> None:
    """A record of any block, as response, resource and conversion."""
    parts = [
        record(block),
        record(http(block, "Content-Encoding: gzip", "Transfer-Encoding: chunked")),
        record(http(block, "Content-Encoding: br, deflate")),
        record(block, kind="resource", type_="text/html"),
        record(block, kind="conversion", type_="text/plain"),
        GOOD[0],
    ]
    with TemporaryDirectory() as folder:
        documents, bad, _, _ = read_bytes(b"".join(parts), Path(folder), "a.warc")
    assert texts(documents)[-1] == "words 0\n"
    assert len(documents) + len(bad) >= 2


def test_the_end_of_a_frame_is_found(tmp_path: Path) -> None:
    """Frames of every shape end where the next one begins."""
    path = tmp_path / "f.zst"
    rows = [b"", b"x", b"y" * 300_000, random.Random(3).randbytes(400_000)]
    expected = [0]
    with path.open("wb") as file:
        for row in rows:
            file.write(zstd(row))
            expected.append(file.tell())
    with path.open("rb", buffering=0) as raw:
        source = Source(raw, path.stat().st_size)
        assert [frame_end(source, at) for at in expected[:-1]] == expected[1:]


def test_records_are_told_apart_from_what_is_none(tmp_path: Path) -> None:
    """A header without a length, and one without an end, are no records."""
    data = (
        b"WARC/1.0\r\nWARC-Type: response\r\n\r\n"
        + GOOD[0]
        + b"WARC/1.0\r\n"
        + b"a: b\r\n" * 20_000
    )
    path = tmp_path / "a.warc"
    path.write_bytes(data)
    (file,) = survey([str(path)], base=tmp_path).files
    with open_units(file, ReadOptions()) as units:
        found = list(records(units, plain_size=len(data), limit=1 << 20))
    assert [type(f) for f in found] == [Broken, Record, Broken]


ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "web-archives.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced code blocks of one language on the page about web archives."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_settings_of_the_page_are_valid() -> None:
    """Its config loads, with the key of its other example, too."""
    config, read_settings = blocks("yaml")
    assert parse(config + read_settings, "web.yaml").read.main_content


def test_the_table_of_the_page_is_whole() -> None:
    """Every reason that a record can be quarantined for is explained."""
    sources = [p.read_text("utf-8") for p in sorted((ROOT / "cleaner" / "io").glob("*.py"))]
    for name in ("BadBody", "_Unusable", "Pathological", "UnitFault"):
        for source in sources:
            for reason in re.findall(rf'\b{name}\("([a-z_]+)"', source):
                assert f"`{reason}`" in PAGE, reason


@pytest.mark.slow
def test_the_example_of_the_page_runs(tmp_path: Path) -> None:
    """Its commands end well; the place in `meta` leads to the bytes of the second page."""
    make, look = blocks("python")
    (tmp_path / "web.yaml").write_text(blocks("yaml")[0])

    def done(*command: str, **more: str) -> str:
        result = subprocess.run(
            command, cwd=tmp_path, capture_output=True, env=os.environ | more, check=False
        )
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout.decode()

    done(sys.executable, "-c", make)
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    ours = [line for line in commands if line.startswith("cleaner ")]
    assert len(ours) == 4
    assert {line.split()[0] for line in commands} == {"cleaner", "tail", "pip"}
    for line in ours[:3]:
        done(sys.executable, "-m", "cleaner", *shlex.split(line)[1:])
    doc_id, offset, skip, size = done(sys.executable, "-c", look).split()
    (tail,) = [line for line in commands if line.startswith("tail ")]
    found = done("bash", "-c", tail, OFFSET=offset, SKIP=skip, SIZE=size)
    assert found.startswith("WARC/1.1\r\n")
    assert found.endswith("at night.</p>")
    words = shlex.split(ours[3].replace("$DOC_ID", doc_id))[1:]
    assert done(sys.executable, "-m", "cleaner", *words) == found
    rows = [row for part in (tmp_path / "out/web/corpus").glob("*.parquet") for row in _rows(part)]
    assert all("Sport" not in row["text"] for row in rows)
    assert any(line.startswith("pip install 'cleaner[html]'") for line in commands)


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_the_extra_is_asked_for(tmp_path: Path) -> None:
    """Without the extractor the command says what to install; text of .wet files needs none."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wet").write_bytes(record(b"text", kind="conversion", type_="text/plain"))
    code = (
        "import sys; sys.modules['resiliparse'] = None\n"
        "from cleaner.cli import main\n"
        "sys.argv = ['cleaner', 'plan', 'c.yaml']; main()\n"
    )
    (tmp_path / "c.yaml").write_text("name: x\ninput: in\nstages: [{use: unicode}]\n")

    def plan() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    done = plan()
    assert done.returncode == 0, done.stderr
    (tmp_path / "in" / "a.warc").write_bytes(GOOD[0])
    done = plan()
    assert done.returncode == 2
    assert "pip install 'cleaner[html]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_wet_needs_no_extractor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Extracted text is read where no extractor is installed."""
    monkeypatch.setitem(sys.modules, "resiliparse", None)
    data = record(b"text", kind="conversion", type_="text/plain")
    documents, bad, _, _ = read_bytes(data, tmp_path, "a.wet")
    assert (texts(documents), bad) == (["text"], [])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run in `run`, over an archive, a page and a text."""
    folder = tmp_path_factory.mktemp("raw")
    (folder / "in").mkdir()
    twice = [GOOD[0], GOOD[1], record(http(page("words 1")), url="https://b.example/copy")]
    (folder / "in" / "a.warc.gz").write_bytes(
        gzip.compress(GOOD[2]) + gzip.compress(b"".join(twice))
    )
    (folder / "in" / "p.html.gz").write_bytes(gzip.compress(page("a file")))
    (folder / "in" / "t.txt").write_bytes(b"text\n")
    make_run(folder, ["unicode", "exact_duplicates"])
    return folder


def raw(folder: Path, doc_id: str, *more: str) -> Result:
    """`cleaner restore --raw` of a document."""
    return CliRunner().invoke(cli, ["restore", str(folder / "run"), doc_id, "--raw", *more])


def ids_of(folder: Path) -> dict[str, str]:
    """Source and record → doc_id, of kept and dropped documents."""
    rows = rows_of(folder / "run", "corpus") + rows_of(folder / "run", "ledger")
    return {f"{row['source']}:{row['record']}": row["doc_id"] for row in rows}


def test_restore_raw_gives_the_record(finished: Path) -> None:
    """Kept or dropped, alone in its member or not; a page gives the file's content."""
    ids = ids_of(finished)
    expected = [GOOD[2], GOOD[0], GOOD[1]]
    for number, good in enumerate(expected):
        assert raw(finished, ids[f"in/a.warc.gz:{number}"]).stdout_bytes == good[:-4]
    copy = raw(finished, ids["in/a.warc.gz:3"]).stdout_bytes
    assert b"https://b.example/copy" in copy
    assert any(r["action"] == "drop" for r in rows_of(finished / "run", "ledger"))
    assert raw(finished, ids["in/p.html.gz:0"]).stdout_bytes == page("a file")
    text = CliRunner().invoke(cli, ["restore", str(finished / "run"), ids["in/p.html.gz:0"]])
    assert text.stdout == "a file\n"


def test_restore_raw_says_why_not(finished: Path, tmp_path: Path) -> None:
    """A text that was not extracted; an archive that was changed, or is gone."""
    ids = ids_of(finished)
    done = raw(finished, ids["in/t.txt:0"])
    assert (done.exit_code, "without --raw" in done.stderr) == (2, True)
    archive, kept = finished / "in" / "a.warc.gz", tmp_path / "a.warc.gz"
    kept.write_bytes(archive.read_bytes())
    try:
        archive.write_bytes(gzip.compress(b"X" + GOOD[3]) * 3)
        done = raw(finished, ids["in/a.warc.gz:0"])
        assert (done.exit_code, "is not what was read" in done.stderr) == (1, True)
        archive.unlink()
        done = raw(finished, ids["in/a.warc.gz:0"])
        assert (done.exit_code, "is not among the inputs any more" in done.stderr) == (2, True)
    finally:
        archive.write_bytes(kept.read_bytes())
    assert raw(finished, "0" * 24).exit_code == 2
    all_raw = ["restore", str(finished / "run"), "--all", str(tmp_path / "x"), "--raw"]
    assert CliRunner().invoke(cli, all_raw).exit_code == 2


def test_explain_takes_a_record_of_an_archive(finished: Path) -> None:
    """By its number; without one, or beyond the last, the message says so."""
    config = str(finished / "run" / "config.yaml")
    archive = str(finished / "in" / "a.warc.gz")
    done = CliRunner().invoke(cli, ["explain", config, f"{archive}:1"])
    assert (done.exit_code, "words 0" in done.stdout) == (0, True), done.stderr
    done = CliRunner().invoke(cli, ["explain", config, archive])
    assert (done.exit_code, "several records" in done.stderr) == (2, True)
    done = CliRunner().invoke(cli, ["explain", config, f"{archive}:9"])
    assert (done.exit_code, "has no record 9; its last record is 3" in done.stderr) == (2, True)


@pytest.mark.slow
def test_init_looks_into_archives(finished: Path, tmp_path: Path) -> None:
    """A config is proposed for a folder of archives and pages, from what is in them."""
    target = tmp_path / "c.yaml"
    done = CliRunner().invoke(cli, ["init", str(finished / "in"), "--out", str(target)])
    assert done.exit_code == 0, done.stderr
    assert parse(target.read_text("utf-8"), "c.yaml").input


def test_many_false_headers_do_not_take_long(tmp_path: Path) -> None:
    """Each is looked at up to the next one, not up to the most that a header may have."""
    started = time.process_time()
    _, bad, counts, _ = read_bytes(
        b"WARC/1.0\r\nContent-Length: 9\r\n" * 20_000, tmp_path, "a.warc"
    )
    assert (len(bad), counts) == (20_000, {0: 20_000})
    assert time.process_time() - started < 5  # 0.4 s; it was over 40
