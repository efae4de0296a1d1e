"""Where the processor time of a deduplication goes: by phase, and what its promises cost.

    python -m benchmarks.dedup.split CORPUS.parquet

The job is that of `benchmarks.dedup.run`, on one core, in this process. The second table is of what
a program could leave out that only drops copies: hashes, originals, ids, the ledger and its proof,
the reports. Its rows lie within the phases of the first, and do not overlap. Functions are timed
from outside; nothing in the package knows of it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

PROMISES = (
    ("cleaner.io.columns", "digests", "hashing: sha256 of each original"),
    ("cleaner.io.store", "hash_file", "hashing: checksums of what phases hand on"),
    ("cleaner.engine.publish", "_facts", "hashing: checksums of the output"),
    ("cleaner.engine.locate.Locator", "find", "ids of documents and of those that stay"),
    ("cleaner.io.output", "ledger_rows", "ledger: its rows"),
    ("cleaner.engine.write_task", "_prove", "ledger: proof that every original comes back"),
    ("cleaner.io.output", "pair_rows", "duplicates: pairs and clusters"),
    ("cleaner.io.output", "cluster_rows", "duplicates: pairs and clusters"),
    ("cleaner.io.output", "corpus_rows", "columns of provenance"),
    ("cleaner.engine.publish", "write_page", "report for people"),
)
"""Functions, and what they are for."""
FILES = {"before": "ledger: its Parquet", None: "duplicates: pairs and clusters"}
"""The same of Parquet files, by their column of text."""
ORIGINALS = "originals: kept between phases"


class Clock:
    """Processor seconds by label; time within a nested label counts for that one alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def on(self, label: str) -> Iterator[None]:
        """Count what happens in here."""
        self._turn()
        self._open.append(label)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def _turn(self) -> None:
        now = time.process_time()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now

    def around(self, function: Callable[..., Any], label: str) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*values: Any, **named: Any) -> Any:
            with self.on(label):
                return function(*values, **named)

        return timed


class _Timed:
    """An Arrow writer whose batches are timed."""

    def __init__(self, writer: Any, clock: Clock) -> None:
        self.write_batch = clock.around(writer.write_batch, ORIGINALS)


def _owner(path: str) -> Any:
    """A module, or a class of one."""
    module, _, name = path.rpartition(".")
    if name[:1].isupper():
        return getattr(importlib.import_module(module), name)
    return importlib.import_module(path)


def watch(clock: Clock, stack: ExitStack) -> None:
    """Time the functions until the stack is closed."""
    from cleaner.engine import read_task
    from cleaner.io.output import RowGroups

    for path, name, label in PROMISES:
        owner = _owner(path)
        stack.enter_context(patch.object(owner, name, clock.around(getattr(owner, name), label)))
    plain = read_task.sealed_writer

    @contextmanager
    def sealed_writer(path: Path, schema: Any, **how: Any) -> Iterator[Any]:
        with plain(path, schema, **how) as writer:
            yield _Timed(writer, clock)

    stack.enter_context(patch.object(read_task, "sealed_writer", sealed_writer))
    for method in ("write", "close"):
        function = getattr(RowGroups, method)

        def timed(self: Any, *rows: Any, _function: Any = function) -> None:
            label = FILES.get(self._text)
            if label is None:
                _function(self, *rows)
                return
            with clock.on(label):
                _function(self, *rows)

        stack.enter_context(patch.object(RowGroups, method, timed))


def phase_seconds(work: Path) -> dict[str, float]:
    """Processor seconds of each phase's tasks."""
    found: dict[str, float] = defaultdict(float)
    for path in sorted(work.glob("[0-9][0-9]-*/[0-9]*.json")):
        found[path.parent.name] += json.loads(path.read_bytes())["seconds"]["_cpu"]
    return dict(found)


def table(title: str, seconds: dict[str, float], whole: float) -> str:
    """Rows of label, seconds, share of the whole."""
    lines = [f"| {title} | CPU s | share |", "|---|--:|--:|"]
    lines += [f"| {n} | {s:.2f} | {s / whole:.0%} |" for n, s in seconds.items()]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", type=Path, help="Parquet with `id` and `text`")
    parser.add_argument("--threshold", type=float, default=0.7)
    args = parser.parse_args(arguments)

    from cleaner.config.load import parse
    from cleaner.engine.driver import run

    with tempfile.TemporaryDirectory(prefix="cleaner-split-") as folder, ExitStack() as stack:
        config = {
            "name": "split",
            "input": [str(args.corpus)],
            "output": f"{folder}/run",
            "keep_work": True,
            "read": {"id_column": "id"},
            "engine": "inline",
            "stages": [{"use": "near_duplicates", "threshold": args.threshold}],
        }
        settings = parse(json.dumps(config), "split")  # JSON is YAML
        clock = Clock()
        watch(clock, stack)
        started = time.process_time()
        report = run(settings)
        whole = time.process_time()
        phases = phase_seconds(Path(folder) / "run" / "work")
    phases = {"start: Python and its packages": started, **phases}
    phases["driver, report, publishing"] = whole - sum(phases.values())
    print(f"{report.corpus['documents']:,} documents stay; {whole:.2f} CPU s in all\n")
    print(table("phase", phases, whole))
    print()
    promises = dict(sorted(clock.seconds.items()))
    print(table("promise", promises | {"together": sum(promises.values())}, whole))


if __name__ == "__main__":
    main()
