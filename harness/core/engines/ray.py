"""A cluster of Ray: pieces run on all its machines, and those of a lost machine are begun again on another one.

Ray itself repeats nothing: what is lost is counted, named and begun again here. A machine that hangs is told by Ray's
health check after a minute, but what ran there is never given up by Ray: it is begun again here, too.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.engine import Counts, WorkerDied
from harness.core.engine_settings import EngineSettings
from harness.core.engines import _ray_cluster as cluster
from harness.core.engines._ray_cluster import exceptions, ray
from harness.core.errors import HarnessError, SettingError
from harness.core.gpu_use import gpu_use
from harness.core.journal import JournalReader
from harness.core.log import log
from harness.core.piece_call import PieceCall, wait_for
from harness.core.pieces import Needs, Outcome, Piece
from harness.core.plain_text import on_one_line

LOOK = 10.0  # seconds between two looks at the machines
GONE = 10.0  # seconds after which what ran on a lost machine is begun again
MEMORY_RETRIES = 1  # what was short of memory once mostly is so again


@dataclass(slots=True)
class Running:
    """A piece that was handed over: its calls, when the first of them was, and how often it was lost."""

    piece: Piece
    number: int
    since: float
    refs: list[Any] = field(default_factory=list)
    lost: int = 0
    node: str = ""  # where it was begun last, as far as its worker has told
    node_id: str = ""
    began: float = 0.0
    is_late: bool = False  # it took longer than engine.timeout


class Workers:
    """The cluster at `engine.address`, or one of this machine's cores and GPUs where there is none."""

    def __init__(self, settings: EngineSettings, counts: Counts, journal: Path | None) -> None:
        self.settings, self.counts, self.journal = settings, counts, journal
        self._reader = JournalReader(journal) if journal else None
        self._running: dict[int, Running] = {}
        self._by_ref: dict[Any, int] = {}
        self._gone: dict[str, float] = {}  # id of a lost machine -> when that was seen
        self._looked = 0.0
        self._own = cluster.connect(settings)
        try:
            self._nodes = cluster.alive()
            self._has_gpus = bool(self.gpus())  # as it began: what a lost machine was to do is not done on a CPU
            self.driver = cluster.driver()
            self._task = ray.remote(max_calls=0, max_retries=0)(cluster.work)
            if not self._own:
                cluster.check_nodes(self._nodes, self.driver, settings.latency_wait)
            self._say_what_it_is()
        except BaseException:
            ray.shutdown()
            raise

    def gpus(self) -> float:
        """Return how many GPUs the cluster has."""
        return float(sum(node["Resources"].get("GPU", 0.0) for node in self._nodes))

    def cpus_beside(self, gpus: float) -> int:
        """Return how many cores of a machine there are for so many of its GPUs."""
        of = [node["Resources"] for node in self._nodes if node["Resources"].get("GPU")]
        return max(int(min((each.get("CPU", 0) * gpus / each["GPU"] for each in of), default=1)), 1)

    def slots(self, needs: Needs) -> int:
        """Return how many such pieces run at once."""
        needs = self._given(needs)
        count = sum(cluster.fits(node, needs) for node in self._nodes)
        if not count:
            raise SettingError(
                f"engine: no node of the cluster has {cluster.in_words(needs.cpus, needs.gpus, needs.memory)} for a "
                f"piece; {cluster.largest(self._nodes)}. Mend engine.num_cpus, num_gpus or memory, or num_gpus of an "
                "encoder's row"
            )
        return count

    def has_room(self, needs: Needs) -> bool:
        """Tell whether so few such pieces are handed over that machines would soon be idle."""
        given = self._given(needs)
        running = sum(self._given(of.piece.needs) == given for of in self._running.values())
        slots = sum(cluster.fits(node, given) for node in self._nodes)
        return bool(slots) and running < slots + max(2, slots // 4)

    def submit(self, piece: Piece, number: int) -> None:
        """Hand a piece to the cluster."""
        running = Running(piece, number, time.monotonic())
        self._running[number] = running
        self._begin(running)

    def wait(self, label: str) -> list[tuple[Piece, Outcome]]:
        """Return pieces that have ended; what was lost is begun again."""
        del label  # every piece has its own name
        if not self._running:
            return []
        refs = list(self._by_ref)
        ready, _ = ray.wait(refs, num_returns=1, timeout=1.0)
        if ready:
            ready, _ = ray.wait(refs, num_returns=len(refs), timeout=0)
        ended = [(running.piece, outcome) for ref in ready for running, outcome in self._ended(ref)]
        if time.monotonic() - self._looked > min(LOOK, self.settings.timeout or LOOK):
            self._look()
        return ended

    def running(self) -> int:
        """Return how many pieces have not ended."""
        return len(self._running)

    def seen(self, path: Path) -> None:
        """Wait until a file that a worker wrote is seen by this process."""
        wait_for(path, self.settings.latency_wait, "this machine")

    def gpu_use(self) -> dict[str, float]:
        """Return node and GPU -> percent of the time in which it worked."""
        task = ray.remote(num_cpus=0, max_retries=0)(gpu_use)
        asked = {
            cluster.name_of(node): cluster.on(task, node).remote()
            for node in self._nodes
            if node["Resources"].get("GPU")
        }
        ready, _ = ray.wait(list(asked.values()), num_returns=len(asked), timeout=5.0) if asked else ([], [])
        found: dict[str, float] = {}
        for node, ref in asked.items():
            if ref in ready:
                with suppress(exceptions.RayError):
                    found |= {f"{node}/{gpu}": value for gpu, value in ray.get(ref).items()}
        return found

    def close(self) -> None:
        """Leave the cluster, or end it where it is our own."""
        ray.shutdown()

    def end(self, interrupted: bool = False) -> None:
        """Leave at once: the workers of this process end with it."""
        del interrupted
        ray.shutdown()

    def _begin(self, running: Running) -> None:
        piece, given = running.piece, self._given(running.piece.needs)
        of_run = running.number, piece.reads, piece.is_made, self.journal, self.settings.latency_wait
        call = PieceCall(piece.work, piece.job, piece.name, *of_run)
        task = self._task.options(num_cpus=given.cpus, num_gpus=given.gpus, memory=given.memory or None)
        running.node = running.node_id = ""
        running.began, running.is_late = 0.0, False
        ref = task.remote(call, self.driver)
        running.refs.append(ref)
        self._by_ref[ref] = running.number

    def _ended(self, ref: Any) -> list[tuple[Running, Outcome]]:
        running = self._running.get(self._by_ref.pop(ref, 0))
        if running is None:  # another call of the piece was faster
            return []
        running.refs.remove(ref)
        try:
            outcome = ray.get(ref)
        except exceptions.RayTaskError as error:  # before the piece began: what a piece raises is in its outcome
            cause = error.cause
            outcome = Outcome(error=cause if isinstance(cause, HarnessError) else HarnessError(f"engine: {cause!r}"))
        except (exceptions.RuntimeEnvSetupError, exceptions.TaskUnschedulableError) as error:
            raise HarnessError(f"engine: {on_one_line(str(error), 400)}") from error
        except exceptions.RayError as error:
            if not running.refs:
                self._again(running, error)
            return []
        del self._running[running.number]
        for other in running.refs:
            self._by_ref.pop(other, None)
            ray.cancel(other)
        return [(running, outcome)]

    def _again(self, running: Running, error: exceptions.RayError) -> None:
        """Begin a lost piece again, or give up."""
        running.lost += 1
        self._read_journal()
        why = "it took longer than engine.timeout" if running.is_late else _why(error)
        allowed = self.settings.max_retries if running.piece.needs.retries is None else running.piece.needs.retries
        short = isinstance(error, exceptions.OutOfMemoryError)
        if running.lost > (min(allowed, MEMORY_RETRIES) if short else allowed):
            times = "once" if running.lost == 1 else f"{running.lost} times"
            where = f", last on {running.node}" if running.node else ""
            todo = (
                "set engine.memory to what a piece needs (bytes), so that fewer run on a machine"
                if short
                else "if memory is short, set engine.memory to what a piece needs (bytes)"
            )
            raise WorkerDied(
                f"{running.piece.name}: lost {times}{where} ({why}); finished pieces are kept, so run the "
                f"command again; {todo}"
            )
        self.counts.retried += 1
        where = f" on {running.node}" if running.node else ""
        log.warning(f"{running.piece.name}: lost{where} ({why}); it is begun again")
        self._begin(running)

    def _look(self) -> None:
        """See which machines there are, and begin again what a lost one holds or what takes longer than allowed."""
        self._looked = time.monotonic()
        if not cluster.answers():  # Ray itself would end this process after a minute
            raise WorkerDied(
                "engine: the head of the Ray cluster does not answer any more; finished pieces are kept, so start the "
                "cluster and run the command again"
            )
        nodes = cluster.alive()
        for node in self._nodes:
            if node["NodeID"] not in {other["NodeID"] for other in nodes}:
                self._gone.setdefault(node["NodeID"], self._looked)
                log.warning(f"engine: node {cluster.name_of(node)} is lost")
        new = [node for node in nodes if node["NodeID"] not in {other["NodeID"] for other in self._nodes}]
        if new:
            log.info(f"engine: {', '.join(map(cluster.name_of, new))} joined the cluster")
        self._nodes = nodes
        self._read_journal()
        for gone, since in list(self._gone.items()):
            if self._looked - since >= GONE:
                del self._gone[gone]
                for running in list(self._running.values()):
                    if running.since < since and running.node_id in ("", gone):
                        self.counts.retried += 1
                        self._begin(running)
        self._end_late()

    def _end_late(self) -> None:
        limit = self.settings.timeout
        for running in list(self._running.values()) if limit else []:
            if running.began and time.time() - running.began > limit:
                running.began, running.is_late = 0.0, True
                for ref in running.refs:
                    ray.cancel(ref, force=True)

    def _read_journal(self) -> None:
        for line in self._reader.new() if self._reader else []:
            running = self._running.get(int(line.get("piece", 0)))
            if running is not None and line.get("event") == "began":
                running.node, running.node_id = str(line.get("node", "")), str(line.get("node_id", ""))
                running.began = float(line.get("time", 0.0))

    def _given(self, needs: Needs) -> Needs:
        """Return what is asked of Ray: no GPU where the cluster has none, for then networks are trained on CPUs."""
        return Needs(needs.cpus, needs.gpus if self._has_gpus else 0.0, needs.memory)

    def _say_what_it_is(self) -> None:
        what = "a cluster of Ray on this machine" if self._own else "a cluster of Ray"
        sums = [sum(node["Resources"].get(name, 0.0) for node in self._nodes) for name in ("CPU", "GPU")]
        count = f"{len(self._nodes)} node{'s' * (len(self._nodes) != 1)}, "
        log.info(f"engine: {what}: {'' if self._own else count}{cluster.in_words(*sums)}")


def _why(error: exceptions.RayError) -> str:
    """Return why a piece was lost, in a few words."""
    if isinstance(error, exceptions.OutOfMemoryError):
        return cluster.memory_words(str(error))
    if isinstance(error, exceptions.NodeDiedError | exceptions.LocalRayletDiedError):
        return "its node died"
    return "its process died" if isinstance(error, exceptions.WorkerCrashedError) else type(error).__name__
