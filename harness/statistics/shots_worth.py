"""What a source is worth: how many labelled target utterances per class give as much as the source without any."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Worth:
    """How many target labels per class a source is worth, or on which side of the tried numbers that lies."""

    shots: float | None
    bound: str = ""  # "<" or ">" where it lies beyond the tried numbers

    def __str__(self) -> str:
        return "–" if self.shots is None else f"{self.bound}{self.shots:.0f}"


def crossing(target_only: Mapping[int, float], zero_shot: float) -> Worth:
    """Return where the line of the target's own labels first reaches the value of a source without target labels.

    Between two numbers of shots the line is straight on a logarithmic scale.

    Args:
        target_only: shots a class -> value of a model that was trained on them alone.
        zero_shot: value of the source's model.
    """
    line = sorted(target_only.items())
    if not line:
        return Worth(None)
    if line[0][1] >= zero_shot:
        return Worth(float(line[0][0]), "<" if line[0][1] > zero_shot else "")
    for (k, low), (more, high) in pairwise(line):
        if high >= zero_shot:
            part = (zero_shot - low) / (high - low)
            return Worth(math.exp(math.log(k) + part * (math.log(more) - math.log(k))))
    return Worth(float(line[-1][0]), ">")


def crossing_interval(
    shots: Sequence[int], lines: NDArray[np.float64], zero_shot: NDArray[np.float64], level: float
) -> tuple[Worth, Worth]:
    """Return the ends of the percentile interval of a crossing; an end may lie beyond the tried numbers.

    Args:
        shots: the tried numbers, rising.
        lines: value of the target's own labels in each resample and number, (resamples, shots).
        zero_shot: value of the source in each resample, (resamples,).
        level: of the interval.
    """
    known = np.isfinite(lines).all(axis=1) & np.isfinite(zero_shot)
    found = sorted(
        _place(crossing(dict(zip(shots, line, strict=True)), float(zero)))
        for line, zero in zip(lines[known].tolist(), zero_shot[known], strict=True)
    )
    if not found:
        return Worth(None), Worth(None)
    ends = ((1 - level) / 2, (1 + level) / 2)
    low, high = (found[min(int(end * len(found)), len(found) - 1)] for end in ends)
    return _worth(low, shots), _worth(high, shots)


def _place(worth: Worth) -> float:
    """Return where a worth lies, infinitely far where it is beyond the tried numbers."""
    return {"<": -math.inf, ">": math.inf}.get(worth.bound, worth.shots or 0.0)


def _worth(place: float, shots: Sequence[int]) -> Worth:
    if math.isinf(place):
        return Worth(float(shots[0]), "<") if place < 0 else Worth(float(shots[-1]), ">")
    return Worth(place)
