"""The unicode stage: repairs are booked, healthy text is not touched."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from pydantic import ValidationError

from cleaner import batch as b
from cleaner.stages.unicode import Unicode
from cleaner.text.legacy import encode
from cleaner.text.pieces import restore
from cleaner.text.repair import RULES, repair_document
from tests.property.strategies import documents


def make(texts: list[str]) -> b.Batch:
    """A batch of untouched documents."""
    column = pa.array(texts, pa.string())
    chars = pc.utf8_length(column).cast(pa.int64())
    docs = pa.record_batch({"ordinal": pa.array(range(len(texts)), pa.int64()), "raw_chars": chars})
    return b.new(docs, column).for_stage("unicode", 1)


def rows(batch: b.Batch) -> list[dict[str, object]]:
    """The ledger so far."""
    return [row for table in batch.ledger for row in table.to_pylist()]


def test_each_repair_is_a_row_of_the_ledger() -> None:
    """Text changes, and the ledger says where, by which rule, from what to what."""
    apply = Unicode(use="unicode").open()
    batch = apply(make(["Hà Nội\nxin chÃ\u00a0o\r\n", "plain\n", "a\u200bb &amp; c"]))
    assert batch.text.to_pylist() == ["Hà Nội\nxin chào\n", "plain\n", "ab & c"]
    found = [(r["ordinal"], r["rule"], r["action"], r["start"], r["end"]) for r in rows(batch)]
    assert found == [
        (0, "unicode.mojibake", "rewrite", 13, 15),
        (0, "unicode.line_end", "rewrite", 16, 17),
        (2, "unicode.zero_width", "rewrite", 1, 2),
        (2, "unicode.entity", "rewrite", 4, 9),
    ]
    assert [(r["before"], r["after"]) for r in rows(batch)][:2] == [("Ã\u00a0", "à"), ("\r", "")]


def test_healthy_documents_leave_no_trace() -> None:
    """Nothing is booked, and the column is the same."""
    before = make(["Trời hôm nay đẹp.\n“Đúng vậy” – anh nói.\n", "", "plain"])
    after = Unicode(use="unicode").open()(before)
    assert after.ledger == ()
    assert after.passage_text.equals(before.passage_text)


@given(documents)
def test_the_original_comes_back(text: str) -> None:
    """Corpus text and ledger rows give the original; the text is what `repair` says per passage."""
    start = make([text])
    batch = Unicode(use="unicode").open()(start)
    current = batch.text.to_pylist()[0]
    expected = repair_document(start.passage_text.to_pylist())
    assert current == "".join(repaired.text for repaired in expected)
    book = [(r["start"], r["end"], r["step"], r["before"], r["after"]) for r in rows(batch)]
    assert restore(current, book) == text


def test_settings_reach_the_repair() -> None:
    """A switched-off repair is not made; spaces can be chosen by code point."""
    stage = Unicode(use="unicode", entities=False, quotes=True, spaces=["U+2009"])
    batch = stage.open()(make(["&amp; “a” b\u00a0c\u2009d"]))
    assert batch.text.to_pylist() == ['&amp; "a" b\u00a0c d']
    with pytest.raises(ValidationError, match="spaces"):
        Unicode(use="unicode", spaces=["nbsp"])


def test_what_it_says_of_itself() -> None:
    """It never drops, names every rule with a reason, and its digest names what decides."""
    stage = Unicode(use="unicode")
    assert not stage.can_drop()
    assert stage.rules() == RULES
    assert "ftfy-6" in stage.digest()
    assert "unicode-" in stage.digest()


VIETNAMESE = "Sáng nay trời mưa, bà vẫn dọn hàng bún ở đầu ngõ.\nSố: 12\nplain\nquyết định mới\n"
FOREIGN = " çàlôgrîn bécâssé ñoquìllo férrârî"


def misread(text: str) -> str:
    """The text in TCVN3, read as windows-1252."""
    return encode(text, "tcvn3").decode("cp1252")


def test_a_misread_document_is_read_again_as_a_whole() -> None:
    """Also its passages that show nothing by themselves; others of the batch are left alone."""
    french = "Où étiez-vous l’été dernier, à Noël?\n"
    batch = Unicode(use="unicode").open()(make([french, misread(VIETNAMESE), "a\u200bb"]))
    assert batch.text.to_pylist() == [french, VIETNAMESE, "ab"]
    assert {r["rule"] for r in rows(batch) if r["ordinal"] == 1} == {"unicode.legacy"}
    assert batch.docs.column("flags").to_pylist() == [[], [], []]
    book = [
        (r["start"], r["end"], r["step"], r["before"], r["after"])
        for r in rows(batch)
        if r["ordinal"] == 1
    ]
    assert restore(VIETNAMESE, book) == misread(VIETNAMESE)
    kept = Unicode(use="unicode", legacy=False, zero_width=False).open()(
        make([misread(VIETNAMESE)])
    )
    assert kept.text.to_pylist() == [misread(VIETNAMESE)]


def test_doubts_are_flagged() -> None:
    """What looks damaged and is left says so in a column of the corpus."""
    texts = [
        misread(VIETNAMESE) + FOREIGN * 3,
        misread(VIETNAMESE) + misread("quyết định").replace("quy", "QUY").replace("t ", "T "),
        "Arsenal v Wolfsburg: pre-season friendly â\x80â\x80\x9c live!",
        "plain",
    ]
    stage = Unicode(use="unicode", controls=False)
    batch = stage.open()(make(texts))
    assert batch.docs.column("flags").to_pylist() == [
        ["legacy_suspect", "mojibake_suspect"],
        ["tcvn3_capitals"],
        ["mojibake_suspect"],
        [],
    ]
    assert batch.text.to_pylist()[0] == texts[0]  # with its soft hyphens, which may be letters
    assert batch.text.to_pylist()[1].endswith("QUYếT định")
    assert stage.publishes() == {"flags": pa.list_(pa.string())}
    assert stage.adds == {"flags"}


def test_an_empty_batch_has_the_column_too() -> None:
    """Shards without documents have the same schema."""
    batch = Unicode(use="unicode").open()(make([]))
    assert batch.docs.schema.field("flags").type == pa.list_(pa.string())
