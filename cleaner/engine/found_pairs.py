"""Pairs that a merge found and sent home for `duplicates/` alone: they touch no document.

They are read from the merge's own exchange, so a pair of two dropped documents is written, too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.engine.context import Context
from cleaner.engine.layout import exchange_paths
from cleaner.engine.phases import Phase
from cleaner.io import exchange
from cleaner.io.output import Ids, found_pair_rows
from cleaner.stages.base import CorpusStage
from cleaner.stages.steps import Merge


def found_pairs(context: Context, low: int, high: int, ids: Ids) -> Iterator[pa.Table]:
    """Rows of `PAIRS`, of the pairs whose earlier document has an ordinal from low to high - 1.

    They are in order of stage and document, however the run was cut into shards.
    """
    for phase in context.phases:
        stage = context.stages[phase.ops[0].stage] if phase.kind == "merge" else None
        if not isinstance(stage, CorpusStage) or not _finds_pairs(phase, stage):
            continue
        paths = exchange_paths(context, phase)
        for index, shard in enumerate(context.shards):
            if shard.base >= high or shard.base + shard.documents <= low:
                continue
            rows = exchange.read_home(paths, index, ("kept",), len(context.shards))
            if rows is None:
                continue
            ordinals = rows.column("ordinal").to_numpy()
            mine = pa.array((ordinals >= low) & (ordinals < high))
            rows = rows.filter(pc.and_(mine, pc.is_valid(rows.column("chars"))))
            if rows.num_rows:
                order = np.lexsort([rows.column(name).to_numpy() for name in ("kept", "ordinal")])
                yield found_pair_rows(rows.take(pa.array(order)), ids, stage.name)


def _finds_pairs(phase: Phase, stage: CorpusStage) -> bool:
    """Whether the merge of a phase sends pairs home."""
    number = phase.ops[0].step
    step = stage.steps()[number] if number is not None else None
    return isinstance(step, Merge) and step.pairs
