"""Function words of some languages: a text that has none of its language's is hardly prose.

Gopher asks for two of eight English words (Rae et al. 2021, appendix A1.1). The lists of the other
languages were written for this package in the same spirit: short, frequent, and in any prose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.words import word_hashes

SPACED = {
    "en": "the be to of and that have with",
    "vi": "và của là có được trong cho không các những với một",
    "es": "el la de que y en los se por con para una",
    "pt": "o a de que e do da em um para com não",
    "fr": "le la de et les des en un une que est pour",
    "de": "der die und das in den von zu mit ist nicht ein",
    "id": "yang dan di dengan untuk ini itu dari pada tidak dalam adalah",
    "ru": "и в не на что с по как это из к для",
    "ko": "이 그 저 것 수 등 및 더 한 있는 있다 위해",
    "ar": "في من على إلى أن هذا عن مع التي الذي ما لا",
}
"""Language → words; in a text they stand between spaces."""
UNSPACED = {
    "zh": "的 是 了 在 和 有 不 这 我 也",
    "ja": "は が を に で と の も から です",
    "th": "ที่ และ ใน ของ เป็น การ มี ได้ ไม่ ว่า",
}
"""Language → words that are looked for anywhere: nothing separates them."""
LANGUAGES = (*SPACED, *UNSPACED)

_EMPTY = np.uint64(0)
_N1, _TURN = np.uint64(1), np.uint64(40)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Hashes of all words, open addressing: `keys` uint64[slots], `rows` into `masks`.

    `masks` uint64[words, languages]: the word's bit in each language that has it.
    """

    keys: NDArray[np.uint64]
    rows: NDArray[np.int64]
    masks: NDArray[np.uint64]


def distinct_stop_words(text: pa.StringArray, langs: Sequence[str | None]) -> NDArray[np.float64]:
    """How many different function words of its language each text has, float64[n].

    `langs` are codes of ISO 639-1. A language without a list gives NaN; where the language is not
    known (None, "und"), the list that fits best counts.
    """
    counts = np.zeros((len(text), len(LANGUAGES)), np.float64)
    counts[:, : len(SPACED)] = _spaced(text)
    wanted = np.array([code if code in LANGUAGES else "" for code in langs], object)
    unknown = np.array([code is None or code in ("", "und") for code in langs], bool)
    for at, (code, words) in enumerate(UNSPACED.items(), len(SPACED)):
        rows = np.flatnonzero((wanted == code) | unknown)
        if len(rows):
            some = text.take(pa.array(rows))
            found = (pc.match_substring(some, word) for word in words.split())
            counts[rows, at] = sum(np.asarray(hit, np.int64) for hit in found)
    best = counts.max(axis=1, initial=0)
    result = np.where(unknown, best, np.nan)
    for at, code in enumerate(LANGUAGES):
        mine = wanted == code
        result[mine] = counts[mine, at]
    return result


def _spaced(text: pa.StringArray) -> NDArray[np.int64]:
    """Different words of each list of `SPACED`, int64[n, languages]."""
    words = word_hashes(text)
    table = _table()
    found = np.zeros((len(text), len(SPACED)), np.uint64)
    _mark(
        column(words.offsets, np.int64),
        column(words.values, np.uint64),
        column(table.keys, np.uint64),
        column(table.rows, np.int64),
        column(table.masks, np.uint64),
        found,
    )
    bits = np.unpackbits(found.view(np.uint8).reshape(len(text), len(SPACED), 8), axis=2)
    counts: NDArray[np.int64] = bits.sum(axis=2, dtype=np.int64)
    return counts


@lru_cache(maxsize=1)
def _table() -> _Table:
    lists = [words.split() for words in SPACED.values()]
    spelt = sorted({word for words in lists for word in words})
    hashes = word_hashes(pa.array(spelt, pa.string()))
    if np.any(hashes.counts != 1):
        raise ValueError("a stop word must be one word")
    slots = 1 << (4 * len(spelt) - 1).bit_length()
    keys, rows = np.zeros(slots, np.uint64), np.zeros(slots, np.int64)
    masks = np.zeros((len(spelt), len(lists)), np.uint64)
    for row, word in enumerate(spelt):
        for lang, words in enumerate(lists):
            if word in words:
                masks[row, lang] = 1 << words.index(word)
        value = int(hashes.values[row])
        at = (value >> 40) & (slots - 1)
        while keys[at]:
            at = (at + 1) & (slots - 1)
        keys[at], rows[at] = value, row
    return _Table(keys, rows, masks)


@kernel
def _mark(
    offsets: NDArray[np.int64],
    words: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    rows: NDArray[np.int64],
    masks: NDArray[np.uint64],
    found: NDArray[np.uint64],
) -> None:
    """Set the bits of the words that each text has."""
    mask = np.uint64(len(keys)) - _N1
    for doc in range(len(offsets) - 1):
        for i in range(offsets[doc], offsets[doc + 1]):
            word = words[i]
            at = (word >> _TURN) & mask
            while keys[at] != _EMPTY:
                if keys[at] == word:
                    for lang in range(masks.shape[1]):
                        found[doc, lang] |= masks[rows[at], lang]
                    break
                at = (at + _N1) & mask
