"""data-juicer: its command with document_minhash_deduplicator, defaults but the threshold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
from job import job


def main() -> None:
    """Write the config, run the command, write its result as Parquet."""
    task = job()
    result = task.work / "result" / "kept.parquet"
    config = {
        "project_name": "benchmark",
        "dataset_path": str(task.source),
        "export_path": str(result),
        "np": task.cores,
        "use_cache": False,
        "open_tracer": False,
        "text_keys": "text",
        "process": [
            {
                "document_minhash_deduplicator": {
                    "tokenization": "space",
                    "window_size": 5,
                    "lowercase": True,
                    "jaccard_threshold": task.threshold,
                }
            }
        ],
    }
    path = task.work / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    home = {"HF_HOME": str(task.work / "home"), "DATA_JUICER_CACHE_HOME": str(task.work / "home")}
    program = Path(sys.executable).with_name("dj-process")
    command = [sys.executable, str(program), "--config", str(path)]
    subprocess.run(command, check=True, env={**os.environ, **home})
    kept = pq.read_table(result, columns=["id", "text"])
    pq.write_table(kept, task.target, compression="zstd")


main()
