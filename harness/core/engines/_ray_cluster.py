"""The cluster of Ray that pieces run on: connected to or started, looked at, and what a worker does first.

The machines share the checkout, at the same path, and have the same environment; that is looked at before the first
piece.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
import platform
import re
import signal
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.core import memory
from harness.core.engine_settings import AUTO, LOCAL, EngineSettings, worker_count
from harness.core.errors import HarnessError, SettingError
from harness.core.files import write_text
from harness.core.imports import ROOT
from harness.core.paths import WORK
from harness.core.piece_call import PieceCall, do_elsewhere, wait_for
from harness.core.pieces import Needs, Outcome
from harness.core.plain_text import on_one_line
from harness.core.processes import THREAD_VARIABLES

QUIET = {  # read by Ray when it is imported; what the user has set stays
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_task_oom_retries": "0",  # what is lost is begun again by the engine
}
for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)

try:
    import ray
    from ray import exceptions
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as _error:
    raise SettingError(
        "engine.kind is ray, and Ray is not installed here; run `pip install 'emotransfer[ray]'`, or set engine.kind "
        "to local"
    ) from _error

__all__ = ["exceptions", "ray"]

PACKAGES = ("numpy", "scipy", "torch", "ray")  # that decide numbers, or whether pieces can travel
PASSED_ON = (
    "EMOTRANSFER_",
    "HF_",
    "TRANSFORMERS_",
    "PYTHONPATH",
)  # how variables begin that workers need as this process has them
STORE = 100 * 2**20  # bytes of Ray's object store, in which nothing large is ever put
CONNECT = 10.0  # seconds for an address to answer
ANSWER = 120.0  # seconds for the workers of a new machine to start
GIB = 2**30
_OF_MEMORY = re.compile(r"([0-9.]+)\s*GB used / ([0-9.]+)\s*GB")

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Driver:
    """What a worker must agree with: the checkout and the versions of the process that hands pieces out."""

    checkout: str
    harness: str
    versions: tuple[tuple[str, str], ...]
    token: str


def driver() -> Driver:
    """Return what workers must agree with."""
    return Driver(os.getcwd(), str(ROOT / "harness"), tuple(_versions().items()), f"{os.getpid()}.{time.time()}")


def connect(settings: EngineSettings) -> bool:
    """Connect this process to the cluster of the settings, or start one; tell whether it was started.

    Raises:
        SettingError: there is no cluster at the address, or it does not take this process.
    """
    address = os.environ.get("RAY_ADDRESS", LOCAL) if settings.address == AUTO else settings.address
    own = address == LOCAL
    before = signal.getsignal(signal.SIGTERM)
    if own:
        where: dict[str, Any] = {"num_cpus": worker_count(settings.workers), "object_store_memory": STORE}
    else:
        _refuse_silent(address)
        where = {}
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": _environment()},
            **where,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError, exceptions.RayError) as error:
        raise SettingError(f"engine: no Ray cluster at {address}: {on_one_line(str(error), 400)}") from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)  # Ray's own makes an exit of it that looks like an error of ours
    _be_quiet()
    if own:
        _close_token()
    return own


def answers() -> bool:
    """Tell whether the head of the cluster that this process is connected to answers."""
    host, _, port = str(ray.get_runtime_context().gcs_address).rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT).close()
    except OSError:
        return False
    return True


def _refuse_silent(address: str) -> None:
    """Refuse an address that does not answer: Ray itself tries for two minutes."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or "/" in host:
        raise SettingError(
            f"engine: the address of a Ray cluster is host:port, and not {address!r}; this command runs on one of its "
            "machines (docs/cluster.md)"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT).close()
    except OSError as error:
        raise SettingError(
            f"engine: no Ray cluster at {address} ({error.strerror or error}); start one with "
            f"`ray start --head --port={port}`, or mend RAY_ADDRESS or engine.address"
        ) from error


def _environment() -> dict[str, str]:
    """Return the variables that workers must have before they import anything."""
    passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return {
        **passed,
        **dict.fromkeys(THREAD_VARIABLES, "1"),  # Ray sets them to num_cpus; the last digit depends on them
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",  # a piece without a GPU sees none
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }


def _be_quiet() -> None:
    """Keep what Ray prints of every process that dies out of the output: the engine tells it in one line."""
    from ray._private import worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None


def _close_token() -> None:
    """Keep others from reading the token of a cluster: who has it runs code as its user."""
    token = Path.home() / ".ray" / "auth_token"
    if token.is_file() and token.stat().st_uid == os.getuid():
        token.chmod(0o600)


