"""Features of the second pass."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cleaner.noise.scan import scan
from cleaner.noise.vicinity import NAMES, vicinity

COLUMN = {name: index for index, name in enumerate(NAMES)}


def around(
    lines: list[str], scores: list[int], first: list[int] | None = None
) -> dict[str, list[int]]:
    """Features by name."""
    found = scan(pa.array(lines), np.array(first or [0, len(lines)]))
    values = vicinity(found, np.array(scores, np.int16))
    return {name: values[:, at].tolist() for name, at in COLUMN.items()}


LINES = [
    "menu here",
    "ferry runs again",
    "the ferry runs on the lake",
    "again the lake is calm",
    "other lake news",
]
SCORES = [10, 450, 900, 800, 20]


def test_the_block_is_the_best_run_of_lines() -> None:
    """Lines above the block have a negative distance to its start."""
    found = around(LINES, SCORES)
    assert found["in_block"] == [0, 1, 1, 1, 0]
    assert found["to_block_start"] == [-1, 0, 1, 2, 3]
    assert found["to_block_end"] == [3, 2, 1, 0, -1]


def test_words_shared_with_kept_lines_are_counted() -> None:
    """A kept line does not share words with itself; a word counts as often as it stands there."""
    found = around(LINES, SCORES)
    assert found["shared_kept_words"] == [0, 3, 3, 2, 1]
    assert found["shared_lead"] == [-3, 0, 0, -1, -2]
    assert found["frame_only"][4] == 0


def test_scores_of_neighbours_end_with_the_page() -> None:
    """Beyond the page the score is -100, below all others."""
    found = around(LINES, SCORES, [0, 2, 5])
    assert found["score_+1"] == [450, -100, 800, 20, -100]
    assert found["score_-1"] == [-100, 10, -100, 900, 800]
    assert found["kept_lines"] == [0, 0, 2, 2, 2]
    assert found["since_kept"] == [99, 99, 99, 1, 1]
    assert found["until_kept"] == [99, 99, 1, 99, 99]


def test_means_are_of_the_window_inside_the_page() -> None:
    """Each line counts once, or by its words."""
    found = around(LINES, SCORES)
    assert found["mean_score_2"][0] == (10 + 450 + 900) // 3
    assert found["mean_score_40"] == [sum(SCORES) // 5] * 5
    weights = [2, 3, 6, 5, 3]
    mean = sum(w * s for w, s in zip(weights, SCORES, strict=True)) // sum(weights)
    assert found["mean_words_score_40"] == [mean] * 5


def test_shares_before_and_after_add_up() -> None:
    """What is expected above, in and below a line is all of the page."""
    found = around(LINES, SCORES)
    assert found["score_above"][0] == found["score_below"][-1] == 0
    assert found["rank"] == [4, 2, 0, 1, 3]
    assert found["best_score"] == [900] * 5


def test_a_page_without_any_score_has_no_block() -> None:
    """Nothing is kept, nothing is divided by zero."""
    found = around(LINES, [0] * 5)
    assert found["in_block"] == found["kept_share"] == found["block_share"] == [0] * 5
