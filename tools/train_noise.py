"""Train the noise model from gold pages, and measure it on sites that it has not seen.

    python tools/train_noise.py GOLD.jsonl.zst … --out cleaner/noise/model   train, write the model
    python tools/train_noise.py GOLD.jsonl.zst … --folds 5                   hold sites out in turn
    python tools/train_noise.py GOLD.jsonl.zst … --without daniel            hold out a set's sites

Needs `pip install .[train]`. The same files, versions and seed give the same bytes. Splits are by
site, never by page.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from noise_data import SHARES, LexiconMaker, Rows, digest, made_pages, rows_of
from numpy.typing import NDArray

from cleaner.cli.eval import read_gold
from cleaner.noise import columns
from cleaner.noise import vicinity as page_features
from cleaner.noise.decision import is_cut
from cleaner.noise.evaluate import GoldPage, Measured, measure
from cleaner.noise.features import Features, with_lexicon, with_unknown
from cleaner.noise.forest import LEAF, UNIT, Forest
from cleaner.noise.model import (
    FILE,
    NoiseModel,
    headline_candidates,
    in_chain,
    to_scores,
    write_model,
)

SEED = 1
LIMIT = 450
"""Scores above this, in thousandths, say noise on a clear page; swept on sites held out."""
INNER_FOLDS = 3
"""Parts of the training sites whose first-pass scores come from a model of the other parts."""
UNKNOWN_REPEATS = 0.5
"""Share of the pages whose counts of repeats are hidden in training."""
UNKNOWN_RULES = 0.35
"""Share of the pages that are learned from as if no rule of a pack knew them."""
NEAR, FAR_SHARE = 8, 0.12
"""Lines so near to main text are all learned from; of the others this share, with more weight."""
HEADLINE_WEIGHT = 4.0
FIRST_TREES, SECOND_TREES, HEADLINE_TREES = 140, 100, 40
SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 31,
    "max_depth": 7,
    "learning_rate": 0.1,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 2.0,
    "max_bin": 63,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": SEED,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True, eq=False)
class Trainer:
    """Rows with all that does not depend on the split."""

    rows: Rows
    lexicons: LexiconMaker
    chosen: NDArray[np.bool_]
    weight: NDArray[np.float64]
    hidden: NDArray[np.bool_]
    unruled: NDArray[np.bool_]
    part: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Rows) -> Trainer:
        """Draw what is drawn, once."""
        rng = np.random.Generator(np.random.PCG64(SEED))
        sites = int(rows.site.max()) + 1
        near = _near_main(rows)
        chosen = near | (rng.random(len(rows.page)) < FAR_SHARE)
        weight = rows.weight * np.where(near, 1.0, 1 / FAR_SHARE)
        hidden = rng.random(len(rows.site)) < UNKNOWN_REPEATS
        unruled = rng.random(len(rows.site)) < UNKNOWN_RULES
        part = rng.integers(0, INNER_FOLDS, sites)
        return cls(rows, LexiconMaker(rows), chosen, weight, hidden, unruled, part)

    def train(self, sites: NDArray[np.bool_]) -> NoiseModel:
        """A model from the pages of some sites, bool[sites]."""
        rows = self.rows
        of_site = rows.site[rows.page]
        mine = sites[of_site] & sites[rows.donor[rows.page]]
        lexicon = self.lexicons.make(sites)
        lines = self._known(with_lexicon(rows.features, lexicon))
        values = lines.values
        for part in range(INNER_FOLDS):
            inside = mine & (self.part[of_site] == part)
            other = self.lexicons.make(sites & (self.part != part))
            values[inside] = self._known(with_lexicon(rows.features, other)).values[inside]
        early = np.zeros(len(values), np.int16)
        for part in range(INNER_FOLDS):
            inside = mine & (self.part[of_site] == part)
            forest = self._fit(values, mine & ~inside, FIRST_TREES)
            early[inside] = _scores(forest, values[inside])
        first = self._fit(values, mine, FIRST_TREES)
        around = page_features.vicinity(lines.scan, early)
        both = np.concatenate([values, around], axis=1)
        second = self._fit(both, mine, SECOND_TREES)
        headline = self._fit_headline(Features(values, lines.scan), both, second, mine)
        return NoiseModel(lexicon, first, second, headline, np.stack([LEVELS] * 3), LIMIT, "")

    def _fit_headline(
        self,
        lines: Features,
        both: NDArray[np.int16],
        second: Forest,
        which: NDArray[np.bool_],
    ) -> Forest:
        """Trees that tell a page's headline from other lines near its first paragraph."""
        noise = in_chain(_scores(second, both), LEVELS, lines.scan.first)
        titled = np.bincount(self.rows.page[self.rows.headline], minlength=len(self.rows.site)) > 0
        rows = np.flatnonzero(headline_candidates(lines, noise) & which & titled[self.rows.page])
        data = lightgbm.Dataset(both[rows], self.rows.headline[rows].astype(np.int8))
        return to_forest(lightgbm.train(SETTINGS, data, num_boost_round=HEADLINE_TREES))

    def _known(self, lines: Features) -> Features:
        """The features with the repeats of some pages hidden, and the rules of some."""
        page = self.rows.page
        return with_unknown(lines, repeats=self.hidden[page], rules=self.unruled[page])

    def _fit(self, values: NDArray[np.int16], which: NDArray[np.bool_], trees: int) -> Forest:
        """A forest from some rows."""
        rows = np.flatnonzero(which & self.chosen)
        data = lightgbm.Dataset(
            values[rows], self.rows.label[rows].astype(np.int8), weight=self.weight[rows]
        )
        return to_forest(lightgbm.train(SETTINGS, data, num_boost_round=trees))


