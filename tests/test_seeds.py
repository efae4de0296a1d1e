"""The sample documents in `seeds/` and their gold agree, and hold the cases that they promise."""

from __future__ import annotations

import gzip
import html
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, TypeAlias

import ftfy.bad_codecs  # noqa: F401  registers the codec "sloppy-windows-1252"
import pyarrow.parquet as pq
import pytest

Key: TypeAlias = "tuple[str, int | None]"
Row: TypeAlias = "dict[str, Any]"

SEEDS = Path(__file__).parents[1] / "seeds"
LABELS = {"keep", "noise", "caption", "caption_repeat", "byline", "metadata"}
BODY = {"keep", "caption"}
CLEANED = BODY | {"byline", "metadata"}

MOJIBAKE = "news-vn-10-mojibake.txt"
DECOMPOSED = "news-vn-11-nfd.txt"
ENTITIES = "news-vn-12-crlf-entities.txt"
STRAY = "news-vn-13-stray-bytes.txt"
WINDOWS_1258 = "news-vn-14-windows-1258.txt"
UTF_16 = "news-es-01-faro.txt"
DAMAGED = {MOJIBAKE, DECOMPOSED, ENTITIES, STRAY, WINDOWS_1258}
ENCODINGS = {WINDOWS_1258: "cp1258", UTF_16: "utf-16"}

SITE_A = "news-vn-15-ho-chua-site-a.txt"
SITE_B = "news-vn-16-ho-chua-site-b.txt"
EDITED = "news-vn-17-ho-chua-edited.txt"
AGENCY = [f"news-vn-{n}-tau-trat-banh-{x}.txt" for n, x in ((18, "a"), (19, "b"), (20, "c"))]
JSONL, PARQUET = "records.jsonl.gz", "records.parquet"


def _load(name: str) -> list[Row]:
    """The rows of a JSON-lines file of the gold; cut at line feeds."""
    return [json.loads(line) for line in (SEEDS / "gold" / name).read_bytes().splitlines()]


def _by_document(rows: Iterable[Row]) -> Mapping[Key, list[Row]]:
    """The gold rows of each page or record."""
    found: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["file"], row.get("record")].append(row)
    return found


GOLD = _by_document(_load("labels.jsonl"))
DOCUMENTS = {(row["file"], row.get("record")): row for row in _load("documents.jsonl")}
PAGES = sorted(path.name for path in SEEDS.glob("*.txt"))


def _lines(page: str) -> list[str]:
    """The lines of a page, decoded by its own encoding; undecodable bytes are left out."""
    data = (SEEDS / page).read_bytes()
    errors = "ignore" if page == STRAY else "strict"
    return data.decode(ENCODINGS.get(page, "utf-8"), errors).split("\n")


def _repair(page: str, line: str) -> str:
    """Undo the damage that this page is there for."""
    if page == MOJIBAKE:
        return line.encode("sloppy-windows-1252").decode("utf-8")
    if page == ENTITIES:
        line = line.removesuffix("\r")
        while (once := html.unescape(line)) != line:
            line = once
        return re.sub("[\u200b\ufeff\u00ad]", "", line).replace("\u00a0", " ")
    return unicodedata.normalize("NFC", line)


def _records() -> dict[int, str]:
    """The text of each JSONL record that has one; others are left out."""
    texts: dict[int, str] = {}
    raw = gzip.decompress((SEEDS / JSONL).read_bytes()).decode("utf-8")
    for number, line in enumerate(raw.removesuffix("\n").split("\n")):
        try:
            text = json.loads(line).get("text")
            (text or "").encode("utf-8")
        except ValueError:  # JSON that is cut, or text that is no Unicode
            continue
        if text:
            texts[number] = text
    return texts


def _shingles(key: Key, labels: set[str]) -> set[tuple[str, ...]]:
    """The word 5-grams of the lines with these labels."""
    text = "\n".join(row["text"] for row in GOLD[key] if row["label"] in labels)
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def _jaccard(a: Key, b: Key, labels: set[str]) -> float:
    """Jaccard of two documents over word 5-grams."""
    left, right = _shingles(a, labels), _shingles(b, labels)
    return len(left & right) / len(left | right) if left | right else 0.0


@pytest.mark.parametrize("page", PAGES)
def test_gold_names_every_line_with_text_and_no_other(page: str) -> None:
    """A line that is not blank has one row, in order; a blank line has none."""
    numbers = [n for n, line in enumerate(_lines(page), 1) if _repair(page, line).strip()]
    assert [row["line"] for row in GOLD.get((page, None), [])] == numbers


@pytest.mark.parametrize("page", PAGES)
def test_gold_text_is_the_repaired_line(page: str) -> None:
    """The gold text is the line itself, or the line after repair where the page is damaged."""
    lines = _lines(page)
    for row in GOLD.get((page, None), []):
        line = lines[row["line"] - 1]
        assert row["text"] == (_repair(page, line) if page in DAMAGED else line)


