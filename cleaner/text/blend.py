"""Language by two models at once: py3langid's bytes and langdetect's letters.

py3langid knows 138 languages, langdetect tells its 55 apart more surely. Both are naive Bayes, so
their logarithms add up. langdetect draws n-grams by lot until it is sure; here all of a text's
n-grams (one to three letters, folded as langdetect folds them) are summed, in integers: faster by
two orders of magnitude, more accurate, and the same everywhere. A language that langdetect does not
know gets, for its part, what its nearest relative got, else what the best of all got, less a price
per n-gram. Prices and the weight of the models were tuned on a seventh of the sentences that
`docs/benchmarks.md` names; the n-grams themselves come from the libraries.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.text.bayes import BayesIdentifier
from cleaner.text.jit import kernel
from cleaner.text.language import DECIMALS, UNDETERMINED, UNKNOWN, Guess, excerpt, iso, version_of

_UNIT = 512
"""Scores are natural logarithms times this."""
_STEP = 20
"""Weights of n-grams are in so many units, above that of an unseen one: then a byte holds each."""
_COLUMNS = 64
"""Profiles, filled up: the weights of an n-gram are one line of the processor's cache."""
_MAX_GRAM_CHARS = 240
"""Letters of which n-grams are looked up; more letters change no answer worth a mention."""
_LETTER_BITS, _ROW_BITS = 13, 20
_UNSEEN = 5e-5
"""Added to each relative frequency: that of an n-gram which a profile does not hold."""
_PRICE = 51
"""What an n-gram costs a language without a profile: 0.1, in units."""
_RELATIVE_PRICE = 26
"""The same if it has a relative: 0.05."""
_SHIFT = 15
"""py3langid's scores have 16 bits more behind the point, and count twice."""
RELATIVES = {
    "an": "es", "az": "tr", "be": "ru uk", "bs": "hr", "eo": "es it", "fo": "da",
    "gl": "es pt", "is": "da no", "jv": "id", "la": "it", "lb": "de", "ms": "id", "nn": "no",
    "oc": "ca fr", "sr": "hr mk",
}  # fmt: skip
"""Languages without a profile → close ones that have one."""
_HEAT = 2.0
"""Divides the temperature, √bytes, at which scores become probabilities; see docs/benchmarks.md."""
_LIMIT = 0x10000
_OTHER, _SPACE = np.uint64(0), np.uint64(1)
_GRAM = (np.uint64(1) << np.uint64(3 * _LETTER_BITS)) - np.uint64(1)
_EMPTY = np.uint64(0)
_HASH = np.uint64(0x9E3779B97F4A7C15)


class _Profiles(NamedTuple):
    """langdetect's profiles as a hash table from n-grams to weights.

    fold: uint16[65536], letter → number of a letter of the profiles; 1 parts words, 0 is in none.
    capital: bool[letters]. places: uint64[2^bits], n-grams as 13-bit letters, and above them the
    row, or 0.
    weights: uint8[n-grams, 64]. column_of: int64[profiles], label of each profile.
    kin: int64[pairs, 2], label without a profile, label of a relative.
    """

    fold: NDArray[np.uint16]
    capital: NDArray[np.bool_]
    places: NDArray[np.uint64]
    weights: NDArray[np.uint8]
    column_of: NDArray[np.int64]
    kin: NDArray[np.int64]


class BlendIdentifier:
    """Both models; knows what either knows."""

    def __init__(self, bayes: BayesIdentifier, max_chars: int) -> None:
        self._bayes = bayes
        self._max_chars = max_chars
        self._labels = tuple(sorted(bayes.languages | {iso(n) for n in _names()}))
        self._label_of = np.array(
            [self._labels.index(label) if label != UNDETERMINED else -1 for label in bayes.columns]
        )
        self._profiles = _profiles(self._labels)

    @property
    def version(self) -> str:
        """Libraries, their versions, and that of this code."""
        return version_of("blend")

    @property
    def languages(self) -> frozenset[str]:
        """Every code that it can answer, besides `und`."""
        return frozenset(self._labels)

    def identify(self, text: str) -> Guess:
        """The language of one text; `und`, 0.0 where there is no letter."""
        return self.identify_many([text])[0]

    def identify_many(self, texts: Sequence[str]) -> list[Guess]:
        """The same for several."""
        parts = [excerpt(text, self._max_chars) for text in texts]
        scores, features = self._bayes.scores(parts)
        lowered = [part.lower() if part.isupper() else part for part in parts]
        lowered = [part[:_MAX_GRAM_CHARS] for part in lowered]
        codes = np.frombuffer("".join(lowered).encode("utf-32-le", "surrogatepass"), np.uint32)
        offsets = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([len(part) for part in lowered], out=offsets[1:])
        best, share = np.full(len(parts), -1, np.int64), np.zeros(len(parts), np.float64)
        sizes = np.array([math.sqrt(len(part.encode("utf-8", "surrogatepass"))) for part in parts])
        _blend(
            codes,
            offsets,
            *self._profiles,
            scores,
            features,
            self._label_of,
            len(self._labels),
            sizes,
            best,
            share,
        )
        return [
            UNKNOWN if label < 0 else Guess(self._labels[label], round(part, DECIMALS))
            for label, part in zip(best.tolist(), share.tolist(), strict=True)
        ]


