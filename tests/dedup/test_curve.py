import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.dedup.curve import catch, choose_bands, cost, describe


@given(st.floats(0, 1), st.integers(1, 50), st.integers(1, 20))
def test_catch_is_the_formula(j: float, bands: int, rows: int) -> None:
    """The chance is 1 - (1 - j^r)^b, and grows with the bands."""
    chance = catch(j, bands, rows)
    assert math.isclose(chance, 1 - (1 - j**rows) ** bands, abs_tol=1e-12)
    assert 0 <= chance <= catch(j, bands + 1, rows) <= 1


def test_small_chances_keep_their_digits() -> None:
    """Where 1 - (1 - x)^b would round to 0, b·x remains."""
    assert math.isclose(catch(1e-3, 10, 6), 1e-17, rel_tol=1e-9)


@given(st.floats(0.3, 1), st.integers(1, 40), st.floats(0.05, 0.95))
def test_choice_costs_least(threshold: float, num_perm: int, miss_weight: float) -> None:
    """No other bands that fit cost less."""
    bands, rows = choose_bands(threshold, num_perm, miss_weight)
    assert bands * rows <= num_perm
    least = cost(threshold, bands, rows, miss_weight)
    for r in range(1, num_perm + 1):
        for b in {1, max(1, num_perm // r // 2), num_perm // r}:
            assert cost(threshold, b, r, miss_weight) >= least - 1e-11


def test_cost_is_the_integral() -> None:
    """The area under the curve agrees with a sum over ten thousand points."""
    points = [(k + 0.5) / 10_000 for k in range(10_000)]
    missed = sum(1 - catch(j, 20, 6) for j in points if j >= 0.7) / 10_000
    checked = sum(catch(j, 20, 6) for j in points if j < 0.7) / 10_000
    assert math.isclose(cost(0.7, 20, 6, 0.8), 0.8 * missed + 0.2 * checked, rel_tol=1e-6)


def test_missing_less_needs_more_bands() -> None:
    """The heavier a miss weighs the more is caught at the threshold."""
    chances = [catch(0.7, *choose_bands(0.7, 128, w)) for w in (0.3, 0.6, 0.9, 0.99)]
    assert chances == sorted(chances)
    assert chances[-1] > 0.98


def test_description_names_the_curve() -> None:
    """The table has a chance for each similarity, and the sentence where it is one half."""
    text = describe(25, 5).splitlines()
    assert text[0] == "25 bands of 5 rows: half of the pairs of similarity 0.49 are caught."
    assert [float(x) for x in text[1].split()[1:]] == [x / 100 for x in range(50, 100, 5)]
    assert text[2].split()[2:] == [f"{100 * catch(x / 100, 25, 5):.2f}" for x in range(50, 100, 5)]


@pytest.mark.parametrize(
    ("threshold", "num_perm", "weight"),
    [(0, 8, 0.5), (1.1, 8, 0.5), (0.7, 0, 0.5), (0.7, 8, 0), (0.7, 8, 1), (math.nan, 8, 0.5)],
)
def test_impossible_wishes_are_refused(threshold: float, num_perm: int, weight: float) -> None:
    """Parameters outside their range are errors."""
    with pytest.raises(ValueError, match="must be"):
        choose_bands(threshold, num_perm, weight)


@pytest.mark.parametrize(
    ("j", "bands", "rows"), [(-0.1, 1, 1), (1.1, 1, 1), (0.5, 0, 1), (0.5, 1, 0)]
)
def test_impossible_pairs_are_refused(j: float, bands: int, rows: int) -> None:
    """A similarity lies in 0..1; there is at least one band of one row."""
    with pytest.raises(ValueError, match="not"):
        catch(j, bands, rows)
