"""Labelled texts for `cleaner eval`: JSON lines, plain or compressed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from cleaner.errors import InputError

Command = TypeVar("Command", bound=Callable[..., Any])


def gold_files(command: Command) -> Command:
    """The argument FILES of a command."""
    argument = click.argument(
        "files",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        nargs=-1,
        required=True,
    )
    return argument(command)


def rows_of(files: Sequence[Path], *fields: set[str]) -> Iterator[dict[str, Any]]:
    """The rows of all files; each has all fields of one of the sets.

    Raises:
        InputError: a file cannot be read, or a line is not such a row.
    """
    for file in files:
        for number, line in enumerate(_lines(file), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(f"{file}:{number}: not JSON: {error}") from error
            if not isinstance(row, dict) or not any(names <= row.keys() for names in fields):
                wanted = " or ".join(", ".join(sorted(names)) for names in fields)
                raise InputError(f"{file}:{number}: expected an object with {wanted}")
            yield row


def _lines(file: Path) -> Iterator[bytes]:
    """Lines of a file that may be compressed."""
    import pyarrow as pa

    compression = {".gz": "gzip", ".zst": "zstd"}.get(file.suffix)
    try:
        with pa.input_stream(str(file), compression=compression) as stream:
            yield from stream.read().split(b"\n")
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{file}: {error}") from error
