"""The programs that are compared, how each is installed, and how it is called."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OWN = "cleaner"
PEERS_FOLDER = Path(__file__).parent / "peers"
ROOT = Path(__file__).parents[2]


class InstallError(Exception):
    """A peer cannot be installed; the text says why."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run: Parquet (`id`, `text`) in, a work folder that is empty, and the settings."""

    source: Path
    work: Path
    threshold: float
    cores: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A script of `peers/` and the packages that it needs, versions pinned."""

    script: str
    packages: tuple[str, ...]


PEERS: Mapping[str, Peer] = {
    "daft": Peer("daft_bands.py", ("daft==0.7.26", "pyarrow", "numpy")),
    "datasketch": Peer(
        "datasketch_lsh.py", ("datasketch==2.0.0", "xxhash>=3.5", "pyarrow", "numpy")
    ),
    "rensa": Peer("rensa_lsh.py", ("rensa==0.5.0", "pyarrow", "numpy")),
    "text-dedup": Peer("text_dedup_cli.py", ("text-dedup==0.4.0", "pyarrow", "numpy")),
    "datatrove": Peer("datatrove_pipeline.py", ("datatrove[io,processing]==0.10.1", "spacy")),
    "data-juicer": Peer("data_juicer_cli.py", ("py-data-juicer==1.6.1", "aiohttp", "torch")),
}
"""aiohttp, torch, spacy: needed when they run, but not declared by the packages that need them."""


def install(name: str, cache: Path) -> Path:
    """Give a peer, or cleaner, an environment of its own under `cache`; returns its Python.

    An environment is made anew when the packages change.

    Raises:
        InstallError: pip failed.
    """
    if name == OWN:  # without the packages of its development, as a user has it
        return _installed(name, ("-e", str(ROOT)), (ROOT / "pyproject.toml").read_text(), cache)
    packages = PEERS[name].packages
    return _installed(name, packages, json.dumps(packages), cache)


def _installed(name: str, packages: tuple[str, ...], wanted: str, cache: Path) -> Path:
    """The Python of an environment with these packages; made where `wanted` is another text."""
    folder = cache / "venvs" / name
    python, mark = folder / "bin" / "python", folder / "packages.json"
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *packages,
        ],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise InstallError(lines[-1] if lines else f"exit code {done.returncode}")
    mark.write_text(wanted, encoding="utf-8")
    return python


def peer_command(name: str, python: Path, job: Job) -> tuple[list[str], Path]:
    """The command of a peer, and the Parquet file that it writes."""
    target = job.work / "kept.parquet"
    script = PEERS_FOLDER / PEERS[name].script
    arguments = [job.source, target, job.work / "scratch", job.threshold, job.cores]
    return [str(python), str(script), *map(str, arguments)], target


def own_command(python: Path, job: Job) -> tuple[list[str], Path]:
    """The command of cleaner: near_duplicates alone, with its ledger and its duplicates."""
    config = {
        "name": "benchmark",
        "input": [str(job.source)],
        "output": str(job.work / "run"),
        "read": {"id_column": "id"},
        "engine": {"kind": "local", "workers": job.cores},
        "stages": [{"use": "near_duplicates", "threshold": job.threshold}],
    }
    path = job.work / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    command = [str(python), "-m", "cleaner", "run", str(path), "--quiet"]
    return command, job.work / "run" / "corpus"
