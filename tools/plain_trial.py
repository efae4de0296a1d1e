"""What line features and boosted trees do alone: the yardstick of the noise model.

    python tools/plain_trial.py GOLD.jsonl.zst … --folds 3

Two passes of 200 trees of 63 leaves over features of the line, its place and its neighbours, one
page at a time: no rules, no lexicon, no counts of repeats, no made pages, one limit for all. Sites
are held out as in `train_noise.py`, with the same folds; word F1, mean over pages.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from noise_data import Rows, rows_of
from numpy.typing import NDArray
from train_noise import LEVELS, SEED, SETTINGS, show, to_forest, views

from cleaner.cli.eval import read_gold
from cleaner.noise import columns
from cleaner.noise import vicinity as page_features
from cleaner.noise.evaluate import measure
from cleaner.noise.model import to_scores

TREES = 200
INNER_FOLDS = 3
LEFT_OUT = ("lexicon", "shared", "rule", "host", "corpus", "repeats_", "page_rules", "zone")
"""Beginnings and parts of the names of features that a plain trial has not."""
PLAIN: dict[str, Any] = SETTINGS | {
    "num_leaves": 63,
    "max_depth": -1,
    "learning_rate": 0.08,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.6,
    "lambda_l2": 0.0,
}


def plain_columns() -> list[int]:
    """The features of a plain trial."""
    return [at for at, name in enumerate(columns.NAMES) if not any(w in name for w in LEFT_OUT)]


def fit(values: NDArray[np.int16], rows: Rows, chosen: NDArray[np.bool_]) -> lightgbm.Booster:
    """Trees from some lines."""
    main_text = rows.pages.labels[rows.features.scan.where][chosen]
    data = lightgbm.Dataset(values[chosen], main_text, weight=rows.weight[chosen])
    return lightgbm.train(PLAIN, data, num_boost_round=TREES)


def scores(booster: lightgbm.Booster, values: NDArray[np.int16]) -> NDArray[np.int16]:
    """Thousandths of main text."""
    none = np.zeros((len(values), 0), np.int16)
    return to_scores(to_forest(booster).scores(np.ascontiguousarray(values), none), LEVELS)


def held_out(rows: Rows, fold: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int16]:
    """Scores of each line by trees that saw none of its site."""
    values = np.ascontiguousarray(rows.features.values[:, plain_columns()])
    of_line = fold[rows.site[rows.page]]
    part = rng.integers(0, INNER_FOLDS, len(fold))[rows.site[rows.page]]
    found = np.zeros(len(values), np.int16)
    for held in np.unique(fold).tolist():
        mine = of_line != held
        early = np.zeros(len(values), np.int16)
        for k in range(INNER_FOLDS):
            inside = mine & (part == k)
            early[inside] = scores(fit(values, rows, mine & ~inside), values[inside])
        early[~mine] = scores(fit(values, rows, mine), values[~mine])
        both = np.concatenate([values, page_features.vicinity(rows.features.scan, early)], axis=1)
        found[~mine] = scores(fit(both, rows, mine), both[~mine])
    return found


def main() -> None:
    """Read, train, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("gold", type=Path, nargs="+")
    parser.add_argument("--folds", type=int, default=3)
    arguments = parser.parse_args()
    pages = [page for path in arguments.gold for page in read_gold(path)]
    rows = rows_of(pages, [], 1.0)
    sites = int(rows.site.max()) + 1
    fold = np.random.Generator(np.random.PCG64(SEED + 1)).integers(0, arguments.folds, sites)
    main_text = held_out(rows, fold, np.random.Generator(np.random.PCG64(SEED)))
    keep = np.ones(len(rows.pages.text), bool)
    keep[rows.features.scan.where] = main_text >= 500
    groups = {name: chosen for name, chosen in views(rows).items() if chosen.any()}
    figures = measure(rows.pages, keep, groups, samples=200)
    show({name: {"plain": measured} for name, measured in figures.items()})


if __name__ == "__main__":
    main()
