"""Processes of this machine, one thread each; where it has GPUs, some processes more for each of them.

A process that trains on a GPU sees that one alone, by CUDA_VISIBLE_DEVICES, and all others see none: a context on a
GPU takes half a gigabyte of it.
"""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.core.engine import Counts, WorkerDied
from harness.core.engine_settings import EngineSettings, worker_count
from harness.core.errors import SettingError
from harness.core.gpu_use import gpu_use, unused_gpu
from harness.core.log import log
from harness.core.piece_call import PieceCall, do, do_elsewhere
from harness.core.pieces import Needs, Outcome, Piece
from harness.core.processes import context, end_with_parent

VISIBLE = "CUDA_VISIBLE_DEVICES"
AHEAD = 1  # pieces that wait in a pool beside those that run, so that no process waits for the next one


class Workers:
    """Pools of processes, started when the first piece needs one; with one worker pieces are done in this process."""

    def __init__(self, settings: EngineSettings, counts: Counts, journal: Path | None) -> None:
        del counts  # nothing is begun again here: a process that dies takes its pool with it
        self.settings, self.journal = settings, journal
        self.processes = worker_count(settings.workers)
        self._pools: dict[float, ProcessPoolExecutor] = {}  # by the share of a GPU
        self._futures: dict[Future[Outcome], Piece] = {}
        self._done: list[tuple[Piece, Outcome]] = []

    @cached_property
    def _devices(self) -> list[str]:
        """Return the GPUs of this machine by the names that CUDA_VISIBLE_DEVICES takes."""
        import torch

        count = torch.cuda.device_count()
        if not count and (unused := unused_gpu()):
            log.warning(f"{unused}; networks are trained on the CPU")
        named = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
        return named[:count] if named else [str(number) for number in range(count)]

    def gpus(self) -> float:
        """Return how many GPUs this machine has."""
        return len(self._devices)

    def cpus_beside(self, gpus: float) -> int:
        """Return how many cores there are for so many GPUs."""
        return max(int(self.processes * gpus / max(self.gpus(), 1)), 1)

    def slots(self, needs: Needs) -> int:
        """Return how many such pieces run at once."""
        if not self._share(needs):
            return self.processes
        if needs.gpus > self.gpus():
            raise SettingError(
                f"engine: this machine has {self.gpus():g} GPUs, and a piece is to have {needs.gpus:g}; mend "
                "engine.num_gpus, or num_gpus of an encoder's row"
            )
        return len(self._assigned(needs.gpus))

    def has_room(self, needs: Needs) -> bool:
        """Tell whether a process is free for such a piece, or soon will be; a GPU is never shared beyond its whole."""
        if self._is_here(needs):
            return not self._done
        share, running = self._share(needs), [self._share(piece.needs) for piece in self._futures.values()]
        if not share:
            return len(running) < self.processes + AHEAD
        others = sum(other for other in running if other != share)
        slots = min(self.slots(needs), int((self.gpus() - others) / share + 1e-9))
        return running.count(share) < slots + (AHEAD if not others else 0)

    def submit(self, piece: Piece, number: int) -> None:
        """Hand a piece to a pool, or do it here."""
        call = PieceCall(piece.work, piece.job, piece.name, number, journal=self.journal)
        if self._is_here(piece.needs):
            self._done.append((piece, do(call)))
            return
        pool = self._pool(self._share(piece.needs))
        try:
            self._futures[pool.submit(do_elsewhere, call)] = piece
        except (OSError, RuntimeError) as error:  # while a worker is started another one dies, and the pool is closed
            broken: Future[Outcome] = Future()
            broken.set_exception(BrokenProcessPool(f"a worker cannot be started: {error}"))
            self._futures[broken] = piece

    def wait(self, label: str) -> list[tuple[Piece, Outcome]]:
        """Return pieces that have ended."""
        ended, self._done = self._done, []
        if ended or not self._futures:
            return ended
        for future in wait(self._futures, timeout=1.0, return_when=FIRST_COMPLETED).done:
            piece = self._futures.pop(future)
            try:
                ended.append((piece, future.result()))
            except BrokenProcessPool as error:
                self.end()
                raise WorkerDied(
                    f"{label}: a worker process died (out of memory?); finished pieces are kept, so run the command "
                    "again, with fewer workers if memory is short (engine.workers in params.yaml)"
                ) from error
        return ended

    def running(self) -> int:
        """Return how many pieces have not ended."""
        return len(self._futures) + len(self._done)

    def seen(self, path: Path) -> None:
        """Do nothing: what a process of this machine writes, all others see."""

    def gpu_use(self) -> dict[str, float]:
        """Return GPU -> percent of the time in which it worked."""
        return gpu_use([name for pool in self._pools if pool for name in self._devices])

    def close(self) -> None:
        """End the processes."""
        for pool in self._pools.values():
            pool.shutdown(cancel_futures=True)

    def end(self, interrupted: bool = False) -> None:
        """End the processes at once: a pool waits for ever for one that was started while another one died."""
        self._futures.clear()
        if interrupted and self._pools:
            _end_server()
        for pool in self._pools.values():
            for process in list((pool._processes or {}).values()):  # kill_workers() from Python 3.14 on
                process.kill()
            pool.shutdown(cancel_futures=True)

    def _is_here(self, needs: Needs) -> bool:
        return self.processes == 1 and not needs.apart and not self._share(needs)

    def _share(self, needs: Needs) -> float:
        """Return the share of a GPU that a piece has: none where there is no GPU, for then it runs on a CPU."""
        return needs.gpus if needs.gpus and self.gpus() else 0.0

    def _pool(self, share: float) -> ProcessPoolExecutor:
        if share not in self._pools:
            devices = self._assigned(share) if share else []
            count = context().Value("i", 0)
            self._pools[share] = ProcessPoolExecutor(
                len(devices) or self.processes,
                mp_context=context(),
                initializer=_begin,
                initargs=(dict(os.environ), devices, count),
            )
        return self._pools[share]

    def _assigned(self, share: float) -> list[str]:
        """Return the GPUs that each process of a share sees."""
        if share >= 1:
            each = int(share)
            groups = [self._devices[at : at + each] for at in range(0, len(self._devices) - each + 1, each)]
            return [",".join(group) for group in groups]
        return [name for name in self._devices for _ in range(int(1 / share + 1e-9))]


def _begin(environment: dict[str, str], devices: list[str], count: Any) -> None:
    os.environ.update(environment)  # that of the process that workers are copies of may be older
    with count.get_lock():
        os.environ[VISIBLE] = devices[count.value % len(devices)] if devices else ""
        count.value += 1
    end_with_parent()


def _end_server() -> None:
    """End the process that workers are copies of, before it starts one that this process no longer waits for."""
    import signal
    from multiprocessing import forkserver

    server = getattr(forkserver, "_forkserver", None)
    if process := getattr(server, "_forkserver_pid", None):
        os.kill(process, signal.SIGKILL)
