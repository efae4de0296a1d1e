"""Languages by py3langid's model and formula, naive Bayes over byte n-grams, summed in integers.

The library itself sums 32-bit floats in an order that the processor's BLAS decides.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import kernel
from cleaner.text.language import DECIMALS, UNDETERMINED, UNKNOWN, Guess, excerpt, iso, version_of


class _Bayes(NamedTuple):
    """The model as integers.

    moves: uint32, rows of 256 next states. rows: uint[states], the row of each state.
    outputs: int32[states], feature that ends in the state, or -1. weights: int16[features,
    columns], logarithms × 512, exact, since the model has them as 16-bit floats of magnitude 2 to
    16. priors: int64[columns], × 512 × 65,536.
    logs: int64, log(1 + n) × 65,536. label_of: int64[columns], index in `labels`.
    """

    moves: Any
    rows: Any
    outputs: Any
    weights: Any
    priors: Any
    logs: Any
    label_of: Any
    labels: tuple[str, ...]


_LANES = 8
_LEVELS = 8
_FULL = 1 << 16
"""So many weights, each below 2^15, fit a sum of 32 bits."""
_WEIGHT = 512
_LOG = 65_536


@lru_cache(maxsize=1)
def bayes_model() -> _Bayes:
    """Read the model that comes with py3langid (about 1 s)."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    scaled = np.asarray(model.nb_ptc, np.float32) * _WEIGHT
    weights = scaled.astype(np.int16)
    if not np.array_equal(weights, scaled):
        raise ValueError(
            "the model of this py3langid has finer weights than 1/512; use a 0.4 release"
        )
    labels = tuple(sorted({iso(c) for c in model.nb_classes}))
    return _Bayes(
        moves=np.frombuffer(model.tk_nextmove, f"u{model.tk_nextmove.itemsize}").astype(np.uint32),
        rows=np.frombuffer(model.tk_row, f"u{model.tk_row.itemsize}"),
        outputs=np.array(model.tk_output, np.int32),
        weights=weights,
        priors=np.rint(np.asarray(model.nb_pc, np.float64) * (_WEIGHT * _LOG)).astype(np.int64),
        logs=np.array([round(math.log1p(n) * _LOG) for n in range(4096)], np.int64),
        label_of=np.array([labels.index(iso(c)) for c in model.nb_classes], np.int64),
        labels=labels,
    )


