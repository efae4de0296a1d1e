"""The model: its file, its scores, and the decision on each line."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cleaner.errors import InputError
from cleaner.noise.columns import NAMES
from cleaner.noise.decision import decide, rule_score
from cleaner.noise.features import Features, Lexicon, features
from cleaner.noise.forest import LEAF, Forest
from cleaner.noise.judge import MODEL_RULE, Verdict, asking_judge
from cleaner.noise.model import (
    HEADLINE_BELOW,
    HEADLINE_REACH,
    NoiseModel,
    built_in,
    headline_candidates,
    in_chain,
    read_model,
    to_scores,
    write_model,
)
from cleaner.noise.pack import load_packs

LIMIT = built_in().limit
HEADLINE = "Ferry across the long lake runs again after a summer of low water"
_BODY = """
The ferry across the long lake runs again. After a summer in which no boat could land at the old
pier, the water has risen by two metres, and the captain took her first passengers, forty school
children and a goat, to the other side on Monday morning.

“We had begun to think that the rain would never come,” said Ada Holm, who has steered the boat for
twenty years. She had spent the months on land, repairing engines and teaching her daughter to read
charts, while farmers drove the long road around the lake.

The council had closed the pier in May, when the keel touched the ground twice within a week.
Repairs cost more than the town earns with tickets in a year, and some members asked whether a
bridge would not be cheaper. A study on that is to be ready in spring.

Until then, the ferry sails every hour from seven in the morning until nightfall. Children and
animals travel free, and those who bring a bicycle pay half a crown more than before.
"""
BODY = [" ".join(paragraph.split()) for paragraph in _BODY.split("\n\n")]
MENU = ["Home", "News", "Sports", "Weather", "Small ads", "Log in", "Subscribe", "Contact us"]
LINKS = [
    "More news",
    "Baker wins prize for the longest loaf in the valley",
    "Road to the quarry stays closed until Friday",
    "Choir looks for two tenors and a bass",
    "Snow is early this year, say the herders",
    "Privacy policy",
    "Terms of use",
    "© 2021 Lake Post. All rights reserved.",
]
PAGE = [*MENU, HEADLINE, *BODY, *LINKS]


def noise_of(lines: list[str]) -> list[int]:
    """The model's scores of one page without rules."""
    rules = np.zeros(len(lines), np.int32)
    scores = built_in().score(pa.array(lines), np.array([0, len(lines)]), rules=rules)
    assert scores.where.tolist() == list(range(len(lines)))
    noise: list[int] = scores.noise.tolist()
    return noise


def test_the_model_cuts_the_frame_and_keeps_the_article() -> None:
    """Menus and links go by the model alone; headline and paragraphs stay."""
    noise = dict(zip(PAGE, noise_of(PAGE), strict=True))
    assert all(noise[line] <= LIMIT for line in [HEADLINE, *BODY])
    assert all(noise[line] > LIMIT for line in [*MENU, *LINKS])


def test_an_article_alone_loses_nothing() -> None:
    """Without a frame there is nothing to cut."""
    assert max(noise_of([HEADLINE, *BODY])) <= LIMIT


def test_a_page_has_the_same_scores_in_any_batch() -> None:
    """Scores depend on the page alone; blank lines are left out."""
    text = pa.array([*PAGE, "", *BODY, " "])
    first = np.array([0, len(PAGE), len(PAGE), len(text)])
    rules = np.zeros(len(text), np.int32)
    scores = built_in().score(text, first, rules=rules)
    assert scores.noise.tolist() == noise_of(PAGE) + noise_of(BODY)
    blank = {len(PAGE), len(text) - 1}
    assert scores.where.tolist() == [at for at in range(len(text)) if at not in blank]


def test_reasons_name_features_with_their_values() -> None:
    """Up to three a line, the strongest first, and the same for one line as for many."""
    text, first = pa.array(PAGE), np.array([0, len(PAGE)])
    scores = built_in().score(text, first, rules=np.zeros(len(PAGE), np.int32))
    cut = np.flatnonzero(scores.noise > LIMIT)
    reasons = scores.reasons(cut)
    assert [scores.reasons([row])[0] for row in cut.tolist()] == reasons
    for found in reasons:
        assert 1 <= len(found) <= 3
        assert all(reason.rsplit(" ", 1)[1].lstrip("-").isdigit() for reason in found)
    assert scores.reasons([]) == []


def test_the_file_holds_all_of_the_model() -> None:
    """Writing what was read gives the same bytes, well under a megabyte."""
    model = built_in()
    data = write_model(model)
    again = read_model(data, "again.npz")
    assert write_model(again) == data
    assert len(data) < 1_000_000
    assert again.digest == model.digest
    text, first = pa.array(PAGE), np.array([0, len(PAGE)])
    assert (again.score(text, first).noise == model.score(text, first).noise).all()


