"""The fuzzers for longer than tests may take.

    nice python -m tests.faults.fuzz --cpu-seconds 3600 --seed 1

Half of the time goes to the readers, half to whole runs. A crash, an error, books that do not
balance, or a call that takes over five minutes end it with what was drawn, and an exit code.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.faults.test_fuzz import READERS, RUNS, fuzz, read_all, run_all

HANG = 300
"""Seconds of one call after which it is taken for hung."""


def watched(what: Callable[..., None]) -> Callable[..., None]:
    """The function; where it hangs, a traceback and the end."""

    def call(*arguments: Any, **values: Any) -> None:
        faulthandler.dump_traceback_later(HANG, exit=True, file=sys.stderr)
        try:
            what(*arguments, **values)
        finally:
            faulthandler.cancel_dump_traceback_later()

    return call


def main() -> None:
    """Fuzz, and say how often."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cpu-seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for name, what, drawn in (("inputs read", read_all, READERS), ("runs", run_all, RUNS)):
        end = time.process_time() + args.cpu_seconds / 2
        started = time.process_time()
        calls = fuzz(lambda end=end: time.process_time() < end, watched(what), args.seed, **drawn)
        took = time.process_time() - started
        print(
            f"{calls:,} {name} in {took:.0f} CPU seconds from seed {args.seed}: all well",
            flush=True,
        )


if __name__ == "__main__":
    main()
