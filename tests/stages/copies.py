"""Corpora of copies, and their similarity in plain Python: what the stages are measured by."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cleaner.text.key import words
from tests.engine.runs import make_run, rows_of, sentence, write_records


def shingle_set(text: str, n: int) -> frozenset[tuple[str, ...]]:
    """The n-word shingles of a text's key; of a shorter text the key as a whole, if it has one."""
    key = words(text)
    if 0 < len(key) < n:
        return frozenset([tuple(key)])
    return frozenset(tuple(key[i : i + n]) for i in range(len(key) - n + 1))


def jaccard(one: str, other: str, n: int) -> float:
    """The true Jaccard similarity of two texts."""
    a, b = shingle_set(one, n), shingle_set(other, n)
    return len(a & b) / len(a | b) if a or b else 0.0


def variant(draw: random.Random, text: str, changes: int) -> str:
    """The text with some of its words replaced, upper case here and there."""
    parts = text.split(" ")
    for _ in range(changes):
        parts[draw.randrange(len(parts))] = f"w{draw.randrange(10**9)}x"
    return " ".join(parts) if draw.random() < 0.5 else " ".join(parts).upper()


def chain(draw: random.Random, length: int, size: int, step: int) -> list[str]:
    """Texts that are each like the next one: words leave at the front and come at the end."""
    parts = [f"x{draw.randrange(10**9)}y" for _ in range(size + length * step)]
    return [" ".join(parts[i * step : i * step + size]) for i in range(length)]


def families(seed: int, count: int = 12, size: int = 60) -> list[str]:
    """Texts with 0 to 5 variants each, from near to far; chains; short and empty ones; shuffled."""
    draw = random.Random(seed)
    texts = []
    for _ in range(count):
        original = sentence(draw, size) + f" n{draw.randrange(10**9)}"
        texts.append(original)
        for _ in range(draw.randrange(6)):
            texts += [variant(draw, original, draw.choice([0, 1, 1, 2, 3, 9]))]
    texts += chain(draw, 12, 60, 3)
    texts += ["two words", "Two  words!", "two other", "one", "", "", "...", "\n"]
    draw.shuffle(texts)
    return texts


def run_on(tmp: Path, texts: Sequence[str], *stages: Any, **columns: Sequence[Any]) -> Path:
    """Run stages over these texts, one record each; the run's folder."""
    write_records(tmp / "in" / "a.jsonl", texts, **columns)
    make_run(tmp, stages)
    return tmp / "run"


def drops_of(run: Path) -> dict[int, dict[str, Any]]:
    """The ledger row of each dropped record."""
    return {r["record"]: r for r in rows_of(run, "ledger") if r["action"] == "drop"}


def records_of(run: Path) -> dict[str, int]:
    """doc_id → record, of every document that the run's files name."""
    rows = rows_of(run, "corpus") + rows_of(run, "ledger")
    return {r["doc_id"]: r["record"] for r in rows}
