"""Hypothesis strategies: documents as scraped text really is, and edits on them."""

from __future__ import annotations

from hypothesis import strategies as st

ALPHABET = "ab đ\u0301\u00a0\u200b\ufeff€🎉\n\r\u2028\u0085\x00\tếẾ中"

documents = st.text(alphabet=ALPHABET, max_size=60)
"""Astral planes, NFD, mixed line ends, null characters."""


@st.composite
def changes(draw: st.DrawFn, length: int) -> list[tuple[int, int, str]]:
    """Disjoint, non-empty, sorted (start, end, text) within `length` code points."""
    if length == 0:
        return []
    points = sorted(draw(st.sets(st.integers(0, length), max_size=6)))
    result = []
    for start, end in zip(points[::2], points[1::2], strict=False):
        result.append(
            (start, end, draw(st.one_of(st.just(""), st.text(alphabet=ALPHABET, max_size=3))))
        )
    return result
