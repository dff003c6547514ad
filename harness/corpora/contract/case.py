"""What every check of the contract is given (a release that was read), and what it returns (findings)."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType

from harness.core.errors import HarnessError
from harness.study.release import Release

EXAMPLES = 3  # names that stand for all of their kind


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as promised: what is so and where, what was expected, what to do."""

    what: str
    expected: str = ""
    todo: str = ""
    warning: bool = False

    def __str__(self) -> str:
        return "; ".join(filter(None, (self.what, self.expected and f"expected {self.expected}", self.todo)))


class Attempt:
    """One call of `read` and how it ended: a release, a one-line error, or a crash that should have been one.

    The code that is called is the author's and the looked-at thing itself, so that whatever it raises is a finding
    and not the end of the check, `sys.exit` too; this is the one place that may think so.
    """

    def __init__(self, adapter: ModuleType, root: Path) -> None:
        self.release: Release | None = None
        self.error: HarnessError | None = None
        self.crash = ""
        self._home = os.path.dirname(adapter.__file__ or "")
        with self:
            self.release = adapter.read(root)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, HarnessError):
            self.error = error
        elif isinstance(error, (Exception, SystemExit)):
            frames = traceback.extract_tb(trace)
            own = [frame for frame in frames if os.path.dirname(frame.filename) == self._home] or list(frames)
            self.crash = f"{type(error).__name__} ({error}) from {own[-1].filename}, line {own[-1].lineno}"
        return isinstance(error, (Exception, SystemExit))


@dataclass(slots=True)
class ContractCase:
    """An adapter, a release to try it on, and what reading it once gave.

    `state` is path -> (bytes, time of change) of every file before anything was read.
    """

    name: str
    adapter: ModuleType
    root: Path
    synthetic: bool
    state: dict[str, tuple[int, int]]
    attempt: Attempt

    @property
    def release(self) -> Release:
        """Return what was read; only for checks that run after a successful read."""
        assert self.attempt.release is not None
        return self.attempt.release


Check = Callable[[ContractCase], Iterator[Finding]]


def state_of(root: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of change of every file below a folder."""
    counts = {}
    for folder, _, files in os.walk(root):
        for name in files:
            path = os.path.join(folder, name)
            facts = os.lstat(path)
            counts[os.path.relpath(path, root)] = (facts.st_size, facts.st_mtime_ns)
    return counts


def such(names: Sequence[str], what: str, expected: str, todo: str, *, warning: bool = False) -> Iterator[Finding]:
    """Yield one finding over all these names, or nothing if there are none."""
    if names:
        shown = ", ".join(names[:EXAMPLES]) + (", ..." if len(names) > EXAMPLES else "")
        yield Finding(f"{len(names):,} {what}: {shown}", expected, todo, warning)
