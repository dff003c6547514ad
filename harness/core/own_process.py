"""Run code of others in a process of its own, which may leave the program, crash or never end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from harness.core import processes
from harness.core.errors import HarnessError

Job = TypeVar("Job")
Result = TypeVar("Result")


class Ended(HarnessError):  # noqa: N818
    """A process ended before its work did, or was ended because it gave nothing for too long."""


def results(work: Callable[[Job], Iterator[Result]], job: Job, limit: float) -> Iterator[Result]:
    """Yield what a module-level generator function gives for a job, as it comes.

    Args:
        work: runs in the other process.
        job: its argument; it and the results must travel between processes.
        limit: seconds that the process may take for one result.

    Raises:
        HarnessError: the error that `work` raised.
        Ended: the process is gone, or took longer than `limit`.
    """
    context = processes.context()
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_give, args=(work, job, theirs), daemon=True)  # type: ignore[attr-defined]
    process.start()
    theirs.close()
    try:
        while ours.poll(limit):
            kind, value = ours.recv()
            if kind == "error":
                raise value
            if kind == "end":
                return
            yield value
        raise Ended(f"it has not gone on for {limit:g} s")
    except EOFError as error:
        process.join()
        raise Ended(f"it left the program (exit status {process.exitcode})") from error
    finally:
        process.kill()
        process.join()
        ours.close()


def _give(work: Callable[[Any], Iterator[Any]], job: Any, results: Connection) -> None:
    processes.end_with_parent()
    try:
        for result in work(job):
            results.send(("result", result))
        results.send(("end", None))
    except HarnessError as error:
        results.send(("error", error))
