"""Progress of long work: a bar on a terminal, and a line a minute in a log file."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.core.log import is_terminal, log

MINUTE = 60.0  # seconds between two lines at most


@contextmanager
def progress(label: str, total: int, unit: str = "") -> Iterator[Callable[[int, int], None]]:
    """Show how far a piece of work is; yield a function that is told how much more is done, and how much more there is.

    Args:
        label: what the work is called.
        total: how much there is to do.
        unit: what is counted, such as "utterances".
    """
    state = _State(label, total, unit)
    if is_terminal() or sys.stderr.isatty():
        with _bar(state) as done:
            yield done
    else:
        with _lines(state) as done:
            yield done


class _State:
    """How much is done of what, since when."""

    def __init__(self, label: str, total: int, unit: str) -> None:
        self.label, self.total, self.unit = label, total, unit
        self.done, self.began = 0, time.monotonic()

    def add(self, more: int, grown: int) -> None:
        """Note that so much more is done, and that there is so much more to do."""
        self.done, self.total = self.done + more, self.total + grown

    def rate(self) -> float:
        """Return units per second so far."""
        return self.done / max(time.monotonic() - self.began, 1e-9)

    def line(self) -> str:
        """Return the state as a line: done, rate and time left."""
        what = f"{self.label}: {self.done:,} of {self.total:,}" + (f" {self.unit}" if self.unit else "")
        took = time.monotonic() - self.began
        if self.done == self.total:
            return f"{what} in {duration(took)}"
        if not self.done:
            return f"{what} after {duration(took)}"
        rate = f", {self.rate():,.1f} per second" if self.rate() >= 1 else f", {60 * self.rate():,.1f} per minute"
        return f"{what}{rate}, about {duration((self.total - self.done) / self.rate())} left"


@contextmanager
def _lines(state: _State) -> Iterator[Callable[[int, int], None]]:
    ended = threading.Event()

    def speak() -> None:
        while not ended.wait(MINUTE):
            log.info(state.line())

    def done(more: int, grown: int = 0) -> None:
        state.add(more, grown)

    log.info(f"{state.label}: {state.total:,}" + (f" {state.unit}" if state.unit else " pieces of work"))
    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield done
    finally:
        ended.set()
        speaker.join()
        log.info(state.line())


@contextmanager
def _bar(state: _State) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(state.label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn(), TextColumn("{task.fields[rate]}"))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(state.label, total=state.total, rate="")

        def done(more: int, grown: int = 0) -> None:
            state.add(more, grown)
            bar.update(
                task, advance=more, total=state.total, rate=f"{state.rate():,.0f} {state.unit}/s" if state.unit else ""
            )

        yield done


def duration(seconds: float) -> str:
    """Return a time in words of a person: seconds below two minutes, then minutes, then hours."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