def test_gold_text_is_clean() -> None:
    """No gold text holds the kinds of damage that the pages hold."""
    texts = [row["text"] for rows in GOLD.values() for row in rows]
    for text in texts:
        assert unicodedata.is_normalized("NFC", text)
        assert not re.search("[\u0080-\u009f\u00a0\u00ad\u200b\ufeff\ufffd\r]|&[a-z]+;|á»", text)


def test_every_label_occurs_and_no_other() -> None:
    """All six kinds are there, the rarest at least ten times."""
    counts = Counter(row["label"] for rows in GOLD.values() for row in rows)
    assert set(counts) == LABELS
    assert min(counts.values()) >= 10
    assert counts["noise"] > counts["keep"] / 2


def test_pages_cover_the_languages() -> None:
    """At least 24 pages, 12 of them Vietnamese, in at least four languages."""
    languages = Counter(row["language"] for (_, record), row in DOCUMENTS.items() if record is None)
    assert len(PAGES) >= 24
    assert languages["vi"] >= 12
    assert languages["en"] >= 4
    assert {"de", "en", "es", "fr", "id", "ja", "pt", "ru", "vi"} <= set(languages)


def test_every_document_is_described_once() -> None:
    """`documents.jsonl` has one row per page and record, and the README names each file."""
    rows = _load("documents.jsonl")
    assert len(rows) == len(DOCUMENTS)
    assert sorted(name for name, record in DOCUMENTS if record is None) == PAGES
    assert {name for name, record in DOCUMENTS if record is not None} == {JSONL, PARQUET}
    assert all(set(row) - {"record"} == {"file", "language", "cluster", "note"} for row in rows)
    readme = (SEEDS / "README.md").read_text("utf-8")
    assert [name for name in [*PAGES, JSONL, PARQUET] if f"`{name}`" not in readme] == []


def test_seeds_stay_small() -> None:
    """All of it is under 500 KB."""
    assert sum(path.stat().st_size for path in SEEDS.rglob("*") if path.is_file()) < 500_000


def test_a_repeated_caption_follows_its_caption() -> None:
    """`caption_repeat` stands on the line after `caption`, and most of its words are there."""
    for rows in GOLD.values():
        for before, row in zip([None, *rows], rows, strict=False):
            if row["label"] != "caption_repeat":
                continue
            assert before is not None
            assert (before["label"], before["line"]) == ("caption", row["line"] - 1)
            words = set(row["text"].casefold().split())
            assert len(words & set(before["text"].casefold().split())) >= 0.6 * len(words)


def test_captions_are_repeated_in_three_ways() -> None:
    """Identical, in other capitals, and shortened repeats all occur."""
    ways: Counter[str] = Counter()
    for rows in GOLD.values():
        for before, row in pairwise(rows):
            if row["label"] == "caption_repeat":
                same = row["text"].casefold() == before["text"].casefold()
                exact = row["text"] == before["text"]
                ways["identical" if exact else "capitals" if same else "short"] += 1
    assert set(ways) == {"identical", "capitals", "short"}


def test_teaser_triples_occur_on_many_pages() -> None:
    """Title, the same title, and a teaser that ends in " ..." stand on at least eight pages."""
    pages = set()
    for key, rows in GOLD.items():
        noise = [row["text"] for row in rows if row["label"] == "noise"]
        triples = zip(noise, noise[1:], noise[2:], strict=False)
        if any(a == b and c.endswith(" ...") for a, b, c in triples):
            pages.add(key)
    assert len(pages) >= 8


@pytest.mark.parametrize("word", ["xổ số", "tử vi", "vé số", "lottery"])
def test_trap_words_stand_in_noise_and_in_articles(word: str) -> None:
    """A rule that only looks for the word must be wrong on these pages."""
    found = {
        row["label"] for rows in GOLD.values() for row in rows if word in row["text"].casefold()
    }
    assert found >= {"keep", "noise"}


def test_mojibake_page_is_damaged_throughout() -> None:
    """Every long line of the page differs from its gold text."""
    lines = _lines(MOJIBAKE)
    long = [row for row in GOLD[MOJIBAKE, None] if len(row["text"]) > 40]
    assert len(long) >= 8
    assert all(lines[row["line"] - 1] != row["text"] for row in long)


def test_decomposed_page_is_nfd() -> None:
    """The page is NFD and not NFC."""
    text = "\n".join(_lines(DECOMPOSED))
    assert unicodedata.is_normalized("NFD", text)
    assert not unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(
    "token",
    [
        "\r\n",
        "\u00a0",
        "\u200b",
        "\ufeff",
        "\u00ad",
        "&nbsp;",
        "&quot;",
        "&amp;nbsp;",
        "&amp;quot;",
    ],
)
def test_entities_page_holds_each_kind_of_debris(token: str) -> None:
    """Each kind occurs, and line ends are mixed."""
    text = (SEEDS / ENTITIES).read_bytes().decode("utf-8")
    assert token in text
    assert re.search(r"[^\r]\n", text)


