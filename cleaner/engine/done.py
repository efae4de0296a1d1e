"""Tasks that are done already: their fingerprints, and whether what they left is intact."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cleaner.engine.context import Context, phase_fingerprint
from cleaner.engine.memory import available_cpus
from cleaner.engine.phases import Phase
from cleaner.io.store import Manifest, committed, fingerprint, is_intact


def task_fingerprints(
    context: Context,
    phase: Phase,
    indices: Sequence[int],
    manifests: Sequence[Sequence[Manifest]],
    number: int = -1,
) -> list[str]:
    """The fingerprints of tasks of a phase, or of a round of it.

    Given the manifests of all phases before it, which decide what every round reads.
    """
    upstream = [fingerprint([m.digest() for m in ms]) for ms in manifests[: phase.number]]
    base = phase_fingerprint(context, phase, upstream)
    if number >= 0:
        base = fingerprint([base, number])
    return [fingerprint([base, i, _identity(context, phase, i)]) for i in indices]


def done_before(
    folder: Path, indices: Sequence[int], prints: Sequence[str], gone: Collection[str]
) -> Iterator[Manifest | None]:
    """The manifest of each task that an earlier run has done and whose files are still intact.

    They are read for that, at the speed of the disk: a bit that flipped since would go unnoticed
    into the corpus. `gone`: ends of the names of files that were deleted on purpose.
    """

    def look(index: int, print_: str) -> Manifest | None:
        manifest = committed(folder, index, print_, gone)
        return manifest if manifest is not None and is_intact(folder, manifest, gone) else None

    with ThreadPoolExecutor(available_cpus()) as pool:
        yield from pool.map(look, indices, prints)


def _identity(context: Context, phase: Phase, index: int) -> list[Any]:
    """What decides a task's output that its phase's fingerprint does not know: of a chunk.

    Its files by name, size and time, the ranges of them, and how many documents it may hold.
    """
    result: list[Any] = []
    if phase.kind == "place":
        place = context.places[index]
        return [place.key, place.path, place.low, place.high, place.spans]
    if phase.kind != "read":
        return result
    for file, start, end in context.chunks[index].files:
        f = context.files[file]
        result.append([file, f.source, f.format, f.compression, f.size, f.mtime_ns, start, end])
    return [*result, *context.quota[index : index + 1]]
