"""The unicode stage: repairs are booked, healthy text is not touched."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from pydantic import ValidationError

from cleaner import batch as b
from cleaner.stages.unicode import Unicode
from cleaner.text.pieces import restore
from cleaner.text.repair import RULES, repair
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
    assert current == "".join(repair(p).text for p in start.passage_text.to_pylist())
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
