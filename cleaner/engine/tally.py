"""Counts of a task, in a form that adds up in any order: a report is the sum of the manifests'."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.batch import LEDGER, Batch
from cleaner.stages.veil import Veil
from cleaner.text.mix import splitmix

SAMPLES = 5
"""Examples kept per rule: those of the smallest hash of (document, place), in any split."""
SHOWN = 240
"""Characters of an example."""
_LOOKED_AT = 4096
"""Characters in which it is looked for what must not be shown: it may end behind what is shown."""

FIELDS = (
    "docs_in", "docs_out", "docs_dropped", "docs_quarantined",
    "chars_in", "chars_kept", "chars_rewritten", "chars_cut", "chars_dropped", "chars_quarantined",
)  # fmt: skip
"""Of a stage. Code points of the originals; `chars_in` are those not cut by an earlier stage."""


_DROP = pa.scalar("drop", pa.string())


def empty() -> dict[str, Any]:
    """The counts of a stage that saw nothing."""
    return {**dict.fromkeys(FIELDS, 0), "rules": {}}


def count(
    before: Batch,
    after: Batch,
    quarantined: tuple[int, int],
    new_rows: Iterable[pa.RecordBatch],
    veil: Veil,
) -> dict[str, Any]:
    """What a stage did to a batch.

    Args:
        before: as the stage got it.
        after: as it gave it back.
        quarantined: documents, and their code points that were not cut before.
        new_rows: the ledger rows that it booked.
        veil: hides in the examples what must not be shown.
    """
    kept_before, rewritten_before, _ = before.live_chars()
    kept, rewritten, _ = after.live_chars()
    rows = pa.Table.from_batches(list(new_rows), LEDGER).combine_chunks()
    is_drop = pc.equal(rows.column("action"), _DROP).to_numpy()
    cut = rows.column("cut_chars").to_numpy()
    counts = empty()
    counts |= {
        "docs_in": before.num_docs,
        "docs_out": after.num_docs,
        "docs_dropped": int(is_drop.sum()),
        "docs_quarantined": quarantined[0],
        "chars_in": kept_before + rewritten_before,
        "chars_kept": kept,
        "chars_rewritten": rewritten,
        "chars_cut": int(cut[~is_drop].sum()),
        "chars_dropped": int(cut[is_drop].sum()),
        "chars_quarantined": quarantined[1],
    }
    counts["rules"] = _rules(rows, veil)
    return counts


def of_those_gone(counts: dict[str, Any]) -> dict[str, Any]:
    """The counts of a batch without the documents that stayed: a later step counts those."""
    stayed = counts["chars_kept"] + counts["chars_rewritten"]
    return counts | {
        "docs_in": counts["docs_in"] - counts["docs_out"],
        "docs_out": 0,
        "chars_in": counts["chars_in"] - stayed,
        "chars_kept": 0,
        "chars_rewritten": 0,
    }


def _rules(rows: pa.Table, veil: Veil) -> dict[str, Any]:
    if not rows.num_rows:
        return {}
    grouped = rows.group_by(["rule", "action"]).aggregate([("rule", "count"), ("cut_chars", "sum")])
    result: dict[str, Any] = {}
    for row in grouped.to_pylist():
        mine = result.setdefault(row["rule"], _no_rows())
        mine["action"] = _actions(mine["action"], row["action"])
        mine["count"] += row["rule_count"]
        mine["chars"] += row["cut_chars_sum"]
    place = rows.column("ordinal").to_numpy().astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    rank = splitmix(place ^ rows.column("start").to_numpy().astype(np.uint64))
    names = rows.column("rule").to_pylist()
    seen: dict[str, int] = {}
    for i in np.argsort(rank, kind="stable").tolist():
        name = names[i]
        if seen.get(name, 0) == SAMPLES:
            continue
        seen[name] = seen.get(name, 0) + 1
        row = rows.slice(i, 1).to_pylist()[0]
        result[name]["samples"].append(
            {
                "rank": int(rank[i]),
                "ordinal": row["ordinal"],
                "start": row["start"],
                "end": row["end"],
                "before": veil.before(row["stage"], row["before"][:_LOOKED_AT])[:SHOWN],
                "after": veil.value(row["after"][:_LOOKED_AT])[:SHOWN],
                "score": row["score"],
                "evidence": veil.value(row["evidence"]),
            }
        )
        if len(seen) == len(result) and all(
            v == min(SAMPLES, result[k]["count"]) for k, v in seen.items()
        ):
            break
    return result


def _no_rows() -> dict[str, Any]:
    """The counts of a rule that booked nothing."""
    return {"action": "", "count": 0, "chars": 0, "samples": []}


def _actions(one: str, other: str) -> str:
    """What a rule does: mostly one action; "cut, drop" where it is more."""
    return ", ".join(sorted({*one.split(", "), *other.split(", ")} - {""}))


def add(total: dict[str, Any], part: dict[str, Any]) -> None:
    """Add the counts of a stage to a sum of such, in place."""
    for name in FIELDS:
        total[name] += part[name]
    for rule, counts in part["rules"].items():
        mine = total["rules"].setdefault(rule, _no_rows())
        mine["action"] = _actions(mine["action"], counts["action"])
        mine["count"] += counts["count"]
        mine["chars"] += counts["chars"]
        mine["samples"] = sorted(
            mine["samples"] + counts["samples"], key=lambda s: (s["rank"], s["ordinal"])
        )[:SAMPLES]


def faults(name: str, counts: dict[str, Any]) -> list[str]:
    """What does not balance in the counts of a stage; empty if all does."""
    found = []
    docs = counts["docs_out"] + counts["docs_dropped"] + counts["docs_quarantined"]
    if counts["docs_in"] != docs:
        found.append(f"{name}: {counts['docs_in']} documents in, {docs} accounted for")
    chars = sum(
        counts[f"chars_{k}"] for k in ("kept", "rewritten", "cut", "dropped", "quarantined")
    )
    if counts["chars_in"] != chars:
        found.append(f"{name}: {counts['chars_in']} characters in, {chars} accounted for")
    return found
