"""From pages served on loopback over a web archive to Parquet, and back to the archive's bytes."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.html_noise import WAYS, measure, score, through
from benchmarks.html_sites import (
    FRAMES,
    SITES,
    Article,
    articles,
    crawl,
    fetch,
    pages,
    record,
    served,
)
from cleaner.cli import main
from tests.engine.runs import make_run, rows_of

pytest.importorskip("resiliparse")


def test_articles_are_the_main_text_of_the_samples() -> None:
    """As their labels have it, in languages that have a frame; copies are left out."""
    found = articles()
    assert len(found) >= 30
    assert len({article.gold for article in found}) >= len(found) - 1
    assert {article.lang for article in found} <= set(FRAMES)
    assert all(article.title and all(article.lines) for article in found)


@pytest.mark.parametrize("site", SITES)
def test_a_page_holds_its_article_in_order_and_much_else(site: str) -> None:
    """Every line of it once more than in others' boxes; each page is another one."""
    found = pages(site)
    assert len({page.html for page in found}) == len(found) == len(articles())
    for page in found:
        plain = html.unescape(re.sub("<[^>]*>", "\n", page.html.partition("<body>")[2]))
        lines = [" ".join(line.split()) for line in plain.split("\n")]
        place = -1
        for line in (page.article.title, *page.article.lines):
            assert line in lines[place + 1 :], (page.url, line)
            place = lines.index(line, place + 1)
        words = sum(len(line) for line in lines)
        assert words > 1.2 * len(page.article.gold)
        assert FRAMES[page.article.lang].cookies in lines


def test_pages_are_recorded_as_they_were_sent(tmp_path: Path) -> None:
    """Status line, headers and body; what is not there is not found."""
    found = pages("soup")[:3]
    with served(found) as port:
        response = fetch(port, found[1].url)
        missing = fetch(port, "http://soup.example/none")
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert body.decode() == found[1].html
    assert missing.startswith(b"HTTP/1.0 404")
    data = record(found[1].url, response)
    assert data.endswith(response)
    assert f"Content-Length: {len(response)}\r\n".encode() in data


@pytest.mark.slow
def test_an_archive_goes_through_to_parquet_and_back(tmp_path: Path) -> None:
    """The noise stage brings the text nearer to the article; each record comes back to the byte."""
    every: list[Article] = articles()[:12]
    found = pages("soup", every)
    records = crawl(found, tmp_path / "in" / "soup.warc.gz")
    make_run(tmp_path, list(WAYS["noise"]))
    rows = rows_of(tmp_path / "run", "corpus")
    assert {row["url"] for row in rows} == {page.url for page in found}
    texts = {row["url"]: row["text"] for row in rows}
    alone = score(through(tmp_path / "in" / "soup.warc.gz", {}, WAYS["alone"]), found)
    after = score(texts, found)
    assert alone.recall > 0.99
    assert after.f1 > alone.f1 + 0.2
    assert after.recall > 0.9
    for row in rows[::4]:
        out = tmp_path / "record"
        words = ["restore", str(tmp_path / "run"), row["doc_id"]]
        done = CliRunner().invoke(main, [*words, "--raw", "--to", str(out)])
        assert done.exit_code == 0, done.output
        data = records[row["url"]]
        meta = json.loads(row["meta"])
        assert out.read_bytes() == data
        assert (meta["warc_size"], meta["warc_skip"]) == (len(data), 0)


def test_a_page_without_text_counts_as_empty() -> None:
    """A page that was dropped is not left out of the mean."""
    found = pages("lists")[:2]
    perfect = {page.url: page.article.gold for page in found}
    assert score(perfect, found).f1 == 1.0
    half = score({found[0].url: found[0].article.gold}, found)
    assert (half.f1, half.recall) == (0.5, 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("site", SITES)
def test_every_extractor_gains_on_every_site(tmp_path: Path, site: str) -> None:
    """What the table of docs/web-archives.md says; who has all, and nothing else, loses nothing."""
    for name, ways in measure(site, None, tmp_path).items():
        for way in [*WAYS][1:]:
            assert ways[way].f1 > min(ways["alone"].f1, 0.9995), (name, way)
