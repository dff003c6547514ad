"""Run a command and say how long it took and how much memory it and all that it started held at most."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.5  # seconds between two looks at the memory: each costs milliseconds of the kernel a process
CHECKOUT = Path(__file__).resolve().parent.parent
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
ONE_THREAD = dict.fromkeys(THREADS, "1")
BOTH_CORES = dict.fromkeys(THREADS, "2")


@dataclass(frozen=True, slots=True)
class Watched:
    """What a command cost: wall and processor seconds, the peak of its processes' memory in MB, and what it printed."""

    wall: float
    cpu: float
    peak: float
    out: str


def watch(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Watched:
    """Run a command in a folder, one thread a process; one that fails ends the benchmark with what it said.

    Memory is the sum of the proportional set sizes of the process tree: what several share counts once.
    """
    log = folder / "watched.log"
    start = time.perf_counter()
    with log.open("w", encoding="utf-8") as out:
        full = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(CHECKOUT), **(environment or {})}
        child = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, env=full)
        tree = _Tree(child.pid)
        while child.poll() is None:
            tree.look()
            time.sleep(EVERY)
    wall = time.perf_counter() - start
    said = log.read_text(encoding="utf-8", errors="replace")
    if child.returncode:
        sys.exit(f"{' '.join(command)}: exit status {child.returncode}\n{said[-3000:]}")
    return Watched(wall, sum(tree.ticks.values()) / os.sysconf("SC_CLK_TCK"), tree.peak / 1000, said)


class _Tree:
    """A process and all below it: the most they held at once, in kB, and the processor ticks of each when last seen."""

    def __init__(self, root: int) -> None:
        self.root, self.peak, self.ticks = root, 0, dict[int, int]()

    def look(self) -> None:
        total, waiting = 0, [self.root]
        while waiting:
            pid = waiting.pop()
            one = Path("/proc", str(pid))
            try:
                for task in (one / "task").iterdir():
                    waiting += map(int, (task / "children").read_text(encoding="utf-8").split())
                rollup = (one / "smaps_rollup").read_text(encoding="utf-8")
                facts = (one / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except (OSError, ValueError):
                continue  # it has just ended
            self.ticks[pid] = int(facts[11]) + int(facts[12])
            total += next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
        self.peak = max(self.peak, total)


def python(name: str) -> list[str]:
    """Return the beginning of a command that runs a module with this Python."""
    return [sys.executable, "-m", name]
