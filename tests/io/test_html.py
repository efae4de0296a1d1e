"""HTML files: a block a line, all text of the page, and no page that can hang or end a run."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.errors import InputError
from cleaner.io import html_text
from cleaner.io.html_text import MAX_TAGS, Extractor, Pathological, decode_page, is_html
from cleaner.io.html_worker import MEMORY, one_line, tidy
from cleaner.io.inputs import survey
from cleaner.io.records import ReadOptions
from cleaner.io.restore import restore_all
from cleaner.text.decode import Undecodable
from tests.engine.runs import bytes_of, make_run
from tests.io.archives import http, page, read, read_bytes, record, stored

pytest.importorskip("resiliparse", reason="pip install 'cleaner[html]'")

BLOCKS = """<!doctype html><html><head><title> A
 title </title><style>p {}</style><script>var x = "<p>no</p>";</script></head><body>
<nav><ul><li><a href=/>Home</a></li><li>News<ul><li>World</li></ul></li></ul></nav>
<h1>A
heading</h1><p>One <b>bold</b> word, 2&nbsp;&lt; 3.<br>After a break</p><!-- comment -->
<table><tr><th>a<th>b<tr><td>c<td>d</table><details><summary>More</summary>Inside</details>
<figure><img src=x alt=seen><figcaption>Caption</figcaption></figure><blockquote>Quote</blockquote>
<dl><dt>Term<dd>What it is</dl><pre>code {
  two
}</pre><template>no</template><noscript>no</noscript><p>Last"""
LINES = [
    *("Home", "News", "World", "A heading", "One bold word, 2\u00a0< 3.", "After a break"),
    *("a\tb", "c\td", "More", "Inside", "Caption", "Quote", "Term", "What it is"),
    *("code {", "two", "}", "Last"),
]


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    """An extractor of all text."""
    with Extractor(ReadOptions(html_seconds=2.0)) as found:
        yield found


def test_blocks_are_lines(extractor: Extractor) -> None:
    """Every block is a line of its own; what is not shown on a page is not there."""
    found = extractor.read(BLOCKS.encode())
    assert found.text.splitlines() == LINES
    assert found.text.endswith("Last\n")
    assert found.title == "A title"


def test_a_file_is_a_document(tmp_path: Path) -> None:
    """Plain and compressed; the hash is of the extracted text, that of the file is in `meta`."""
    data = BLOCKS.encode()
    place = tmp_path / "in"
    place.mkdir()
    (place / "a.html").write_bytes(data)
    (place / "b.HTM").write_bytes(data)
    (place / "c.xhtml.gz").write_bytes(gzip.compress(data))
    (place / "d.html").write_bytes(b"")
    documents, bad, records, passed = read(place)
    assert (len(documents), bad, passed, len(records)) == (4, [], 0, 4)
    for row in documents[:3]:
        assert row["text"].splitlines() == LINES
        assert row["sha256"] == hashlib.sha256(row["text"].encode()).digest()
        assert row["encoding"] == "utf-8"
        assert row["meta"]["html_sha256"] == hashlib.sha256(data).hexdigest()
        assert row["meta"]["title"] == "A title"
    assert documents[3]["text"] == ""


def test_bad_files_are_quarantined(tmp_path: Path) -> None:
    """Too long, torn, not text, too many tags: each with its reason."""
    place = tmp_path / "in"
    place.mkdir()
    (place / "a.html").write_bytes(b"<p>x" * 600_000)
    (place / "b.html.gz").write_bytes(gzip.compress(page("x"))[:-9])
    (place / "c.html").write_bytes(random.Random(1).randbytes(5000))
    (place / "d.html").write_bytes(b"<p>" * (MAX_TAGS + 1))
    (place / "e.html").write_bytes(page("good"))
    documents, bad, _, _ = read(place, max_document_bytes=2 << 20)
    assert [row["text"] for row in documents] == ["good\n"]
    assert [row["reason"] for row in bad] == ["too_large", "truncated", "binary", "too_many_tags"]


SLOW = "<div " + " ".join(f"a{n}" for n in range(150_000)) + ">x"  # the parser compares all pairs


def test_a_page_that_hangs_costs_itself(tmp_path: Path) -> None:
    """It is quarantined after its time, and the next page is read."""
    place = tmp_path / "in"
    place.mkdir()
    (place / "a.html").write_text(SLOW)
    (place / "b.html").write_bytes(page("next"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    documents, bad, _, _ = read(place, html_seconds=0.5)
    assert [row["text"] for row in documents] == ["next\n"]
    assert [(row["reason"], row["detail"]) for row in bad] == [
        ("timeout", "took longer than read.html_seconds (0.5)")
    ]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 30


NESTED = [
    "<div>" * 50_000 + "x",
    "<table><tr><td>" * 20_000 + "x",
    "<ul><li>" * 50_000 + "x",
    "<svg><foreignObject>" * 20_000 + "x",
    "".join(f"<font color={n}>" for n in range(2000)) + "<p>x" * 2000,
    "<a href=x><div>" * 10_000,
    "<" * 300_000,
    "&" * 300_000,
    "<!--" * 100_000,
    "</div>" * 100_000,
    "<table><form><input>" * 20_000,
    "<p " + "=" * 100_000,
    "<p>x" + "\x00" * 3,
]


def reason_of(extractor: Extractor, data: bytes) -> str:
    """Why a page gives no text; empty if it gives one, of which every line ends."""
    try:
        text = extractor.read(data).text
    except (Pathological, Undecodable) as error:
        return error.reason
    assert text == "" or text.endswith("\n")
    assert len(text) <= 2 * len(data)
    return ""


@pytest.mark.parametrize("html", NESTED, ids=range(len(NESTED)))
def test_pathological_pages_end(html: str, extractor: Extractor) -> None:
    """A text or a reason, within the time, and the extractor goes on."""
    assert reason_of(extractor, html.encode()) in {"", "timeout"}
    assert extractor.read(page("after")).text == "after\n"


def test_an_extractor_that_dies_is_started_again(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One death is an accident and is tried again; a second one is the page's."""
    assert extractor.read(page("one")).text == "one\n"
    assert extractor._process is not None
    extractor._process.kill()
    assert extractor.read(page("two")).text == "two\n"

    def kill(process: subprocess.Popen[bytes], page: bytes) -> tuple[str, str]:
        process.kill()
        return ask(process, page)

    ask = extractor._ask
    monkeypatch.setattr(extractor, "_ask", kill)
    with pytest.raises(Pathological, match="crash: the extractor ended"):
        extractor.read(page("three"))
    monkeypatch.undo()
    assert extractor.read(page("four")).text == "four\n"


