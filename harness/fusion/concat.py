"""Early fusion: every slot is brought to one size, they are set side by side, and a perceptron reads them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from harness.fusion._slots import Slots, block, number, whole

DETERMINISTIC = False
LEVEL = "utterance"
SETTINGS = {"hidden": "whole", "dropout": "share"}
BATCHED = True


class Model(nn.Module):
    """A layer per slot, then one over all of them.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (128), `dropout` (0.3).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, dropout = whole(settings, "hidden", 128), number(settings, "dropout", 0.3)
        self.slots = Slots(widths, hidden, dropout)
        self.read = nn.Sequential(block(hidden * len(widths), hidden, dropout), nn.Linear(hidden, outputs))

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of features (n, width) by slot; `present` is (n, slots)."""
        scores: Tensor = self.read(self.slots(x, present).flatten(1))
        return scores
