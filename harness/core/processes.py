"""Processes of this machine: how they are started, with which variables, and how they end with their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from multiprocessing.context import BaseContext

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def one_thread() -> None:
    """Let math libraries that are imported from here on, also by processes to come, use one thread."""
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"


def prepare(modules: Sequence[str]) -> None:
    """Begin to load libraries for the workers to come, beside what this process goes on to do.

    Args:
        modules: names of modules that workers will import.
    """
    one_thread()
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


def context() -> BaseContext:
    """Return how processes are started: as copies of one that has the libraries loaded, where the system can."""
    if _can_fork():
        _start_server()
    return multiprocessing.get_context("forkserver" if _can_fork() else "spawn")


def _can_fork() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()


def end_with_parent() -> None:
    """End this worker when the process that started it is gone: a killed one cannot tell its pool."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
