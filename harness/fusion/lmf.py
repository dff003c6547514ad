"""Low-rank multimodal fusion: the tensor of all products of all slots, read out by a weight tensor of low rank.

Liu et al., "Efficient Low-rank Multimodal Fusion with Modality-Specific Factors", ACL 2018. Each slot becomes
[h; 1]; with factors F_m of rank r the scores are  sum_r w_r prod_m (F_m,r [h_m; 1]) + b, which equals contracting the
outer product of all [h_m; 1] with the full weight tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._slots import Slots, number, whole

DETERMINISTIC = False
LEVEL = "utterance"
SETTINGS = {"hidden": "whole", "rank": "whole", "dropout": "share"}
BATCHED = True


class Model(nn.Module):
    """A layer per slot, then the low-rank product; an absent slot is [0; 1] and leaves the products of the others.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (128), `rank` (4), `dropout` (0.3).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, rank = whole(settings, "hidden", 128), whole(settings, "rank", 4)
        self.slots = Slots(widths, hidden, number(settings, "dropout", 0.3))
        # Every factor is near one at first and the sum of the products near nothing: so a product is near the sum of
        # its factors, and no slot drowns the others.
        factors = 0.3 * (hidden + 1) ** -0.5 * torch.randn(len(widths), rank, hidden + 1, outputs)
        factors[:, :, -1] += 1.0
        self.factors = nn.Parameter(factors)
        self.weight = nn.Parameter(torch.full((rank,), 1 / rank))
        self.bias = nn.Parameter(torch.full((outputs,), -1.0))

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of features (n, width) by slot; `present` is (n, slots)."""
        held = self.slots(x, present)
        extended = torch.cat([held, torch.ones_like(held[:, :, :1])], dim=2)
        products = torch.einsum("nmh,mrho->mnro", extended, self.factors)
        together = products[0]
        for product in products[1:]:
            together = together * product
        return torch.einsum("nro,r->no", together, self.weight) + self.bias
