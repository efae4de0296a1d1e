"""Counts of a task, in a form that adds up in any order: a report is the sum of the manifests'."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.batch import LEDGER, SPARED, SPARED_CHARS, Batch, NearMiss
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
    """The counts of a stage that saw nothing; `near` and `langs` come only with what is in them."""
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
    return counts | _near(before, after, veil) | _langs(before, after)


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


def _langs(before: Batch, after: Batch) -> dict[str, Any]:
    """Documents by language under `langs`, of the stage that told it; those that it let stay."""
    if "lang" in before.docs.schema.names or "lang" not in after.docs.schema.names:
        return {}
    counted = pc.value_counts(after.docs.column("lang")).to_pylist()
    found = {row["values"] or "": row["counts"] for row in counted}
    return {"langs": found} if found else {}


def _near(before: Batch, after: Batch, veil: Veil) -> dict[str, Any]:
    """What the stage nearly cut, under `near`; nothing if it said nothing of it."""
    found: dict[str, Any] = {}
    for misses in after.spared:
        samples = [_shown(miss, before, veil) for miss in misses.samples]
        part = {"step": misses.step, "counts": list(misses.counts), "samples": samples}
        _add_near(found, part)
    return found


def _shown(miss: NearMiss, batch: Batch, veil: Veil) -> dict[str, Any]:
    """A near miss as the reports have it."""
    doc = int(np.searchsorted(batch.ordinals, miss.ordinal))
    place = np.array([miss.ordinal], np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return {
        "gap": round((miss.limit - miss.score) * 1000),
        "rank": int(splitmix(place ^ np.uint64(miss.start))[0]),
        "ordinal": miss.ordinal,
        "source": batch.docs.column("source")[doc].as_py(),
        "record": batch.docs.column("record")[doc].as_py(),
        "start": miss.start,
        "end": miss.end,
        "text": veil.text(miss.text.strip())[:SPARED_CHARS],
        "score": miss.score,
        "limit": miss.limit,
        "evidence": veil.value(miss.evidence),
    }


def _add_near(total: dict[str, Any], part: dict[str, Any]) -> None:
    """Add near misses to those under `near`: the best of each text, then the nearest of all.

    So the nearest of all are the nearest of any parts' nearest, however they were split.
    """
    mine = total.setdefault("near", {"step": part["step"], "counts": [], "samples": []})
    mine["counts"] = [a + b for a, b in zip_longest(mine["counts"], part["counts"], fillvalue=0)]
    samples: dict[str, dict[str, Any]] = {}
    ranked = [*mine["samples"], *part["samples"]]
    for sample in sorted(ranked, key=lambda s: (s["gap"], s["rank"], s["ordinal"])):
        samples.setdefault(sample["text"], sample)
    mine["samples"] = list(samples.values())[:SPARED]


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
    if "near" in part:
        _add_near(total, part["near"])
    for lang, number in part.get("langs", {}).items():
        mine = total.setdefault("langs", {})
        mine[lang] = mine.get(lang, 0) + number


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
