"""Run independent pieces of work side by side, in one-thread processes.

Two processes with one thread each beat one process with two threads on the small matrices of this field, and a
piece that writes its own result whole can be repeated, skipped or killed without harm.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from harness.errors import HarnessError, SettingError

Job = TypeVar("Job")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def worker_count(setting: int | str) -> int:
    """Return how many processes to use: a positive number, or one per core for "auto"."""
    if setting == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if type(setting) is int and setting >= 1:  # true is an int too
        return setting
    raise SettingError(f"engine.workers is {setting!r}; it is a positive number or auto")


def run(work: Callable[[Job], object], jobs: Sequence[Job], workers: int, label: str) -> None:
    """Call `work` on every job and return when all are done.

    `work` is a module-level function that writes its result itself, whole. Progress is shown on standard error.

    Raises:
        HarnessError: the first error of a job, after the running ones have ended; results already written stay.
    """
    if not jobs:
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    for variable in THREAD_VARIABLES:  # read by the math libraries when the child processes import them
        os.environ[variable] = "1"
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(label, total=len(jobs))
        if workers == 1:
            for job in jobs:
                work(job)
                progress.advance(task)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context) as pool:
            futures = [pool.submit(work, job) for job in jobs]
            try:
                for future in as_completed(futures):
                    future.result()
                    progress.advance(task)
            except BrokenProcessPool as error:
                raise HarnessError(
                    f"{label}: a worker process died (out of memory?); finished pieces are kept, so run the command "
                    "again, with fewer workers if memory is short (engine.workers in params.yaml)"
                ) from error
            finally:
                for future in futures:
                    future.cancel()
