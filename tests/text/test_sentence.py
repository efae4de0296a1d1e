"""Sentences tile their lines, and end where a reader would end them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.text.segment import passages
from tests.property.strategies import ALPHABET

texts = st.lists(st.text(ALPHABET + " .!?…。”'\n\t1aA", max_size=60), max_size=6)


def sentences(text: str) -> list[str]:
    """The sentences of one document."""
    return passages(pa.array([text]), "sentence").text.to_pylist()


@pytest.mark.parametrize(
    "parts",
    [
        ["The ferry left. ", "Nobody saw it! ", "Who would? ", "The gulls."],
        ["Bến đò vắng khách. ", "Ông lái nói: “Mưa quá!” ", "Rồi ông về."],
        ["船开了。", "没有人看见！", "谁会看呢？”", "海鸥。"],
        ["Паром ушёл. ", "Никто не видел… ", "Кто бы мог?"],
        ["العبارة غادرت. ", "من رآها؟ ", "النوارس."],
        ["नाव चली गई। ", "किसी ने नहीं देखा।"],
        ["He paid 3.50 euros at 10.30 a.m. on the quay. ", "It rained."],
        ["Dr. Lane met Mrs. J. R. Moor at No. 5 Mill St. Peter's. ", "They left."],
        ["PGS. TS. Lý Lãng và ThS. Vân ở TP. Lãng Vân đều vắng. ", "Họp hoãn."],
        ["1. Mend the net. ", "Then dry it.\n", "2. Wait."],
        ["See example.com for more. ", "It is short."],
        ["“Go.” ", "(He went.) ", "She stayed."],
        ["A line without an end\n", "another one"],
        ["Wait ... he said. ", "No."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    """End marks, quotes, abbreviations, numbers and lists in several scripts."""
    assert sentences("".join(parts)) == parts


@given(texts)
@settings(max_examples=200)
def test_sentences_tile_their_lines(documents: list[str]) -> None:
    """No character is lost, offsets are code points, and a line end ends a sentence."""
    column = pa.array(documents, pa.string())
    found = passages(column, "sentence")
    pieces = found.text.to_pylist()
    lines = passages(column, "line")
    for i, document in enumerate(documents):
        low, high = int(found.first[i]), int(found.first[i + 1])
        assert "".join(pieces[low:high]) == document
        for row in range(low, high):
            assert document[found.start[row] : found.end[row]] == pieces[row] != ""
        line_ends = set(lines.end[lines.first[i] : lines.first[i + 1]].tolist())
        assert line_ends <= set(found.end[low:high].tolist())


def test_a_slice_of_a_column_has_its_own_sentences() -> None:
    """Offsets of the column do not matter."""
    column = pa.array(["One. Two.", "Three. Four.", "Five."])
    found = passages(column.slice(1, 2), "sentence")
    assert found.text.to_pylist() == ["Three. ", "Four.", "Five."]
    assert found.first.tolist() == [0, 2, 3]


def test_nothing_has_no_sentences() -> None:
    """Empty columns and empty documents."""
    assert passages(pa.array([], pa.string()), "sentence").text.to_pylist() == []
    assert passages(pa.array(["", ""]), "sentence").first.tolist() == [0, 0, 0]
