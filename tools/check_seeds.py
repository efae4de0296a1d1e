"""Hold a finished run against line labels: every noise line cut, every line of the text kept.

    python tools/check_seeds.py RUN FOLDER_OF_TXT_FILES LABELS.jsonl [--misses N]

A label is one JSON object a line: {"file", "line" (1-based), "label", "text"}. noise must be cut,
keep and caption must stay, or go because another document keeps the same passage; caption_repeat
must be cut as a duplicate of a passage of the same document; byline and metadata may do either.
Every file must restore to its exact bytes. Exit code 1 if more than N lines (default 0) are wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from cleaner.io.restore import restore
from cleaner.text.decode import decode

REPEATS = "repeated_passages."
SHARED = "near_duplicates.passage"


def main() -> int:
    """Compare, print, judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--misses", type=int, default=0, help="lines that may be wrong")
    arguments = parser.parse_args()
    labels: dict[str, list[dict[str, Any]]] = {}
    for line in arguments.labels.read_text("utf-8").splitlines():
        row = json.loads(line)
        if "record" not in row:
            labels.setdefault(row["file"], []).append(row)
    ledger = ds.dataset(arguments.run / "ledger").to_table().to_pylist()
    ids = {r["source"]: r["doc_id"] for r in ledger}
    for row in (
        ds.dataset(arguments.run / "corpus").to_table(columns=["source", "doc_id"]).to_pylist()
    ):
        ids[row["source"]] = row["doc_id"]
    seen: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    for name, rows in sorted(labels.items()):
        path = arguments.folder / name
        doc_id = next(i for s, i in ids.items() if s.endswith("/" + name))
        mine = [r for r in ledger if r["doc_id"] == doc_id]
        if any(r["action"] == "drop" for r in mine):
            seen["document", "dropped"] += 1
        else:
            for row, fault in judge(path, rows, mine):
                seen[row["label"], "wrong" if fault else "right"] += 1
                if fault:
                    wrong.append(
                        f"{name}:{row['line']}: {row['label']} {fault}: {row['text'][:80]}"
                    )
        if restore(arguments.run, doc_id) != path.read_bytes():
            wrong.append(f"{name}: does not restore to its bytes")
    print("\n".join(wrong))
    print(", ".join(f"{label} {state}: {n}" for (label, state), n in sorted(seen.items())))
    print(f"{len(labels)} files, {len(wrong)} wrong, {arguments.misses} allowed")
    return int(len(wrong) > arguments.misses)


def judge(
    path: Path, rows: list[dict[str, Any]], ledger: list[dict[str, Any]]
) -> list[tuple[dict[str, Any], str]]:
    """Each label of a file with what is wrong about its line, or ""."""
    text = decode(path.read_bytes(), max_bad_bytes_ratio=0.05).text
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    cuts = [r for r in ledger if r["action"] == "cut"]
    result = []
    for row in rows:
        start = starts[row["line"] - 1]
        end = start + len(lines[row["line"] - 1].rstrip("\r"))
        cut = next((c for c in cuts if c["start"] <= start and c["end"] >= end), None)
        result.append((row, fault_of(row["label"], cut)))
    return result


def fault_of(label: str, cut: dict[str, Any] | None) -> str:
    """What is wrong about the fate of a line with this label."""
    if label == "noise" and cut is None:
        return "stays"
    if label in {"keep", "caption"} and cut is not None:
        shared = cut["rule"] == SHARED and cut["kept_doc_id"] != cut["doc_id"]
        return "" if shared else f"is cut by {cut['rule']}"
    if label == "caption_repeat":
        if cut is None:
            return "stays"
        if not cut["rule"].startswith(REPEATS) or cut["kept_doc_id"] != cut["doc_id"]:
            return f"is cut by {cut['rule']}, not as a repeat"
    return ""


if __name__ == "__main__":
    sys.exit(main())
