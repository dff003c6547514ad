"""What the parts of the GPU check share: whether sizes are tiny, how long they may take, and how they measure."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from harness.core import epochs
from harness.features.matrix import Ragged
from harness.training import network
from harness.training.feature_rows import Examples, FeatureRows

GPU = torch.cuda.is_available()
DEVICE = torch.device("cuda" if GPU else "cpu")
SETTINGS = {"hidden": 64, "dropout": 0.0, "lr": 2e-3, "weight_decay": 0.01, "batch": 64, "epochs": 4, "patience": 9,
            "clip": 1.0}  # fmt: skip
RECIPE = {"normalise": "source_std", "balanced": True, "settings": SETTINGS}
WIDTHS = {
    "utterance": {"text": 384, "audio": 215, "video": 309},
    "frames": {"text": 384, "audio": 43, "video": 154},
}
Figures = dict[str, Any]


@dataclass(frozen=True)
class GpuRun:
    """One run of the check: `dry` has tiny sizes; `limit` is in seconds; `networks` are looked at, all where empty."""

    dry: bool
    limit: float
    networks: Sequence[str] = ()
    began: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Return the share of the time that is left."""
        return 1 - (time.monotonic() - self.began) / self.limit


def sync() -> None:
    """Wait for the GPU."""
    if GPU:
        torch.cuda.synchronize()


def seconds(work: Callable[[], Any], warm: int = 1, many: int = 3) -> float:
    """Return the median of the seconds that some work takes."""
    for _ in range(warm):
        work()
    sync()
    found = []
    for _ in range(many):
        began = time.perf_counter()
        work()
        sync()
        found.append(time.perf_counter() - began)
    return float(np.median(found))


def failure(error: BaseException) -> Figures:
    """Return what is kept of an error."""
    return {"error": f"{type(error).__name__}: {str(error)[:300]}", "trace": traceback.format_exc()[-1500:]}


def made_up(level: str, rows: int, seed: int, dry: bool) -> Examples:
    """Return rows of three slots, a tenth of them absent, of which a network can learn four classes."""
    random, parts = np.random.default_rng(seed), {}
    y = random.integers(0, 4, rows)
    for slot, real in WIDTHS[level].items():
        width = 8 if dry else real
        if level == "utterance":
            signal = 0.3 * y[:, None] * (np.arange(width) % 4 == 0)
            parts[slot] = (random.normal(size=(rows, width)) + signal).astype(np.float32)
        else:
            frames = [random.normal(size=(random.integers(3, 60), width)) + 0.3 * label for label in y]
            parts[slot] = Ragged.of([of.astype(np.float32) for of in frames], width)
    keep = random.random((rows, len(parts))) > 0.1
    keep[:, 0] = True
    return Examples(FeatureRows.of(**parts).masked(keep), y, None)


@contextlib.contextmanager
def on(where: torch.device | str) -> Iterator[None]:
    """Train and predict on a device: every part of the harness asks `network.device`."""
    real, network.device = network.device, lambda: torch.device(where)
    try:
        yield
    finally:
        network.device = real


@contextlib.contextmanager
def steps_timed() -> Iterator[list[float]]:
    """Give a list that takes the time of every step of an optimiser, each waited for."""
    marks: list[float] = []

    def mark() -> None:
        sync()
        marks.append(time.perf_counter())

    epochs.step_listeners.append(mark)
    try:
        yield marks
    finally:
        epochs.step_listeners.remove(mark)
