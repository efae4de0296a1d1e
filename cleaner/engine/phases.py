"""Stages → phases: what can run in one pass over the shards, and where a barrier lies.

Map stages join the open map phase; a `Sketch` closes it; each `Merge` is a phase, and so is a
`Repeat`, however many rounds it takes (see `cleaner.engine.rounds`); an `Apply`, or a
second `Sketch`, opens the next map phase. The last phase writes; or, where the config asks for
another order or other folders, the one after it brings what was written to its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cleaner.errors import ConfigError, Fault
from cleaner.stages.base import CorpusStage, MapStage, Stage
from cleaner.stages.steps import HOME, Apply, Merge, Repeat, Sketch, Step

if TYPE_CHECKING:
    from cleaner.config.model import RunConfig


@dataclass(frozen=True, slots=True)
class Op:
    """A map stage (step is None), or one step of a corpus stage."""

    stage: int
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """Tasks between two barriers.

    Attributes:
        number: position in the run; also the name of its folder under `work/`.
        state: the map phase whose state this one goes on from.
        source: the phase whose exchange a merge reads, or whose rows a `place` does.
        home: the merge phase whose rows come home to this map phase's first op.
        single: the exchange that this phase writes has one partition.
        goes_home: the exchange that this phase writes is cut by shard, not by key.
        repeats: a merge that may take rounds.
    """

    number: int
    kind: Literal["read", "map", "merge", "write", "place"]
    label: str
    ops: tuple[Op, ...] = ()
    state: int | None = None
    source: int | None = None
    home: int | None = None
    single: bool = False
    goes_home: bool = False
    repeats: bool = False

    @property
    def folder(self) -> str:
        """Name of its folder under `work/`."""
        return f"{self.number:02d}-{self.kind}"


def phases_of(config: RunConfig) -> list[Phase]:
    """The phases of a config's run.

    Raises:
        ConfigError: as `compile_phases`; or a stage adds a column that has the name of a folder.
    """
    if config.write.split or config.write.partition_by:
        columns = {name for stage in config.stages for name in stage.publishes()}
        for name in sorted(columns & {"split", "language", "site", "label"}):
            hint = "readers of folders would meet it twice: give the column another name"
            what = f"a stage adds a column {name!r} to the corpus, which is the key of a folder"
            raise ConfigError([Fault("config", "write", what, hint)])
    return compile_phases(config.stages, placed=config.write.is_placed)


def compile_phases(stages: Sequence[Stage], *, placed: bool = False) -> list[Phase]:
    """The phases of a run; `placed`: documents are brought to places of their own.

    Raises:
        ConfigError: a corpus stage's steps are in an order that cannot be run.
    """
    phases = [Phase(0, "read", "read")]
    ops: list[Op] = []
    labels: list[str] = []
    home: int | None = None
    state: int | None = None

    def close(*, single: bool = False) -> int:
        nonlocal home, state
        number = len(phases)
        phases.append(
            Phase(
                number, "map", ", ".join(labels), tuple(ops), state=state, home=home, single=single
            )
        )
        ops.clear()
        labels.clear()
        home, state = None, number
        return number

    for index, stage in enumerate(stages):
        if isinstance(stage, MapStage) and not stage.steps():
            ops.append(Op(index))
            labels.append(stage.name)
            continue
        if not isinstance(stage, MapStage | CorpusStage):
            raise ConfigError(
                [
                    Fault(
                        "config",
                        f"stages.{index}",
                        f"{stage.use} is neither a map nor a corpus stage",
                    )
                ]
            )
        steps = list(stage.steps())
        _check(stage, index, steps)
        source = -1
        for number, step in enumerate(steps):
            following = steps[number + 1] if number + 1 < len(steps) else None
            single = isinstance(following, Merge) and following.single
            if isinstance(step, Merge | Repeat):
                phase = Phase(
                    len(phases),
                    "merge",
                    f"{stage.name}: merge",
                    (Op(index, number),),
                    source=source,
                    single=single,
                    goes_home=step.key == HOME,
                    repeats=isinstance(step, Repeat),
                )
                phases.append(phase)
                source = phase.number
                continue
            if number:  # what the merge chose comes home to the first op of the open phase
                home = source
            ops.append(Op(index, number))
            labels.append(f"{stage.name}: look" if isinstance(step, Sketch) else stage.name)
            if isinstance(step, Sketch):
                source = close(single=single)
    if ops:
        close()
    phases.append(Phase(len(phases), "write", "write", state=state))
    if placed:
        phases.append(Phase(len(phases), "place", "place", source=len(phases) - 1))
    return phases


def _check(stage: Stage, index: int, steps: Sequence[Step]) -> None:
    """First a Sketch; a Merge after a Sketch or a Merge; last an Apply, after a Merge to HOME.

    A Repeat counts as a Merge.
    """
    if not steps:
        raise ConfigError([Fault("config", f"stages.{index}", f"{stage.use}: has no steps")])
    previous: Step | None = None
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        to_home = isinstance(previous, Merge | Repeat) and previous.key == HOME
        to_key = isinstance(previous, Merge | Repeat) and previous.key != HOME
        fits = {
            Sketch: previous is None or to_home,
            Merge: isinstance(previous, Sketch) or to_key,
            Repeat: isinstance(previous, Sketch) or to_key,
            Apply: to_home and last,
        }[type(step)]
        if not fits or (last and not isinstance(step, Apply)):
            raise ConfigError(
                [
                    Fault(
                        "config",
                        f"stages.{index}",
                        f"{stage.use}: step {number} ({type(step).__name__}) cannot stand here",
                    )
                ]
            )
        previous = step
