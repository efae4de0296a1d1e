"""What a config asks for: its inputs, what decides whether a finished run stands, the runner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cleaner.config.model import RunConfig
from cleaner.engine import memory
from cleaner.engine.context import code_fingerprint, reader_fingerprints, stage_fingerprint
from cleaner.engine.memory import available_cpus
from cleaner.engine.runners import Inline, Pool, Runner
from cleaner.errors import InputError
from cleaner.io.html_text import require_extractor
from cleaner.io.inputs import Found, survey
from cleaner.io.store import fingerprint
from cleaner.registry import suffixes


def find_inputs(config: RunConfig) -> Found:
    """The files that a config reads.

    Raises:
        InputError: a path is missing, nothing can be read, or what reads HTML is not installed.
    """
    labels = {place.path: place.label for place in config.input if place.label}
    found = survey(
        [place.path for place in config.input],
        base=Path.cwd(),
        label=labels,
        remote=True,
        more=suffixes(config.read.readers),
    )
    require_extractor(found.files, config.read.html_extractor)
    return found


def run_identity(config: RunConfig, found: Found, limit: int | None, sample: int | None) -> str:
    """What decides whether a finished run may stand: config, inputs' sizes and times, program."""
    settings = config.model_dump(
        mode="json", exclude={"engine", "input", "output", "keep_work", "stages"}
    )
    settings["document_seconds"] = config.engine.document_seconds
    settings["priorities"] = sorted(priorities_of(config, found).items())
    files = [[f.source, f.size, f.mtime_ns, f.format, f.compression] for f in found.files]
    stages = [stage_fingerprint(s) for s in config.stages]
    readers = reader_fingerprints(config.read.readers)
    return fingerprint([code_fingerprint(), settings, stages, files, limit, sample, readers])


def priorities_of(config: RunConfig, found: Found) -> dict[str, int]:
    """Label → priority, of the inputs that have files.

    Raises:
        InputError: two inputs have one label and different priorities.
    """
    priorities: dict[str, int] = {}
    for place in config.input:
        label = found.labels.get(place.path)
        if label is None:
            continue
        if priorities.setdefault(label, place.priority) != place.priority:
            raise InputError(
                f"{place.path}: inputs of the label {label!r} have different priorities; "
                "give them labels of their own (label: …)"
            )
    return priorities


def make_runner(config: RunConfig, work: Path, say: Callable[[str], None]) -> Runner:
    """The runner that a config asks for; one worker needs no second process."""
    engine = config.engine
    if engine.kind == "ray":
        from cleaner.engine.ray_runner import RayRunner

        at_a_time = None if engine.workers == "auto" else engine.workers
        if engine.address is None:
            at_a_time = memory.workers_for(engine, available_cpus())
        return RayRunner(engine.address, at_a_time, work, say)
    if fault := memory.too_small(engine):
        say(fault)
    workers = memory.workers_for(engine, available_cpus())
    if engine.kind == "inline" or workers == 1:
        return Inline(say)
    return Pool(workers, say)