def test_stray_bytes_are_few() -> None:
    """The page is not UTF-8, but six bytes in it are all that is wrong."""
    data = (SEEDS / STRAY).read_bytes()
    bad = len(data) - len(data.decode("utf-8", "ignore").encode("utf-8"))
    assert bad == 6
    assert bad < 0.01 * len(data)


def test_other_encodings_give_their_bytes_back() -> None:
    """windows-1258 decodes to combining tones and round-trips; UTF-16 begins with its mark."""
    data = (SEEDS / WINDOWS_1258).read_bytes()
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    text = data.decode("cp1258")
    assert text.encode("cp1258") == data
    assert not unicodedata.is_normalized("NFC", text)
    assert (SEEDS / UTF_16).read_bytes()[:2] == b"\xff\xfe"


def test_the_copy_and_the_empty_page() -> None:
    """One page is another's bytes, one has none, and a brief has two lines."""
    copy, first = "news-vn-21-tap-huan-copy.txt", "news-vn-09-tap-huan.txt"
    assert (SEEDS / copy).read_bytes() == (SEEDS / first).read_bytes()
    assert (SEEDS / "news-vn-23-empty.txt").read_bytes() == b""
    assert len(GOLD["news-vn-22-tin-ngan.txt", None]) == 2


@pytest.mark.parametrize("labels", [BODY, CLEANED], ids=["body", "cleaned"])
def test_near_duplicates_are_near_once_they_are_clean(labels: set[str]) -> None:
    """Two sites' copies are at 0.9 or more, the edited copy near 0.8; noise hides all of it."""
    a, b, edited = (SITE_A, None), (SITE_B, None), (EDITED, None)
    assert _jaccard(a, b, labels) >= 0.9
    assert 0.8 <= _jaccard(a, edited, labels) < 0.9
    assert 0.8 <= _jaccard(b, edited, labels) < 0.9
    for left, right in combinations([a, b, edited], 2):
        assert _jaccard(left, right, LABELS) < 0.6


def test_agency_stories_share_passages_but_are_not_copies() -> None:
    """Three passages are identical on all three pages; the documents stay under 0.4."""
    keys: list[Key] = [(page, None) for page in AGENCY]
    kept = [{row["text"] for row in GOLD[key] if row["label"] == "keep"} for key in keys]
    assert sum(len(text) > 150 for text in set.intersection(*kept)) == 3
    assert all(_jaccard(a, b, CLEANED) < 0.4 for a, b in combinations(keys, 2))
    assert all(DOCUMENTS[key]["cluster"] is None for key in keys)


def test_clusters_are_the_near_duplicates_and_nothing_else() -> None:
    """Members of a cluster are at 0.8 or more, all other pairs of documents below 0.5."""
    for a, b in combinations(sorted(GOLD, key=str), 2):
        cluster = DOCUMENTS[a]["cluster"]
        same = cluster is not None and cluster == DOCUMENTS[b]["cluster"]
        similarity = _jaccard(a, b, BODY)
        assert similarity >= 0.8 if same else similarity < 0.5, (a, b)


def test_gold_fits_the_records() -> None:
    """Each usable record has a row per line with text; the others have none."""
    texts: dict[Key, str] = {(JSONL, number): text for number, text in _records().items()}
    column = pq.read_table(SEEDS / PARQUET)["text"].to_pylist()
    texts |= {(PARQUET, number): text for number, text in enumerate(column) if text}
    assert set(texts) == {key for key in GOLD if key[1] is not None}
    for key, text in texts.items():
        lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        assert [(row["line"], row["text"]) for row in GOLD[key]] == lines


def test_records_hold_the_bad_ones() -> None:
    """One line is no JSON, one holds a lone surrogate, one has no text, one an empty text."""
    raw = gzip.decompress((SEEDS / JSONL).read_bytes()).decode("utf-8").split("\n")[:-1]
    assert len(raw) == 9
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw[2])
    with pytest.raises(UnicodeEncodeError):
        json.loads(raw[3])["text"].encode("utf-8")
    assert "text" not in json.loads(raw[4])
    assert json.loads(raw[8])["text"] == ""
    first, again = json.loads(raw[0])["url"], json.loads(raw[5])["url"]
    assert first != again
    assert again.startswith(f"{first}?utm_source=")


def test_parquet_has_five_rows_and_four_columns() -> None:
    """The columns are id, text, url and published; one text is null."""
    table = pq.read_table(SEEDS / PARQUET)
    assert table.column_names == ["id", "text", "url", "published"]
    assert table.num_rows == 5
    assert table["text"].null_count == 1
