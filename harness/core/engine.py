"""Run independent pieces of work side by side, in one-thread processes.

Two processes with one thread each beat one process with two threads on the small matrices of this field, and a
piece that writes its own result whole can be repeated, skipped or killed without harm.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from typing import TypeVar

from harness.core.errors import HarnessError, SettingError
from harness.core.progress import progress
from harness.core.shortage import shortage

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
            pool.shutdown(cancel_futures=True)


def prepare(modules: Sequence[str]) -> None:
    """Begin to load libraries for the workers to come, beside what this process goes on to do.

    Args:
        modules: names of modules that workers will import.
    """
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"
    if _can_fork():
        multiprocessing.set_forkserver_preload(list(modules))
        _start_server()


def _start_server() -> None:
    """Start the process that workers are copies of, deaf to Ctrl-C like these: it is the parent that ends them."""
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # first, since it lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
        futures: dict[Future[Result], int] = {}
        try:
            for number, job in enumerate(jobs):
                futures[_submitted(pool, work, job)] = number
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            _end(pool)
            raise WorkerDied(
                f"{label}: a worker process died (out of memory?); finished pieces are kept, so run the command "
                "again, with fewer workers if memory is short (engine.workers in params.yaml)"
            ) from error
        except (KeyboardInterrupt, SystemExit):
            _end_server()
            _end(pool)
            raise
        finally:
            for future in futures:
                future.cancel()


def _submitted(pool: ProcessPoolExecutor, work: Callable[[Job], Result], job: Job) -> Future[Result]:
    try:
        return pool.submit(_told, work, job)
    except (OSError, RuntimeError) as error:  # while a worker is started another one dies, and the pool is closed
        raise BrokenProcessPool(f"a worker cannot be started: {error}") from error


def _told(work: Callable[[Job], Result], job: Job) -> Result:
    """Do a job; what a machine was short of is told here, since the causes of an error do not travel."""
    try:
        return work(job)
    except HarnessError as error:
        raise shortage(error) or error from error.__cause__


def _end_server() -> None:
    """End the process that workers are copies of, before it starts one that this process no longer waits for."""
    from multiprocessing import forkserver

    server = getattr(forkserver, "_forkserver", None)
    if process := getattr(server, "_forkserver_pid", None):
        os.kill(process, signal.SIGKILL)


def _end(pool: ProcessPoolExecutor) -> None:
    """End the workers at once: the pool waits for ever for one that was started while another one died."""
    for process in list((pool._processes or {}).values()):  # kill_workers() from Python 3.14 on
        process.kill()


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
    return ProcessPoolExecutor(workers, mp_context=context(), initializer=_begin, initargs=(dict(os.environ),))


def context() -> BaseContext:
    """Return how processes are started: as copies of one that has the libraries loaded, where the system can."""
    if _can_fork():
        _start_server()
    return multiprocessing.get_context("forkserver" if _can_fork() else "spawn")


def _can_fork() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()


def _begin(environment: dict[str, str]) -> None:
    os.environ.update(environment)  # that of the process that workers are copies of may be older
    end_with_parent()


def end_with_parent() -> None:
    """End this worker when the process that started it is gone: a killed one cannot tell its pool."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
