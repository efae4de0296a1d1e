"""Finding inputs, naming them and cutting them into chunks."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.errors import InputError
from cleaner.io.chunks import Chunk, chunk_bytes, plan_chunks
from cleaner.io.inputs import InputFile, discover, survey
from cleaner.io.names import escape, kind


def make(base: Path, *names: str, content: bytes = b"x") -> None:
    """Files with their folders."""
    for name in names:
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def sources(files: list[InputFile]) -> list[str]:
    """Their names."""
    return [file.source for file in files]


def test_a_folder_is_read_with_all_below_it(tmp_path: Path) -> None:
    """Known extensions in any depth and any case, sorted by path."""
    make(tmp_path, "in/b.txt", "in/a/z.jsonl.gz", "in/a/y.NDJSON", "in/a.parquet", "in/c.txt.zst")
    files = discover(["in"], base=tmp_path)
    assert sources(files) == [
        *("in/a.parquet", "in/a/y.NDJSON", "in/a/z.jsonl.gz", "in/b.txt", "in/c.txt.zst"),
    ]
    kinds = [(f.format, f.compression) for f in files]
    assert kinds == [
        *(("parquet", None), ("jsonl", None), ("jsonl", "gzip"), ("txt", None), ("txt", "zstd")),
    ]
    assert files[3].location == str(tmp_path / "in" / "b.txt")
    assert files[3].size == 1
    assert files[3].mtime_ns == (tmp_path / "in/b.txt").stat().st_mtime_ns


def test_what_is_passed_over_is_counted(tmp_path: Path) -> None:
    """Unknown extensions are counted with examples; hidden files are not there at all."""
    make(tmp_path, "in/a.txt", "in/b.pdf", "in/c.parquet.gz", "in/.hidden.txt", "in/.git/d.txt")
    os.mkfifo(tmp_path / "in" / "pipe.txt")
    found = survey(["in"], base=tmp_path)
    assert sources(list(found.files)) == ["in/a.txt"]
    assert found.skipped == {"extension": 2, "not_a_file": 1}
    folder = tmp_path / "in"
    assert found.examples == (
        ("extension", str(folder / "b.pdf")),
        ("extension", str(folder / "c.parquet.gz")),
        ("not_a_file", str(folder / "pipe.txt")),
    )
    assert found.labels == {"in": "in"}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("in/*.txt", ["in/a.txt", "in/b1.txt", "in/b2.txt"]),
        ("in/**/*.txt", ["in/a.txt", "in/b1.txt", "in/b2.txt", "in/s/t/c.txt"]),
        ("in/**", ["in/a.txt", "in/b1.txt", "in/b2.txt", "in/s/d.jsonl", "in/s/t/c.txt"]),
        ("in/s/**/c.txt", ["s/t/c.txt"]),
        ("in/?[1-9].txt", ["in/b1.txt", "in/b2.txt"]),
        ("in/b[!1].txt", ["in/b2.txt"]),
        ("i*/a.txt", ["base/in/a.txt"]),
        ("in/s/d.jsonl", ["s/d.jsonl"]),
        ("./in/../in/s", ["s/d.jsonl", "s/t/c.txt"]),
    ],
)
def test_globs(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    """`*` and `?` stay in a folder, `**` crosses folders, the root is what has no glob sign."""
    base = tmp_path / "base"
    make(base, "in/a.txt", "in/b1.txt", "in/b2.txt", "in/s/t/c.txt", "in/s/d.jsonl")
    assert sources(discover([pattern], base=base)) == expected


def test_a_name_with_glob_signs_is_taken_as_it_is(tmp_path: Path) -> None:
    """What exists under the very name of the pattern is no glob."""
    make(tmp_path, "in/a[1].txt", "in/a1.txt", "in/[b/c.txt")
    assert sources(discover(["in/a[1].txt"], base=tmp_path)) == ["in/a[1].txt"]
    assert sources(discover(["in/[b"], base=tmp_path)) == ["[b/c.txt"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("nowhere", "nowhere: does not exist"),
        ("nowhere/*.txt", "there is no folder"),
        ("in/*.jsonl", "holds no file that can be read"),
        ("empty", "empty: holds no file that can be read"),
        ("pdfs", "2 other files were passed over"),
        ("pdfs/a.pdf", "cannot be read by its name"),
        ("s3://bucket/x", "only local paths"),
        ("in/[z-a].txt", "is not a glob"),
        ("in/a\0.txt", "is not a path"),
        ("", "is not a path"),
    ],
)
def test_nothing_to_read_is_an_error(tmp_path: Path, pattern: str, message: str) -> None:
    """Each pattern must give at least one file, and the message says why it does not."""
    make(tmp_path, "in/a.txt", "pdfs/a.pdf", "pdfs/b.pdf")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as caught:
        discover(["in", pattern], base=tmp_path)
    assert message in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Two wrong patterns make one error of two lines."""
    with pytest.raises(InputError) as caught:
        discover(["b", "a"], base=tmp_path)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["a", "b"]
    with pytest.raises(InputError, match="no input is named"):
        discover([], base=tmp_path)


