"""datasketch: MinHash.bulk with xxhash, MinHashLSH with its own choice of bands, clusters."""

from __future__ import annotations

import xxhash
from datasketch import MinHash, MinHashLSH
from job import Clusters, job, shingles

PERMUTATIONS, AT_ONCE = 128, 2000


def main() -> None:
    """Sign, look up each document among those before it, put what is found into one cluster."""
    task = job()
    table = task.read()
    texts = table.column("text").to_pylist()
    index = MinHashLSH(threshold=task.threshold, num_perm=PERMUTATIONS)
    clusters = Clusters(len(texts))
    for low in range(0, len(texts), AT_ONCE):
        sets = [[s.encode() for s in shingles(text)] for text in texts[low : low + AT_ONCE]]
        signed = MinHash.bulk(sets, num_perm=PERMUTATIONS, seed=42, hashfunc=xxhash.xxh32_intdigest)
        for row, signature in enumerate(signed, start=low):
            for other in index.query(signature):
                clusters.join(other, row)
            index.insert(row, signature, check_duplication=False)
    task.write(table, clusters.keep())


main()
