"""Reading text files and JSON Lines: nothing is lost, nothing is read twice, nothing is silent."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.io.chunks import Chunk, plan_chunks
from cleaner.io.inputs import InputFile, discover
from cleaner.io.json_record import BadJson, dump, parse_line
from cleaner.io.read_jsonl import Line, cut_lines
from cleaner.io.readers import Read, ReadOptions, read_chunk
from cleaner.io.records import RAW_LIMIT
from cleaner.io.schema import ORIGINALS, QUARANTINE
from cleaner.io.streams import StreamFault
from cleaner.text.decode import encode

Row = dict[str, object]
EMPTY_SKIPPABLE_FRAME = b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip"


def zstd(data: bytes) -> bytes:
    """One frame of Zstandard."""
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


def noise(size: int) -> str:
    """Text that does not compress much, the same each time."""
    letters = "abcdefghijklmnopqrstuvwxyzđơưạ "
    return "".join(random.Random(size).choices(letters, k=size))


def read_files(
    files: Sequence[InputFile], chunks: Sequence[Chunk] | None = None, **options: object
) -> Read:
    """All of some files as one `Read`, with record numbers made absolute."""
    batches: list[pa.RecordBatch] = []
    bad: list[pa.RecordBatch] = []
    records: dict[int, int] = {}
    blank = 0
    if chunks is None:
        chunks = plan_chunks(files, 1 << 30)
    for chunk in chunks:
        before = dict(records)
        for read in read_chunk(chunk, files, ReadOptions(**options)):  # type: ignore[arg-type]
            assert read.documents.schema.equals(ORIGINALS, check_metadata=True)
            assert read.quarantine.schema.equals(QUARANTINE, check_metadata=True)
            read.documents.validate(full=True)
            read.quarantine.validate(full=True)
            batches.append(shift(read.documents, before))
            bad.append(read.quarantine)
            blank += read.blank
            for index, count in read.records.items():
                records[index] = records.get(index, 0) + count
    documents = pa.Table.from_batches(batches, ORIGINALS).combine_chunks()
    quarantine = pa.Table.from_batches(bad, QUARANTINE).combine_chunks()
    return Read(first_batch(documents), first_batch(quarantine), records, blank)


def first_batch(table: pa.Table) -> pa.RecordBatch:
    """The one batch of a table, if need be an empty one."""
    batches = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)


def shift(batch: pa.RecordBatch, before: dict[int, int]) -> pa.RecordBatch:
    """Record numbers as of the whole file."""
    files, numbers = batch.column("file").to_pylist(), batch.column("record").to_pylist()
    absolute = [n + before.get(f, 0) for f, n in zip(files, numbers, strict=True)]
    place = batch.schema.get_field_index("record")
    return batch.set_column(place, batch.schema.field(place), pa.array(absolute, pa.int64()))


def read_file(base: Path, name: str, content: bytes, **options: object) -> Read:
    """One file with this content."""
    folder = base / "in"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return read_files(discover([f"in/{name}"], base=base), **options)


def texts(read: Read) -> list[str]:
    """The documents' texts."""
    return list(read.documents.column("text").to_pylist())


def reasons(read: Read) -> list[str]:
    """Why records are in quarantine."""
    return list(read.quarantine.column("reason").to_pylist())


def bad(read: Read) -> Row:
    """The only quarantine row."""
    (row,) = read.quarantine.to_pylist()
    return dict(row)


# --- text files


