from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.dedup.keeper import KEPT, Leaders, assign
from cleaner.text.ragged import Ragged


@dataclass
class Case:
    """Members of one component in order, with their sets and keys."""

    sets: list[set[int]]
    keys: list[list[int]] | None
    threshold: float
    most: int

    @property
    def ids(self) -> np.ndarray:
        """Ids that are not places."""
        return np.arange(len(self.sets), dtype=np.int64)[::-1] * 7 + 2**60

    @property
    def ragged(self) -> Ragged:
        """The sets as rows."""
        return Ragged.of([sorted(s) for s in self.sets])

    @property
    def table(self) -> np.ndarray | None:
        """The keys as a matrix."""
        if self.keys is None:
            return None
        return np.array(self.keys, dtype=np.uint64).reshape(len(self.sets), -1)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Small sets over few values, so that many are alike; keys over few values, or none."""
    count = draw(st.integers(0, 25))
    sets = draw(st.lists(st.sets(st.integers(0, 9)), min_size=count, max_size=count))
    bands = draw(st.integers(0, 3))
    row = st.lists(st.integers(0, 4), min_size=bands, max_size=bands)
    keys = draw(st.lists(row, min_size=count, max_size=count)) if bands and count else None
    return Case(sets, keys, draw(st.sampled_from([0.2, 0.5, 2 / 3, 1.0])), draw(st.integers(1, 5)))


def by_rule(case: Case) -> list[tuple[int, float, bool]]:
    """Leader, similarity and overflow of each member, word for word as the rule says."""
    leaders: list[int] = []
    found = []
    for i, own in enumerate(case.sets):
        if not own:
            found.append((KEPT, 0.0, False))
            continue
        near = [k for k in leaders if case.keys is None or set(case.keys[k]) & set(case.keys[i])]
        best = max(
            ((len(own & case.sets[k]) / len(own | case.sets[k]), -k) for k in near[: case.most]),
            default=(0.0, 0),
        )
        if best[0] >= case.threshold:
            found.append((-best[1], best[0], False))
        else:
            found.append((KEPT, 0.0, len(near) > case.most))
            leaders.append(i)
    return found


def rows(result: object) -> list[tuple[int, float, bool]]:
    """An assignment as rows."""
    columns = (result.leader, result.similarity, result.overflow)
    return list(zip(*(c.tolist() for c in columns), strict=True))


@settings(deadline=None)  # the first call compiles
@given(cases())
def test_assignment_follows_the_rule(case: Case) -> None:
    """Each member joins the most similar of the leaders it may be compared with, or leads."""
    result = assign(case.ids, case.ragged, case.threshold, case.most, case.table)
    assert rows(result) == by_rule(case)
    ids = case.ids.tolist()
    assert result.keeper.tolist() == [
        ids[i if leader == KEPT else leader] for i, leader in enumerate(result.leader.tolist())
    ]


@settings(deadline=None)  # the first call compiles
@given(cases())
def test_removed_members_are_like_a_kept_one(case: Case) -> None:
    """Who is removed has a keeper that stays, and is as similar to it as the threshold asks."""
    leader = assign(case.ids, case.ragged, case.threshold, case.most, case.table).leader.tolist()
    for own, k in zip(case.sets, leader, strict=True):
        if k != KEPT:
            assert leader[k] == KEPT
            assert len(own & case.sets[k]) / len(own | case.sets[k]) >= case.threshold


@settings(deadline=None)  # the first call compiles
@given(cases(), st.integers(1, 6))
def test_batches_do_not_matter(case: Case, size: int) -> None:
    """Members given in batches are assigned as if given at once."""
    whole = assign(case.ids, case.ragged, case.threshold, case.most, case.table)
    bands = 0 if case.table is None else case.table.shape[1]
    leaders = Leaders(case.threshold, case.most, bands)
    parts = []
    for start in range(0, len(case.sets), size):
        stop = min(start + size, len(case.sets))
        keys = None if case.table is None else case.table[start:stop]
        parts.append(leaders.add(case.ids[start:stop], case.ragged.slice(start, stop), keys))
    assert [r for p in parts for r in rows(p)] == rows(whole)
    assert [k for p in parts for k in p.keeper.tolist()] == whole.keeper.tolist()
    assert len(leaders) == sum(
        bool(s) and k == KEPT for s, k in zip(case.sets, whole.leader.tolist(), strict=True)
    )


def test_chain_does_not_drift() -> None:
    """Each of a chain is like the next, but who is removed is like the one that is kept."""
    chain = Ragged.of([range(start, start + 20) for start in range(0, 60, 2)])
    result = assign(np.arange(30), chain, 0.6, 64)
    assert result.leader.tolist() == [KEPT if i % 3 == 0 else i // 3 * 3 for i in range(30)]
    assert result.similarity[result.leader != KEPT].min() >= 0.6


def test_many_members_and_leaders_fit() -> None:
    """Thousands of leaders, and sets of very different sizes, are indexed and compared."""
    random = np.random.default_rng(4)
    sets = [np.unique(random.integers(0, 2**63, 1 + n % 40)) for n in range(2500)]
    sets[7] = np.arange((1 << 20) + 5)
    sets = [*sets, *sets]
    keys = np.array([[s[0], s[-1]] for s in sets]).astype(np.uint64)
    result = assign(np.arange(5000), Ragged.of(sets), 0.9, 64, keys)
    assert (result.leader[:2500] == KEPT).all()
    assert result.leader[2500:].tolist() == list(range(2500))
    assert not result.overflow.any()


def test_overflow_is_told() -> None:
    """A member that met more leaders than it may be compared with is kept, and marked."""
    sets = Ragged.of([[1], [2], [3], [3]])
    keys = np.zeros((4, 1), dtype=np.uint64)
    for table in (None, keys):
        result = assign(np.arange(4), sets, 0.5, 2, table)
        assert result.leader.tolist() == [KEPT] * 4
        assert result.overflow.tolist() == [False, False, False, True]
    assert assign(np.arange(4), sets, 0.5, 3, keys).leader.tolist() == [KEPT, KEPT, KEPT, 2]


@pytest.mark.parametrize(("threshold", "most"), [(0.0, 1), (1.01, 1), (0.5, 0), (float("nan"), 1)])
def test_impossible_parameters_are_refused(threshold: float, most: int) -> None:
    """A threshold is above 0 and at most 1; at least one leader is compared."""
    with pytest.raises(ValueError, match=r"threshold|max_leaders"):
        assign(np.arange(1), Ragged.of([[1]]), threshold, most)


def test_lengths_that_differ_are_refused() -> None:
    """Ids, sets and keys are of the same members."""
    sets = Ragged.of([[1], [2]])
    with pytest.raises(ValueError, match="2 sets need"):
        assign(np.arange(1), sets, 0.5, 1)
    with pytest.raises(ValueError, match="2 sets need"):
        assign(np.arange(2), sets, 0.5, 1, np.zeros((1, 2), dtype=np.uint64))
