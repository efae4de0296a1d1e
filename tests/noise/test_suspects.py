import random
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.noise.glance import BLANK, PROSE, SHORT, UNSURE, glance
from cleaner.noise.judge import Judge, Repeats, Verdict
from cleaner.noise.line import SCAN_CHARS, Kind, look
from cleaner.noise.pack import load_packs
from cleaner.noise.suspects import LINE_ENDS, judge_batch
from tests.noise.test_neighbour import BODY, TEASERS, TITLES
from tests.noise.test_traps import FOOTER, MENU, PAGES, lines_of

Found: TypeAlias = list[tuple[int, int, list[Verdict | None]]]
PACKS = load_packs()
SEEDS = sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))


def joined(pages: Sequence[Sequence[str]]) -> tuple[pa.StringArray, np.ndarray]:
    """Lines of pages as a batch has them."""
    first = np.cumsum([0, *map(len, pages)])
    return pa.array([line for page in pages for line in page], pa.string()), first


def slowly(judge: Judge, pages: Sequence[Sequence[str]]) -> Found:
    """What `judge_batch` must say: each page judged alone."""
    _, first = joined(pages)
    found = []
    for doc, page in enumerate(pages):
        verdicts = judge.judge([line.rstrip(LINE_ENDS) for line in page])
        if any(verdicts):
            found.append((doc, int(first[doc]), verdicts))
    return found


def check(pages: Sequence[Sequence[str]]) -> Found:
    """Compare both ways; give what they found."""
    fast = list(judge_batch(Judge(PACKS), *joined(pages)))
    assert fast == slowly(Judge(PACKS), pages)
    return fast


def test_sample_pages_get_the_same_verdicts_in_a_batch() -> None:
    """The files of `seeds/`, judged together and each alone."""
    pages = [p.read_bytes().decode("utf-8", "replace").splitlines(keepends=True) for p in SEEDS]
    assert len(check(pages)) > 20


def test_shuffled_pages_get_the_same_verdicts_in_a_batch() -> None:
    """Pages put together from lines of all sorts at random."""
    pool = [*MENU, *FOOTER, *BODY, *TITLES, *TEASERS, "", " \u00a0", "x " * 200, "Read more", "/"]
    pool += [line for text in PAGES.values() for line in lines_of(text)]
    pool += [f"{BODY[0][:-1]} and more, {BODY[1]}", f"{TITLES[0]}{TEASERS[0]}", " ".join(BODY)]
    dice = random.Random(5)
    pages = [[f"{dice.choice(pool)}\n" for _ in range(dice.randrange(9))] for _ in range(1500)]
    found = check(pages)
    assert 200 < len(found) < 1500


@pytest.mark.parametrize("tail", [f"{TITLES[0]}{TEASERS[0]}", BODY[2]])
def test_the_last_paragraph_may_be_a_glued_teaser(tail: str) -> None:
    """A page of paragraphs alone is judged line by line where its last one looks glued."""
    found = check([[*BODY, *BODY, tail], [*BODY, *BODY, tail, "", "\n"]])
    assert len(found) == (2 if tail != BODY[2] else 0)


def test_pages_without_lines_and_batches_without_pages() -> None:
    """Nothing to judge gives nothing."""
    assert check([]) == []
    assert check([[], [], []]) == []
    assert check([["\n"], [], ["", "\u200b\n"], [BODY[0]]]) == []


def test_counts_are_asked_only_where_they_matter() -> None:
    """A page of plain paragraphs is judged line by line where lines of it are frequent."""
    slogan = "The valley's own paper since 1871"
    pages = [[*BODY, slogan], [*BODY, slogan]]
    asked: list[int] = []

    def counts(doc: int) -> Repeats:
        asked.append(doc)
        return Repeats([1, 1, 1, 30], [1, 1, 1, 30], 100)

    matter = np.array([False, True])
    found = list(judge_batch(Judge(PACKS), *joined(pages), counts, matter))
    assert asked == [1]
    assert [(doc, [v and v.rule for v in verdicts]) for doc, _, verdicts in found] == [
        (1, [None, None, None, "noise.repeated_line"])
    ]


def test_counts_that_cannot_matter_change_nothing() -> None:
    """A page gets the same verdicts with counts below the limits as without counts."""
    judge = Judge(PACKS)
    for page in ([*MENU, *BODY], BODY, [*BODY, TITLES[0]]):
        low = Repeats([3] * len(page), [9] * len(page), 100)
        few = Repeats([9] * len(page), [9] * len(page), 9)
        assert judge.judge(page, repeats=low) == judge.judge(page)
        assert judge.judge(page, repeats=few) == judge.judge(page)


def agrees(lines: Sequence[str]) -> None:
    """What a glance is sure of is what a look says."""
    kinds, chars = glance(pa.array(lines, pa.string()))
    for line, kind, size in zip(lines, kinds.tolist(), chars.tolist(), strict=True):
        raw = line.rstrip(LINE_ENDS)
        seen = look(raw)
        assert size == seen.chars
        assert (kind == BLANK) == (seen.chars == 0)
        assert (kind == SHORT) == (seen.chars > 0 and len(raw) <= SCAN_CHARS)
        if kind == PROSE:
            assert seen.kind is Kind.PROSE
            assert len(raw) > SCAN_CHARS


CHARS = ' \u00a0.,:：。，!abĐ漢ก\u200b\x1f\x85"»)😀\t\u3000\u2028\r-1'


@settings(deadline=None)
@given(st.lists(st.text(st.one_of(st.sampled_from(CHARS), st.characters(codec="utf-8")))))
def test_a_glance_agrees_with_a_look(lines: list[str]) -> None:
    """Any text."""
    agrees(lines)


def test_a_glance_agrees_with_a_look_at_long_lines() -> None:
    """Lengths around the limits, with odd spaces, scripts and ends."""
    dice = random.Random(7)
    sizes = [1, 239, 240, 241, 242, 299, 300, 301, 302, 700]
    agrees(["".join(dice.choices(CHARS, k=dice.choice(sizes))) for _ in range(3000)])
    words = [*BODY[0].split(), "Đường", "dài,", "ที่นี่", "然后，", "end."]
    agrees([" ".join(dice.choices(words, k=dice.randrange(30, 120))) for _ in range(1000)])


def test_a_glance_knows_paragraphs() -> None:
    """Long sentences are paragraphs; long labels, lists and numbers are to be looked at."""
    text = " ".join(BODY)
    lines = ["\n", "short", text, text[:-1], f"{text[:-1]}:", "12 " * 100, "word " * 60]
    kinds, _ = glance(pa.array(lines))
    assert kinds.tolist() == [BLANK, SHORT, PROSE, PROSE, PROSE, UNSURE, UNSURE]


def test_a_slice_of_an_array_is_looked_at_alone() -> None:
    """Arrow's offset is honoured."""
    lines = pa.array(["x" * 400, "", "short", " ".join(BODY)])
    assert glance(lines[1:])[0].tolist() == [BLANK, SHORT, PROSE]
