"""What workers tell while they work: lines of JSON in one file per process, appended; lost without harm.

A line has `piece` (its number), `name`, `node` (the machine; `node_id` as an engine calls it), `time` (seconds since
1970) and `event`: `began`, `epoch` (with what the training tells of it) or `ended`.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from harness.core import epochs, paths
from harness.core.files import hold

FOLDER = paths.WORK / "live"
EVERY = 1.0  # seconds between two writes of a process at most: a network file system is slow
HELD = "held"  # locked while its driver lives


class JournalWriter:
    """Appends lines about the pieces of one process to its own file.

    The file is opened for each write, since other machines see what was written when it is closed.
    """

    def __init__(self, folder: Path, node: str, node_id: str = "") -> None:
        self.path = folder / f"{node}.{os.getpid()}.jsonl"
        self.place = {"node": node, **({"node_id": node_id} if node_id else {})}
        self._lines: list[str] = []
        self._wrote = 0.0

    @contextmanager
    def of(self, number: int, name: str) -> Iterator[None]:
        """Tell that a piece begins, the epochs of its training, and that it ended."""
        about = {"piece": number, "name": name}

        def epoch(facts: Mapping[str, Any]) -> None:
            self._add({**about, **facts, "event": "epoch"})

        self._add({**about, "event": "began"}, now=True)
        epochs.listeners.append(epoch)
        try:
            yield
        finally:
            epochs.listeners.remove(epoch)
            self._add({**about, "event": "ended"}, now=bool(self._lines))

    def _add(self, line: Mapping[str, Any], now: bool = False) -> None:
        self._lines.append(json.dumps({**line, **self.place, "time": round(time.time(), 3)}) + "\n")
        if now or time.monotonic() - self._wrote > EVERY:
            with suppress(OSError), self.path.open("a", encoding="utf-8") as file:
                file.writelines(self._lines)
            self._lines.clear()
            self._wrote = time.monotonic()


class JournalReader:
    """Reads what all processes of a run have told since the last look."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[Path, int] = {}

    def new(self) -> list[dict[str, Any]]:
        """Return the new lines, of each process in their order; a line that is not written whole yet comes later."""
        lines: list[dict[str, Any]] = []
        for path in sorted(self.folder.glob("*.jsonl")):
            with suppress(OSError), path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                data = file.read()
                whole = data[: data.rfind(b"\n") + 1]
                self._read[path] = self._read.get(path, 0) + len(whole)
                lines += [line for text in whole.splitlines() if (line := _parsed(text))]
        return lines


def _parsed(text: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        line = json.loads(text)
        if isinstance(line, dict):
            return line
    return {}


@contextmanager
def kept() -> Iterator[Path]:
    """Give a folder for the journals of one run, and delete it afterwards, with those of drivers that were killed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = FOLDER / f"{int(time.time())}.{os.uname().nodename}.{os.getpid()}.{os.urandom(3).hex()}"
    with ExitStack() as held:
        with hold(FOLDER / HELD, wait=True):  # or one that is just made is swept before it is held
            for old in FOLDER.iterdir():
                with suppress(OSError), hold(old / HELD):
                    shutil.rmtree(old, ignore_errors=True)
            folder.mkdir()
            held.enter_context(hold(folder / HELD))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
