"""Jobs of pieces that tests hand to an engine; workers import them."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import SettingError


@dataclass(frozen=True)
class Told:
    """What a worker sees of its machine."""

    pid: int
    node: str
    gpus: str | None
    threads: str | None
    folder: str


def look(seconds: float) -> Told:
    import ray

    time.sleep(seconds)
    node = ray.get_runtime_context().get_node_id() if ray.is_initialized() else "local"
    environment = os.environ
    return Told(
        os.getpid(), node, environment.get("CUDA_VISIBLE_DEVICES"), environment.get("OMP_NUM_THREADS"), os.getcwd()
    )


def die(marks: Path) -> None:
    """Leave a mark and kill this process."""
    (marks / f"{time.time_ns()}").touch()
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(marks: Path) -> str:
    if not list(marks.iterdir()):
        die(marks)
    return "done"


def hang_once(marks: Path) -> str:
    if not list(marks.iterdir()):
        (marks / "hung").touch()
        time.sleep(600)
    return "done"


def eat(gigabytes: float) -> None:
    """Take memory, and keep it for a while."""
    taken = [b"x" * 10**7 for _ in range(int(gigabytes * 100))]
    time.sleep(60)
    assert taken


def fail(number: int) -> int:
    if number == 1:
        raise SettingError("lr is too large")
    time.sleep(0.2)
    return number


def bug(number: int) -> float:
    return 1 / number


def leave(number: int) -> None:
    raise SystemExit(number)


def write_late(path: Path) -> str:
    """Return before the file is there, as one that another machine writes may be seen late."""

    def later() -> None:
        time.sleep(2)
        path.write_text("late")

    threading.Thread(target=later).start()
    return path.name


def read(path: Path) -> str:
    return path.read_text()