def test_labels_do_not_depend_on_the_order_of_patterns(tmp_path: Path) -> None:
    """Roots of one name are told apart by as many parents as it takes."""
    make(tmp_path, "x/a/data/1.txt", "y/a/data/1.txt", "z/data/1.txt", "other/1.txt")
    patterns = ["x/a/data", "y/a/data", "z/data", "other"]
    files = discover(patterns, base=tmp_path)
    assert sources(files) == [
        *("other/1.txt", "x~a~data/1.txt", "y~a~data/1.txt", "z~data/1.txt"),
    ]
    assert discover(patterns[::-1] + patterns[:1], base=tmp_path) == files


def test_a_given_label_is_used(tmp_path: Path) -> None:
    """For all patterns, or by pattern; a default label gives way to it."""
    make(tmp_path, "x/data/1.txt", "y/data/2.txt")
    both = discover(["x/data", "y/data"], base=tmp_path, label="news")
    assert sources(both) == ["news/1.txt", "news/2.txt"]
    found = survey(["x/data", "y/data"], base=tmp_path, label={"y/data": "data"})
    assert sources(list(found.files)) == ["data/2.txt", "x~data/1.txt"]
    assert found.labels == {"x/data": "x~data", "y/data": "data"}


def test_two_files_of_one_name_are_an_error(tmp_path: Path) -> None:
    """A source names one file for ever."""
    make(tmp_path, "x/1.txt", "y/1.txt")
    with pytest.raises(InputError, match=r"would both be news/1\.txt; give them different labels"):
        discover(["x", "y"], base=tmp_path, label="news")


@pytest.mark.parametrize("label", ["", "a/b", "a\nb", "\udc80"])
def test_a_bad_label_is_an_error(tmp_path: Path, label: str) -> None:
    """A label is one line without a slash."""
    make(tmp_path, "x/1.txt")
    with pytest.raises(InputError, match="must be one line"):
        discover(["x"], base=tmp_path, label=label)


def test_a_file_is_read_once(tmp_path: Path) -> None:
    """A file that several patterns name lies under the outermost root."""
    make(tmp_path, "in/a/1.txt", "in/2.txt")
    patterns = ["in/a", "in", "in/a/1.txt", "in/**/*.txt"]
    found = survey(patterns, base=tmp_path)
    assert sources(list(found.files)) == ["in/2.txt", "in/a/1.txt"]
    assert found.skipped == {"copy": 4}
    assert survey(patterns[::-1], base=tmp_path) == found


def test_symlinks_are_not_followed(tmp_path: Path) -> None:
    """A link out of the root could name any file of the machine; one inside would be read twice."""
    make(tmp_path, "in/a.txt", "secret/b.txt")
    (tmp_path / "in/out.txt").symlink_to(tmp_path / "secret/b.txt")
    (tmp_path / "in/again.txt").symlink_to(tmp_path / "in/a.txt")
    (tmp_path / "in/gone.txt").symlink_to(tmp_path / "in/nothing.txt")
    (tmp_path / "in/folder").symlink_to(tmp_path / "secret")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    found = survey(["in"], base=tmp_path)
    assert sources(list(found.files)) == ["in/a.txt"]
    assert found.skipped == {"symlink": 3, "symlink_outside": 2}


def test_a_root_may_be_a_symlink(tmp_path: Path) -> None:
    """What the user names is followed; the label is the name of the real folder."""
    make(tmp_path, "v2/a.txt")
    (tmp_path / "latest").symlink_to(tmp_path / "v2")
    assert sources(discover(["latest", "v2"], base=tmp_path)) == ["v2/a.txt"]


def test_odd_names_are_escaped(tmp_path: Path) -> None:
    """A source is one line of valid UTF-8; the location still opens the file."""
    folder = os.fsencode(tmp_path / "in")
    Path(os.fsdecode(folder)).mkdir()
    names = [b"a\nb.txt", b"a%0Ab.txt", b"\xff\xfe.txt", "đẹp\u2028.txt".encode(), b"100%.txt"]
    for name in names:
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(name)
    files = discover(["in"], base=tmp_path)
    assert sources(files) == [
        *("in/%FF%FE.txt", "in/100%.txt", "in/a%0Ab.txt", "in/a%250Ab.txt", "in/đẹp%E2%80%A8.txt"),
    ]
    assert sorted(Path(f.location).read_bytes() for f in files) == sorted(names)
    for file in files:
        stored = json.dumps(file.to_json(), ensure_ascii=False).encode()
        assert InputFile.from_json(json.loads(stored)) == file


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_escaped_names_are_unique(one: bytes, two: bytes) -> None:
    """Different names stay different, and fit UTF-8 on one line."""
    escaped = escape(os.fsdecode(one))
    assert (escaped == escape(os.fsdecode(two))) == (one == two)
    assert len(escaped.encode().splitlines()) <= 1


