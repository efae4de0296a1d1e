"""From stages to phases: what is fused, where a barrier lies, and which orders are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from cleaner.engine.phases import Phase, compile_phases
from cleaner.errors import ConfigError
from cleaner.stages.base import CorpusStage, Stage
from cleaner.stages.near_duplicates import NearDuplicates
from cleaner.stages.steps import HOME, Apply, Merge, Sketch, Step
from tests.engine.stages import FirstWords, Mend, Note

SCHEMA = pa.schema([("key", pa.uint64())])


def nothing(*_: Any) -> Any:
    """Never called: phases are planned from the shape of the steps alone."""
    raise AssertionError


SKETCH = Sketch(nothing, "key", (), SCHEMA)
MERGE = Merge(nothing, "key", (), SCHEMA)
SINGLE = Merge(nothing, "key", (), SCHEMA, single=True)
TO_HOME = Merge(nothing, HOME, (), SCHEMA)
APPLY = Apply(nothing)


def staged(steps: Sequence[Step]) -> CorpusStage:
    """A corpus stage of these steps."""

    class Made(CorpusStage):
        def steps(self) -> Sequence[Step]:
            return steps

    return Made(use="made")


def shown(phases: Sequence[Phase]) -> list[str]:
    """Kind and label of each phase."""
    return [f"{p.folder} {p.label}" for p in phases]


def test_map_stages_share_a_phase_and_corpus_stages_part_them() -> None:
    """An apply and the map stages after it, up to the next sketch, are one pass over the shards."""
    first, second = FirstWords(), FirstWords(id="second")
    phases = compile_phases([Mend(), first, Note(), second, Note(id="last")])
    assert shown(phases) == [
        "00-read read",
        "01-map Mend, FirstWords: look",
        "02-merge FirstWords: merge",
        "03-map FirstWords, Note, second: look",
        "04-merge second: merge",
        "05-map second, last",
        "06-write write",
    ]
    assert [p.state for p in phases] == [None, None, None, 1, None, 3, 5]
    assert [p.home for p in phases] == [None, None, None, 2, None, 4, None]
    assert [p.source for p in phases] == [None, None, 1, None, 3, None, None]
    assert [p.goes_home for p in phases] == [False, False, True, False, True, False, False]


@pytest.mark.parametrize("stages", [[], [Mend()], [Mend(), Note()]])
def test_without_corpus_stages_there_is_one_pass_at_most(stages: list[Stage]) -> None:
    """No stages, no map phase."""
    kinds = [p.kind for p in compile_phases(stages)]
    assert kinds == ["read", *(["map"] if stages else []), "write"]


def test_near_duplicates_look_twice() -> None:
    """Candidates by bands, then the sets of those that are in a component; rounds may join them."""
    phases = compile_phases([NearDuplicates()])
    assert [p.kind for p in phases] == [
        *("read", "map", "merge", "merge", "map", "merge", "map", "write"),
    ]
    assert [p.number for p in phases if p.repeats] == [3]
    assert not any(p.single for p in phases)
    assert [p.number for p in phases if p.home is not None] == [4, 6]


def test_a_single_merge_makes_the_exchange_before_it_one_partition() -> None:
    """The sketch writes what the one task reads."""
    phases = compile_phases([staged([SKETCH, SINGLE, TO_HOME, APPLY])])
    assert [p.single for p in phases] == [False, True, False, False, False, False]


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [SKETCH],
        [SKETCH, APPLY],
        [SKETCH, MERGE, APPLY],
        [SKETCH, MERGE],
        [SKETCH, TO_HOME],
        [SKETCH, TO_HOME, MERGE, APPLY],
        [SKETCH, TO_HOME, APPLY, APPLY],
        [SKETCH, SKETCH, TO_HOME, APPLY],
        [SKETCH, MERGE, SKETCH, TO_HOME, APPLY],
        [MERGE, TO_HOME, APPLY],
        [APPLY],
    ],
)
def test_orders_of_steps_that_cannot_be_run(steps: list[Step]) -> None:
    """They are refused before any work, with the stage's name."""
    with pytest.raises(ConfigError, match="made"):
        compile_phases([staged(steps)])


def test_a_stage_is_a_map_or_a_corpus_stage() -> None:
    """Anything else cannot be run."""
    with pytest.raises(ConfigError, match="neither a map nor a corpus stage"):
        compile_phases([Stage(use="bare")])
