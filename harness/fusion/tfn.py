"""Tensor fusion network: the outer product of all slots, each with a 1 appended, read by a perceptron.

Zadeh et al., "Tensor Fusion Network for Multimodal Sentiment Analysis", EMNLP 2017. The appended ones keep every
product of fewer slots, down to each slot alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._slots import Slots, number, whole

DETERMINISTIC = False
LEVEL = "utterance"
SETTINGS = {"size": "whole", "hidden": "whole", "dropout": "share"}
BATCHED = True
HELD = 2**24  # numbers of the tensors of all rows that are predicted at a time
SIZES = {1: 128, 2: 48, 3: 16, 4: 7}  # features per slot by default: the tensor has some 4,000 then


class Model(nn.Module):
    """A layer per slot, the outer product, and a hidden layer; an absent slot is [0; 1].

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `size` (features per slot, by default so many that the tensor has about 4,000), `hidden` (64 units
            over the tensor), `dropout` (0.3).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        size, hidden = whole(settings, "size", SIZES[len(widths)]), whole(settings, "hidden", 64)
        dropout = number(settings, "dropout", 0.3)
        self.at_once = max(HELD // (size + 1) ** len(widths), 1)
        self.slots = Slots(widths, size, dropout)
        self.read = nn.Sequential(
            nn.Dropout(dropout), nn.Linear((size + 1) ** len(widths), hidden), nn.ReLU(), nn.Linear(hidden, outputs)
        )

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of features (n, width) by slot; `present` is (n, slots)."""
        scores: Tensor = self.read(outer(self.slots(x, present)))
        return scores


def outer(held: Tensor) -> Tensor:
    """Return the outer product of [h_m; 1] over the slots of `held` (n, slots, size), flat."""
    extended = torch.cat([held, torch.ones_like(held[:, :, :1])], dim=2)
    product = extended[:, 0]
    for at in range(1, extended.shape[1]):
        product = (product[:, :, None] * extended[:, at, None, :]).flatten(1)
    return product
