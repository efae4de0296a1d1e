"""Text that goes on below a box of related links."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from benchmarks.html_sites import FRAMES, Article, articles
from cleaner.noise.box import MOST_LINES, TEXT, UNSURE, past_boxes
from cleaner.noise.decision import decide
from cleaner.noise.features import Lexicon, features
from cleaner.noise.judge import asking_judge
from cleaner.noise.model import built_in
from cleaner.noise.pack import load_packs

PARAGRAPH = "The ferry across the bay starts again on Monday, after seven weeks in the yard."
TEASER = "The ferry across the bay starts again on Monday, after seven weeks in the…"
HEAD, LINK = "Related stories", "What the slugs taught me"


def judged(
    pages: list[list[str]], again: int = 0, noise: int = 600
) -> tuple[list[list[int]], list[list[str]]]:
    """Scores of each page's lines, and the lines that were scored again, by page.

    The first line of a page is text for sure; every other has the score `noise`, and a second time
    `again`. Heads and links, and teasers below a link, are what rules name.
    """
    lines = [line for page in pages for line in page]
    first = np.cumsum([0, *map(len, pages)])
    found = features(pa.array(lines, pa.string()), first, Lexicon.empty())
    named = np.array([line in (HEAD, LINK, TEASER) for line in lines], bool)
    scores = np.full(len(lines), noise, np.int16)
    scores[first[:-1][np.diff(first) > 0]] = 0
    asked: list[list[str]] = []

    def score(rows: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.int16]:
        bounds = firsts.tolist()
        for low, high in pairwise(bounds):
            asked.append([lines[row] for row in rows[low:high].tolist()])
        return np.full(len(rows), again, np.int16)

    heads = np.array([line == HEAD for line in lines], bool)
    after = past_boxes(scores, found, heads, named, named, 450, score).tolist()
    bounds = first.tolist()
    return [after[a:b] for a, b in pairwise(bounds)], asked


def test_a_paragraph_below_a_box_has_its_score_without_the_box() -> None:
    """The box's own lines keep theirs; a page without a box is not scored again."""
    boxed = [PARAGRAPH, HEAD, LINK, PARAGRAPH]
    scores, asked = judged([[PARAGRAPH, PARAGRAPH], boxed, [PARAGRAPH, HEAD, PARAGRAPH]], again=20)
    assert scores == [[0, 600], [0, 600, 600, 20], [0, 600, 20]]
    assert asked == [[PARAGRAPH, PARAGRAPH]] * 2


@pytest.mark.parametrize(
    "page",
    [
        [PARAGRAPH, LINK, PARAGRAPH],  # no head
        [LINK, HEAD, PARAGRAPH],  # no text above
        [PARAGRAPH, HEAD, LINK, TEASER, LINK, PARAGRAPH],  # one more teaser
        [PARAGRAPH, HEAD, *[LINK] * MOST_LINES, PARAGRAPH],  # the page's frame
        [PARAGRAPH, HEAD, LINK],  # nothing below
        [PARAGRAPH, HEAD, LINK, "A line without an end"],  # no paragraph below
    ],
)
def test_where_no_box_is_nothing_changes(page: list[str]) -> None:
    """And the page is not scored a second time."""
    scores, asked = judged([page])
    assert scores == [[0, *[600] * (len(page) - 1)]]
    assert not asked


def test_only_a_clear_answer_counts() -> None:
    """Who is in doubt without the box as well keeps the score, and who is surely noise with it."""
    page = [PARAGRAPH, HEAD, PARAGRAPH]
    assert judged([page], again=TEXT)[0] == [[0, 600, 600]]
    assert judged([page], again=TEXT - 1)[0] == [[0, 600, TEXT - 1]]
    assert judged([page], noise=UNSURE + 1)[0] == [[0, UNSURE + 1, UNSURE + 1]]
    assert judged([page], noise=UNSURE)[0] == [[0, UNSURE, 0]]


def test_no_page_is_no_page() -> None:
    """An empty batch, and pages without lines."""
    assert judged([]) == ([], [])
    assert judged([[], [PARAGRAPH, HEAD, PARAGRAPH], []], again=9)[0] == [[], [0, 600, 9], []]


def with_boxes(article: Article, links: list[str]) -> list[list[str]]:
    """Pages of an article: with a box above each line but the first two, and a frame below."""
    frame = FRAMES[article.lang]
    text = [article.title, *article.lines]
    end = [*frame.share, frame.most_read, frame.comments, *frame.form, *frame.footer]
    return [
        [*text[:place], frame.related, *links, *text[place:], *end] for place in range(2, len(text))
    ]


def test_the_samples_texts_go_on_below_an_empty_box() -> None:
    """Wherever it stands: of the paragraphs below it a tenth goes, and a sixth would without."""
    judge, model = asking_judge(load_packs()), built_in()
    lost = paragraphs = 0
    for article in articles():
        pages = with_boxes(article, [])
        text = pa.array([line for page in pages for line in page], pa.string())
        first = np.cumsum([0, *map(len, pages)])
        cut = decide(text, first, judge, model, keep={"caption"})
        for page, low in zip(pages, first.tolist(), strict=False):
            below = page.index(FRAMES[article.lang].related) + 1
            long = [at for at in range(below, 2 + len(article.lines)) if len(page[at]) >= 80]
            paragraphs += len(long)
            lost += sum(low + at in cut for at in long)
    assert paragraphs > 500
    assert lost / paragraphs < 0.12