def _near_main(rows: Rows) -> NDArray[np.bool_]:
    """Lines with main text within `NEAR` lines."""
    near = np.zeros(len(rows.page), bool)
    first = rows.features.scan.first
    window = np.ones(2 * NEAR + 1)
    for low, high in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        padded = np.pad(rows.label[low:high].astype(float), NEAR)
        near[low:high] = np.convolve(padded, window, "valid") > 0
    return near


def _logistic_levels() -> NDArray[np.int32]:
    """Sums of leaves above which a score exceeds 0, 1, … 999 thousandths."""
    odds = [math.log((k + 0.5) / (999.5 - k)) for k in range(1000)]
    return np.array([math.floor(UNIT * o) for o in odds], np.int32)


LEVELS = _logistic_levels()


def _scores(forest: Forest, values: NDArray[np.int16]) -> NDArray[np.int16]:
    return to_scores(forest.scores(values, np.zeros((len(values), 0), np.int16)), LEVELS)


def to_forest(booster: lightgbm.Booster) -> Forest:
    """LightGBM's trees as integers: features are integers, so thresholds are rounded down."""
    nodes: list[tuple[int, int, int, int]] = []
    roots: list[int] = []
    depth = 0
    for tree in booster.dump_model()["tree_info"]:
        roots.append(len(nodes))
        nodes.append((0, 0, 0, 0))
        waiting = deque([(tree["tree_structure"], roots[-1], 0)])
        while waiting:
            node, place, level = waiting.popleft()
            depth = max(depth, level)
            if "leaf_value" in node:
                nodes[place] = (0, LEAF, place, _units(node["leaf_value"]))
                continue
            left = len(nodes)
            nodes += [(0, 0, 0, 0)] * 2
            waiting += [
                (node["left_child"], left, level + 1),
                (node["right_child"], left + 1, level + 1),
            ]
            split = max(-LEAF - 1, min(LEAF - 1, math.floor(node["threshold"])))
            nodes[place] = (node["split_feature"], split, left, _units(node["internal_value"]))
    table = np.array(nodes, np.int64).reshape(-1, 4)
    return Forest(
        np.array(roots, np.int32),
        table[:, 0].astype(np.int16),
        table[:, 1].astype(np.int16),
        table[:, 2].astype(np.int32),
        table[:, 3].astype(np.int16),
        depth,
    )


def _units(value: float) -> int:
    """A leaf's value as an integer."""
    return max(-32768, min(32767, round(value * UNIT)))


def noise_of(rows: Rows, model: NoiseModel, with_counts: bool) -> NDArray[np.int16]:
    """The model's scores of all rows, thousandths of noise."""
    hide = np.full(len(rows.page), not with_counts)
    lines = with_unknown(with_lexicon(rows.features, model.lexicon), repeats=hide)
    return model.score_features(lines).noise


def held_out(trainer: Trainer, folds: Sequence[NDArray[np.bool_]]) -> dict[str, NDArray[np.int16]]:
    """Scores of each row by the model that saw none of its fold's sites; folds are bool[sites].

    Sites of two folds are scored by the last of them.
    """
    rows = trainer.rows
    found = {key: np.zeros(len(rows.page), np.int16) for key in ("alone", "repeats")}
    for fold in folds:
        model = trainer.train(~fold)
        mine = fold[rows.site][rows.page]
        for key, scores in found.items():
            scores[mine] = noise_of(rows, model, key == "repeats")[mine]
    return found


