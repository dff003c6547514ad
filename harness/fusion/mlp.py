"""A multilayer perceptron over the features of one or several slots set side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._slots import number, whole

DETERMINISTIC = False
LEVEL = "utterance"
SETTINGS = {"hidden": "whole", "layers": "whole", "dropout": "share"}
BATCHED = True


class Model(nn.Module):
    """Linear - GELU - dropout, `layers` times, then a linear read-out; an absent slot is all zero.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (units per layer, 128), `layers` (1), `dropout` (share of units dropped, 0.3).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        width, hidden = sum(widths.values()), whole(settings, "hidden", 128)
        for _ in range(whole(settings, "layers", 1)):
            blocks += [nn.Linear(width, hidden), nn.GELU(), nn.Dropout(number(settings, "dropout", 0.3))]
            width = hidden
        self.body = nn.Sequential(*blocks, nn.Linear(width, outputs))

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of features (n, width) by slot; `present` is (n, slots)."""
        parts = [torch.where(present[:, at, None], slot_rows, 0.0) for at, slot_rows in enumerate(x.values())]
        scores: Tensor = self.body(torch.cat(parts, dim=1))
        return scores
