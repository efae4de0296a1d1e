"""Ray: the same bytes as here, whatever dies; a cluster that does not fit is refused in words."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # has no types here
import pytest
from click.testing import CliRunner

from benchmarks.corpus import Corpus, write
from cleaner.cli import main
from cleaner.config.load import load
from cleaner.engine.driver import run
from cleaner.engine.observe import Silent
from cleaner.engine.ray_runner import RayRunner, _missing, _unlike, check_address
from cleaner.errors import CleanerError
from tests.engine.runs import (
    ROOT,
    STAGES,
    bytes_of,
    make_corpus,
    make_run,
    rows_of,
    start,
    write_records,
)
from tests.engine.test_kill import FULL, SLOW, WORDS, wait_for, write_config
from tests.faults.mounts import can_mount

ray: Any = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("default")  # Ray leaves files and sockets open
MAIN_JOB = ROOT / "configs" / "vi-news.yaml"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of two nodes on this machine, a CPU each."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    node = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
    found = Cluster(initialize_head=True, head_node_args=node)
    found.add_node(num_cpus=1, object_store_memory=80 << 20)
    yield found
    ray.shutdown()
    found.shutdown()


def same_bytes(tmp: Path, source: Path) -> list[dict[str, str]]:
    """What the main job leaves of an input: inline, on a pool, on Ray."""
    found = []
    for name, engine in (
        ("inline", "engine=inline"),
        ("pool", "engine={kind: local, workers: 2, shard_bytes: 1MB}"),
        ("ray", "engine={kind: ray, workers: 2, shard_bytes: 1MB}"),
    ):
        settings = [f"input={source}", f"output={tmp / name}", engine, "name=same"]
        run(load(str(MAIN_JOB), overrides=settings))
        found.append(bytes_of(tmp / name))
    return found


@pytest.mark.slow
def test_the_seeds_give_the_same_bytes(tmp: Path) -> None:
    """The main job on the sample pages: one process, many, Ray."""
    inline, pool, on_ray = same_bytes(tmp, ROOT / "seeds")
    assert inline == pool == on_ray


@pytest.mark.slow
def test_generated_pages_give_the_same_bytes(tmp: Path) -> None:
    """2,000 pages with copies, noise and damage."""
    write(Corpus(2000, 1), tmp / "pages.jsonl")
    inline, pool, on_ray = same_bytes(tmp, tmp / "pages.jsonl")
    assert inline == pool == on_ray


class Killer(Silent):
    """At the first task that is done in each kind of phase, kills Ray's workers, or a node."""

    def __init__(self, cluster: Any, victim: str) -> None:
        self._cluster = cluster
        self._victim = victim
        self.killed: dict[str, int] = {}
        self.said: list[str] = []

    def message(self, text: str) -> None:
        """See `Observer`."""
        self.said.append(text)

    def task_done(self, phase: Any, report: Any) -> None:
        """See `Observer`."""
        if phase.kind in self.killed:
            return
        if self._victim == "node":
            [node] = [n for n in self._cluster.list_all_nodes() if not n.is_head()]
            self._cluster.remove_node(node, allow_graceful=False)
            self._cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
            self.killed[phase.kind] = 1
            return
        family = psutil.Process().children(recursive=True)  # no one else's
        workers = [p for p in family if name_of(p).startswith("ray::_execute")]
        for process in workers:
            process.send_signal(signal.SIGKILL)
        self.killed[phase.kind] = len(workers)


def name_of(process: psutil.Process) -> str:
    """What a process calls itself; '' if it is gone."""
    try:
        return str((process.cmdline() or [""])[0])
    except psutil.Error:
        return ""


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "node"])
def test_a_lost_worker_or_node_costs_no_byte(tmp: Path, cluster: Any, victim: str) -> None:
    """In each kind of phase: reading, map, merge, writing."""
    make_corpus(tmp / "in", 60)
    engine = {"kind": "ray", "address": cluster.address, "shard_bytes": "3KB"}
    stages = [*FULL[:3], {**SLOW, "seconds": 0.05}, *FULL[4:]]
    settings: dict[str, Any] = {"engine": engine, "write": {"documents_per_part": 5}}
    path = write_config(tmp, stages, **settings)
    killer = Killer(cluster, victim)
    run(load(str(path)), observer=killer)
    assert set(killer.killed) == {"read", "map", "merge", "write"}
    assert any(killer.killed.values())
    assert any("was lost" in text for text in killer.said)
    make_run(tmp, stages, name="peace", write={"documents_per_part": 5})
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


@pytest.mark.slow
def test_a_poison_document_is_found_on_ray(tmp: Path) -> None:
    """As in the pool: the document is put aside, the run goes on."""
    texts = [f"colour {i}" + " KILL" * (i == 7) for i in range(12)]
    write_records(tmp / "in" / "a.jsonl", texts)
    (tmp / "lives").write_text("99")
    stages = [{"use": f"{STAGES}KillWorker", "lives": str(tmp / "lives")}]
    report = make_run(tmp, stages, engine={"kind": "ray", "workers": 2, "shard_bytes": 100})
    assert report.quarantine == {"crash": 1}
    assert [r["record"] for r in rows_of(tmp / "run", "quarantine")] == [7]