class BayesIdentifier:
    """py3langid's model; probabilities are its own, up to the fourth decimal."""

    def __init__(self, model: _Bayes, max_chars: int) -> None:
        self._model = model
        self._max_chars = max_chars

    @property
    def version(self) -> str:
        """Library, its version, and that of this wrapper."""
        return version_of("py3langid")

    @property
    def languages(self) -> frozenset[str]:
        """Every code that it can answer, besides `und`."""
        return frozenset(self._model.labels) - {UNDETERMINED}

    @property
    def columns(self) -> list[str]:
        """The code of each column of `scores`; several can have one."""
        return [self._model.labels[label] for label in self._model.label_of]

    def identify(self, text: str) -> Guess:
        """The language of one text; `und`, 0.0 where there is no letter."""
        return self.identify_many([text])[0]

    def scores(self, parts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Logarithms of probability × 2^25, int64[texts, columns]; features, int64[texts].

        `parts` are excerpts. Columns are those of `label_of`.
        """
        model = self._model
        data, offsets = _joined(parts)
        scores = np.zeros((len(parts), len(model.priors)), np.int64)
        features = np.zeros(len(parts), np.int64)
        _score(data, offsets, *model[:6], scores, features)
        return scores, features

    def identify_many(self, texts: Sequence[str]) -> list[Guess]:
        """The same for several."""
        model = self._model
        parts = [excerpt(text, self._max_chars) for text in texts]
        data, offsets = _joined(parts)
        labels, shares = np.empty(len(parts), np.int64), np.empty(len(parts), np.float64)
        _classify(
            data,
            offsets,
            *model[:-1],
            len(model.labels),
            labels,
            shares,
        )
        return [
            UNKNOWN
            if label < 0 or model.labels[label] == UNDETERMINED
            else Guess(model.labels[label], round(share, DECIMALS))
            for label, share in zip(labels.tolist(), shares.tolist(), strict=True)
        ]


def _joined(parts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of several texts, and where each begins and ends."""
    raw = [_normal(part) for part in parts]
    offsets = np.zeros(len(raw) + 1, np.int64)
    np.cumsum([len(part) for part in raw], out=offsets[1:])
    return np.frombuffer(b"".join(raw), np.uint8), offsets


def _normal(text: str) -> bytes:
    """The bytes that py3langid looks at."""
    if text.isupper():
        text = text.lower()
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")


@kernel
def _classify(
    data: Any,
    offsets: Any,
    moves: Any,
    rows: Any,
    outputs: Any,
    weights: Any,
    priors: Any,
    logs: Any,
    label_of: Any,
    labels: Any,
    best: Any,
    share: Any,
) -> None:
    """The best label of each text data[offsets[i]:offsets[i + 1]], and its share; -1 for none."""
    states = np.empty(data.size, np.uint32)
    _walk(data, offsets, moves, rows, states)
    counts = np.zeros(weights.shape[0], np.int64)
    seen = np.empty(weights.shape[0], np.int64)
    scores = np.empty(priors.size, np.int64)
    sums = np.zeros((_LEVELS, priors.size), np.int32)
    for text in range(offsets.size - 1):
        low, high = offsets[text], offsets[text + 1]
        features = _count(states[low:high], outputs, counts, seen)
        if features == 0:
            best[text], share[text] = -1, 0.0
            continue
        _add_up(seen[:features], counts, weights, priors, logs, sums, scores)
        best[text], share[text] = _normalized(scores, label_of, labels, np.sqrt(float(high - low)))


@kernel
def _score(
    data: Any,
    offsets: Any,
    moves: Any,
    rows: Any,
    outputs: Any,
    weights: Any,
    priors: Any,
    logs: Any,
    scores: Any,
    found: Any,
) -> None:
    """Score of each text and column, and how many different features a text has."""
    states = np.empty(data.size, np.uint32)
    _walk(data, offsets, moves, rows, states)
    counts = np.zeros(weights.shape[0], np.int64)
    seen = np.empty(weights.shape[0], np.int64)
    sums = np.zeros((_LEVELS, priors.size), np.int32)
    for text in range(offsets.size - 1):
        features = _count(states[offsets[text] : offsets[text + 1]], outputs, counts, seen)
        found[text] = features
        if features > 0:
            _add_up(seen[:features], counts, weights, priors, logs, sums, scores[text])


@kernel
def _walk(data: Any, offsets: Any, moves: Any, rows: Any, states: Any) -> None:
    """The state after each byte of each text; each text begins in state 0.

    A step waits for the memory that the step before names; so `_LANES` texts go side by side.
    """
    at, stop = np.zeros(_LANES, np.int64), np.zeros(_LANES, np.int64)
    state = np.zeros(_LANES, np.uint32)
    text = lanes = 0
    while True:
        while lanes < _LANES and text < offsets.size - 1:
            if offsets[text] < offsets[text + 1]:
                at[lanes], stop[lanes], state[lanes] = offsets[text], offsets[text + 1], 0
                lanes += 1
            text += 1
        if lanes == 0:
            return
        for _ in range((stop[:lanes] - at[:lanes]).min()):
            for lane in range(lanes):
                place = np.uint64(at[lane])
                row = np.uint64(rows[state[lane]]) << np.uint64(8)
                state[lane] = states[place] = moves[row + np.uint64(data[place])]
                at[lane] += 1
        for lane in range(lanes - 1, -1, -1):
            if at[lane] == stop[lane]:
                lanes -= 1
                at[lane], stop[lane], state[lane] = at[lanes], stop[lanes], state[lanes]


@kernel
def _count(states: Any, outputs: Any, counts: Any, seen: Any) -> Any:
    """Count the features of a text; which there are goes to `seen`, their number is returned."""
    features = 0
    for state in states:
        feature = outputs[state]
        if feature >= 0:
            if counts[feature] == 0:
                seen[features] = feature
                features += 1
            counts[feature] += 1
    return features


@kernel
def _add_up(
    seen: Any, counts: Any, weights: Any, priors: Any, logs: Any, sums: Any, scores: Any
) -> None:
    """Sum of prior and log(1 + count) × weight of each column; `counts` and `sums` are 0 again.

    Weights of features with equal counts are added in 32 bits, and multiplied together.
    """
    scores[:] = priors
    columns = np.uint64(scores.size)
    for at in range(seen.size):
        feature = np.uint64(seen[at])
        count = counts[feature]
        counts[feature] = 0
        if count < _LEVELS:
            row = np.uint64(count)
            for column in range(columns):
                sums[row, column] += weights[feature, column]
        else:
            factor = logs[min(count, logs.size - 1)]
            for column in range(columns):
                scores[column] += factor * weights[feature, column]
        if at % _FULL == _FULL - 1 or at == seen.size - 1:
            for power in range(np.uint64(1), np.uint64(_LEVELS)):
                for column in range(columns):
                    scores[column] += logs[power] * sums[power, column]
                    sums[power, column] = 0


@kernel
def _exp(x: Any) -> Any:
    """e^x for x ≤ 0, by sums, products and quotients, which are the same on every processor."""
    if x < -40.0:
        return 0.0
    x = x / 1024.0
    total = 1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0))))
    for _ in range(10):
        total = total * total
    return total


@kernel
def _normalized(scores: Any, label_of: Any, labels: Any, root: Any) -> Any:
    """The best label and its share: softmax at temperature √bytes, columns of one label added."""
    top = scores.max()
    shares = np.zeros(labels, np.float64)
    total = 0.0
    for column in range(scores.size):
        share = _exp((scores[column] - top) / (512.0 * 65536.0) / root)
        shares[label_of[column]] += share
        total += share
    best = 0
    for label in range(labels):
        if shares[label] > shares[best]:
            best = label
    return best, shares[best] / total
