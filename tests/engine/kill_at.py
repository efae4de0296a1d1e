"""A run that dies at a named point: python -m tests.engine.kill_at POINT NUMBER CONFIG.

POINT is `manifest` (a task's files are named, its manifest is not yet written), `named` (before the
first of a task's files gets its name), `publish` (a folder of the output was removed, the new one
is not there), `published` (all is in place, the staging folder is left). It dies the NUMBER-th
time. `never` runs to the end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cleaner.config.load import load
from cleaner.engine import publish
from cleaner.engine.driver import run
from cleaner.errors import CleanerError
from cleaner.io import store


def die_before(function: Callable[..., Any], matters: Callable[..., bool], number: int) -> Any:
    """The function, but for the number-th call that matters."""
    left = [number]

    def deadly(*arguments: Any) -> Any:
        left[0] -= matters(*arguments)
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)

    return deadly


def main() -> None:
    """Set the trap, then run."""
    point, number, config = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if point == "manifest":
        store.write_json = die_before(store.write_json, lambda path, _: path.stem.isdigit(), number)
    elif point == "named":
        store._sync = die_before(store._sync, lambda _: True, number)
    elif point == "publish":
        Path.rename = die_before(  # type: ignore[method-assign]
            Path.rename, lambda path, _: path.parent.name == "publish", number
        )
    elif point == "published":
        deadly = die_before(store.clear, lambda _: True, number + len(publish.FOLDERS) + 1)
        publish.clear = deadly  # type: ignore[attr-defined]  # the name that it uses
    try:
        run(load(config))
    except CleanerError as error:
        print(f"{type(error).__name__}: {error}")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
