"""What a stage says while it works: lines of Python's logging.

A line begins with its time where it does not go to a terminal, so that the file of a night's run tells what happened
when. `configure` is called by the command line; a program that imports the harness keeps its own handlers.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from harness.core.plain_text import on_one_line

LONGEST = 2000  # characters of a line
log = logging.getLogger("emotransfer")


class _Stream(logging.StreamHandler[Any]):
    """Write to what standard output or error is now: tests and notebooks exchange it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.name = "stdout"

    @property
    def stream(self) -> Any:
        return getattr(sys, str(self.name))

    @stream.setter
    def stream(self, _: Any) -> None:
        """Keep to the one of the name."""

    def format(self, record: logging.LogRecord) -> str:
        self.setFormatter(logging.Formatter("%(message)s" if is_terminal() else "%(asctime)s %(message)s", "%F %T"))
        return "\n".join(on_one_line(line, LONGEST) for line in super().format(record).split("\n"))


def configure(stream: str = "stdout") -> None:
    """Print the lines of the harness, of the level INFO and above.

    Args:
        stream: `stdout` for a stage, whose lines are all it prints; `stderr` for a verb, which prints an answer.
    """
    handler = next((handler for handler in log.handlers if isinstance(handler, _Stream)), None)
    if handler is None:
        handler = _Stream()
        log.addHandler(handler)
    handler.name = stream
    log.setLevel(logging.INFO)
    log.propagate = False


def is_terminal() -> bool:
    """Tell whether the lines go to a terminal."""
    name = next((str(handler.name) for handler in log.handlers if isinstance(handler, _Stream)), "stdout")
    return bool(getattr(getattr(sys, name), "isatty", lambda: False)())
