"""The kernels of `cleaner.text.words`: bytes of UTF-8 to hashes, and to numbers, of words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleaner.text import codepoints
from cleaner.text.codepoints import FACTOR, START, TURN, VALUE
from cleaner.text.jit import kernel
from cleaner.text.mix import mix64
from cleaner.text.simd import beyond_latin, load64, lowest_bit, ones, word_bytes

_SEPARATOR = np.uint64(codepoints.SEPARATOR)
_LETTER = np.uint64(codepoints.LETTER)
_MARK = np.uint64(codepoints.MARK)
_ALONE = np.uint64(codepoints.ALONE)
_ABSENT = np.uint64(codepoints.ABSENT)
_DIGIT = np.uint64(codepoints.DIGIT)
_KIND = np.uint64(7)
_TO_LETTER = np.uint64(codepoints.DIGIT ^ codepoints.LETTER)
_IS_FIRST = np.uint64(codepoints.ROLE_O | codepoints.ROLE_U)
_IS_LAST = np.uint64(codepoints.ROLE_A_E | codepoints.ROLE_Y)
_IS_DIGIT = np.uint64(codepoints.ROLE_DIGIT)
_LIMIT = np.uint64(codepoints.LIMIT)
_ABSENT_FROM, _ABSENT_TO = (np.uint64(x) for x in codepoints.ABSENT_PLANE)
_BACK = np.uint64(64 - int(TURN))
_SEQUENCE = np.uint64(codepoints.SEQUENCE)
_N0, _N1, _N2, _N3, _N4, _N5, _N6 = (np.uint64(x) for x in range(7))
_N8, _N10, _N12, _N15, _N16, _N18 = (np.uint64(x) for x in (8, 10, 12, 15, 16, 18))
_N26, _N40, _N64 = (np.uint64(x) for x in (26, 40, 64))
_07, _0F, _1F, _20, _3F = (np.uint64(x) for x in (0x07, 0x0F, 0x1F, 0x20, 0x3F))
_80, _C0, _E0, _F0, _F8 = (np.uint64(x) for x in (0x80, 0xC0, 0xE0, 0xF0, 0xF8))
_FFFFFFFF = np.uint64(0xFFFFFFFF)
_FULL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ZERO, _LOWER_A, _UNDERSCORE = (np.uint64(ord(c)) for c in "0a_")
# Two chains of odd factors for the two halves of a key.
_LOW, _HIGH = np.uint64(0x8CB92BA72F3D8DD7), np.uint64(0xD6E8FEB86659FD93)
_LOW_FACTOR, _HIGH_FACTOR = np.uint64(0xA0761D6478BD642F), np.uint64(0xE7037ED1A0B428DB)


@kernel
def _step(state: np.uint64, letter: np.uint64) -> np.uint64:
    """Add a letter to a word's chain; `codepoints` does the same in NumPy."""
    x = (state ^ letter) * FACTOR
    return (x << TURN) | (x >> _BACK)


@kernel
def _entry_beyond_ascii(
    data: NDArray[np.uint8], i: np.uint64, end: np.uint64, entries: NDArray[np.uint64]
) -> tuple[np.uint64, np.uint64]:
    """Entry of the code point of several bytes at i, and where the next begins.

    Bytes that are not UTF-8 never read outside the text: a stray byte separates.
    """
    lead = np.uint64(data[i])
    long = lead >= _E0
    two = i + _N1
    three = i + _N2 if long else two
    after = three + _N1
    if lead < _C0 or lead >= _F8 or after > end:
        return _SEPARATOR, two
    b = np.uint64(data[two]) & _3F
    c = np.uint64(data[three]) & _3F
    if lead >= _F0:
        if after + _N1 > end:
            return _SEPARATOR, after
        d = np.uint64(data[after]) & _3F
        point = ((lead & _07) << _N18) | (b << _N12) | (c << _N6) | d
        if point >= _LIMIT:
            absent = point >= _ABSENT_FROM and point < _ABSENT_TO
            return (_ABSENT if absent else _SEPARATOR), after + _N1
        return entries[point], after + _N1
    of_two = ((lead & _1F) << _N6) | b
    of_three = ((lead & _0F) << _N12) | (b << _N6) | c
    return entries[of_three if long else of_two], after


@kernel
def _entry(
    data: NDArray[np.uint8], i: np.uint64, end: np.uint64, entries: NDArray[np.uint64]
) -> tuple[np.uint64, np.uint64]:
    """Entry of the code point at i, and where the next begins."""
    if data[i] < _80:
        return entries[np.uint64(data[i])], i + _N1
    return _entry_beyond_ascii(data, i, end, entries)


