"""Pydantic's errors as faults to act on: place, key, what was expected, what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cleaner.config.overrides import Draft, Rank
from cleaner.config.yaml_source import KeyPath, Value, dotted
from cleaner.errors import Fault
from cleaner.registry import nearest

_PHRASES = {
    "string_type": "text",
    "path_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "none_required": "nothing",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_pattern_mismatch": "text that matches {pattern}",
}
"""Pydantic's error type → the noun phrase after "expected"."""
_QUOTED = re.compile(r"'([^']*)'")
_OLD_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})


def faults_of(
    error: ValidationError, model: type[BaseModel], data: Value, prefix: KeyPath, draft: Draft
) -> Iterator[tuple[Rank, Fault]]:
    """The faults of `data`, which stands at `prefix` in the draft; one for each bad value."""
    groups: dict[KeyPath, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False, include_context=True):
        if not _is_echo(detail):
            groups.setdefault(_path(detail, data), []).append(detail)
    for path, details in groups.items():
        whole, of_key = (*prefix, *path), details[0]["type"] == "extra_forbidden"
        expected, hint = _unknown(model, path) if of_key else _words(details)
        fault = Fault(draft.where(whole, of_key=of_key), dotted(whole), expected, hint)
        yield draft.rank(whole, of_key=of_key), fault


def _is_echo(detail: ErrorDetails) -> bool:
    """Whether another error is behind it: a default that needs a bad value, a list of bad items."""
    if detail["type"] == "default_factory_not_called":
        return True
    value = detail["input"]
    if detail["type"] != "too_short" or not isinstance(value, list | tuple):
        return False
    return len(value) >= int(detail["ctx"]["min_length"])


def _path(detail: ErrorDetails, data: Value) -> KeyPath:
    """The error's place in the data, without the tags that pydantic puts in for arms of a union."""
    path: list[str | int] = []
    here: Any = data
    loc = detail["loc"]
    for depth, part in enumerate(loc):
        is_item = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if is_item or (isinstance(here, dict) and part in here):
            here = here[part]
            path.append(part)
        elif depth == len(loc) - 1 and detail["type"] == "missing":
            path.append(part)
    return tuple(path)


def _words(details: list[ErrorDetails]) -> tuple[str, str]:
    """What was expected, and a hint, for one value; a union's arms are joined by "or"."""
    first = details[0]
    if first["type"] == "missing":
        return "this key is required", ""
    own = [
        str(d["ctx"]["error"]) for d in details if d["type"] in ("value_error", "assertion_error")
    ]
    if own:
        return f"{'; '.join(own)}, not {shown(first['input'])}", ""
    phrases = list(dict.fromkeys(_phrase(detail) for detail in details))
    return f"expected {' or '.join(phrases)}, not {shown(first['input'])}", _meant(details)


def _phrase(detail: ErrorDetails) -> str:
    template = _PHRASES.get(detail["type"])
    if template is None:
        return detail["msg"].removeprefix("Input should be ")
    return template.format_map(detail.get("ctx", {}))


def _meant(details: list[ErrorDetails]) -> str:
    value = details[0]["input"]
    if not isinstance(value, str):
        return ""
    if any(d["type"] == "bool_type" for d in details) and value.lower() in _OLD_BOOLEANS:
        return "in YAML 1.2 only true and false are booleans"
    choices = [
        name
        for detail in details
        if detail["type"] in ("literal_error", "enum")
        for name in _QUOTED.findall(str(detail["ctx"]["expected"]))
    ]
    close = nearest(value, choices)
    return f"did you mean {close!r}?" if close else ""


def _unknown(model: type[BaseModel], path: KeyPath) -> tuple[str, str]:
    names = _keys_at(model, path[:-1])
    close = nearest(str(path[-1]), names)
    if close:
        return "unknown key", f"did you mean {close!r}?"
    return "unknown key", f"known keys: {', '.join(names)}" if names else ""


def _keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys of the model (of all models, in a union) that validates the value at `path`."""
    models = [model]
    for part in path:
        if isinstance(part, str):
            fields = [_fields(m).get(part) for m in models]
            models = [found for field in fields if field for found in _models(field)]
    return list(dict.fromkeys(name for m in models for name in _fields(m)))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """YAML key → annotation."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


def shown(value: object) -> str:
    """A value as a message shows it: short, on one line, in YAML's words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, dict):
        return "a mapping"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
