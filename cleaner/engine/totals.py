"""A run in numbers: what its tasks counted, and how long they took."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from cleaner.engine import account, tally
from cleaner.engine.context import Context
from cleaner.io.store import Manifest
from cleaner.report.stats import RunReport, StageReport, check_balance

Manifests: TypeAlias = Sequence[Sequence[Manifest]]
"""Of the tasks of each phase."""


def run_report(
    context: Context,
    manifests: Manifests,
    totals: Mapping[str, dict[str, Any]],
    sample: int | None,
) -> RunReport:
    """Add up the manifests and check that they balance; `totals`: of each stage.

    Raises:
        BalanceError: they do not.
    """
    config = context.config
    read, documents = manifests[0], context.documents
    counts = account.read_counts(read, documents)
    faults = tally.faults("read", counts)
    passed = account.passed_by(read)
    stages = [StageReport(0, "read", "read", "files to documents", counts, {}, passed)]
    for number, stage in enumerate(context.stages, start=1):
        total = dict(totals[stage.name])
        faults += tally.faults(stage.name, total)
        reasons = stage.rules()
        rules = {
            rule: {**counted, "reason": reasons.get(rule, "")}
            for rule, counted in sorted(total.pop("rules").items())
        }
        notes = account.notes(context, manifests, number - 1)
        near, langs = total.pop("near", {}), total.pop("langs", {})
        stages.append(
            StageReport(
                *(number, stage.name, stage.use, stage.summary, total, rules, notes, near),
                dict(sorted(langs.items())),
            )
        )
    left_out = 0 if sample is None else max(0, documents - sample)
    report = RunReport(
        name=config.name,
        output=Path(config.output),
        stages=tuple(stages),
        corpus=account.corpus_counts(manifests[context.write_phase]),
        quarantine=dict(sorted(account.bad_records(manifests).items())),
        left_out=left_out,
        bytes_read=sum(m.counts["raw_bytes"] for m in read),
    )
    check_balance(report, faults)
    return report


def timings(
    context: Context,
    manifests: Manifests,
    phases: Sequence[Mapping[str, Any]],
    started: float,
) -> dict[str, Any]:
    """Seconds of every stage (of all workers together) and phase, and MB of text per second."""
    seconds: dict[str, float] = {}
    cpu = compiled = 0.0
    for manifest in (m for ms in manifests for m in ms):
        cpu += manifest.seconds.get("_cpu", 0.0)
        compiled += manifest.seconds.get("_compile", 0.0)
        for name, value in manifest.seconds.items():
            if not name.startswith("_"):
                seconds[name] = seconds.get(name, 0.0) + value
    megabytes = sum(s.bytes for s in context.shards) / 1e6
    return {
        "wall_seconds": round(time.perf_counter() - started, 3),
        "task_cpu_seconds": round(cpu, 3),
        "compile_seconds": round(compiled, 3),
        "text_megabytes": round(megabytes, 3),
        "stages": {
            name: {
                "seconds": round(s, 3),
                "mb_per_second": round(megabytes / s, 2) if s else None,
            }
            for name, s in seconds.items()
        },
        "phases": [{**p, "seconds": round(p["seconds"], 3)} for p in phases],
    }