@kernel
def _tone_moved(
    state: np.uint64, first: np.uint64, last: np.uint64, syllable: NDArray[np.uint64]
) -> np.uint64:
    """The tone's value if it stands on the first letter of a nucleus but belongs on the last."""
    vowel = syllable[_N0] if first & _IS_FIRST == np.uint64(codepoints.ROLE_O) else syllable[_N1]
    if last != syllable[_N2] and last != syllable[_N3] and last != syllable[_N4]:
        return _N0
    for t in range(_N5, _N10):
        if first - vowel == syllable[t]:
            for onset in range(_N10, np.uint64(len(syllable))):
                if state == syllable[onset]:
                    return np.uint64(syllable[t])
    return _N0


@kernel
def _finish(
    state: np.uint64, before: np.uint64, letter: np.uint64, syllable: NDArray[np.uint64]
) -> np.uint64:
    """The hash of a word whose last two letters are still to be added."""
    if ((before & _IS_FIRST) << _N2) & letter & _IS_LAST:
        tone = _tone_moved(state, before, letter, syllable)
        before -= tone
        letter += tone
    return mix64(_step(_step(state, before), letter))


@kernel
def _add_to_key(half: np.uint64, word: np.uint64, factor: np.uint64) -> np.uint64:
    """Add a word to one half of a key."""
    x = (half ^ word) * factor
    return (x << TURN) | (x >> _BACK)