# --- profiles -------------------------------------------------------------------------------------


def _files() -> Iterator[Path]:
    """One file a language."""
    from langdetect.detector_factory import PROFILES_DIRECTORY

    folder = Path(PROFILES_DIRECTORY)
    return (p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith("."))


def _names() -> list[str]:
    return [path.name for path in _files()]


@lru_cache(maxsize=1)
def _profiles(labels: tuple[str, ...]) -> _Profiles:
    """Read langdetect's profiles (about 2 s, once a process)."""
    columns: list[int] = []
    rows: dict[str, int] = {}
    cells: list[tuple[list[int], list[int]]] = []
    for path in _files():
        profile = json.loads(path.read_text(encoding="utf-8"))
        columns.append(labels.index(iso(profile["name"])))
        totals = profile["n_words"]
        grams = [g for g in profile["freq"] if len(g) <= 3 and max(g) < chr(_LIMIT)]
        shares = [profile["freq"][g] / totals[len(g) - 1] for g in grams]
        cells.append(([rows.setdefault(g, len(rows)) for g in grams], [*map(_weight, shares)]))
    weights = _aligned(len(rows))
    for column, (where, values) in enumerate(cells):
        weights[where, column] = values
    fold, capital, number_of = _letters(set("".join(rows)))
    kin = [
        (labels.index(label), labels.index(relative))
        for label, relatives in RELATIVES.items()
        for relative in relatives.split()
        if label in labels and labels.index(relative) in columns
    ]
    return _Profiles(
        fold,
        capital,
        _hashed(list(rows), number_of),
        weights,
        np.array(columns, np.int64),
        np.array(kin, np.int64).reshape(-1, 2),
    )


def _weight(share: float) -> int:
    """What a relative frequency is worth, in steps above an n-gram that a profile has not."""
    return min(255, round(math.log1p(share / _UNSEEN) * _UNIT / _STEP))


def _aligned(rows: int) -> NDArray[np.uint8]:
    """Zeros, each row a line of the cache."""
    raw = np.zeros((rows + 1) * _COLUMNS, np.uint8)
    low = -raw.ctypes.data % _COLUMNS
    return raw[low : low + rows * _COLUMNS].reshape(rows, _COLUMNS)


def _letters(
    letters: set[str],
) -> tuple[NDArray[np.uint16], NDArray[np.bool_], dict[str, int]]:
    """Numbers of what langdetect makes of each letter; which are capitals; letter → number."""
    from langdetect.utils.ngram import NGram

    ordered = [" ", *sorted(letters - {" "})]
    if len(ordered) >= 1 << _LETTER_BITS:
        raise ValueError("the profiles of this langdetect have more letters than are provided for")
    number_of = {letter: number for number, letter in enumerate(ordered, 1)}
    folded = [NGram.normalize(chr(point)) for point in range(_LIMIT)]
    fold = np.array([number_of.get(letter, 0) for letter in folded], np.uint16)
    return fold, np.array([False, *(letter.isupper() for letter in ordered)]), number_of


def _hashed(grams: Sequence[str], number_of: dict[str, int]) -> NDArray[np.uint64]:
    """A table of two to four times as many places, open addressing."""
    if len(grams) >= 1 << _ROW_BITS:
        raise ValueError("the profiles of this langdetect are larger than is provided for")
    wanted = np.zeros(len(grams), np.uint64)
    for row, gram in enumerate(grams):
        key = 0
        for char in gram:
            key = key << _LETTER_BITS | number_of[char]
        wanted[row] = key | row << 3 * _LETTER_BITS
    places = np.zeros(1 << (len(grams) * 2).bit_length(), np.uint64)
    _insert(wanted, places)
    return places


