"""A multilayer perceptron over the features of one or several modalities set side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

DETERMINISTIC = False
SPARSE = False


class Model(nn.Module):
    """Linear - GELU - dropout, `layers` times, then a linear read-out.

    Args:
        width: number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (units a layer), `layers`, `dropout` (share of units dropped).
    """

    def __init__(self, width: int, outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for _ in range(int(settings["layers"])):
            blocks += [nn.Linear(width, int(settings["hidden"])), nn.GELU(), nn.Dropout(float(settings["dropout"]))]
            width = int(settings["hidden"])
        self.body = nn.Sequential(*blocks, nn.Linear(width, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (n, outputs) of features (n, width)."""
        scores: Tensor = self.body(x)
        return scores
