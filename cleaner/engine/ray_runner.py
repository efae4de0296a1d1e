"""Tasks on a Ray cluster, or on a Ray that is started here: the same tasks, the same bytes.

Ray core alone: a task is sent as paths and numbers, writes its files to the shared work folder and
commits there. Nothing passes through Ray's object store but the reports. Deaths are handled as in
the pool, so Ray's own retries are off: a document that kills a worker is found here, too.
"""

from __future__ import annotations

import os
import platform
import re
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cleaner.engine.memory import available_cpus
from cleaner.engine.runners import Deaths, Say, be_frugal
from cleaner.engine.tasks import Task, TaskReport, execute
from cleaner.errors import CleanerError
from cleaner.io.store import hash_file

OBJECT_STORE = 80 << 20
"""Bytes of shared memory for a Ray that is started here: it holds reports only."""
CONNECT_SECONDS = 10.0
"""What a cluster's address has to answer a connection."""
PROBE_SECONDS = 120.0
"""What a node has to start a worker and to look at the work folder."""
IDLE_SECONDS = 120.0
"""How long the cluster may be without a CPU before the run gives up."""
VISIBLE_SECONDS = 30.0
"""How long a file of the work folder may take to be seen by another node."""
_NO_MODULE = re.compile(r"No module named '([^']+)'")
_ADDRESS = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}")