@kernel
def _place(places: Any, key: Any) -> Any:
    """Where an n-gram stands, or the free place where it would."""
    mask = np.uint64(places.size - 1)
    at = ((key * _HASH) >> np.uint64(32)) & mask
    while places[at] != _EMPTY and places[at] & _GRAM != key:
        at = (at + np.uint64(1)) & mask
    return at


@kernel
def _insert(wanted: Any, places: Any) -> None:
    for row in range(wanted.size):
        places[_place(places, wanted[row] & _GRAM)] = wanted[row]


# --- both -----------------------------------------------------------------------------------------


@kernel
def _blend(
    codes: Any,
    offsets: Any,
    fold: Any,
    capital: Any,
    places: Any,
    weights: Any,
    column_of: Any,
    kin: Any,
    scores: Any,
    features: Any,
    label_of: Any,
    labels: Any,
    sizes: Any,
    best: Any,
    share: Any,
) -> None:
    """The best label of each text and its probability; -1 where neither model knows a thing."""
    sums = np.zeros(_COLUMNS, np.int32)
    both = np.empty(labels, np.int64)
    profiled = np.empty(labels, np.int64)
    for text in range(offsets.size - 1):
        sums[:] = 0
        grams = _add_grams(
            codes[offsets[text] : offsets[text + 1]], fold, capital, places, weights, sums
        )
        if features[text] == 0 and grams == 0:
            continue
        low = np.int64(-(1 << 60))
        both[:] = low
        profiled[:] = low
        for column in range(column_of.size):
            label = column_of[column]
            profiled[label] = max(profiled[label], np.int64(sums[column]) * _STEP)
        floor = profiled.max() - _PRICE * grams
        for pair in range(kin.shape[0]):
            guess = profiled[kin[pair, 1]] - _RELATIVE_PRICE * grams
            profiled[kin[pair, 0]] = max(profiled[kin[pair, 0]], guess, floor)
        for column in range(label_of.size):
            label = label_of[column]
            if label >= 0:
                both[label] = max(both[label], scores[text, column] >> _SHIFT)
        for label in range(labels):
            if both[label] == low:
                both[label] = profiled[label]  # its profile alone, against the whole of the others
                continue
            both[label] += profiled[label] if profiled[label] != low else floor
        best[text], share[text] = _top(both, sizes[text])


@kernel
def _add_grams(codes: Any, fold: Any, capital: Any, places: Any, weights: Any, sums: Any) -> Any:
    """Add the weights of all known n-grams; return how many there are.

    As langdetect does: an n-gram lies within a word, with one space at either end; words of
    capitals are left out, from their second letter on.
    """
    before = window = _SPACE
    length = np.uint64(1)
    skip = False
    grams = 0
    for code in codes:
        letter = np.uint64(fold[code]) if code < _LIMIT else _OTHER
        if before == _SPACE:
            window, length, skip = before, np.uint64(1), False
            if letter == _SPACE:
                continue
        window = ((window << np.uint64(_LETTER_BITS)) | letter) & _GRAM
        length = min(length + np.uint64(1), np.uint64(3))
        skip = capital[letter] and (skip or capital[before])
        before = letter
        if letter == _OTHER:
            length = np.uint64(0)  # no known n-gram reaches over it
        if skip or letter == _OTHER:
            continue
        for size in range(np.uint64(2 if letter == _SPACE else 1), length + np.uint64(1)):
            key = window & ((np.uint64(1) << np.uint64(_LETTER_BITS) * size) - np.uint64(1))
            entry = places[_place(places, key)]
            if entry != _EMPTY:
                grams += 1
                row = entry >> np.uint64(3 * _LETTER_BITS)
                for column in range(np.uint64(_COLUMNS)):
                    sums[column] += weights[row, column]
    return grams


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
def _top(both: Any, size: Any) -> Any:
    """The label of the highest score, the first of equals, and its share."""
    best = 0
    for label in range(both.size):
        if both[label] > both[best]:
            best = label
    total = 0.0
    for label in range(both.size):
        total += _exp((both[label] - both[best]) / np.float64(_UNIT) / (_HEAT * size))
    return best, 1.0 / total