def views(rows: Rows) -> dict[str, NDArray[np.bool_]]:
    """The sets that are reported, bool[pages] each."""
    pages = rows.pages.pages
    sets = np.array([p.set for p in pages])
    kinds = np.array([p.page_type for p in pages])
    found = {str(name): (sets == name) & ~rows.is_made for name in np.unique(sets)}
    for name in list(found):
        if len(set(kinds[found[name]])) > 1:
            found[f"{name}: article"] = found[name] & (kinds == "article")
    for kind in SHARES:
        found[f"made: {kind}"] = rows.is_made & np.array([p.id.endswith(f"+{kind}") for p in pages])
    clean = found["made: clean"]
    found |= {f"made: clean, {name}": clean & (sets == name) for name in np.unique(sets[clean])}
    return found


def table(
    rows: Rows, scores: dict[str, NDArray[np.int16]], names: Sequence[str] = ()
) -> dict[str, dict[str, Measured]]:
    """Figures of each set for each kind of scores; blank lines count as kept."""
    found: dict[str, dict[str, Measured]] = {}
    lines = rows.features
    rules = lines.values[:, columns.NAMES.index("rule")].astype(np.int32)
    for key, noise in scores.items():
        keep = np.ones(len(rows.pages.text), bool)
        cut = is_cut(noise, rules, lines.words, lines.ended, lines.scan.first, LIMIT)
        keep[lines.scan.where] = ~cut
        groups = {n: w for n, w in views(rows).items() if not names or n.split(":")[0] in names}
        for name, figures in measure(rows.pages, keep, groups, samples=200).items():
            found.setdefault(name, {})[key] = figures
    return found


def show(figures: dict[str, dict[str, Measured]]) -> None:
    """Print word precision, recall and F1 with its interval, and the headlines kept."""
    for name, kinds in figures.items():
        for key, m in kinds.items():
            kept = "    -" if m.headlines_kept is None else f"{m.headlines_kept:5.3f}"
            print(
                f"{name:<29}{key:<9}{m.pages:>5} P {m.precision:.3f} R {m.recall:.3f} "
                f"F1 {m.f1.value:.3f} [{m.f1.low:.3f}, {m.f1.high:.3f}] headlines {kept}",
                flush=True,
            )


def main() -> None:
    """Read, train, measure, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("gold", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, help="folder for the model and its card")
    parser.add_argument(
        "--folds", type=int, default=0, help="parts of the sites to hold out in turn"
    )
    parser.add_argument(
        "--without", action="append", default=[], help="a set to hold out with its sites"
    )
    arguments = parser.parse_args()
    pages: list[GoldPage] = [page for path in arguments.gold for page in read_gold(path)]
    rows = rows_of(pages, made_pages(pages, SEED), HEADLINE_WEIGHT)
    trainer = Trainer.of(rows)
    sites = int(rows.site.max()) + 1
    figures: dict[str, dict[str, dict[str, Measured]]] = {}
    if arguments.folds:
        rng = np.random.Generator(np.random.PCG64(SEED + 1))
        fold = rng.integers(0, arguments.folds, sites)
        scores = held_out(trainer, [fold == k for k in range(arguments.folds)])
        figures["sites held out"] = table(rows, scores)
        print("sites held out")
        show(figures["sites held out"])
    for name in arguments.without:
        mine = np.zeros(sites, bool)
        mine[rows.site[[p.set == name for p in rows.pages.pages]]] = True
        scores = held_out(trainer, [mine])
        figures[f"without {name}"] = table(rows, scores, [name])
        print(f"without {name}")
        show(figures[f"without {name}"])
    if arguments.out:
        model = trainer.train(np.ones(sites, bool))
        data = write_model(model)
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / FILE).write_bytes(data)
        about = {
            "format": FILE,
            "bytes": len(data),
            "lightgbm": lightgbm.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "settings": SETTINGS,
            "features": [*columns.NAMES, *page_features.NAMES],
            "data": {
                path.name: {"sha256": digest(path), "pages": sum(1 for _ in read_gold(path))}
                for path in arguments.gold
            },
        }
        (arguments.out / "training.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
        print(f"{arguments.out / FILE}: {len(data):,} bytes")


if __name__ == "__main__":
    main()