def test_files_that_do_not_fit_are_refused() -> None:
    """Damaged, for other features, or asking for features that do not exist."""
    data = write_model(built_in())
    with pytest.raises(InputError, match=r"m\.npz: is no model file"):
        read_model(data[: len(data) // 2], "m.npz")
    with pytest.raises(InputError, match="is no model file"):
        read_model(b"", "m.npz")
    first = built_in().first
    wide = dataclasses.replace(first, feature=np.full_like(first.feature, len(NAMES)))
    with pytest.raises(InputError, match="features that do not exist"):
        read_model(write_model(dataclasses.replace(built_in(), first=wide)), "m.npz")
    falling = built_in().levels[:, ::-1]
    with pytest.raises(InputError, match="levels"):
        read_model(write_model(dataclasses.replace(built_in(), levels=falling)), "m.npz")
    with pytest.raises(InputError, match=r"m\.npz: its limit"):
        read_model(write_model(dataclasses.replace(built_in(), limit=1001)), "m.npz")


def test_scores_rise_with_sums() -> None:
    """A sum at a level does not exceed it."""
    levels = np.arange(1000, dtype=np.int32) * 10
    sums = np.array([-5, 0, 1, 10, 11, 99_999], np.int32)
    assert to_scores(sums, levels).tolist() == [0, 0, 1, 1, 2, 1000]


def test_scores_in_a_chain_move_towards_their_neighbours() -> None:
    """A score alone on its page comes back but for what its own evidence is worth less."""
    levels, first = built_in().levels[1], np.array([0, 1, 4])
    noise = in_chain(np.array([500, 990, 450, 990], np.int16), levels, first).tolist()
    assert abs(noise[0] - 500) <= 1
    assert 10 <= noise[1] < 50
    assert 400 < noise[2] < 500
    ends = in_chain(np.array([0, 1000], np.int16), levels, np.array([0, 1, 2]))
    assert ends.tolist() == sorted(ends.tolist(), reverse=True)


def candidates(words: list[int], noise: list[int], first: list[int] | None = None) -> list[int]:
    """Rows that may be a headline."""
    lines = seen([" ".join(["word"] * n) for n in words], first)
    return np.flatnonzero(headline_candidates(lines, np.array(noise, np.int16))).tolist()


def seen(lines: list[str], first: list[int] | None = None) -> Features:
    """Features of lines, of one page unless told."""
    return features(pa.array(lines), np.array(first or [0, len(lines)]), Lexicon.empty())


def test_a_headline_stands_near_the_first_paragraph() -> None:
    """Some lines above it, a few below; neither a word nor a paragraph of 41 words."""
    far, below = HEADLINE_REACH + 3, HEADLINE_BELOW + 3
    words, noise = [5] * far + [30] + [5] * below, [900] * far + [100] + [900] * below
    reach = list(range(far - HEADLINE_REACH, far + HEADLINE_BELOW + 1))
    assert candidates(words, noise) == reach
    assert candidates([2, 3, 40, 41, 30], [900, 900, 900, 900, 100]) == [1, 2, 4]


def test_a_page_whose_text_is_doubtful_has_a_headline_all_the_same() -> None:
    """The first paragraph that might be text will do where no surer one is, page by page."""
    assert candidates([5, 30, 5], [900, 800, 900]) == [0, 1, 2]
    assert candidates([5, 30, 5], [900, 900, 900]) == []
    assert candidates([5, 5, 30, 5, 30], [900] * 4 + [100], [0, 2, 4, 5]) == [4]
    surer = [5] * 80
    assert candidates([30, *surer, 30], [800, *[900] * 80, 100])[0] > 1


def test_of_likely_headlines_the_best_stays_and_the_next_one_above_what_stays() -> None:
    """The best of all may be a standfirst, which stays anyway."""

    def sums(values: list[int]) -> Forest:
        """A tree for each line of so many words: 3, 4, … have these log odds, in 1/1024 nat."""
        size = 2 * len(values) + 1
        feature, left = np.full(size, NAMES.index("words"), np.int16), np.arange(size)
        threshold, value = np.full(size, LEAF, np.int16), np.zeros(size, np.int16)
        for at, odds in enumerate(values):
            threshold[2 * at], left[2 * at], value[2 * at + 1] = 3 + at, 2 * at + 1, odds
        value[-1] = -9000
        roots = np.zeros(1, np.int32)
        return Forest(roots, feature, threshold, left.astype(np.int32), value, len(values))

    lines = seen([" ".join(["word"] * n) for n in (3, 9, 9, 9, 4, 5, 30)])
    noise = np.array([900, 900, 900, 900, 900, 300, 100], np.int16)

    def kept(three: int, four: int, five: int) -> list[int]:
        """Lines that stay, with these log odds of the lines of three, four and five words."""
        mine, model = (
            noise.copy(),
            dataclasses.replace(built_in(), headline=sums([three, four, five])),
        )
        model._keep_headlines(lines, np.zeros((len(mine), 60), np.int16), mine)
        return np.flatnonzero(mine <= 450).tolist()

    unlikely, perhaps, likely = -9000, -3000, 3000
    assert kept(unlikely, unlikely, unlikely) == [5, 6]
    assert kept(unlikely, perhaps, unlikely) == [4, 5, 6]
    assert kept(unlikely, perhaps, likely) == [4, 5, 6]
    assert kept(perhaps, unlikely, likely) == [5, 6]
    assert kept(likely, unlikely, likely) == [0, 5, 6]


def decisions(lines: list[str], model: NoiseModel | None, **options: Any) -> dict[str, Verdict]:
    """Line → verdict, of the lines that go."""
    text, first = pa.array(lines), np.array([0, len(lines)])
    keep = options.pop("keep", {"byline", "date", "caption"})
    found = decide(text, first, asking_judge(load_packs()), model, keep=keep, **options)
    return {lines[at]: verdict for at, verdict in found.items()}


def test_rules_and_model_decide_together() -> None:
    """The frame goes; what only the model finds is named so, with its reasons."""
    found = decisions(PAGE, built_in())
    assert set(found) == {*MENU, *LINKS}
    assert any(v.rule != MODEL_RULE for v in found.values())
    for verdict in found.values():
        if verdict.rule == MODEL_RULE:
            assert verdict.score > LIMIT / 1000
            assert verdict.evidence


def test_a_certain_rule_cuts_and_an_unsure_one_asks_the_model() -> None:
    """With a model that keeps everything only certain rules are left."""
    kind = dataclasses.replace(built_in(), levels=np.full((3, 1000), -(2**31), np.int32))
    found = decisions(PAGE, kind)
    assert found
    assert all(v.score >= 0.95 and v.rule != MODEL_RULE for v in found.values())


def test_the_model_is_told_of_what_rules_say() -> None:
    """Cuts by their score; bylines and the like by small numbers."""
    assert rule_score(None) == 0
    assert rule_score(Verdict("a", 0.98, ())) == 980
    assert rule_score(Verdict("a", 0.98, (), "byline")) == 1


def test_the_limit_moves_what_only_the_model_names() -> None:
    """At 1 the model cuts nothing by itself, at 0 nearly everything that it doubts."""
    strict = decisions(PAGE, built_in(), limit=1000)
    assert strict
    assert all(verdict.rule != MODEL_RULE for verdict in strict.values())
    loose = decisions(PAGE, built_in(), limit=0)
    assert set(loose) > set(decisions(PAGE, built_in()))


def test_without_a_model_rules_decide_alone() -> None:
    """Their verdicts are as the judge gave them; switching the model's rule off does the same."""
    alone = decisions(PAGE, None)
    assert alone
    assert all(v.rule != MODEL_RULE and "model" not in " ".join(v.evidence) for v in alone.values())
    text, first = pa.array(PAGE), np.array([0, len(PAGE)])
    judge = asking_judge(load_packs(), frozenset({MODEL_RULE}))
    off = decide(text, first, judge, built_in(), keep={"byline", "date", "caption"})
    assert {PAGE[at]: verdict for at, verdict in off.items()} == alone


def test_what_is_to_be_kept_stays_though_the_model_doubts_it() -> None:
    """A byline that the options keep is not cut under another name."""
    page = [*MENU, HEADLINE, "By Ada Holm", *BODY, *LINKS]
    doubting = dataclasses.replace(built_in(), levels=np.full((3, 1000), 2**31 - 1, np.int32))
    assert "By Ada Holm" not in decisions(page, doubting)
    verdict = decisions(page, doubting, keep=())["By Ada Holm"]
    assert verdict.action == "byline"
    assert verdict.evidence[-1] == "the model says 1.000"


def test_a_line_that_only_rules_see_is_judged_by_them() -> None:
    """What the model takes for blank has no score, and moves no other line's."""
    found = decisions([*PAGE, "\u00ad"], built_in())
    found.pop("\u00ad", None)
    assert found == decisions(PAGE, built_in())


def test_a_page_that_rules_name_line_by_line_goes() -> None:
    """The model does not look for a text on a page of teasers alone."""
    kind = dataclasses.replace(built_in(), levels=np.full((3, 1000), -(2**31), np.int32))
    page = ["Đọc thêm", "XSMB 9/12 - Trực tiếp kết quả xổ số miền Bắc hôm nay 9/12 - KQXSMB"]
    assert list(decisions(page, kind)) == page
    assert page[1] not in decisions([*page, *BODY], kind)


def test_a_page_gets_the_same_verdicts_in_any_batch() -> None:
    """What stands before or behind it in a batch moves no limit and no line of it."""
    pages = [BODY, PAGE, [], ["Đọc thêm"], [*BODY, *LINKS], [" "], PAGE]
    first = np.cumsum([0, *map(len, pages)])
    judge, model = asking_judge(load_packs()), built_in()
    text = pa.array([line for page in pages for line in page], pa.string())
    together = decide(text, first, judge, model)
    alone = {}
    for low, page in zip(first.tolist(), pages, strict=False):
        found = decide(pa.array(page, pa.string()), np.array([0, len(page)]), judge, model)
        alone.update({low + at: verdict for at, verdict in found.items()})
    assert together == alone
    assert decide(text[:0], np.zeros(1, np.int64), judge, model) == {}
