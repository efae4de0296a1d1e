"""Sentences: lines cut after end marks, by rules that need no model and know no language.

A sentence ends at an end mark with the marks and closing quotes behind it, and takes the spaces
that follow; a line end always ends one. `。！？` end one by themselves, other marks only before a
space and something that is no small letter. A single full stop ends none after an initial, after
the number of a list item, or after a known abbreviation. Where that is unsure the text stays
together: a sentence too long costs less than one cut in two.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import column, kernel
from cleaner.text.utf8 import code_point

_TABLE = 0x10000
_OTHER, _MARK, _WIDE_MARK, _CLOSER, _SPACE, _SMALL, _DIGIT, _LETTER = range(8)
_DOT = 0x2E
_MOST_BYTES = 8
_ABBREVIATIONS = (
    "mr mrs ms dr prof st sr jr vs no nos fig figs gen col lt capt sgt rev sen rep gov hon mt dept",
    "est al approx ca cf ed eds vol pp nr hr fr str bzw usw abb mme mlle mm sra srta dra ud uds",
    "lic ing arq tp ths ts pgs gs bs ks kts nsnd ul np tzw św jl bpk kec kab drs",
    "г гг ул им тыс млн млрд руб стр рис проф акад др см",
)
"""Words that a full stop follows within a sentence, in small letters; of up to eight bytes."""


@lru_cache(maxsize=1)
def _classes() -> NDArray[np.uint8]:
    """What each code point of the first plane is, uint8[0x10000]."""
    table = np.zeros(_TABLE, np.uint8)
    kinds = {"Ll": _SMALL, "Lu": _LETTER, "Lt": _LETTER, "Lo": _LETTER, "Nd": _DIGIT}
    for point in range(_TABLE):
        table[point] = kinds.get(unicodedata.category(chr(point)), _OTHER)
    for marks, kind in (
        (".!?…؟।॥۔։။៕", _MARK),
        ("。！？｡", _WIDE_MARK),
        ("\"'’”»›)]}」』）】》〉", _CLOSER),
        (" \t\u00a0\u2009\u202f\u3000", _SPACE),
    ):
        table[[ord(mark) for mark in marks]] = kind
    return column(table, np.uint8)


@lru_cache(maxsize=1)
def _abbreviations() -> NDArray[np.uint64]:
    """The abbreviations as numbers of up to eight bytes, sorted."""
    words = (word.encode() for line in _ABBREVIATIONS for word in line.split())
    packed = {int.from_bytes(word, "big") for word in words if len(word) <= _MOST_BYTES}
    return column(np.array(sorted(packed), np.uint64), np.uint64)


def cut_sentences(
    data: NDArray[np.uint8],
    ends: NDArray[np.int32],
    end: NDArray[np.int64],
    first: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Cut lines into sentences.

    Args:
        data: UTF-8, uint8[bytes].
        ends: int32[lines + 1], where lines begin and end, in bytes.
        end: int64[lines], where lines end, in code points from the start of their document.
        first: int64[documents + 1], the lines of each document; changed to its sentences.

    Returns:
        The same as `ends` and `end`, of the sentences.
    """
    lines = int(first[-1])
    tables = (_classes(), _abbreviations())
    count = int(_sentences(data, ends, end, first, *tables, np.empty(0, np.int32), _NONE, _NONE))
    new_ends, new_end = np.empty(count + 1, np.int32), np.empty(count, np.int64)
    new_first = np.zeros(len(first), np.int64)
    new_ends[0] = ends[0] if lines else 0
    _sentences(data, ends, end, first, *tables, new_ends, new_end, new_first)
    first[:] = new_first
    return new_ends, new_end


_NONE = np.empty(0, np.int64)


@kernel
def _sentences(
    data: Any,
    ends: Any,
    end: Any,
    first: Any,
    classes: Any,
    abbreviations: Any,
    new_ends: Any,
    new_end: Any,
    new_first: Any,
) -> Any:
    """Count the sentences; write them, too, if the arrays for them are not empty."""
    is_written = new_ends.size > 0
    k = 0
    for document in range(first.size - 1):
        if is_written:
            new_first[document] = k
        chars = np.int64(0)
        for line in range(first[document], first[document + 1]):
            p, stop = np.int64(ends[line]), np.int64(ends[line + 1])
            begin = p
            while p < stop:
                point, after = code_point(data, p, stop)
                kind = classes[point] if point < _TABLE else _OTHER
                p, chars = after, chars + 1
                if kind not in (_MARK, _WIDE_MARK):
                    continue
                dot, is_wide = after - 1, kind == _WIDE_MARK
                is_single = point == _DOT
                while p < stop:
                    point, after = code_point(data, p, stop)
                    kind = classes[point] if point < _TABLE else _OTHER
                    if kind not in (_MARK, _WIDE_MARK, _CLOSER):
                        break
                    is_wide = is_wide or kind == _WIDE_MARK
                    is_single = False
                    p, chars = after, chars + 1
                spaces = 0
                while p < stop:
                    point, after = code_point(data, p, stop)
                    kind = classes[point] if point < _TABLE else _OTHER
                    if kind != _SPACE:
                        break
                    spaces += 1
                    p, chars = after, chars + 1
                if p >= stop or point in (0x0A, 0x0D, 0x2028, 0x2029):
                    continue
                if not is_wide and (spaces == 0 or kind == _SMALL):
                    continue
                if is_single and _is_short(data, begin, dot, classes, abbreviations):
                    continue
                if is_written:
                    new_ends[k + 1], new_end[k] = p, chars
                k += 1
                begin = p
            if is_written:
                new_ends[k + 1], new_end[k] = ends[line + 1], end[line]
            k += 1
            chars = end[line]
    if is_written:
        new_first[first.size - 1] = k
    return k


@kernel
def _is_short(data: Any, begin: Any, dot: Any, classes: Any, abbreviations: Any) -> Any:
    """Whether the full stop at `dot` belongs to an initial, a list item or an abbreviation."""
    at = dot
    while at > begin and data[at - 1] not in (0x20, 0x09, 0x28, 0x22, 0x2E, 0x5B, 0xA0):
        at -= 1
    letters, digits, packed = 0, 0, np.uint64(0)
    p = at
    while p < dot:
        point, after = code_point(data, p, dot)
        kind = classes[point] if point < _TABLE else _OTHER
        letters += kind in (_SMALL, _LETTER)
        digits += kind == _DIGIT
        p = after
    for place in range(at, dot):
        byte = np.uint64(data[place])
        small = byte | np.uint64(0x20) if 0x41 <= data[place] <= 0x5A else byte
        packed = (packed << np.uint64(8)) | small
    if letters == 1 and digits == 0:
        return True
    if letters == 0 and digits > 0:
        return at == begin
    if dot - at > _MOST_BYTES:
        return False
    found = np.searchsorted(abbreviations, packed)
    return found < abbreviations.size and abbreviations[found] == packed
