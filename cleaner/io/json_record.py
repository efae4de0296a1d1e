"""One line of JSONL: strict JSON, whose numbers keep their digits.

Python's parser is lenient where other tools are not (NaN, a key twice) and makes 0.1 of 0.10. Here
the first two are faults, and a line with a number that would change is parsed once more with its
numbers as text.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from cleaner.io.json_text import TextFinder
from cleaner.io.records import ReadOptions

MAX_DEPTH = 100
"""Lists and objects may be nested so deep; far less than what any stack holds, so that it is the
same everywhere."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_MINUS_ZERO = re.compile(r"-0(?=[\s,}\]])")  # as an integer of Python it loses its sign


class BadJson(ValueError):  # noqa: N818  what the line is
    """A line that cannot be used; `reason` is short and countable, `detail` says what is wrong."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class Fields(NamedTuple):
    """What a record holds; `utf8` is its text, of so many code points."""

    utf8: bytes
    chars: int
    source_id: str | None
    url: str | None
    date: str | None
    meta: str | None

    @property
    def text(self) -> str:
        """The text."""
        return self.utf8.decode()


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written."""

    literal: str


class _WouldChange(Exception):  # noqa: N818  leads to the second way of parsing
    """A number does not survive being a float."""


def parse_line(line: str, options: ReadOptions) -> Fields:
    """Read one line as a record.

    The id, URL and date may be numbers; what is neither text nor number stays in `meta`, as do all
    other fields: one JSON object, keys sorted, characters not escaped, numbers as written.

    Raises:
        BadJson: 'bad_json', 'duplicate_key', 'too_deep', 'not_an_object', 'missing_text',
            'text_not_string', 'lone_surrogate'.
    """
    try:
        record = _parse(line)
    except json.JSONDecodeError as error:
        if _nesting(line) > MAX_DEPTH:
            raise _too_deep() from None
        raise BadJson("bad_json", f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise _too_deep() from None
    if line.count("{") + line.count("[") > MAX_DEPTH and _is_deep(record):
        raise _too_deep()
    if not isinstance(record, dict):
        raise BadJson("not_an_object", f"a JSON object was expected, not {_kind(record)}")
    utf8, chars = _take_text(record, options.text_column)
    source_id = _take_name(record, options.id_column)
    url = _take_name(record, options.url_column)
    date = _take_name(record, options.date_column)
    meta = dump(record) if record and options.keep_meta else None
    return Fields(utf8, chars, source_id, url, date, meta)


def parse_bytes(line: bytes | bytearray, options: ReadOptions, finder: TextFinder) -> Fields:
    """Read one line of UTF-8 as a record, as `parse_line` does, but faster.

    Raises:
        BadJson: see there.
        UnicodeDecodeError: it is not UTF-8.
    """
    found = finder.find(line)
    if found is not None:
        try:
            rest = parse_line((line[: found.start] + line[found.end :]).decode(), options)
        except (BadJson, UnicodeDecodeError):
            pass  # the whole line tells what is wrong, and where
        else:
            return rest._replace(utf8=found.utf8, chars=found.chars)
    return parse_line(line.decode(), options)


def dump(value: object) -> str:
    """JSON on one line: keys sorted, nothing escaped that need not be, no spaces."""
    try:
        text = _ENCODER.encode(value)
    except TypeError:
        text = "".join(_pieces(value))
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint for a missing name: the one that looks like it, and some of those there are."""
    known = sorted({str(n) for n in names})
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; the nearest is {close[0]!r}" if close else ""
    shown = ", ".join(map(repr, known[:10])) + (", …" if len(known) > 10 else "")
    return f"there is no {name!r}{hint}; there is: {shown or 'nothing'}"


def _parse(line: str) -> object:
    """The value of a line; with the numbers as text if some would change."""
    try:
        if "-0" not in line or not _MINUS_ZERO.search(line):
            return _FAST.decode(line)
    except _WouldChange:
        pass
    except (json.JSONDecodeError, BadJson):
        raise
    except ValueError:  # an integer of more digits than Python converts
        pass
    return _EXACT.decode(line)


def _is_deep(value: object) -> bool:
    """Whether a value has more than `MAX_DEPTH` levels."""
    level = [value]
    for _ in range(MAX_DEPTH):
        items: list[object] = []
        for container in level:
            if isinstance(container, dict):
                items.extend(container.values())
            elif isinstance(container, list):
                items.extend(container)
        level = [item for item in items if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _nesting(line: str) -> int:
    """How deep the brackets of a line go, also of one that is not JSON."""
    depth = deepest = 0
    for match in _BRACKETS.finditer(line):
        bracket = match.group()[0]
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def _too_deep() -> BadJson:
    return BadJson("too_deep", f"lists or objects are nested more than {MAX_DEPTH} deep")


def _take_text(record: dict[str, object], column: str) -> tuple[bytes, int]:
    """Remove and give the text as UTF-8, and its code points; BadJson if it is none."""
    if column not in record:
        raise BadJson("missing_text", nearest(column, record))
    text = record.pop(column)
    if not isinstance(text, str):
        raise BadJson("text_not_string", f"{column!r} is {_kind(text)}, not a string")
    try:
        return text.encode(), len(text)
    except UnicodeEncodeError as error:
        detail = f"{column!r} has half a surrogate pair at character {error.start}"
        raise BadJson("lone_surrogate", detail) from None


def _take_name(record: dict[str, object], column: str | None) -> str | None:
    """Remove and give a field that is a text, a number or null; others stay."""
    if column is None or column not in record:
        return None
    value = record[column]
    if value is None:
        del record[column]
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Number):
        return None
    name = value if isinstance(value, str) else dump(value)
    if not name.isascii() and _SURROGATE.search(name):
        return None
    del record[column]
    return name


def _kind(value: object) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, Number | int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"


def _exact_float(literal: str) -> float:
    value = float(literal)
    if repr(value) != literal:
        raise _WouldChange
    return value


def _no_constant(name: str) -> NoReturn:
    raise BadJson("bad_json", f"{name} is not JSON")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object from its pairs; BadJson if a key comes twice."""
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise BadJson("duplicate_key", f"the key {twice!r} comes twice in one object")
    return value


def _pieces(value: object) -> Iterable[str]:
    """As `_ENCODER`, for values with numbers as text."""
    if isinstance(value, Number):
        yield value.literal
    elif isinstance(value, dict):
        opening = "{"
        for key in sorted(value):
            yield f"{opening}{_ENCODER.encode(key)}:"
            yield from _pieces(value[key])
            opening = ","
        yield "}" if value else "{}"
    elif isinstance(value, list):
        opening = "["
        for item in value:
            yield opening
            yield from _pieces(item)
            opening = ","
        yield "]" if value else "[]"
    else:
        yield _ENCODER.encode(value)


_FAST = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_exact_float, parse_constant=_no_constant
)
_EXACT = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=Number,
    parse_int=Number,
    parse_constant=_no_constant,
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
