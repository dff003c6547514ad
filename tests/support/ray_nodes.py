"""A small cluster of Ray on this machine for tests: nodes of one core and one announced GPU, which can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

STORE = 80 * 2**20
QUICK = {  # a hung node is told after seconds, and not after a minute
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}


class RayNodes:
    """The node `one`, where the cluster's own processes live, and `two`, unless it is left out."""

    def __init__(self, gpus: int = 1, second: bool = True) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        from ray.cluster_utils import Cluster

        of_node = {"num_cpus": 1, "num_gpus": gpus, "object_store_memory": STORE}
        head = {**of_node, "node_name": "one", "include_dashboard": False, "_system_config": QUICK}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.second: Any = self.cluster.add_node(**of_node, node_name="two") if second else None
        self.started: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def processes_of_second(self) -> list[int]:
        """Return the ids of the raylet of node `two` and of all its workers."""
        (raylet,) = self.second.all_processes["raylet"]
        return [raylet.process.pid, *children_of(raylet.process.pid)]

    def signal_second(self, what: signal.Signals) -> None:
        for process in self.processes_of_second():
            with suppress(ProcessLookupError):
                os.kill(process, what)

    def start(self, name: str, *before: str, **environment: str) -> None:
        """Start one more node by `ray start`, behind other words of a command and with further variables."""
        command = [
            *before, str(Path(sys.executable).with_name("ray")), "start", f"--address={self.address}",
            f"--node-name={name}", "--num-cpus=1", "--num-gpus=1", f"--object-store-memory={STORE}", "--block",
        ]  # fmt: skip
        self.started.append(
            subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )  # fmt: skip

    def stop(self) -> None:
        for process in self.started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
        if self.second is not None:
            with suppress(Exception):
                self.signal_second(signal.SIGCONT)
        self.cluster.shutdown()


def children_of(process: int) -> list[int]:
    """Return the ids of the children of a process, and of theirs."""
    found: list[int] = []
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, tasks.read_text().split()):
                found += [child, *children_of(child)]
    return found


def until(ready: Any, seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it has not come to that"
        time.sleep(0.05)


@contextmanager
def two_nodes(gpus: int = 1, second: bool = True) -> Iterator[RayNodes]:
    nodes = RayNodes(gpus, second)
    try:
        yield nodes
    finally:
        nodes.stop()