def test_a_text_file_is_one_document(tmp_path: Path) -> None:
    """Its hash is that of its bytes; line ends and marks are as they were."""
    data = "\ufeffDòng một\r\nDòng hai\n".encode()
    (row,) = read_file(tmp_path, "a.txt", data).documents.to_pylist()
    assert row == {
        "file": 0,
        "record": 0,
        "text": data.decode(),
        "encoding": "utf-8",
        "evidence": None,
        "bad_bytes": [],
        "raw_bytes": len(data),
        "raw_chars": len(data.decode()),
        "sha256": hashlib.sha256(data).digest(),
        "url": None,
        "date": None,
        "source_id": None,
        "meta": None,
    }


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("Là-bas, l'été dernier, à côté.".encode("cp1252"), "windows-1252"),
        ("\ufeffchợ sớm".encode("utf-16"), "utf-16-le"),
        (b"a\0b", "utf-8"),
        ("đường ".encode() * 40 + b"\xff", "utf-8"),
        (b"", "utf-8"),
    ],
)
def test_the_bytes_of_a_text_file_come_back(tmp_path: Path, data: bytes, encoding: str) -> None:
    """Text, encoding and bad bytes give the bytes that the hash was made of."""
    (row,) = read_file(tmp_path, "a.txt", data).documents.to_pylist()
    assert row["encoding"] == encoding
    back = encode(row["text"], row["encoding"], row["bad_bytes"])
    assert back == data
    assert row["sha256"] == hashlib.sha256(back).digest()
    assert (row["raw_bytes"], row["raw_chars"]) == (len(data), len(row["text"]))


def test_the_declared_encoding_is_used(tmp_path: Path) -> None:
    """`encoding` tells what cannot be guessed."""
    text = "Dzień dobry, książka już leży"
    read = read_file(tmp_path, "a.txt", text.encode("iso-8859-2"), encoding="iso-8859-2")
    assert texts(read) == [text]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary"),
        ("今天天气很好，我们去公园散步吧。".encode("gbk"), "undecodable"),
    ],
)
def test_what_is_no_text_is_put_aside(tmp_path: Path, data: bytes, reason: str) -> None:
    """The row has the place, the reason and the raw bytes."""
    row = bad(read_file(tmp_path, "a.txt", data))
    assert row.pop("detail")
    assert row == {
        "source": "in/a.txt",
        "record": 0,
        "start": 0,
        "end": len(data),
        "stage": "read",
        "reason": reason,
        "raw": data,
        "raw_bytes": len(data),
        "raw_chars": None,
    }


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.txt.zst"])
def test_a_long_text_file_is_put_aside(tmp_path: Path, name: str) -> None:
    """Its bytes are counted, but not kept."""
    data = noise(150_000).encode()
    stored = {"txt": data, "gz": gzip.compress(data), "zst": zstd(data)}[name.rsplit(".", 1)[1]]
    row = bad(read_file(tmp_path, name, stored, max_document_bytes=100_000))
    assert (row["reason"], row["start"], row["end"]) == ("too_large", 0, len(data))
    assert (row["raw"], row["raw_bytes"]) == (None, len(data))
    at_limit = read_file(tmp_path, name, stored, max_document_bytes=len(data))
    assert texts(at_limit) == [data.decode()]


def test_raw_bytes_are_kept_up_to_a_limit(tmp_path: Path) -> None:
    """A bad record of 64 KiB is kept, a longer one only counted."""
    for size, is_kept in ((RAW_LIMIT, True), (RAW_LIMIT + 1, False)):
        row = bad(read_file(tmp_path, "a.txt", b"\x00" + b"\x01" * (size - 1)))
        assert (row["raw"] is not None) == is_kept
        assert row["raw_bytes"] == size


