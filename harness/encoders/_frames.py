"""Frame-level features at a coarser rate, so that stores stay small."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError

LEVELS = ("utterance", "frames")


def checked_level(name: str, level: str) -> str:
    """Return a level, or raise SettingError: an encoder gives one row per utterance, or its frames."""
    if level not in LEVELS:
        raise SettingError(f"encoder {name}: level is {level!r}; it is {' or '.join(LEVELS)}")
    return level


def frames_in(name: str, every: float, step: float) -> int:
    """Return how many frames, one a `step` seconds, are averaged to one; SettingError if not even one."""
    if not isinstance(every, (int, float)) or round(every / step) < 1:
        raise SettingError(f"encoder {name}: every is {every!r}; it is seconds, {step:g} or more")
    return round(every / step)


def averaged(frames: NDArray[Any], many: int) -> NDArray[np.float32]:
    """Return the means of every `many` frames (n, width), of those that are left at the end too."""
    starts = np.arange(0, len(frames), many)
    if not len(starts):
        return np.zeros(frames.shape, np.float32)
    counts = np.diff([*starts, len(frames)])
    sums = np.add.reduceat(frames.astype(np.float64), starts, axis=0)
    return (sums / counts[:, None]).astype(np.float32)
