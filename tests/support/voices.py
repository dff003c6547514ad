"""A made-up voice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 16000
Sound = NDArray[np.float32]


def voice(hertz: float, seconds: float = 1.0, level: float = 0.1, seed: int = 0) -> Sound:
    """Harmonics of a pitch that fall off as a voice's do, over a little noise."""
    time = np.arange(int(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 12))
    return (level * tones + 1e-3 * np.random.default_rng(seed).normal(size=time.size)).astype(np.float32)