def test_an_unreadable_file_is_put_aside(tmp_path: Path) -> None:
    """A file that is gone or changed since it was listed is one row, and the others are read."""
    folder = tmp_path / "in"
    folder.mkdir()
    names = ["a.txt", "b.jsonl", "c.parquet", "d.txt", "e.txt"]
    for name in names:
        (folder / name).write_bytes(b'{"text": "x"}\n')
    files = discover(["in"], base=tmp_path)
    chunks = plan_chunks(files, 1 << 20)
    for name in names[:3]:
        (folder / name).unlink()
    (folder / "d.txt").write_bytes(b"other")
    read = read_files(files, chunks)
    assert reasons(read) == ["unreadable", "unreadable", "unreadable", "changed"]
    assert read.quarantine.column("source").to_pylist() == [f"in/{name}" for name in names[:4]]
    assert read.quarantine.column("raw_bytes").to_pylist() == [14, 14, 14, 14]
    assert read.quarantine.column("raw").to_pylist() == [None] * 4
    assert texts(read) == ['{"text": "x"}\n']


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_put_aside(tmp_path: Path) -> None:
    """The system's words are in the detail."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"x")
    files = discover(["in"], base=tmp_path)
    (folder / "a.txt").chmod(0)
    row = bad(read_files(files))
    assert (row["reason"], "ermission" in str(row["detail"])) == ("unreadable", True)


# --- compressed streams


LINES = [json.dumps({"text": noise(700 + i)}) for i in range(400)]
CONTENT = ("\n".join(LINES) + "\n").encode()
PACK = {"gz": gzip.compress, "zst": zstd}


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_all_members_are_read(tmp_path: Path, kind: str) -> None:
    """Several gzip members or zstd frames are one content, cut anywhere."""
    half = len(CONTENT) // 2 + 7
    stored = PACK[kind](CONTENT[:half]) + PACK[kind](b"") + PACK[kind](CONTENT[half:])
    read = read_file(tmp_path, f"a.jsonl.{kind}", stored)
    assert texts(read) == [json.loads(line)["text"] for line in LINES]
    assert reasons(read) == []
    assert read.records == {0: len(LINES)}


def test_padding_is_read_over(tmp_path: Path) -> None:
    """NUL bytes after gzip members and skippable zstd frames are no content."""
    padded = gzip.compress(CONTENT) + b"\0" * 1000
    assert len(texts(read_file(tmp_path, "a.jsonl.gz", padded))) == len(LINES)
    skipping = EMPTY_SKIPPABLE_FRAME + zstd(CONTENT) + EMPTY_SKIPPABLE_FRAME
    read = read_file(tmp_path, "a.jsonl.zst", skipping)
    assert (len(texts(read)), reasons(read)) == (len(LINES), [])


@pytest.mark.parametrize("kind", ["gz", "zst"])
@pytest.mark.parametrize("cut", [-1, -9, -5000, 15, 5, 1])
def test_a_truncated_stream_keeps_what_came_before(tmp_path: Path, kind: str, cut: int) -> None:
    """Whole lines are documents; the begun line is one row with its place."""
    read = read_file(tmp_path, f"a.jsonl.{kind}", PACK[kind](CONTENT)[:cut])
    expected = [json.loads(line)["text"] for line in LINES]
    found = texts(read)
    assert found == expected[: len(found)]
    row = bad(read)
    assert row["reason"] == "truncated"
    length = len("".join(line + "\n" for line in LINES[: len(found)]).encode())
    assert row["start"] == length
    if row["raw"]:
        assert CONTENT[length:].startswith(bytes(row["raw"]))  # type: ignore[call-overload]
        assert row["record"] == len(found)
        assert read.records == {0: len(found) + 1}
    else:
        assert row["record"] is None
    if cut in {-1, -9} and kind == "gz":
        assert len(found) == len(LINES)  # only the checksum is missing


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_garbage_after_the_content_is_told(tmp_path: Path, kind: str) -> None:
    """The content is whole, also a last line without its newline; the garbage is a row."""
    read = read_file(tmp_path, f"a.jsonl.{kind}", PACK[kind](CONTENT[:-1]) + b"not compressed")
    assert texts(read) == [json.loads(line)["text"] for line in LINES]
    row = bad(read)
    assert (row["reason"], row["record"]) == ("trailing_garbage", None)
    assert row["start"] == len(CONTENT) - 1
    document = read_file(tmp_path, f"b.txt.{kind}", PACK[kind](b"text") + b"garbage")
    assert (texts(document), reasons(document)) == (["text"], ["trailing_garbage"])
    assert document.records == {0: 1}


def test_a_damaged_gzip_stream_keeps_what_came_before(tmp_path: Path) -> None:
    """A wrong checksum or a wrong block is 'corrupt'."""
    stored = bytearray(gzip.compress(CONTENT))
    stored[-6] ^= 0xFF
    read = read_file(tmp_path, "a.jsonl.gz", bytes(stored))
    assert reasons(read) == ["corrupt"]
    assert len(texts(read)) >= len(LINES) - 1
    stored[len(stored) // 2] ^= 0xFF
    broken = read_file(tmp_path, "a.jsonl.gz", bytes(stored))
    assert reasons(broken)[-1] == "corrupt"
    assert len(texts(broken)) >= len(LINES) // 3


def test_a_damaged_zstd_stream_is_told(tmp_path: Path) -> None:
    """Damage that the decompressor notices is 'corrupt'; frames before it are read."""
    frame = bytearray(zstd(CONTENT))
    assert frame[4] == 0x80  # the header has 10 bytes, a block of a reserved type follows
    frame[10] |= 0b110
    read = read_file(tmp_path, "a.jsonl.zst", zstd(CONTENT) + bytes(frame))
    assert len(texts(read)) == len(LINES)
    row = bad(read)
    assert (row["reason"], row["start"]) == ("corrupt", len(CONTENT))


@pytest.mark.parametrize("name", ["a.txt.gz", "a.txt.zst", "a.jsonl.gz", "a.jsonl.zst"])
@pytest.mark.parametrize(("stored", "reason"), [(b"", "truncated"), (b"plain text", "corrupt")])
def test_what_is_not_compressed_is_told(
    tmp_path: Path, name: str, stored: bytes, reason: str
) -> None:
    """An empty file, or one that only has the name."""
    read = read_file(tmp_path, name, stored)
    assert (texts(read), reasons(read)) == ([], [reason])


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_half_a_text_is_no_document(tmp_path: Path, kind: str) -> None:
    """A truncated .txt goes to quarantine with the bytes that could be read."""
    data = noise(3000).encode()
    read = read_file(tmp_path, f"a.txt.{kind}", PACK[kind](data)[:-10])
    row = bad(read)
    assert (texts(read), row["reason"], row["record"]) == ([], "truncated", 0)
    assert data.startswith(bytes(row["raw"] or b""))  # type: ignore[call-overload]


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_a_bomb_is_defused(tmp_path: Path, kind: str) -> None:
    """A stream of nothing but zeros stops soon after the free first 64 MiB, in little memory."""
    zeros = PACK[kind](b"\0" * (8 << 20)) * 32
    read = read_file(tmp_path, f"a.jsonl.{kind}", zeros, max_document_bytes=1 << 20)
    row = bad(read)
    assert row["reason"] == "bomb"
    assert (64 << 20) <= int(str(row["end"])) < (66 << 20)
    small = read_file(tmp_path, f"b.txt.{kind}", zeros, max_decompressed_bytes=1 << 20)
    assert reasons(small) == ["bomb"]


def test_text_that_repeats_is_no_bomb(tmp_path: Path) -> None:
    """Logs and templates compress well; below the bounds all of it is read."""
    line = json.dumps({"text": "the same line again and again " * 30}) + "\n"
    stored = zstd(line.encode() * 20_000)
    assert len(stored) * 200 < len(line) * 20_000
    assert len(texts(read_file(tmp_path, "a.jsonl.zst", stored))) == 20_000


# --- JSON Lines


def test_records_have_their_fields(tmp_path: Path) -> None:
    """URL, date and id are columns, all else is `meta`, numbers keep their digits."""
    line = (
        '{"title": "Chợ \\u0111\\u00eam", "text": "Một\\nhai \\ud83d\\ude00", "id": 7,'
        ' "url": "https://a.example/", "date": 20240102, "z": 0.10, "big": 1e400,'
        ' "n": [1, 2.5, null, true, {"b": 1, "a": -0}], "i": ' + "9" * 5000 + "}\n"
    )
    (row,) = read_file(tmp_path, "a.jsonl", line.encode(), id_column="id").documents.to_pylist()
    assert (row["text"], row["raw_chars"], row["raw_bytes"]) == ("Một\nhai 😀", 9, 14)
    assert row["sha256"] == hashlib.sha256(row["text"].encode()).digest()
    assert (row["url"], row["date"], row["source_id"]) == ("https://a.example/", "20240102", "7")
    assert row["meta"] == (
        '{"big":1e400,"i":' + "9" * 5000 + ',"n":[1,2.5,null,true,{"a":-0,"b":1}],'
        '"title":"Chợ đêm","z":0.10}'
    )
    plain = read_file(tmp_path, "a.jsonl", line.encode(), keep_meta=False, url_column=None)
    assert plain.documents.select(["url", "source_id", "meta"]).to_pylist() == [
        {"url": None, "source_id": None, "meta": None}
    ]


@pytest.mark.parametrize(
    ("fields", "url", "meta"),
    [
        ('"url": null', None, None),
        ('"url": 5.50', "5.50", None),
        ('"url": ["a"]', None, '{"url":["a"]}'),
        ('"url": true', None, '{"url":true}'),
        ('"url": "\\ud800"', None, '{"url":"\\ud800"}'),
        ('"a": "\\udfff", "á": "\\ud83d\\ude00"', None, '{"a":"\\udfff","á":"😀"}'),
        ('"a": {}', None, '{"a":{}}'),
        ('"b": [], "a": 1.0', None, '{"a":1.0,"b":[]}'),
        ('"b": [], "c": {}, "a": 1.00', None, '{"a":1.00,"b":[],"c":{}}'),
    ],
)
def test_odd_fields_stay_as_they_are(fields: str, url: str | None, meta: str | None) -> None:
    """What is no text or number is not squeezed into a column."""
    found = parse_line('{"text": "x", ' + fields + "}", ReadOptions())
    assert (found.text, found.url, found.meta) == ("x", url, meta)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(), JSON, max_size=5), st.booleans())
def test_meta_means_the_same(fields: dict[str, object], is_exact: bool) -> None:
    """Whatever the other fields are, parsing `meta` gives them back, on both ways of parsing."""
    fields = {k: v for k, v in fields.items() if k not in {"text", "url", "date"}}
    line = json.dumps({"text": "x", **fields})
    if is_exact:
        fields["exact"] = 1.5
        line = line[:-1] + ', "exact": 1.50}'
    meta = parse_line(line, ReadOptions()).meta
    assert json.loads(meta or "{}") == fields
    if meta and not is_exact:
        assert meta == dump(fields)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "bad_json"),
        (b'{"text": "a"} {"text": "b"}', "bad_json"),
        (b'{"text": "a\tb"}', "bad_json"),
        (b'{"text": "a", "n": NaN}', "bad_json"),
        (b'{"text": "a", "n": -Infinity}', "bad_json"),
        (b'{"text": "a", "n": 1.50, "m": NaN}', "bad_json"),
        (b'{"text": "a", "n": 1.50, "m": }', "bad_json"),
        (b'{"text": "a", "text": "b"}', "duplicate_key"),
        (b'{"text": "a", "n": {"k": 1, "k": 1}}', "duplicate_key"),
        (b'{"text": "a", "n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep"),
        (b'{"text": "a", "n": 1.50, "m": ' + b"[" * 100 + b"]" * 100 + b"}", "too_deep"),
        (b'{"text": "[[", "n": ' + b"[" * 100 + b"}", "too_deep"),
        (b'{"text": "[[", "n": ' + b"[" * 99 + b"}", "bad_json"),
        (b'["text"]', "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"12.50", "not_an_object"),
        (b"{}", "missing_text"),
        (b'{"Text": "a"}', "missing_text"),
        (b'{"text": null}', "text_not_string"),
        (b'{"text": 1.50}', "text_not_string"),
        (b'{"text": ["a"]}', "text_not_string"),
        (b'{"text": "a\\ud800b"}', "lone_surrogate"),
        (b'{"text": "caf\xe9"}', "bad_utf8"),
        (b'{"text": "\xed\xa0\x80"}', "bad_utf8"),
        ('{"text": "wide"}'.encode("utf-16-le"), "bad_json"),
    ],
)
def test_a_bad_line_is_put_aside(tmp_path: Path, line: bytes, reason: str) -> None:
    """Each kind of bad line has its reason, its bytes and its place; its neighbours are read."""
    good = b'{"text": "good"}'
    read = read_file(tmp_path, "a.jsonl", b"\n".join([good, line, b"", good]))
    row = bad(read)
    assert (row["reason"], row["record"]) == (reason, 1)
    assert (row["start"], row["end"]) == (17, 17 + len(line))
    assert (row["source"], row["stage"]) == ("in/a.jsonl", "read")
    assert row["raw"] == (line if len(line) <= RAW_LIMIT else None)
    assert row["raw_bytes"] == len(line)
    assert row["raw_chars"] == (None if reason == "bad_utf8" else len(line.decode()))
    assert row["detail"]
    assert texts(read) == ["good", "good"]
    assert read.documents.column("record").to_pylist() == [0, 3]
    assert (read.records, read.blank) == ({0: 4}, 1)


def test_nesting_up_to_the_limit_is_read() -> None:
    """A hundred levels are allowed, on both ways of parsing."""
    nested = "[" * 99 + "]" * 99
    for number in ("1.5", "1.50"):
        found = parse_line(f'{{"text": "x", "a": {number}, "m": {nested}}}', ReadOptions())
        assert found.meta == f'{{"a":{number},"m":{nested}}}'


def test_a_missing_text_names_the_nearest_field() -> None:
    """The detail says which field may be meant."""
    with pytest.raises(BadJson, match="there is no 'text'; the nearest is 'texts'"):
        parse_line('{"texts": "a", "url": "b"}', ReadOptions())


def test_line_ends_and_marks(tmp_path: Path) -> None:
    """Only a line feed ends a line; a mark at the start and white space around are let through."""
    inner = "a\u2028b\u0085c"
    line = json.dumps({"text": inner}, ensure_ascii=False).encode()
    content = b"\xef\xbb\xbf" + line + b"\r\n\r\n \t\n" + b"  " + line
    read = read_file(tmp_path, "a.jsonl", content)
    assert texts(read) == [inner, inner]
    assert (reasons(read), read.records, read.blank) == ([], {0: 4}, 2)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_long_line_is_passed_by(tmp_path: Path, name: str) -> None:
    """It is a row with its byte range, and takes no memory."""
    good = b'{"text": "good"}\n'
    size = 24 << 20
    content = good + b'{"text": "' + b"x" * size + b'"}\n' + good
    stored = gzip.compress(content, 1) if name.endswith("gz") else content
    del content
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_bytes(stored)
    del stored
    files = discover(["in"], base=tmp_path)
    tracemalloc.start()
    read = read_files(files, max_document_bytes=1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    row = bad(read)
    assert (row["reason"], row["record"], row["raw"]) == ("too_large", 1, None)
    assert (row["start"], row["end"], row["raw_bytes"]) == (17, 17 + size + 12, size + 12)
    assert texts(read) == ["good", "good"]
    assert peak < 8 << 20


def test_every_cut_gives_the_same_records(tmp_path: Path) -> None:
    """Chunks of any number of bytes hold the records of the whole file, each once."""
    lines = [
        *(b'{"text": "a"}', b"", b'{"text": "b", "n": 1}', b"broken", b"\r", b'{"text": "\xff"}'),
        *(b'{"text": "' + b"long" * 30 + b'"}', b'{"text": "d"}', b"", b'{"text": "last"}'),
    ]
    for ending in (b"", b"\n", b"\n\n"):
        content = b"\n".join(lines) + ending
        whole = read_file(tmp_path, "a.jsonl", content, max_document_bytes=100)
        files = discover(["in"], base=tmp_path)
        for size in range(1, len(content) + 2):
            chunks = plan_chunks(files, size)
            assert len(chunks) == -(-len(content) // size)
            cut = read_files(files, chunks, max_document_bytes=100)
            assert cut.documents.equals(whole.documents)
            # record numbers of bad records are relative to their part; bytes are not
            columns = [n for n in QUARANTINE.names if n != "record"]
            assert cut.quarantine.select(columns).equals(whole.quarantine.select(columns))
            assert (cut.records.get(0, 0), cut.blank) == (whole.records[0], whole.blank)


class Blocks:
    """A stream that gives its bytes in blocks of odd sizes."""

    def __init__(self, blocks: list[bytes], position: int, fault: StreamFault | None) -> None:
        self._blocks = [b for b in [b"".join(blocks)[position:]] if b]
        sizes = [max(1, len(b)) for b in blocks] or [1]
        self._sizes: Iterator[int] = iter(sizes * (sum(sizes) + 1))
        self._fault = fault

    def read(self, size: int) -> bytes:
        """As `ByteStream` says."""
        if not self._blocks:
            if self._fault:
                raise self._fault
            return b""
        size = min(size, next(self._sizes))
        data, rest = self._blocks[0][:size], self._blocks[0][size:]
        self._blocks = [rest] if rest else []
        return data


@settings(max_examples=300)
@given(
    st.lists(st.binary(max_size=9).map(lambda b: b.replace(b"a", b"\n")), max_size=8),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(1, 12),
)
def test_lines_are_cut_like_split(blocks: list[bytes], start: int, end: int, limit: int) -> None:
    """Any blocks, any span, any limit: the lines of `split`, each in the span of its first byte."""
    content = b"".join(blocks)
    start, end = sorted((min(start, len(content)), min(end, len(content))))
    expected: list[Line] = []
    at = 0
    for line in content.split(b"\n"):
        is_rest = at + len(line) == len(content) and not line
        if start <= at < end and not is_rest:
            expected.append(Line(at, at + len(line), line if len(line) <= limit else None))
        at += len(line) + 1
    stream = Blocks(blocks, max(start - 1, 0), None)
    assert list(cut_lines(stream, start, end, limit)) == expected


@pytest.mark.parametrize(
    ("content", "reason", "expected"),
    [
        (b"one\ntwo", "truncated", [Line(0, 3, b"one"), Line(4, 7, b"two")]),
        (b"one\n", "truncated", [Line(0, 3, b"one"), Line(4, 4, b"")]),
        (b"one\ntwothree", "corrupt", [Line(0, 3, b"one"), Line(4, 12, None)]),
        (b"a\nb", "trailing_garbage", [Line(0, 1, b"a"), Line(2, 3, b"b"), Line(3, 3, b"")]),
    ],
)
def test_a_fault_comes_with_the_begun_line(
    content: bytes, reason: str, expected: list[Line]
) -> None:
    """The last line carries the fault; after garbage that follows, all lines are whole."""
    fault = StreamFault(reason, "why")
    found = list(cut_lines(Blocks([content], 0, fault), 0, None, 5))
    assert found == [*expected[:-1], expected[-1]._replace(fault=fault)]


def test_batches_are_bounded(tmp_path: Path) -> None:
    """A batch holds at most `batch_bytes` of text, or one bigger document; order is kept."""
    folder = tmp_path / "in"
    folder.mkdir()
    sizes = [random.Random(i).randrange(1, 30_000) for i in range(60)]
    lines = [json.dumps({"text": "x" * size}) for size in sizes]
    (folder / "a.jsonl").write_text("\n".join(lines))
    for i, size in enumerate(sizes):
        (folder / f"b{i:02}.txt").write_text("x" * size)
    files = discover(["in"], base=tmp_path)
    (chunk,) = plan_chunks(files, 1 << 30)
    seen: list[tuple[int, int, int]] = []
    for read in read_chunk(chunk, files, ReadOptions(batch_bytes=20_000)):
        found = read.documents.column("raw_bytes").to_pylist()
        assert sum(found) <= 20_000 or len(found) == 1
        seen += zip(
            read.documents.column("file").to_pylist(),
            read.documents.column("record").to_pylist(),
            found,
            strict=True,
        )
    assert seen == [(0, i, s) for i, s in enumerate(sizes)] + [
        (i + 1, 0, s) for i, s in enumerate(sizes)
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"max_document_bytes": 0},
        {"max_document_bytes": 1 << 31},
        {"batch_bytes": 0},
        {"max_ratio": 0.5},
        {"max_bad_bytes_ratio": 1.5},
    ],
)
def test_impossible_options_are_refused(options: dict[str, float]) -> None:
    """A bound that cannot hold is an error at once."""
    with pytest.raises(ValueError, match="must be"):
        ReadOptions(**options)  # type: ignore[arg-type]
