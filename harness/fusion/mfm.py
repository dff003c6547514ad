"""Multimodal factorisation: one factor that all slots share and that tells the label, one of each slot's own, and
generators that must give every slot back from both.

Tsai et al., "Learning Factorized Multimodal Representations", ICLR 2019. A memory fusion network encodes what is
shared, a recurrent encoder what is a slot's own; each code becomes a factor by a layer, and a recurrent generator makes
the slot's sequence from the shared factor and its own. Losses: reconstruction, and the maximum mean discrepancy between
the codes and a normal distribution (the Wasserstein auto-encoder of the paper). The paper's further network that
guesses the codes of missing slots is left out: an absent slot is masked, and is neither generated nor drawn to the
normal distribution.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._fused import Frames, Fused
from harness.fusion._memory import Memory
from harness.fusion._sequences import LSTM, aligned
from harness.fusion._slots import block, mean_of, number, whole

DETERMINISTIC = False
LEVEL = "frames"
SETTINGS = {
    "hidden": "whole",
    "memory": "whole",
    "factor": "whole",
    "dropout": "share",
    "aligned_steps": "whole",
    "reconstruction": "number",
    "prior": "number",
}
BATCHED = True


class Model(nn.Module):
    """Encoders to the codes, layers to the factors, generators from them, and a read-out of the shared one.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (32, of each cell), `memory` (32), `factor` (32, numbers of a code and of a factor), `align`
            (20, steps), `dropout` (0.3), and the weights of the losses `reconstruction` (0.1) and `prior` (0.1).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, memory = whole(settings, "hidden", 32), whole(settings, "memory", 32)
        factor, dropout = whole(settings, "factor", 32), number(settings, "dropout", 0.3)
        self.steps = whole(settings, "aligned_steps", 20)
        self.losses = number(settings, "reconstruction", 0.1), number(settings, "prior", 0.1)
        self.network = Memory(widths, hidden, memory, dropout)
        self.shared = nn.Linear(hidden * len(widths) + memory, factor)
        self.encoders = nn.ModuleList(LSTM(width, hidden) for width in widths.values())
        self.own = nn.ModuleList(nn.Linear(hidden, factor) for _ in widths)
        self.factors = nn.ModuleList(block(factor, factor, dropout) for _ in range(1 + len(widths)))  # shared first
        self.generators = nn.ModuleList(LSTM(2 * factor, hidden) for _ in widths)
        self.back = nn.ModuleList(nn.Linear(hidden, width) for width in widths.values())
        self.read = nn.Sequential(block(factor, hidden, dropout), nn.Linear(hidden, outputs))

    def forward(self, x: Mapping[str, Frames], present: Tensor) -> Fused:
        """Return scores (n, outputs) of frames by slot, and the losses; `present` is (n, slots)."""
        slots = aligned(x, present, self.steps)
        shared = self.shared(self.network(slots, present))
        scores = self.read(factor := self.factors[0](shared))
        return Fused(scores, self._extra(slots, shared, factor, present) if self.training else scores.new_zeros(()))

    def _extra(self, slots: list[Tensor], shared: Tensor, factor: Tensor, present: Tensor) -> Tensor:
        there = present.to(shared.dtype)
        apart, misses = [discrepancy(shared, torch.randn_like(shared), torch.ones_like(there[:, 0]))], []
        for at, slot in enumerate(slots):
            own = self.own[at](self.encoders[at](slot)[:, -1])
            apart.append(discrepancy(own, torch.randn_like(own), there[:, at]))
            both = torch.cat([factor, self.factors[1 + at](own)], dim=1)[:, None].expand(-1, self.steps, -1)
            given = self.back[at](self.generators[at](both))
            misses.append(mean_of((given - slot).square().mean(dim=(1, 2)), there[:, at]))
        return self.losses[0] * torch.stack(misses).mean() + self.losses[1] * torch.stack(apart).mean()


def discrepancy(a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
    """Return the squared maximum mean discrepancy of two samples (n, d), of the rows that have weight.

    The kernel is exp(-|x - y|^2 / d) (Gretton et al. 2012, the biased estimate).
    """
    pair = weight[:, None] * weight[None, :] / weight.sum().clamp(min=1.0) ** 2

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        apart = x.square().sum(1)[:, None] + y.square().sum(1)[None, :] - 2 * x @ y.T
        return ((-apart / x.shape[1]).exp() * pair).sum()

    return kernel(a, a) + kernel(b, b) - 2 * kernel(a, b)
