"""Training the noise model: reproducible, and what it exports is what LightGBM learned."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from cleaner.noise.evaluate import GoldPage, gold_page
from cleaner.noise.model import read_model, write_model

pytest.importorskip("lightgbm", reason="training needs the extra `train`")
TOOLS = Path(__file__).parents[2] / "tools"
WORDS = ["lake", "ferry", "pier", "goat", "stone", "river", "loaf", "choir", "road", "snow"]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/train_noise.py."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("train_noise")


def pages(count: int) -> list[GoldPage]:
    """Pages with a menu, a headline, a text, and links below it, of eight sites."""
    rng = np.random.default_rng(3)
    made = []
    for number in range(count):
        text = [
            "The " + " ".join(rng.choice(WORDS, int(rng.integers(12, 40)))) + " at last."
            for _ in range(int(rng.integers(4, 9)))
        ]
        title = "Of " + " ".join(rng.choice(WORDS, 5))
        menu = [f"{word} news" for word in rng.choice(WORDS, 8)]
        links = ["Read more", *(" ".join(rng.choice(WORDS, 6)) for _ in range(6))]
        lines = [*menu, title, *text, *links]
        labels = "".join(str(int(line in text)) for line in lines)
        made.append(
            gold_page(
                {
                    "id": f"p{number}",
                    "url": f"https://www.site{number % 8}.example/{number}",
                    "lang": "en",
                    "title": f"{title} | Site",
                    "noisy_text": "\n".join(lines),
                    "gold_text": "\n".join(text),
                    "line_labels": labels,
                },
                "made",
                number,
            )
        )
    return made


@pytest.mark.slow
def test_training_twice_gives_the_same_bytes(tool: ModuleType) -> None:
    """Also the headline is learned as main text, where the gold leaves it out."""
    gold = pages(48)
    files = []
    for _ in range(2):
        rows = tool.rows_of(gold, tool.made_pages(gold, tool.SEED), tool.HEADLINE_WEIGHT)
        trainer = tool.Trainer.of(rows)
        model = trainer.train(np.ones(int(rows.site.max()) + 1, bool))
        files.append(write_model(model))
    assert files[0] == files[1]
    assert rows.headline[~rows.is_made[rows.page]].sum() == 48
    scores = tool.noise_of(rows, read_model(files[0], "m.npz"), with_counts=False)
    sure = (scores > 500) == ~rows.label
    assert sure[~rows.is_made[rows.page]].mean() > 0.97


def test_exported_trees_score_as_lightgbm_does(tool: ModuleType) -> None:
    """The sum of integer leaves is the raw score, but for rounding."""
    import lightgbm

    rng = np.random.default_rng(5)
    values = rng.integers(-50, 50, (2000, 6)).astype(np.int16)
    wanted = (values[:, 0] > 3) ^ (values[:, 2] * 2 > values[:, 4])
    data = lightgbm.Dataset(values, wanted.astype(np.int8))
    booster = lightgbm.train(tool.SETTINGS, data, num_boost_round=20)
    forest = tool.to_forest(booster)
    found = forest.scores(values[:, :4], values[:, 4:]) / 1024
    assert np.abs(found - booster.predict(values, raw_score=True)).max() < 20 / 1024


def test_made_pages_have_the_text_of_their_source(tool: ModuleType) -> None:
    """Each kind changes what it is named for, and nothing else; its gold is its main text."""
    gold = pages(48)
    by_id = {page.id: page for page in gold}
    made = tool.made_pages(gold, 1)
    assert {page.id.rpartition("+")[2] for page in made} == set(tool.SHARES)
    for page in made:
        name, _, kind = page.id.rpartition("+")
        source = by_id[name]
        kept = [line for line, label in zip(page.lines, page.labels, strict=True) if label]
        frame = [line for line, label in zip(page.lines, page.labels, strict=True) if not label]
        old = [line for line, label in zip(source.lines, source.labels, strict=True) if not label]
        site, _, donor = page.site.partition("+")
        assert site == source.site
        assert bool(donor) == (kind == "moved")
        if kind == "moved":
            assert page.gold.split("\n") in [p.gold.split("\n") for p in gold if p.site == donor]
        assert page.gold == "\n".join(kept)
        if kind in {"teasers", "long", "joined"}:
            assert page.gold.split() == source.gold.split()
        if kind == "clean":
            assert page.gold.startswith(source.gold)
        if kind == "heads":
            assert set(source.gold.split("\n")) <= set(kept)
        if kind == "verses":
            assert all(len(line.split()) <= 8 for line in kept)
        if kind in {"clean", "long"}:
            assert frame == []
        elif kind == "teasers":
            assert frame
        elif kind == "moved":
            assert set(frame) <= set(old)
        else:
            assert frame == old
    assert [p.lines for p in tool.made_pages(gold, 1)] == [p.lines for p in made]
