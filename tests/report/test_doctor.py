"""`cleaner doctor` leaves nothing to compile for the first run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cleaner.report.doctor import STAGES
from tests.engine.runs import ROOT, write_records, write_texts


@pytest.mark.slow
def test_a_run_after_it_compiles_nothing(tmp_path: Path) -> None:
    """Neither the stages that it names, nor quality and decontaminate, nor what reads JSONL."""
    lines = "".join(f"The harbour master wrote down ship {n} in the morning.\n" for n in range(20))
    write_texts(tmp_path / "in", {"a.txt": lines, "b.txt": f"{lines}And then he went home.\n"})
    write_records(tmp_path / "in" / "c.jsonl", [lines, "tiếng Việt đẹp"])
    write_records(tmp_path / "bench.jsonl", ["ship 3 in the morning the harbour master wrote down"])
    config = {
        "name": "after",
        "input": ["in"],
        "stages": [
            {"use": "decontaminate", "against": ["bench.jsonl"], "max_corpus_count": 2},
            {"use": "quality", "on_fail": "annotate"},
            *({"use": use} for use in STAGES),
        ],
        "engine": "inline",
    }
    (tmp_path / "after.yaml").write_text(json.dumps(config))
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    said = []
    for words in (["doctor"], ["run", "after.yaml", "--json", "--quiet"]):
        command = [sys.executable, "-m", "cleaner", *words]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | cache,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said.append(done.stdout)
    assert "made in" in said[0]
    assert json.loads(said[1])["timings"]["compile_seconds"] == 0
