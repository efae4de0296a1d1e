"""Errors that a user can meet, and the exit code of each.

    CleanerError                 1  the run failed
    ├── ConfigError              2  the config, or the command line, is wrong; all faults at once
    ├── InputError               2  nothing to read, or the input cannot be opened at all
    ├── TooManyBadRecords        3  more records in quarantine than `max_bad` allows
    ├── LockedError              1  another run holds the output folder
    ├── IntegrityError           1  a file is not what its manifest says
    ├── BalanceError             1  in ≠ out + dropped + quarantined: our fault, not the data's
    ├── EditError                1  a stage returned edits that overlap or lie outside their passage
    └── WorkerDied               1  a worker process was killed again and again

A message says what happened, where, what was expected, and what to do next. Errors about one record
never reach this tree: they become rows of `quarantine/`.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DETAIL_LIMIT = 500
"""Characters of an error that a quarantine row holds."""
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
"""Where an object lay in memory: never twice the same."""


class CleanerError(Exception):
    """Base of all; `exit_code` is what the command line returns."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a config: where (`file:line:column`), which key, what was expected, a hint."""

    where: str
    key: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        text = (
            f"{self.where}: {self.key}: {self.expected}"
            if self.key
            else f"{self.where}: {self.expected}"
        )
        return f"{text} ({self.hint})" if self.hint else text


class ConfigError(CleanerError):
    """All faults of a config, one a line."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class InputError(CleanerError):
    """There is nothing to read, or it cannot be opened."""

    exit_code = 2


class TooManyBadRecords(CleanerError):  # noqa: N818  a count, not a fault of the program
    """The share of quarantined records is above `max_bad`."""

    exit_code = 3


class LockedError(CleanerError):
    """Another process works in the same output folder."""


class IntegrityError(CleanerError):
    """A file is missing, truncated or changed since it was committed."""


class BalanceError(CleanerError):
    """The books of a stage do not balance; the run's output is not published."""


class EditError(CleanerError):
    """A stage returned edits that are empty, overlap, or lie outside their passage."""


class WorkerDied(CleanerError):  # noqa: N818  says what happened
    """Worker processes were killed repeatedly; usually the machine ran out of memory."""


def describe(error: BaseException) -> str:
    """An error in words that are the same on every machine: no paths, no addresses; valid UTF-8."""
    try:
        said = str(error)
    except Exception as failure:  # noqa: BLE001  an error of someone else's may fail at that, too
        said = f"({type(failure).__name__} while it was put into words)"
    said = _ADDRESS.sub("0x…", said)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    text = f"{type(error).__name__}: {said}"
    if len(text) > DETAIL_LIMIT:
        text = text[: DETAIL_LIMIT - 1] + "…"
    return (text + place).encode("utf-8", "backslashreplace").decode()
