"""Figures against labels, and the line rules of others."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.errors import InputError
from cleaner.noise import baselines
from cleaner.noise.evaluate import (
    GoldPage,
    GoldPages,
    bootstrap,
    counts,
    gold_page,
    headlines,
    measure,
    site_of,
    word_scores,
)
from cleaner.text.key import words

LONG = "The ferry across the lake runs again, after a summer on which no boat could land here."


def page(lines: list[str], labels: str, **fields: object) -> GoldPage:
    """A page whose gold is its lines labelled 1."""
    gold = "\n".join(line for line, label in zip(lines, labels, strict=True) if label == "1")
    record = {"noisy_text": "\n".join(lines), "line_labels": labels, "gold_text": gold, **fields}
    return gold_page(record, "made", 0)


LINES = st.lists(st.text("ab c中", min_size=1, max_size=8), min_size=1, max_size=6)


@given(st.lists(st.tuples(LINES, st.text("ab c中", max_size=20), st.integers(0, 63)), max_size=3))
def test_word_scores_are_those_of_bags(cases: list[tuple[list[str], str, int]]) -> None:
    """Precision, recall and F1 equal those of counters of the same words."""
    pages, keep, wanted = [], [], []
    for lines, gold, bits in cases:
        kept = [bool(bits >> at & 1) for at in range(len(lines))]
        record = {
            "noisy_text": "\n".join(lines),
            "gold_text": gold,
            "line_labels": "0" * len(lines),
        }
        pages.append(gold_page(record, "made", 0))
        keep += kept
        mine = Counter(w for line, k in zip(lines, kept, strict=True) if k for w in words(line))
        theirs = Counter(words(gold))
        both = (mine & theirs).total()
        precision = both / mine.total() if mine else float(not theirs)
        recall = both / theirs.total() if theirs else 1.0
        size = mine.total() + theirs.total()
        wanted.append([precision, recall, 2 * both / size if size else 1.0])
    found = word_scores(GoldPages.of(pages), np.array(keep, bool))
    assert found == pytest.approx(np.array(wanted).reshape(-1, 3))


def test_figures_are_means_over_pages_and_sums_over_lines() -> None:
    """A short page weighs as much as a long one by words, but not by lines."""
    pages = GoldPages.of(
        [
            page(["one two", "three four"], "10", url="https://a.example/1"),
            page([LONG, "menu"], "10", url="https://b.example/2"),
        ]
    )
    keep = np.array([True, True, True, False])
    found = measure(pages, keep, {"all": np.array([True, True]), "first": np.array([True, False])})
    size = len(words(LONG))
    assert found["all"].precision == pytest.approx((0.5 + 1) / 2)
    assert found["all"].recall == 1.0
    assert found["all"].line_precision == pytest.approx((2 + size) / (4 + size))
    assert found["first"].f1.value == pytest.approx(2 / 3)
    assert found["first"].f1.low == found["first"].f1.high == pytest.approx(2 / 3)


def test_headlines_are_found_by_the_title() -> None:
    """The title, the part of it that names the article, or the title and a little more."""
    pages = GoldPages.of(
        [
            page(
                ["Home", "Ferry runs again", "Ferry runs again at last", "runs again", LONG],
                "01011",
                title="Ferry Runs Again | The Lake",
            )
        ]
    )
    assert headlines(pages).tolist() == [False, True, False, False, False]
    kept = measure(pages, np.array([False, True, False, False, True]), {"all": np.ones(1, bool)})
    assert (kept["all"].headlines, kept["all"].headlines_kept) == (1, 1.0)
    lost = measure(pages, np.array([True, False, True, True, True]), {"all": np.ones(1, bool)})
    assert lost["all"].headlines_kept == 0.0


def test_repeats_are_counted_by_host_and_set() -> None:
    """A line on two of three pages of a host; numbers are folded for the model, not for rules."""
    pages = GoldPages.of(
        [
            page(["Menu 1", "Only here"], "00", url="https://a.example/1"),
            page(["Menu 2", "Menu 2"], "00", url="https://a.example/2"),
            page(["Nothing", "of it"], "00", url="https://a.example/3"),
            page(["Menu 3", "so what"], "00"),
        ]
    )
    found = counts(pages)
    assert found.host_share().tolist() == [666, 0, 666, 666, 0, 0, -1, -1]
    assert found.other_pages().tolist() == [2, 0, 2, 2, 0, 0, 2, 0]
    rules = found.of(0)
    assert rules is not None
    assert (rules.host_total, rules.host_documents) == (3, [0, 0])
    assert found.of(3) is None
    assert not found.matter().any()


def test_sites_are_registrable_domains() -> None:
    """Pages of one owner must not be on both sides of a split."""
    assert site_of("www.news.example.co.uk") == "example.co.uk"
    assert site_of("vi.example.com") == "example.com"
    assert site_of("192.0.2.7") == "192.0.2.7"
    assert page(["a"], "0", url="http://[bad").site == "made:made"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"noisy_text": "a\nb", "gold_text": "", "line_labels": "0"}, "each of the 2 lines"),
        ({"noisy_text": "a", "gold_text": "", "line_labels": "x"}, "0 or 1"),
        ({"noisy_text": "a", "gold_text": None, "line_labels": "1"}, "gold_text must be a string"),
    ],
)
def test_wrong_records_are_refused_with_their_place(
    record: dict[str, object], message: str
) -> None:
    """The message names file and record."""
    with pytest.raises(InputError, match=f"made, record 7: .*{message}"):
        gold_page(record, "made", 7)


def test_the_interval_is_drawn_over_groups() -> None:
    """Twenty sites of equal pages give a wider interval than two hundred pages would."""
    values = np.repeat(np.linspace(0, 1, 20), 10)
    grouped = bootstrap(values, np.repeat(np.arange(20), 10), samples=300, seed=1)
    single = bootstrap(values, np.arange(200), samples=300, seed=1)
    assert grouped.value == single.value == pytest.approx(0.5)
    assert grouped.high - grouped.low > 2 * (single.high - single.low)
    assert bootstrap(np.zeros(0), np.zeros(0, np.int64), samples=9, seed=0).value == 0.0


def test_c4_keeps_ended_lines_of_five_words() -> None:
    """Headlines and menus go, sentences stay, also Chinese ones."""
    lines = [
        "Home",
        "Five words and no end",
        "Five words and one end.",
        "Please enable Javascript to go on.",
        "渡船又开始运行了。",
        "No. Yes.",
    ]
    assert baselines.c4(lines) == [False, False, True, False, True, False]


def test_refined_web_drops_buttons_and_counters() -> None:
    """One word, capitals, numbers, counters, sign-ins, read-more links."""
    noise = [
        "Home",
        "THE LAKE TODAY news",
        "12 / 2021",
        "3 likes",
        "1.2K shares",
        "Sign in to go on",
        "The ferry runs again, read more…",
        "2 items in cart",
    ]
    text = [
        "The ferry runs again",
        LONG,
        "渡船又开始运行",
        "Sign in, said he, or you cannot come on board today",
    ]
    assert baselines.refined_web([*noise, *text]) == [False] * len(noise) + [True] * len(text)


def test_justext_lets_the_context_decide_on_short_lines() -> None:
    """Short lines stay between good ones and close above one, and go elsewhere."""
    good = LONG * 3
    lines = ["Menu", "x" * 250, "Head of it", good, "Short one", good, "Footer", "Imprint"]
    assert baselines.justext(lines) == [True, True, True, True, True, True, False, False]
    assert baselines.justext(["Menu", "Footer"]) == [False, False]
    assert baselines.justext([LONG, "Menu"]) == [False, False]
