"""What a machine has for runs: versions, processors, memory, disk, compiled code."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import cleaner

PACKAGES = (
    "pyarrow", "numpy", "numba", "llvmlite", "ftfy", "google-re2", "py3langid", "langdetect",
    "phonenumberslite", "pydantic", "rich", "Jinja2",
)  # fmt: skip
STAGES = (
    "unicode", "repeats", "noise", "repeated_passages", "language", "exact_duplicates",
    "near_duplicates",
)  # fmt: skip
LITTLE_DISK = 5 << 30
LITTLE_MEMORY = 2 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination; `problem` says what to do, or is empty."""

    what: str
    value: str
    problem: str = ""


def examine() -> list[Finding]:
    """Look at the machine; compiles the kernels if that was not done before."""
    return [*_versions(), *_machine(), *_kernels()]


def _versions() -> Iterator[Finding]:
    yield Finding("cleaner", cleaner.__version__)
    yield Finding("python", f"{platform.python_version()} ({platform.platform()})")
    for name in PACKAGES:
        try:
            yield Finding(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, "missing", f"install it: {sys.executable} -m pip install {name}")


def _machine() -> Iterator[Finding]:
    from cleaner.engine.memory import available_cpus

    yield Finding("processors", str(available_cpus()))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    problem = "" if memory >= LITTLE_MEMORY else "use --workers 1 and a small engine.shard_bytes"
    yield Finding("memory", f"{memory / 2**30:.1f} GiB", problem)
    free = shutil.disk_usage(Path.cwd()).free
    problem = "" if free >= LITTLE_DISK else "a run needs about three times the size of its text"
    yield Finding("free disk here", f"{free / 2**30:.1f} GiB", problem)


def _kernels() -> Iterator[Finding]:
    """Run every kernel once on a small corpus; what was not in the cache is compiled."""
    from cleaner.text.jit import compile_seconds

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with tempfile.TemporaryDirectory() as folder:
            _small_run(Path(folder))
    problem = next((str(w.message) for w in caught if "NUMBA_CACHE_DIR" in str(w.message)), "")
    seconds = compile_seconds()
    made = f"made in {seconds:.1f} s" if seconds else "ready"
    yield Finding("compiled code", f"{made}, kept in {_cache_folder()}", problem)


def _small_run(folder: Path) -> None:
    from cleaner.config.load import parse
    from cleaner.config.yaml_source import Value, dump
    from cleaner.engine.driver import run

    lines = [f"The ferry {n} left at nine with forty people and one goat.\n" for n in range(30)]
    (folder / "in").mkdir()
    for number in range(3):
        text = "".join(lines[number:]) + "HÃ´m nay\r\n\n\n"
        (folder / "in" / f"{number}.txt").write_bytes(text.encode())
    against = folder / "benchmark.jsonl"
    against.write_text(json.dumps({"text": " ".join(lines[:2])}) + "\n")
    passages: Value = {"use": "near_duplicates", "id": "passages", "unit": "passage"}
    stages: list[Value] = [{"use": use} for use in STAGES]
    stages[1:1] = [
        {"use": "quality", "on_fail": "annotate"},
        {"use": "decontaminate", "against": [str(against)], "action": "mark"},
        {"use": "pii"},
    ]
    stages += [passages, {"use": "tidy"}]
    config = {
        "name": "doctor",
        "input": f"{folder}/in",
        "output": f"{folder}/out",
        "engine": "inline",
    }
    run(parse(dump(config | {"stages": stages}), "doctor"))


def _cache_folder() -> str:
    from cleaner.text.word_kernels import hash_rows  # any kernel knows its folder

    stats = getattr(hash_rows, "stats", None)
    return str(stats.cache_path) if stats is not None else "no folder"