def test_no_process_is_left() -> None:
    """The extractor's process ends with it; none is started for nothing."""
    with Extractor(ReadOptions()) as found:
        assert found._process is None
        found.read(page("x"))
        process = found._process
        assert process is not None
    assert process.returncode is not None


def test_the_worker_is_bounded() -> None:
    """A page that needs more memory than the worker may have is a crash, not the machine's end."""
    assert 1 << 30 <= MEMORY <= 8 << 30
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_AS)[0])"
    with Extractor(ReadOptions()) as found:
        found.read(page("x"))
        assert found._process is not None
        limits = Path(f"/proc/{found._process.pid}/limits")
        if not limits.exists():
            pytest.skip(f"no /proc here ({code})")
        (line,) = [x for x in limits.read_text().splitlines() if x.startswith("Max address")]
        assert int(line.split()[3]) == MEMORY


def test_main_content_is_an_option(tmp_path: Path) -> None:
    """By default nothing of a page is left out; `main_content` leaves out what is navigation."""
    words = "This is a sentence of an article, and it is long enough to be one. " * 4
    html = (
        "<body><nav><ul><li><a href=/a>Home</a><li><a href=/b>Sport</a></ul></nav>"
        f"<main><article><h1>Head</h1><p>{words}</p><p>{words}</p></article></main>"
        "<footer><p>Imprint</footer>"
    )
    everything, *_ = read_bytes(html.encode(), tmp_path, "a.html")
    main, *_ = read_bytes(html.encode(), tmp_path, "a.html", main_content=True)
    assert {"Home", "Sport", "Imprint"} <= set(everything[0]["text"].splitlines())
    assert not {"Home", "Sport"} & set(main[0]["text"].splitlines())
    assert main[0]["text"].count(words.strip()) == 2


def test_trafilatura_is_an_option(tmp_path: Path) -> None:
    """The other extractor gives its idea of the main content."""
    pytest.importorskip("trafilatura")
    words = "This is a sentence of an article, and it is long enough to be one. " * 6
    html = (
        f"<html><body><nav><a href=/>Home</a></nav><article><p>{words}</p></article></body></html>"
    )
    documents, bad, _, _ = read_bytes(
        html.encode(), tmp_path, "a.html", html_extractor="trafilatura", html_seconds=60.0
    )
    assert bad == []
    assert documents[0]["text"] == words.strip() + "\n"


