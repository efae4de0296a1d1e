"""`engine.memory_budget`: workers are sized by it, and every phase keeps to it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from cleaner.config.model import Engine
from cleaner.engine import memory
from cleaner.engine.job import make_runner
from cleaner.engine.runners import Inline, Pool
from tests.engine.runs import ROOT, bytes_of, make_config, make_corpus, make_run
from tests.engine.test_kill import FULL

MB = 1 << 20


@pytest.mark.parametrize(
    ("budget", "workers"),
    [(1, 1), (192 + 640, 1), (192 + 2 * 640 - 1, 1), (192 + 2 * 640, 2), (1 << 20, 16)],
)
def test_workers_fit_the_budget(budget: int, workers: int) -> None:
    """As many as were asked for, fewer where memory is short, and never none."""
    engine = Engine(workers=16, memory_budget=budget * MB)
    assert memory.workers_for(engine, 4) == workers


def test_auto_asks_the_machine() -> None:
    """A share of what is free now, and workers for the processors that there are."""
    assert 0 < memory.budget(Engine()) < 1 << 50
    assert 1 <= memory.workers_for(Engine(), 3) <= 3
    assert memory.sort_bytes(Engine()) == memory.SORT_MAX


def test_less_is_sorted_at_a_time_where_memory_is_short() -> None:
    """Within bounds that leave a merge able to work."""
    sizes = [memory.sort_bytes(Engine(memory_budget=n * MB, workers=1)) for n in (1, 500, 9000)]
    assert sizes == [memory.SORT_MIN, int(0.2 * (500 * MB - memory.DRIVER_BYTES)), memory.SORT_MAX]


def test_a_budget_below_one_worker_is_said(tmp: Path) -> None:
    """The run goes on with one process, and the user knows that it may take more."""
    said: list[str] = []
    config = make_config(tmp, [], engine={"workers": 4, "memory_budget": "100MiB"})
    assert isinstance(make_runner(config, tmp, said.append), Inline)
    assert "memory_budget (100 MiB) is below what one worker takes (832 MiB" in said[0]
    config = make_config(tmp, [], engine={"workers": 4, "memory_budget": "4GiB"})
    assert isinstance(make_runner(config, tmp, said.append), Pool)
    assert len(said) == 1


@pytest.mark.slow
def test_the_budget_decides_no_byte(tmp: Path) -> None:
    """Rows are sorted in other pieces, the result is the same."""
    make_corpus(tmp / "in", 60)
    for name, size in (("small", "1MiB"), ("big", "64GiB")):
        engine = {"kind": "inline", "shard_bytes": "5KB", "memory_budget": size}
        make_run(tmp, FULL, name=name, engine=engine)
    assert bytes_of(tmp / "small") == bytes_of(tmp / "big")


@pytest.mark.slow
def test_every_phase_keeps_to_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The main job on 20,000 pages: four workers are asked for, the budget has room for two."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from benchmarks.corpus import Corpus, write
    from benchmarks.pipeline import measure

    budget = memory.DRIVER_BYTES + 2 * memory.worker_bytes(Engine())
    config = tmp_path / "main.yaml"
    text = (ROOT / "configs" / "vi-news.yaml").read_text()
    config.write_text(f"{text}\nengine: {{memory_budget: {budget}}}\n")
    write(Corpus(20_000, 1), tmp_path / "pages.jsonl")
    result = measure(tmp_path / "pages.jsonl", tmp_path / "out", 4, config)
    assert result.documents == 20_000
    assert len(result.peaks.phases) > 10
    over = {phase: size for phase, size in result.peaks.phases.items() if size > budget}
    assert over == {}


def write_chains(path: Path, documents: int) -> None:
    """Texts of which each is a little unlike the one before, below a line that all of them have."""
    draw = random.Random(1)
    words = [f"w{draw.randrange(10**7)}" for _ in range(4 * documents + 24)]
    hot = "this line stands in every one of them and so its key is as hot as can be thirteen"
    texts = (" ".join(words[4 * n : 4 * n + 24]) for n in range(documents))
    path.write_text("".join(json.dumps({"text": f"{hot}\n{t}\n"}) + "\n" for t in texts))


@pytest.mark.slow
def test_a_hot_key_and_a_giant_component_keep_to_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A component of most documents and one of a passage of all: rounds, and no phase takes more.

    The budget has room for two workers and for the edges of a hundredth of the documents.
    """
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from benchmarks.pipeline import measure

    documents = 60_000
    engine = Engine(shard_bytes=200_000)
    budget = memory.DRIVER_BYTES + 2 * memory.worker_bytes(engine)
    config = tmp_path / "copies.yaml"
    config.write_text(
        "name: copies\ninput: [in]\n"
        f"engine: {{memory_budget: {budget}, shard_bytes: {engine.shard_bytes}}}\n"
        "stages:\n"
        "  - {use: near_duplicates, id: documents, same_numbers: false}\n"
        "  - {use: near_duplicates, id: passages, unit: passage, same_numbers: false}\n"
    )
    write_chains(tmp_path / "chains.jsonl", documents)
    result = measure(tmp_path / "chains.jsonl", tmp_path / "out", 4, config)
    assert result.documents == documents
    log = (tmp_path / "out" / "run.log").read_text()
    assert "documents: merge, round 2" in log
    assert "passages: merge, round 2" in log
    over = {phase: size for phase, size in result.peaks.phases.items() if size > budget}
    assert over == {}
