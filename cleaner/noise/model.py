"""The trained model: how sure it is that a line is noise, and the three strongest reasons.

Two passes of boosted trees. The first sees features of the line, its neighbours and its page; the
second sees the first one's scores around it as well. Then the lines of a page support each other
as a chain. All arithmetic is in integers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.errors import InputError
from cleaner.noise import columns
from cleaner.noise import features as line_features
from cleaner.noise import vicinity as page_features
from cleaner.noise.chain import chained
from cleaner.noise.features import Features, Lexicon
from cleaner.noise.forest import Forest
from cleaner.noise.wording import in_words

FORMAT = 2
"""Version of the file; another one is refused."""
FILE = "noise-2.npz"
UNSURE = (20, 980)
"""First scores of main text that the second pass looks at again: it overturns no others."""
HEADLINE_REACH, HEADLINE_BELOW = 60, 8
"""A headline stands at most so many lines above the first paragraph, or below it: that may be a
standfirst, a caption or a teaser."""
HEADLINE_SURE, HEADLINE_BEST = 60, 15
"""A line that may be the headline stays with this score, the page's best one with the second."""
RULED_SURE, RULED_BEST = 450, 15
"""The same of a line that a rule would cut."""
NEXT_BEST, NEXT_WORDS = 40, 5
"""The best line that would still go stays with the first score, right above a line of so many words
that stays: the best of all was a standfirst, or stayed anyway."""
_GOES = 450
_HEADLINE_NOISE = 200
_BODY_WORDS, _BODY_NOISE, _BODY_MOST = 12, 550, 850
"""A paragraph's words and highest score; the second where a page has none with the first."""
_HEADLINE_WORDS = (3, 40)
REASONS = 3
_LEXICON_BITS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the model says about the lines of a batch that are not blank.

    Attributes:
        where: int64[lines], the passage that each line is.
        noise: int16[lines], 0 to 1000: how sure it is that the line is noise.
        lines: their features.
    """

    where: NDArray[np.int64]
    noise: NDArray[np.int16]
    lines: Features
    _model: NoiseModel
    _around: NDArray[np.int16]

    def reasons(self, lines: Sequence[int] | NDArray[np.int64]) -> list[tuple[str, ...]]:
        """The features that speak most for noise, up to three a line, as "words value".

        `lines` are rows of `where`. It costs some microseconds a line, so ask for cut lines only.
        """
        rows = np.asarray(lines, np.int64)
        left, right = self.lines.values[rows], self._around[rows]
        shares = self._model.second.contributions(left, right)
        shares[:, left.shape[1]] = 0  # the first pass's own score explains nothing: ask that pass
        first = self._model.first.contributions(left, right[:, :0])
        shares[:, : left.shape[1]] += first
        strongest = np.argsort(shares, axis=1, kind="stable")[:, :REASONS]
        values = np.concatenate([left, right], axis=1)
        return [
            tuple(
                f"{in_words(_NAMES[which])} {values[row, which]}"
                for which in strongest[row]
                if shares[row, which] < 0
            )
            for row in range(len(rows))
        ]


_NAMES = (*columns.NAMES, *page_features.NAMES)


@dataclass(frozen=True, slots=True, eq=False)
class NoiseModel:
    """A lexicon, three forests and what their sums mean.

    `levels` int32[3, 1000], ascending: a sum above `levels[pass, k]` has a score above k
    thousandths of main text. `limit`: scores above it, in thousandths, say noise. `digest` names
    the file's content, for fingerprints.
    """

    lexicon: Lexicon
    first: Forest
    second: Forest
    headline: Forest
    levels: NDArray[np.int32]
    limit: int
    digest: str

    def score(
        self,
        text: pa.StringArray,
        first: NDArray[np.int64],
        *,
        host: NDArray[np.int32] | None = None,
        corpus: NDArray[np.int32] | None = None,
        rules: NDArray[np.int32] | None = None,
    ) -> Scores:
        """Score every line of a batch; arguments as in `features`.

        Raises:
            ValueError: the arguments do not fit each other.
        """
        lines = line_features.features(text, first, self.lexicon, host, corpus, rules)
        return self.score_features(lines)

    def score_features(self, lines: Features) -> Scores:
        """Score lines whose features are there already."""
        none = np.zeros((len(lines.values), 0), np.int16)
        early = to_scores(self.first.scores(lines.values, none), self.levels[0])
        around = page_features.vicinity(lines.scan, early)
        late = early.copy()
        unsure = np.flatnonzero((early >= UNSURE[0]) & (early <= UNSURE[1]))
        sums = self.second.scores(lines.values[unsure], around[unsure])
        late[unsure] = to_scores(sums, self.levels[1])
        noise = in_chain(late, self.levels[1], lines.scan.first)
        self._keep_headlines(lines, around, noise)
        return Scores(lines.scan.where, noise, lines, self, around)

    def _keep_headlines(
        self, lines: Features, around: NDArray[np.int16], noise: NDArray[np.int16]
    ) -> None:
        """Lower the scores of lines near the first paragraph that are likely the headline."""
        rows = np.flatnonzero(headline_candidates(lines, noise))
        if not len(rows):
            return
        sums = self.headline.scores(lines.values[rows], around[rows])
        likely = to_scores(sums, self.levels[2])
        page = np.searchsorted(lines.scan.first, rows, side="right")
        is_ruled = lines.values[rows, columns.RULE] > 0
        kept = likely >= np.where(is_ruled, RULED_SURE, HEADLINE_SURE)
        best = _best(likely, page)
        kept[best] |= likely[best] >= np.where(is_ruled[best], RULED_BEST, HEADLINE_BEST)
        noise[rows[kept]] = np.minimum(noise[rows[kept]], _HEADLINE_NOISE)
        left = (noise[rows] > _GOES) & (likely >= NEXT_BEST) & _is_above_kept(lines, noise)[rows]
        chosen = rows[left][_best(likely[left], page[left])]
        noise[chosen] = _HEADLINE_NOISE


def in_chain(
    scores: NDArray[np.int16], levels: NDArray[np.int32], first: NDArray[np.int64]
) -> NDArray[np.int16]:
    """How sure it is that each line is noise, int16[lines], from scores of main text; see `chain`.

    `levels` as in `NoiseModel`, of the pass that the scores are of.
    """
    odds = levels[np.minimum(scores, len(levels) - 1)]
    return (1000 - to_scores(chained(odds, first), levels)).astype(np.int16)


def _best(likely: NDArray[np.int16], page: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the highest score of each page, int64[]; of equal ones the first."""
    order = np.lexsort((-np.arange(len(likely)), likely, page))
    is_best = np.ones(len(likely), bool)
    is_best[:-1] = page[order][1:] != page[order][:-1]
    found: NDArray[np.int64] = order[is_best]
    return found