@pytest.mark.parametrize(
    ("declared", "data", "encoding"),
    [
        (None, "é".encode() + b" x", "utf-8"),
        ("utf-8", "déjà vu à l’été, et où".encode("cp1252"), "cp1252"),
        ("gb2312", "<p>漢字编码测试".encode("gb18030"), "gb18030"),
        ("nonsense", b"<meta charset=euc-kr>" + "한국어 문장".encode("cp949"), "cp949"),
        (
            None,
            b"<?xml version='1.0' encoding='windows-1251'?><p>" + "Слово".encode("cp1251"),
            "cp1251",
        ),
        ("windows-1252", "﻿<p>ữ".encode("utf-16"), "utf-16-le"),
    ],
)
def test_charsets(declared: str | None, data: bytes, encoding: str) -> None:
    """What fits counts: UTF-8, a mark, the server's word, the page's, the look of the bytes."""
    found = decode_page(data, declared, 0.01).encoding.replace("windows-", "cp")
    assert found == encoding


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<!DOCTYPE html>", True),
        (b"\n <!-- x -->\n<HTML lang=vi>", True),
        (b"<?xml version='1.0'?>\n<!doctype html PUBLIC", True),
        (b"<?xml version='1.0'?>\n<rss>", False),
        (b"{}", False),
        (b"<htmlx>", False),
        (b"", False),
    ],
)
def test_html_is_told_by_its_beginning(data: bytes, *, expected: bool) -> None:
    """Only what begins as a page does is one."""
    assert is_html(data) is expected


def test_lines_are_tidy() -> None:
    """No empty lines, no spaces around, one tab between cells."""
    assert tidy(" a \n\n\u00a0b\t\t c\r\nd ") == "a\nb\tc\nd\n"
    assert tidy(" \n\t\n") == ""
    assert one_line(" a\n\tb ") == "a b"


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_never_crash(extractor: Extractor, data: bytes) -> None:
    """Any bytes give a text or a reason."""
    assert reason_of(extractor, data) in {"", "binary", "undecodable"}


MARKUP = (
    *("<p>", "</p>", "<div>", "</div>", "<table>", "<tr>", "<td>", "</table>", "<b>", "</i>"),
    *("<a href=x>", "<pre>", "<textarea>", "<!--", "-->", "<script>", "</script>", "<svg>"),
    *("<math>", "<template>", "<select>", "<option>", "<title>", "<br>", "&amp;", "&#0;", "text"),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(MARKUP), max_size=60))
def test_random_markup_never_crashes(extractor: Extractor, tags: list[str]) -> None:
    """Any markup gives lines without spaces around them; none is empty."""
    lines = extractor.read(" ".join(tags).encode()).text.split("\n")
    assert lines.pop() == ""
    assert all(line and line == line.strip() for line in lines)


def test_without_the_extractor_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the file, the command, and the way round."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.html").write_bytes(page("x"))
    monkeypatch.setitem(sys.modules, "resiliparse", None)
    files = survey([str(tmp_path / "in")], base=tmp_path).files
    with pytest.raises(InputError, match=r"in/a.html .*pip install 'cleaner\[html\]'"):
        html_text.require_extractor(files, "resiliparse")
    with pytest.raises(InputError, match="pip install"):
        read(tmp_path / "in")


def corpus(folder: Path) -> None:
    """Pages as files and in archives, some bad."""
    place = folder / "in"
    place.mkdir()
    for number in range(6):
        (place / f"p{number}.html").write_bytes(page(f"A page with the number {number} in it."))
    rows = [
        record(http(page(f"An archived page, number {n}.")), url=f"https://a.example/{n}")
        for n in range(12)
    ]
    rows[4] = record(http(page("x")), url=None)
    for ending in (".warc", ".warc.gz", ".warc.zst"):
        (place / f"a{ending}").write_bytes(stored(rows, ending))
    rows.append(record(http(page("gone"), status="404 Not Found")))
    (place / "b.warc").write_bytes(stored(rows[-1:], ".warc"))
    text = record(b"A text.\nOf two lines.\n", kind="conversion", type_="text/plain")
    (place / "t.warc.wet.gz").write_bytes(gzip.compress(text))


STAGES = ["unicode", "noise", "exact_duplicates"]


@pytest.mark.slow
def test_the_same_bytes_for_any_worker_count(tmp_path: Path) -> None:
    """One process, or two with small shards: the run's files are the same, and all comes back."""
    corpus(tmp_path)
    make_run(tmp_path, STAGES, "one")
    make_run(tmp_path, STAGES, "two", engine={"kind": "local", "workers": 2, "shard_bytes": 2000})
    one = tmp_path / "one"
    assert bytes_of(one) == bytes_of(tmp_path / "two")
    report = json.loads((one / "reports" / "report.json").read_text("utf-8"))
    assert report["stages"][0]["notes"] == {"passed_by_status": 1}
    back = tmp_path / "back"
    assert restore_all(one, back) == 6 + 3 * 11 + 1
    assert (back / "in/p3.html/0.txt").read_text() == "A page with the number 3 in it.\n"
    assert (back / "in/a.warc.gz/5.txt").read_text() == "An archived page, number 5.\n"
