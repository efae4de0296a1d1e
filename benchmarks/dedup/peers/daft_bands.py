"""daft: its MinHash, with bands and clusters of our own, for it has none. 16 bands of 8 rows."""

from __future__ import annotations

import os

os.environ.setdefault("DAFT_RUNNER", "native")
os.environ.setdefault("DAFT_PROGRESS_BAR", "0")

import daft
import numpy as np
from job import WORDS, Clusters, job

BANDS, ROWS = 16, 8


def main() -> None:
    """Normalise, sign, put equal bands into one cluster."""
    task = job()
    frame = daft.read_parquet(str(task.source))
    text = daft.col("text").normalize(
        remove_punct=True, lowercase=True, nfd_unicode=True, white_space=True
    )
    signed = frame.select(
        text.minhash(
            num_hashes=BANDS * ROWS, ngram_size=WORDS, seed=1, hash_function="xxhash"
        ).alias("signature")
    ).to_arrow()
    places = signed.column("signature").combine_chunks().flatten().to_numpy(zero_copy_only=False)
    matrix = np.ascontiguousarray(places.astype(np.uint32).reshape(signed.num_rows, BANDS * ROWS))
    clusters = Clusters(signed.num_rows)
    for band in range(BANDS):
        part = np.ascontiguousarray(matrix[:, band * ROWS : (band + 1) * ROWS])
        first: dict[bytes, int] = {}
        for row, key in enumerate(part.view(f"V{ROWS * 4}").ravel().tolist()):
            other = first.setdefault(key, row)
            if other != row:
                clusters.join(other, row)
    task.write(task.read(), clusters.keep())


main()
