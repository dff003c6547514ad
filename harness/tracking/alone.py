"""Keep two mirrors from writing to one place at once: each would delete what the other one has just made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness.core import paths
from harness.core.files import hold
from harness.core.log import log
from harness.tracking.address import sqlite_file


@contextmanager
def alone(uri: str) -> Iterator[None]:
    """Wait until no other mirror of this study, or into this SQLite file, is at work, and keep them waiting.

    Two studies on one server need no such lock, for each leaves the runs of the other one alone.
    """
    file = sqlite_file(uri)
    locks = [paths.WORK / "track.lock", *([file.with_name(f"{file.name}.lock")] if file else [])]
    with ExitStack() as held:
        for path in locks:
            held.enter_context(_locked(path))
        yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(hold(path))
        except BlockingIOError:
            log.info(f"{path}: waiting for another `track` to end")
            held.enter_context(hold(path, wait=True))
        yield