@pytest.mark.slow
def test_ctrl_c_stops_what_ray_started(tmp: Path) -> None:
    """Nothing of the run is left; the same command goes on with what is done."""
    write_records(tmp / "in" / "a.jsonl", [f"colour {i}" for i in range(40)])
    engine = {"kind": "ray", "workers": 2, "shard_bytes": 300}
    stages = [{**SLOW, "seconds": 0.1}]
    process = start("cleaner", "run", str(write_config(tmp, stages, engine=engine)))
    maps = tmp / "run" / "work" / "01-map"
    try:
        assert wait_for(lambda: len(list(maps.glob("0*.json"))) >= 1)
        family = psutil.Process(process.pid).children(recursive=True)
        assert any("raylet" in name_of(p) for p in family)
        os.kill(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=300)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert process.returncode == 130, output
    assert "same command" in output
    assert "Traceback" not in output
    assert not psutil.wait_procs(family, 120)[1]
    make_run(tmp, stages, engine={**engine, "kind": "inline"})
    make_run(tmp, [{**SLOW, "seconds": 0.1}], name="peace")
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


@pytest.mark.slow
def test_a_node_with_another_version_is_refused(
    tmp: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any task: other versions may give other bytes."""
    facts = tmp / "other" / "numpy-0.0.1.dist-info" / "METADATA"
    facts.parent.mkdir(parents=True)
    facts.write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.0.1\n")
    write_records(tmp / "in" / "a.jsonl", ["a"])
    monkeypatch.setenv("PYTHONPATH", str(facts.parents[1]))
    cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(CleanerError, match=r"node \S+: has numpy 0\.0\.1, here .*same versions"):
        make_run(tmp, [WORDS], engine={"kind": "ray", "address": cluster.address})
    assert not list((tmp / "run" / "work").glob("probe-*"))


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="may not mount in a namespace of its own")
def test_a_node_that_does_not_see_the_work_folder_is_refused(tmp: Path, cluster: Any) -> None:
    """A node with another file system there: the probe is not found."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    (tmp / "run").mkdir()
    begin = f"mount -t tmpfs x {tmp / 'run'} && exec {Path(sys.executable).parent / 'ray'} start"
    node = subprocess.Popen(
        ["unshare", "-m", "sh", "-c", f"{begin} --block --num-cpus=1 --address={cluster.address}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        ray.init(address=cluster.address, log_to_driver=False)
        assert wait_for(lambda: sum(n["Alive"] for n in ray.nodes()) == 3)
        with pytest.raises(CleanerError, match=r"does not see .*run/work; put --output on storage"):
            make_run(tmp, [WORDS], engine={"kind": "ray", "address": cluster.address})
    finally:
        node.terminate()
        node.wait(30)


def test_an_address_where_nobody_listens() -> None:
    """Said at once, with what to do; no Ray is imported for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(CleanerError, match=f"no Ray cluster answers at {address}.*ray start"):
            check_address(address)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_listens_there_may_not_be_ray(answer: bytes) -> None:
    """Something else on that port: told at once, not after minutes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        thread = threading.Thread(target=_answer, args=(server, answer))
        thread.start()
        with pytest.raises(CleanerError, match=f"no Ray cluster answers at {address}"):
            check_address(address)
        thread.join()


def _answer(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    connection.recv(1000)
    connection.sendall(answer)
    connection.close()


@pytest.mark.parametrize(
    "address", ["", "head", "head:x", "ray://head:10001", "head:6379/x", "a b:1", "host:99999999"]
)
def test_what_is_no_address(address: str) -> None:
    """`auto` or host:port; the client protocol gets a hint."""
    with pytest.raises(CleanerError, match="auto"):
        check_address(address)


@pytest.mark.parametrize("address", ["h:70000", "[::1]:1", "127.0.0.1:1"])
def test_addresses_that_lead_nowhere(address: str) -> None:
    """Well formed, but there is nothing."""
    with pytest.raises(CleanerError, match="no Ray cluster answers"):
        check_address(address)


def test_versions_are_compared_by_name() -> None:
    """Only what differs is named."""
    ours: Sequence[tuple[str, str]] = (("numpy", "2.0"), ("numba", "0.63"))
    assert _unlike(ours, ours) == ""
    theirs = (("numpy", "2.1"), ("numba", "0.63"))
    assert _unlike(theirs, ours) == "has numpy 2.1, here 2.0: install the same versions"


def test_a_module_that_a_node_lacks_is_named() -> None:
    """Told by Ray as itself, or within an error of its own."""
    for error in (
        ModuleNotFoundError("No module named 'my_stages'", name="my_stages"),
        RuntimeError("The function failed to import: No module named 'my_stages'"),
    ):
        assert _missing(error).startswith("cannot import my_stages: install")
    assert _missing(ValueError("other")) == ""


def test_the_command_takes_an_engine(tmp: Path) -> None:
    """`--engine ray` with an address where nobody is: one line, no stack trace."""
    write_records(tmp / "in" / "a.jsonl", ["a"])
    path = str(write_config(tmp, [WORDS]))
    options = ["--engine", "ray", "--set", "engine.address=127.0.0.1:1"]
    done = CliRunner().invoke(main, ["run", path, *options])
    assert done.exit_code == 1
    assert "no Ray cluster answers at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.output
    done = CliRunner().invoke(main, ["run", path, "--engine", "spark"])
    assert done.exit_code == 2
    assert "--engine spark: engine.kind: expected 'local', 'inline' or 'ray'" in done.stderr


def test_nothing_to_do_starts_no_ray(tmp: Path) -> None:
    """A run whose tasks are all done does not need a cluster."""
    runner = RayRunner("127.0.0.1:1", None, tmp, print)
    assert list(runner.run([])) == []
    runner.close()
