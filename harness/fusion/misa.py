"""MISA: what the slots have in common and what is each one's own, kept apart by their losses and fused by attention.

Hazarika et al., "MISA: Modality-Invariant and -Specific Representations for Multimodal Sentiment Analysis", ACM
Multimedia 2020. A shared encoder and one of its own see each slot. Losses: central moment discrepancy between the
shared parts (similarity), squared correlation of own and shared parts and of the own parts among themselves
(difference), and how well both together give the slot back (reconstruction). Here the slots are utterance-level, so
the recurrent encoders of the paper are one layer each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._fused import Fused
from harness.fusion._slots import Attention, block, masked, mean_of, number, pairs, whole

DETERMINISTIC = False
LEVEL = "utterance"
SETTINGS = {
    "hidden": "whole",
    "heads": "whole",
    "dropout": "share",
    "similarity": "number",
    "difference": "number",
    "reconstruction": "number",
}
BATCHED = True
MOMENTS = 5


class Model(nn.Module):
    """Shared and own parts of every slot, one layer of self-attention over all of them, and a read-out.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (64), `heads` (2), `dropout` (0.3), and the weights of the losses `similarity` (0.3),
            `difference` (0.3), `reconstruction` (0.3).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, n = whole(settings, "hidden", 64), len(widths)
        self.losses = [number(settings, name, 0.3) for name in ("similarity", "difference", "reconstruction")]
        self.project = nn.ModuleList(
            nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.LayerNorm(hidden)) for width in widths.values()
        )
        self.shared = nn.Sequential(nn.Linear(hidden, hidden), nn.Sigmoid())
        self.own = nn.ModuleList(nn.Sequential(nn.Linear(hidden, hidden), nn.Sigmoid()) for _ in widths)
        self.back = nn.ModuleList(nn.Linear(hidden, hidden) for _ in widths)
        self.attend, self.norm = Attention(hidden, whole(settings, "heads", 2)), nn.LayerNorm(hidden)
        self.read = nn.Sequential(
            block(2 * n * hidden, 2 * hidden, number(settings, "dropout", 0.3)), nn.Linear(2 * hidden, outputs)
        )

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Fused:
        """Return scores (n, outputs) of features (n, width) by slot, and the three losses; `present` is (n, slots)."""
        seen = [layer(part) for layer, part in zip(self.project, masked(x, present), strict=True)]
        shared = [self.shared(slot_states) for slot_states in seen]
        own = [layer(slot_states) for layer, slot_states in zip(self.own, seen, strict=True)]
        tokens = torch.stack([*own, *shared], dim=1)
        there = torch.cat([present, present], dim=1)
        fused = self.norm(tokens + self.attend(tokens, tokens, there)) * there[:, :, None]
        scores = self.read(fused.flatten(1))
        return Fused(scores, self._extra(seen, shared, own, present) if self.training else scores.new_zeros(()))

    def _extra(self, seen: list[Tensor], shared: list[Tensor], own: list[Tensor], present: Tensor) -> Tensor:
        there = present.to(seen[0].dtype)
        both = {(i, j): there[:, i] * there[:, j] for i, j in pairs(len(seen))}
        zero = seen[0].new_zeros(())
        alike = sum((discrepancy(shared[i], shared[j], w) for (i, j), w in both.items()), zero)
        apart = sum((correlation(own[m], shared[m], there[:, m]) for m in range(len(own))), zero)
        apart = apart + sum((correlation(own[i], own[j], w) for (i, j), w in both.items()), zero)
        given = [
            mean_of((self.back[m](own[m] + shared[m]) - seen[m]).square().mean(dim=1), there[:, m])
            for m in range(len(seen))
        ]
        parts = (alike / max(len(both), 1), apart / (len(own) + len(both)), torch.stack(given).mean())
        return sum((w * part for w, part in zip(self.losses, parts, strict=True)), zero)


def discrepancy(a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
    """Return the central moment discrepancy of two samples (n, d) in [0, 1]: distances of means and moments 2 to 5.

    Zellinger et al., ICLR 2017. Rows of weight 0 do not count.
    """
    total = weight.sum().clamp(min=1.0)

    def mean(values: Tensor) -> Tensor:
        return (values * weight[:, None]).sum(dim=0) / total

    first = mean(a), mean(b)
    apart = _distance(first[0], first[1])
    for order in range(2, MOMENTS + 1):
        apart = apart + _distance(mean((a - first[0]) ** order), mean((b - first[1]) ** order))
    return apart


def correlation(a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
    """Return the mean squared product of two samples (n, d), each centred and its rows of unit length."""
    sides = []
    for states in (a, b):
        centred = (states - (states * weight[:, None]).sum(dim=0) / weight.sum().clamp(min=1.0)) * weight[:, None]
        sides.append(centred / (centred.square().sum(dim=1, keepdim=True) + 1e-6).sqrt())
    return (sides[0].T @ sides[1]).square().mean()


def _distance(a: Tensor, b: Tensor) -> Tensor:
    return ((a - b).square().sum() + 1e-12).sqrt()
