"""Figures are short, and round towards what is true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.report.figures import duration, megabytes, plural, rate, share, short


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0 k"),
        (99_949, "99.9 k"),
        (99_951, "100 k"),
        (999_499, "999 k"),
        (999_999, "1.00 M"),
        (12_345_678, "12.3 M"),
        (4_200_000_000, "4.20 G"),
        (-12_345, "-12.3 k"),
    ],
)
def test_numbers_are_shortened(number: int, text: str) -> None:
    """Four digits are exact, more become three and a letter."""
    assert short(number) == text


@given(st.integers(0, 10**15 - 10**12))
def test_a_short_number_fits_six_characters_and_is_near(number: int) -> None:
    """No figure breaks a column, and none is off by more than half of its last digit."""
    text = short(number)
    assert len(text) <= 6
    digits, _, letter = text.replace(",", "").partition(" ")
    value = float(digits) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[letter]
    assert abs(value - number) <= 0.00501 * max(1, number)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1:00 min"),
        (3599.6, "1:00:00 h"),
        (7509, "2:05:09 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """Seconds, minutes, hours; what is rounded up moves to the next unit."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.00 kB"), (999_499, "999 kB"), (1_234_567, "1.23 MB"),
     (5_500_000_000, "5.50 GB")],
)  # fmt: skip
def test_sizes(size: float, text: str) -> None:
    """Powers of ten."""
    assert megabytes(size) == text


def test_rates_and_plurals() -> None:
    """No division by nothing, no `1 documents`."""
    assert rate(3_000_000, 2) == "1.50 MB/s"
    assert rate(3_000_000, 0) == ""
    assert plural(1, "document") == "1 document"
    assert plural(1234, "entry", "entries") == "1,234 entries"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0 %"), (0, 9, "0 %"), (9, 9, "100 %"), (1, 3, "33.3 %"), (1, 10**6, "<0.1 %"),
     (10**6 - 1, 10**6, ">99.9 %"), (1, 2, "50 %")],
)  # fmt: skip
def test_shares_never_hide_the_last_one(part: int, whole: int, text: str) -> None:
    """Something is never 0 %, and not all is never 100 %."""
    assert share(part, whole) == text
