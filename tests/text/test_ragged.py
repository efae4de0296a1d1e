import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text.ragged import Ragged

ROWS = st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=5), max_size=8)


@given(ROWS)
def test_rows_come_back(rows: list[list[int]]) -> None:
    """What was put in is what is read, by number, by iteration and by counts."""
    ragged = Ragged.of(rows)
    assert [r.tolist() for r in ragged] == rows
    assert [ragged[-1 - i].tolist() for i in range(len(ragged))] == rows[::-1]
    assert ragged.counts.tolist() == [len(r) for r in rows]


@given(ROWS, st.data())
def test_slice_and_take_name_rows(rows: list[list[int]], data: st.DataObject) -> None:
    """A slice shares the values, a selection copies them; both give the rows named."""
    start = data.draw(st.integers(0, len(rows)))
    stop = data.draw(st.integers(start, len(rows)))
    part = Ragged.of(rows).slice(start, stop)
    assert [r.tolist() for r in part] == rows[start:stop]
    order = data.draw(st.lists(st.integers(0, stop - start - 1), max_size=9)) if len(part) else []
    taken = part.take(np.array(order, dtype=np.int64))
    assert [r.tolist() for r in taken] == [rows[start + i] for i in order]


@pytest.mark.parametrize(
    ("offsets", "length"), [([], 0), ([0, 2], 1), ([-1, 1], 1), ([0, 2, 1], 2)]
)
def test_damaged_offsets_are_refused(offsets: list[int], length: int) -> None:
    """A kernel never reads outside the values."""
    with pytest.raises(ValueError, match="offsets"):
        Ragged(np.array(offsets, dtype=np.int64), np.zeros(length, dtype=np.uint64))


def test_rows_that_do_not_exist_are_refused() -> None:
    """Rows outside the array are an error, also negative ones in a selection."""
    ragged = Ragged.of([[1], [2]])
    with pytest.raises(IndexError):
        ragged.slice(1, 3)
    with pytest.raises(IndexError):
        ragged.take(np.array([-1]))
    with pytest.raises(IndexError):
        ragged[2]
