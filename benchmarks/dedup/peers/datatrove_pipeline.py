"""datatrove: its four steps of MinHash with the default config, Parquet in and out."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
)
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter
from job import Job, job


def main() -> None:
    """Cut the input into one file a core, run the steps, join the parts."""
    task = job()
    _split(task)
    config = MinhashConfig()
    w = task.work
    signatures, buckets, remove = str(w / "signatures"), str(w / "buckets"), str(w / "remove")

    def reader() -> ParquetReader:
        return ParquetReader(str(w / "in"), text_key="text", id_key="id")

    _run(task, 1, [reader(), MinhashDedupSignature(output_folder=signatures, config=config)], 0)
    step = MinhashDedupBuckets(input_folder=signatures, output_folder=buckets, config=config)
    _run(task, 2, [step], config.num_buckets)
    step = MinhashDedupCluster(input_folder=buckets, output_folder=remove, config=config)
    _run(task, 3, [step], 1)
    out = ParquetWriter(str(w / "out"), compression="zstd")
    _run(task, 4, [reader(), MinhashDedupFilter(input_folder=remove), out], 0)
    parts = [pq.read_table(p, columns=["id", "text"]) for p in sorted((w / "out").glob("*"))]
    pq.write_table(pa.concat_tables(parts), task.target, compression="zstd")


def _split(task: Job) -> None:
    """One input file a task, as datatrove wants it."""
    folder = task.work / "in"
    folder.mkdir()
    table = task.read()
    size = -(-table.num_rows // task.cores)
    for part in range(task.cores):
        pq.write_table(table.slice(part * size, size), folder / f"{part:05d}.parquet")


def _run(task: Job, number: int, pipeline: list[object], tasks: int) -> None:
    LocalPipelineExecutor(
        pipeline,
        tasks=tasks or task.cores,
        workers=task.cores,
        logging_dir=str(task.work / f"logs{number}"),
    ).run()


if __name__ == "__main__":
    main()
