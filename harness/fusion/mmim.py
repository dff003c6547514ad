"""MMIM-like: fusion that keeps mutual information between slots, and between each slot and what they are fused to.

Han et al., "Improving Multimodal Fusion with Hierarchical Mutual Information Maximization for Multimodal Sentiment
Analysis", EMNLP 2021 ("MMIN" in the table of the EmotionTalk paper). Between two slots: the Barber-Agakov bound
E log q(h_j | h_i) + H(h_j), q a Gaussian whose mean and variance are networks. Between the fused vector and each slot:
contrastive predictive coding over the batch. The paper keeps a memory of earlier batches for H, by the sign of the
label; here H is that of a Gaussian with the batch's covariance, so that a step depends on its batch alone. The bounds
are trained together with the task, in one step where the paper alternates two, and on all pairs of slots.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._fused import Fused
from harness.fusion._slots import block, masked, mean_of, number, pairs, whole

DETERMINISTIC = False
LEVEL = "utterance"
SETTINGS = {"hidden": "whole", "size": "whole", "dropout": "share", "between": "number", "within": "number"}
BATCHED = True
RIDGE = 0.1  # on the diagonal of a covariance: batches are small
LOGS = (-4.0, 4.0)  # least and greatest logarithm of a variance


class Model(nn.Module):
    """A layer per slot, a perceptron over all, and the two bounds as losses.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (64), `size` (32, features per slot between which information is bounded), `dropout` (0.3),
            and the weights `between` (0.1, slots) and `within` (0.1, fused vector and slots).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, size, n = whole(settings, "hidden", 64), whole(settings, "size", 32), len(widths)
        dropout = number(settings, "dropout", 0.3)
        self.between, self.within = number(settings, "between", 0.1), number(settings, "within", 0.1)
        self.slots = nn.ModuleList(
            nn.Sequential(block(width, hidden, dropout), nn.Linear(hidden, size), nn.Tanh())
            for width in widths.values()
        )
        self.fuse = block(n * size, hidden, dropout)
        self.read = nn.Linear(hidden, outputs)
        self.guess = nn.ModuleList(
            nn.Sequential(block(size, hidden, 0.0), nn.Linear(hidden, 2 * size)) for _ in pairs(n)
        )
        self.predict = nn.ModuleList(nn.Linear(hidden, size) for _ in widths)

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Fused:
        """Return scores (n, outputs) of features (n, width) by slot, and the losses; `present` is (n, slots)."""
        held = [layer(part) for layer, part in zip(self.slots, masked(x, present), strict=True)]
        held = [states * present[:, at, None] for at, states in enumerate(held)]
        fused = self.fuse(torch.cat(held, dim=1))
        scores = self.read(fused)
        return Fused(scores, self._extra(held, fused, present) if self.training else scores.new_zeros(()))

    def _extra(self, held: list[Tensor], fused: Tensor, present: Tensor) -> Tensor:
        there = present.to(fused.dtype)
        bounds = [
            barber_agakov(held[j], guess(held[i]), there[:, i] * there[:, j])
            for (i, j), guess in zip(pairs(len(held)), self.guess, strict=True)
        ]
        contrast = [
            contrastive(states, layer(fused), present[:, at])
            for at, (states, layer) in enumerate(zip(held, self.predict, strict=True))
        ]
        extra = self.within * torch.stack(contrast).mean()
        return extra - self.between * torch.stack(bounds).mean() if bounds else extra


def barber_agakov(y: Tensor, guessed: Tensor, weight: Tensor) -> Tensor:
    """Return E log q(y | x) + H(y) per number of y (n, d), of the rows that have weight.

    Args:
        y: what is to be known.
        guessed: (n, 2 d), mean and logarithm of the variance of q.
        weight: 1 where both sides are there, else 0.
    """
    mean, log = guessed.chunk(2, dim=1)
    log = log.clamp(*LOGS)
    fit = -0.5 * (log + (y - mean).square() / log.exp()).mean(dim=1)
    total = weight.sum().clamp(min=1.0)
    centred = (y - (y * weight[:, None]).sum(dim=0) / total) * weight[:, None]
    covariance = centred.T @ centred / total + RIDGE * torch.eye(y.shape[1], device=y.device)
    entropy: Tensor = 0.5 * torch.linalg.slogdet(covariance).logabsdet / y.shape[1]
    return mean_of(fit, weight) + entropy


def contrastive(seen: Tensor, predicted: Tensor, there: Tensor) -> Tensor:
    """Return how badly each prediction (n, d) finds its own row among all rows that are `there` (n,): cross-entropy."""
    a, b = (states / (states.square().sum(dim=1, keepdim=True) + 1e-6).sqrt() for states in (predicted, seen))
    scores = (a @ b.T).masked_fill(~there[None, :], -1e9)
    own = scores.log_softmax(dim=1).diagonal()
    return -mean_of(torch.where(there, own, 0.0), there.to(own.dtype))