def _is_above_kept(lines: Features, noise: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Lines whose next one on the page stays and has the words of a standfirst, bool[lines]."""
    stays = (noise <= _GOES) & (lines.words >= NEXT_WORDS)
    found = np.zeros(len(noise), bool)
    found[:-1] = stays[1:]
    full = lines.scan.first[1:][np.diff(lines.scan.first) > 0]
    found[full - 1] = False
    return found


def headline_candidates(lines: Features, noise: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Lines of three to forty words near the first paragraph that is kept, bool[lines]."""
    words = lines.words
    first = lines.scan.first
    start = _first_of_pages((noise <= _BODY_NOISE) & (words >= _BODY_WORDS), first)
    other = _first_of_pages((noise <= _BODY_MOST) & (words >= _BODY_WORDS), first)
    start = np.where(start < 0, other, start)
    pages = np.flatnonzero(start >= 0)
    near = np.zeros(len(words) + 1, np.int64)
    np.add.at(near, np.maximum(first[pages], start[pages] - HEADLINE_REACH), 1)
    np.add.at(near, np.minimum(first[pages + 1], start[pages] + HEADLINE_BELOW + 1), -1)
    low, high = _HEADLINE_WORDS
    found: NDArray[np.bool_] = (np.cumsum(near[:-1]) > 0) & (words >= low) & (words <= high)
    return found


def _first_of_pages(chosen: NDArray[np.bool_], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first chosen line of each page, int64[pages]; -1 for none."""
    rows = np.append(np.flatnonzero(chosen), len(chosen))
    found = rows[np.searchsorted(rows, first[:-1])]
    return np.where(found < first[1:], found, -1)


def to_scores(sums: NDArray[np.int32], levels: NDArray[np.int32]) -> NDArray[np.int16]:
    """Thousandths of main text for sums of leaves, int16, 0 to 1000."""
    return np.searchsorted(levels, sums, side="left").astype(np.int16)


@lru_cache(maxsize=1)
def built_in() -> NoiseModel:
    """The model that comes with the package; read once."""
    return read_model(_built_in_bytes(), FILE)


def built_in_digest() -> str:
    """The digest of the model that comes with the package."""
    return hashlib.sha256(_built_in_bytes()).hexdigest()


def _built_in_bytes() -> bytes:
    return (resources.files("cleaner.noise") / "model" / FILE).read_bytes()


def read_model(data: bytes, name: str) -> NoiseModel:
    """Read a model file.

    Raises:
        InputError: it is damaged, of another format, or made for other features.
    """
    try:
        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            version, made_for = int(arrays["format"]), str(arrays["features"])
            if version != FORMAT:
                raise InputError(f"{name}: format {version}, but this version reads {FORMAT}")
            if made_for != fingerprint():
                raise InputError(f"{name}: was trained on other features than this version has")
            check = np.zeros(1 << _LEXICON_BITS, np.uint32)
            value = np.zeros(1 << _LEXICON_BITS, np.int16)
            slots = arrays["lexicon_slots"]
            check[slots], value[slots] = arrays["lexicon_checks"], arrays["lexicon_values"]
            forests = [
                _forest({part: arrays[f"{which}_{part}"] for part in (*_PARTS, "depth")})
                for which in _FORESTS
            ]
            levels, limit = arrays["levels"], int(arrays["limit"])
    except InputError:
        raise
    except Exception as error:  # numpy and zipfile raise all kinds for damaged files
        raise InputError(
            f"{name}: is no model file, or damaged; name one that tools/train_noise.py wrote"
        ) from error
    widths = (len(columns.NAMES), len(_NAMES), len(_NAMES))
    if any(forest.width > width for forest, width in zip(forests, widths, strict=True)):
        raise InputError(f"{name}: asks for features that do not exist")
    if levels.shape != (3, 1000) or np.any(np.diff(levels, axis=1) < 0):
        raise InputError(f"{name}: has no ascending levels")
    if not 0 <= limit <= 1000:
        raise InputError(f"{name}: its limit is not 0 to 1000")
    lexicon = Lexicon(check, value)
    digest = hashlib.sha256(data).hexdigest()
    first, second, headline = forests
    return NoiseModel(lexicon, first, second, headline, levels.astype(np.int32), limit, digest)


def _forest(parts: dict[str, NDArray[Any]]) -> Forest:
    """A forest from the arrays of a file."""
    return Forest(
        parts["roots"].astype(np.int32),
        parts["feature"].astype(np.int16),
        parts["threshold"].astype(np.int16),
        parts["left"].astype(np.int32),
        parts["value"].astype(np.int16),
        int(parts["depth"]),
    )


_FORESTS = ("first", "second", "headline")
_PARTS = ("roots", "feature", "threshold", "left", "value")


def write_model(model: NoiseModel) -> bytes:
    """The bytes of a model file; equal models have equal bytes."""
    slots = np.flatnonzero(model.lexicon.value)
    arrays: dict[str, Any] = {
        "format": np.array(FORMAT),
        "features": np.array(fingerprint()),
        "levels": model.levels.astype(np.int32),
        "limit": np.array(model.limit),
        "lexicon_slots": slots.astype(np.uint16),
        "lexicon_checks": model.lexicon.check[slots],
        "lexicon_values": model.lexicon.value[slots],
    }
    for which, forest in zip(_FORESTS, (model.first, model.second, model.headline), strict=True):
        arrays |= {f"{which}_{part}": getattr(forest, part) for part in _PARTS}
        arrays[f"{which}_depth"] = np.array(forest.depth)
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def fingerprint() -> str:
    """A short hash of the features' names and of the version of what they mean."""
    text = "\n".join((*_NAMES, str(columns.VERSION)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
