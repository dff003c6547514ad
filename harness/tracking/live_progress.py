"""How far a stage is, in numbers: its pieces, what they tell of their training, and how busy the GPUs are."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from harness.core.engine import Engine
from harness.core.journal import JournalReader

RATE_OVER = 600.0  # seconds over which pieces per hour are counted
LONGEST = 200  # characters of a name; MLflow takes 250 with what stands before it
REFUSED = re.compile(r"[^\w .-]")  # signs that MLflow takes in no name of a metric, and the slash


@dataclass(frozen=True, slots=True, eq=False)
class StageLook:
    """What was seen at one moment: `time` in seconds since 1970, `step` in seconds since the run began."""

    time: float
    step: int
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


@dataclass(slots=True)
class RunningPiece:
    """A piece that a worker has begun: what its metrics are called, and the newest epoch of each of its seeds."""

    called: str
    epochs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    ended: bool = False


class StageProgress:
    """Looks at an engine and its journals."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._began = time.monotonic()
        self._reader = JournalReader(engine.journal) if engine.journal else None
        self._pieces: dict[Any, RunningPiece] = {}  # by number
        self._done: list[tuple[float, int]] = []  # when how many pieces were done
        self._devices: set[str] = set()

    def gpus(self) -> dict[str, float]:
        """Return `system/<node>/gpu<number>_utilization` -> percent; a cluster takes some seconds to answer."""
        try:
            used = self.engine.workers.gpu_use()
        except Exception:  # an engine that is about to end, or whose processes are just being started
            return {}
        here = os.uname().nodename
        places = {name if "/" in name else f"{here}/{name}": percent for name, percent in used.items()}
        return {f"system/{'/'.join(map(_clean, name.split('/')))}_utilization": of for name, of in places.items()}

    def look(self, gpus: Mapping[str, float], last: bool = False) -> StageLook:
        """Return what is new.

        Args:
            gpus: what the GPUs do.
            last: whether the work is over, so that nothing runs any more.
        """
        step = time.monotonic() - self._began
        self._read(self._reader.new() if self._reader else [])
        counts = self.engine.counts
        running = 0 if last else sum(not piece.ended for piece in self._pieces.values())
        pieces = {
            "pieces/total": counts.total,
            "pieces/done": counts.done,
            "pieces/failed": counts.failed,
            "pieces/retried": counts.retried,
            "pieces/running": running,
            "pieces/per_hour": self._per_hour(step, counts.done),
        }
        metrics = {**{name: float(value) for name, value in pieces.items()}, **self._training(), **gpus}
        self._pieces = {number: piece for number, piece in self._pieces.items() if not piece.ended}
        return StageLook(
            time.time(), int(step), metrics, {"device": ", ".join(sorted(self._devices))} if self._devices else {}
        )

    def _read(self, lines: Iterable[Mapping[str, Any]]) -> None:
        for line in lines:
            number, event = line.get("piece"), line.get("event")
            if event == "began":  # maybe once more, after it was lost
                self._pieces[number] = RunningPiece(name_of_metric(str(line.get("name", ""))))
            elif number in self._pieces and event == "epoch":
                self._pieces[number].epochs[str(line.get("seed"))] = line
                self._devices |= {str(line["device"])} if line.get("device") else set()
            elif number in self._pieces and event == "ended":
                self._pieces[number].ended = True

    def _training(self) -> dict[str, float]:
        """Return the mean score on dev, and loss, of the newest epochs of what runs or has just ended."""
        values: dict[str, list[float]] = {}
        for piece in self._pieces.values():
            for line in piece.epochs.values():
                for kind in ("dev", "loss"):
                    if isinstance(line.get(kind), int | float):  # None where it was infinite
                        values.setdefault(f"{kind}/{piece.called}", []).append(float(line[kind]))
        return {name: fmean(numbers) for name, numbers in values.items()}

    def _per_hour(self, now: float, done: int) -> float:
        self._done.append((now, done))
        while len(self._done) > 1 and now - self._done[1][0] >= RATE_OVER:
            self._done.pop(0)
        since, before = self._done[0]
        return 3600 * (done - before) / (now - since) if now > since else 0.0


def name_of_metric(piece: str) -> str:
    """Return what stands after `dev/` for a piece: its recipe, and before it the protocol where there is one."""
    command, _, rest = piece.partition(" (")
    stage, _, row = command.partition(" ")
    parts = [row or stage, *([rest.partition(",")[0]] if stage == "protocols" and rest else [])]
    return _clean(" ".join(parts))


def _clean(name: str) -> str:
    return REFUSED.sub("_", name)[:LONGEST].strip(". ") or "_"
