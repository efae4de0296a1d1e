"""Columns of foreign Parquet files as texts, names and JSON."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.io.json_record import Number, dump

_ESCAPED = r'["\\\x00-\x1f]'
"""What JSON escapes in a string."""
Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type can be the text: strings or bytes, also as a dictionary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return _is_string(kind) or _is_binary(kind)


def is_name(kind: pa.DataType) -> bool:
    """Whether a column of this type can be an id, a URL or a date."""
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    return is_text(kind) or is_number or pa.types.is_timestamp(kind) or pa.types.is_date(kind)


def byte_lengths(column: pa.Array) -> Ints:
    """Bytes of each text, 0 for null; what a dictionary repeats is not written out."""
    if pa.types.is_dictionary(column.type):
        lengths = byte_lengths(column.dictionary)
        indices = pc.fill_null(column.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
        repeated: Ints = np.append(lengths, 0)[indices]
        return repeated
    if not pa.types.is_string_view(column.type) and not pa.types.is_binary_view(column.type):
        lengths = pc.fill_null(pc.binary_length(column), 0)
        return np.asarray(lengths.to_numpy(zero_copy_only=False), np.int64)
    return byte_lengths(column.cast(pa.large_binary()))


def as_bytes(column: pa.Array) -> pa.Array:
    """A text column as `binary`, whatever it was."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column if column.type == pa.binary() else column.cast(pa.binary())


def invalid_rows(column: pa.Array) -> Mask:
    """Which rows of a `binary` column are not UTF-8, one by one."""
    return np.array([not _is_utf8(value.as_buffer()) for value in column], np.bool_)


def digests(column: pa.Array) -> pa.Array:
    """The sha256 of each text of a `binary` or `string` column without nulls."""
    _, offsets, data = column.buffers()
    size = len(column)
    if size == 0:
        return pa.array([], pa.binary(32))
    edges = np.frombuffer(offsets, np.int32)[column.offset : column.offset + size + 1].tolist()
    view = memoryview(data) if data is not None else memoryview(b"")
    sha256 = hashlib.sha256
    joined = b"".join([sha256(view[low:high]).digest() for low, high in pairwise(edges)])
    return pa.Array.from_buffers(pa.binary(32), size, [None, pa.py_buffer(joined)])


def name_texts(column: pa.Array) -> pa.Array:
    """An id, a URL or a date as `binary`: texts as they are, times in ISO 8601 (UTC if zoned)."""
    if is_text(column.type):
        return as_bytes(column)
    return _number_or_time_texts(column).cast(pa.binary())


def json_values(column: pa.Array) -> Sequence[object]:
    """Values that `json_record.dump` can write.

    Times become ISO 8601 texts, bytes base64, NaN and infinities their names, decimals numbers.

    Raises:
        UnicodeDecodeError: a string is not UTF-8.
    """
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind):
        return list(_number_or_time_texts(column).to_pylist())
    values: list[Any] = column.to_pylist()
    if _is_string(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return values
    return [_plain(value) for value in values]


def json_objects(names: Sequence[str], columns: Sequence[pa.Array]) -> list[str] | pa.Array:
    """One JSON object a row.

    Raises:
        UnicodeDecodeError: a string in some row is not UTF-8.
    """
    plain = [_plain_json(column) for column in columns]
    if all(texts is not None for texts in plain):
        parts: list[Any] = []
        for name, texts in sorted(zip(names, plain, strict=True), key=lambda pair: pair[0]):
            parts += [_text(f"{',' if parts else '{'}{dump(name)}:"), texts]
        return pc.binary_join_element_wise(*parts, _text("}"), _text(""))
    values = [json_values(column) for column in columns]
    return [dump(dict(zip(names, row, strict=True))) for row in zip(*values, strict=True)]


def _plain_json(column: pa.Array) -> pa.Array | None:
    """Whole numbers, and strings of which nothing need be escaped, as JSON; None for others."""
    kind = column.type
    if pa.types.is_integer(kind):
        return pc.fill_null(column.cast(pa.string()), _text("null"))
    if kind not in (pa.string(), pa.large_string()):
        return None
    try:
        texts = column.cast(pa.string())
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return None
    if pc.any(pc.match_substring_regex(texts, _ESCAPED)).as_py():
        return None
    quoted = pc.binary_join_element_wise(_text('"'), texts, _text('"'), _text(""))
    return pc.fill_null(quoted, _text("null"))


def _text(value: str) -> pa.Scalar:
    return pa.scalar(value, pa.string())


def _number_or_time_texts(column: pa.Array) -> pa.Array:
    """Numbers and times as strings."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        utc = column.cast(pa.timestamp(kind.unit)).cast(pa.string())
        return pc.binary_join_element_wise(utc, "Z", "")
    return column.cast(pa.string())


def _plain(value: object) -> object:
    """A value of Arrow as one of JSON."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Decimal):
        return Number(str(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)


def _is_string(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_binary(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))


def _is_utf8(data: pa.Buffer | None) -> bool:
    try:
        str(memoryview(data or b""), "utf-8")
    except UnicodeDecodeError:
        return False
    return True
