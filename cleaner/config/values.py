"""Values of a config in their short and long forms: sizes, shares, names, paths.

Each checks what it gets and says, as a ValueError, what was expected.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

_UNITS = {
    "": 1,
    "B": 1,
    **{f"{p}B": 1000**n for n, p in enumerate("KMGT", start=1)},
    **{f"{p}IB": 1024**n for n, p in enumerate("KMGT", start=1)},
}
_SIZE = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,9}))?\s{0,4}([A-Za-z]{0,3})")
_SIZE_WORDS = 'a size such as 33554432, "512MB" or "1GiB"'
SLUG = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
"""Names that are safe as a folder on every system."""
_SPLIT_NAME = r"[a-z][a-z0-9_]{0,39}"


def parse_size(value: object) -> int:
    """Bytes from 33554432, "512MB" (10^6), "1.5GiB" (2^30); ValueError says what was expected."""
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    else:
        match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None or match[3].upper() not in _UNITS:
            raise ValueError(f"expected {_SIZE_WORDS}")
        whole, part, unit = match[1], match[2] or "", _UNITS[match[3].upper()]
        size = int(whole + part) * unit // 10 ** len(part)
    if not 1 <= size < 1 << 62:
        raise ValueError(f"expected {_SIZE_WORDS}, of at least one byte")
    return size


def format_size(size: int) -> int | str:
    """The shortest exact way to write a size: 33554432 → "32MiB"; a plain number if none is."""
    for power, prefix in ((4, "T"), (3, "G"), (2, "M"), (1, "K")):
        if size and size % 1024**power == 0:
            return f"{size // 1024**power}{prefix}iB"
    return size


def _size_or_auto(value: object) -> int | str:
    if value == "auto":
        return "auto"
    try:
        return parse_size(value)
    except ValueError as error:
        raise ValueError(f'{error}, or "auto"') from None


def _workers(value: object) -> int | str:
    if value == "auto" or (type(value) is int and 1 <= value <= 4096):
        return value
    raise ValueError('expected a whole number from 1 to 4096, or "auto"')


def _max_bad(value: object) -> int | float:
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, float) and math.isfinite(value) and 0.0 <= value <= 1.0:
        return value
    raise ValueError("expected a share from 0.0 to 1.0, or a whole number of records")


def _path(value: object) -> object:
    if isinstance(value, str) and ("\0" in value or not value.strip()):
        raise ValueError("expected a path, not empty text or text with a NUL character")
    return value


def run_name(value: object) -> object:
    """A name that is safe as a folder on every system."""
    if isinstance(value, str) and not re.fullmatch(SLUG[1:-1], value):
        raise ValueError(
            "expected up to 100 letters, digits, '.', '_' and '-', the first a letter or digit"
        )
    return value


def encoding_name(value: object) -> object:
    """An encoding that Python knows."""
    if isinstance(value, str):
        try:
            "a".encode(value)
        except (LookupError, ValueError):
            raise ValueError(
                "expected an encoding that Python knows, such as windows-1258"
            ) from None
    return value


def shares_by_name(value: object) -> object:
    """Shares by name, in the order of the names: the order of a mapping must not count."""
    if not isinstance(value, dict):
        return value
    for name, share in value.items():
        if not isinstance(name, str) or not re.fullmatch(_SPLIT_NAME, name) or name == "train":
            raise ValueError(
                "expected names of up to 40 small letters, digits and '_', not `train` (the rest)"
            )
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            raise ValueError("expected shares above 0 and below 1, such as {validation: 0.01}")
    if sum(value.values()) >= 1:
        raise ValueError("expected shares of less than 1 together: the rest is `train`")
    return {name: float(value[name]) for name in sorted(value)}


def one_or_more(value: object) -> object:
    """One name stands for a list of it."""
    return [value] if isinstance(value, str) else value


_SIZE_SCHEMA: dict[str, Any] = {"type": ["integer", "string"], "examples": ["32MiB"]}
Size: TypeAlias = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(format_size, return_type=int | str),
    WithJsonSchema(_SIZE_SCHEMA),
]
SizeOrNone: TypeAlias = Annotated[
    int | None,
    BeforeValidator(lambda value: None if value is None else parse_size(value)),
    PlainSerializer(
        lambda size: None if size is None else format_size(size), return_type=int | str | None
    ),
    WithJsonSchema({"anyOf": [_SIZE_SCHEMA, {"type": "null"}]}),
]
SizeOrAuto: TypeAlias = Annotated[
    int | Literal["auto"],
    BeforeValidator(_size_or_auto),
    PlainSerializer(
        lambda size: size if isinstance(size, str) else format_size(size), return_type=int | str
    ),
    WithJsonSchema(_SIZE_SCHEMA | {"examples": ["4GiB", "auto"]}),
]
Workers: TypeAlias = Annotated[
    int | Literal["auto"],
    BeforeValidator(_workers),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 4096}, {"const": "auto"}]}
    ),
]
MaxBad: TypeAlias = Annotated[
    int | float, BeforeValidator(_max_bad), WithJsonSchema({"type": "number", "minimum": 0})
]
HttpStatus: TypeAlias = Annotated[int, Field(ge=100, le=999)]
PathText: TypeAlias = Annotated[str, BeforeValidator(_path)]