def alive() -> list[Node]:
    """Return the machines of the cluster that answer."""
    return [node for node in ray.nodes() if node["Alive"]]


def name_of(node: Node) -> str:
    """Return what people call a machine: the name that `ray start` was given, or its host name."""
    given, address, host = (str(node[key]) for key in ("NodeName", "NodeManagerAddress", "NodeManagerHostname"))
    return host if given == address else given


def on(task: Any, node: Node) -> Any:
    """Return a task that runs on one machine."""
    return task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))


def fits(node: Node, needs: Needs) -> int:
    """Return how many pieces with such needs run on a machine at once."""
    has = node["Resources"]
    wanted = (("CPU", needs.cpus), ("GPU", needs.gpus), ("memory", needs.memory))
    return int(min(has.get(name, 0.0) / amount + 1e-9 for name, amount in wanted if amount))


def in_words(cpus: float, gpus: float, memory: float = 0) -> str:
    """Return an amount of what machines have, as people say it."""
    parts = [f"{amount:g} {name}{'s' * (amount != 1)}" for amount, name in ((cpus, "CPU"), (gpus, "GPU")) if amount]
    return ", ".join([*parts, *([f"{memory / GIB:.1f} GiB of memory"] if memory else [])]) or "nothing"


def largest(nodes: Sequence[Node]) -> str:
    """Return which machine has most, and what."""
    if not nodes:
        return "no node is left"
    node = max(nodes, key=lambda node: [node["Resources"].get(name, 0.0) for name in ("GPU", "CPU", "memory")])
    has = in_words(*(node["Resources"].get(name, 0.0) for name in ("CPU", "GPU", "memory")))
    return f"the largest, {name_of(node)}, has {has}"


def memory_words(text: str) -> str:
    """Return what Ray says of memory that was short, as "out of memory: 38 of 40 GB"."""
    found = _OF_MEMORY.search(text)
    return f"out of memory: {float(found[1]):.3g} of {float(found[2]):.3g} GB" if found else "out of memory"


def check_nodes(nodes: Sequence[Node], driver: Driver, latency_wait: float) -> None:
    """Refuse a machine whose checkout or environment is another one than that of this process.

    Raises:
        HarnessError: names the machine, and what differs.
    """
    seen = WORK / f"seen-by-all.{driver.token}"
    write_text(seen, "a machine of the cluster that sees this file shares the checkout\n")
    task = ray.remote(num_cpus=0, max_retries=0)(_differs)
    asked = {on(task, node).remote(driver, str(seen), min(latency_wait, ANSWER)): node for node in nodes}
    try:
        ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=ANSWER)
        for ref, node in asked.items():
            name = name_of(node)
            if ref not in ready:
                raise HarnessError(f"engine: node {name} has not answered in {ANSWER:g} s; look at its logs, or end it")
            try:
                problem = ray.get(ref)
            except exceptions.RayError as error:
                problem = f"cannot run the harness ({on_one_line(str(getattr(error, 'cause', error)), 300)})"
            if problem:
                raise HarnessError(f"engine: node {name} {problem}")
    finally:
        seen.unlink(missing_ok=True)


def _differs(driver: Driver, seen: str, seconds: float) -> str:
    """Return in what this machine differs from the driver's, in words; empty where it does not."""
    try:
        os.chdir(driver.checkout)
        wait_for(Path(seen), seconds, "")
    except (OSError, HarnessError):
        return (
            f"does not see {driver.checkout} as this process does; a cluster needs the checkout on a shared file "
            "system, at the same path"
        )
    here = str(ROOT / "harness")
    if here != driver.harness:
        return f"runs the harness of {here}, this process that of {driver.harness}; use one checkout"
    for name, version in _versions().items():
        wanted = dict(driver.versions).get(name)
        if version != wanted:
            return f"has {name} {version}, this process {wanted}; use one environment"
    return ""


@cache
def _versions() -> dict[str, str]:
    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **packages}


_arrived: list[str] = []  # tokens of the drivers that this process has worked for


def work(call: PieceCall, driver: Driver) -> Outcome:
    """Do a piece in a worker, in the folder of the checkout."""
    context = ray.get_runtime_context()
    node = os.uname().nodename
    if _arrived[-1:] != [driver.token]:
        try:
            os.chdir(driver.checkout)
        except OSError as error:
            raise HarnessError(f"engine: node {node} does not see {driver.checkout}") from error
        if tuple(_versions().items()) != driver.versions:  # a machine that came later than the check of all
            raise HarnessError(f"engine: node {node} {_differs(driver, '.', 0)}")
        memory.forget()
        _arrived.append(driver.token)
    return do_elsewhere(call, node, context.get_node_id())
