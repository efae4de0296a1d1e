"""The fast first look: which passages can need a repair at all.

All that makes `repair` act is written down as patterns of a few characters (ftfy's signs of
mojibake, what legacy encodings leave, letters that compose, characters that go). They are compiled
to one automaton over classes of characters, which a kernel runs over the bytes of an Arrow column.
A passage that is not flagged comes out of `repair` unchanged; a flagged one may, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.text.mojibake import EXTRA_SIGNS
from cleaner.text.repair import (
    CONDITIONAL,
    DEFAULT,
    JOINERS,
    RepairOptions,
    normal_form,
    replaced_characters,
)
from cleaner.text.tame import CLOSING, HATTED, MILD, SHARP, scan
from cleaner.text.tone import tone_signs
from cleaner.text.vietnamese import SIGNS as LEGACY_SIGNS

_SIZE = 0x20000  # planes 0 and 1 have a class each; beyond them lie `_OTHER` and `_BAD`
_OTHER, _BAD = 0x20000, 0x20001
_LEAD = 2  # a sign starts with so many ASCII characters at most
_START = "\n"  # stands before the first character of a passage

Chars: TypeAlias = NDArray[np.int64]
"""A set of characters: ascending code points, of planes 0 and 1 and the two pseudo characters."""


def suspects(text: pa.StringArray, options: RepairOptions = DEFAULT) -> NDArray[np.bool_]:
    """bool[len(text)]: whether `repair` may change the string; False is certain. No nulls.

    The passages of a document that was misread from a legacy encoding have a flag at least once.
    """
    flags = np.zeros(len(text), np.bool_)
    buffers = text.buffers()
    if not len(text) or buffers[2] is None:
        return flags
    offsets = np.frombuffer(buffers[1], np.int32)[text.offset : text.offset + len(text) + 1]
    machine = automaton(options)
    scan(
        np.frombuffer(buffers[2], np.uint8),
        offsets,
        machine.classes,
        machine.after,
        machine.start,
        machine.fresh,
        machine.stop,
        machine.tame,
        flags,
    )
    return flags


@dataclass(frozen=True, slots=True, eq=False)
class Automaton:
    """Finds the first sign.

    Attributes:
        classes: uint16[0x20002], class of each character.
        after: int32[states × classes], flat: the row of the next state; 0 is the state "found".
        start: row in which a passage starts.
        fresh: int32[128], row after an ASCII character with nothing of interest before it.
        stop: uint8[256], 1 for bytes that are not plain ASCII: lead bytes, single signs, and `&` if
        it matters.
        tame: whether tame text (see `cleaner.text.tame`) can hold no sign.
    """

    classes: NDArray[np.uint16]
    after: NDArray[np.int32]
    start: int
    fresh: NDArray[np.int32]
    stop: NDArray[np.uint8]
    tame: bool


@lru_cache(maxsize=8)
def automaton(options: RepairOptions) -> Automaton:
    """Compile the signs that matter under these options (about 0.2 s, once a process)."""
    paths = list(dict.fromkeys(_signs(options)))
    sets: dict[bytes, int] = {}
    chars: list[Chars] = []
    numbered: list[tuple[int, ...]] = []
    for path in paths:
        ids = []
        for key in path:
            if key not in sets:
                sets[key] = len(chars)
                chars.append(np.frombuffer(key, np.int64))
            ids.append(sets[key])
        numbered.append(tuple(ids))
    classes, members = _partition(chars)
    if any(
        sum(1 for _ in takewhile(lambda k: chars[k][0] < 0x80, path)) > _LEAD for path in numbered
    ):
        raise ValueError(
            "a sign of damage starts with more ASCII characters than the first look can skip"
        )
    count = int(classes.max()) + 1
    after = _determinize(numbered, members, count)
    fresh = after[count + classes[:128].astype(np.int64)]
    stop = np.ones(256, np.uint8)
    stop[:128] = fresh == 0
    stop[ord("&")] |= options.entities
    start = int(fresh[ord(_START)])
    return Automaton(
        classes, after, start, fresh, stop, _holds_no_sign(classes, after, start, stop)
    )


def _holds_no_sign(
    classes: NDArray[np.uint16], after: NDArray[np.int32], start: int, stop: NDArray[np.uint8]
) -> bool:
    """Walk the automaton over every text that is tame; True if none of them reaches "found"."""
    kinds = {
        "plain": "".join(chr(c) for c in range(128) if not stop[c] and c != ord(" ")),
        "space": " ",
        "mild": MILD,
        "sharp": SHARP,
        "hatted": HATTED,
        "closing": CLOSING,
    }
    symbols = {kind: {int(classes[ord(c)]) for c in chars} for kind, chars in kinds.items()}
    then = {
        "plain": {*kinds},
        "space": {*kinds},
        "mild": {"plain", "space", "mild"},
        "sharp": {"plain", "space", "mild"},
        "hatted": {"plain", "mild"},
        "closing": {"plain", "space"},
    }
    todo = [(start, "plain")]
    seen = set(todo)
    for state, kind in todo:
        for target in {(int(after[state + s]), k) for k in then[kind] for s in symbols[k]} - seen:
            if target[0] == 0:
                return False
            seen.add(target)
            todo.append(target)
    return True


def _signs(options: RepairOptions) -> Iterator[tuple[bytes, ...]]:
    """Each sign as a sequence of sets of characters."""
    yield (np.array([_BAD], np.int64).tobytes(),)
    for pattern, flags in _patterns(options):
        for path in _paths(_parse(pattern, flags)):
            yield tuple(chars.tobytes() for chars in path)


def _patterns(options: RepairOptions) -> Iterator[tuple[str, int]]:
    if options.mojibake:
        from ftfy.badness import BADNESS_RE

        yield BADNESS_RE.pattern, BADNESS_RE.flags
        for sign in EXTRA_SIGNS:
            yield sign, 0
    if options.legacy:
        yield from ((sign, 0) for sign in LEGACY_SIGNS)
    yield from ((sign, 0) for sign in tone_signs(options.tones))
    if options.controls:
        yield "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", 0
    if options.mojibake and options.line_ends:
        yield "\x85", 0
    if options.zero_width:
        joiners, scripts = JOINERS
        hidden = "".join(c for c in _expanded(CONDITIONAL) if c not in joiners)
        yield f"[{_class(hidden)}]", 0
        yield f"[^{scripts}][{joiners}]", 0
    if options.line_ends:
        yield "[\r\u2028\u2029]", 0
    if table := replaced_characters(options):
        yield f"[{_class(table)}]", 0
    if options.nfc:
        yield from ((p, 0) for p in _composing_signs())


def _composing_signs() -> Iterator[str]:
    form = normal_form()
    yield f"[{_class(form.changed)}]"
    marks = _class(c for chars in form.classes.values() for c in chars)
    alike: dict[frozenset[str], list[str]] = {}
    for second, firsts in form.seconds.items():
        alike.setdefault(firsts, []).append(second)
    for firsts, seconds in alike.items():
        yield f"[{_class(firsts)}][{_class(seconds)}]"
    yield f"[{marks}][{_class(c for c in form.seconds if c in marks)}]"
    order = sorted(form.classes)
    for low, high in pairwise(order):
        later = "".join(form.classes[k] for k in order if k >= high)
        yield f"[{_class(later)}][{_class(form.classes[low])}]"


def _expanded(ranges: str) -> str:
    """The characters of planes 0 and 1 in the inside of a regex class."""
    return "".join(chr(c) for c in _parse(f"[{ranges}]", 0)[0] if c < _SIZE)


def _class(chars: Any) -> str:
    """The inside of a regex class that holds these characters."""
    return "".join(re.escape(c) for c in sorted(set(chars)) if ord(c) < _SIZE)


# --- regular expressions to sequences of sets -----------------------------------------------------


def _parse(pattern: str, flags: int) -> Any:
    """The syntax tree of a pattern with each set resolved; see `_resolve`."""
    from re import _parser  # type: ignore[attr-defined]  # the only parser of Python's own dialect

    return _resolve(_parser.parse(pattern, flags))


def _resolve(tree: Any) -> list[Any]:
    """A tree as a list of nodes: sets of characters, and lists of alternatives (each a such list).

    Raises:
        ValueError: the pattern uses something else than sets, alternatives, groups and `?`.
    """
    nodes: list[Any] = []
    for operation, value in tree:
        match str(operation):
            case "LITERAL":
                nodes.append(np.array([value], np.int64))
            case "NOT_LITERAL":
                nodes.append(_complement(np.array([value], np.int64)))
            case "ANY":
                nodes.append(_complement(np.array([10], np.int64)))
            case "IN":
                nodes.append(_set(value))
            case "AT" if str(value) == "AT_BEGINNING":
                nodes.append(np.array([ord(_START)], np.int64))
            case "BRANCH":
                nodes.append([_resolve(branch) for branch in value[1]])
            case "SUBPATTERN":
                nodes.append([_resolve(value[3])])
            case "MAX_REPEAT" if value[0] == 0 and value[1] == 1:
                nodes.append([[], _resolve(value[2])])
            case other:
                raise ValueError(
                    f"a sign of damage uses {other}, which the first look cannot express"
                )
    return nodes


def _paths(nodes: list[Any]) -> Iterator[tuple[Chars, ...]]:
    """Every sequence of sets that the nodes allow."""
    if not nodes:
        yield ()
        return
    head, rest = nodes[0], list(_paths(nodes[1:]))
    if isinstance(head, np.ndarray):
        yield from ((head, *tail) for tail in rest)
        return
    for branch in head:
        for start in _paths(branch):
            yield from ((*start, *tail) for tail in rest)


def _set(items: Any) -> Chars:
    parts: list[Chars] = []
    negated = False
    for operation, value in items:
        match str(operation):
            case "LITERAL":
                parts.append(np.array([value], np.int64))
            case "RANGE":
                parts.append(np.arange(value[0], value[1] + 1, dtype=np.int64))
            case "NEGATE":
                negated = True
            case "CATEGORY" if str(value) in {"CATEGORY_WORD", "CATEGORY_SPACE"}:
                parts.append(_category("\\w" if str(value) == "CATEGORY_WORD" else "\\s"))
            case other:
                raise ValueError(
                    f"a sign of damage uses {other}, which the first look cannot express"
                )
    chars = np.unique(np.concatenate(parts))
    chars = chars[(chars < _SIZE) | (chars == _OTHER) | (chars == _BAD)]
    return _complement(chars) if negated else chars


def _complement(chars: Chars) -> Chars:
    return np.setdiff1d(np.arange(_BAD + 1, dtype=np.int64), chars)


@lru_cache(maxsize=2)
def _category(name: str) -> Chars:
    r"""Members of \w or \s; what lies beyond plane 1 may be letters."""
    found = re.findall(name, "".join(map(chr, range(_SIZE))))
    codes = [ord(c) for c in found]
    return np.array([*codes, _OTHER, _BAD] if name == "\\w" else codes, np.int64)


# --- sequences of sets to an automaton ------------------------------------------------------------


def _partition(sets: Sequence[Chars]) -> tuple[NDArray[np.uint16], list[list[int]]]:
    """Classes of characters that no set tells apart, and the classes that each set consists of."""
    label = np.zeros(_BAD + 1, np.int64)
    label[_BAD] = 1
    count = 2
    for chars in sets:
        present, inverse = np.unique(label[chars], return_inverse=True)
        label[chars] = count + inverse
        count += len(present)
    _, dense = np.unique(label, return_inverse=True)
    if dense.max() > np.iinfo(np.uint16).max:
        raise ValueError("more classes of characters than the first look can hold")
    return dense.astype(np.uint16), [np.unique(dense[chars]).tolist() for chars in sets]


def _determinize(
    paths: Sequence[tuple[int, ...]], members: Sequence[list[int]], classes: int
) -> NDArray[np.int32]:
    """Subset construction; a state is a set of (path, how far). Row 0: found; 1: nothing yet."""
    found: frozenset[tuple[int, int]] = frozenset({(-1, 0)})
    fresh: list[set[tuple[int, int]]] = [set() for _ in range(classes)]
    for number, path in enumerate(paths):
        for symbol in members[path[0]]:
            fresh[symbol].add((number, 1))
    first = [_state(items, paths, found) for items in fresh]
    rows: dict[frozenset[tuple[int, int]], int] = {found: 0, frozenset(): 1}
    todo = [frozenset[tuple[int, int]]()]
    table: list[list[int]] = [[0] * classes]
    for state in todo:
        ahead: dict[int, set[tuple[int, int]]] = {}
        for number, at in state:
            for symbol in members[paths[number][at]]:
                ahead.setdefault(symbol, set()).add((number, at + 1))
        row = []
        for symbol in range(classes):
            target = first[symbol]
            if symbol in ahead and target != found:
                target = _state(ahead[symbol] | target, paths, found)
            if target not in rows:
                rows[target] = len(rows)
                todo.append(target)
            row.append(rows[target])
        table.append(row)
    return (np.array(table, np.int64).ravel() * classes).astype(np.int32)


def _state(
    items: set[tuple[int, int]], paths: Sequence[tuple[int, ...]], found: frozenset[tuple[int, int]]
) -> frozenset[tuple[int, int]]:
    return found if any(at == len(paths[n]) for n, at in items) else frozenset(items)
