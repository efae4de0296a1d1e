"""text-dedup: its own command with its defaults but the threshold; its result as Parquet."""

from __future__ import annotations

import os
import subprocess
import sys

from job import job


def main() -> None:
    """Run the command, then save what it left as Parquet."""
    task = job()
    cache, result = task.work / "cache", task.work / "result"
    names = {"HF_HOME": str(cache), "HF_DATASETS_CACHE": str(cache / "datasets")}
    command = [sys.executable, "-m", "text_dedup.minhash", "--path", "parquet", "--data_files"]
    command += [str(task.source), "--split", "train", "--column", "text", "--output", str(result)]
    command += ["--threshold", str(task.threshold), "--num_proc", str(task.cores)]
    command += ["--cache_dir", str(cache)]
    subprocess.run(command, check=True, env={**os.environ, **names})
    from datasets import load_from_disk

    load_from_disk(str(result)).to_parquet(str(task.target))


main()
