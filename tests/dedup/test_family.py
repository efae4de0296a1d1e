"""Families: near-copies share a number, other documents do not."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cleaner.dedup.family import LONG, families
from cleaner.text.segment import passages
from tests.engine.runs import article, sentence


def of(texts: list[str]) -> list[int]:
    """The families of whole texts, cut into lines."""
    cut = passages(pa.array(texts, pa.string()))
    return families(cut.text, cut.first, np.arange(len(texts))).tolist()


def test_copies_share_their_family_whatever_stands_around_them() -> None:
    """Short lines do not count; the order of the long ones neither."""
    draw = random.Random(1)
    lines = [sentence(draw, 20) for _ in range(6)]
    texts = ["\n".join(lines), "menu\n" + "\n".join(reversed(lines)) + "\nend", article(draw, 9)]
    first, second, other = of(texts)
    assert first == second != other


def test_near_copies_mostly_share_it() -> None:
    """One of ten long lines differs: nine of eleven pairs or so share the least hash."""
    draw = random.Random(2)
    same = 0
    for _ in range(200):
        lines = [sentence(draw, 20) for _ in range(10)]
        one, other = of(["\n".join(lines), "\n".join([sentence(draw, 20), *lines[1:]])])
        same += one == other
    assert 140 <= same <= 185


@given(st.lists(st.text(max_size=20), max_size=6))
def test_documents_without_long_lines_are_their_own_family(texts: list[str]) -> None:
    """Nothing tells short documents apart from copies, so none is taken for one."""
    short = [t for t in texts if all(len(x.encode()) < LONG for x in t.splitlines(keepends=True))]
    assert len(set(of(short))) == len(short)


@given(st.lists(st.text(max_size=200), max_size=5), st.integers(0, 5))
def test_the_batch_does_not_matter(texts: list[str], skip: int) -> None:
    """A family depends on the document and, without long lines, on its ordinal alone."""
    cut = passages(pa.array(texts, pa.string()))
    whole = families(cut.text, cut.first, np.arange(len(texts)))
    part = passages(pa.array(texts, pa.string()).slice(skip))
    rest = families(part.text, part.first, np.arange(min(skip, len(texts)), len(texts)))
    assert rest.tolist() == whole[skip:].tolist()
