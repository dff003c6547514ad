"""What a source is worth: how many labelled target utterances per class give as much as the source without any."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise


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