def test_kinds() -> None:
    """Format and compression by name."""
    assert kind("A.TXT.GZ") == ("txt", "gzip")
    assert kind("a.b.ndjson.zst") == ("jsonl", "zstd")
    assert [kind(n) for n in ("a.gz", "txt", "a.json", "a.parquet.zst", "a.txt.gz.gz")] == [
        None
    ] * 5


def listed(name: str, size: int) -> InputFile:
    """A file that is only listed."""
    found = kind(name)
    assert found is not None
    return InputFile("in", name, f"/nowhere/{name}", *found, size, 0)


def test_small_files_share_a_chunk_and_big_ones_are_cut() -> None:
    """Chunks follow the order of files; plain JSONL is cut by bytes, all else stays whole."""
    files = [
        *(listed("a.txt", 10_000), listed("b.txt", 10_000), listed("c.txt", 900_000)),
        *(listed("d.jsonl", 250_000), listed("e.jsonl.gz", 1_000_000), listed("f.jsonl", 0)),
    ]
    chunks = plan_chunks(files, 100_000)
    assert [c.files for c in chunks] == [
        ((0, 0, 10_000), (1, 0, 10_000)),
        ((2, 0, 900_000),),
        ((3, 0, 100_000),),
        ((3, 100_000, 200_000),),
        ((3, 200_000, 250_000),),
        ((4, 0, 1_000_000),),
        ((5, 0, 0),),
    ]
    assert [c.index for c in chunks] == list(range(7))
    assert [Chunk.from_json(json.loads(json.dumps(c.to_json()))) for c in chunks] == chunks


def test_a_small_corpus_is_cut_finer() -> None:
    """So that no worker waits long for the last task of another; a large one as it is allowed."""
    mb = 1 << 20
    for size, count in [(10, 1), (40, 3), (64, 4), (272, 20), (512, 32), (1024, 32), (9000, 284)]:
        files = [listed("a.jsonl", size * mb)]
        chunk = chunk_bytes(files, 32 * mb)
        assert chunk <= 32 * mb
        assert len(plan_chunks(files, chunk)) == count
    assert chunk_bytes([listed("a.jsonl.gz", 200 * mb)], 32 * mb) == 25 * mb
    assert 4000 < chunk_bytes([listed("a.jsonl", 10 * mb)], 5000) <= 5000
    assert chunk_bytes([], 5000) == 5000


@given(
    st.lists(
        st.tuples(st.sampled_from(["x.txt", "x.jsonl", "x.jsonl.gz"]), st.integers(0, 50_000))
    ),
    st.integers(1, 60_000),
)
def test_chunks_cover_all_bytes_once(shapes: list[tuple[str, int]], size: int) -> None:
    """Parts of a file follow each other without a gap, in different chunks."""
    size = max(size, 200)
    files = [listed(name, size) for name, size in shapes]
    chunks = plan_chunks(files, size)
    parts = [part for chunk in chunks for part in chunk.files]
    assert parts == sorted(parts)
    for index, file in enumerate(files):
        mine = [(start, end) for i, start, end in parts if i == index]
        assert mine[0][0] == 0
        assert mine[-1][1] == file.size
        assert all(a[1] == b[0] for a, b in pairwise(mine))
    assert all(len({i for i, _, _ in c.files}) == len(c.files) for c in chunks)


def test_parquet_is_cut_between_row_groups(tmp_path: Path) -> None:
    """Row groups share a chunk as long as they fit; an unreadable file is one part without any."""
    table = pa.table({"text": [f"{i}" + "x" * 1000 for i in range(100)]})
    (tmp_path / "in").mkdir()
    options = {"row_group_size": 10, "compression": "none", "use_dictionary": False}
    pq.write_table(table, tmp_path / "in/a.parquet", **options)
    pq.ParquetWriter(tmp_path / "in/b.parquet", table.schema).close()
    make(tmp_path, "in/c.parquet", content=b"PAR1 but not really PAR1")
    files = discover(["in"], base=tmp_path)
    chunks = plan_chunks(files, 45_000)
    assert [c.files for c in chunks] == [
        *(((0, 0, 3),), ((0, 3, 6),), ((0, 6, 9),)),
        ((0, 9, 10), (1, 0, 0), (2, 0, 0)),
    ]


def test_wrong_chunks_are_refused() -> None:
    """A chunk's JSON is checked, and a chunk holds at least a byte."""
    with pytest.raises(ValueError, match="'index'"):
        Chunk.from_json({"index": "0", "files": []})
    with pytest.raises(ValueError, match="a part is"):
        Chunk.from_json({"index": 0, "files": [[1, 2]]})
    with pytest.raises(ValueError, match="at least 1 byte"):
        plan_chunks([], 0)
