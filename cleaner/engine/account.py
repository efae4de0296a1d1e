"""What the manifests of tasks add up to: shards, record numbers, bad records, the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cleaner.engine.context import Context, Shard
from cleaner.engine.phases import Phase
from cleaner.engine.tally import FIELDS
from cleaner.io.store import Manifest


def shards_of(manifests: Sequence[Manifest], shard_bytes: int) -> list[Shard]:
    """Batches of the originals, grouped to shards in order; of one chunk each."""
    shards: list[Shard] = []
    ordinal = 0
    for chunk, manifest in enumerate(manifests):
        first = documents = size = 0
        batches = manifest.counts["batches"]
        for position, (count, text_bytes) in enumerate(batches):
            documents += count
            size += text_bytes
            if size >= shard_bytes or position == len(batches) - 1:
                shards.append(Shard(chunk, first, position + 1, ordinal, documents, size))
                ordinal += documents
                first, documents, size = position + 1, 0, 0
    return shards


def records_before(manifests: Sequence[Manifest]) -> list[dict[int, int]]:
    """For each chunk: file → its records in chunks before it, where there are any."""
    seen: dict[int, int] = {}
    result = []
    for manifest in manifests:
        mine = {int(f): n for f, n in manifest.counts["records"].items()}
        result.append({f: seen[f] for f in mine if seen.get(f)})
        for f, n in mine.items():
            seen[f] = seen.get(f, 0) + n
    return result


def bad_records(manifests: Sequence[Sequence[Manifest]]) -> dict[str, int]:
    """Bad records by reason."""
    bad: dict[str, int] = {}
    for manifest in (m for ms in manifests for m in ms):
        for reason, n in manifest.counts.get("quarantine", {}).items():
            bad[reason] = bad.get(reason, 0) + n
    return bad


def notes(context: Context, manifests: Sequence[Sequence[Manifest]], stage: int) -> dict[str, int]:
    """What the merges of a stage noted, added up."""
    total: dict[str, int] = {}
    for phase, tasks in zip(context.phases, manifests, strict=False):
        if phase.kind == "merge" and phase.ops[0].stage == stage:
            for manifest in tasks:
                for name, number in manifest.counts["notes"].items():
                    total[name] = total.get(name, 0) + number
    return dict(sorted(total.items()))


def passed_by(manifests: Sequence[Manifest]) -> dict[str, int]:
    """Records that reading passed by, by reason."""
    total: dict[str, int] = {}
    for manifest in manifests:
        for reason, number in manifest.counts["passed"].items():
            total[reason] = total.get(reason, 0) + number
    return dict(sorted(total.items()))


def corpus_counts(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """The counts of the write phase."""
    total: dict[str, Any] = {}
    for manifest in manifests:
        for key, value in manifest.counts.items():
            if key == "placed":  # for the plan of the files alone
                continue
            if isinstance(value, dict):
                mine = total.setdefault(key, {})
                for k, v in value.items():
                    mine[k] = mine.get(k, 0) + v
            else:
                total[key] = total.get(key, 0) + value
    total["langs"] = dict(sorted(total["langs"].items(), key=lambda i: (-i[1], i[0])))
    for name in ("lengths", "token_lengths"):
        if name in total:
            total[name] = {k: total[name][k] for k in sorted(total[name], key=int)}
    if "lang_tokens" in total:
        found = total["lang_tokens"].items()
        total["lang_tokens"] = dict(sorted(found, key=lambda i: (-i[1], i[0])))
    return total


def read_counts(manifests: Sequence[Manifest], documents: int) -> dict[str, int]:
    """The counts of reading (see `tally.FIELDS`), from the manifests of the read phase."""
    bad = sum(bad_records([manifests]).values())
    chars = sum(m.counts["chars"] for m in manifests)
    bad_chars = sum(m.counts["bad_chars"] for m in manifests)
    return {
        **dict.fromkeys(FIELDS, 0),
        "docs_in": documents + bad,
        "docs_out": documents,
        "docs_quarantined": bad,
        "chars_in": chars + bad_chars,
        "chars_kept": chars,
        "chars_quarantined": bad_chars,
    }


def task_bytes(context: Context, phase: Phase, count: int) -> tuple[int, tuple[int, ...]]:
    """Bytes of text that each task of a phase sees, for the progress bar."""
    if phase.kind == "read":
        sizes = [
            sum(
                end - start if context.files[f].format != "parquet" else 1
                for f, start, end in c.files
            )
            for c in context.chunks
        ]
        return sum(sizes), tuple(sizes)
    total = sum(s.bytes for s in context.shards)
    if phase.kind == "map":
        return total, tuple(s.bytes for s in context.shards)
    return total, tuple([total // max(1, count)] * count)
