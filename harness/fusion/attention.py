"""Attention over slots: each is brought to one size, and a weight per utterance and slot makes their sum.

The utterance-level attention of MERBench (Lian et al., arXiv 2401.03429), with the weights a softmax over the slots
that are there.
"""

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
    """A layer per slot, a perceptron that weighs them, and a read-out of the weighted sum.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (128), `dropout` (0.3).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, dropout = whole(settings, "hidden", 128), number(settings, "dropout", 0.3)
        self.slots = Slots(widths, hidden, dropout)
        many = len(widths) > 1  # of one slot there is nothing to weigh
        self.weigh = (
            nn.Sequential(block(hidden * len(widths), hidden, dropout), nn.Linear(hidden, len(widths)))
            if many
            else None
        )
        self.read = nn.Linear(hidden, outputs)

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of features (n, width) by slot; `present` is (n, slots)."""
        held = self.slots(x, present)
        if self.weigh is None:
            fused = held[:, 0]
        else:
            weights = self.weigh(held.flatten(1)).masked_fill(~present, -1e9).softmax(dim=1)
            fused = (held * weights[:, :, None]).sum(dim=1)
        scores: Tensor = self.read(fused)
        return scores
