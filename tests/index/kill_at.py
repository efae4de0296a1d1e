"""A writer that dies: python -m tests.index.kill_at NUMBER build|add|compact INDEX RUN….

It dies before the NUMBER-th time that it syncs a file, gives one its name, or removes one; with 0
it runs to the end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cleaner.index.corpus import open_corpus
from cleaner.index.store import compact
from cleaner.stages.near_duplicates import NearDuplicates
from tests.index.corpora import add, build

STAGE = NearDuplicates(threshold=0.6, ngram=3)


def main() -> None:
    """Set the trap, then write."""
    left = [int(sys.argv[1])]

    def trap(function: Callable[..., Any]) -> Callable[..., Any]:
        def deadly(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return deadly

    os.fsync = trap(os.fsync)
    Path.replace = trap(Path.replace)  # type: ignore[method-assign]
    Path.unlink = trap(Path.unlink)  # type: ignore[method-assign]
    what, index = sys.argv[2], Path(sys.argv[3])
    corpora = [open_corpus(Path(run)) for run in sys.argv[4:]]
    if what == "build":
        build(index, STAGE, *corpora, replace=True)
    elif what == "add":
        add(index, STAGE, *corpora)
    else:
        compact(index)


if __name__ == "__main__":
    main()
