"""N-grams of benchmarks that many documents have: standing phrases, which show no contamination.

Brown et al. (2020), appendix C, let n-grams off that more than ten training documents have: "many
contain common cultural phrases, legal boilerplate, or similar content". Near-copies count once
here, or a page with a test question would be let off when it has been copied often enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cleaner.stages.steps import Note

SEEN = pa.schema([("gram", pa.uint64()), ("family", pa.uint64()), ("ordinal", pa.int64())])
"""N-grams of benchmarks that documents have, on the way to be counted."""
FREQUENT = pa.schema([("ordinal", pa.int64()), ("gram", pa.uint64())])
"""Those that too many have, on the way home."""
LET_OFF = "standing_phrases"


def frequent(most: int, stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch | Note]:
    """The n-grams that documents of more than `most` families have, to each of these documents.

    `stream`: rows of `SEEN`, sorted by all columns. The rows of one n-gram are held until it is
    known to be frequent; then they go home as they come.
    """
    held: pa.RecordBatch | None = None
    known: int | None = None  # the n-gram that the batch before has ended with, if it is frequent
    for batch in stream:
        rows = batch
        if held is not None and held.column("gram")[0] == batch.column("gram")[0]:
            rows = pa.concat_batches([held, batch])
        keys = rows.column("gram").to_numpy()
        starts, is_frequent = _groups(keys, rows.column("family").to_numpy(), most)
        new = int(is_frequent.sum())
        if known is not None and int(keys[0]) == known:
            new -= int(is_frequent[0])
            is_frequent[0] = True
        if new:
            yield Note(LET_OFF, new)
        if is_frequent.any():
            sizes = np.diff(np.append(starts, len(keys)))
            chosen = np.flatnonzero(np.repeat(is_frequent, sizes))
            yield rows.take(pa.array(chosen)).select(FREQUENT.names)
        known = int(keys[-1]) if is_frequent[-1] else None
        held = None if is_frequent[-1] else rows.slice(int(starts[-1]))


def _groups(
    keys: NDArray[np.uint64], family: NDArray[np.uint64], most: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where the rows of each n-gram begin, and whether more than `most` families have it."""
    begins = np.append(True, keys[1:] != keys[:-1])
    own = begins | np.append(True, family[1:] != family[:-1])
    starts = np.flatnonzero(begins)
    return starts, np.add.reduceat(own.astype(np.int64), starts) > most
