"""Hand out pieces of work to processes: those of this machine, or those of a cluster (`engine` in params.yaml).

    pieces.py         what a piece is, and the order in which pieces begin
    piece_call.py     how one is done
    engines/local.py  processes of this machine, one thread each
    engines/ray.py    a cluster of Ray

Two processes with one thread each beat one process with two threads on the small matrices of this field, and a piece
that writes its own result whole can be repeated, skipped or killed without harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from harness.core import journal, plugins
from harness.core.engine_settings import LOCAL, EngineSettings
from harness.core.errors import HarnessError
from harness.core.log import log
from harness.core.pieces import Needs, Outcome, Piece, PieceQueue
from harness.core.processes import one_thread
from harness.core.progress import progress

Job = TypeVar("Job")
Result = TypeVar("Result")
RUNNING_END = 30.0  # seconds that running pieces have to end in after one has failed


class WorkerDied(HarnessError):  # noqa: N818
    """A worker process ended without a word: the system killed it, or a library brought it down."""


class WorkerTraceback(Exception):  # noqa: N818
    """The traceback of a bug in another process, as the cause of the error that is raised here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class EngineWorkers(Protocol):
    """What a file of `engines` defines: processes that take pieces."""

    def gpus(self) -> float:
        """Return how many GPUs there are."""
        ...

    def cpus_beside(self, gpus: float) -> int:
        """Return how many cores of a machine there are for so many of its GPUs, one at least."""
        ...

    def slots(self, needs: Needs) -> int:
        """Return how many such pieces run at once; an impossible need is a SettingError."""
        ...

    def has_room(self, needs: Needs) -> bool:
        """Tell whether one more such piece should be handed over now."""
        ...

    def submit(self, piece: Piece, number: int) -> None:
        """Hand a piece over."""
        ...

    def wait(self, label: str) -> list[tuple[Piece, Outcome]]:
        """Return pieces that have ended, after a second at the latest; one that is lost for good is a WorkerDied."""
        ...

    def running(self) -> int:
        """Return how many pieces were handed over and have not ended."""
        ...

    def seen(self, path: Path) -> None:
        """Wait until a file that a piece wrote is seen by this process."""
        ...

    def gpu_use(self) -> dict[str, float]:
        """Return machine and GPU -> percent of the time in which it worked; of what pieces of ours may use."""
        ...

    def close(self) -> None:
        """End the processes, which have nothing to do any more."""
        ...

    def end(self, interrupted: bool = False) -> None:
        """End the processes at once, whatever they do; `interrupted` by Ctrl-C, which reaches them too."""
        ...


@dataclass(slots=True)
class Counts:
    """How many pieces of a run there are, have ended, failed, and were begun again after they were lost."""

    total: int = 0
    done: int = 0
    failed: int = 0
    retried: int = 0