@kernel
def _scan(
    data: NDArray[np.uint8],
    i: np.uint64,
    end: np.uint64,
    entries: NDArray[np.uint64],
    sequences: NDArray[np.uint64],
    syllable: NDArray[np.uint64],
    values: NDArray[np.uint64],
    filled: np.uint64,
    store: bool,
    low: np.uint64,
    high: np.uint64,
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Hash the words of the bytes i:end, code point by code point.

    With `store` the hashes go to `values[filled:]`, else into the halves of a key. Returns how
    many words there were, the last one's hash, and the halves.
    """
    words, word = _N0, _N0
    state, before, letter = START, _N0, _N0
    alone = False
    while True:
        done = i >= end
        entry = _SEPARATOR
        if not done:
            entry, i = _entry(data, i, end, entries)
        kind = entry & _KIND
        if kind == _LETTER and not alone:
            state, before, letter = _step(state, before), letter, entry
            continue
        if kind == _MARK:
            if letter != _N0:
                letter += entry & VALUE
            continue
        if kind == _ABSENT:
            continue
        if letter != _N0 and (alone or kind in (_SEPARATOR, _ALONE)):
            word = _finish(state, before, letter, syllable)
            if store:
                values[filled + words] = word
            else:
                low = _add_to_key(low, word, _LOW_FACTOR)
                high = _add_to_key(high, word, _HIGH_FACTOR)
            words += _N1
            state, before, letter = START, _N0, _N0
        if done:
            return words, word, low, high
        alone = kind == _ALONE
        if kind == _SEQUENCE:
            start = (entry >> _N8) & _FFFFFFFF
            for s in range(start, start + (entry >> _N40)):
                state, before, letter = _step(state, before), letter, sequences[s]
        elif kind == _DIGIT:
            if not letter & _IS_DIGIT:
                state, before, letter = _step(state, before), letter, entry ^ _TO_LETTER
        elif kind != _SEPARATOR:
            state, before, letter = _step(state, before), letter, entry


@kernel
def _word_mask(data: NDArray[np.uint8], at: np.uint64, end: np.uint64) -> np.uint64:
    """Which of the 64 bytes from `at` on can be part of a word; none from `end` on."""
    if at + _N64 <= np.uint64(len(data)):
        mask = word_bytes(data, at)
    else:
        mask = _N0
        for i in range(at, end):
            b = np.uint64(data[i])
            letter = (b | _20) - _LOWER_A < _N26 or b - _ZERO < _N10
            if letter or b == _UNDERSCORE or b >= _80:
                mask |= _N1 << (i - at)
    if end - at < _N64:
        mask &= (_N1 << (end - at)) - _N1
    return mask


@kernel
def hash_rows(
    offsets: NDArray[np.int64],
    data: NDArray[np.uint8],
    entries: NDArray[np.uint64],
    sequences: NDArray[np.uint64],
    syllable: NDArray[np.uint64],
    memo: NDArray[np.uint64],
    row: np.uint64,
    filled: np.uint64,
    values: NDArray[np.uint64],
    counts: NDArray[np.int64],
    keys: NDArray[np.uint64],
    store: bool,
) -> tuple[np.uint64, np.uint64]:
    """Hash the words of rows from `row` on; with `store` stop before one that might not fit.

    With `store` the hashes go to `values[filled:]`, else to `keys`. Returns the next row and the
    next free place. A row is cut into pieces at ASCII separators, 64 bytes at a time. A piece of
    up to 15 bytes with one word or none is remembered in `memo` (bytes, hash, words).
    """
    rows = np.uint64(len(counts))
    capacity = np.uint64(len(values))
    size = np.uint64(len(data))
    to_slot = _N64 - lowest_bit(np.uint64(len(memo)))
    while row < rows:
        at = np.uint64(offsets[row])
        end = np.uint64(offsets[row + _N1])
        if store and filled + ((end - at) >> _N1) + _N1 > capacity:
            break
        total, inside, start = _N0, _N0, at
        low, high = _LOW, _HIGH
        while at < end or inside:
            mask = _word_mask(data, at, end) if at < end else _N0
            shifted = (mask << _N1) | inside
            starts = mask & ~shifted
            ends = shifted & ~mask
            while ends:
                stop = at + lowest_bit(ends)
                ends &= ends - _N1
                if not inside:
                    start = at + lowest_bit(starts)
                    starts &= starts - _N1
                inside = _N0
                length = stop - start
                short = length <= _N15 and start + _N16 <= size
                slot, first, second = _N0, _N0, _N0
                if short:
                    first = load64(data, start) & (_FULL >> (_N64 - (min(length, _N8) << _N3)))
                    second = load64(data, start + _N8)
                    second &= ~(_FULL << ((max(length, _N8) - _N8) << _N3))
                    slot = (first * FACTOR + second * _HIGH_FACTOR) >> to_slot
                if short and memo[slot, _N0] == first and memo[slot, _N1] == second:
                    word = memo[slot, _N2]
                    words = memo[slot, _N3]
                    if words and store:
                        values[filled] = word
                    elif words:
                        low = _add_to_key(low, word, _LOW_FACTOR)
                        high = _add_to_key(high, word, _HIGH_FACTOR)
                else:
                    words, word, low, high = _scan(
                        data,
                        start,
                        stop,
                        entries,
                        sequences,
                        syllable,
                        values,
                        filled,
                        store,
                        low,
                        high,
                    )
                    if short and words <= _N1:
                        memo[slot, _N0] = first
                        memo[slot, _N1] = second
                        memo[slot, _N2] = word
                        memo[slot, _N3] = words
                filled += words
                total += words
            if starts:
                start = at + lowest_bit(starts)
                inside = _N1
            at += _N64
        counts[row] = np.int64(total)
        if not store and total:
            keys[row, _N0] = max(mix64(low), _N1)
            keys[row, _N1] = mix64(high)
        row += _N1
    return row, filled


@kernel
def _count_piece(
    data: NDArray[np.uint8], i: np.uint64, end: np.uint64, entries: NDArray[np.uint64]
) -> np.uint64:
    """How many words `_scan` finds in the bytes i:end."""
    words = _N0
    inside, alone = False, False
    while True:
        done = i >= end
        entry = _SEPARATOR
        if not done:
            entry, i = _entry(data, i, end, entries)
        kind = entry & _KIND
        if kind in (_MARK, _ABSENT):
            continue
        if inside and (alone or kind in (_SEPARATOR, _ALONE)):
            words += _N1
            inside = False
        if done:
            return words
        alone = kind == _ALONE
        inside = inside or kind != _SEPARATOR


@kernel
def _risk_mask(data: NDArray[np.uint8], at: np.uint64, end: np.uint64) -> np.uint64:
    """`beyond_latin` of the bytes from `at` on; none from `end` on."""
    if at + _N64 < np.uint64(len(data)):
        mask = beyond_latin(data, at)
    else:
        mask = _N0
        for i in range(at, end):
            mask |= np.uint64(data[i] >= _C0) << (i - at)
    if end - at < _N64:
        mask &= (_N1 << (end - at)) - _N1
    return mask


@kernel
def count_rows(
    offsets: NDArray[np.int64],
    data: NDArray[np.uint8],
    entries: NDArray[np.uint64],
    counts: NDArray[np.int64],
) -> None:
    """Count the words of each row: pieces between ASCII separators, 64 bytes at a time.

    A piece of Latin letters, digits and `_` is one word; another is looked at by code point.
    """
    for row in range(np.uint64(len(counts))):
        at = np.uint64(offsets[row])
        end = np.uint64(offsets[row + _N1])
        total, inside, start = _N0, _N0, at
        risky = False  # whether the piece that is open must be looked at
        while at < end or inside:
            mask, risk = _N0, _N0
            if at < end:
                mask, risk = _word_mask(data, at, end), _risk_mask(data, at, end)
            shifted = (mask << _N1) | inside
            starts = mask & ~shifted
            ends = shifted & ~mask
            if not (risk or risky):
                total += ones(ends)
                inside = mask >> np.uint64(63)
                if inside and starts:
                    while starts & (starts - _N1):
                        starts &= starts - _N1
                    start = at + lowest_bit(starts)
                at += _N64
                continue
            while ends:
                stop = lowest_bit(ends)
                ends &= ends - _N1
                if not inside:
                    start = at + lowest_bit(starts)
                    starts &= starts - _N1
                inside = _N0
                before = (_N1 << stop) - _N1
                if risky or risk & before:
                    total += _count_piece(data, start, at + stop, entries)
                else:
                    total += _N1
                risk &= ~before
                risky = False
            if starts:
                start = at + lowest_bit(starts)
                inside = _N1
            if inside and risk:
                risky = True
            at += _N64
        counts[row] = np.int64(total)