class RayRunner:
    """Runs tasks on the CPUs of a Ray cluster; nothing is started before the first task."""

    def __init__(self, address: str | None, workers: int | None, work: Path, say: Say) -> None:
        """Begin.

        Args:
            address: of a running cluster, `host:port` or "auto"; None starts Ray here.
            workers: tasks at a time; None for as many as there are CPUs.
            work: the run's work folder, which every node must see under this path.
            say: is told what a user should read.
        """
        self._address = address
        self._workers = workers
        self._work = work.absolute()
        self._say = say
        self._ray: Any = None
        self._is_ours = False
        self._execute: Any = None
        self._running: dict[Any, Task] = {}

    def run(self, tasks: Sequence[Task]) -> Iterator[TaskReport]:
        """See `Runner`.

        Raises:
            WorkerDied: workers were killed again and again.
            CleanerError: the cluster cannot be reached or does not fit this program.
        """
        if not tasks:
            return
        ray = self._start()
        waiting = deque(replace(t, context=str(Path(t.context).absolute())) for t in tasks)
        deaths = Deaths(self._say)
        idle_since: float | None = None
        while waiting or self._running:
            slots = self._slots()
            while waiting and len(self._running) < 2 * slots:
                task = waiting.popleft()
                self._running[self._execute.remote(task, _versions(), str(Path.cwd()))] = task
            done, _ = ray.wait(list(self._running), num_returns=1, timeout=5.0)
            idle_since = None if done or slots else idle_since or time.monotonic()
            if idle_since and time.monotonic() - idle_since > IDLE_SECONDS:
                raise CleanerError(
                    "the Ray cluster has no CPU left; bring nodes back, then run the same command "
                    "again: finished work is kept"
                )
            for reference in done:
                task = self._running.pop(reference)
                lost: list[Task] = []
                try:
                    report: TaskReport = ray.get(reference)
                except MemoryError:
                    lost = deaths.again([task], "memory ran out in a worker")
                except ray.exceptions.RayTaskError as error:
                    lost = self._unwrap(error, task, deaths)
                except ray.exceptions.RayError as error:
                    lost = self._lost(error, task, deaths)
                else:
                    deaths.task_done()
                    yield report
                waiting.extendleft(lost)

    def close(self) -> None:
        """Cancel what runs; stop Ray if it was started here."""
        if self._ray is None:
            return
        ray, self._ray = self._ray, None
        for reference in self._running:
            with suppress(Exception):  # the cluster may be gone
                ray.cancel(reference, force=True)
        self._running.clear()
        if self._is_ours:
            ray.shutdown()

    def _slots(self) -> int:
        """How many tasks can run at a time; 0 while the cluster has no CPU."""
        cpus = int(self._ray.cluster_resources().get("CPU", 0))
        return cpus if self._workers is None else min(cpus, self._workers)

    def _unwrap(self, error: Any, task: Task, deaths: Deaths) -> list[Task]:
        """The error that a task raised, as itself."""
        cause = error.cause if isinstance(error.cause, BaseException) else error
        if isinstance(cause, MemoryError):
            return deaths.again([task], "memory ran out in a worker")
        if fault := _missing(cause):
            raise CleanerError(f"a node of the Ray cluster {fault}") from None
        raise cause from None

    def _lost(self, error: Any, task: Task, deaths: Deaths) -> list[Task]:
        """A task whose worker or node is gone, for its next try."""
        exceptions = self._ray.exceptions
        at_once = len(self._running) + 1  # a lost node is told by each of its tasks
        if isinstance(error, exceptions.NodeDiedError):
            how = "a node of the Ray cluster was lost"
            return deaths.again([task], how, pids=(), at_once=at_once)
        if isinstance(error, exceptions.TaskCancelledError):
            raise KeyboardInterrupt from None
        how = f"a Ray worker was lost ({type(error).__name__})"
        if isinstance(error, exceptions.OutOfMemoryError):
            how = "Ray ended a worker because its node ran out of memory"
        return deaths.again([task], how, at_once=at_once)

    def _start(self) -> Any:
        """Connect, or start Ray here; then look at every node.

        Raises:
            CleanerError: it cannot be done.
        """
        if self._ray is not None:
            return self._ray
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # no network but the cluster's own
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else it warns
        try:
            import ray
        except ImportError as error:
            raise CleanerError(
                f"engine: ray needs Ray ({error}); install it: pip install 'cleaner[ray]'"
            ) from None
        if not ray.is_initialized():
            self._connect(ray)
            self._is_ours = True
        self._ray = ray
        self._execute = ray.remote(
            num_cpus=1, max_retries=0, max_calls=0, scheduling_strategy="SPREAD"
        )(_execute)
        self._probe(ray)
        return ray

    def _connect(self, ray: Any) -> None:
        quiet: dict[str, Any] = {"include_dashboard": False} if self._address is None else {}
        if self._address is None:
            cpus = self._workers or available_cpus()
            quiet |= {"num_cpus": cpus, "object_store_memory": OBJECT_STORE}
        else:
            check_address(self._address)
        terminate = signal.getsignal(signal.SIGTERM)
        try:
            ray.init(
                address=self._address or "local",
                configure_logging=True,
                logging_level="ERROR",
                log_to_driver=False,
                **quiet,
            )
        except Exception as error:  # noqa: BLE001  Ray raises anything, also RuntimeError
            raise CleanerError(_why_not(error, self._address)) from None
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, terminate)  # Ray puts one of its own

    def _probe(self, ray: Any) -> None:
        """Let every node read a file that was written here, and tell its versions."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._work.mkdir(parents=True, exist_ok=True)
        token = os.urandom(16).hex()
        path = self._work / f"probe-{token[:8]}.txt"
        path.write_text(token, "ascii")
        look = ray.remote(num_cpus=0, max_retries=3)(_look)
        try:
            asked = {}
            for node in ray.nodes():
                if node["Alive"] and node["Resources"].get("CPU"):
                    at = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                    asked[look.options(scheduling_strategy=at).remote(str(path))] = node
            faults = [
                fault
                for reference, node in asked.items()
                if (fault := self._fault(ray, reference, token))
                and (fault := f"node {node['NodeManagerAddress']}: {fault}")
            ]
        finally:
            path.unlink(missing_ok=True)
        if faults:
            raise CleanerError("the Ray cluster cannot do this run:\n" + "\n".join(faults))

    def _fault(self, ray: Any, reference: Any, token: str) -> str:
        """What is wrong with a node; "" if nothing is."""
        try:
            seen, versions = ray.get(reference, timeout=PROBE_SECONDS)
        except ray.exceptions.GetTimeoutError:
            return f"did not answer within {PROBE_SECONDS:g} s; look at its Ray logs"
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            return _missing(cause) or f"failed: {type(cause).__name__}: {cause}"
        except ray.exceptions.RayError as error:
            return f"failed: {type(error).__name__}; look at its Ray logs"
        if fault := _unlike(versions, _versions()):
            return fault
        if seen != token:
            return (
                f"does not see {self._work}; put --output on storage that all nodes mount under "
                "the same path"
            )
        return ""


def check_address(address: str) -> None:
    """Refuse an address that is none, or where nobody listens.

    Raises:
        CleanerError: it is.
    """
    if address == "auto":
        return
    if address.startswith("ray://"):
        raise CleanerError(
            "engine.address: Ray's client protocol is not supported; run cleaner on a node of the "
            "cluster and give `auto` or host:port of its head"
        )
    if not _ADDRESS.fullmatch(address):
        raise CleanerError(f"engine.address: expected `auto` or host:port, not {address!r}")
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS) as connection:
            _greet(connection)
    except (OSError, OverflowError) as error:
        raise CleanerError(
            f"no Ray cluster answers at {address} ({error}); start one (`ray start --head`), or "
            "mend engine.address"
        ) from None


def _greet(connection: socket.socket) -> None:
    """Refuse what does not speak HTTP/2, on which Ray's own connection would wait for minutes.

    Raises:
        ConnectionError: it does not answer as RFC 9113, section 3.4, has it: with SETTINGS first.
    """
    if os.environ.get("RAY_USE_TLS", "0") not in {"", "0"}:
        return
    connection.settimeout(CONNECT_SECONDS)
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    answer = b""
    while len(answer) < 4 and (more := connection.recv(64)):
        answer += more
    if answer[3:4] != b"\4":
        raise ConnectionError("what listens there is not Ray")


def _why_not(error: Exception, address: str | None) -> str:
    words = " ".join(str(error).split())[:500]
    if address is None:
        return f"Ray cannot be started here: {words}"
    if "ersion mismatch" in words:
        return f"the cluster at {address} has another Python or Ray: {words}"
    return (
        f"there is no Ray cluster to be reached at {address}: {words}; start one "
        "(`ray start --head`) or mend engine.address"
    )


def _missing(cause: BaseException) -> str:
    """What a node cannot import, from the error that says so; "" if it is another one."""
    found = _NO_MODULE.search(str(cause))
    if found is None:
        return ""
    return (
        f"cannot import {found[1]}: install the same cleaner, and the packages of your own stages, "
        "on every node"
    )


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    """What may differ between machines and decide a byte of the output."""
    from importlib.metadata import version

    import cleaner

    packages = ("numba", "numpy", "pyarrow")
    python = ".".join(platform.python_version_tuple()[:2])
    found = [(name, version(name)) for name in packages]
    return (("cleaner", cleaner.__version__), ("python", python), *found)


def _unlike(theirs: Sequence[tuple[str, str]], ours: Sequence[tuple[str, str]]) -> str:
    """In what versions differ; "" if they are the same."""
    here = dict(ours)
    unlike = [f"{n} {v}, here {here.get(n)}" for n, v in theirs if here.get(n) != v]
    return f"has {'; '.join(unlike)}: install the same versions" if unlike else ""


def _look(path: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """On a node: what a file of the work folder says, and the versions."""
    return _eventually(lambda: Path(path).read_text("ascii")) or "", _versions()


def _execute(task: Task, versions: tuple[tuple[str, str], ...], folder: str) -> TaskReport:
    """On a node: run a task, if the node fits; it may have come after the others were looked at."""
    _prepare(versions, folder)
    _wait_for(task.context, task.digest)
    return execute(task, isolated=True)


@lru_cache(maxsize=1)
def _prepare(versions: tuple[tuple[str, str], ...], folder: str) -> None:
    """Once in a worker; `folder` is where the command is run: paths of a config begin there."""
    if fault := _unlike(_versions(), versions):
        raise CleanerError(f"node {socket.gethostname()} {fault}")
    with suppress(OSError):  # only configs with paths of their own need it
        os.chdir(folder)
    be_frugal()


@lru_cache(maxsize=2)
def _wait_for(path: str, digest: str) -> None:
    """Wait until this node sees the context as the driver wrote it: network storage may lag."""
    if _eventually(lambda: hash_file(Path(path))[1] == digest) is None:
        raise CleanerError(
            f"node {socket.gethostname()} does not see {path} as it was written; put --output on "
            "storage that all nodes mount under the same path"
        )


def _eventually(look: Callable[[], Any]) -> Any:
    """What a look gives once it gives something; None if it never does in time."""
    end = time.monotonic() + VISIBLE_SECONDS
    while True:
        try:
            found = look()
        except OSError:
            found = None
        if found:
            return found
        if time.monotonic() > end:
            return None
        time.sleep(0.2)