class Engine:
    """Runs pieces on workers; `counts` tells how far it is, and `journal` is the folder that workers tell in."""

    def __init__(self, settings: EngineSettings, workers: EngineWorkers, counts: Counts, told: Path | None) -> None:
        self.settings, self.workers, self.counts, self.journal = settings, workers, counts, told
        self._numbers = 0

    def run(
        self,
        work: Callable[[Job], Result],
        jobs: Sequence[Job],
        label: str,
        *,
        needs: Needs = Needs(),  # noqa: B008  # frozen
        sizes: Sequence[int] = (),
        unit: str = "",
        name: Callable[[Job], str] = lambda _: "",
    ) -> list[Result]:
        """Call `work` on every job and return what it returned, in the order of the jobs, when all are done.

        `work` is a module-level function; what is large it writes itself, whole. Progress is shown (core/progress.py).

        Args:
            work: what is to be done.
            jobs: one argument of `work` each.
            label: what the progress is called.
            needs: of one job.
            sizes: how much each job is of the progress; a job counts 1 without.
            unit: what a size counts; their rate is shown then.
            name: what an error calls a job.

        Raises:
            HarnessError: the first error of a job, after the running ones have ended; results already written stay.
            WorkerDied: a process is gone.
        """
        results: dict[int, Result] = {}

        def keep(number: int) -> Callable[[Result], Iterable[Piece]]:
            def then(result: Result) -> Iterable[Piece]:
                results[number] = result
                return ()

            return then

        pieces = [
            Piece(work, job, name(job) or f"{label}, piece {at + 1}", needs, sizes[at] if sizes else 1, then=keep(at))
            for at, job in enumerate(jobs)
        ]
        self.run_pieces(pieces, label, unit)
        return [results[number] for number in range(len(jobs))]

    def run_pieces(self, pieces: Sequence[Piece], label: str, unit: str = "") -> None:
        """Run pieces, and those that follow from them, longest first.

        Args:
            pieces: to begin with.
            label: what the progress is called.
            unit: what the size of a piece counts.

        Raises:
            HarnessError: the first error of a piece; no other was begun after it.
        """
        if not pieces:
            return
        one_thread()
        queue, total = PieceQueue(), sum(piece.size + piece.expects for piece in pieces)
        written: list[Path] = []
        self.counts.total += len(pieces)
        queue.add(pieces)
        with progress(label, total, unit) as shown, self._ending(label):
            while len(queue) or self.workers.running():
                self._hand_over(queue)
                for piece, outcome in self.workers.wait(label):
                    self._take(piece, outcome)
                    queue.ended(piece, outcome.seconds)
                    if piece.then:  # what follows may read it
                        for path in piece.writes:
                            self.workers.seen(path)
                    written += piece.writes
                    more = list(piece.then(outcome.result)) if piece.then else []
                    queue.add(more)
                    self.counts.total += len(more)
                    grown = sum(other.size + other.expects for other in more) - piece.expects
                    shown(piece.size, grown)
            for path in dict.fromkeys(written):
                self.workers.seen(path)

    def slots(self, needs: Needs) -> int:
        """Return how many such pieces run at once."""
        return self.workers.slots(needs)

    def device(self) -> str | None:
        """Return the kind of device that encoders for GPUs will run on, or None where that is seen in this process."""
        if self.settings.kind == LOCAL:
            return None
        return "cuda" if self.workers.gpus() else "cpu"

    def _hand_over(self, queue: PieceQueue) -> None:
        while (piece := queue.take(self.workers.has_room)) is not None:
            self._numbers += 1
            self.workers.submit(piece, self._numbers)
        if len(queue) and not self.workers.running():
            for needs in queue.needs():
                self.workers.slots(needs)  # an error that says why nothing runs

    def _take(self, piece: Piece, outcome: Outcome) -> None:
        for text in outcome.said:
            log.warning(text)
        if outcome.error is None:
            self.counts.done += 1
            return
        self.counts.failed += 1
        if outcome.trace and outcome.error.__traceback__ is None:  # it comes from another process
            raise outcome.error from WorkerTraceback(f"{piece.name}, on {outcome.node}:\n{outcome.trace}")
        raise outcome.error

    @contextmanager
    def _ending(self, label: str) -> Iterator[None]:
        """After an error let running pieces end, so that what they do is kept."""
        try:
            yield
        except HarnessError as error:
            if not isinstance(error, WorkerDied):
                self._let_end(label)
            raise

    def _let_end(self, label: str) -> None:
        from time import monotonic

        deadline = monotonic() + RUNNING_END
        while self.workers.running() and monotonic() < deadline:
            try:
                self.workers.wait(label)
            except HarnessError:  # of two errors the first is told
                continue
        if self.workers.running():
            self.workers.end()


@contextmanager
def opened(section: Mapping[str, Any], tells: bool = False) -> Iterator[Engine]:
    """Give an engine, whose processes live until the end of the block.

    Args:
        section: `engine` of params.yaml.
        tells: whether workers tell in a journal what they do (core/journal.py); those of a cluster always do.

    Raises:
        SettingError: the engine is not installed, cannot be reached, or does not suit this process.
    """
    settings, counts = EngineSettings.of(section), Counts()
    with journal.kept() if tells or settings.kind != LOCAL else nullcontext() as folder:
        workers: EngineWorkers = plugins.find("engine", settings.kind).Workers(settings, counts, folder)
        try:
            yield Engine(settings, workers, counts, folder)
        except BaseException as error:
            workers.end(interrupted=isinstance(error, (KeyboardInterrupt, SystemExit)))
            raise
        workers.close()


def run(
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int,
    label: str,
    sizes: Sequence[int] = (),
    unit: str = "",
    needs: Needs = Needs(),  # noqa: B008  # frozen
) -> list[Result]:
    """Do `Engine.run` with processes of this machine.

    Args:
        work, jobs, label, sizes, unit, needs: as `Engine.run`.
        workers: processes; 1 is this one.
    """
    if not jobs:
        return []
    with opened({"kind": LOCAL, "workers": workers}) as engine:
        return engine.run(work, jobs, label, needs=needs, sizes=sizes, unit=unit)
