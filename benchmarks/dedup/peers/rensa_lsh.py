"""rensa: RMinHash and its LSH with 16 bands, clusters."""

from __future__ import annotations

import rensa
from job import Clusters, job, shingles

PERMUTATIONS, BANDS, AT_ONCE = 128, 16, 5000


def main() -> None:
    """Sign, index, query all, put what is found into one cluster."""
    task = job()
    table = task.read()
    texts = table.column("text").to_pylist()
    signed = []
    for low in range(0, len(texts), AT_ONCE):
        sets = [shingles(text) for text in texts[low : low + AT_ONCE]]
        signed.extend(rensa.RMinHash.from_token_sets(sets, PERMUTATIONS, 42))
    index = rensa.RMinHashLSH(threshold=task.threshold, num_perm=PERMUTATIONS, num_bands=BANDS)
    index.insert_many(signed, 0)
    clusters = Clusters(len(texts))
    for row, others in enumerate(index.query_all(signed)):
        for other in others:
            if other != row:
                clusters.join(other, row)
    task.write(table, clusters.keep())


main()
