"""Run independent pieces of work side by side, in one-thread processes.

Two processes with one thread each beat one process with two threads on the small matrices of this field, and a
piece that writes its own result whole can be repeated, skipped or killed without harm.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from typing import TypeVar

from harness.core.errors import HarnessError, SettingError
from harness.core.progress import progress

Job = TypeVar("Job")
Result = TypeVar("Result")
_kept: list[ProcessPoolExecutor] | None = None
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class WorkerDied(HarnessError):  # noqa: N818
    """A worker process ended without a word: the system killed it, or a library brought it down."""


def worker_count(setting: int | str) -> int:
    """Return how many processes to use: a positive number, or one per core for "auto"."""
    if setting == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if type(setting) is int and setting >= 1:  # true is an int too
        return setting
    raise SettingError(f"engine.workers is {setting!r}; it is a positive number or auto")


@contextmanager
def kept() -> Iterator[None]:
    """Keep the worker processes of the first `run` inside for the others: starting them costs seconds."""
    global _kept
    _kept = []
    try:
        yield
    finally:
        pools, _kept = _kept, None
        for pool in pools:
            pool.shutdown()


def prepare(modules: Sequence[str]) -> None:
    """Begin to load libraries for the workers to come, beside what this process goes on to do.

    Args:
        modules: names of modules that workers will import.
    """
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"
    if _can_fork():
        from multiprocessing import forkserver

        multiprocessing.set_forkserver_preload(list(modules))
        forkserver.ensure_running()


def run(
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int,
    label: str,
    sizes: Sequence[int] = (),
    unit: str = "",
) -> list[Result]:
    """Call `work` on every job and return what it returned, in the order of the jobs, when all are done.

    `work` is a module-level function; what is large it writes itself, whole. Progress is shown (core/progress.py).

    Args:
        work: what is to be done.
        jobs: one argument of `work` each.
        workers: processes; 1 is this one.
        label: what the progress is called.
        sizes: how much each job is of the progress; a job counts 1 without.
        unit: what a size counts; their rate is shown then.

    Raises:
        HarnessError: the first error of a job, after the running ones have ended; results already written stay.
        WorkerDied: a process is gone.
    """
    if not jobs:
        return []
    results: dict[int, Result] = {}
    for variable in THREAD_VARIABLES:  # read by the math libraries when the child processes import them
        os.environ[variable] = "1"
    sizes = sizes or [1] * len(jobs)
    with progress(label, sum(sizes), unit) as done:
        if workers == 1:
            for number, job in enumerate(jobs):
                results[number] = work(job)
                done(sizes[number])
        else:
            for number, result in _side_by_side(work, jobs, workers, label):
                results[number] = result
                done(sizes[number])
    return [results[number] for number in range(len(jobs))]


def _side_by_side(
    work: Callable[[Job], Result], jobs: Sequence[Job], workers: int, label: str
) -> Iterator[tuple[int, Result]]:
    """Yield the number and the result of each job as it ends."""
    with _pool(workers, len(jobs)) as pool:
        futures = {pool.submit(work, job): number for number, job in enumerate(jobs)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise WorkerDied(
                f"{label}: a worker process died (out of memory?); finished pieces are kept, so run the command "
                "again, with fewer workers if memory is short (engine.workers in params.yaml)"
            ) from error
        finally:
            for future in futures:
                future.cancel()


@contextmanager
def _pool(workers: int, jobs: int) -> Iterator[ProcessPoolExecutor]:
    if _kept is None:
        with _new_pool(min(workers, jobs)) as pool:
            yield pool
        return
    if not _kept:
        _kept.append(_new_pool(workers))
    yield _kept[0]


def _new_pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=_context(), initializer=_begin, initargs=(dict(os.environ),))


def _context() -> BaseContext:
    """Return how processes are started: as copies of one that has the libraries loaded, where the system can."""
    return multiprocessing.get_context("forkserver" if _can_fork() else "spawn")


def _can_fork() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()


def _begin(environment: dict[str, str]) -> None:
    os.environ.update(environment)  # that of the process that workers are copies of may be older
    _end_with_parent()


def _end_with_parent() -> None:
    """End this worker when the process that started it is gone: a killed one cannot tell its pool."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
