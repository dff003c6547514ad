"""Domain-adversarial training: a discriminator tells source from target, and the network unlearns what it goes by."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

STEEPNESS = 10.0  # gamma of Ganin et al.


def strength_at(progress: float) -> float:
    """Return how much of the reversed gradient counts: 0 at the beginning of training (0), nearly 1 at its end (1).

    2 / (1 + exp(-10 p)) - 1. Source: Ganin et al. 2016, arXiv 1505.07818, section 5.2.2.
    """
    return 2 / (1 + math.exp(-STEEPNESS * min(max(progress, 0.0), 1.0))) - 1


def reversed_gradient(x: Tensor, strength: float) -> Tensor:
    """Return x as it is, whose gradient is turned round: -strength times what comes back."""
    still = x.detach()
    return still + strength * (still - x)  # the difference is zero, and only its gradient is not


class Discriminator(nn.Module):
    """Tell rows of the source from rows of the target by a perceptron with two hidden layers.

    Args:
        width: of the hidden representation.
        hidden: units a layer.
    """

    def __init__(self, width: int, hidden: int = 64) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the log-odds (n,) that rows (n, width) are of the target."""
        odds: Tensor = self.body(hidden)[:, 0]
        return odds


def domain_loss(discriminator: nn.Module, source: Tensor, target: Tensor, strength: float) -> Tensor:
    """Return the discriminator's cross-entropy, source and target counting alike; log 2 where it can only guess.

    Minimised, it makes the discriminator better, and by the reversed gradient the representation harder to tell apart.

    Args:
        discriminator: log-odds (n,) of rows (n, width).
        source, target: hidden representations (n, width) and (m, width).
        strength: of the reversed gradient.
    """
    odds = [discriminator(reversed_gradient(rows, strength)) for rows in (source, target)]
    losses = [
        nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, side))
        for side, logits in enumerate(odds)
    ]
    return (losses[0] + losses[1]) / 2
