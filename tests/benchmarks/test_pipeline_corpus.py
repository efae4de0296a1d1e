"""The composed corpus of the pipeline's benchmark: the same everywhere, with what it promises."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.corpus import PLANTED, Corpus, write


def test_a_document_depends_on_seed_and_number_alone() -> None:
    """Any order gives the same pages; another seed gives others."""
    first, again = Corpus(300), Corpus(300)
    pages = list(first)
    assert [again.page(n) for n in reversed(range(300))] == pages[::-1]
    assert Corpus(300, seed=2).page(0).text != pages[0].text


def test_planted_kinds_come_in_their_shares() -> None:
    """Of 3,000 documents each kind has about its share; texts have about the promised size."""
    pages = list(Corpus(3000))
    kinds = [page.kind for page in pages]
    for kind, share in PLANTED:
        assert abs(kinds.count(kind) - 3000 * share) <= 12 + 3000 * share * 0.3
    size = sum(len(page.text.encode()) for page in pages) / 3000
    assert 2200 < size < 3000


def test_short_pages_have_the_same_kinds() -> None:
    """A third of the size, for millions of documents; what is planted stays as it is."""
    short, long = list(Corpus(400, short=True)), list(Corpus(400))
    assert [page.kind for page in short] == [page.kind for page in long]
    assert 700 < sum(len(page.text.encode()) for page in short) / 400 < 1100


def test_copies_share_their_body_and_others_do_not() -> None:
    """An exact copy has another page's paragraphs; two pages of their own have none in common."""
    pages = list(Corpus(400))
    own = [page for page in pages if page.kind == "own"]
    lines = [{line for line in page.text.split("\n") if len(line) > 150} for page in own]
    assert all(not (a & b) for i, a in enumerate(lines) for b in lines[:i])
    copies = [page for page in pages if page.kind == "exact"]
    assert copies
    for page in copies:
        body = {line for line in page.text.split("\n") if len(line) > 150}
        origins = {line for other in pages if other is not page for line in other.text.split("\n")}
        assert len(body & origins) >= len(body) - 1  # a teaser under it may be long, too


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".parquet"])
def test_every_format_holds_the_same_texts(tmp_path: Path, suffix: str) -> None:
    """JSON lines, compressed ones and Parquet; a broken record is half a line, or no text."""
    made = Corpus(60)
    path = tmp_path / f"corpus{suffix}"
    size = write(made, path)
    texts = [page.text for page in made if page.kind != "broken"]
    if suffix == ".parquet":
        found = [t for t in pq.read_table(path).column("text").to_pylist() if t]
    else:
        with pa.input_stream(path) as stream:
            lines = stream.read().decode().splitlines()
        found = [json.loads(line)["text"] for line in lines if line.endswith("}")]
    assert found == texts
    assert size == sum(len(text.encode()) for text in texts)
