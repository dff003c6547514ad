"""Gated multimodal unit: gates that see every slot decide, number by number, how much of each gets through.

Arevalo et al., "Gated Multimodal Units for Information Fusion", ICLR workshop 2017, in its form for any number of
modalities: h_m = tanh(W_m x_m), z_m = sigmoid(V_m [x_1 .. x_n]), and the sum of z_m h_m is read out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._slots import masked, number, whole

DETERMINISTIC = False
LEVEL = "utterance"
SETTINGS = {"hidden": "whole", "dropout": "share"}
BATCHED = True


class Model(nn.Module):
    """Gates over the slots, then a read-out.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (128), `dropout` (0.3, of the fused numbers).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, total = whole(settings, "hidden", 128), sum(widths.values()) + len(widths)
        self.hold = nn.ModuleList(nn.Linear(width, hidden) for width in widths.values())
        self.gate = nn.Linear(total, hidden * len(widths))
        self.read = nn.Sequential(nn.Dropout(number(settings, "dropout", 0.3)), nn.Linear(hidden, outputs))

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of features (n, width) by slot; `present` is (n, slots).

        The gates see beside the features which slots are there.
        """
        parts = masked(x, present)
        held = torch.stack([torch.tanh(layer(part)) for layer, part in zip(self.hold, parts, strict=True)], dim=1)
        gates = torch.sigmoid(self.gate(torch.cat([*parts, present.to(held.dtype)], dim=1)))
        scores: Tensor = self.read((held * gates.view(held.shape) * present[:, :, None]).sum(dim=1))
        return scores
