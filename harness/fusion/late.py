"""Late fusion: a classifier per slot, and the weighted mean of what those say whose slot is there.

Classes: mean of log-probabilities (a product of experts); a scale: mean of the numbers. The weights of the slots are
learned and the same for every utterance, so nothing that two slots say only together can be learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._slots import block, masked, number, whole

DETERMINISTIC = False
LEVEL = "utterance"
SETTINGS = {"hidden": "whole", "dropout": "share"}
BATCHED = True


class Model(nn.Module):
    """One hidden layer and a read-out per slot.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (128), `dropout` (0.3).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, dropout = whole(settings, "hidden", 128), number(settings, "dropout", 0.3)
        self.experts = nn.ModuleList(
            nn.Sequential(block(width, hidden, dropout), nn.Linear(hidden, outputs)) for width in widths.values()
        )
        # One slot has nothing to be weighed against; its weight would be a parameter without effect.
        self.weight = nn.Parameter(torch.zeros(len(widths))) if len(widths) > 1 else None

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of features (n, width) by slot; `present` is (n, slots)."""
        scores = torch.stack(
            [expert(part) for expert, part in zip(self.experts, masked(x, present), strict=True)], dim=1
        )
        if scores.shape[-1] > 1:
            scores = scores.log_softmax(dim=-1)
        if self.weight is None:
            return scores[:, 0]
        share = self.weight.expand(present.shape).masked_fill(~present, -1e9).softmax(dim=1)
        return (scores * share[:, :, None]).sum(dim=1)
