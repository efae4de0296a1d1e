"""What every task of a run knows: config, inputs, shards. Saved in `work/` for the workers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import cleaner
from cleaner.config.load import parse, resolved_yaml
from cleaner.config.model import RunConfig
from cleaner.engine.phases import Phase, phases_of
from cleaner.io.chunks import Chunk
from cleaner.io.inputs import InputFile
from cleaner.io.places import Place
from cleaner.io.schema import SCHEMA_VERSION
from cleaner.io.store import fingerprint, write_json
from cleaner.registry import plugins_of, readers
from cleaner.stages.base import Stage
from cleaner.text.mix import splitmix

PARTITION_BYTES = 256 << 20
"""Bytes of the originals per partition of an exchange: the rows of one lie in a file with ease."""
_FEW, _LEAST_BYTES = 8, 16 << 20
"""A smaller corpus has so many partitions, of no less than so many bytes: workers share merges."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Consecutive batches of one file of originals: the unit of every map phase.

    Attributes:
        chunk: the read task that wrote them.
        first, last: batch numbers, last exclusive.
        base: ordinal of the first document.
        documents: how many.
        bytes: of text.
    """

    chunk: int
    first: int
    last: int
    base: int
    documents: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of the corpus to try a config on: the first `limit` documents, or a seeded sample.

    `threshold`: documents whose mixed ordinal is at or below it are in the sample.
    """

    limit: int | None = None
    threshold: int | None = None
    seed: int = 0

    def chosen(self, ordinals: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these documents are in."""
        mask = np.ones(len(ordinals), bool)
        if self.limit is not None:
            mask &= ordinals < self.limit
        if self.threshold is not None:
            mask &= draw(ordinals, self.seed) <= np.uint64(self.threshold)
        return mask


def draw(ordinals: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """A pseudo-random number per document; the sample of size n are the n smallest."""
    return splitmix(splitmix(np.array([seed], np.uint64)) ^ ordinals.astype(np.uint64))


@dataclass(frozen=True, slots=True)
class Context:
    """See the module's docstring. `shards`, `records`, `partitions` are known after the read phase.

    `records[i][f]` is the number of records of file f that lie before chunk i, where there are any.
    `priorities`: of each input's label. `quota`: documents that the chunks may hold at most, the
    first chunk's quota first, where the run takes only the first documents. `digests`: of the data
    behind each stage when the run began. `places`: the files of the corpus, known when the parts
    are written, where the config asks for such. `spread`: the phases that take rounds, as far as
    known.
    """

    work: Path
    config: RunConfig
    files: tuple[InputFile, ...]
    chunks: tuple[Chunk, ...]
    phases: tuple[Phase, ...]
    shards: tuple[Shard, ...] = ()
    records: tuple[dict[int, int], ...] = ()
    partitions: int = 1
    selection: Selection = Selection()
    priorities: tuple[tuple[str, int], ...] = ()
    quota: tuple[int, ...] = ()
    digests: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    spread: tuple[int, ...] = ()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The config's stages."""
        return self.config.stages

    @property
    def published(self) -> dict[str, pa.DataType]:
        """Annotations that the stages publish as columns of the corpus."""
        return {name: kind for stage in self.stages for name, kind in stage.publishes().items()}

    @property
    def bases(self) -> NDArray[np.int64]:
        """First ordinal of each shard."""
        return np.array([s.base for s in self.shards], np.int64)

    @property
    def documents(self) -> int:
        """Documents that were read, chosen or not."""
        return self.shards[-1].base + self.shards[-1].documents if self.shards else 0

    @property
    def parts(self) -> int:
        """Parts of the run: ranges of ordinals."""
        return max(1, -(-self.documents // self.config.write.documents_per_part))

    @property
    def write_phase(self) -> int:
        """The number of the phase that writes the parts."""
        return next(p.number for p in reversed(self.phases) if p.kind == "write")

    def folder(self, phase: int) -> Path:
        """Where a phase's files lie."""
        return self.work / self.phases[phase].folder

    def save(self) -> Path:
        """Write it for the workers."""
        path = self.work / "context.json"
        write_json(
            path,
            {
                "config": resolved_yaml(self.config),
                "files": [f.to_json() for f in self.files],
                "chunks": [c.to_json() for c in self.chunks],
                "shards": [
                    [s.chunk, s.first, s.last, s.base, s.documents, s.bytes] for s in self.shards
                ],
                "records": [{str(k): v for k, v in r.items()} for r in self.records],
                "partitions": self.partitions,
                "selection": [self.selection.limit, self.selection.threshold, self.selection.seed],
                "priorities": [list(p) for p in self.priorities],
                "quota": self.quota,
                "digests": self.digests,
                "places": [[p.key, p.path, p.low, p.high, p.spans] for p in self.places],
                "spread": self.spread,
            },
        )
        return path


@lru_cache(maxsize=2)
def load_context(path: str, digest: str) -> Context:  # noqa: ARG001  the cache's key
    """The context that the driver saved; kept for the next task of the same run."""
    raw: dict[str, Any] = json.loads(Path(path).read_bytes())
    config = parse(raw["config"], "resolved config")
    return Context(
        work=Path(path).parent,
        config=config,
        files=tuple(InputFile.from_json(f) for f in raw["files"]),
        chunks=tuple(Chunk.from_json(c) for c in raw["chunks"]),
        phases=tuple(phases_of(config)),
        shards=tuple(Shard(*s) for s in raw["shards"]),
        records=tuple({int(k): v for k, v in r.items()} for r in raw["records"]),
        partitions=raw["partitions"],
        selection=Selection(*raw["selection"]),
        priorities=tuple((label, number) for label, number in raw["priorities"]),
        quota=tuple(raw["quota"]),
        digests=tuple(raw["digests"]),
        places=tuple(
            Place(key, path, low, high, tuple((n, a, b) for n, a, b in spans))
            for key, path, low, high, spans in raw["places"]
        ),
        spread=tuple(raw["spread"]),
    )


def partitions_for(raw_bytes: int) -> int:
    """How many partitions an exchange has, up to 1,024; from the size of the originals alone."""
    wanted = max(1, -(-raw_bytes // PARTITION_BYTES), min(_FEW, raw_bytes // _LEAST_BYTES))
    return int(min(1024, 1 << (wanted - 1).bit_length()))


def code_fingerprint() -> list[Any]:
    """What of the program itself decides the bytes of intermediate files."""
    return [cleaner.__version__, SCHEMA_VERSION]


def stage_fingerprint(stage: Stage) -> list[Any]:
    """A stage's settings, version, the data (rules, models) behind it; of a plugin, its package."""
    kind = type(stage)
    return [
        [plugin.to_json() for plugin in plugins_of([stage], ())],
        f"{kind.__module__}:{kind.__qualname__}",
        kind.version,
        stage.model_dump(mode="json"),
        stage.digest(),
    ]


def reader_fingerprints(names: Sequence[str]) -> list[Any]:
    """The readers of plugins: their versions, and the packages that they come from."""
    versions = [reader.version for reader in readers(names).values()]
    return [versions, [plugin.to_json() for plugin in plugins_of((), names)]]


def phase_fingerprint(context: Context, phase: Phase, upstream: Sequence[str]) -> str:
    """Everything that decides the output of a phase's tasks; `upstream`: the phases before it."""
    return fingerprint(
        [
            code_fingerprint(),
            phase.kind,
            [[o.stage, o.step, stage_fingerprint(context.stages[o.stage])] for o in phase.ops],
            [phase.state, phase.source, phase.home, phase.single, phase.goes_home],
            phase.number in context.spread,
            _settings(context, phase),
            list(upstream),
        ]
    )


def _settings(context: Context, phase: Phase) -> list[Any]:
    """What a phase knows from the context, besides the outputs of the phases before it.

    The originals hold neither the names of their files nor final record numbers, and the ledger
    holds no reasons: these come in when they are asked for, and so they count here.
    """
    config = context.config
    if phase.kind == "read":
        known = [config.read.model_dump(mode="json"), reader_fingerprints(config.read.readers)]
        return [*known, config.engine.document_seconds] if config.read.readers else known
    chosen = context.selection
    settings: list[Any] = [
        [chosen.limit, chosen.threshold, chosen.seed],
        [[s.chunk, s.first, s.last, s.base, s.documents] for s in context.shards],
        context.partitions,
        config.read.segment,
        fingerprint([f.source for f in context.files]),
        [{str(f): n for f, n in before.items()} for before in context.records],
        [list(p) for p in context.priorities],
    ]
    if phase.kind == "map":
        settings.append(config.engine.document_seconds)
        # what a later stage masks must not be shown in the examples of an earlier one
        settings += [stage_fingerprint(s) for s in context.stages if s.hides()]
    if phase.kind in ("write", "place"):
        settings += [config.write.model_dump(mode="json")]
        settings += [stage_fingerprint(s) for s in context.stages]
    return settings
