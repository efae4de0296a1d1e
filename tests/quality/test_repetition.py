"""Repeated n-grams and elements, against the definition in plain Python."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cleaner.quality.measures import Measures
from cleaner.quality.repetition import DUPLICATE, TOP, ngrams, repeated

DOCS = st.lists(st.lists(st.integers(0, 4), max_size=40), max_size=4)
SIZES = (1, 3, 2, 7, 5)


def packed(docs: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Tokens 0 to 4 as `Lines` has them, with lengths `SIZES`."""
    values = [(t + 1) * 0x9FB21C651E98 << 16 | SIZES[t] for doc in docs for t in doc]
    starts = np.cumsum([0, *map(len, docs)]).astype(np.int64)
    return np.array([v & (1 << 64) - 1 for v in values], np.uint64), starts


def top(doc: list[int], n: int) -> int:
    """Length of the most frequent n-gram with its spaces, times its number."""
    grams = [tuple(doc[i : i + n]) for i in range(len(doc) - n + 1)]
    if not grams:
        return 0
    gram, count = Counter(grams).most_common(1)[0]
    return (sum(SIZES[t] for t in gram) + n - 1) * count


def duplicate(doc: list[int], n: int) -> int:
    """Length of n-grams that came before, stepping over each as a whole."""
    seen: set[tuple[int, ...]] = set()
    total = at = 0
    while at < len(doc) - n + 1:
        gram = tuple(doc[at : at + n])
        if gram in seen:
            total += sum(SIZES[t] for t in gram)
            at += n
        else:
            seen.add(gram)
            at += 1
    return total


@given(DOCS)
def test_ngrams_are_those_of_the_definition(docs: list[list[int]]) -> None:
    """Table A1 of Rae et al.: the most frequent 2- to 4-grams, all repeated 5- to 10-grams."""
    found = ngrams(*packed(docs))
    for row, doc in zip(found.tolist(), docs, strict=True):
        assert row[: len(TOP)] == [top(doc, n) for n in TOP]
        assert row[len(TOP) :] == [duplicate(doc, n) for n in DUPLICATE]


@given(DOCS)
def test_elements_that_came_before_are_counted(docs: list[list[int]]) -> None:
    """The first of equal ones is no repetition; documents know nothing of each other."""
    keys, first = packed(docs)
    chars = np.array([SIZES[t] for doc in docs for t in doc], np.int64)
    found = repeated(keys, chars, first)
    for i, doc in enumerate(docs):
        again = [t for at, t in enumerate(doc) if t in doc[:at]]
        assert found.elements[i] == len(doc)
        assert found.again[i] == len(again)
        assert found.chars[i] == sum(SIZES[t] for t in again)


def test_lines_and_paragraphs() -> None:
    """Blank lines are no lines, and end a paragraph; outer spaces do not count."""
    text = "one\ntwo\n\none\n two \n \n\nthree\ntwo\n\n\ntwo\nthree\n"
    measures = Measures(pa.array(["", text, text[:8]], pa.string()), [None] * 3)
    assert measures.n_lines.tolist() == [0, 8, 2]
    lines = measures.repeated_lines
    assert (lines.again.tolist(), lines.chars.tolist()) == ([0, 5, 0], [0, 17, 0])
    paragraphs = measures.repeated_paragraphs
    assert paragraphs.elements.tolist() == [0, 4, 1]
    assert (paragraphs.again.tolist(), paragraphs.chars.tolist()) == ([0, 1, 0], [0, 7, 0])
