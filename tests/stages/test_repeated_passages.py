"""What a document says twice."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cleaner import batch as b
from cleaner.stages.repeated_passages import RepeatedPassages

LINE = "the mayor of the town opened the new bridge over the river today"


def run(texts: list[str], **settings: Any) -> b.Batch:
    """The stage on these documents."""
    column = pa.array(texts, pa.string())
    docs = pa.record_batch(
        {
            "ordinal": pa.array(range(10, 10 + len(texts)), pa.int64()),
            "raw_chars": pc.utf8_length(column).cast(pa.int64()),
        }
    )
    return RepeatedPassages(**settings).open()(b.new(docs, column).for_stage("r", 1))


def rows_of(batch: b.Batch) -> list[dict[str, Any]]:
    """Its ledger."""
    return [r for t in batch.ledger for r in t.to_pylist()]


def test_a_second_printing_is_cut_and_names_the_first() -> None:
    """Across blank lines and other lines, with its similarity."""
    text = f"{LINE}\n\nanother line\n{LINE.upper()}!\nlast"
    batch = run(["x\n" + text])
    assert batch.text.to_pylist() == [f"x\n{LINE}\n\nanother line\nlast"]
    [row] = rows_of(batch)
    assert (row["kept_ordinal"], row["kept_start"], row["kept_end"]) == (10, 2, 3 + len(LINE))
    assert (row["rule"], row["similarity"]) == ("repeated_passages.near", 1.0)


def test_documents_do_not_see_each_other() -> None:
    """Only repeats within one document count."""
    assert run([LINE, LINE, "", LINE]).text.to_pylist() == [LINE, LINE, "", LINE]


def test_a_caption_printed_short_and_long() -> None:
    """A shorter one right after a longer one is contained in it; the longer one stays."""
    long = f"{LINE} in the presence of many guests and two bands"
    batch = run([f"{long}\n{LINE}\nother words that nobody has said before in this text here"])
    [row] = rows_of(batch)
    assert (row["rule"], row["before"]) == ("repeated_passages.contained", f"{LINE}\n")
    assert row["similarity"] == 1.0
    assert rows_of(run([f"{LINE}\n{long}"])) == []


def test_other_numbers_are_another_line() -> None:
    """Two results of a league are no repeat, unless the guard is off."""
    text = f"{LINE} at 10\n{LINE} at 11\n"
    assert rows_of(run([text])) == []
    assert len(rows_of(run([text], same_numbers=False))) == 1


@pytest.mark.parametrize(("words", "cut"), [(7, False), (8, True)])
def test_short_lines_may_be_repeated(words: int, cut: bool) -> None:
    """Refrains and answers stay."""
    line = " ".join(f"w{chr(97 + i)}" for i in range(words))
    assert bool(rows_of(run([f"{line}\n{line}"]))) == cut


def test_the_first_of_many_stays() -> None:
    """What is cut is compared with what stays, not with what was cut."""
    batch = run([f"{LINE}\n" * 6])
    assert batch.text.to_pylist() == [f"{LINE}\n"]
    assert {(r["kept_start"], r["kept_end"]) for r in rows_of(batch)} == {(0, len(LINE) + 1)}


@pytest.mark.parametrize("texts", [[], [""], ["", "\n", "x"]])
def test_nothing_to_compare(texts: list[str]) -> None:
    """Batches without documents, documents without passages."""
    assert run(texts).text.to_pylist() == texts


def test_after_an_earlier_cut_offsets_are_those_of_the_original() -> None:
    """The kept span is in code points of the document as it was read."""
    column = pa.array([f"đ\n{LINE}\n{LINE}\n"], pa.string())
    docs = pa.record_batch(
        {"ordinal": pa.array([0], pa.int64()), "raw_chars": pc.utf8_length(column).cast(pa.int64())}
    )
    batch = b.new(docs, column).for_stage("a", 0).cut([b.Edit(0, 0, 2, "r.a")])
    batch = RepeatedPassages().open()(batch.for_stage("r", 1))
    row = rows_of(batch)[-1]
    assert (row["kept_start"], row["start"]) == (2, 3 + len(LINE))
    assert batch.text.to_pylist() == [f"{LINE}\n"]
