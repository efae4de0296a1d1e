"""UTF-8 and code points of columns, held against Python's decoder."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text.validate import char_counts

EDGES = [
    *(
        b"\x80",
        b"\xbf",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xc2",
        b"\xc2\x80",
        b"\xdf\xbf",
        b"\xe0\x9f\xbf",
    ),
    *(b"\xe0\xa0\x80", b"\xed\x9f\xbf", b"\xed\xa0\x80", b"\xee\x80\x80", b"\xef\xbf\xbf"),
    *(b"\xf0\x8f\xbf\xbf", b"\xf0\x90\x80\x80", b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80"),
    *(b"\xf5\x80\x80\x80", b"\xff", b"\xe1\x80", b"\xf1\x80\x80", b"\xc3\xc3", b"\xe1\x80\xc3\xa9"),
]
"""Around every limit of table 3-7."""


def _expected(rows: Sequence[bytes]) -> list[int] | None:
    try:
        return [len(row.decode("utf-8")) for row in rows]
    except UnicodeDecodeError:
        return None


def _found(rows: Sequence[bytes]) -> list[int] | None:
    counts = char_counts(pa.array(rows, pa.binary()))
    return None if counts is None else counts.tolist()


@pytest.mark.parametrize("edge", EDGES)
def test_every_limit_at_every_place_of_a_block(edge: bytes) -> None:
    """Alone, before and after other bytes, and with rows around it."""
    for before in range(140):
        row = b"a" * before + edge
        for rows in ([row], [row + b"b" * 70], [row, b"b" * 70], [b"c" * 9, row]):
            assert _found(rows) == _expected(rows), (before, rows)


def test_a_character_cut_by_the_end_of_a_row_is_none() -> None:
    """Both halves together are UTF-8, neither row is."""
    for shift in range(130):
        joined = "x" * shift + "ế" + "y" * 80
        whole = joined.encode()
        for cut in (shift + 1, shift + 2):
            assert _found([whole[:cut], whole[cut:]]) is None
        assert _found([whole[:shift], whole[shift:]]) == [shift, 81]


def test_slices_and_empty_columns() -> None:
    """Offsets of slices, rows without a byte, columns without one."""
    text = pa.array(["", "à", "", "tiếng Việt " * 20, "𝒳", ""])
    assert char_counts(text).tolist() == [0, 1, 0, 220, 1, 0]  # type: ignore[union-attr]
    assert char_counts(text.slice(2, 3)).tolist() == [0, 220, 1]  # type: ignore[union-attr]
    assert char_counts(text.slice(6)).tolist() == []  # type: ignore[union-attr]
    assert char_counts(pa.array([None, None], pa.binary())).tolist() == [0, 0]  # type: ignore[union-attr]


@given(st.lists(st.text(max_size=90).map(str.encode) | st.binary(max_size=90), max_size=12))
def test_as_python_decodes(rows: list[bytes]) -> None:
    """Texts and random bytes."""
    assert _found(rows) == _expected(rows)


@given(
    st.lists(st.sampled_from(EDGES) | st.text(max_size=70).map(str.encode), min_size=1, max_size=9)
)
def test_rows_of_limits(rows: list[bytes]) -> None:
    """In rows of their own, and joined."""
    assert _found(rows) == _expected(rows)
    joined = [b"".join(rows)]
    assert _found(joined) == _expected(joined)
