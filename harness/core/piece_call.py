"""Do one piece of work, in this process or in a worker, and return how it ended."""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError, ResultError, left_program
from harness.core.journal import JournalWriter
from harness.core.log import log
from harness.core.pieces import Outcome
from harness.core.shortage import shortage


@dataclass(frozen=True, slots=True)
class PieceCall:
    """A piece as it travels to a worker.

    Args:
        work, job, name, reads, is_made: of the piece.
        number: of the piece in this run.
        journal: the folder that the worker tells of its work in, if anybody reads it.
        latency_wait: seconds to wait for a file of `reads` that another machine has written.
    """

    work: Callable[[Any], Any]
    job: Any
    name: str
    number: int = 0
    reads: Sequence[Path] = ()
    is_made: Callable[[Any], bool] | None = None
    journal: Path | None = None
    latency_wait: float = 0.0


def do(call: PieceCall, node: str = "", node_id: str = "") -> Outcome:
    """Do a piece in this process; its error is returned and not raised.

    Args:
        call: the piece.
        node: how people call this machine.
        node_id: how an engine calls it.
    """
    node = node or os.uname().nodename
    began = time.monotonic()
    with _warnings() as said, ExitStack() as told:
        if call.journal:
            told.enter_context(_journal(call.journal, node, node_id).of(call.number, call.name))
        outcome = _outcome(call, node)
    outcome.seconds, outcome.node, outcome.said = time.monotonic() - began, node, said
    return outcome


def do_elsewhere(call: PieceCall, node: str = "", node_id: str = "") -> Outcome:
    """Do a piece in a process that another one waits for: the outcome can travel there."""
    outcome = do(call, node, node_id)
    if outcome.error is not None:
        outcome.error = _travels(outcome.error)
    return outcome


def _outcome(call: PieceCall, node: str) -> Outcome:
    try:
        missing = [path for path in call.reads if not path.exists()]
        if missing and not (call.is_made and call.is_made(call.job)):
            for path in missing:
                wait_for(path, call.latency_wait, node)
        return Outcome(call.work(call.job))
    except SystemExit as error:
        return Outcome(error=HarnessError(left_program(error)))
    except Exception as error:  # a bug keeps its type and traceback
        short = shortage(error, call.name)
        return Outcome(error=short or error, trace="" if short else traceback.format_exc())


def wait_for(path: Path, seconds: float, node: str) -> None:
    """Wait until a file that another machine has written is seen here.

    A network file system may keep for a minute that there was none; to list its folder makes it look again.

    Args:
        path: the file.
        seconds: to wait at most.
        node: how people call this machine.

    Raises:
        ResultError: it is not seen in that time.
    """
    deadline, pause = time.monotonic() + seconds, 0.02
    while not path.exists():
        if time.monotonic() >= deadline:
            raise ResultError(
                f"{path}: was written by another process and is not seen on {node} after {seconds:g} s; a cluster "
                "needs the checkout on a shared file system (engine.latency_wait in params.yaml waits longer)"
            )
        time.sleep(pause)
        pause = min(2 * pause, 1.0)
        try:
            os.listdir(path.parent)
        except OSError:
            continue


@cache
def _journal(folder: Path, node: str, node_id: str) -> JournalWriter:
    return JournalWriter(folder, node, node_id)


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect the warnings of the harness in a worker, where nobody reads what it prints."""
    said: list[str] = []
    if log.handlers:  # a process that people look at
        yield said
        return
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    log.addHandler(handler)
    try:
        yield said
    finally:
        log.removeHandler(handler)


def _travels(error: BaseException) -> BaseException:
    """Return an error that another process can make again: one of ours or of Python's, or else its type and text."""
    ours = isinstance(error, HarnessError) or type(error).__module__ == "builtins"
    return error if ours else RuntimeError(f"{type(error).__name__}: {error}")
